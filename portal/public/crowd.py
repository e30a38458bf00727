"""How many reports come from one network: beyond the limit one more picture is asked for, never a wall."""

from __future__ import annotations

from limits import parse

from portal.public import counts

REPORTS = parse("30/10 minutes")
# No picture is asked for before files are staged, so that nobody loses them by misreading one.
FILES = parse("180/10 minutes")
KILOBYTES = parse("4000000/10 minutes")
QUESTIONS = parse("60/minute")
# A recording is 140 KB to send and to keep; who cannot have one more is shown a picture.
SOUNDS = parse("40/10 minutes")
SOLVED_WHEN_CROWDED = 2
_NAME = "report"


def takes_file() -> bool:
    """Count a file; say whether this network may still stage one."""
    return counts.hit(FILES, "file")


def takes_question() -> bool:
    """Count a picture or recording; say whether this network may be asked one more question."""
    return counts.hit(QUESTIONS, "question")


def takes_sound() -> bool:
    """Count a recording; say whether this network may still listen to one."""
    return counts.hit(SOUNDS, "sound")


def takes_bytes(count: int) -> bool:
    """Count bytes of uploads; say whether this network may still send them."""
    return counts.hit(KILOBYTES, "upload", cost=max(1, count // 1024))


def wait_seconds() -> int:
    """Count this sending; return 0 within the limit, else the seconds until the count begins anew."""
    return 0 if counts.hit(REPORTS, _NAME) else counts.seconds_left(REPORTS, _NAME)
