"""Accounts: making them, checking a password and a one-time code."""

from __future__ import annotations

import hmac
import re
import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import CursorResult, select, update

from portal.database import db
from portal.errors import Refusal, gettext_noop
from portal.extensions import settings
from portal.people.labels import ROLES
from portal.people.models import Account, Person, RoleGrant
from portal.people.passwords import LEAST_LENGTH, MOST_LENGTH, Fault, fault_of
from portal.people.permissions import Role, forbidden_pairs
from portal.vault.keys import Keyring
from portal.vault.opening import open_sealed
from portal.vault.sealing import seal

# OWASP's second recommendation, 19 MiB, with a third pass on top.
_hasher = PasswordHasher(time_cost=3, memory_cost=19 * 1024, parallelism=1)
USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,59}")
UNSET = "!"
"""Stands for a password that nobody has chosen yet: it matches nothing."""
_DUMMY = _hasher.hash(secrets.token_urlsafe(16))


class WeakPassword(Refusal):
    """A password that is guessed early."""

    message = gettext_noop("Please choose a password of at least %(length)d characters.")
    status = 422

    def __init__(self) -> None:
        super().__init__(length=LEAST_LENGTH, most=MOST_LENGTH)


class LongPassword(WeakPassword):
    """Longer than it may be."""

    message = gettext_noop("A password has %(most)d characters at most.")


class EvenPassword(WeakPassword):
    """The same few signs again and again."""

    message = gettext_noop(
        "This password repeats the same few signs. Please choose one of at least %(length)d characters that"
        " does not, such as a sentence that only you would say."
    )


class CommonPassword(WeakPassword):
    """Little more than what everybody chooses, or what belongs to the owner, the office or the city."""

    message = gettext_noop(
        "This password is little more than a common word, a date, or a name of yours, of this office or of"
        " the city: it is guessed first. Please choose at least %(length)d characters that only you would"
        " think of."
    )


_FAULTS: dict[Fault, type[WeakPassword]] = {
    Fault.SHORT: WeakPassword,
    Fault.LONG: LongPassword,
    Fault.EVEN: EvenPassword,
    Fault.COMMON: CommonPassword,
}


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


def refuse_weak(password: str, *context: str) -> None:
    """Refuse a weak password; ``context`` holds the owner's names, office and city are known here."""
    where = settings()
    names = (*context, where.city_name_zh, where.city_name_en, where.organiser_zh, where.organiser_en)
    fault = fault_of(password, names)
    if fault is not None:
        raise _FAULTS[fault]


def hash_password(password: str, *context: str) -> str:
    """Return the argon2id hash; refuses weak passwords."""
    refuse_weak(password, *context)
    return _hasher.hash(password)


def password_matches(account: Account | None, password: str) -> bool:
    """Check a password; an absent account, or one without a password, costs the same and is never right."""
    known = account is not None and account.password_hash != UNSET
    try:
        _hasher.verify(account.password_hash if account is not None and known else _DUMMY, password)
    except (VerificationError, InvalidHashError):
        return False
    return known


def set_password(account: Account, password: str, at: datetime) -> None:
    """Give an account the password that its owner chose; refuses weak ones."""
    account.password_hash = hash_password(password, account.username, account.person.name)
    account.password_set_at = at
    account.must_change_password = False


def password_is_due(account: Account, at: datetime) -> bool:
    """Say whether the owner must choose another password before he does anything else."""
    if account.must_change_password:
        return True
    days = settings().password_max_age_days
    return bool(days) and at - (account.password_set_at or account.created_at) > timedelta(days=days)


def rehash(account: Account, password: str) -> None:
    """Hash a password that was just right again when the parameters have grown since."""
    if _hasher.check_needs_rehash(account.password_hash):
        account.password_hash = _hasher.hash(password)


def seal_totp(ring: Keyring, username: str, secret: str) -> bytes:
    """Seal a one-time-code secret, bound to its account's user name."""
    return seal(ring, "totp", secret.encode(), ("totp", username))


def matching_step(secret: str, code: str, at: datetime) -> int | None:
    """Return the 30-second step of a code: this one, the last or the next, for clocks that are off."""
    totp = pyotp.TOTP(secret)
    step_now = int(at.timestamp()) // totp.interval
    digits = "".join(ch for ch in unicodedata.normalize("NFKC", code) if ch.isascii() and ch.isdigit())
    steps = range(step_now - 1, step_now + 2)
    return next((step for step in steps if hmac.compare_digest(totp.generate_otp(step), digits)), None)


def use_totp(ring: Keyring, account: Account, code: str, at: datetime) -> bool:
    """Check a one-time code and use it up: the same code is refused the second time."""
    if account.totp_sealed is None:
        return False
    secret = open_sealed(ring, "totp", account.totp_sealed, ("totp", account.username)).decode()
    step = matching_step(secret, code, at)
    if step is None:
        return False
    # The condition in the UPDATE makes two simultaneous uses of one code a single success.
    result = db.session.execute(
        update(Account)
        .where(Account.id == account.id, Account.totp_last_step < step)
        .values(totp_last_step=step)
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
    """Make an account that is ready at once; returns it with its one-time-code secret, shown once."""
    account = create_empty(new, at)
    secret = pyotp.random_base32()
    account.password_hash = hash_password(password, account.username, account.person.name)
    account.totp_sealed = seal_totp(ring, account.username, secret)
    return account, secret


def create_empty(new: NewAccount, at: datetime) -> Account:
    """Make an account whose owner still has to choose password and second factor.

    Raises BadUsername or UsernameTaken.
    """
    username = new.username.strip().lower()
    if not USERNAME.fullmatch(username):
        raise BadUsername
    if db.session.scalar(select(Account.id).where(Account.username == username)):
        raise UsernameTaken
    held = roles_of_person(new.person_id) if new.person_id else frozenset()
    check_roles(held | new.roles)
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
        password_hash=UNSET,
        email=new.email.strip(),
        telephone=new.telephone,
        created_at=at,
        grants=[RoleGrant(role=role.value) for role in sorted(new.roles)],
    )
    db.session.add(account)
    db.session.flush()
    return account
