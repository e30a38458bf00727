"""Logging in and out."""

from __future__ import annotations

from flask import current_app, flash, redirect, render_template, session, url_for
from flask_babel import gettext, lazy_gettext
from flask_login import current_user, login_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired, Length

from portal import clock
from portal.admin.blueprint import desk
from portal.database import db
from portal.extensions import limiter
from portal.people import entry, sessions
from portal.people.entry import Attempt, LoginRefused
from portal.people.sessions import SignedIn
from portal.visitor import visitor_key


class LoginForm(FlaskForm):
    """User name, password and one-time code together: there is no half log-in."""

    username = StringField(
        lazy_gettext("User name"),
        [DataRequired(lazy_gettext("Please enter your user name.")), Length(max=60)],
    )
    password = PasswordField(
        lazy_gettext("Password"),
        [DataRequired(lazy_gettext("Please enter your password.")), Length(max=200)],
    )
    code = StringField(
        lazy_gettext("One-time code"),
        [
            DataRequired(lazy_gettext("Please enter the six digits that your telephone shows.")),
            Length(max=12),
        ],
    )


def _failed(response: Response) -> bool:
    return response.status_code != 302


@desk.route("/login", methods=["GET", "POST"])
@limiter.limit("20 per 10 minutes", methods=["POST"], deduct_when=_failed)
def login() -> str | Response | tuple[str, int]:
    """Show the log-in form; open a session when all three fields are right."""
    form = LoginForm()
    if not form.is_submitted():
        return redirect(url_for("desk.home")) if current_user.is_authenticated else _page(form)
    if not form.validate():
        return _page(form), 422
    attempt = Attempt(form.username.data or "", form.password.data or "", form.code.data or "", visitor_key())
    try:
        signed = entry.log_in(current_app.extensions["portal_keyring"], attempt, clock.now())
    except LoginRefused as refusal:
        return _page(form, refusal.sentence()), refusal.status
    _enter(signed)
    return redirect(url_for("desk.home"))


def _page(form: LoginForm, refused: str = "") -> str:
    return render_template("admin/login.html", form=form, refused=refused)


def _enter(signed: SignedIn) -> None:
    """Put the new session in the cookie; whatever was in it before is gone, and its session ended."""
    if current_user.is_authenticated:
        sessions.end(current_user.token, clock.now())
        db.session.commit()
    session.clear()
    session["lang"] = signed.account.locale
    login_user(signed)


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
