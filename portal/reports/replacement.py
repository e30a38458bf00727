"""The owner of a report puts a new receipt code in place of the old one.

The new code is minted with the form and sealed into it, bound to the report and to the visit. It opens
nothing before its owner has typed its end, so nobody is locked out by a page that was lost on the way; and a
form that is sent twice is one new code.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from portal.audit.events import record
from portal.errors import Refusal, gettext_noop
from portal.people.actor import REPORTER
from portal.reports import codes, receipt, visits
from portal.reports.models import Report, Visit
from portal.reports.receipt import ReceiptError
from portal.vault.keys import Keyring, Purpose
from portal.vault.opening import SealError, open_sealed
from portal.vault.sealing import seal

ACTION = "code_replaced"
LONGEST = 2_000


class OfferError(Exception):
    """The text is no offer of ours for this report and visit; carries nothing of it."""


class ReplacedElsewhere(Refusal):
    """Another window, or an office, was first."""

    message = gettext_noop(
        "The code was replaced already, in another window. The new code that stood there is the valid one;"
        " the one of this page never opened anything."
    )
    status = 409


class Place(StrEnum):
    """Where an offered code stands."""

    OFFERED = "offered"
    """The code it would replace is still the valid one."""
    VALID = "valid"
    """It is the report's code now."""
    GONE = "gone"
    """Yet another code is the report's."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A new code and the digest of the one it would replace; ``proved`` when that one was typed."""

    code: str = field(repr=False)
    replaces: bytes = field(repr=False)
    proved: bool = False

    @classmethod
    def mint(cls, report: Report) -> Offer:
        """Offer a new code in place of the present one."""
        return cls(receipt.mint(), report.receipt_digest)

    @property
    def end(self) -> str:
        """The last group of the new code."""
        return receipt.groups(self.code)[-1]


def seal_offer(ring: Keyring, offer: Offer, visit: Visit, report: Report) -> str:
    """Return the offer as text for a hidden field."""
    plain = json.dumps([offer.code, offer.replaces.hex(), offer.proved]).encode()
    sealed = seal(ring, Purpose.FORM, plain, _context(visit, report))
    return base64.urlsafe_b64encode(sealed).decode("ascii")


def open_offer(ring: Keyring, text: str, visit: Visit, report: Report) -> Offer:
    """Return the offer that seal_offer made for this visit of this report; raises OfferError."""
    if not text or len(text) > LONGEST:
        raise OfferError
    try:
        blob = base64.urlsafe_b64decode(text.encode("ascii"))
        code, replaces, proved = json.loads(open_sealed(ring, Purpose.FORM, blob, _context(visit, report)))
    except (ValueError, binascii.Error, SealError):
        raise OfferError from None
    return Offer(code, bytes.fromhex(replaces), bool(proved))


def prove(offer: Offer, typed: str, ring: Keyring) -> Offer | None:
    """Return the offer as proved when this is the code that it replaces; None when it is not."""
    try:
        code = receipt.normalise(typed)
    except ReceiptError:
        return None
    return replace(offer, proved=True) if codes.is_digest_of(code, offer.replaces, ring) else None


def is_end(offer: Offer, typed: str) -> bool:
    """Say whether these are the last five characters of the new code, however they were typed."""
    return hmac.compare_digest(receipt.folded(typed[:40]).encode(), offer.end.encode())


def place_of(offer: Offer, report: Report, ring: Keyring) -> Place:
    """Say where an offered code stands, for a report as it was just read."""
    if codes.is_digest_of(offer.code, report.receipt_digest, ring):
        return Place.VALID
    return Place.OFFERED if hmac.compare_digest(offer.replaces, report.receipt_digest) else Place.GONE


def put_in_place(offer: Offer, visit: Visit, at: datetime, ring: Keyring) -> None:
    """Let the new code open the report and end every other visit; the same offer twice is one step.

    Raises ReplacedElsewhere when another code took the old one's place first.
    """
    report = codes.lock_report(visit.report_id)
    place = place_of(offer, report, ring)
    if place is Place.VALID:
        return
    if place is Place.GONE or not offer.proved:
        raise ReplacedElsewhere
    codes.put(report, offer.code, ring, known_to_staff=False)
    visits.end_others(visit, at)
    asked = codes.open_renewal(report.id)
    if asked is not None:
        # Whoever holds the code has not lost it: a request for another one is over.
        asked.ended_at = at
    record(ACTION, at=at, actor=REPORTER, case_id=report.case_id, report_id=report.id)


def _context(visit: Visit, report: Report) -> tuple[str, ...]:
    return ("code form", "1", report.uuid, visit.token_digest.hex())
