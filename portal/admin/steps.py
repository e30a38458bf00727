"""How a step on a case is taken: the form opens at a version, and keeps what was typed when that is old."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel.speaklater import LazyString
from flask_login import current_user
from sqlalchemy.orm.exc import StaleDataError

from portal import clock
from portal.admin.forms import StepForm
from portal.admin.words import EVENTS
from portal.cases import dossier, queries
from portal.cases.allowed import HOLDERS, Deed, allowed
from portal.cases.models import Case
from portal.cases.scope import require_any
from portal.cases.verification import FieldFault
from portal.database import db
from portal.errors import NotInThisState, Refusal, Stale


@dataclass(frozen=True, slots=True)
class Words:
    """What a step's page says: title, explanation, button, and the sentence afterwards."""

    title: LazyString
    lead: LazyString
    button: LazyString
    done: LazyString


class Beside(Protocol):
    """Fields beside the form: judged with it, shown again as they were typed."""

    def validate(self) -> bool:
        """Tell whether all of them can be taken."""


def begin(number: str, deed: Deed) -> Case:
    """Return the case of a step's page; refuse who may not take the step."""
    actor = current_user.actor
    case = queries.find_case(number, actor)
    require_any(case, actor, HOLDERS[deed])
    return case


def take(
    case: Case,
    form: StepForm,
    words: Words,
    act: Callable[[], object],
    *,
    possible: Callable[[Case], bool],
    template: str = "admin/step.html",
    rows: Beside | None = None,
    **shown: object,
) -> ResponseReturnValue:
    """Show the form, or take the step and go on; whatever is refused leaves the form as it was typed."""
    number = case.number
    page = partial(_page, template, possible, shown | {"form": form, "words": words, "rows": rows})
    if not form.is_submitted():
        if not possible(case):
            flash(NotInThisState().sentence(), "warn")
            return redirect(url_for("desk.case", number=number))
        form.opened_at(case.version, dossier.last_event_id(case))
        return page(case)
    fits = [form.validate(), rows is None or rows.validate()]
    if not all(fits):
        return page(case), 422
    try:
        act()
        db.session.commit()
    except (Refusal, StaleDataError) as refused:
        db.session.rollback()
        refusal = Stale() if isinstance(refused, StaleDataError) else refused
        return _again(queries.find_case(number, current_user.actor), form, refusal, page)
    flash(str(words.done))
    return after(number)


def may(deed: Deed) -> Callable[[Case], bool]:
    """Return what tells whether somebody may take the step on a case as it stands then."""
    return lambda case: deed in allowed(case, current_user.actor, clock.now())


def after(number: str) -> ResponseReturnValue:
    """Go on to the case, or to the queue when the step moved it out of reach."""
    try:
        queries.find_case(number, current_user.actor)
    except Refusal:
        return redirect(url_for("desk.queue"))
    return redirect(url_for("desk.case", number=number))


def _again(case: Case, form: StepForm, refusal: Refusal, page: Callable[..., str]) -> ResponseReturnValue:
    """Show the form again with what was typed: the fault at its field, or what changed meanwhile."""
    if isinstance(refusal, FieldFault) and (field := form.at(refusal.field)) is not None:
        field.errors = [refusal.sentence()]
        return page(case), refusal.status
    changes = dossier.log_since(case, form.last_seen, EVENTS)
    form.opened_at(case.version, dossier.last_event_id(case))
    return page(case, refusal=refusal.sentence(), changes=changes), refusal.status


def _page(
    template: str, possible: Callable[[Case], bool], shown: dict[str, object], case: Case, **more: object
) -> str:
    told = shown.get("told") or dossier.reports_of(case)
    context = {**shown, **more, "case": case, "told": told, "possible": possible(case)}
    return render_template(template, **context)


def city_wide() -> tuple[str, str]:
    """Return the choice of no district."""
    return "", gettext("Whole city, or not known")
