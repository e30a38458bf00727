"""What log-in, invitation and step-up share: the cookie, the proof in a form, and where somebody sits."""

from __future__ import annotations

from flask import current_app, request, session
from flask_login import current_user, login_user

from portal import clock
from portal.database import db
from portal.people import sessions
from portal.people.factors import Proof
from portal.people.passkeys import Answer
from portal.people.sessions import Place, SignedIn
from portal.vault.keys import Keyring
from portal.visitor import network_of, session_key


def keyring() -> Keyring:
    """Return the application's keys."""
    ring: Keyring = current_app.extensions["portal_keyring"]
    return ring


def place() -> Place:
    """Return device and network of the request; they are kept for the staff alone."""
    agent = request.user_agent.string
    return Place(sessions.device_of(agent), network_of(request.remote_addr or ""))


def proof(prefix: str = "") -> Proof:
    """Return what a form brings as a proof of a second factor."""

    def typed(name: str, most: int) -> str:
        return request.form.get(f"{prefix}{name}", "").strip()[:most]

    answer = Answer(session_key(), typed("passkey", 20_000))
    return Proof(typed("code", 12), typed("recovery", 60), answer)


def me() -> SignedIn:
    """Return who is signed in, as services take him."""
    signed: SignedIn = current_user._get_current_object()
    return signed


def enter(signed: SignedIn) -> None:
    """Put a new session in the cookie; whatever was in it before is gone, and its session ended."""
    if current_user.is_authenticated:
        sessions.end(current_user.token, clock.now())
        db.session.commit()
    session.clear()
    session["lang"] = signed.account.locale
    login_user(signed)


def go_on(signed: SignedIn) -> None:
    """Put the renewed token of the same session in the cookie; forms in other tabs stay good."""
    login_user(signed)
