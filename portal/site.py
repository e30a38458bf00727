"""What both faces need: health, language, captcha pictures and sounds."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, current_app, redirect, request, session, url_for
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response

from portal import health, presentation
from portal.challenge.challenger import Challenger
from portal.errors import NotFound
from portal.public import crowd, questions

site = Blueprint("site", __name__)

YEAR = 365 * 24 * 3600
LANGUAGES = {"zh": "zh_Hans", "en": "en"}


@site.get("/readyz")
def readyz() -> tuple[dict[str, str], int]:
    """Answer a balancer: 200 while a report can be accepted."""
    return ({"status": "ready"}, 200) if health.ready() else ({"status": "not ready"}, 503)


@site.get("/healthz")
def healthz() -> tuple[dict[str, object], int]:
    """Answer an operator: 200 only when the parts behind are well too; 503 says which are not."""
    troubles = health.troubles()
    return ({"status": "troubled", "troubles": troubles}, 503) if troubles else ({"status": "well"}, 200)


@site.post("/challenge")
def challenge_new() -> dict[str, str]:
    """Set a new picture or sound; the page fetches it when its last step is reached."""
    if not crowd.takes_question():
        raise TooManyRequests
    question = questions.ask(spoken=request.args.get("kind") == "audio")
    if question.spoken:
        return {"id": question.id, "sound": url_for("site.challenge_sound", challenge_id=question.id)}
    return {"id": question.id, "picture": url_for("site.challenge_picture", challenge_id=question.id)}


@site.get("/challenge/<challenge_id>.png")
def challenge_picture(challenge_id: str) -> Response:
    """Show the picture of a challenge that waits for its answer."""
    picture = _challenger().picture(challenge_id)
    if picture is None:
        raise NotFound
    return Response(picture, mimetype="image/png")


@site.get("/challenge/<challenge_id>.wav")
def challenge_sound(challenge_id: str) -> Response:
    """Play the sound of a challenge that waits for its answer; some browsers ask for parts of it."""
    sound = _challenger().sound(challenge_id)
    if sound is None:
        raise NotFound
    response = Response(sound, mimetype="audio/wav")
    return response.make_conditional(request.environ, accept_ranges=True, complete_length=len(sound))


@site.get("/language/<code>")
def language(code: str) -> Response:
    """Remember the language in the session and go back to the page."""
    session["lang"] = LANGUAGES.get(code, "zh_Hans")
    return redirect(_own_path(request.args.get("next", "/")))


@site.get("/text/<size>")
def text_size(size: str) -> Response:
    """Remember large or normal text in a cookie of its own, for a year, and go back to the page."""
    response = redirect(_own_path(request.args.get("next", "/")))
    if size in presentation.TEXT_SIZES:
        secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
        response.set_cookie("text", size, max_age=YEAR, samesite="Lax", secure=secure, httponly=True)
    return response


def _challenger() -> Challenger:
    return cast(Challenger, current_app.extensions["portal_challenger"])


def _own_path(target: str) -> str:
    """Return a path on this site; anything else becomes the home page."""
    is_path = target.startswith("/") and not target.startswith("//")
    return target if is_path and target.isprintable() and "\\" not in target else "/"
