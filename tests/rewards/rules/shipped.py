"""The rule sets that ship, read once for the tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from portal.rewards.rules import library
from portal.rewards.rules.model import RuleSet

FOLDER = Path(library.__file__).parents[1] / "rulesets"
PATHS = sorted(FOLDER.glob("*.toml"))


@cache
def every_shipped() -> library.Library:
    """Return the library of what ships."""
    return library.shipped()


@cache
def shipped(rule_id: str, version: int = 1) -> RuleSet:
    """Return a rule set that ships."""
    return every_shipped()(rule_id, version)
