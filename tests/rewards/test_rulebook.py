"""If these fail, a case is paid by the wrong rule: one of another city's trade, or one that came later."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event, select

from portal.cases.models import Case, Finding, FindingKind
from portal.clock import city_date, city_midnight
from portal.database import db
from portal.rewards import rulebook
from portal.rewards.rule_models import RuleVersion
from tests.fixtures.records import make_case
from tests.fixtures.rule_texts import rule_text
from tests.rewards.test_rule_versions import Office
from tests.rewards.world import AT

TODAY = city_date(AT)


@pytest.fixture
def office(app: Flask) -> Office:
    return Office()


def case_with(*kinds: FindingKind, sector: str = "hazchem", days: int = 0) -> tuple[Case, list[Finding]]:
    """A case accepted some days after today, with findings of these kinds, not yet in the database."""
    case = make_case(sector=sector, opened_at=AT)
    case.accepted_at = city_midnight(TODAY + timedelta(days=days))
    findings = [Finding(kind=kind, recorded_at=AT, penalties=[]) for kind in kinds]
    return case, findings


def named(case: Case, findings: list[Finding]) -> str:
    rules = rulebook.governing(case, findings)
    return f"{rules.id}@{rules.version}" if rules else ""


ILLEGAL, MAJOR, WELDING = FindingKind.ILLEGAL_ACT, FindingKind.MAJOR_HAZARD, FindingKind.WELDING_VIOLATION


def test_the_founding_rule_governs_until_a_city_has_its_own(app: Flask) -> None:
    assert named(*case_with(ILLEGAL)) == "anyang@1"


def test_the_rule_of_a_trade_goes_before_the_general_one_in_its_trade_alone(office: Office) -> None:
    office.in_force(rule_text(), TODAY, ("hazchem",))
    assert named(*case_with(ILLEGAL)) == "test-city@1"
    assert named(*case_with(ILLEGAL, sector="fire")) == "anyang@1"


def test_a_rule_governs_from_its_first_day_on_whatever_comes_later(office: Office) -> None:
    office.in_force(rule_text(), TODAY + timedelta(days=2), ("hazchem",))
    office.in_force(rule_text(version=2), TODAY + timedelta(days=6), ("hazchem",))
    expected = {1: "anyang@1", 2: "test-city@1", 5: "test-city@1", 6: "test-city@2", 400: "test-city@2"}
    assert {days: named(*case_with(ILLEGAL, days=days)) for days in expected} == expected


def test_a_rule_governs_by_the_day_that_it_names(office: Office) -> None:
    office.in_force(rule_text(governs_by="verified"), TODAY + timedelta(days=2), ("hazchem",))
    case, findings = case_with(ILLEGAL, days=0)
    assert named(case, findings) == "anyang@1"
    findings[0].recorded_at = AT + timedelta(days=3)
    assert named(case, findings) == "test-city@1"


def test_what_a_rule_does_not_cover_is_left_to_the_next_one(office: Office) -> None:
    office.in_force(rule_text(kinds=("illegal_act",)), TODAY, ("hazchem",))
    assert named(*case_with(WELDING)) == "anyang@1"
    assert named(*case_with(ILLEGAL)) == "test-city@1"


def test_a_rule_that_covers_all_that_was_found_goes_before_one_that_covers_a_part(office: Office) -> None:
    office.in_force(rule_text(kinds=("illegal_act",)), TODAY, ("hazchem",))
    assert named(*case_with(ILLEGAL, MAJOR)) == "anyang@1"
    assert named(*case_with(ILLEGAL, FindingKind.ORDINARY_HAZARD)) == "test-city@1"


def test_between_two_general_rules_the_later_one_governs(office: Office) -> None:
    office.in_force(rule_text())
    assert named(*case_with(ILLEGAL)) == "test-city@1"


def test_a_version_is_found_as_awards_name_it(office: Office) -> None:
    office.in_force(rule_text(), TODAY, ("hazchem",))
    assert rulebook.at("test-city", "1").sectors == ("hazchem",)
    for wrong in ("2", "x", ""):
        with pytest.raises(KeyError):
            rulebook.at("test-city", wrong)


def test_what_governs_takes_one_small_query_once_it_was_read(office: Office, app: Flask) -> None:
    for number in range(1, 6):
        office.in_force(rule_text(f"city-{number}"), TODAY, ("hazchem",))
    case, findings = case_with(ILLEGAL)
    named(case, findings)
    seen: list[str] = []

    def note(_c: object, _cu: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        named(case, findings)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert len(seen) == 1
    assert "body" not in seen[0]


def test_the_same_text_is_parsed_once_and_another_one_anew(office: Office) -> None:
    row = office.in_force(rule_text(), TODAY, ("hazchem",))
    first = rulebook.at("test-city", 1)
    assert rulebook.at("test-city", 1).entries is first.entries
    later = office.in_force(rule_text(version=2, rate="40%"), TODAY, ("hazchem",))
    assert rulebook.rules_of_row(later).entries != first.entries
    found = db.session.scalars(select(RuleVersion).where(RuleVersion.id == row.id)).one()
    assert found.digest != later.digest
