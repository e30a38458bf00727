"""The draft: what an open form carries, sealed, so that nothing is written before it is sent.

It holds the submission's id and its receipt code, minted with the form, and on the review page the answers.
A form that is sent twice therefore is one report with one code.
"""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from portal.reports import receipt
from portal.vault.keys import Keyring, Purpose
from portal.vault.opening import SealError, open_sealed
from portal.vault.sealing import seal

LIFETIME = timedelta(hours=72)
LONGEST = 200_000
_CONTEXT = ("report form", "1")


class DraftError(Exception):
    """The text is no draft of ours; carries nothing of it."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One opened form; counts the pictures ``solved`` and the files ``staged`` in it."""

    submission_id: str
    receipt_code: str = field(repr=False)
    opened_at: datetime
    answers: dict[str, str] = field(default_factory=dict, repr=False)
    solved: int = 0
    staged: int = 0

    @classmethod
    def mint(cls, at: datetime) -> Draft:
        """Open a form: a new submission id and a new receipt code."""
        return cls(uuid.uuid4().hex, receipt.mint(), at.replace(microsecond=0))

    def with_answers(self, answers: dict[str, str]) -> Draft:
        """The same form, with what was answered so far."""
        return replace(self, answers=answers)

    def once_more_solved(self) -> Draft:
        """The same form, with one more picture answered."""
        return replace(self, solved=self.solved + 1)

    def with_staged(self, count: int) -> Draft:
        """The same form, with so many files staged."""
        return replace(self, staged=count)

    def is_stale(self, at: datetime) -> bool:
        """Whether it was opened so long ago that it no longer shows its code."""
        return at - self.opened_at > LIFETIME


def seal_draft(ring: Keyring, draft: Draft) -> str:
    """Return the draft as text for a hidden field."""
    document = [
        draft.submission_id,
        draft.receipt_code,
        int(draft.opened_at.timestamp()),
        draft.solved,
        draft.staged,
        draft.answers,
    ]
    plain = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(seal(ring, Purpose.FORM, plain, _CONTEXT)).decode("ascii")


def open_draft(ring: Keyring, text: str) -> Draft:
    """Return the draft that seal_draft made; raises DraftError."""
    if not text or len(text) > LONGEST:
        raise DraftError
    try:
        blob = base64.urlsafe_b64decode(text.encode("ascii"))
        document = json.loads(open_sealed(ring, Purpose.FORM, blob, _CONTEXT))
        submission_id, code, opened, solved, staged, answers = document
    except (ValueError, binascii.Error, SealError):
        raise DraftError from None
    return Draft(submission_id, code, datetime.fromtimestamp(opened, UTC), answers, solved, staged)
