"""What both faces need: health, language, captcha pictures."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, redirect, request, session
from sqlalchemy import text
from werkzeug.wrappers import Response

from portal.database import db

site = Blueprint("site", __name__)

LANGUAGES = {"zh": "zh_Hans", "en": "en"}


@site.get("/readyz")
def readyz() -> tuple[dict[str, str], int]:
    """Say 200 while a report can be accepted: that needs the database and nothing else."""
    db.session.execute(text("SELECT 1"))
    return {"status": "ready"}, 200


@site.get("/language/<code>")
def language(code: str) -> Response:
    """Remember the language in the session and go back to the page."""
    session["lang"] = LANGUAGES.get(code, "zh_Hans")
    return redirect(_own_path(request.args.get("next", "/")))


def _own_path(target: str) -> str:
    """Return a path on this site; anything else becomes the home page."""
    parts = urlsplit(target)
    plain = target.isprintable() and not target.startswith(("//", "/\\")) and "\\" not in target
    if parts.scheme or parts.netloc or not target.startswith("/") or not plain:
        return "/"
    return target
