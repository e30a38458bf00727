"""The door before a form: a picture to read, or nothing at all in tests and demonstrations."""

from __future__ import annotations

from typing import Protocol


class ChallengeStore(Protocol):
    """Where challenges wait for their answer."""

    def issue(self) -> str:
        """Keep a fresh challenge and return its id."""

    def picture(self, challenge_id: str) -> bytes | None:
        """Return the PNG of a challenge that waits for its answer."""

    def check(self, challenge_id: str, answer: str) -> bool:
        """Use a challenge up, and say whether the answer was right."""


class Challenger(Protocol):
    """Sets challenges and judges answers; each challenge is judged once."""

    def issue(self) -> str:
        """Set a new challenge and return its id, which is no secret."""

    def picture(self, challenge_id: str) -> bytes | None:
        """Return the challenge's PNG, or nothing if it is unknown, used or too old."""

    def check(self, challenge_id: str, answer: str) -> bool:
        """Judge an answer; right or wrong, the challenge is gone afterwards."""


class PictureChallenge:
    """Five letters and digits in a picture. A speed bump: the limits carry the weight."""

    def __init__(self, store: ChallengeStore) -> None:
        self._store = store

    def issue(self) -> str:
        """Set a new picture and return its id."""
        return self._store.issue()

    def picture(self, challenge_id: str) -> bytes | None:
        """Return the picture of a challenge that waits for its answer."""
        return self._store.picture(challenge_id)

    def check(self, challenge_id: str, answer: str) -> bool:
        """Judge an answer; missing ids and answers are wrong ones."""
        if not challenge_id or not answer.strip():
            return False
        return self._store.check(challenge_id, answer)


class NullChallenge:
    """No challenge: every answer is right. Production refuses to start with it."""

    def issue(self) -> str:
        """Return an id that means nothing."""
        return "none"

    def picture(self, challenge_id: str) -> bytes | None:
        """There is no picture."""
        return None

    def check(self, challenge_id: str, answer: str) -> bool:
        """Every answer is right."""
        return True
