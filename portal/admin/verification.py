"""The verification of a case: its panel on the case page, undertaking it, checks on site and findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm.exc import StaleDataError

from portal import clock
from portal.admin.blueprint import desk
from portal.admin.declared import ByKind
from portal.admin.forms import whole
from portal.admin.steps import take
from portal.admin.verification_forms import CheckForm, FindingForm, ReasonForm
from portal.admin.verification_words import CHANGE_FINDING, CHECK, FINDING, REMOVE_FINDING, UNDERTAKEN
from portal.admin.verifying import begin, has_step, is_open
from portal.cases import findings, rectification, site_checks, verification
from portal.cases.conclusion import CONFIRMED
from portal.cases.findings import proposed_class
from portal.cases.models import Case, Finding, PenaltyState
from portal.cases.scope import reaches
from portal.cases.site_checks import officers
from portal.cases.steps import CaseAction, CaseStatus, RectificationAction
from portal.clock import city_date
from portal.database import db
from portal.errors import Refusal, Stale
from portal.extensions import settings
from portal.people.actor import Actor
from portal.people.permissions import Permission
from portal.rewards.awards import propose_if_payable
from portal.rewards.decided import award_decided, locked_penalties
from portal.rewards.declaring import keep_of_finding
from portal.rewards.wording.said import said_about

NOTHING_YET = frozenset(
    {CaseStatus.RECEIVED, CaseStatus.ACCEPTED, CaseStatus.REFUSED, CaseStatus.TRANSFERRED}
)


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding as the panel shows it, with what can be done to it now."""

    finding: Finding
    total_fen: int
    proposed: Any
    may_change: bool
    may_remove: bool
    may_penalise: bool
    may_order: bool
    steps: list[RectificationAction]
    answers: Sequence[tuple[str, str]] = ()
    may_answer: bool = False


def panel(case: Case, actor: Actor) -> dict[str, Any] | None:
    """Return what the case page shows of the verification; None before there is anything to say."""
    if case.status in NOTHING_YET:
        return None
    verifies = reaches(case, actor, Permission.CASE_VERIFY) and case.merged_into_id is None
    open_now = verifies and is_open(case)
    checks = site_checks.checks_of(case)
    decided = award_decided(case)
    found = findings.findings_of(case)
    said, locked = said_about(case, found), locked_penalties(case)
    rows = [
        replace(
            _row(case, one, verifies=verifies, decided=decided, fined=one.id in locked),
            answers=said.findings.get(one.id, []),
            may_answer=open_now and one.id in said.asked and not decided,
        )
        for one in found
    ]
    return {
        "case_answers": said.case,
        "needs_penalty": said.needs_penalty,
        "asks_case": open_now and said.asks_case and not decided,
        "checks": checks,
        "rows": rows,
        "decided": decided,
        "verifies": verifies,
        "may": {action.value: verifies and has_step(case, action) for action in CaseAction},
        "may_add": verifies and case.status is CaseStatus.VERIFYING and not decided,
        "next": _next(case, bool(checks), bool(rows)) if verifies else "",
        "kept_open": [row for row in rows if row.steps],
    }


@desk.post("/cases/<number>/undertake")
def undertake(number: str) -> ResponseReturnValue:
    """Take the case and begin to check it."""
    case = begin(number)
    try:
        version = whole(request.form.get("version")) or 0
        verification.undertake(case, current_user.actor, clock.now(), version=version)
        db.session.commit()
    except (Refusal, StaleDataError) as refused:
        db.session.rollback()
        refusal = Stale() if isinstance(refused, StaleDataError) else refused
        flash(refusal.sentence(), "warn")
    else:
        flash(str(UNDERTAKEN))
    return redirect(url_for("desk.case", number=number))


@desk.route("/cases/<number>/site-checks/new", methods=["GET", "POST"])
def site_check(number: str) -> ResponseReturnValue:
    """Record a check on site; the officer who records is one of the two unless changed."""
    case = begin(number)
    actor, now, zone = current_user.actor, clock.now(), settings().zone
    listed = officers(actor)
    form = CheckForm(
        checked_on=city_date(now, zone).isoformat(),
        officer_one=str(listed[0].id) if listed else "",
        certificate_one=listed[0].certificate_number if listed else "",
    )
    form.offer(listed)

    def act() -> None:
        site_checks.record_check(case, form.visit(), actor, now, version=form.of_version, zone=zone)

    return take(
        case,
        form,
        CHECK,
        act,
        possible=lambda now: has_step(now, CaseAction.CHECK_SITE),
        template="admin/verification_check.html",
    )


