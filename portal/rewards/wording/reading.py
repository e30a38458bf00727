"""Who reads a derivation, in which language and with which rule set's words, and what a line of it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from portal.rewards.rules.model import Fact, RuleSet
from portal.rewards.shelf import Titles, no_titles
from portal.rewards.wording.speech import Tongue, text


class Audience(StrEnum):
    """Who reads a derivation."""

    VERIFIER = "verifier"
    FINANCE = "finance"
    REPORTER = "reporter"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: idle when nothing changed, sum for the last, sealed for the marker of what is withheld."""

    title: str
    result: str
    how: str = ""
    idle: bool = False
    sum: bool = False
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """In which language a derivation is read, with which rule set's words, and where titles are found."""

    tr: Tongue
    rules: RuleSet | None = None
    titles: Titles = no_titles

    @property
    def facts(self) -> Mapping[str, Fact]:
        """Return the facts as the rule set words them."""
        return self.rules.facts if self.rules else {}

    def title(self, rule: str, version: int) -> str:
        """Return the title of a rule set; never its id."""
        own = self.rules
        if own is not None and (own.id, own.version) == (rule, version):
            return text(own.title, self.tr)
        known = self.titles(rule, version)
        return text(known, self.tr) if known else self.tr("another rule")
