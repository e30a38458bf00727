"""The desk's pages of what citizens may choose from: situations and questions, sector by sector."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext, lazy_gettext
from flask_login import current_user
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.wrappers import Response

from portal import clock
from portal.admin.blueprint import desk
from portal.database import db
from portal.errors import NotFound, Refusal
from portal.reports import cataloguing as service
from portal.reports import situations
from portal.reports.catalogue import QuestionKind, QuestionRow
from portal.reports.cataloguing import Asked, CatalogueStale, Words
from portal.reports.sectors import SECTORS, sector

Answer = Response | tuple[str, int]

KINDS = {
    QuestionKind.YES_NO: lazy_gettext("yes or no"),
    QuestionKind.CHOICE: lazy_gettext("one of several"),
    QuestionKind.NUMBER: lazy_gettext("a number"),
    QuestionKind.TEXT: lazy_gettext("a line of text"),
}
NEW_PLACE = "500"


@desk.get("/catalogue")
def catalogue() -> str:
    """List the sectors and how much each offers."""
    return render_template("admin/catalogue.html", sectors=SECTORS, counts=service.counts())


@desk.get("/catalogue/<code>")
def catalogue_sector(code: str) -> str:
    """Show situations and questions of one sector, each as a form."""
    return _page(code)


def _page(code: str, refused: str = "", row: str = "") -> str:
    """Show a sector; after a refusal what was typed stays in its row, beside the row as it stands now."""
    found = sector(code)
    if found.code != code:
        raise NotFound
    return render_template(
        "admin/catalogue_sector.html",
        sector=found,
        sector_title=found.name(str(get_locale())),
        situations=service.situations_of(code),
        questions=service.questions_of(code),
        choices_of=_choices,
        kinds=KINDS,
        new_place=NEW_PLACE,
        refused=refused,
        refused_row=row,
        typed=request.form if refused else {},
    )


def _choices(row: QuestionRow) -> str:
    return "\n".join(f"{zh} | {en}" for zh, en in row.choices)


@desk.post("/catalogue/<code>/situations")
def situation_add(code: str) -> Answer:
    """Add a situation to a sector."""
    form = request.form
    return _done(
        code,
        "situation-new",
        lambda: service.add_situation(
            code,
            form.get("code", ""),
            _words(is_new=True),
            form.get("aliases", ""),
            actor=current_user.actor,
            at=clock.now(),
        ),
    )


@desk.post("/catalogue/<code>/situations/<int:row_id>")
def situation_change(code: str, row_id: int) -> Answer:
    """Word a situation anew, move it, take it out of use or back."""
    return _done(
        code,
        f"situation-{row_id}",
        lambda: service.change_situation(
            row_id,
            _words(),
            request.form.get("aliases", ""),
            version=_version(),
            actor=current_user.actor,
            at=clock.now(),
        ),
    )


@desk.post("/catalogue/<code>/questions")
def question_add(code: str) -> Answer:
    """Add a question to a sector."""
    key = request.form.get("code", "")
    return _done(
        code,
        "question-new",
        lambda: service.add_question(
            code, key, _words(is_new=True), _asked(), actor=current_user.actor, at=clock.now()
        ),
    )


@desk.post("/catalogue/<code>/questions/<int:row_id>")
def question_change(code: str, row_id: int) -> Answer:
    """Word a question anew, move it, take it out of use or back."""
    return _done(
        code,
        f"question-{row_id}",
        lambda: service.change_question(
            row_id, _words(), _asked(), version=_version(), actor=current_user.actor, at=clock.now()
        ),
    )


def _done(code: str, row: str, step: Callable[[], object]) -> Answer:
    """Take the step and show the sector again; a refusal stands in its row, with what was typed."""
    try:
        step()
        db.session.flush()
    except NotFound:
        raise
    except Refusal as refusal:
        db.session.rollback()
        return _page(code, refusal.sentence(), row), refusal.status
    except StaleDataError:
        db.session.rollback()
        return _page(code, CatalogueStale().sentence(), row), CatalogueStale.status
    db.session.commit()
    situations.forget()
    flash(gettext("Saved. Citizens see it within half a minute."), "message")
    return redirect(url_for("desk.catalogue_sector", code=code, _anchor=row))


def _words(*, is_new: bool = False) -> Words:
    form = request.form
    return Words(
        form.get("zh", ""),
        form.get("en", ""),
        form.get("position", "0"),
        is_new or form.get("active") == "yes",
    )


def _asked() -> Asked:
    form = request.form
    kind = form.get("kind", "")
    known = kind if kind in set(QuestionKind) else QuestionKind.TEXT
    return Asked(QuestionKind(known), form.get("choices", ""), form.get("needed") != "yes")


def _version() -> int:
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
