"""The identity officer's pages: the open questions, the sealed name for one of them, and yes or no."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from flask_login import current_user
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import RadioField, SelectChoice, TextAreaField

from portal import clock
from portal.admin.blueprint import desk
from portal.cases.models import Case
from portal.cases.verifiers import verifiers_of
from portal.database import db, row_key
from portal.errors import NotFound, Refusal, gettext_noop
from portal.people.permissions import Permission
from portal.reports import damage, identity
from portal.reports.models import IdentityCheck, Question, Report
from portal.reports.second_person import ask_second
from portal.rewards import answers, hands, personal
from portal.rewards.live import live_award
from portal.rewards.models import Act
from portal.rewards.rules.model import Fact
from portal.rewards.wording.page_tongue import PAGE
from portal.rewards.wording.speech import text
from portal.vault import seconds
from portal.vault.client import Revealed
from portal.vault.groups import FieldGroup

QUESTIONS = {
    Question.REAL_NAME: lazy_gettext("Is the name real?"),
    Question.EMPLOYEE: lazy_gettext("Does this person work for the firm?"),
}
SHORT = {
    Question.REAL_NAME: lazy_gettext("name"),
    Question.EMPLOYEE: lazy_gettext("employment"),
}
# What the vault tells besides the name: whether somebody who gets nothing may stand behind it.
NAMED_LIKE = {
    "named_like_staff": lazy_gettext("Somebody of the staff has this name."),
    "named_like_a_tie": lazy_gettext("Somebody of the staff declared a tie to a person of this name."),
}
_YES_NO = [SelectChoice("yes", lazy_gettext("Yes")), SelectChoice("no", lazy_gettext("No"))]


class NothingAnswered(Refusal):
    """The form came without an answer."""

    message = gettext_noop("Please answer at least one question with yes or no.")
    status = 422


class AnswersForm(FlaskForm):
    """Yes or no with a reason, for each question."""

    real_name = RadioField(QUESTIONS[Question.REAL_NAME], choices=_YES_NO, validate_choice=False)
    real_name_reason = TextAreaField(lazy_gettext("What the answer rests on"))
    employee = RadioField(QUESTIONS[Question.EMPLOYEE], choices=_YES_NO, validate_choice=False)
    employee_reason = TextAreaField(lazy_gettext("What the answer rests on"))

    def answers(self, report: Report, open_questions: set[Question]) -> list[identity.Answer]:
        """Return the questions that were answered; one that somebody has answered before is left alone."""
        typed = (
            (Question.REAL_NAME, self.real_name.data, self.real_name_reason.data),
            (Question.EMPLOYEE, self.employee.data, self.employee_reason.data),
        )
        sealed = request.form.get("sealed", 0, type=row_key)
        return [
            identity.Answer(report.id, question, choice == "yes", reason or "", sealed)
            for question, choice, reason in typed
            if choice in {"yes", "no"} and question in open_questions
        ]


@desk.get("/identity", endpoint="identity")
def identity_list() -> str:
    """List reports with open questions, the oldest first, by key."""
    after = request.args.get("after", default=0, type=row_key)
    asked = identity.open_reports(after)
    more = len(asked) > identity.PAGE
    asked = asked[: identity.PAGE]
    listed = {one.report.id for one in asked}
    besides = [] if after else [one for one in personal.waiting() if one.report.id not in listed]
    return render_template(
        "admin/identity.html",
        asked=asked,
        besides=besides,
        short=SHORT,
        next_url=url_for("desk.identity", after=asked[-1].report.id) if more else "",
        first_url=url_for("desk.identity") if after else "",
    )


@desk.get("/identity/<number>")
def identity_question(number: str) -> str:
    """Show what is asked about the reporter of one report; the name stays sealed until it is opened."""
    return _page(_asked_report(number), AnswersForm(formdata=None))


@desk.post("/identity/<number>/name")
def identity_open(number: str) -> ResponseReturnValue:
    """Open the sealed name once: the event first, committed; then the name, on this page only."""
    report = _asked_report(number)
    apart = _apart(report)
    if apart:
        return _page(report, AnswersForm(formdata=None), apart), 403
    try:
        opening = identity.record_opening(report, current_user.actor, clock.now())
    except seconds.NeedsSecond as refused:
        db.session.rollback()
        wish = seconds.Wish(FieldGroup.LEGAL, report.id, identity.TO_ANSWER)
        ask_second(wish, current_user.actor, clock.now())
        db.session.commit()
        return _page(_asked_report(number), AnswersForm(), refused.sentence()), refused.status
    except Refusal as refused:
        db.session.rollback()
        return _page(_asked_report(number), AnswersForm(), refused.sentence()), refused.status
    # Before the vault reads it: a name that is given at this moment asks for another look.
    sealed = identity.sealed_version(report.id)
    db.session.commit()
    try:
        opened = damage.reveal(opening, current_user.actor, clock.now())
    except Refusal as refused:
        return _page(report, AnswersForm(), refused.sentence()), refused.status
    # What was typed before it was opened stays.
    return _page(report, AnswersForm(), opened=opened, sealed=sealed)


@desk.post("/identity/<number>")
def identity_answer(number: str) -> ResponseReturnValue:
    """Take the answers; whatever is refused leaves the form as it was typed."""
    report = _asked_report(number)
    form = AnswersForm()
    checks = identity.checks_of(report.id)
    given = form.answers(report, {one.question for one in checks.values() if one.answer is None})
    besides = _answers_besides(report)
    try:
        if not given and not besides:
            raise NothingAnswered
        for one in given:
            answers.answer_identity(one, current_user.actor, clock.now())
        for fact in besides:
            answers.answer_fact(fact, current_user.actor, clock.now())
    except Refusal as refused:
        db.session.rollback()
        return _page(_asked_report(number), form, refused.sentence()), refused.status
    db.session.commit()
    flash(gettext("Kept. Your reasons stay with the question; the verifier sees neither."), "message")
    return redirect(url_for("desk.identity"))


def _answers_besides(report: Report) -> list[personal.FactAnswer]:
    """Return what was answered to the further questions of the rule set."""
    typed = request.form
    return [
        personal.FactAnswer(report.id, fact.id, choice == "yes", typed.get(f"fact-{fact.id}-reason", ""))
        for fact in personal.open_about(report)
        if (choice := typed.get(f"fact-{fact.id}", "")) in {"yes", "no"}
    ]


def _asked_report(number: str) -> Report:
    """Return a report about whose reporter something was asked; any other is not found."""
    report = db.session.scalar(
        select(Report)
        .join(IdentityCheck, IdentityCheck.report_id == Report.id)
        .where(Report.number == number)
        .limit(1)
    )
    if report is None or not current_user.actor.may(Permission.IDENTITY_ANSWER):
        raise NotFound
    return report


def _page(
    report: Report, form: AnswersForm, refusal: str = "", opened: Revealed | None = None, sealed: int = 0
) -> str:
    """Draw the questions; ``sealed`` is the version of the name that was opened."""
    checks = identity.checks_of(report.id)
    case = db.session.get_one(Case, report.case_id)
    return render_template(
        "admin/identity_question.html",
        report=report,
        subject=case.subject_name or report.subject_name,
        form=form,
        refusal=refusal,
        legal=opened.fields if opened else None,
        sealed=sealed or identity.sealed_version(report.id),
        named_like=[words for fact, words in NAMED_LIKE.items() if opened and opened.facts.get(fact)],
        apart=_apart(report),
        besides=[
            (f"fact-{fact.id}", _words(fact), *_typed(f"fact-{fact.id}"))
            for fact in personal.open_about(report)
        ],
        answered_besides=[(_words(fact), row) for fact, row in personal.answered_about(report)],
        open_questions=[
            question for question in Question if question in checks and checks[question].answer is None
        ],
        answered=[(QUESTIONS[one.question], one) for one in checks.values() if one.answer is not None],
    )


def _words(fact: Fact) -> str:
    """Return what is asked, in the language of the page."""
    return text(fact.label, PAGE)


def _typed(name: str) -> tuple[str, str]:
    """Return what stands in the fields of one question."""
    return request.form.get(name, ""), request.form.get(f"{name}-reason", "")[:1000]


def _apart(report: Report) -> str:
    """Return why this person may not answer here, and who can; empty when nothing keeps them apart."""
    person_id = current_user.actor.person_id
    award = live_award(report.case_id)
    held = hands.held_by(award.id, person_id) if award else None
    if held is None and person_id in verifiers_of(report.case_id):
        held = Act.VERIFY
    if held in (None, Act.IDENTIFY):
        return ""
    free = hands.free_people(award.id if award else 0, Act.IDENTIFY)
    return hands.HandTaken(held, Act.IDENTIFY, free).sentence()
