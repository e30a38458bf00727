"""The rule files that ship, on disk: what stands on the cover of each."""

from __future__ import annotations

import re
import tomllib
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


@cache
def cards() -> dict[tuple[str, int], Card]:
    """Return the shipped files by id and version, in the order of their ids."""
    found = [_card(path) for path in sorted(SHIPPED.glob("*.toml"))]
    return {(card.id, card.version): card for card in sorted(found, key=lambda one: (one.id, one.version))}


def _card(path: Path) -> Card:
    # Keys of the file itself stand before its tables: no more of it is read for a title.
    head = FIRST_TABLE.split(path.read_text(encoding="utf-8"), maxsplit=1)[0]
    keys = tomllib.loads(head)
    title = Text(keys["title"]["zh"], keys["title"]["en"])
    return Card(keys["id"], keys["version"], title, bool(keys.get("invented", False)), path)


def title(rule: str, version: int) -> Text | None:
    """Return the title of a shipped rule set; None for one that did not ship."""
    card = cards().get((rule, version))
    return card.title if card else None
