"""The question that keeps robots away from a form: how it is asked and judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app, request
from flask_babel import get_locale

from portal.challenge.challenger import Challenger, NullChallenge
from portal.challenge.kinds import Kind, spoken_in
from portal.public import crowd
from portal.visitor import session_key

# What the buttons beside the question send; the form comes back as it was, with a fresh question.
REFRESH, LISTEN, LOOK = "refresh", "listen", "look"
ASK_ANEW = frozenset({REFRESH, LISTEN, LOOK})
SOUND = "sound"


@dataclass(frozen=True, slots=True)
class Question:
    """One question on a page; ``refused`` where a recording was wanted and a picture had to do."""

    id: str
    spoken: bool
    refused: bool = False


def needs_picture() -> bool:
    """Whether a question is asked at all."""
    return not isinstance(challenger(), NullChallenge)


def challenger() -> Challenger:
    """Return the application's challenger."""
    return cast(Challenger, current_app.extensions["portal_challenger"])


def ask(*, spoken: bool) -> Question:
    """Set a question for this browser session; beyond the network's limit of recordings a picture."""
    heard = spoken and crowd.takes_sound()
    kind = spoken_in(str(get_locale() or "")) if heard else Kind.PICTURE
    visit = session_key()
    crowd.note_question(visit)
    return Question(challenger().issue(kind, visit), heard, refused=spoken and not heard)


def is_spoken() -> bool:
    """Whether the posted form wants to listen: asked for just now, or before and not taken back."""
    action = request.form.get("action")
    return action == LISTEN or (action != LOOK and request.form.get("challenge_kind") == SOUND)


def posted() -> tuple[str, str]:
    """Return the id of the question and the answer as they were posted."""
    return request.form.get("challenge_id", "")[:64], request.form.get("challenge_answer", "")[:64].strip()


def judge(challenge_id: str, answer: str) -> bool:
    """Judge an answer; right or wrong, the question is used up."""
    return challenger().check(challenge_id, answer, session_key())
