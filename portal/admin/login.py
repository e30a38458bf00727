"""Logging in and out."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, session, url_for
from flask_babel import gettext, lazy_gettext
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import DataRequired, Length, ValidationError

from portal import clock
from portal.admin.blueprint import desk
from portal.admin.signing_in import enter, keyring, place, proof
from portal.database import db
from portal.errors import Refusal
from portal.extensions import limiter
from portal.people import entry, passkeys, sessions
from portal.people.entry import Attempt, LoginRefused
from portal.people.passkeys import Purpose
from portal.visitor import session_key, visitor_key

OPTIONS = "application/json"


class LoginForm(FlaskForm):
    """User name, password and second factor together: there is no half log-in."""

    username = StringField(
        lazy_gettext("User name"),
        [DataRequired(lazy_gettext("Please enter your user name.")), Length(max=60)],
    )
    password = PasswordField(
        lazy_gettext("Password"),
        [DataRequired(lazy_gettext("Please enter your password.")), Length(max=200)],
    )
    code = StringField(lazy_gettext("One-time code"), [Length(max=12)])
    recovery = StringField(lazy_gettext("Recovery code"), [Length(max=60)])
    passkey = HiddenField()

    def validate_code(self, field: Any) -> None:  # noqa: ANN401
        """Ask for one of the three factors."""
        if not (field.data or self.recovery.data or self.passkey.data):
            raise ValidationError(lazy_gettext("Please enter the six digits that your telephone shows."))


def _failed(response: Response) -> bool:
    return response.status_code != 302


@desk.route("/login", methods=["GET", "POST"])
@limiter.limit("20 per 10 minutes", methods=["POST"], deduct_when=_failed)
def login() -> str | Response | tuple[str, int]:
    """Show the log-in form; open a session when password and second factor are right."""
    form = LoginForm()
    if not form.is_submitted():
        return redirect(url_for("desk.home")) if current_user.is_authenticated else _page(form)
    if not form.validate():
        return _page(form), 422
    attempt = Attempt(form.username.data or "", form.password.data or "", proof(), visitor_key(), place())
    try:
        signed = entry.log_in(keyring(), attempt, clock.now())
    except LoginRefused as refusal:
        return _page(form, refusal), refusal.status
    enter(signed)
    return redirect(url_for("desk.home"))


def _page(form: LoginForm, refusal: Refusal | None = None) -> str:
    refused = refusal.sentence() if refusal else ""
    return render_template("admin/login.html", form=form, refused=refused)


@desk.post("/login/passkey")
@limiter.limit("300 per 10 minutes")
def login_passkey() -> Response:
    """Ask the browser for a passkey: no account is named, so nobody learns here who has one."""
    return _options(passkeys.ask_to_prove(session_key(), Purpose.LOG_IN, None, clock.now()))


def _options(content: str) -> Response:
    db.session.commit()
    return Response(content, mimetype=OPTIONS)


@desk.post("/logout")
def logout() -> Response:
    """End the session on the server; the saved cookie opens nothing afterwards."""
    sessions.end(current_user.token, clock.now())
    db.session.commit()
    kept = session.get("lang")
    session.clear()
    session["lang"] = kept
    flash(gettext("You are logged out."), "message")
    response = redirect(url_for("desk.login"))
    # What the browser kept of the pages goes too.
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response
