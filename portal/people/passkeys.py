"""Passkeys (WebAuthn): what a browser is asked to sign, and whether what it signed is right.

The challenge stays here, in a row for one browser and one purpose, and is gone after its first use. Origin
and relying party come from ``PORTAL_ORIGIN`` alone, never from the request.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, cast

from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from portal.config import SettingsError
from portal.database import db
from portal.errors import NotFound, Refusal, gettext_noop
from portal.extensions import settings
from portal.people.credentials import Passkey, PasskeyChallenge
from portal.people.models import Account
from portal.people.permissions import Role
from portal.run.dotted import resolve
from portal.vault.keys import Keyring

LIFETIME = timedelta(minutes=5)
MOST = 10
MOST_BYTES = 16 * 1024


class Purpose(StrEnum):
    """What a signature is for; one given for one purpose is of no use for another."""

    LOG_IN = "log_in"
    STEP_UP = "step_up"
    ADD = "add"


class PasskeyRefused(Refusal):
    """The browser's answer does not prove what it should."""

    message = gettext_noop(
        "The passkey was not added: the answer of the device could not be checked. Please try again."
    )
    status = 422


class TooManyPasskeys(Refusal):
    """More passkeys than anybody needs."""

    message = gettext_noop("You have %(most)d passkeys, more are not possible. Remove one first.")
    status = 422


class LastFactor(Refusal):
    """Without it nobody could log in any more."""

    message = gettext_noop(
        "This is the last passkey, and you could not log in without it. Add another one first."
    )
    status = 422


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser sent back, and the mark of the browser that the challenge was given to."""

    browser: str
    content: str


@dataclass(frozen=True, slots=True)
class Owner:
    """Who a passkey is for, as the device keeps it."""

    handle: bytes
    username: str


@dataclass(frozen=True, slots=True)
class Made:
    """A key that a device made, checked."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


class Ceremonies(Protocol):
    """What a browser is asked to sign, and whether what it signed is right; bytes in, bytes out."""

    def ask_to_prove(self, challenge: bytes, allowed: list[bytes]) -> str:
        """Return the options of ``navigator.credentials.get`` as JSON."""

    def ask_to_add(self, challenge: bytes, owner: Owner, held: list[bytes]) -> str:
        """Return the options of ``navigator.credentials.create`` as JSON."""

    def made(self, content: str, challenge: bytes) -> Made | None:
        """Return the key that a device made for this challenge; none if it cannot be checked."""

    def credential_of(self, content: str) -> bytes | None:
        """Return the id of the passkey that an answer names; nothing is proved by it."""

    def proved(self, content: str, challenge: bytes, public_key: bytes, sign_count: int) -> int | None:
        """Return the device's new counter if this key signed this challenge, else none."""


def _ceremonies() -> Ceremonies:
    # Loaded at the first passkey: web processes that see none are a good deal smaller.
    made = resolve("portal.people.ceremonies.ceremonies")(settings().host, settings().origin)
    return cast(Ceremonies, made)


def is_required(account: Account) -> bool:
    """Say whether one of the account's roles needs a passkey instead of a code."""
    return any(role.value in settings().passkey_roles for role in account.roles)


def is_owed(account: Account) -> bool:
    """Say whether the owner has to add a passkey before he does anything else."""
    return is_required(account) and not account.has_passkey


def check_roles(names: frozenset[str]) -> None:
    """Refuse a setting that names what is no role: a misspelt one must not be silent (SettingsError)."""
    unknown = sorted(names - {role.value for role in Role})
    if unknown:
        raise SettingsError([f"PASSKEY_ROLES names {', '.join(unknown)}, which is no role."])


def of(account_id: int) -> list[Passkey]:
    """Return the passkeys of an account, the oldest first."""
    return list(
        db.session.scalars(select(Passkey).where(Passkey.account_id == account_id).order_by(Passkey.id))
    )


def _key(browser: str, purpose: Purpose) -> bytes:
    return hashlib.sha256(f"{purpose}\x1f{browser}".encode()).digest()


def _challenge(browser: str, purpose: Purpose, at: datetime) -> bytes:
    challenge = secrets.token_bytes(32)
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    row = {"challenge": challenge, "created_at": at}
    made = insert(PasskeyChallenge).values(key_digest=_key(browser, purpose), **row)
    db.session.execute(made.on_conflict_do_update(index_elements=["key_digest"], set_=row))
    return challenge


