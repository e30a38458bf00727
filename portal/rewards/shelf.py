"""The rule files that ship, on disk: what stands on the cover of each."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from portal.rewards.rules.terms import Text

SHIPPED = Path(__file__).parent / "rulesets"
FIRST_TABLE = re.compile(r"^\[", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Card:
    """What stands on the cover of a shipped file."""

    id: str
    version: int
    title: Text
    invented: bool
    path: Path


Titles = Callable[[str, int], Text | None]
"""The title of a rule set by id and version; None for one that is not known."""


def no_titles(_rule: str, _version: int) -> Text | None:
    """Know no rule set but the one that is read."""
    return None


@cache
def cards() -> dict[tuple[str, int], Card]:
    """Return the shipped files by id and version, in the order of their ids."""
    found = [_card(path) for path in SHIPPED.glob("*.toml")]
    return {(card.id, card.version): card for card in sorted(found, key=lambda one: (one.id, one.version))}


@cache
def _card(path: Path) -> Card:
    # Keys of the file itself stand before its tables: no more of it is read for a title.
    head = FIRST_TABLE.split(path.read_text(encoding="utf-8"), maxsplit=1)[0]
    keys = tomllib.loads(head)
    title = Text(keys["title"]["zh"], keys["title"]["en"])
    return Card(keys["id"], keys["version"], title, bool(keys.get("invented", False)), path)


@cache
def _versions(rule: str) -> dict[int, Card]:
    # Only files whose name begins like it are opened: the shelf is long and a terminal waits.
    near = (_card(path) for path in SHIPPED.glob("*.toml") if path.name.startswith(rule))
    return {card.version: card for card in near if card.id == rule}


def newest(rule: str) -> int:
    """Return the newest version that ships; 0 for a rule set that did not ship."""
    return max(_versions(rule), default=0)


def title(rule: str, version: int) -> Text | None:
    """Return the title of a shipped rule set; None for one that did not ship."""
    card = _versions(rule).get(version)
    return card.title if card else None
