"""What an administrator does with accounts; each change writes its event, in codes only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from portal.audit import events
from portal.database import db
from portal.errors import NotFound, Refusal, gettext_noop
from portal.people import accounts, links, sessions
from portal.people.accounts import NewAccount
from portal.people.actor import Actor
from portal.people.credentials import Link, LinkKind
from portal.people.models import Account, Person, RoleGrant
from portal.people.permissions import Permission, Role
from portal.people.units import require_usable


class OwnAccount(Refusal):
    """An administrator's own account is changed by another administrator."""

    message = gettext_noop("This is your own account. Another administrator has to change it.")
    status = 422


class HasJoined(Refusal):
    """Who has joined needs no invitation."""

    message = gettext_noop("This person has already chosen a password and a second factor.")
    status = 409


class NotJoined(Refusal):
    """Who has not joined has no password to renew."""

    message = gettext_noop("This person has not used the invitation yet. Give out a new one instead.")
    status = 409


@dataclass(frozen=True, slots=True)
class Change:
    """How an account and its person shall stand afterwards."""

    name: str
    roles: frozenset[Role]
    department_id: int | None = None
    district_id: int | None = None
    certificate_number: str = ""
    email: str = ""
    telephone: str = ""


@dataclass(frozen=True, slots=True)
class Handover:
    """A one-time link, shown once to hand over, and what its holder will set with it."""

    account: Account
    kind: LinkKind
    token: str = field(repr=False)

    @property
    def address(self) -> str:
        """Return the link."""
        return links.address(self.token)


def open_account(new: NewAccount, *, actor: Actor, at: datetime) -> Handover:
    """Make an account with an invitation, for a new person or as another account of a known one."""
    if new.person_id is None:
        require_usable(new.department_id, new.district_id)
    else:
        _lock(new.person_id)
    account = accounts.create_empty(new, at)
    _note("account_created", account, actor, at, roles=sorted(new.roles))
    return _link(account, LinkKind.INVITATION, actor, at)


def _link(account: Account, kind: LinkKind, actor: Actor, at: datetime) -> Handover:
    return Handover(account, kind, links.issue(account, kind, actor=actor, at=at))


def find(account_id: int) -> Account:
    """Return an account; raises NotFound."""
    account = db.session.get(Account, account_id)
    if account is None:
        raise NotFound
    return account


def change(account: Account, change: Change, *, actor: Actor, at: datetime) -> None:
    """Set name, unit, certificate, address and roles; the roles of all the person's accounts must agree."""
    _not_own(account, actor)
    person = _lock(account.person_id)
    if (person.department_id, person.district_id) != (change.department_id, change.district_id):
        require_usable(change.department_id, change.district_id)
        person.department_id, person.district_id = change.department_id, change.district_id
        _note(
            "unit_changed", account, actor, at, department=change.department_id, district=change.district_id
        )
    details = (change.name, change.certificate_number, change.email, change.telephone)
    if (person.name, person.certificate_number, account.email, account.telephone) != details:
        person.name, person.certificate_number, account.email, account.telephone = details
        _note("account_changed", account, actor, at)
    if account.roles != change.roles:
        _change_roles(account, change.roles, actor, at)


def _change_roles(account: Account, roles: frozenset[Role], actor: Actor, at: datetime) -> None:
    accounts.check_roles(roles | accounts.roles_of_person(account.person_id, besides=account.id))
    before = account.roles
    account.grants = [grant for grant in account.grants if Role(grant.role) in roles]
    # The database looks at every grant for itself: what is taken goes before what is given.
    db.session.flush()
    account.grants.extend(RoleGrant(role=role.value) for role in sorted(roles - before))
    _note("roles_changed", account, actor, at, before=sorted(before), after=sorted(roles))


def disable(account: Account, *, actor: Actor, at: datetime) -> None:
    """Close an account and end its sessions."""
    _not_own(account, actor)
    if account.active:
        account.active = False
        sessions.end_all(account.id, at)
        links.revoke(account, actor=actor, at=at)
        _note("account_disabled", account, actor, at)


def enable(account: Account, *, actor: Actor, at: datetime) -> None:
    """Open a closed account again, if its roles still agree with those of the person's other accounts."""
    _not_own(account, actor)
    _lock(account.person_id)
    accounts.check_roles(account.roles | accounts.roles_of_person(account.person_id, besides=account.id))
    if not account.active:
        account.active = True
        _note("account_enabled", account, actor, at)


def invite_again(account: Account, *, actor: Actor, at: datetime) -> Handover:
    """Give out a new invitation to somebody who has not joined yet; raises HasJoined."""
    _not_own(account, actor)
    if has_joined(account):
        raise HasJoined
    return _link(account, _kind_of_latest(account.id), actor, at)


def revoke_link(account: Account, *, actor: Actor, at: datetime) -> None:
    """Take an open link back."""
    _not_own(account, actor)
    links.revoke(account, actor=actor, at=at)


def renew_password(account: Account, *, actor: Actor, at: datetime) -> Handover:
    """Give out a link with which the owner sets another password; the second factor stays and is asked for.

    The old password and the open sessions stay until then: asking for a link must lock nobody out.
    Raises NotJoined.
    """
    _not_own(account, actor)
    if not has_joined(account):
        raise NotJoined
    _note("password_reset", account, actor, at)
    return _link(account, LinkKind.PASSWORD, actor, at)


def end_sessions(account: Account, *, actor: Actor, at: datetime) -> None:
    """End every session of another person's account."""
    _not_own(account, actor)
    sessions.end_all(account.id, at)
    _note("sessions_ended", account, actor, at)


def has_joined(account: Account) -> bool:
    """Say whether the owner has chosen a password and a second factor."""
    return account.password_hash != accounts.UNSET


def _kind_of_latest(account_id: int) -> LinkKind:
    query = select(Link.kind).where(Link.account_id == account_id).order_by(Link.id.desc()).limit(1)
    return db.session.scalar(query) or LinkKind.INVITATION


def _not_own(account: Account, actor: Actor) -> None:
    if account.person_id == actor.person_id:
        raise OwnAccount


def _lock(person_id: int) -> Person:
    # Two administrators who give roles to two accounts of one person at once must see each other.
    person = db.session.scalar(select(Person).where(Person.id == person_id).with_for_update(of=Person))
    if person is None:
        raise NotFound
    return person


def _note(action: str, account: Account, actor: Actor, at: datetime, **facts: object) -> None:
    role = actor.role_for(Permission.PEOPLE_MANAGE)
    events.record(action, at=at, actor=actor, role=role, facts={"account": account.id, **facts})
