"""What a one-time link opens: choosing password and second factor, or another password.

The token stands behind the ``#`` of the link, which no browser sends; the page posts it. So it never stands
in an address that a server sees, and in no log.
"""

from __future__ import annotations

from flask import flash, redirect, render_template, request, session, url_for
from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import DataRequired, EqualTo, Length

from portal import clock
from portal.admin.account_factors import recovery_page
from portal.admin.blueprint import desk
from portal.admin.qr import qr_path
from portal.admin.signing_in import enter, keyring, place, proof
from portal.database import db
from portal.errors import Refusal
from portal.extensions import limiter
from portal.people import factors, joining, links, own
from portal.people.credentials import Link, LinkKind
from portal.people.factors import Offer, OfferOver


class TokenForm(FlaskForm):
    """The part of the link behind the ``#``."""

    token = StringField(
        lazy_gettext("Code of the link"),
        [
            DataRequired(lazy_gettext("Please open the link again, or copy what stands behind the # sign.")),
            Length(max=100),
        ],
    )


class ChoiceForm(FlaskForm):
    """A password of one's own, twice, and the code of the telephone."""

    token = HiddenField()
    offer = HiddenField()
    passkey = HiddenField()
    new = PasswordField(
        lazy_gettext("New password"),
        [DataRequired(lazy_gettext("Please enter a new password.")), Length(max=200)],
    )
    again = PasswordField(
        lazy_gettext("New password again"),
        [EqualTo("new", lazy_gettext("The two new passwords differ. Please type them again."))],
    )
    code = StringField(lazy_gettext("One-time code"), [Length(max=12)])
    recovery = StringField(lazy_gettext("Recovery code"), [Length(max=60)])


@desk.route("/invitation", methods=["GET", "POST"])
@limiter.limit("30 per 10 minutes", methods=["POST"])
def invitation() -> str | Response | tuple[str, int]:
    """Show the form for the token; with a token, what its holder sets; with that, open a session."""
    form = TokenForm()
    if not form.is_submitted():
        return _token_page(form)
    if not form.validate():
        return _token_page(form), 422
    try:
        link = links.look_up(form.token.data or "", clock.now())
    except Refusal as refusal:
        return _token_page(form, refusal.sentence()), refusal.status
    if request.form.get("language"):
        session["lang"] = own.choose_language(link.account, request.form["language"])
        db.session.commit()
    if "new" not in request.form or request.form.get("language"):
        return _choice_page(link, ChoiceForm())
    return _choose(link)


def _token_page(form: TokenForm, refused: str = "") -> str:
    return render_template("admin/invitation.html", form=form, refused=refused)


def _choice_page(link: Link, form: ChoiceForm, offer: Offer | None = None, refused: str = "") -> str:
    if link.kind is LinkKind.PASSWORD:
        return render_template("admin/invitation_password.html", form=form, given=link, refused=refused)
    offer = offer or factors.offer(keyring(), link.account, clock.now())
    return render_template(
        "admin/invitation_choose.html",
        form=form,
        given=link,
        offer=offer,
        qr=qr_path(offer.uri),
        refused=refused,
    )


def _choose(link: Link) -> str | Response | tuple[str, int]:
    form = ChoiceForm()
    offer = None
    try:
        if link.kind is not LinkKind.PASSWORD:
            offer = factors.offered(keyring(), link.account, form.offer.data or "", clock.now())
        if not form.validate():
            return _choice_page(link, form, offer), 422
        return _join(link, offer, form) if offer else _renew(link, form)
    except OfferOver as over:
        return _choice_page(link, form, None, over.sentence()), over.status
    except Refusal as refusal:
        db.session.rollback()
        return _choice_page(link, form, offer, refusal.sentence()), refusal.status


def _join(link: Link, offer: Offer, form: ChoiceForm) -> str:
    joined = joining.join(
        keyring(), link, form.new.data or "", offer, form.code.data or "", at=clock.now(), place=place()
    )
    db.session.commit()
    enter(joined.signed)
    return recovery_page(joined.codes)


def _renew(link: Link, form: ChoiceForm) -> Response:
    signed = joining.renew_password(
        keyring(), link, form.new.data or "", proof(), at=clock.now(), place=place()
    )
    db.session.commit()
    enter(signed)
    flash(gettext("Your password is changed. All your other sessions are ended."), "message")
    return redirect(url_for("desk.home"))
