"""The rule files that ship with the portal, and what a list needs to know of a file without judging it."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

FOLDER = Path(__file__).parent / "rulesets"
FOUNDING = "anyang"
"""The rule set that is in force from the beginning, until a city puts its own in force."""


@dataclass(frozen=True, slots=True)
class Head:
    """The top of a rule file, and the file itself."""

    rule_id: str
    version: int
    title_zh: str
    title_en: str
    sectors: tuple[str, ...]
    governs_by: str
    invented: bool
    effective_from: date
    body: str

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the file."""
        return digest_of(self.body)


def digest_of(body: str) -> str:
    """Return the SHA-256 of a file's text."""
    return hashlib.sha256(body.encode()).hexdigest()


def head_of(body: str) -> Head:
    """Read the top of a file that is known to be right; raises KeyError, TypeError or TOMLDecodeError."""
    data = tomllib.loads(body)
    return Head(
        rule_id=data["id"],
        version=data["version"],
        title_zh=data["title"]["zh"],
        title_en=data["title"]["en"],
        sectors=tuple(data.get("sectors", ())),
        governs_by=data.get("governs_by", "accepted"),
        invented=data.get("invented", False),
        effective_from=data["effective_from"],
        body=body,
    )


def shipped() -> Iterator[Head]:
    """Return the files that ship, in the order of their names."""
    for path in sorted(FOLDER.glob("*.toml")):
        yield head_of(path.read_text(encoding="utf-8"))
