"""Second factors: setting up the one-time code, and proving one factor or another."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import pyotp

from portal.errors import Refusal, gettext_noop
from portal.people import accounts, passkeys, recovery
from portal.people.models import Account
from portal.people.passkeys import Answer, Purpose
from portal.vault.keys import Keyring
from portal.vault.opening import SealError, open_sealed
from portal.vault.sealing import seal

ISSUER = "Woodpecker"
OFFER_LIFETIME = timedelta(minutes=30)


class Means(StrEnum):
    """With what a second factor was proved."""

    TOTP = "totp"
    PASSKEY = "passkey"
    RECOVERY = "recovery"


class WrongCode(Refusal):
    """The six digits are not those of the telephone."""

    message = gettext_noop(
        "The code is not right. Look at the telephone again and type the six digits of now."
    )
    status = 422


class OfferOver(Refusal):
    """The QR code was shown too long ago."""

    message = gettext_noop("This QR code is too old. Here is a new one: please scan it.")
    status = 422


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody sends to prove a second factor: one of the three."""

    code: str = ""
    recovery: str = ""
    passkey: Answer | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A new secret for one-time codes: shown to its owner, and sealed for the way to the browser and back."""

    account: Account
    secret: str
    sealed: str

    @property
    def uri(self) -> str:
        """Return the address that authenticator apps read."""
        return provisioning_uri(self.account.username, self.secret)

    def __repr__(self) -> str:
        """Show no secret."""
        return f"Offer({self.account.id})"


def provisioning_uri(username: str, secret: str) -> str:
    """Return the address that authenticator apps read."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER)


def offer(ring: Keyring, account: Account, at: datetime) -> Offer:
    """Make a secret that counts only once its owner has shown that his telephone knows it."""
    secret = pyotp.random_base32()
    return Offer(account, secret, _seal_offer(ring, account, secret, at))


def offered(ring: Keyring, account: Account, sealed: str, at: datetime) -> Offer:
    """Return what was offered before, from its sealed form; raises OfferOver."""
    try:
        content = json.loads(open_sealed(ring, "totp", bytes.fromhex(sealed), _context(account)))
    except (SealError, ValueError):
        raise OfferOver from None
    if at.timestamp() - content["at"] > OFFER_LIFETIME.total_seconds():
        raise OfferOver
    return Offer(account, content["secret"], sealed)


def _seal_offer(ring: Keyring, account: Account, secret: str, at: datetime) -> str:
    content = json.dumps({"secret": secret, "at": at.timestamp()}).encode()
    return seal(ring, "totp", content, _context(account)).hex()


def _context(account: Account) -> tuple[str, ...]:
    return ("totp offer", str(account.id))


def accept(ring: Keyring, made: Offer, code: str, at: datetime) -> None:
    """Make the offered secret the account's own if the code is right; that code is used up with it.

    Raises WrongCode.
    """
    account = made.account
    step = accounts.matching_step(made.secret, code, at)
    if step is None:
        raise WrongCode
    account.totp_sealed = accounts.seal_totp(ring, account.username, made.secret)
    account.totp_last_step = step


def prove(ring: Keyring, account: Account, proof: Proof, purpose: Purpose, at: datetime) -> Means | None:
    """Return with what a second factor was proved, None when it was not.

    Whoever must have a passkey and has one proves it with that, or with a recovery code at log-in: a code
    that can be read out to a caller does not count for him.
    """
    if proof.passkey is not None and proof.passkey.content:
        return Means.PASSKEY if passkeys.prove(account, proof.passkey, purpose, at) else None
    if proof.recovery and purpose is Purpose.LOG_IN:
        return Means.RECOVERY if recovery.use(ring, account, proof.recovery, at) else None
    if passkeys.is_required(account) and account.has_passkey:
        return None
    return Means.TOTP if accounts.use_totp(ring, account, proof.code, at) else None


def forget(account: Account) -> None:
    """Take every factor away, and the password with them: what comes next is a link."""
    account.password_hash = accounts.UNSET
    account.totp_sealed = None
    passkeys.forget(account)
    recovery.forget(account)
