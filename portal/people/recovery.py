"""Recovery codes: ten for each account, each works once, for the day on which the telephone is lost.

A code has 24 random signs of Crockford's alphabet, 120 bits: so much that a keyed digest, found at once, is
enough where a password needs a slow one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, select, update

from portal.database import db
from portal.people.credentials import RecoveryCode
from portal.people.models import Account
from portal.vault.keys import Keyring

COUNT = 10
LENGTH = 24
GROUP = 4
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKE = str.maketrans("OIL", "011")


def plain(typed: str) -> str:
    """Return a typed code without blanks and hyphens, in capitals, O and I read as digits."""
    folded = unicodedata.normalize("NFKC", typed).upper().translate(_LOOKALIKE)
    return "".join(sign for sign in folded if sign in ALPHABET)


def shown(code: str) -> str:
    """Return a code in groups of four."""
    return "-".join(code[start : start + GROUP] for start in range(0, LENGTH, GROUP))


def _digests(ring: Keyring, account_id: int, code: str) -> list[bytes]:
    """Return a code's digest under every key, the current one first; bound to the account."""
    text = f"{account_id}\x1f{code}".encode()
    keys = [
        hmac.new(secret, b"woodpecker recovery codes", hashlib.sha256).digest()
        for _, secret in ring.all("totp")
    ]
    return [hmac.new(key, text, hashlib.sha256).digest() for key in keys]


def renew(ring: Keyring, account: Account, at: datetime) -> list[str]:
    """Make ten codes, which are shown once; those from before do not work any more."""
    forget(account)
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(LENGTH)) for _ in range(COUNT)]
    db.session.add_all(
        RecoveryCode(account_id=account.id, digest=_digests(ring, account.id, code)[0], created_at=at)
        for code in codes
    )
    return [shown(code) for code in codes]


def use(ring: Keyring, account: Account, typed: str, at: datetime) -> bool:
    """Use a code up; the second use, even at the same moment, is refused."""
    code = plain(typed)
    if len(code) != LENGTH:
        return False
    result = db.session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.account_id == account.id,
            RecoveryCode.digest.in_(_digests(ring, account.id, code)),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=at)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", result).rowcount == 1


def forget(account: Account) -> None:
    """Delete every code of an account."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))


def left(account_id: int) -> int:
    """Return how many codes still work."""
    query = select(func.count()).where(RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(query) or 0
