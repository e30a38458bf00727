"""How long things are kept, what is due next, and holds that stop it; nothing of any reporter."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from portal import clock
from portal.admin.blueprint import desk
from portal.cases import queries
from portal.cases.models import Case
from portal.database import db
from portal.errors import Refusal
from portal.extensions import settings
from portal.people.permissions import Permission
from portal.retention import holds, overview
from portal.retention.models import HoldGround
from portal.retention.run import terms
from portal.retention.words import GROUNDS, TITLES, passing, period_of

_required = InputRequired(lazy_gettext("Please fill this in."))


class HoldForm(FlaskForm):
    """Why nothing of a case may be destroyed."""

    ground = RadioField(
        lazy_gettext("What runs?"),
        choices=[SelectChoice(ground.value, words) for ground, words in GROUNDS.items()],
        default=HoldGround.APPEAL.value,
    )
    reason = TextAreaField(lazy_gettext("Reason"), [_required, Length(max=holds.LONGEST_REASON)])


class EndForm(FlaskForm):
    """Why things may be destroyed again."""

    reason = TextAreaField(lazy_gettext("Reason"), [_required, Length(max=holds.LONGEST_REASON)])


@desk.get("/kept")
def retention() -> str:
    """Show the periods, what is due next, the last passes and the holds."""
    known = settings().retention
    return render_template(
        "admin/retention.html",
        kinds=overview.kinds_now(terms()),
        titles=TITLES,
        period_of=lambda kind: period_of(kind, known),
        passing=passing(known),
        backup_days=known.backup_days,
        runs=overview.last_runs(),
        holds=overview.standing_holds(),
        grounds=GROUNDS,
        with_numbers=current_user.actor.may(Permission.CASE_HOLD),
    )


@desk.route("/cases/<number>/hold", methods=["GET", "POST"])
def case_hold(number: str) -> ResponseReturnValue:
    """Set a hold, or end the one that stands."""
    case = queries.find_case(number, current_user.actor, Permission.CASE_HOLD)
    standing = holds.standing_hold(case.id)
    form = EndForm() if standing else HoldForm()
    if not form.validate_on_submit():
        return _page(case, form), 422 if form.is_submitted() else 200
    try:
        if isinstance(form, HoldForm):
            ground = HoldGround(form.ground.data)
            holds.set_hold(case, ground, form.reason.data or "", current_user.actor, clock.now())
        else:
            holds.end_hold(case, form.reason.data or "", current_user.actor, clock.now())
    except Refusal as refused:
        db.session.rollback()
        form.reason.errors = [refused.sentence()]
        return _page(case, form), refused.status
    db.session.commit()
    flash(gettext("The hold ended.") if standing else gettext("Held: nothing of this case is destroyed."))
    return redirect(_back(case))


def _page(case: Case, form: FlaskForm) -> str:
    return render_template(
        "admin/hold.html",
        case=case,
        form=form,
        hold=holds.standing_hold(case.id),
        grounds=GROUNDS,
        back=_back(case),
    )


def _back(case: Case) -> str:
    """Return the page of the case that this person may open."""
    reads = current_user.actor.may(Permission.CASE_READ)
    return url_for("desk.case" if reads else "desk.dossier", number=case.number)
