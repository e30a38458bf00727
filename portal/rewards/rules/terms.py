"""What a rule is made of everywhere: words in both languages, sources, bands."""

from __future__ import annotations

from dataclasses import dataclass

from portal.money import MAX_FEN


@dataclass(frozen=True, slots=True)
class Text:
    """Words in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where a figure comes from: the rule set it was written in, its article, whether it was seen."""

    rule: str
    version: int
    article: str = ""
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class Band:
    """The least and the most that may be paid, in fen, both included."""

    min_fen: int
    max_fen: int

    def __post_init__(self) -> None:
        """Refuse a band that is upside down; raises ValueError."""
        if not 0 <= self.min_fen <= self.max_fen <= MAX_FEN:
            raise ValueError("a band runs from its least to its most")

    def holds(self, amount_fen: int) -> bool:
        """Tell whether the amount lies inside."""
        return self.min_fen <= amount_fen <= self.max_fen
