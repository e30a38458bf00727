"""Lost factors: one administrator asks, another confirms, neither for himself; or the host's own command."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.audit import events
from portal.database import db
from portal.errors import NotFound, Refusal, gettext_noop
from portal.people import factors, links, sessions
from portal.people.actor import SYSTEM, Actor
from portal.people.administration import Handover, OwnAccount
from portal.people.credentials import FactorReset, LinkKind
from portal.people.models import Account, RoleGrant, with_secrets
from portal.people.permissions import Permission, Role
from portal.people.telling import News, tell

LEAST_REASON = 5
MOST_REASON = 500


class ReasonMissing(Refusal):
    """Taking somebody's factors away needs a reason."""

    message = gettext_noop(
        "Please write how you made sure that it is really this person who asks: %(least)d characters or more."
    )
    status = 422


class AlreadyAsked(Refusal):
    """Somebody asked before."""

    message = gettext_noop("Another administrator has asked for this already. It waits to be confirmed.")
    status = 409


class NeedsAnother(Refusal):
    """Who asked does not confirm."""

    message = gettext_noop("You asked for this yourself. Another administrator has to confirm it.")
    status = 422


class EnoughAdministrators(Refusal):
    """Two other administrators can do it in the desk."""

    message = gettext_noop(
        "There are %(count)d other administrators. Two of them can do this in the desk, on the page of the"
        " person; this command is for portals where they cannot."
    )


def open_for(account_id: int) -> FactorReset | None:
    """Return the reset of an account that waits to be confirmed."""
    return db.session.scalar(
        select(FactorReset).where(
            FactorReset.account_id == account_id,
            FactorReset.confirmed_at.is_(None),
            FactorReset.withdrawn_at.is_(None),
        )
    )


def ask(account: Account, reason: str, *, actor: Actor, at: datetime) -> None:
    """Say that somebody lost his factors; nothing changes until another administrator confirms it.

    Raises AlreadyAsked.
    """
    _not_own(account, actor)
    person_id = _person_of(actor)
    reset = FactorReset(
        account_id=account.id,
        person_id=account.person_id,
        reason=_checked(reason),
        asked_by=actor.account_id,
        asked_person_id=person_id,
        asked_at=at,
    )
    try:
        with db.session.begin_nested():
            db.session.add(reset)
    except IntegrityError:
        raise AlreadyAsked from None
    _note("factor_reset_asked", account, actor, at, reset.reason)
    for other in _administrators(besides=(account.person_id, person_id)):
        tell(other.id, News.RESET_ASKED, at=at, reference=account.username[:40])


def confirm(account: Account, *, actor: Actor, at: datetime) -> Handover:
    """Take the factors and the password away, end the sessions, and give out a link to set all anew.

    Raises NotFound or NeedsAnother.
    """
    _not_own(account, actor)
    reset = db.session.scalar(
        select(FactorReset)
        .where(
            FactorReset.account_id == account.id,
            FactorReset.confirmed_at.is_(None),
            FactorReset.withdrawn_at.is_(None),
        )
        .with_for_update(of=FactorReset)
    )
    if reset is None:
        raise NotFound
    person_id = _person_of(actor)
    if reset.asked_person_id == person_id:
        raise NeedsAnother
    reset.confirmed_by, reset.confirmed_person_id, reset.confirmed_at = actor.account_id, person_id, at
    _note("factor_reset", account, actor, at, reset.reason)
    return _anew(account, actor, at)


def withdraw(account: Account, *, actor: Actor, at: datetime) -> None:
    """Take a reset back that nobody confirmed: the asker, another administrator; it changes nothing else."""
    _not_own(account, actor)
    reset = open_for(account.id)
    if reset is not None:
        reset.withdrawn_at = at
        _note("factor_reset_withdrawn", account, actor, at)


def break_glass(account: Account, reason: str, *, at: datetime) -> Handover:
    """Do the same from the host, where no two other administrators are; everybody who watches is told.

    Raises EnoughAdministrators.
    """
    others = {other.person_id for other in _administrators(besides=(account.person_id,))}
    if len(others) > 1:
        raise EnoughAdministrators(count=len(others))
    _note("break_glass", account, SYSTEM, at, _checked(reason))
    for watching in _holders(Role.ADMINISTRATOR, Role.AUDITOR):
        tell(watching.id, News.BREAK_GLASS, at=at, reference=account.username[:40])
    return _anew(account, SYSTEM, at)


def _anew(account: Account, actor: Actor, at: datetime) -> Handover:
    factors.forget(account)
    sessions.end_all(account.id, at)
    kind = LinkKind.FACTORS_LOST
    return Handover(account, kind, links.issue(account, kind, actor=actor, at=at))


def _checked(reason: str) -> str:
    kept = reason.strip()[:MOST_REASON]
    if len(kept) < LEAST_REASON:
        raise ReasonMissing(least=LEAST_REASON)
    return kept


def _not_own(account: Account, actor: Actor) -> None:
    if account.person_id == actor.person_id:
        raise OwnAccount


def _person_of(actor: Actor) -> int:
    if actor.person_id is None or actor.account_id is None:
        raise NotFound
    return actor.person_id


def _holders(*roles: Role) -> list[Account]:
    """Return the active accounts that hold one of the roles."""
    granted = RoleGrant.role.in_([role.value for role in roles])
    query = select(Account).where(Account.active, Account.grants.any(granted)).order_by(Account.id)
    return list(db.session.scalars(query.options(with_secrets())))


def _administrators(*, besides: tuple[int, ...]) -> list[Account]:
    """Return the administrators who can act in the desk, but for these persons."""
    return [
        account
        for account in _holders(Role.ADMINISTRATOR)
        if account.person_id not in besides and account.totp_sealed is not None
    ]


def _note(action: str, account: Account, actor: Actor, at: datetime, reason: str = "") -> None:
    role = actor.role_for(Permission.PEOPLE_MANAGE)
    events.record(action, at=at, actor=actor, role=role, reason=reason, facts={"account": account.id})
