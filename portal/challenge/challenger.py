"""The door before a form: a picture to read, digits to listen to; in tests and demonstrations nothing at all.

A ``holder`` names the browser session that asked: somebody else's answer opens nothing.
"""

from __future__ import annotations

from typing import Protocol

from portal.challenge.kinds import Kind


class ChallengeStore(Protocol):
    """Where challenges wait for their answer."""

    def issue(self, kind: Kind = Kind.PICTURE, holder: str = "") -> str:
        """Keep a fresh challenge and return its id."""

    def picture(self, challenge_id: str) -> bytes | None:
        """Return the PNG of a challenge that waits for its answer."""

    def sound(self, challenge_id: str) -> bytes | None:
        """Return the WAV of a spoken challenge that waits for its answer."""

    def check(self, challenge_id: str, answer: str, holder: str = "") -> bool:
        """Use a challenge up, and say whether the answer was right and came from who asked."""


class Challenger(Protocol):
    """Sets challenges and judges answers; each challenge is judged once."""

    def issue(self, kind: Kind = Kind.PICTURE, holder: str = "") -> str:
        """Set a new challenge and return its id, which is no secret."""

    def picture(self, challenge_id: str) -> bytes | None:
        """Return the challenge's PNG, or nothing if it is unknown, spoken, used or too old."""

    def sound(self, challenge_id: str) -> bytes | None:
        """Return the challenge's WAV, or nothing if it is unknown, drawn, used or too old."""

    def check(self, challenge_id: str, answer: str, holder: str = "") -> bool:
        """Judge an answer; right or wrong, the challenge is gone afterwards."""


class PictureChallenge:
    """Five letters and digits in a picture, or six spoken digits. A speed bump: limits carry the weight."""

    def __init__(self, store: ChallengeStore) -> None:
        self._store = store

    def issue(self, kind: Kind = Kind.PICTURE, holder: str = "") -> str:
        """Set a new challenge and return its id."""
        return self._store.issue(kind, holder)

    def picture(self, challenge_id: str) -> bytes | None:
        """Return the picture of a challenge that waits for its answer."""
        return self._store.picture(challenge_id)

    def sound(self, challenge_id: str) -> bytes | None:
        """Return the sound of a challenge that waits for its answer."""
        return self._store.sound(challenge_id)

    def check(self, challenge_id: str, answer: str, holder: str = "") -> bool:
        """Judge an answer; missing ids and answers are wrong ones."""
        if not challenge_id or not answer.strip():
            return False
        return self._store.check(challenge_id, answer, holder)


class NullChallenge:
    """No challenge: every answer is right. Production refuses to start with it."""

    def issue(self, kind: Kind = Kind.PICTURE, holder: str = "") -> str:
        """Return an id that means nothing."""
        return "none"

    def picture(self, challenge_id: str) -> bytes | None:
        """There is no picture."""
        return None

    def sound(self, challenge_id: str) -> bytes | None:
        """There is no sound."""
        return None

    def check(self, challenge_id: str, answer: str, holder: str = "") -> bool:
        """Every answer is right."""
        return True
