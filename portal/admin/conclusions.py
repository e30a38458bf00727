"""The pages that end a verification: its conclusion, and the answer to those who reported."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal import clock
from portal.admin.answer_draft import draft
from portal.admin.blueprint import desk
from portal.admin.verification import compose, has_step
from portal.admin.verification_forms import AnswerForm, ConcludeForm
from portal.admin.verification_words import ANSWER, CONCLUDE
from portal.admin.verifying import begin, take
from portal.cases import conclusion, findings, site_checks
from portal.cases.steps import CaseAction
from portal.cases.terms import Terms
from portal.extensions import settings


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
        compose(case, actor, now)

    return take(
        case,
        form,
        CONCLUDE,
        act,
        possible=has_step(case, CaseAction.CONCLUDE),
        template="admin/verification_conclude.html",
        checks=site_checks.checks_of(case),
        findings=findings.findings_of(case),
    )


@desk.route("/cases/<number>/answer", methods=["GET", "POST"])
def case_answer(number: str) -> ResponseReturnValue:
    """Answer everybody who reported; the draft is made from the records."""
    case = begin(number)
    form = AnswerForm()
    possible = has_step(case, CaseAction.ANSWER)
    if possible and not form.is_submitted():
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

    return take(case, form, ANSWER, act, possible=possible, template="admin/verification_answer.html")
