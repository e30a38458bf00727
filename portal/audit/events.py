"""Writing the event row that stands beside every step."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from portal.audit.models import ActorKind, Event
from portal.database import db


class Acting(Protocol):
    """What the log needs to know of somebody who acts."""

    @property
    def kind(self) -> ActorKind:
        """Staff, reporter or system."""

    @property
    def account_id(self) -> int | None:
        """The account of somebody of the staff."""


def record(
    action: str,
    *,
    at: datetime,
    actor: Acting,
    role: str = "",
    case_id: int | None = None,
    report_id: int | None = None,
    award_id: int | None = None,
    moved: tuple[str, str] = ("", ""),
    reason: str = "",
    facts: Mapping[str, object] | None = None,
) -> Event:
    """Add one event to the session, in the transaction of the step itself.

    ``facts`` holds codes and numbers only; never a name, a telephone number or a receipt code.
    """
    event = Event(
        at=at,
        action=action,
        actor_kind=actor.kind,
        actor_account_id=actor.account_id,
        actor_role=role,
        case_id=case_id,
        report_id=report_id,
        award_id=award_id,
        from_status=moved[0],
        to_status=moved[1],
        reason=reason,
        facts=dict(facts or {}),
    )
    db.session.add(event)
    return event
