"""What a rule set asks about a reporter beyond name and employment: yes or no, sealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, true

from portal.audit.events import record
from portal.cases.models import Case
from portal.database import db
from portal.errors import NotAllowed, NotFound
from portal.people.actor import SYSTEM, Actor
from portal.people.permissions import Permission
from portal.reports.identity import LONGEST_REASON, SHORTEST_REASON, AlreadyAnswered, ReasonMissing, checks_of
from portal.reports.models import RealName, Report
from portal.rewards import answered, rulebook
from portal.rewards.facts import asked_of_reporter, findings_of
from portal.rewards.models import Award, Share
from portal.rewards.rule_models import ReporterFact
from portal.rewards.rules.model import Fact, RuleSet
from portal.rewards.steps import AwardStatus
from portal.rewards.stored_facts import INSIDER

MOST_WAITING = 200


@dataclass(frozen=True, slots=True)
class FactAnswer:
    """A yes or no to one question of the governing rule set about the reporter of one report."""

    report_id: int
    fact_id: str
    yes: bool
    reason: str


def questions(governing: RuleSet | None) -> list[Fact]:
    """Return what a rule set asks about the reporter beyond employment, which every report is asked."""
    return [fact for fact in asked_of_reporter(governing) if fact.id != INSIDER]


def questions_about(report: Report) -> list[Fact]:
    """Return what the rule set that governs the case of a report asks about its reporter."""
    case = db.session.get_one(Case, report.case_id)
    return questions(rulebook.governing(case, findings_of(case)))


def answers_of(report_id: int) -> Sequence[ReporterFact]:
    """Return what was answered about the reporter of a report."""
    return db.session.scalars(
        select(ReporterFact).where(ReporterFact.report_id == report_id).order_by(ReporterFact.fact_id)
    ).all()


def open_questions(report: Report, governing: RuleSet | None) -> list[Fact]:
    """Return the questions about a reporter with a name that nobody has answered."""
    asked = questions(governing)
    if not asked or not checks_of(report.id):
        return []
    known = {fact.fact_id for fact in answers_of(report.id)}
    return [fact for fact in asked if fact.id not in known]


def answer(command: FactAnswer, actor: Actor, at: datetime) -> ReporterFact:
    """Take a yes or no with its reason; neither stands in an event.

    Raises NotAllowed, NotFound, AlreadyAnswered or ReasonMissing.
    """
    if not actor.may(Permission.IDENTITY_ANSWER) or actor.person_id is None:
        raise NotAllowed
    report = db.session.get_one(Report, command.report_id)
    if command.fact_id not in {fact.id for fact in questions_about(report)}:
        raise NotFound
    if any(fact.fact_id == command.fact_id for fact in answers_of(report.id)):
        raise AlreadyAnswered
    reason = command.reason.strip()[:LONGEST_REASON]
    if len(reason) < SHORTEST_REASON:
        raise ReasonMissing(least=SHORTEST_REASON)
    row = ReporterFact(
        report_id=report.id,
        fact_id=command.fact_id,
        value=answered.text_of(command.yes),
        reason=reason,
        confirmed_by=actor.person_id,
        confirmed_at=at,
    )
    db.session.add(row)
    role = actor.role_for(Permission.IDENTITY_ANSWER)
    facts = {"question": command.fact_id}
    record("identity_answered", at=at, actor=actor, role=role, report_id=report.id, facts=facts)
    db.session.flush()
    return row


def ask_again(row: ReporterFact, at: datetime) -> None:
    """Open a question anew: who answered may not have a say in this award."""
    facts = {"question": row.fact_id}
    record("identity_asked_again", at=at, actor=SYSTEM, report_id=row.report_id, facts=facts)
    db.session.delete(row)
    db.session.flush()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A report about whose reporter a question of its award's rule set waits."""

    report: Report
    since: datetime


def open_about(report: Report) -> list[Fact]:
    """Return the further questions about the reporter of a report that nobody has answered."""
    case = db.session.get_one(Case, report.case_id)
    return open_questions(report, rulebook.governing(case, findings_of(case)))


def answered_about(report: Report) -> list[tuple[Fact, ReporterFact]]:
    """Return the further questions that were answered, as the rule set that governs now words them."""
    asked = {fact.id: fact for fact in questions_about(report)}
    return [(asked[row.fact_id], row) for row in answers_of(report.id) if row.fact_id in asked]


def waiting() -> list[Waiting]:
    """Return the reports in awards that wait for finance about which a further question is open."""
    return [Waiting(report, since) for report, since, _award_id in _with_open_questions()]


def awards_waiting(award_ids: Sequence[int]) -> set[int]:
    """Return which of these awards wait for an answer to a further question."""
    return {award_id for _report, _since, award_id in _with_open_questions(award_ids)}


def _with_open_questions(award_ids: Sequence[int] | None = None) -> list[tuple[Report, datetime, int]]:
    chosen = true() if award_ids is None else Award.id.in_(award_ids)
    rows = db.session.execute(
        select(Report, Award)
        .join(Share, Share.report_id == Report.id)
        .join(Award, Award.id == Share.award_id)
        .where(Award.status == AwardStatus.PROPOSED, Report.real_name != RealName.NONE, chosen)
        .order_by(Award.id)
        .limit(MOST_WAITING)
    ).all()
    versions = {(award.rule_id, award.rule_version) for _report, award in rows}
    asked = {one: {fact.id for fact in questions(rulebook.at(*one))} for one in versions}
    known = answered.of_reports([report.id for report, _award in rows]) if any(asked.values()) else {}
    return [
        (report, award.proposed_at, award.id)
        for report, award in rows
        if asked[award.rule_id, award.rule_version] - known.get(report.id, {}).keys()
    ]
