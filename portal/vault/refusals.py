"""Why the vault does not open: one code for each reason, the same on both ends of the socket (pure)."""

from __future__ import annotations

from enum import StrEnum


class Why(StrEnum):
    """The codes."""

    MALFORMED = "malformed"
    UNKNOWN = "unknown"
    TOO_OLD = "too_old"
    SERVED = "served"
    NOT_ALLOWED = "not_allowed"
    NO_EVENT = "no_event"
    QUOTA = "quota"
    EMPTY = "empty"
    DAMAGED = "damaged"
    FAULT = "fault"
    BUSY = "busy"


class Refused(Exception):
    """Nothing is opened; carries the code and never any content."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why
