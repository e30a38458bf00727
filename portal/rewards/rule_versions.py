"""The verbs of a version of a rule set: uploaded, checked, put in force by a second person, withdrawn."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from portal.audit.events import record
from portal.clock import city_date
from portal.database import db
from portal.errors import NotAllowed, NotFound, Refusal, Stale, gettext_noop
from portal.notices.outbox import NoticeKind, tell_staff
from portal.people.actor import Actor
from portal.people.models import Account, RoleGrant
from portal.people.permissions import TABLE, Permission
from portal.reports.sectors import SECTORS
from portal.rewards import rulebook
from portal.rewards.moves import move_rule_set
from portal.rewards.rule_files import digest_of
from portal.rewards.rule_models import RuleVersion
from portal.rewards.rule_steps import RuleAction, RuleStatus
from portal.rewards.rules.load import parse
from portal.rewards.rules.model import RuleSet

SHORTEST_REASON = 5
LONGEST_REASON = 1000
LIVE = (RuleStatus.DRAFT, RuleStatus.CHECKED, RuleStatus.IN_FORCE, RuleStatus.REPLACED)


class RuleVersionStale(Stale):
    """Somebody took a step of the version since the form was opened."""

    message = gettext_noop(
        "Somebody else took a step with this version meanwhile. Look at it as it stands now, then decide."
    )


class VersionThere(Refusal):
    """The number is taken."""

    message = gettext_noop(
        "Version %(version)s of “%(rule)s” is here already."
        " Write a higher number at “version”, at least %(next)s."
    )
    status = 422


class ShippedOtherwise(Refusal):
    """A file that ships has this id and version with another text."""

    message = gettext_noop(
        "The portal ships with another text under “%(rule)s”, version %(version)s."
        " Write an id of your own at “id”, or a higher number at “version”."
    )
    status = 422


class SecondPersonNeeded(Refusal):
    """Who uploaded a version does not put it in force."""

    message = gettext_noop(
        "You uploaded this version. Somebody else has to put it in force: four eyes see more than two."
    )
    status = 403


class InThePast(Refusal):
    """A first day that is over."""

    message = gettext_noop(
        "The first day lies in the past. Choose today, %(today)s, or later: cases that were"
        " decided keep the rule they were decided by."
    )
    status = 422


class SectorUnknown(Refusal):
    """A sector that the portal does not have."""

    message = gettext_noop("Choose all sectors, or at least one of the list.")
    status = 422


class AlreadyBegun(Refusal):
    """A version that governs is not withdrawn."""

    message = gettext_noop(
        "This version is in force since %(day)s and may have decided cases."
        " It ends when another one takes its place."
    )


class TakenFrom(Refusal):
    """Another version has parts of this one."""

    message = gettext_noop("“%(rule)s” takes parts from this version. Withdraw that one first.")


class ReasonTooShort(Refusal):
    """A step that needs its reason in writing."""

    message = gettext_noop("Please write the reason in at least %(least)d characters.")
    status = 422


class ExampleInForce(Refusal):
    """An example whose figures are invented."""

    message = gettext_noop(
        "This file says of itself that its figures are invented. It is an example and is not put in force."
    )
    status = 422


@dataclass(frozen=True, slots=True)
class Enforcement:
    """From which day, for which sectors (empty: all), and which other versions end on the day before."""

    first_day: date
    sectors: tuple[str, ...]
    replaces: Collection[int] = ()


def find(rule_set_id: int) -> RuleVersion:
    """Return a version; raises NotFound."""
    row = db.session.get(RuleVersion, rule_set_id)
    if row is None:
        raise NotFound
    return row


def read(body: str | bytes, name: str = "") -> RuleSet:
    """Check a file with what is here already; raises RulesRefused with all its faults."""
    called = name or "rules.toml"
    rules = parse(body, name=called, library=rulebook.base)
    earlier = rulebook.existing(rules.id)
    return parse(body, name=called, library=rulebook.base, existing=earlier) if earlier else rules


def upload(body: str | bytes, name: str, actor: Actor, at: datetime) -> RuleVersion:
    """Take a file as a draft; raises RulesRefused with all its faults, or why its number cannot be taken."""
    _must_hold(actor, Permission.RULES_WRITE)
    rules = read(body, name)
    text = body.decode() if isinstance(body, bytes) else body
    _must_be_new(rules, text)
    row = RuleVersion(
        rule_id=rules.id,
        version=rules.version,
        title_zh=rules.title.zh,
        title_en=rules.title.en,
        body=text,
        digest=digest_of(text),
        sectors=list(rules.sectors),
        governs_by=rules.governs_by.value,
        invented=rules.invented,
        effective_from=rules.effective_from,
        status=RuleStatus.DRAFT,
        uploaded_by=actor.person_id,
        uploaded_at=at,
    )
    db.session.add(row)
    db.session.flush()
    role = actor.role_for(Permission.RULES_WRITE)
    facts = {"rule_set": row.rule_id, "version": row.version, "digest": row.digest}
    record("rules_upload", at=at, actor=actor, role=role, moved=("", row.status.value), facts=facts)
    return row


def check(row: RuleVersion, actor: Actor, at: datetime, *, seen: int) -> None:
    """Confirm that the prose says what the document says; the file is checked once more."""
    _must_hold(actor, Permission.RULES_WRITE)
    _must_be_seen(row, seen)
    read(row.body, f"{row.rule_id}.toml")
    move_rule_set(row, RuleAction.CHECK, actor, at, role=actor.role_for(Permission.RULES_WRITE))
    row.checked_by, row.checked_at = actor.person_id, at
    db.session.flush()
    if not row.invented:
        _tell_others(row, at)


def enforce(row: RuleVersion, wanted: Enforcement, actor: Actor, at: datetime, *, seen: int) -> None:
    """Put a version in force from a day on, by another person than who uploaded it; works at once.

    Raises ExampleInForce, SecondPersonNeeded, InThePast or SectorUnknown.
    """
    _must_hold(actor, Permission.RULES_ENFORCE)
    _must_be_seen(row, seen)
    today = city_date(at)
    if row.invented:
        raise ExampleInForce
    if actor.person_id == row.uploaded_by:
        raise SecondPersonNeeded
    if wanted.first_day < today:
        raise InThePast(today=today.isoformat())
    if not set(wanted.sectors) <= {sector.code for sector in SECTORS}:
        raise SectorUnknown
    role = actor.role_for(Permission.RULES_ENFORCE)
    row.sectors = list(wanted.sectors)
    row.in_force_from, row.enforced_on = wanted.first_day, today
    row.enforced_by, row.enforced_at = actor.person_id, at
    facts = {"day": wanted.first_day.isoformat(), "sectors": list(wanted.sectors)}
    move_rule_set(row, RuleAction.ENFORCE, actor, at, role=role, facts=facts)
    db.session.flush()
    for earlier in _to_replace(row, wanted):
        earlier.in_force_until = max(wanted.first_day, earlier.in_force_from or wanted.first_day)
        earlier.replaced_by_id = row.id
        move_rule_set(earlier, RuleAction.REPLACE, actor, at, role=role, facts={"day": facts["day"]})
    db.session.flush()


def withdraw(row: RuleVersion, reason: str, actor: Actor, at: datetime, *, seen: int) -> None:
    """Take a version back before its first day, with a reason; what it was to replace goes on.

    Raises ReasonTooShort or AlreadyBegun.
    """
    _must_hold(actor, Permission.RULES_WRITE)
    _must_be_seen(row, seen)
    said = reason.strip()[:LONGEST_REASON]
    if len(said) < SHORTEST_REASON:
        raise ReasonTooShort(least=SHORTEST_REASON)
    if row.in_force_from is not None and row.in_force_from <= city_date(at):
        raise AlreadyBegun(day=row.in_force_from.isoformat())
    _must_have_no_heir(row)
    role = actor.role_for(Permission.RULES_WRITE)
    move_rule_set(row, RuleAction.WITHDRAW, actor, at, role=role, reason=said)
    for earlier in db.session.scalars(select(RuleVersion).where(RuleVersion.replaced_by_id == row.id)):
        earlier.in_force_until = earlier.replaced_by_id = None
        move_rule_set(earlier, RuleAction.RESTORE, actor, at, role=role)
    db.session.flush()


def replaceable(row: RuleVersion) -> list[RuleVersion]:
    """Return the versions in force that another one could take the place of, the same rule's own first."""
    rows = db.session.scalars(
        select(RuleVersion)
        .where(RuleVersion.status == RuleStatus.IN_FORCE, RuleVersion.id != row.id)
        .order_by(RuleVersion.rule_id != row.rule_id, RuleVersion.rule_id)
    )
    return list(rows)


