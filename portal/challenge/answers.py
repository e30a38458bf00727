"""Reading an answer as a person meant it, and the hash under which it is kept."""

from __future__ import annotations

import hmac
import unicodedata

_LONGEST_ANSWER = 40
# What a person may read for a letter of the alphabet: never another answer's letter.
_READ_FOR = str.maketrans({"0": "D", "O": "D", "Q": "D"})
# Somebody who listens may write the digits as words are written.
_SAID_FOR = str.maketrans("零〇一幺二两三四五六七八九", "0011223456789")


def fold(answer: str) -> str:
    """Return an answer without case, spaces, hyphens, full-width forms, Chinese digits and look-alikes."""
    plain = unicodedata.normalize("NFKC", answer[:_LONGEST_ANSWER]).upper()
    plain = plain.translate(_SAID_FOR).translate(_READ_FOR)
    return "".join(character for character in plain if character.isalnum())


def answer_mac(key: bytes, challenge_id: str, answer: str) -> bytes:
    """Return the keyed hash under which an answer is kept; equal answers differ between challenges."""
    return hmac.digest(key, f"challenge {challenge_id} {fold(answer)}".encode(), "sha256")
