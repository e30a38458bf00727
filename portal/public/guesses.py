"""Wrong receipt codes are counted by network: after ten, a question comes before the next ten.

A try is counted before its code is looked at and taken back when the code was right, so that no more than
ten are looked at however many come at the same moment.
"""

from __future__ import annotations

import math

from limits import parse

from portal.public import counts

WRONG = parse("10/10 minutes")
_NAME = "receipt code"


def begin_try() -> int:
    """Count a try; return 0 when its code may be looked at, else the minutes until one may."""
    if counts.hit(WRONG, _NAME):
        return 0
    return math.ceil(counts.seconds_left(WRONG, _NAME) / 60)


def was_right() -> None:
    """The code of this try was right: it does not count."""
    counts.take_back(WRONG, _NAME)


def begin_anew() -> None:
    """Somebody of this network answered a question: one more set of tries, of which this is the first."""
    counts.begin_anew(WRONG, _NAME)
    counts.hit(WRONG, _NAME)
