"""Forms that are being written, kept for a day: the server holds the lock, the writer's browser the key.

What is kept is sealed twice: as every draft, and once more with a key derived from a token that only the
session cookie of that browser holds. Without the cookie nobody opens it; clearing the cookie destroys it.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import delete, func, select

from portal import clock
from portal.database import db
from portal.reports.draft import Draft, DraftError, open_draft, seal_draft
from portal.reports.models import KeptDraft
from portal.vault.keys import Keyring

LIFETIME = timedelta(hours=24)
MOST = 20_000  # a flood of drafts must not fill the disk; beyond it a form is simply not kept
LONGEST = 64 * 1024
_STEP = 1024  # lengths are rounded up, so that they say little about what was written
_NONCE = 12

# These never leave the page before the report is sent; the person ticks the consent anew.
NEVER_KEPT = frozenset({"name", "telephone", "email", "alert_address", "works_there", "consent"})


@dataclass(frozen=True, slots=True)
class Kept:
    """A form as it was last saved."""

    draft: Draft
    saved_at: datetime


def new_token() -> str:
    """Return a token for a session cookie: 256 random bits."""
    return secrets.token_urlsafe(32)


def keep(token: str, draft: Draft, *, at: datetime, ring: Keyring) -> bool:
    """Save a form in place of what this token kept; False when there is no room. The caller commits."""
    answers = {name: text for name, text in draft.answers.items() if name not in NEVER_KEPT}
    plain = seal_draft(ring, draft.with_answers(answers)).encode("ascii")
    padded = plain.ljust(-(-len(plain) // _STEP) * _STEP)
    row = db.session.get(KeptDraft, _digest(token))
    if len(padded) > LONGEST or (row is None and _count() >= MOST):
        return False
    if row is None:
        row = KeptDraft(token_digest=_digest(token))
        db.session.add(row)
    nonce = secrets.token_bytes(_NONCE)
    row.sealed = nonce + AESGCM(_key(token)).encrypt(nonce, padded, _digest(token))
    row.saved_at = at
    return True


def find(token: str, *, at: datetime, ring: Keyring) -> Kept | None:
    """Return what a token kept; None when it is too old, gone or not ours."""
    row = db.session.get(KeptDraft, _digest(token)) if token else None
    if row is None or at - row.saved_at > LIFETIME:
        return None
    try:
        padded = AESGCM(_key(token)).decrypt(row.sealed[:_NONCE], row.sealed[_NONCE:], _digest(token))
        return Kept(open_draft(ring, padded.decode("ascii").rstrip()), row.saved_at)
    except (InvalidTag, DraftError):
        return None


def forget(token: str) -> None:
    """Delete what a token kept; the caller commits."""
    db.session.execute(delete(KeptDraft).where(KeptDraft.token_digest == _digest(token)))


def purge() -> None:
    """Delete what was kept for a day. Commits."""
    db.session.execute(delete(KeptDraft).where(KeptDraft.saved_at < clock.now() - LIFETIME))
    db.session.commit()


def _count() -> int:
    return db.session.scalar(select(func.count()).select_from(KeptDraft)) or 0


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _key(token: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"kept draft 1").derive(token.encode())
