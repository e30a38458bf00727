"""How a step on a case is taken: the form opens at a version, and keeps what was typed when that is old."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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
from portal.database import db
from portal.errors import NotInThisState, Refusal, Stale


@dataclass(frozen=True, slots=True)
class Words:
    """What a step's page says: title, explanation, button, and the sentence afterwards."""

    title: LazyString
    lead: LazyString
    button: LazyString
    done: LazyString


def begin(number: str, deed: Deed) -> Case:
    """Return the case of a step's page; refuse who may not take the step."""
    actor = current_user.actor
    case = queries.find_case(number, actor)
    require_any(case, actor, HOLDERS[deed])
    return case


def take(
    case: Case,
    deed: Deed,
    form: StepForm,
    words: Words,
    act: Callable[[], None],
    template: str,
    **shown: object,
) -> ResponseReturnValue:
    """Show the form, or take the step and go on; whatever is refused leaves the form as it was typed."""
    number = case.number
    if not form.is_submitted():
        if deed not in allowed(case, current_user.actor, clock.now()):
            flash(NotInThisState().sentence(), "warn")
            return redirect(url_for("desk.case", number=number))
        form.opened_at(case.version, dossier.last_event_id(case))
        return _page(case, deed, form, words, template, **shown)
    if not form.validate():
        return _page(case, deed, form, words, template, **shown), 422
    try:
        act()
        db.session.commit()
    except (Refusal, StaleDataError) as refused:
        db.session.rollback()
        refusal = Stale() if isinstance(refused, StaleDataError) else refused
        return _again(number, deed, form, words, template, refusal, **shown)
    flash(str(words.done))
    return after(number)


def after(number: str) -> ResponseReturnValue:
    """Go on to the case, or to the queue when the step moved it out of reach."""
    try:
        queries.find_case(number, current_user.actor)
    except Refusal:
        return redirect(url_for("desk.queue"))
    return redirect(url_for("desk.case", number=number))


def _again(
    number: str, deed: Deed, form: StepForm, words: Words, template: str, refusal: Refusal, **shown: object
) -> ResponseReturnValue:
    """Show the form again, with what was typed, the refusal, and what changed meanwhile."""
    case = queries.find_case(number, current_user.actor)
    changes = dossier.log_since(case, form.last_seen, EVENTS)
    form.opened_at(case.version, dossier.last_event_id(case))
    page = _page(case, deed, form, words, template, refusal=refusal.sentence(), changes=changes, **shown)
    return page, refusal.status


def _page(case: Case, deed: Deed, form: StepForm, words: Words, template: str, **shown: object) -> str:
    possible = deed in allowed(case, current_user.actor, clock.now())
    told = shown.pop("told", None) or dossier.reports_of(case)
    return render_template(template, case=case, form=form, words=words, possible=possible, told=told, **shown)


def city_wide() -> tuple[str, str]:
    """Return the choice of no district."""
    return "", gettext("Whole city, or not known")
