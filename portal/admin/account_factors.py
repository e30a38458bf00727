"""One's own second factors: the one-time code, passkeys, recovery codes."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from portal import clock
from portal.admin.account import account_page
from portal.admin.blueprint import desk
from portal.admin.qr import qr_path
from portal.admin.signing_in import go_on, keyring, me
from portal.database import db
from portal.errors import Refusal
from portal.extensions import limiter
from portal.people import factors, own, passkeys
from portal.people.factors import Offer, OfferOver
from portal.people.passkeys import Answer
from portal.visitor import session_key


@desk.post("/account/code")
def account_totp() -> str:
    """Offer a new secret for one-time codes; the old one counts until the new one is confirmed."""
    return _totp_page(factors.offer(keyring(), me().account, clock.now()))


def _totp_page(offer: Offer, refused: str = "") -> str:
    return render_template("admin/account_totp.html", offer=offer, qr=qr_path(offer.uri), refused=refused)


@desk.post("/account/code/confirm")
@limiter.limit("20 per 10 minutes")
def account_totp_confirm() -> str | Response | tuple[str, int]:
    """Put the new secret in the place of the old one when the telephone shows the right code."""
    at, signed = clock.now(), me()
    try:
        offer = factors.offered(keyring(), signed.account, request.form.get("offer", ""), at)
    except OfferOver as over:
        return _totp_page(factors.offer(keyring(), signed.account, at), over.sentence()), over.status
    try:
        renewed = own.accept_totp(keyring(), signed, offer, request.form.get("code", "")[:12], at=at)
    except Refusal as refusal:
        db.session.rollback()
        return _totp_page(offer, refusal.sentence()), refusal.status
    db.session.commit()
    go_on(renewed)
    flash(gettext("The new telephone counts. Your other sessions are ended."), "message")
    return redirect(url_for("desk.account"))


@desk.post("/account/recovery")
def account_recovery() -> str:
    """Make ten new recovery codes and show them once."""
    renewed, codes = own.renew_recovery(keyring(), me(), at=clock.now())
    db.session.commit()
    go_on(renewed)
    return recovery_page(codes)


def recovery_page(codes: list[str]) -> str:
    """Return the page that shows recovery codes, once, to print or write down."""
    return render_template("admin/recovery_codes.html", codes=codes, username=me().account.username)


@desk.get("/account/passkeys/new")
def passkey_new() -> str:
    """Show how to add a passkey."""
    return _passkey_page()


def _passkey_page(refused: str = "") -> str:
    return render_template(
        "admin/passkey_new.html", owed=passkeys.is_owed(me().account), refused=refused, typed=request.form
    )


@desk.post("/account/passkeys/options")
@limiter.limit("300 per 10 minutes")
def passkey_options() -> Response:
    """Ask the browser to make a passkey."""
    options = passkeys.ask_to_add(keyring(), session_key(), me().account, clock.now())
    db.session.commit()
    return Response(options, mimetype="application/json")


@desk.post("/account/passkeys")
def passkey_add() -> str | Response | tuple[str, int]:
    """Keep the passkey that the browser made."""
    answer = Answer(session_key(), request.form.get("passkey", ""))
    try:
        renewed = own.add_passkey(me(), answer, request.form.get("name", ""), at=clock.now())
    except Refusal as refusal:
        # The challenge is used up, whether the answer was right or not.
        db.session.commit()
        return _passkey_page(refusal.sentence()), refusal.status
    db.session.commit()
    go_on(renewed)
    flash(gettext("The passkey is added. Your other sessions are ended."), "message")
    return redirect(url_for("desk.account"))


@desk.post("/account/passkeys/<int:passkey_id>/rename")
def passkey_rename(passkey_id: int) -> Response:
    """Give one of one's own passkeys another name."""
    passkeys.rename(me().account, passkey_id, request.form.get("name", ""))
    db.session.commit()
    flash(gettext("Saved."), "message")
    return redirect(url_for("desk.account"))


@desk.post("/account/passkeys/<int:passkey_id>/remove")
def passkey_remove(passkey_id: int) -> Response | tuple[str, int]:
    """Remove one of one's own passkeys, but never the last factor."""
    try:
        renewed = own.remove_passkey(me(), passkey_id, at=clock.now())
    except passkeys.LastFactor as refusal:
        db.session.rollback()
        return account_page(refused=refusal.sentence()), refusal.status
    db.session.commit()
    go_on(renewed)
    flash(gettext("The passkey is removed. Your other sessions are ended."), "message")
    return redirect(url_for("desk.account"))
