"""Verification: if these fail, an answer rests on checks, findings or penalties that nobody can stand for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from portal.cases import conclusion, findings, penalties, site_checks, verification
from portal.cases.findings import Found
from portal.cases.models import AccidentClass, Case, Finding, FindingKind, Penalty, PenaltyPart, PenaltyState
from portal.cases.steps import CASE_STEPS, CaseAction, CaseStatus, Conclusion, DueStep
from portal.database import db
from portal.errors import NotAllowed, NotFound, NotInThisState, Refusal, Stale
from portal.notices.models import Notice
from portal.people.permissions import Role
from tests.cases.office import AT, TERMS, ZONE, Office, events_of, penalty
from tests.fixtures.records import make_account, make_department, make_report


@pytest.fixture
def office(app: Flask) -> Office:
    """The office that verifies, with another case of its own as noise."""
    office = Office()
    other = office.case()
    office.check(other)
    office.find(other)
    return office


def conclude(
    office: Office, case: Case, result: Conclusion = Conclusion.TRUE, note: str = "已责令停产"
) -> None:
    conclusion.conclude(case, result, note, office.actor(), AT, version=case.version, terms=TERMS)


def answer(office: Office, case: Case, written: str = "查实了。") -> None:
    conclusion.answer(case, written, office.actor(), AT, version=case.version, terms=TERMS)


def notices_of(case: Case) -> list[tuple[int | None, str]]:
    db.session.flush()
    return [(one.report_id, one.kind) for one in db.session.scalars(select(Notice).order_by(Notice.id))]


def waits(case: Case) -> bool:
    """Whether the case waits for its reporter."""
    return case.waiting_since is not None


# Undertaking


def test_undertaking_makes_the_verifier_its_officer_and_tells_the_reporter_once(office: Office) -> None:
    case = office.case(CaseStatus.ASSIGNED)
    verification.undertake(case, office.actor("colleague"), AT, version=case.version)
    assert case.status is CaseStatus.VERIFYING
    assert case.officer_id == office.person("colleague").id
    case.status = CaseStatus.ASSIGNED
    db.session.flush()
    verification.undertake(case, office.actor(), AT, version=case.version)
    told = [kind for _report, kind in notices_of(case)]
    assert told.count("verification_started") == 1
    assert [(event.action, event.to_status) for event in events_of(case)] == [
        ("case_undertake", "verifying")
    ] * 2


# Every verb, in every status: only what the life cycle has is possible.

VERBS: dict[CaseAction, Callable[[Office, Case], object]] = {
    CaseAction.UNDERTAKE: lambda office, case: verification.undertake(
        case, office.actor(), AT, version=case.version
    ),
    CaseAction.CHECK_SITE: lambda office, case: office.check(case),
    CaseAction.CONCLUDE: lambda office, case: conclude(office, case, Conclusion.FALSE),
    CaseAction.ANSWER: lambda office, case: answer(office, case),
}


@pytest.mark.parametrize(("status", "action"), list(product(CaseStatus, VERBS)))
def test_a_verb_works_only_where_the_life_cycle_has_it(
    office: Office, status: CaseStatus, action: CaseAction
) -> None:
    case = office.case(status)
    target = CASE_STEPS.get((status, action))
    if target is None:
        with pytest.raises(NotInThisState):
            VERBS[action](office, case)
        assert case.status is status
        assert events_of(case) == []
        return
    VERBS[action](office, case)
    assert case.status is target
    (event,) = events_of(case)
    assert (event.action, event.from_status, event.to_status, event.actor_role) == (
        f"case_{action.value}",
        status.value,
        target.value,
        "verifier",
    )


@pytest.mark.parametrize(("who", "refusal"), [("stranger", NotFound), ("supervisor", NotAllowed)])
@pytest.mark.parametrize("action", VERBS)
def test_only_verifiers_of_the_unit_take_these_steps(
    office: Office, who: str, refusal: type[Refusal], action: CaseAction, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = next(status for status, taken in CASE_STEPS if taken is action)
    case = office.case(status)
    actor = office.actor(who)
    monkeypatch.setattr(office, "actor", lambda _name="verifier": actor)
    with pytest.raises(refusal):
        VERBS[action](office, case)


@pytest.mark.parametrize("action", VERBS)
def test_an_old_form_and_a_merged_case_are_refused(office: Office, action: CaseAction) -> None:
    status = next(status for status, taken in CASE_STEPS if taken is action)
    case = office.case(status)
    with pytest.raises(Stale):
        verification.enter(case, office.actor(), version=case.version - 1)
    case.merged_into_id, case.is_open = office.case().id, False
    db.session.flush()
    with pytest.raises(NotInThisState):
        VERBS[action](office, case)


# The check on site


def test_a_check_takes_the_certificates_on_record(office: Office) -> None:
    case = office.case()
    version = case.version
    check = office.check(case)
    assert check.certificate_one == office.person().certificate_number
    assert check.certificate_two == office.person("colleague").certificate_number
    assert case.version > version
    assert check.recorded_by == office.person().id
    again = office.check(case, certificate_one="豫E-9", checked_on=date(2026, 11, 10))
    assert again.certificate_one == "豫E-9"
    assert list(site_checks.checks_of(case)) == [check, again]


def test_a_check_cannot_lie_in_the_future_nor_before_the_report(office: Office) -> None:
    case = office.case()
    office.check(case, checked_on=date(2026, 11, 2))  # the day of the report in the city
    with pytest.raises(verification.InTheFuture) as future:
        office.check(case, checked_on=date(2026, 11, 11))
    with pytest.raises(site_checks.BeforeTheReport) as before:
        office.check(case, checked_on=date(2026, 11, 1))
    assert {future.value.field, before.value.field} == {"checked_on"}
    assert len(site_checks.checks_of(case)) == 1


def test_a_check_needs_two_different_officers_who_may_verify(office: Office) -> None:
    case = office.case()
    with pytest.raises(site_checks.SameOfficer):
        office.check(case, officer_two_id=office.person().id)
    for nobody in (office.person("finance").id, 999_999):
        with pytest.raises(site_checks.NotAnOfficer) as refused:
            office.check(case, officer_two_id=nobody)
        assert refused.value.field == "officer_two"


def test_an_officer_without_a_number_and_a_number_of_somebody_else_are_refused(office: Office) -> None:
    case = office.case()
    new = make_account(Role.VERIFIER, name="钱进", department=make_department())
    new.person.certificate_number = ""
    db.session.flush()
    with pytest.raises(site_checks.CertificateMissing) as missing:
        office.check(case, officer_two_id=new.person_id)
    assert missing.value.field == "certificate_two"
    with pytest.raises(site_checks.CertificateOfAnother):
        office.check(case, certificate_one=office.person("colleague").certificate_number)
    with pytest.raises(site_checks.CertificateOfAnother):
        office.check(case, officer_two_id=new.person_id, certificate_one="豫E-7", certificate_two="豫E-7")


def test_officers_of_the_same_unit_come_first_and_those_who_left_do_not(office: Office) -> None:
    gone = make_account(Role.VERIFIER, name="阿甲", department=make_department())
    gone.active = False
    db.session.flush()
    listed = [person.id for person in site_checks.officers(office.actor())]
    assert listed[0] == office.person().id
    assert listed.index(office.person("colleague").id) < listed.index(office.person("stranger").id)
    assert gone.person_id not in listed
    assert office.person("finance").id not in listed


def test_the_database_refuses_one_officer_alone(office: Office) -> None:
    check = office.check(office.case())
    with pytest.raises(IntegrityError), db.session.begin_nested():
        db.session.execute(
            text("UPDATE site_checks SET officer_two_id = officer_one_id WHERE id = :id"), {"id": check.id}
        )


# Findings


@pytest.mark.parametrize(
    ("deaths", "accident"),
    [
        (0, None),
        (1, AccidentClass.ORDINARY),
        (2, AccidentClass.ORDINARY),
        (3, AccidentClass.LARGER),
        (9, AccidentClass.LARGER),
        (10, AccidentClass.MAJOR),
        (29, AccidentClass.MAJOR),
        (30, AccidentClass.ESPECIALLY_MAJOR),
    ],
)
def test_the_class_of_an_accident_is_proposed_from_its_deaths(
    deaths: int, accident: AccidentClass | None
) -> None:
    assert findings.proposed_class(deaths) is accident


def test_a_finding_changes_while_nothing_rests_on_it(office: Office) -> None:
    case = office.case()
    finding = office.find(case)
    accident = Found(FindingKind.CONCEALED_ACCIDENT, "瞒报一起", 3, AccidentClass.LARGER)

    def change(found: Found, *, decided: bool = False) -> Finding:
        return findings.change_finding(
            case, finding.id, found, office.actor(), AT, version=case.version, award_decided=decided
        )

    change(accident)
    assert (finding.kind, finding.deaths_confirmed) == (FindingKind.CONCEALED_ACCIDENT, 3)
    assert events_of(case)[-1].facts["was"] == {
        "kind": "major_hazard",
        "deaths": 0,
        "accident_class": None,
    }
    with pytest.raises(findings.AwardDecided):
        change(accident, decided=True)
    office.fine(case, finding)
    with pytest.raises(findings.PenaltyStands):
        change(accident)


@pytest.mark.parametrize(
    "found",
    [
        Found(FindingKind.MAJOR_HAZARD, "x", 1),
        Found(FindingKind.MAJOR_HAZARD, "x", 0, AccidentClass.MAJOR),
        Found(FindingKind.CONCEALED_ACCIDENT, "x", -1),
        Found(FindingKind.CONCEALED_ACCIDENT, "x", 1000),
        Found(FindingKind.ILLEGAL_ACT, " \n "),
        Found(FindingKind.ILLEGAL_ACT, "长" * 2001),
    ],
)
def test_a_finding_that_cannot_be_is_refused_by_field(office: Office, found: Found) -> None:
    case = office.case()
    with pytest.raises(verification.FieldFault) as refused:
        findings.add_finding(case, found, office.actor(), AT, version=case.version, award_decided=False)
    assert refused.value.field in {"deaths", "description"}
    db.session.expire_all()
    assert findings.findings_of(case) == []


def test_a_mistaken_finding_is_taken_out_with_a_reason(office: Office) -> None:
    case = office.case()
    finding = office.find(case)

    def remove(reason: str) -> None:
        findings.remove_finding(
            case, finding.id, reason, office.actor(), AT, version=case.version, award_decided=False
        )

    with pytest.raises(verification.ReasonMissing):
        remove("  ")
    remove("记重了")
    assert findings.findings_of(case) == []
    assert (events_of(case)[-1].action, events_of(case)[-1].reason) == ("finding_removed", "记重了")


def test_a_finding_that_is_being_put_right_stays(office: Office) -> None:
    case = office.case()
    finding = office.find(case)
    office.order(case, finding)
    with pytest.raises(findings.RectificationStands):
        findings.remove_finding(
            case, finding.id, "记重了", office.actor(), AT, version=case.version, award_decided=False
        )


def test_a_finding_takes_only_so_many_parts(office: Office) -> None:
    case = office.case()
    finding = office.fine(case, office.find(case), *[penalty(1)] * penalties.MOST_PARTS)
    with pytest.raises(penalties.TooManyParts):
        office.fine(case, finding)


def test_a_finding_of_another_case_is_not_found(office: Office) -> None:
    other = office.find(office.case())
    case = office.case()
    with pytest.raises(NotFound):
        office.fine(case, other)
    with pytest.raises(NotFound):
        office.order(case, other)


# Penalties


def test_a_penalty_is_recorded_in_parts(office: Office) -> None:
    case = office.case()
    finding = office.fine(
        case, office.find(case), penalty(100_000), penalty(20_000, PenaltyPart.PERSON), penalty(5)
    )
    office.fine(case, finding, penalty(7, PenaltyPart.CONFISCATED))
    assert finding.penalty_state is PenaltyState.PENALISED
    assert [row.amount_fen for row in finding.penalties] == [10_000_000, 2_000_000, 500, 700]
    assert events_of(case)[-1].facts == {
        "finding": finding.id,
        "state_was": "penalised",
        "parts": [{"part": "confiscated", "fen": 700, "on": "2026-11-09"}],
    }


def test_a_fault_in_the_second_part_names_it_and_nothing_is_recorded(office: Office) -> None:
    case = office.case()
    finding = office.find(case)
    for line, field in (
        (replace(penalty(), amount_fen=0), "amount_1"),
        (replace(penalty(), decision_number=" "), "decision_number_1"),
        (replace(penalty(), decided_on=date(2026, 11, 11)), "decided_on_1"),
    ):
        with pytest.raises(verification.FieldFault) as refused:
            office.fine(case, finding, penalty(), line)
        assert refused.value.field == field
    assert finding.penalty_state is PenaltyState.PENDING
    assert db.session.scalars(select(Penalty).where(Penalty.finding_id == finding.id)).all() == []


def test_a_finding_never_has_both_a_penalty_and_none(office: Office) -> None:
    case = office.case()
    finding = office.fine(case, office.find(case))

    def none(reason: str, *, decided: bool = False) -> None:
        penalties.record_no_penalty(
            case, finding.id, reason, office.actor(), AT, version=case.version, award_decided=decided
        )

    with pytest.raises(verification.ReasonMissing):
        none("")
    none("决定书已撤销")
    assert (finding.penalty_state, finding.penalties) == (PenaltyState.NONE, [])
    assert events_of(case)[-1].facts["parts"] == [{"part": "firm", "fen": 10_000_000, "on": "2026-11-09"}]
    with pytest.raises(verification.ReasonMissing):
        office.fine(case, finding)
    office.fine(case, finding, reason="又作出处罚")
    assert (finding.penalty_state, finding.no_penalty_reason) == (PenaltyState.PENALISED, "")
    with pytest.raises(findings.AwardDecided):
        none("再改", decided=True)


def test_correcting_a_penalty_leaves_old_and_new_amount_with_a_reason(office: Office) -> None:
    case = office.case()
    finding = office.fine(case, office.find(case))
    row = finding.penalties[0]

    def change(reason: str, *, decided: bool = False) -> None:
        penalties.change_penalty(
            case,
            row.id,
            penalty(10_000),
            reason,
            office.actor(),
            AT,
            version=case.version,
            zone=ZONE,
            award_decided=decided,
        )

    with pytest.raises(verification.ReasonMissing):
        change("")
    with pytest.raises(findings.AwardDecided):
        change("多打一个零", decided=True)
    change("多打一个零")
    assert row.amount_fen == 1_000_000
    event = events_of(case)[-1]
    assert (event.facts["was"]["fen"], event.facts["is"]["fen"]) == (10_000_000, 1_000_000)
    assert event.reason == "多打一个零"


def test_a_part_recorded_twice_goes_but_never_the_last_one(office: Office) -> None:
    case = office.case()
    finding = office.fine(case, office.find(case), penalty(1), penalty(1))

    def remove(row: Penalty) -> None:
        penalties.remove_penalty(
            case, row.id, "记重了", office.actor(), AT, version=case.version, award_decided=False
        )

    remove(finding.penalties[1])
    assert len(finding.penalties) == 1
    with pytest.raises(penalties.LastPart):
        remove(finding.penalties[0])


def test_a_case_closed_long_ago_still_takes_its_penalty_but_a_refuted_one_does_not(office: Office) -> None:
    case = office.case()
    finding = office.find(case)
    case.status, case.conclusion, case.is_open, case.due_at = CaseStatus.CLOSED, Conclusion.TRUE, False, None
    db.session.flush()
    office.fine(case, finding)
    assert finding.penalty_state is PenaltyState.PENALISED
    case.conclusion = Conclusion.FALSE
    db.session.flush()
    with pytest.raises(penalties.NotConfirmed):
        office.fine(case, finding)


# Conclusion and answer


@pytest.mark.parametrize("result", [Conclusion.TRUE, Conclusion.PARTLY_TRUE])
def test_what_is_confirmed_needs_a_check_and_a_finding(office: Office, result: Conclusion) -> None:
    case = office.case()
    with pytest.raises(conclusion.NoSiteCheck):
        conclude(office, case, result)
    office.check(case)
    with pytest.raises(conclusion.NoFinding):
        conclude(office, case, result)
    office.find(case)
    conclude(office, case, result)
    assert (case.conclusion, case.concluded_at, case.due_step) == (result, AT, DueStep.ANSWER)
    assert case.due_at is not None
    assert AT + timedelta(days=10) <= case.due_at <= AT + timedelta(days=12)


def test_a_case_with_findings_is_not_called_false(office: Office) -> None:
    case = office.case()
    office.find(case)
    for result in (Conclusion.FALSE, Conclusion.CANNOT_BE_CLEARED_UP):
        with pytest.raises(conclusion.FindingsStand):
            conclude(office, case, result)
    with pytest.raises(verification.Missing):
        conclude(office, office.case(), Conclusion.FALSE, " ")


def test_the_answer_reaches_every_live_reporter_and_opens_the_time_to_object(office: Office) -> None:
    case = office.case()
    case.waiting_since = AT
    second = make_report(case)
    gone = make_report(case)
    gone.withdrawn_at = AT
    db.session.flush()
    conclude(office, case, Conclusion.FALSE)
    assert not waits(case)
    case.waiting_since = AT
    with pytest.raises(verification.Missing):
        answer(office, case, "\x00 ")
    answer(office, case, "没有查实。")
    told = {report for report, kind in notices_of(case) if kind == "answer_ready"}
    assert second.id in told
    assert len(told) == 2
    assert gone.id not in told
    assert not waits(case)
    assert (case.answer, case.answered_at, case.due_step) == ("没有查实。", AT, DueStep.CLOSE)
    assert case.due_at is not None
    assert case.due_at >= AT + timedelta(days=10)


def test_no_event_of_a_verification_holds_what_was_typed_except_its_reason(office: Office) -> None:
    case = office.case()
    office.check(case)
    finding = office.find(case)
    office.fine(case, finding)
    office.order(case, finding)
    conclude(office, case)
    answer(office, case)
    written = str([(event.facts, event.reason) for event in events_of(case)])
    for typed in ("安全出口", "118", "厂长", "停产", "查实了"):
        assert typed not in written