def _take(browser: str, purpose: Purpose, at: datetime) -> bytes | None:
    """Return the challenge and delete it: of two uses at the same moment one gets it."""
    row = db.session.execute(
        delete(PasskeyChallenge)
        .where(PasskeyChallenge.key_digest == _key(browser, purpose))
        .returning(PasskeyChallenge.challenge, PasskeyChallenge.created_at)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return row.challenge if row is not None and at - row.created_at <= LIFETIME else None


def ask_to_prove(browser: str, purpose: Purpose, account: Account | None, at: datetime) -> str:
    """Return the options of ``navigator.credentials.get`` as JSON.

    At log-in no account is known yet and none is named: the browser offers what it has for this site.
    """
    allowed = [key.credential_id for key in of(account.id)] if account else []
    return _ceremonies().ask_to_prove(_challenge(browser, purpose, at), allowed)


def ask_to_add(ring: Keyring, browser: str, account: Account, at: datetime) -> str:
    """Return the options of ``navigator.credentials.create`` as JSON."""
    handle = hmac.new(ring.derive("totp", "passkey owner"), str(account.id).encode(), hashlib.sha256).digest()
    challenge = _challenge(browser, Purpose.ADD, at)
    held = [key.credential_id for key in of(account.id)]
    return _ceremonies().ask_to_add(challenge, Owner(handle, account.username), held)


def add(account: Account, answer: Answer, name: str, at: datetime) -> Passkey:
    """Keep the public key that a device made for this account; raises PasskeyRefused."""
    challenge = _take(answer.browser, Purpose.ADD, at)
    if challenge is None or len(answer.content) > MOST_BYTES:
        raise PasskeyRefused
    held = of(account.id)
    if len(held) >= MOST:
        raise TooManyPasskeys(most=MOST)
    made = _ceremonies().made(answer.content, challenge)
    if made is None:
        raise PasskeyRefused
    if db.session.scalar(select(Passkey.id).where(Passkey.credential_id == made.credential_id)):
        raise PasskeyRefused
    key = Passkey(
        account_id=account.id,
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        name=_name(name, len(held) + 1),
        created_at=at,
    )
    db.session.add(key)
    db.session.flush()
    db.session.expire(account, ["has_passkey"])
    return key


def _name(typed: str, number: int) -> str:
    kept = "".join(sign for sign in typed if sign.isprintable()).strip()[:40]
    return kept or f"#{number}"


def prove(account: Account, answer: Answer, purpose: Purpose, at: datetime) -> bool:
    """Say whether the answer was signed by one of the account's passkeys for exactly this question."""
    challenge = _take(answer.browser, purpose, at)
    if challenge is None or len(answer.content) > MOST_BYTES:
        return False
    ceremonies = _ceremonies()
    key = db.session.scalar(
        select(Passkey).where(
            Passkey.account_id == account.id,
            Passkey.credential_id == ceremonies.credential_of(answer.content),
        )
    )
    if key is None:
        return False
    count = ceremonies.proved(answer.content, challenge, key.public_key, key.sign_count)
    return count is not None and _count(key, count, at)


def _count(key: Passkey, sign_count: int, at: datetime) -> bool:
    """Keep the device's counter; a copy of the device that signs at the same moment is refused."""
    result = db.session.execute(
        update(Passkey)
        .where(Passkey.id == key.id, Passkey.sign_count == key.sign_count)
        .values(sign_count=sign_count, used_at=at)
        .execution_options(synchronize_session=False)
    )
    db.session.expire(key)
    return cast("CursorResult[Any]", result).rowcount == 1


def rename(account: Account, passkey_id: int, name: str) -> None:
    """Give a passkey of the account another name; raises NotFound."""
    key = _own(account, passkey_id)
    key.name = _name(name, key.id)


def remove(account: Account, passkey_id: int) -> None:
    """Delete a passkey of the account, but never the last factor; raises NotFound or LastFactor."""
    key = _own(account, passkey_id)
    # Two removals at once must see each other.
    db.session.execute(select(Account.id).where(Account.id == account.id).with_for_update())
    others = db.session.scalar(
        select(func.count()).where(Passkey.account_id == account.id, Passkey.id != key.id)
    )
    if not others and (is_required(account) or account.totp_sealed is None):
        raise LastFactor
    db.session.delete(key)
    db.session.flush()
    db.session.expire(account, ["has_passkey"])


def forget(account: Account) -> None:
    """Delete every passkey of an account."""
    db.session.execute(delete(Passkey).where(Passkey.account_id == account.id))
    db.session.expire(account, ["has_passkey"])


def _own(account: Account, passkey_id: int) -> Passkey:
    key = db.session.scalar(select(Passkey).where(Passkey.id == passkey_id, Passkey.account_id == account.id))
    if key is None:
        raise NotFound
    return key


def forget_old(at: datetime) -> None:
    """Delete challenges that nobody answered in time."""
    db.session.execute(delete(PasskeyChallenge).where(PasskeyChallenge.created_at < at - LIFETIME))
