"""The kinds of challenges: a picture to read, or digits to listen to."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What is asked; a spoken challenge is named after the language of its recordings."""

    PICTURE = "picture"
    MANDARIN = "zh"
    ENGLISH = "en"

    @property
    def is_spoken(self) -> bool:
        """Whether it is listened to."""
        return self is not Kind.PICTURE


def spoken_in(locale: str) -> Kind:
    """Return the spoken challenge for readers of a language."""
    return Kind.ENGLISH if locale.startswith("en") else Kind.MANDARIN
