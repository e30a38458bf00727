"""One's own account: language, mobile number, password, open sessions."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, session, url_for
from flask_babel import gettext, lazy_gettext
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import PasswordField
from wtforms.validators import DataRequired, EqualTo, Length

from portal import clock
from portal.admin.blueprint import desk
from portal.admin.signing_in import go_on, me
from portal.database import db
from portal.errors import Refusal
from portal.extensions import limiter
from portal.people import accounts, own, passkeys, recovery, sessions
from portal.reports import wording


class PasswordForm(FlaskForm):
    """The current password, and the new one twice."""

    current = PasswordField(
        lazy_gettext("Current password"),
        [DataRequired(lazy_gettext("Please enter the password you have now.")), Length(max=200)],
    )
    new = PasswordField(
        lazy_gettext("New password"),
        [DataRequired(lazy_gettext("Please enter a new password.")), Length(max=200)],
    )
    again = PasswordField(
        lazy_gettext("New password again"),
        [EqualTo("new", lazy_gettext("The two new passwords differ. Please type them again."))],
    )


@desk.get("/account")
def account() -> str:
    """Show the account with its factors and open sessions."""
    return account_page()


def account_page(telephone: str | None = None, fault: str = "", refused: str = "") -> str:
    """Return the page; what was typed and the sentence about it stand on it when a form was refused."""
    shown = me().account
    return render_template(
        "admin/account.html",
        account=shown,
        opened=sessions.open_of(shown.id, clock.now()),
        token=me().token,
        telephone=shown.telephone if telephone is None else telephone,
        fault=fault,
        refused=refused,
        passkeys=passkeys.of(shown.id),
        codes_left=recovery.left(shown.id),
        passkey_only=passkeys.is_required(shown) and shown.has_passkey,
    )


@desk.post("/account/language")
def account_language() -> Response:
    """Keep the language of one's pages."""
    session["lang"] = own.choose_language(current_user.account, request.form.get("language", ""))
    db.session.commit()
    return redirect(url_for("desk.account"))


@desk.post("/account/telephone")
def account_telephone() -> Response | tuple[str, int]:
    """Keep one's mobile number for alarms; empty for none."""
    typed = request.form.get("telephone", "").strip()[:30]
    number = wording.mobile(typed) if typed else ""
    if number is None:
        fault = gettext("This is no mobile number we know. It has 11 digits.")
        return account_page(typed, fault), 422
    own.set_telephone(current_user.account, number, actor=current_user.actor, at=clock.now())
    db.session.commit()
    flash(gettext("Your mobile number is saved.") if number else gettext("Your mobile number is gone."))
    return redirect(url_for("desk.account"))


@desk.route("/account/password", methods=["GET", "POST"])
@limiter.limit("20 per 10 minutes", methods=["POST"])
def account_password() -> str | Response | tuple[str, int]:
    """Change the password; every other session of the account ends."""
    form = PasswordForm()
    if not form.is_submitted():
        return _password_page(form)
    if not form.validate():
        return _password_page(form), 422
    try:
        renewed = own.change_password(me(), form.current.data or "", form.new.data or "", at=clock.now())
    except Refusal as refusal:
        db.session.rollback()
        return _password_page(form, refusal.sentence()), refusal.status
    db.session.commit()
    go_on(renewed)
    flash(gettext("Your password is changed. All your other sessions are ended."), "message")
    return redirect(url_for("desk.home"))


def _password_page(form: PasswordForm, refused: str = "") -> str:
    given_out = current_user.account.must_change_password
    too_old = not given_out and accounts.password_is_due(current_user.account, clock.now())
    return render_template(
        "admin/account_password.html", form=form, refused=refused, must=given_out, too_old=too_old
    )


@desk.post("/account/sessions/end")
def session_end() -> Response:
    """End one of one's own sessions."""
    own.end_session(
        current_user.account, request.form.get("session", ""), actor=current_user.actor, at=clock.now()
    )
    db.session.commit()
    flash(gettext("The session is ended."), "message")
    return redirect(url_for("desk.account"))
