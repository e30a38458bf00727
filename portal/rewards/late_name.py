"""A reporter who filed without a name seals one later, or corrects one that nobody has confirmed."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from portal.audit.events import record
from portal.audit.models import Event
from portal.cases.models import Case
from portal.database import db
from portal.errors import NotFound, Refusal, gettext_noop
from portal.people.actor import REPORTER, SYSTEM
from portal.reports import codes, wording
from portal.reports.models import RealName, Report
from portal.reports.naming import check_owner, seal_name
from portal.rewards import awards
from portal.rewards.live import live_awards
from portal.rewards.shares import shares_of
from portal.rewards.steps import SETTLED_SHARES, AwardStatus, ShareStatus
from portal.vault.client import VaultClosed, VaultRefused
from portal.vault.keys import Keyring

ACTION = "name_given"
CONSENT_VERSION = 1
"""The wording of the consent to seal the name; raise it when the sentence on the page changes."""
NAME_LENGTH = 60
TOO_LATE = SETTLED_SHARES | {ShareStatus.PAYING, ShareStatus.UNKNOWN}


class NameFault(StrEnum):
    """Why something typed is not taken."""

    NAME = "name"
    TELEPHONE = "telephone"


class NameNotTaken(Refusal):
    """Something typed is not right; ``faults`` says what, by field."""

    message = gettext_noop("Please look at the marked fields. Nothing was sealed yet.")
    status = 422

    def __init__(self, found: dict[str, NameFault]) -> None:
        super().__init__()
        self.faults = found


class NameConfirmed(Refusal):
    """A confirmed name is changed by the office alone."""

    message = gettext_noop(
        "Your name is confirmed already, so it cannot be changed here. Please write to the office on the page"
        " of your report."
    )


class TooLateForName(Refusal):
    """Nothing depends on a name any more."""

    message = gettext_noop("The reward of this report is settled, so no name is needed any more.")


@dataclass(frozen=True, slots=True)
class GivenName:
    """What was typed; plain only here and never in a repr. ``form`` makes the same form one name."""

    name: str = field(repr=False)
    telephone: str = field(default="", repr=False)
    works_there: bool = field(default=False, repr=False)
    form: str = ""


def check_open(report: Report) -> None:
    """Refuse where a name can no longer be given or corrected here."""
    if report.withdrawn_at is not None:
        raise NotFound
    if report.real_name is RealName.CONFIRMED:
        raise NameConfirmed
    counted = [one for one in shares_of(report.id) if one.award.status is not AwardStatus.REFUSED]
    if counted and all(one.status in TOO_LATE for one in counted):
        raise TooLateForName


def is_open(report: Report) -> bool:
    """Say whether a name can be given or corrected."""
    try:
        check_open(report)
    except Refusal:
        return False
    return True


def give_name(report: Report, given: GivenName, at: datetime, ring: Keyring) -> bool:
    """Seal the name and ask the identity officer; says whether it was new, the same form again is not.

    Raises NameNotTaken.
    """
    name = " ".join(unicodedata.normalize("NFKC", given.name).split())
    telephone = wording.telephone(given.telephone) if given.telephone.strip() else ""
    found = _faults(name, telephone)
    if found:
        raise NameNotTaken(found)
    report = codes.lock_report(report.id)
    if given.form and _is_known(report.id, given.form):
        return False
    check_owner(report, at)
    check_open(report)
    fields = {"name": name, "telephone": telephone or "", "works_there": "yes" if given.works_there else "no"}
    seal_name(report, fields, at, ring)
    # Without the case: nobody who handles it may see that a name came, or when.
    facts = {"consent": CONSENT_VERSION, "form": given.form}
    record(ACTION, at=at, actor=REPORTER, report_id=report.id, facts=facts)
    db.session.flush()
    _follow(report, at)
    return True


def _faults(name: str, telephone: str | None) -> dict[str, NameFault]:
    found: dict[str, NameFault] = {}
    if sum(ch.isalpha() for ch in name) < 2 or len(name) > NAME_LENGTH or not name.isprintable():
        found["name"] = NameFault.NAME
    if telephone is None:
        found["telephone"] = NameFault.TELEPHONE
    return found


def _is_known(report_id: int, form: str) -> bool:
    rows = db.session.scalars(select(Event).where(Event.report_id == report_id, Event.action == ACTION))
    return any(event.facts.get("form") == form for event in rows)


def _follow(report: Report, at: datetime) -> None:
    """Bring the award that waits up to date, or propose the one that waited for a name alone."""
    waiting = live_awards(report.case_id)
    try:
        for award in waiting:
            awards.refresh(award, at)
        if not waiting:
            awards.propose_if_payable(db.session.get_one(Case, report.case_id), SYSTEM, at)
    except (VaultClosed, VaultRefused):
        return  # nobody can say now what was paid before; the next step on the case computes it