@desk.route("/cases/<number>/findings/new", methods=["GET", "POST"])
def finding_new(number: str) -> ResponseReturnValue:
    """Record what was verified."""
    case = begin(number)
    actor, now = current_user.actor, clock.now()
    form, declared = FindingForm(), ByKind(case, now, request.form)

    def act() -> None:
        decided = award_decided(case, lock=True)
        version = form.of_version
        found = findings.add_finding(case, form.command(), actor, now, version=version, award_decided=decided)
        _keep_facts(found, declared, actor, now)
        propose_if_payable(case, actor, now)

    return take(
        case,
        form,
        FINDING,
        act,
        possible=lambda now: now.status is CaseStatus.VERIFYING and not award_decided(now),
        template="admin/verification_finding.html",
        rows=declared,
    )


def _keep_facts(finding: Finding, declared: ByKind, actor: Actor, at: datetime) -> None:
    """Keep what the rule set asks about a finding of its kind, as far as it was answered."""
    answers = declared.chosen
    if answers is not None and answers.is_typed:
        keep_of_finding(finding, [fact.id for fact in answers.facts], answers.texts(), actor, at)


@desk.route("/cases/<number>/findings/<int:finding_id>", methods=["GET", "POST"])
def finding_change(number: str, finding_id: int) -> ResponseReturnValue:
    """Correct a finding on which nothing rests yet."""
    case = begin(number)
    finding = findings.find_finding(case, finding_id)
    actor, now = current_user.actor, clock.now()
    form, declared = FindingForm(), ByKind(case, now, request.form, finding)
    if not form.is_submitted():
        form.show(finding, proposed_class(finding.deaths_confirmed))

    def act() -> None:
        decided = award_decided(case, lock=True)
        version = form.of_version
        findings.change_finding(
            case, finding_id, form.command(), actor, now, version=version, award_decided=decided
        )
        _keep_facts(finding, declared, actor, now)
        propose_if_payable(case, actor, now)

    return take(
        case,
        form,
        CHANGE_FINDING,
        act,
        possible=lambda now: _row(now, finding, verifies=True, decided=award_decided(now)).may_change,
        template="admin/verification_finding.html",
        rows=declared,
    )


@desk.route("/cases/<number>/findings/<int:finding_id>/remove", methods=["GET", "POST"])
def finding_remove(number: str, finding_id: int) -> ResponseReturnValue:
    """Take out a finding that was recorded by mistake."""
    case = begin(number)
    finding = findings.find_finding(case, finding_id)
    actor, now = current_user.actor, clock.now()
    form = ReasonForm()

    def act() -> None:
        decided = award_decided(case, lock=True)
        version, reason = form.of_version, form.reason.data
        findings.remove_finding(case, finding_id, reason, actor, now, version=version, award_decided=decided)
        propose_if_payable(case, actor, now)

    return take(
        case,
        form,
        REMOVE_FINDING,
        act,
        possible=lambda now: _row(now, finding, verifies=True, decided=award_decided(now)).may_remove,
        template="admin/verification_reason.html",
        finding=finding,
    )


def _row(case: Case, finding: Finding, *, verifies: bool, decided: bool, fined: bool = False) -> FindingRow:
    """Say what can be done to a finding now: for the buttons; the verbs refuse on their own."""
    open_now = verifies and is_open(case)
    changeable = open_now and not decided and finding.penalty_state is PenaltyState.PENDING
    being_verified = case.status is CaseStatus.VERIFYING
    return FindingRow(
        finding=finding,
        total_fen=sum(row.amount_fen for row in finding.penalties),
        proposed=proposed_class(finding.deaths_confirmed) if not finding.accident_class else None,
        may_change=changeable,
        may_remove=changeable and being_verified and finding.rectification is None,
        may_penalise=open_now and not fined and case.conclusion in CONFIRMED | {None},
        may_order=open_now and finding.rectification is None,
        steps=rectification.possible(finding.rectification) if open_now else [],
    )


def _next(case: Case, checked: bool, found: bool) -> str:
    """Return the step that comes next: the one primary button of the panel."""
    if has_step(case, CaseAction.UNDERTAKE):
        return "undertake"
    if has_step(case, CaseAction.ANSWER):
        return "answer"
    if not has_step(case, CaseAction.CONCLUDE):
        return ""
    return "conclude" if checked and found else "finding" if checked else "check"
