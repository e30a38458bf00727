"""The pages that end a verification: its conclusion, and the answer to those who reported."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal import clock
from portal.admin.answer_draft import draft
from portal.admin.blueprint import desk
from portal.admin.steps import take
from portal.admin.verification_forms import AnswerForm, ConcludeForm
from portal.admin.verification_words import ANSWER, CONCLUDE
from portal.admin.verifying import begin, has_step
from portal.cases import conclusion, findings, site_checks
from portal.cases.steps import CaseAction
from portal.cases.terms import Terms
from portal.extensions import settings
from portal.rewards.awards import propose_if_payable


@desk.route("/cases/<number>/conclude", methods=["GET", "POST"])
def case_conclude(number: str) -> ResponseReturnValue:
    """End the verification with its conclusion."""
    case = begin(number)
    actor, now = current_user.actor, clock.now()
    form = ConcludeForm()

    def act() -> None:
        conclusion.conclude(
            case,
            form.chosen,
            form.note.data,
            actor,
            now,
            version=form.of_version,
            terms=Terms.of(settings()),
        )
        propose_if_payable(case, actor, now)

    return take(
        case,
        form,
        CONCLUDE,
        act,
        possible=lambda now: has_step(now, CaseAction.CONCLUDE),
        template="admin/verification_conclude.html",
        checks=site_checks.checks_of(case),
        findings=findings.findings_of(case),
    )


@desk.route("/cases/<number>/answer", methods=["GET", "POST"])
def case_answer(number: str) -> ResponseReturnValue:
    """Answer everybody who reported; the draft is made from the records."""
    case = begin(number)
    form = AnswerForm()
    if has_step(case, CaseAction.ANSWER) and not form.is_submitted():
        form.answer.data = draft(case)

    def act() -> None:
        conclusion.answer(
            case,
            form.answer.data,
            current_user.actor,
            clock.now(),
            version=form.of_version,
            terms=Terms.of(settings()),
        )

    return take(
        case,
        form,
        ANSWER,
        act,
        possible=lambda now: has_step(now, CaseAction.ANSWER),
        template="admin/verification_answer.html",
    )
