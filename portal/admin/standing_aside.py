"""Pages on which staff declare ties and absences, and supervisors hand cases over."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext, ngettext
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import DateField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from portal import clock
from portal.admin.blueprint import desk
from portal.admin.forms import whole
from portal.cases import routing, standing_aside
from portal.database import db
from portal.errors import Refusal
from portal.extensions import settings
from portal.people import absences, ties
from portal.people.declared import TieKind

_required = InputRequired(lazy_gettext("Please fill this in."))
TIE_KINDS = {
    TieKind.FIRM: lazy_gettext("A firm: family works there, shares, a debt, a contract"),
    TieKind.PERSON: lazy_gettext("A person who owns or runs a firm"),
}


class TieForm(FlaskForm):
    """A firm or a person one is tied to."""

    kind = RadioField(
        lazy_gettext("To whom are you tied?"),
        choices=[SelectChoice(kind.value, words) for kind, words in TIE_KINDS.items()],
        default=TieKind.FIRM.value,
    )
    name = StringField(lazy_gettext("Full name"), [_required, Length(max=ties.LONGEST)])


class AbsenceForm(FlaskForm):
    """The days, and who stands in."""

    since = DateField(lazy_gettext("First day away"), [_required])
    until = DateField(lazy_gettext("Last day away"), [_required])
    deputy = SelectField(lazy_gettext("Who stands in for you"), validate_choice=False)


class HandOverForm(FlaskForm):
    """From whom to whom, and why."""

    source = SelectField(lazy_gettext("Cases of"), validate_choice=False)
    to = SelectField(lazy_gettext("Go to"), validate_choice=False)
    reason = TextAreaField(lazy_gettext("Reason"), [_required, Length(max=standing_aside.REASON_LONGEST)])


@desk.route("/ties", methods=["GET", "POST"], endpoint="ties")
def ties_page() -> ResponseReturnValue:
    """Show and declare one's own ties."""
    form, actor = TieForm(), current_user.actor
    if form.validate_on_submit():
        try:
            _tie, let_go = standing_aside.declare_tie(
                TieKind(form.kind.data), form.name.data or "", actor, clock.now()
            )
        except Refusal as refusal:
            _refused(form, refusal)
        else:
            db.session.commit()
            told = ngettext(
                "Declared. %(num)s open case of yours now waits for another officer.",
                "Declared. %(num)s open cases of yours now wait for another officer.",
                let_go,
            )
            flash(told if let_go else gettext("Declared. You are barred from its cases from now on."))
            return redirect(url_for("desk.ties"))
    page = render_template("admin/ties.html", form=form, ties=ties.ties_of(actor.person_id))
    return page, 422 if form.errors else 200


@desk.post("/ties/<int:tie_id>/end")
def tie_end(tie_id: int) -> ResponseReturnValue:
    """End one of one's own ties."""
    ties.end(tie_id, current_user.actor, clock.now())
    db.session.commit()
    flash(gettext("Ended. It stays on record."))
    return redirect(url_for("desk.ties"))


@desk.route("/absence", methods=["GET", "POST"])
def absence() -> ResponseReturnValue:
    """Show and declare one's own absences."""
    actor, now = current_user.actor, clock.now()
    today = clock.city_date(now, settings().zone)
    form = AbsenceForm()
    people = absences.possible_deputies(actor.person_id)
    form.deputy.choices = [
        SelectChoice("", gettext("Please choose")),
        *(SelectChoice(str(one.id), one.name) for one in people),
    ]
    if form.validate_on_submit():
        try:
            absences.declare(
                form.since.data, form.until.data, whole(form.deputy.data) or 0, actor, now, today
            )
        except Refusal as refusal:
            _refused(form, refusal)
        else:
            db.session.commit()
            flash(gettext("Declared. On these days your deputy sees your cases among his own."))
            return redirect(url_for("desk.absence"))
    page = render_template(
        "admin/absence.html",
        form=form,
        absences=absences.absences_of(actor.person_id, today),
        standing_in=absences.stood_in_for(actor.person_id, today),
        anybody=bool(people),
    )
    return page, 422 if form.errors else 200


@desk.post("/absence/<int:absence_id>/end")
def absence_end(absence_id: int) -> ResponseReturnValue:
    """End one of one's own absences."""
    absences.end(absence_id, current_user.actor, clock.now())
    db.session.commit()
    flash(gettext("Ended. You see to your cases yourself again."))
    return redirect(url_for("desk.absence"))


@desk.route("/hand-over", methods=["GET", "POST"])
def hand_over() -> ResponseReturnValue:
    """Give all open cases of one officer to another."""
    form, actor = HandOverForm(), current_user.actor
    found = routing.candidates(clock.city_date(clock.now()))
    named = [
        SelectChoice(
            str(one.person.id),
            f"{one.person.name} · " + ngettext("%(num)s open case", "%(num)s open cases", one.open_cases),
        )
        for one in found
    ]
    form.source.choices = form.to.choices = [SelectChoice("", gettext("Please choose")), *named]
    if not form.is_submitted():
        form.source.data = request.args.get("of", "")
    if form.validate_on_submit():
        try:
            done = standing_aside.hand_over(
                whole(form.source.data) or 0,
                whole(form.to.data) or 0,
                form.reason.data or "",
                actor,
                clock.now(),
            )
        except Refusal as refusal:
            _refused(form, refusal)
        else:
            db.session.commit()
            flash(_handed(done))
            return redirect(url_for("desk.hand_over"))
    return render_template("admin/hand_over.html", form=form), 422 if form.errors else 200


def _handed(done: standing_aside.HandedOver) -> str:
    told = ngettext("%(num)s case handed over.", "%(num)s cases handed over.", done.moved)
    if not done.stayed:
        return str(told)
    stayed = ngettext(
        "%(num)s stayed: it lies in another unit or a tie is declared.",
        "%(num)s stayed: they lie in another unit or a tie is declared.",
        done.stayed,
    )
    return f"{told} {stayed}"


def _refused(form: FlaskForm, refusal: Refusal) -> None:
    """Put a refusal at the field it is about; nothing typed is lost."""
    db.session.rollback()
    name = getattr(refusal, "field", "") or next(iter(form._fields))
    field = form[name]
    field.errors = [*field.errors, refusal.sentence()]
