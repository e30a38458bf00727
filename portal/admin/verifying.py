"""How a step of a verification is taken: like any step on a case, with faults shown at their field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_login import current_user
from sqlalchemy.orm.exc import StaleDataError

from portal.admin.forms import StepForm
from portal.admin.steps import Words, after
from portal.admin.verification_forms import PenaltyRows
from portal.admin.words import EVENTS
from portal.cases import dossier, queries
from portal.cases.models import Case
from portal.cases.scope import require
from portal.cases.verification import FieldFault
from portal.database import db
from portal.errors import NotInThisState, Refusal, Stale
from portal.people.permissions import Permission


class Beside(Protocol):
    """Fields beside the form: judged with it, shown again as they were typed."""

    def validate(self) -> bool:
        """Tell whether all of them can be taken."""


def begin(number: str) -> Case:
    """Return the case of a step's page; refuse who may not verify it."""
    case = queries.find_case(number, current_user.actor)
    require(case, current_user.actor, Permission.CASE_VERIFY)
    return case


def take(
    case: Case,
    form: StepForm,
    words: Words,
    act: Callable[[], object],
    *,
    possible: bool,
    template: str = "admin/step.html",
    rows: Beside | None = None,
    **shown: object,
) -> ResponseReturnValue:
    """Show the form, or take the step and go on; whatever is refused leaves the form as it was typed."""
    number = case.number
    shown |= {"form": form, "words": words, "rows": rows, "possible": possible}
    if not form.is_submitted():
        if not possible:
            flash(NotInThisState().sentence(), "warn")
            return redirect(url_for("desk.case", number=number))
        form.opened_at(case.version, dossier.last_event_id(case))
        return _page(case, template, **shown)
    fits = [form.validate(), rows is None or rows.validate()]
    if not all(fits):
        return _page(case, template, **shown), 422
    try:
        act()
        db.session.commit()
    except (Refusal, StaleDataError) as refused:
        db.session.rollback()
        return _again(number, template, refused, **shown)
    flash(str(words.done))
    return after(number)


def _again(
    number: str, template: str, refused: Refusal | StaleDataError, **shown: object
) -> ResponseReturnValue:
    """Show the form again with what was typed: the fault at its field, or what changed meanwhile."""
    refusal = Stale() if isinstance(refused, StaleDataError) else refused
    case = queries.find_case(number, current_user.actor)
    form, rows = shown["form"], shown["rows"]
    if isinstance(refusal, FieldFault) and _at_field(form, rows, refusal):
        return _page(case, template, **shown), refusal.status
    if not isinstance(form, StepForm):
        raise refusal
    shown["changes"] = dossier.log_since(case, form.last_seen, EVENTS)
    form.opened_at(case.version, dossier.last_event_id(case))
    return _page(case, template, refusal=refusal.sentence(), **shown), refusal.status


def _at_field(form: object, rows: object, fault: FieldFault) -> bool:
    """Put a fault where it was typed; False when the form has no such field."""
    name, holder = fault.field, form
    if isinstance(rows, PenaltyRows) and name != "reason":
        stem, _mark, index = name.rpartition("_")
        place = int(index) if index.isdigit() else 0
        name, holder = (stem if index.isdigit() else name), rows.given[place]
    field = getattr(holder, name, None)
    if field is None or not hasattr(field, "errors"):
        return False
    field.errors = [fault.sentence()]
    return True


def _page(case: Case, template: str, **shown: object) -> str:
    return render_template(
        template, case=case, told=dossier.reports_of(case), language=str(get_locale()), **shown
    )
