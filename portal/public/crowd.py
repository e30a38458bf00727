"""How much comes from one network or in one visit: beyond it one more picture is asked for, never a wall."""

from __future__ import annotations

from limits import parse

from portal.public import counts

REPORTS = parse("30/10 minutes")
# No picture is asked for before files are staged, so that nobody loses them by misreading one.
FILES = parse("180/10 minutes")
KILOBYTES = parse("4000000/10 minutes")
# A drawn or spoken question costs computing. A page that is refused one asks again by itself after seconds.
QUESTIONS = parse("300/minute")
# Nobody reads so many: whoever lets a program try its luck has to be right twice.
QUESTIONS_OF_VISIT = parse("30/10 minutes")
# A recording is 140 KB to send and to keep; who cannot have one more is shown a picture.
SOUNDS = parse("40/10 minutes")
SOLVED_WHEN_CROWDED = 2
_NAME, _VISIT = "report", "visit"


def takes_file() -> bool:
    """Count a file; say whether this network may still stage one."""
    return counts.hit(FILES, "file")


def takes_question() -> bool:
    """Count a picture or recording; say whether this network may be asked one more question."""
    return counts.hit(QUESTIONS, "question")


def note_question(visit: str) -> None:
    """Count a picture or recording that a visit was given."""
    counts.hit(QUESTIONS_OF_VISIT, _VISIT, who=visit)


def takes_sound() -> bool:
    """Count a recording; say whether this network may still listen to one."""
    return counts.hit(SOUNDS, "sound")


def takes_bytes(count: int) -> bool:
    """Count bytes of uploads; say whether this network may still send them."""
    return counts.hit(KILOBYTES, "upload", cost=max(1, count // 1024))


def wait_seconds(visit: str) -> int:
    """Count this sending; return 0 within the limits, else the seconds until the count begins anew."""
    if not counts.hit(REPORTS, _NAME):
        return counts.seconds_left(REPORTS, _NAME)
    if not counts.has_room(QUESTIONS_OF_VISIT, _VISIT, who=visit):
        return counts.seconds_left(QUESTIONS_OF_VISIT, _VISIT, who=visit)
    return 0
