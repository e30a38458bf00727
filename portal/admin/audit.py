"""The auditor's pages: event log, deviations, a case as a dossier, random samples; no identity, no text."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_login import current_user
from flask_wtf import FlaskForm
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import DateField, IntegerField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, ValidationError

from portal import clock
from portal.admin import audit_samples, event_log
from portal.admin.audit_dossier import dossier_of
from portal.admin.blueprint import desk
from portal.admin.event_log import Sought
from portal.admin.event_words import ACTIONS, lines_of
from portal.audit.models import AuditSample, Population
from portal.cases.models import Case
from portal.database import db, row_key
from portal.errors import NotFound, Refusal, gettext_noop
from portal.extensions import settings
from portal.people.models import Account
from portal.rewards.models import Award
from portal.rewards.wording.explain import Audience
from portal.rewards.wording.lines import Shown, lines_for
from portal.rewards.words import ACTS

POPULATIONS = {
    Population.CASES: lazy_gettext("Cases concluded in these days"),
    Population.AWARDS: lazy_gettext("Awards approved in these days"),
}
NO_DATE = gettext_noop("“%(text)s” is no date. Write it like 2026-11-03.")
_required = InputRequired(lazy_gettext("Please fill this in."))


def _real(_form: FlaskForm, field: Any) -> None:  # noqa: ANN401
    """Refuse a day that no page takes for one."""
    if field.data is not None and not clock.is_real(field.data):
        raise ValidationError(gettext(NO_DATE, text=field.data.isoformat()))


class SampleForm(FlaskForm):
    """From what to draw, and how many."""

    population = SelectField(
        lazy_gettext("Draw from"),
        choices=[SelectChoice(one.value, words) for one, words in POPULATIONS.items()],
    )
    since = DateField(lazy_gettext("First day"), [_required, _real])
    until = DateField(lazy_gettext("Last day"), [_required, _real])
    size = IntegerField(lazy_gettext("How many"), [_required], default=10)
    seed = StringField(
        lazy_gettext("Seed (optional)"),
        [Length(max=64, message=lazy_gettext("At most %(max)d characters, please."))],
    )


@desk.get("/events")
def events() -> str:
    """Search the event log, newest first, by key."""
    return _log("admin/events.html", deviations=False)


@desk.get("/deviations")
def deviations() -> str:
    """Show what went beside the usual way, with its reasons."""
    return _log("admin/deviations.html", deviations=True)


def _log(template: str, *, deviations: bool) -> str:
    faults: list[str] = []
    action = request.args.get("action", "")
    sought = Sought(
        person=request.args.get("person", "").strip()[:60],
        number=request.args.get("number", "").strip().upper()[:24],
        action=action if action in ACTIONS else "",
        since=_day("since", faults),
        until=_day("until", faults),
        before=request.args.get("before", type=row_key),
        deviations=deviations,
    )
    zone = settings().zone
    found = event_log.search(
        sought,
        since=clock.city_midnight(sought.since, zone) if sought.since else None,
        until=clock.city_midnight(sought.until + timedelta(days=1), zone) if sought.until else None,
    )
    return render_template(
        template,
        sought=sought,
        lines=lines_of(found.rows),
        more=found.next_before,
        actions={code: ACTIONS[code] for code in event_log.DEVIATIONS} if deviations else ACTIONS,
        amounts=_amounts({row.event.award_id for row in found.rows}) if deviations else {},
        faults=faults,
    )


@desk.get("/dossiers/<number>")
def dossier(number: str) -> str:
    """Show one case as a dossier to print: index, digests, events."""
    found = dossier_of(number)
    if found is None:
        raise NotFound
    return render_template(
        "admin/dossier.html",
        dossier=found,
        lines=lines_of([record.row for record in found.events]),
        derivations={paid.award.row.id: _derivation(paid.award.row) for paid in found.awards},
        made_at=clock.now(),
        hand_words=ACTS,
    )


@desk.route("/samples", methods=["GET", "POST"])
def samples() -> str | Response:
    """Draw a sample, and show the samples drawn so far."""
    today = clock.city_date(clock.now())
    form = SampleForm(since=today.replace(day=1), until=today)
    if form.validate_on_submit():
        try:
            sample = audit_samples.draw(
                Population(form.population.data),
                form.since.data,
                form.until.data,
                form.size.data,
                form.seed.data or "",
                current_user.actor,
                clock.now(),
                settings().zone,
            )
            db.session.commit()
            return redirect(url_for("desk.sample", sample_id=sample.id))
        except Refusal as refusal:
            db.session.rollback()
            field = getattr(form, getattr(refusal, "field", ""), form.size)
            field.errors = [*field.errors, refusal.sentence()]
    shown = audit_samples.samples(request.args.get("before", type=row_key))
    return render_template(
        "admin/samples.html",
        form=form,
        samples=shown[: audit_samples.SHOWN],
        more=shown[audit_samples.SHOWN - 1].id if len(shown) > audit_samples.SHOWN else None,
        names=_names({sample.drawn_by for sample in shown}),
        populations=POPULATIONS,
    )


@desk.get("/samples/<int:sample_id>")
def sample(sample_id: int) -> str:
    """Show one sample, and whether it comes out the same today."""
    found = db.session.get(AuditSample, sample_id)
    if found is None:
        raise NotFound
    return render_template(
        "admin/sample.html",
        sample=found,
        same=audit_samples.same_again(found, settings().zone),
        cases=_cases_of(found),
        names=_names({found.drawn_by}),
        populations=POPULATIONS,
    )


def _day(name: str, faults: list[str]) -> date | None:
    """Return the day in a field; an unreadable one is left out and named."""
    text = request.args.get(name, "").strip()
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not clock.is_real(day):
        faults.append(gettext(NO_DATE, text=text[:20]))
        return None
    return day


def _derivation(award: Award) -> list[Shown]:
    return lines_for(award.derivation, Audience.FINANCE)


def _amounts(award_ids: set[int | None]) -> dict[int, tuple[int, int]]:
    """Return what was computed and what stands, in fen, of these awards."""
    rows = db.session.execute(
        select(Award.id, Award.computed_fen, Award.amount_fen).where(Award.id.in_(award_ids - {None}))
    )
    return {award_id: (computed, amount) for award_id, computed, amount in rows}


def _names(account_ids: set[int]) -> dict[int, str]:
    rows = db.session.scalars(select(Account).where(Account.id.in_(account_ids))).unique()
    return {account.id: account.person.name for account in rows}


def _cases_of(sample: AuditSample) -> dict[str, str]:
    """Return the case's number for each number drawn."""
    if sample.population is Population.CASES:
        return {number: number for number in sample.numbers}
    rows = db.session.execute(
        select(Award.number, Case.number)
        .join(Case, Case.id == Award.case_id)
        .where(Award.number.in_(sample.numbers))
    )
    return {award: case for award, case in rows}
