"""What is done with a version of a rule set in the desk: upload, check, trial run, put in force, withdraw."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from flask import flash, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext
from flask_login import current_user
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.wrappers import Response

from portal import clock
from portal.admin.blueprint import desk
from portal.admin.rules import address, page, read_rules
from portal.clock import city_date
from portal.database import db, row_key
from portal.errors import NotAllowed, NotFound, Refusal
from portal.presentation import day
from portal.reports.sectors import SECTORS
from portal.rewards import rule_versions as service
from portal.rewards import simulation
from portal.rewards.refusals import hint, reason
from portal.rewards.rule_models import RuleVersion
from portal.rewards.rule_steps import RuleStatus
from portal.rewards.rule_versions import Enforcement, RuleVersionStale
from portal.rewards.rules.faults import Fault, RulesRefused
from portal.rewards.rules.model import RuleSet
from portal.rewards.wording.page_tongue import PAGE

Answer = Response | tuple[str, int]
MOST_BYTES = 256 * 1024


@desk.get("/rules/new")
def rule_set_new() -> str:
    """Show the box for a rule file, empty or with the text of another version to start from."""
    start = request.args.get("from", type=row_key)
    row = service.find(start) if start else None
    return _box(row.body if row else "", start=row)


@desk.post("/rules/new")
def rule_set_upload() -> Answer:
    """Check a file; keep it as a draft where that was asked for and nothing is wrong."""
    body, name = _given()
    try:
        rules = service.read(body, name)
        if request.form.get("action") != "keep":
            return _box(_text(body), checked=rules), 200
        row = service.upload(body, name, current_user.actor, clock.now())
        db.session.commit()
    except RulesRefused as refused:
        db.session.rollback()
        return _box(_text(body), faults=refused.faults), 422
    except Refusal as refusal:
        db.session.rollback()
        return _box(_text(body), refused=refusal.sentence()), refusal.status
    except IntegrityError:
        db.session.rollback()
        return _box(_text(body), refused=RuleVersionStale().sentence()), RuleVersionStale.status
    flash(gettext("Kept as a draft. Read it through, then say that it is checked."), "message")
    return redirect(address(row))


def _given() -> tuple[bytes, str]:
    """Return the file that was chosen, else the text of the box, and a name for it."""
    chosen = request.files.get("file")
    if chosen is not None and chosen.filename:
        return chosen.stream.read(MOST_BYTES + 1), chosen.filename.rsplit("/", 1)[-1][:80]
    return request.form.get("text", "").replace("\r\n", "\n").encode(), ""


def _text(body: bytes) -> str:
    return body[:MOST_BYTES].decode("utf-8", "replace").replace("\0", "�")


def _box(
    text: str,
    *,
    start: RuleVersion | None = None,
    checked: RuleSet | None = None,
    faults: tuple[Fault, ...] = (),
    refused: str = "",
) -> str:
    listed = [(fault, reason(fault, PAGE), hint(fault, PAGE)) for fault in faults]
    return render_template(
        "admin/rule_new.html",
        text=text,
        start=start,
        checked=checked,
        read=read_rules(checked) if checked else None,
        faults=listed,
        refused=refused,
        most=MOST_BYTES // 1024,
    )


@desk.post("/rules/<int:key>/check")
def rule_set_check(key: int) -> Answer:
    """Confirm that a draft says what its document says."""
    row = service.find(key)
    return _done(
        row,
        lambda: service.check(row, current_user.actor, clock.now(), seen=_seen()),
        gettext("Checked. A second person can put it in force now."),
    )


@desk.post("/rules/<int:key>/withdraw")
def rule_set_withdraw(key: int) -> Answer:
    """Take a version back before its first day."""
    row = service.find(key)
    why = request.form.get("reason", "")
    return _done(
        row,
        lambda: service.withdraw(row, why, current_user.actor, clock.now(), seen=_seen()),
        gettext("Withdrawn. Its number can be used again."),
    )


def _done(row: RuleVersion, step: Callable[[], None], told: str) -> Answer:
    """Take a step and show the version again; a refusal stands above it, with what was typed."""
    try:
        step()
        db.session.flush()
    except (NotFound, NotAllowed):
        raise
    except RulesRefused as refused:
        db.session.rollback()
        return page(row, reason(refused.faults[0], PAGE)), 422
    except Refusal as refusal:
        db.session.rollback()
        return page(service.find(row.id), refusal.sentence(), request.form.get("reason", "")), refusal.status
    except (StaleDataError, IntegrityError):
        db.session.rollback()
        return page(service.find(row.id), RuleVersionStale().sentence()), RuleVersionStale.status
    db.session.commit()
    flash(told, "message")
    return redirect(address(row))


@desk.get("/rules/<int:key>/simulation")
def rule_set_simulation(key: int) -> str:
    """Show what a version would have changed in the last year, as far as it is computed."""
    row = service.find(key)
    trial = simulation.latest(row.id)
    return render_template(
        "admin/rule_simulation.html",
        row=row,
        trial=trial,
        sums=simulation.shown(trial.result) if trial and trial.result else None,
        running=trial is not None and trial.state in simulation.OPEN,
    )


@desk.post("/rules/<int:key>/simulation")
def rule_set_simulate(key: int) -> Response:
    """Ask for a trial run."""
    simulation.ask(service.find(key), current_user.actor, clock.now())
    db.session.commit()
    return redirect(url_for("desk.rule_set_simulation", key=key))


@desk.get("/rules/<int:key>/enforce")
def rule_set_enforce(key: int) -> str:
    """Show the form with which a second person puts a version in force."""
    row = service.find(key)
    if row.status is not RuleStatus.CHECKED:
        raise NotFound
    return _enforce_form(row)


@desk.post("/rules/<int:key>/enforce")
def rule_set_enforce_do(key: int) -> Answer:
    """Put a version in force from a day on; it works at once, in every process."""
    row = service.find(key)
    wanted = _wanted()
    if wanted is None:
        return _enforce_form(row, gettext("Choose the first day.")), 422
    try:
        service.enforce(row, wanted, current_user.actor, clock.now(), seen=_seen())
        db.session.commit()
    except (NotFound, NotAllowed):
        raise
    except Refusal as refusal:
        db.session.rollback()
        return _enforce_form(service.find(key), refusal.sentence()), refusal.status
    except (StaleDataError, IntegrityError):
        db.session.rollback()
        return _enforce_form(service.find(key), RuleVersionStale().sentence()), RuleVersionStale.status
    flash(gettext("In force from %(day)s.", day=day(wanted.first_day)), "message")
    return redirect(address(row))


def _enforce_form(row: RuleVersion, refused: str = "") -> str:
    language = str(get_locale())
    today = city_date(clock.now())
    form = request.form
    chosen = form.getlist("sector") if refused else list(row.sectors)
    others = service.replaceable(row)
    return render_template(
        "admin/rule_enforce.html",
        row=row,
        today=today,
        latest=today + timedelta(days=730),
        first_day=form.get("first_day", today.isoformat()),
        sectors=[(one.code, one.name(language)) for one in SECTORS],
        chosen=chosen,
        everywhere=(form.get("reach") != "some") if refused else not row.sectors,
        own=[one for one in others if one.rule_id == row.rule_id],
        others=[one for one in others if one.rule_id != row.rule_id],
        ending=form.getlist("ends"),
        mine=row.uploaded_by == current_user.actor.person_id,
        refused=refused,
    )


def _wanted() -> Enforcement | None:
    form = request.form
    try:
        first = date.fromisoformat(form.get("first_day", ""))
    except ValueError:
        return None
    some = form.get("reach") == "some"
    sectors = tuple(form.getlist("sector")) if some else ()
    ends = {
        int(text) for text in form.getlist("ends") if text.isascii() and text.isdigit() and len(text) < 18
    }
    # To choose sectors and name none would mean all of them: that is asked again, not guessed.
    return Enforcement(first, sectors or (("",) if some else ()), ends)


def _seen() -> int:
    text = request.form.get("seen", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
