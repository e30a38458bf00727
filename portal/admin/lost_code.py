"""A lost receipt code: its report's number, the sealed name beside a document, one closed sheet."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import cast

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from portal import clock
from portal.admin.blueprint import desk
from portal.admin.words import SHOWN
from portal.cases import renewal
from portal.cases.renewal import NewCode, Stage
from portal.database import db
from portal.errors import NotFound, Refusal
from portal.extensions import settings
from portal.people.actor import Actor
from portal.reports import codes, damage, receipt
from portal.reports.models import CodeRenewal, Report
from portal.reports.second_person import ask_second
from portal.vault import seconds
from portal.vault.groups import FieldGroup
from portal.vault.keys import Keyring, Purpose
from portal.vault.opening import SealError, open_sealed
from portal.vault.sealing import seal

LONGEST = 1_000


@dataclass
class Page:
    """What the page shows of one report, or of none yet."""

    number: str = ""
    report: Report | None = None
    refusal: str = ""
    closed: str = ""
    """Why no code is renewed here; then there is nothing to press."""
    legal: dict[str, str] | None = field(default=None, repr=False)
    shown: str = ""


@desk.get("/lost-code")
def lost_code() -> ResponseReturnValue:
    """Ask for the number of the report, then show where its renewal stands."""
    number = _number(request.args.get("number", ""))
    if not number:
        return _show(Page())
    try:
        return _show(_opened(number))
    except NotFound:
        told = gettext("There is no report with this number. Look at the number again.")
        return _show(Page(number, refusal=told)), 404


@desk.post("/lost-code/name")
def lost_code_name() -> ResponseReturnValue:
    """Open the sealed name: the event first, committed; then the name, on this page only."""
    page, actor = _opened(_number(request.form.get("number", ""))), _actor()
    report = cast(Report, page.report)
    try:
        opening = renewal.record_opening(report, actor, clock.now())
    except seconds.NeedsSecond as refused:
        db.session.rollback()
        wish = seconds.Wish(FieldGroup.LEGAL, report.id, renewal.TO_RENEW)
        ask_second(wish, actor, clock.now())
        db.session.commit()
        return _refused(refused)
    except Refusal as refused:
        return _refused(refused)
    db.session.commit()
    try:
        page.legal = dict(damage.reveal(opening, actor, clock.now()).fields)
    except Refusal as refused:
        return _refused(refused)
    return _show(page)


@desk.post("/lost-code")
def lost_code_ask() -> ResponseReturnValue:
    """Ask for a new code: the document was compared with the name."""
    report, shown = _opened(_number(request.form.get("number", ""))).report, request.form.get("shown", "")
    try:
        renewal.ask(cast(Report, report), shown, _actor(), clock.now())
    except Refusal as refused:
        return _refused(refused, shown)
    db.session.commit()
    flash(gettext("Asked. Colleagues who may confirm it were told."), "message")
    return redirect(url_for("desk.lost_code", number=_number(request.form.get("number", ""))))


@desk.post("/lost-code/sheet")
def lost_code_sheet() -> ResponseReturnValue:
    """Let the new code take the old one's place, and show the sheet that is printed once."""
    at = clock.now()
    try:
        new = _unsealed(request.form.get("sheet", ""))
        done = renewal.print_sheet(new, _actor(), at, _ring())
    except Refusal as refused:
        return _refused(refused)
    db.session.commit()
    return render_template(
        "admin/lost_code_sheet.html",
        code=receipt.groups(new.code),
        printed_at=done.printed_at,
        held_until=(done.printed_at or at) + codes.HOLD,
        address=settings().origin,
    )


def _opened(number: str) -> Page:
    """Return the page of a report; raises NotFound."""
    page = Page(number, renewal.find(number, _actor()))
    try:
        renewal.check(cast(Report, page.report), _actor())
    except Refusal as refused:
        page.closed = refused.sentence()
    return page


def _refused(refused: Refusal, shown: str = "") -> ResponseReturnValue:
    """Show the page of the report once more, with the sentence."""
    db.session.rollback()
    page = _opened(_number(request.form.get("number", "")))
    page.shown = shown
    if page.closed != refused.sentence():
        page.refusal = refused.sentence()
    return _show(page), refused.status


def _show(page: Page) -> str:
    at, actor = clock.now(), _actor()
    row = renewal.latest(page.report) if page.report is not None and not page.closed else None
    stage = renewal.stage_of(row, at) if row is not None else None
    mine = row is not None and row.asked_person_id == actor.person_id
    return render_template(
        "admin/lost_code.html",
        page=page,
        row=row,
        stage=stage,
        lapses_at=renewal.lapses_at(row) if row is not None else None,
        compared=page.report is not None and renewal.compared(page.report, actor, at) is not None,
        sheet=_sealed(row, actor) if row is not None and mine and stage is Stage.READY else "",
        asked=renewal.asked_by(actor, at) if page.report is None else [],
        documents=SHOWN,
        hours=int(codes.HOLD.total_seconds() // 3600),
    )


def _sealed(row: CodeRenewal, actor: Actor) -> str:
    """Return a new code for the button that prints it, sealed: pressing it twice is one sheet."""
    blob = seal(_ring(), Purpose.FORM, f"{row.id} {receipt.mint()}".encode(), _context(actor))
    return base64.urlsafe_b64encode(blob).decode("ascii")


def _unsealed(text: str) -> NewCode:
    """Return what the button carried; raises NotFound."""
    if not text or len(text) > LONGEST:
        raise NotFound
    try:
        plain = open_sealed(
            _ring(), Purpose.FORM, base64.urlsafe_b64decode(text.encode()), _context(_actor())
        )
    except (ValueError, binascii.Error, SealError):
        raise NotFound from None
    renewal_id, _, code = plain.decode().partition(" ")
    return NewCode(renewal_id, code)


def _context(actor: Actor) -> tuple[str, ...]:
    return ("code sheet", "1", str(actor.account_id))


def _number(typed: str) -> str:
    return typed.strip().upper()[:24]


def _actor() -> Actor:
    return cast(Actor, current_user.actor)


def _ring() -> Keyring:
    return cast(Keyring, current_app.extensions["portal_keyring"])
