"""What an administrator does with accounts; each change writes its event, in codes only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pyotp
from sqlalchemy import select

from portal.audit import events
from portal.database import db
from portal.errors import NotFound, Refusal, gettext_noop
from portal.people import accounts, sessions
from portal.people.accounts import NewAccount
from portal.people.actor import Actor
from portal.people.models import Account, Person, RoleGrant
from portal.people.passwords import initial_password
from portal.people.permissions import Permission, Role
from portal.people.units import require_usable
from portal.vault.keys import Keyring

ISSUER = "Woodpecker"


class OwnAccount(Refusal):
    """An administrator's own account is changed by another administrator."""

    message = gettext_noop("This is your own account. Another administrator has to change it.")
    status = 422


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
    """What is shown once and given to the person: a part that was not renewed is empty."""

    account: Account
    password: str = ""
    secret: str = ""

    @property
    def uri(self) -> str:
        """Return the address that authenticator apps read, empty without a secret."""
        if not self.secret:
            return ""
        return pyotp.TOTP(self.secret).provisioning_uri(name=self.account.username, issuer_name=ISSUER)


def open_account(ring: Keyring, new: NewAccount, *, actor: Actor, at: datetime) -> Handover:
    """Make an account with a one-time password, for a new person or as another account of a known one."""
    if new.person_id is None:
        require_usable(new.department_id, new.district_id)
    else:
        _lock(new.person_id)
    password = initial_password()
    account, secret = accounts.create(ring, new, password, at)
    account.must_change_password = True
    _note("account_created", account, actor, at, roles=sorted(new.roles))
    return Handover(account, password, secret)


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
    account.grants.extend(RoleGrant(role=role.value) for role in sorted(roles - before))
    _note("roles_changed", account, actor, at, before=sorted(before), after=sorted(roles))


def disable(account: Account, *, actor: Actor, at: datetime) -> None:
    """Close an account and end its sessions."""
    _not_own(account, actor)
    if account.active:
        account.active = False
        sessions.end_all(account.id, at)
        _note("account_disabled", account, actor, at)


def enable(account: Account, *, actor: Actor, at: datetime) -> None:
    """Open a closed account again, if its roles still agree with those of the person's other accounts."""
    _not_own(account, actor)
    _lock(account.person_id)
    accounts.check_roles(account.roles | accounts.roles_of_person(account.person_id, besides=account.id))
    if not account.active:
        account.active = True
        _note("account_enabled", account, actor, at)


def reset_password(account: Account, *, actor: Actor, at: datetime) -> Handover:
    """Give out a new one-time password; the second factor stays as it is."""
    _not_own(account, actor)
    password = initial_password()
    account.password_hash = accounts.hash_password(password)
    account.must_change_password = True
    sessions.end_all(account.id, at)
    _note("password_reset", account, actor, at)
    return Handover(account, password=password)


def reset_factor(ring: Keyring, account: Account, *, actor: Actor, at: datetime) -> Handover:
    """Give out a new second factor; the password stays as it is."""
    _not_own(account, actor)
    secret = pyotp.random_base32()
    account.totp_sealed = accounts.seal_totp(ring, account.username, secret)
    account.totp_last_step = 0
    sessions.end_all(account.id, at)
    _note("factor_reset", account, actor, at)
    return Handover(account, secret=secret)


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
