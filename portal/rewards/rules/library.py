"""Rule sets by id and version, each read once; a circle among them is found before it turns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from portal.rewards.rules.inheritance import CircleError
from portal.rewards.rules.load import parse
from portal.rewards.rules.model import RuleSet

SHIPPED = Path(__file__).parent.parent / "rulesets"
Read = Callable[[str, int], bytes | None]
"""Returns the body of a rule set, None where there is none."""


@dataclass(slots=True)
class Library:
    """Reads rule sets as they are asked for; raises KeyError, CircleError or RulesRefused."""

    read: Read
    known: dict[tuple[str, int], RuleSet] = field(default_factory=dict)
    reading: list[tuple[str, int]] = field(default_factory=list)

    def __call__(self, rule_id: str, version: int) -> RuleSet:
        """Return a rule set."""
        key = rule_id, version
        if key in self.reading:
            raise CircleError(rule_id)
        if key not in self.known:
            body = self.read(rule_id, version)
            if body is None:
                raise KeyError(rule_id, version)
            self.reading.append(key)
            try:
                self.known[key] = parse(body, name=f"{rule_id}.toml", library=self)
            finally:
                self.reading.pop()
        return self.known[key]


def shipped_body(rule_id: str, version: int) -> bytes | None:
    """Return the file of a rule set that ships: version 1 is "id.toml", later ones "id-vN.toml"."""
    name = f"{rule_id}.toml" if version == 1 else f"{rule_id}-v{version}.toml"
    file = SHIPPED / name
    return file.read_bytes() if file.is_file() else None


def shipped() -> Library:
    """Return the library of the rule sets that ship."""
    return Library(shipped_body)
