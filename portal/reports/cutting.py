"""What was found in the texts of a form: shown in its surroundings, cut out where it is wished (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from portal.reports.masking import Find, Sort, finds, masked

AROUND = 24  # characters shown on each side of a find
SCANNED = ("narrative", "subject_name", "address", "happened")
QUESTION = "q_"
MESSAGE = "message"

Found = dict[str, list[Find]]


class Decision(StrEnum):
    """What becomes of the finds."""

    CUT = "cut"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Spot:
    """A find as it is shown: where it stands, what is around it, and what it is."""

    place: str
    sort: Sort
    before: str
    text: str
    after: str


def decision_of(typed: str) -> Decision | None:
    """Return the decision that a form brings, None when it brings none."""
    return Decision(typed) if typed in set(Decision) else None


def look(texts: Mapping[str, str]) -> Found:
    """Return the finds of each free text of a form, leaving out texts without any."""
    scanned = (name for name in texts if name in SCANNED or name.startswith(QUESTION) or name == MESSAGE)
    return {name: found for name in scanned if (found := finds(texts[name]))}


def spots(texts: Mapping[str, str], found: Found) -> list[Spot]:
    """Return each find in its surroundings, in the order of the form."""
    return [_spot(name, texts[name], find) for name, several in found.items() for find in several]


def cut(texts: Mapping[str, str], found: Found, *, chinese: bool) -> tuple[dict[str, str], dict[str, str]]:
    """Return the texts with marks in place of the finds, and apart from them each find under its place."""
    marked = {name: masked(texts[name], several, chinese=chinese) for name, several in found.items()}
    taken = {
        f"{name} {number}": find.of(texts[name])
        for name, several in found.items()
        for number, find in enumerate(several, start=1)
    }
    return {**texts, **marked}, taken


def _spot(name: str, text: str, find: Find) -> Spot:
    start, end = max(find.start - AROUND, 0), find.end + AROUND
    before, after = text[start : find.start], text[find.end : end]
    return Spot(
        name,
        find.sort,
        f"…{before}" if start else before,
        find.of(text),
        f"{after}…" if end < len(text) else after,
    )
