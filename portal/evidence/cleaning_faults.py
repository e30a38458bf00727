"""Why a file has no clean copy, and what another try can change; pages know it without what cleans."""

from __future__ import annotations

from enum import StrEnum

from portal.evidence.inspection import InspectionFault

ATTEMPTS = 3
INFECTED = "infected"


class CleaningFault(StrEnum):
    """Why there is no clean copy; all but the last two are those of inspection."""

    EMPTY = InspectionFault.EMPTY.value
    TOO_LARGE = InspectionFault.TOO_LARGE.value
    NOT_ALLOWED = InspectionFault.NOT_ALLOWED.value
    NOT_TAKEN = InspectionFault.NOT_TAKEN.value
    BROKEN = InspectionFault.BROKEN.value
    TOO_MANY_PIXELS = InspectionFault.TOO_MANY_PIXELS.value
    ENCRYPTED_PDF = InspectionFault.ENCRYPTED_PDF.value
    TOO_LONG = InspectionFault.TOO_LONG.value
    UNKNOWN_CODING = InspectionFault.UNKNOWN_CODING.value
    TOO_COSTLY = "too_costly"
    CRASHED = "crashed"


# What no second try can change: the file itself is at fault.
FINAL = frozenset(CleaningFault) - {CleaningFault.CRASHED, CleaningFault.TOO_COSTLY}
