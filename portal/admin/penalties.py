"""The pages on which penalties are recorded and corrected; the award follows in the same transaction."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal import clock
from portal.admin.blueprint import desk
from portal.admin.steps import take
from portal.admin.verification_forms import PenaltyForm, ReasonForm
from portal.admin.verification_words import CHANGE_PENALTY, NO_PENALTY, PENALTY, REMOVE_PENALTY
from portal.admin.verifying import begin, is_open
from portal.cases import findings, penalties
from portal.cases.conclusion import CONFIRMED
from portal.cases.models import Case, Finding, PenaltyPart, PenaltyState
from portal.extensions import settings
from portal.rewards.awards import propose_if_payable
from portal.rewards.decided import locked_penalties

PAGE = "admin/verification_penalty.html"


@desk.route("/cases/<number>/findings/<int:finding_id>/penalties", methods=["GET", "POST"])
def penalty_new(number: str, finding_id: int) -> ResponseReturnValue:
    """Record one or several parts of a penalty."""
    case = begin(number)
    finding = findings.find_finding(case, finding_id)
    actor, now = current_user.actor, clock.now()
    form = PenaltyForm(request.form)
    if not form.is_submitted():
        for row, part in zip(form.rows, PenaltyPart, strict=True):
            row.part.data = part.value

    def act() -> None:
        decided = finding.id in locked_penalties(case, lock=True)
        penalties.record_penalties(
            case,
            finding_id,
            form.lines(),
            actor,
            now,
            version=form.of_version,
            zone=settings().zone,
            award_decided=decided,
            reason=form.reason.data or "",
        )
        propose_if_payable(case, actor, now)

    corrects = finding.penalty_state is PenaltyState.NONE
    return take(
        case,
        form,
        PENALTY,
        act,
        possible=lambda now: _open(now, finding),
        template=PAGE,
        finding=finding,
        corrects=corrects,
        later_days=False,
    )


@desk.route("/cases/<number>/penalties/<int:penalty_id>", methods=["GET", "POST"])
def penalty_change(number: str, penalty_id: int) -> ResponseReturnValue:
    """Correct one part."""
    case = begin(number)
    penalty, finding = penalties.find_penalty(case, penalty_id)
    actor, now = current_user.actor, clock.now()
    form = PenaltyForm(request.form, count=1)
    if not form.is_submitted():
        form.rows[0].show(penalty)

    def act() -> None:
        decided = finding.id in locked_penalties(case, lock=True)
        penalties.change_penalty(
            case,
            penalty_id,
            form.lines()[0],
            form.reason.data or "",
            actor,
            now,
            version=form.of_version,
            zone=settings().zone,
            award_decided=decided,
        )
        propose_if_payable(case, actor, now)

    return take(
        case,
        form,
        CHANGE_PENALTY,
        act,
        possible=lambda now: _open(now, finding),
        template=PAGE,
        finding=finding,
        corrects=True,
        later_days=True,
    )


@desk.route("/cases/<number>/penalties/<int:penalty_id>/remove", methods=["GET", "POST"])
def penalty_remove(number: str, penalty_id: int) -> ResponseReturnValue:
    """Take out a part that was recorded twice."""
    case = begin(number)
    penalty, finding = penalties.find_penalty(case, penalty_id)
    actor, now = current_user.actor, clock.now()
    form = ReasonForm()

    def act() -> None:
        decided = finding.id in locked_penalties(case, lock=True)
        version, reason = form.of_version, form.reason.data
        penalties.remove_penalty(case, penalty_id, reason, actor, now, version=version, award_decided=decided)
        propose_if_payable(case, actor, now)

    return take(
        case,
        form,
        REMOVE_PENALTY,
        act,
        possible=lambda now: _open(now, finding) and len(finding.penalties) > 1,
        template="admin/verification_reason.html",
        finding=finding,
        penalty=penalty,
    )


@desk.route("/cases/<number>/findings/<int:finding_id>/no-penalty", methods=["GET", "POST"])
def no_penalty(number: str, finding_id: int) -> ResponseReturnValue:
    """Record that there is no penalty, and why."""
    case = begin(number)
    finding = findings.find_finding(case, finding_id)
    actor, now = current_user.actor, clock.now()
    form = ReasonForm()

    def act() -> None:
        decided = finding.id in locked_penalties(case, lock=True)
        version, reason = form.of_version, form.reason.data
        penalties.record_no_penalty(
            case, finding_id, reason, actor, now, version=version, award_decided=decided
        )
        propose_if_payable(case, actor, now)

    return take(
        case,
        form,
        NO_PENALTY,
        act,
        possible=lambda now: _open(now, finding),
        template="admin/verification_reason.html",
        finding=finding,
    )


def _open(case: Case, finding: Finding) -> bool:
    """Say whether penalties of this case can be recorded now: for the page; the verbs refuse on their own."""
    return (
        is_open(case) and case.conclusion in CONFIRMED | {None} and finding.id not in locked_penalties(case)
    )
