"""Undertaking a case, and what every step of its verification asks first."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select

from portal.audit.events import record
from portal.audit.models import Event
from portal.cases import alarms
from portal.cases.models import Case
from portal.cases.moves import check_version, step, touch
from portal.cases.scope import require
from portal.cases.steps import CASE_STEPS, CaseAction, CaseStatus
from portal.cases.telling import tell_reporters
from portal.database import db
from portal.errors import NotInThisState, Refusal, gettext_noop
from portal.notices.outbox import NoticeKind
from portal.people.actor import Actor
from portal.people.permissions import Permission
from portal.reports import wording

# A fine may be decided, and a danger put right, long after the reporter has been answered.
VERIFIED = frozenset({CaseStatus.VERIFYING, CaseStatus.CONCLUDED, CaseStatus.ANSWERED, CaseStatus.CLOSED})


class FieldFault(Refusal):
    """Something typed cannot be taken; ``field`` names where, so that the page can show it there."""

    status = 422
    field = ""

    def __init__(self, field: str = "", **facts: object) -> None:
        super().__init__(**facts)
        self.field = field or type(self).field


class Missing(FieldFault):
    """Something that has to be filled in is empty."""

    message = gettext_noop("Please fill this in.")


class TooLong(FieldFault):
    """More characters than are kept."""

    message = gettext_noop("Please shorten this to %(longest)d characters.")


class InTheFuture(FieldFault):
    """A date or time of something done that has not come yet."""

    message = gettext_noop("This lies in the future. Please give the day on which it was done.")


class ReasonMissing(FieldFault):
    """A change to the record that others must be able to understand later has no reason."""

    message = gettext_noop("Please say why, so that others understand it later.")
    field = "reason"


def enter(case: Case, actor: Actor, *, version: int, statuses: Collection[CaseStatus] = VERIFIED) -> str:
    """Refuse who may not verify this case, an old form and a wrong state; return the actor's role."""
    require(case, actor, Permission.CASE_VERIFY)
    check_version(case, version)
    if case.status not in statuses or case.merged_into_id is not None:
        raise NotInThisState
    return actor.role_for(Permission.CASE_VERIFY)


def before(action: CaseAction) -> frozenset[CaseStatus]:
    """Return the statuses from which the life cycle has this step."""
    return frozenset(status for status, taken in CASE_STEPS if taken is action)


def note_event(
    action: str, case: Case, actor: Actor, at: datetime, facts: Mapping[str, object], reason: str = ""
) -> None:
    """Write the event of a step that leaves the status of the case, and give the case a new version."""
    role = actor.role_for(Permission.CASE_VERIFY)
    record(action, at=at, actor=actor, role=role, case_id=case.id, reason=reason, facts=facts)
    touch(case)
    db.session.flush()


def line(text: str, field: str, longest: int) -> str:
    """Return one line that is neither empty nor too long, or name the field."""
    return _fitting(wording.line(text), field, longest)


def text(written: str, field: str, longest: int) -> str:
    """Return a text of several lines that is neither empty nor too long, or name the field."""
    return _fitting(wording.lines(written), field, longest)


def reason_of(written: str, field: str = "reason") -> str:
    """Return the reason of a change, or ask for it; raises ReasonMissing."""
    if not wording.lines(written):
        raise ReasonMissing(field)
    return text(written, field, 1000)


def undertake(case: Case, actor: Actor, at: datetime, *, version: int) -> None:
    """Take the case: whoever undertakes it is its officer; the reporter is told the first time."""
    role = enter(case, actor, version=version, statuses=before(CaseAction.UNDERTAKE))
    first = not db.session.scalar(
        select(Event.id).where(Event.case_id == case.id, Event.action == "case_undertake").limit(1)
    )
    step(case, CaseAction.UNDERTAKE, actor, at, role=role)
    case.officer_id = actor.person_id
    alarms.taken_on(case, actor, at)
    if first:
        tell_reporters(case, NoticeKind.VERIFICATION_STARTED, at)
    db.session.flush()
    db.session.expire(case, ["officer"])


def _fitting(clean: str, field: str, longest: int) -> str:
    if not clean:
        raise Missing(field)
    if len(clean) > longest:
        raise TooLong(field, longest=longest)
    return clean
