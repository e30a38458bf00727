"""Accounts: making them, checking a password and a one-time code."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import CursorResult, select, update

from portal.database import db
from portal.errors import Refusal, gettext_noop
from portal.people.labels import ROLES
from portal.people.models import Account, Person, RoleGrant
from portal.people.passwords import LEAST_LENGTH, is_weak
from portal.people.permissions import Role, forbidden_pairs
from portal.vault.keys import Keyring
from portal.vault.opening import open_sealed
from portal.vault.sealing import seal

# OWASP's second recommendation: 19 MiB, two passes.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,59}")
_DUMMY = _hasher.hash(secrets.token_urlsafe(16))


class WeakPassword(Refusal):
    """Shorter than the least length, or made of the portal's own words."""

    message = gettext_noop(
        "Please choose a password of at least %(length)d characters that is not a common word."
    )
    status = 422


class ForbiddenRoles(Refusal):
    """Two roles that one person may not hold."""

    message = gettext_noop("One person may not hold these two roles together: %(first)s, %(second)s.")
    status = 422


class UsernameTaken(Refusal):
    """The user name belongs to another account."""

    message = gettext_noop("This user name is taken. Please choose another.")
    status = 422


class BadUsername(Refusal):
    """The user name has other signs than it may have."""

    message = gettext_noop("A user name has 2 to 60 signs: small letters a to z, digits, dot, hyphen.")
    status = 422


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What an administrator says of a new account."""

    name: str
    username: str
    roles: frozenset[Role]
    department_id: int | None = None
    district_id: int | None = None
    certificate_number: str = ""
    email: str = ""
    telephone: str = ""
    person_id: int | None = None


def hash_password(password: str, username: str = "") -> str:
    """Return the argon2id hash; refuses weak passwords."""
    if is_weak(password, username):
        raise WeakPassword(length=LEAST_LENGTH)
    return _hasher.hash(password)


def password_matches(account: Account | None, password: str) -> bool:
    """Check a password; an absent account costs the same work and is never right."""
    try:
        _hasher.verify(account.password_hash if account else _DUMMY, password)
    except (VerificationError, InvalidHashError):
        return False
    return account is not None


def rehash(account: Account, password: str) -> None:
    """Hash a password that was just right again when the parameters have grown since."""
    if _hasher.check_needs_rehash(account.password_hash):
        account.password_hash = _hasher.hash(password)


def seal_totp(ring: Keyring, username: str, secret: str) -> bytes:
    """Seal a one-time-code secret, bound to its account's user name."""
    return seal(ring, "totp", secret.encode(), ("totp", username))


def use_totp(ring: Keyring, account: Account, code: str, at: datetime) -> bool:
    """Check a one-time code and use it up: the same code is refused the second time.

    One step of 30 s before and after is accepted, for clocks that are off.
    """
    if account.totp_sealed is None:
        return False
    secret = open_sealed(ring, "totp", account.totp_sealed, ("totp", account.username)).decode()
    totp = pyotp.TOTP(secret)
    step_now = int(at.timestamp()) // totp.interval
    digits = "".join(ch for ch in code if ch.isdigit())
    matching = [
        step
        for step in range(step_now - 1, step_now + 2)
        if hmac.compare_digest(totp.generate_otp(step), digits)
    ]
    if not matching:
        return False
    # The condition in the UPDATE makes two simultaneous uses of one code a single success.
    result = db.session.execute(
        update(Account)
        .where(Account.id == account.id, Account.totp_last_step < matching[0])
        .values(totp_last_step=matching[0])
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", result).rowcount == 1


def check_roles(roles: Iterable[Role]) -> None:
    """Refuse roles that one person may not hold together."""
    for first, second in forbidden_pairs(roles):
        raise ForbiddenRoles(first=ROLES[first], second=ROLES[second])


def roles_of_person(person_id: int, *, besides: int | None = None) -> frozenset[Role]:
    """Return every role that a person holds in any active account, but for one account."""
    rows = db.session.scalars(
        select(RoleGrant.role)
        .join(Account, Account.id == RoleGrant.account_id)
        .where(Account.person_id == person_id, Account.active, Account.id != (besides or 0))
    )
    return frozenset(Role(role) for role in rows)


def create(ring: Keyring, new: NewAccount, password: str, at: datetime) -> tuple[Account, str]:
    """Make an account and return it with its one-time-code secret, which is shown once."""
    username = new.username.strip().lower()
    if not USERNAME.fullmatch(username):
        raise BadUsername
    if db.session.scalar(select(Account.id).where(Account.username == username)):
        raise UsernameTaken
    held = roles_of_person(new.person_id) if new.person_id else frozenset()
    check_roles(held | new.roles)
    secret = pyotp.random_base32()
    person = db.session.get(Person, new.person_id) if new.person_id else None
    account = Account(
        person=person
        or Person(
            name=new.name.strip(),
            certificate_number=new.certificate_number.strip(),
            department_id=new.department_id,
            district_id=new.district_id,
        ),
        username=username,
        password_hash=hash_password(password, username),
        totp_sealed=seal_totp(ring, username, secret),
        email=new.email.strip(),
        telephone=new.telephone,
        created_at=at,
        grants=[RoleGrant(role=role.value) for role in sorted(new.roles)],
    )
    db.session.add(account)
    db.session.flush()
    return account, secret