def predecessor(row: RuleVersion) -> RuleVersion | None:
    """Return what a version is compared with: its own rule in force, or the general one in force."""
    own = [one for one in replaceable(row) if one.rule_id == row.rule_id]
    general = [one for one in replaceable(row) if not one.sectors]
    return next(iter([*own, *general, *replaceable(row)]), None)


def _to_replace(row: RuleVersion, wanted: Enforcement) -> list[RuleVersion]:
    """Return what ends: earlier versions of the same rule always, others where somebody chose so."""
    return [one for one in replaceable(row) if one.rule_id == row.rule_id or one.id in set(wanted.replaces)]


def _tell_others(row: RuleVersion, at: datetime) -> None:
    """Tell those who may put it in force, in the desk: everybody but who uploaded it."""
    roles = [role.value for role in TABLE[Permission.RULES_ENFORCE]]
    accounts = db.session.scalars(
        select(Account.id)
        .where(
            Account.active,
            Account.person_id != row.uploaded_by,
            Account.id.in_(select(RoleGrant.account_id).where(RoleGrant.role.in_(roles))),
        )
        .order_by(Account.id)
    )
    for account_id in accounts:
        tell_staff(account_id, NoticeKind.RULES_TO_ENFORCE, reference=row.rule_id, at=at)


