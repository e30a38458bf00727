"""Notice boards for workplaces: made for a firm, printed on A3 or A4, taken out of use."""

from __future__ import annotations

from typing import NamedTuple

from flask import flash, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import clock
from portal.admin.blueprint import desk
from portal.admin.qr import qr_path
from portal.cases.queries import districts
from portal.database import db
from portal.errors import NotFound, Refusal
from portal.extensions import settings
from portal.money import format_yuan_brief
from portal.reports.sectors import SECTORS
from portal.rewards import rulebook
from portal.rewards.bands import band, rule_set_for
from portal.rewards.rules.given import KIND
from portal.rewards.rules.registry import ALWAYS
from portal.rewards.rules.vocabulary import Kind, Moment
from portal.subjects import boards as service
from portal.subjects import register
from portal.subjects.boards import Place

SIZES = ("a4", "a3")
EMERGENCY = (
    ("119", "火警", "Fire"),
    ("110", "报警", "Police"),
    ("120", "急救", "Ambulance"),
)
HOTLINES = (("12350", "安全生产举报", "Work safety"), ("12345", "政务服务热线", "City hotline"))


PRINTED = (Kind.MAJOR_HAZARD, Kind.ILLEGAL_ACT, Kind.WELDING_VIOLATION)


class Band(NamedTuple):
    """One line of a board: for what, from and to in yuan, and whether the name is needed before the end."""

    zh: str
    en: str
    low: str
    high: str
    named: bool


@desk.get("/boards")
def boards() -> str:
    """List the boards; with what was typed, firms of the register to make one for."""
    return _page()


def _page(refused: str = "") -> str:
    sought = request.args.get("firm", "")[:60]
    language = str(get_locale())
    return render_template(
        "admin/boards.html",
        boards=service.all_boards(),
        sought=sought,
        found=register.suggestions(sought),
        districts=districts(),
        district_of={one.id: one for one in districts()},
        sectors=[(one.code, one.name(language)) for one in SECTORS],
        typed=request.form if refused else {},
        refused=refused,
    )


@desk.post("/boards")
def board_make() -> Response | tuple[str, int]:
    """Make a board for a firm of the register or for one that is typed in."""
    try:
        board = service.make(_place(), actor=current_user.actor, at=clock.now())
    except Refusal as refusal:
        db.session.rollback()
        return _page(refusal.sentence()), refusal.status
    db.session.commit()
    flash(gettext("The board is made. Print it on A4 or A3."), "message")
    return redirect(url_for("desk.board_print", code=board.code))


def _place() -> Place:
    form = request.form
    sector = form.get("sector", "")
    return Place(
        form.get("firm_name", ""),
        form.get("address", ""),
        _number("district"),
        sector if sector in {one.code for one in SECTORS} else "",
        _number("firm_id"),
    )


def _number(name: str) -> int | None:
    text = request.form.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None


@desk.post("/boards/<code>/end")
def board_end(code: str) -> Response:
    """Take a board out of use; its code fills in nothing any more."""
    service.end(code, actor=current_user.actor, at=clock.now())
    db.session.commit()
    flash(gettext("The board is out of use. Its code still opens the form, but fills in nothing."), "message")
    return redirect(url_for("desk.boards"))


@desk.get("/boards/<code>")
def board_print(code: str) -> str:
    """Show a board as it is printed, black on white; Chinese with the English in small."""
    size = request.args.get("size", SIZES[0])
    if size not in SIZES:
        raise NotFound
    board = service.find(code)
    chosen = settings()
    address = f"{chosen.origin}/report?site={board.code}"
    return render_template(
        "admin/board.html",
        board=board,
        size=size,
        sizes=SIZES,
        qr=qr_path(address),
        portal=chosen.origin.split("://", 1)[-1],
        city=chosen,
        hotlines=_hotlines(chosen.hotline),
        emergency=EMERGENCY,
        bands=_bands(board.sector),
    )


def _hotlines(own: str) -> list[tuple[str, str, str]]:
    return [
        *(() if own in {number for number, _, _ in HOTLINES} else ((own, "举报电话", "Reports"),)),
        *HOTLINES,
    ]


def _bands(sector: str) -> list[Band]:
    """Return what the rules in force pay on this board; kinds with the same band stand on one line."""
    rule_sets = rulebook.in_force(clock.city_date(clock.now()))
    lines: dict[tuple[str, str, bool], list[Kind]] = {}
    for kind in PRINTED:
        found, rules = band(rule_sets, kind, sector), rule_set_for(rule_sets, sector, kind)
        entry = rules.entry_for(kind) if rules else None
        if found is None or entry is None:
            continue
        low, high = format_yuan_brief(found.low_fen), format_yuan_brief(found.high_fen)
        lines.setdefault((low, high, entry.real_name_by is Moment.CONCLUSION), []).append(kind)
    return [Band(_names(kinds, "zh"), _names(kinds, "en"), *key) for key, kinds in lines.items()]


def _names(kinds: list[Kind], language: str) -> str:
    labels = [ALWAYS[KIND].option(kind.value) for kind in kinds]
    words = [(one.label.zh if language == "zh" else one.label.en) for one in labels if one]
    return "、".join(words) if language == "zh" else ", ".join(words)