def _must_hold(actor: Actor, permission: Permission) -> None:
    if not actor.may(permission):
        raise NotAllowed


def _must_be_seen(row: RuleVersion, seen: int) -> None:
    if row.row_version != seen:
        raise RuleVersionStale


def _must_be_new(rules: RuleSet, text: str) -> None:
    """Refuse a number that is taken, or the id of a shipped file with another text."""
    rows = db.session.execute(
        select(RuleVersion.version, RuleVersion.status, RuleVersion.digest).where(
            RuleVersion.rule_id == rules.id, RuleVersion.status != RuleStatus.WITHDRAWN
        )
    ).all()
    taken = {version for version, status, _digest in rows if status in LIVE}
    if rules.version in taken:
        highest = max(version for version, _status, _digest in rows)
        raise VersionThere(rule=rules.id, version=rules.version, next=highest + 1)
    for version, status, digest in rows:
        if status is RuleStatus.LIBRARY and version == rules.version and digest != digest_of(text):
            raise ShippedOtherwise(rule=rules.id, version=rules.version)


def _must_have_no_heir(row: RuleVersion) -> None:
    """Refuse to withdraw what another live version takes parts from."""
    if row.status is not RuleStatus.IN_FORCE:
        return
    for other in db.session.scalars(select(RuleVersion).where(RuleVersion.status.in_(LIVE))):
        rules = rulebook.rules_of_row(other)
        if any(part.rule == row.rule_id and part.version == row.version for part in rules.inherits):
            raise TakenFrom(rule=other.rule_id)
