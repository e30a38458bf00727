"""What the database refuses of rule sets when the code is gone round, by raw SQL.

If these fail, a rule could be changed after money was paid by it, or be put in force by one person alone.
"""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, IntegrityError

from portal.cases.models import Penalty
from portal.database import db
from portal.rewards.rule_models import CaseFact, FindingFact, ReporterFact, RuleVersion
from portal.rewards.rule_steps import RuleStatus
from tests.fixtures.records import WHEN, make_person
from tests.rewards.world import AT, World, approved, proposed

TODAY = date(2026, 11, 2)


@pytest.fixture
def uploader(app: Flask) -> int:
    return make_person("何伟").id


@pytest.fixture
def second(app: Flask) -> int:
    return make_person("沈洁").id


def make_version(uploader: int, number: int = 7, **values: object) -> RuleVersion:
    """Make a version of a rule set by the model, as a draft."""
    row = RuleVersion(
        rule_id="test-city",
        version=number,
        title_zh="示例",
        title_en="Example",
        body='id = "test-city"\n',
        digest="0" * 64,
        sectors=["fire"],
        governs_by="accepted",
        effective_from=TODAY,
        uploaded_by=uploader,
        uploaded_at=WHEN,
        **{"status": RuleStatus.DRAFT, **values},
    )
    db.session.add(row)
    db.session.flush()
    return row


def refused(statement: str, **values: object) -> bool:
    """Try a statement in a savepoint; True when the database would not have it."""
    db.session.flush()
    try:
        with db.session.begin_nested():
            db.session.execute(text(statement), values)
    except DatabaseError:
        return True
    return False


ENFORCE = (
    "UPDATE rule_sets SET status='in_force', in_force_from=:first, enforced_on=:on, enforced_at=uploaded_at,"
    " enforced_by=:who WHERE id=:id"
)


def enforced(row: RuleVersion, second: int) -> int:
    assert not refused(ENFORCE, first=TODAY, on=TODAY, who=second, id=row.id)
    return row.id


@pytest.mark.parametrize(
    "change",
    [
        "body='other'",
        "digest='1'",
        "rule_id='other'",
        "version=8",
        "shipped=true",
        "governs_by='verified'",
        "title_zh='x'",
        "uploaded_by=NULL, shipped=true",
    ],
)
def test_the_text_of_a_version_is_never_changed(uploader: int, change: str) -> None:
    row = make_version(uploader)
    assert refused(f"UPDATE rule_sets SET {change} WHERE id=:id", id=row.id)
    assert not refused("UPDATE rule_sets SET row_version=9 WHERE id=:id", id=row.id)


def test_who_uploaded_does_not_put_in_force(uploader: int, second: int) -> None:
    row = make_version(uploader)
    assert refused(ENFORCE, first=TODAY, on=TODAY, who=uploader, id=row.id)
    assert not refused(ENFORCE, first=TODAY, on=TODAY, who=second, id=row.id)


def test_in_force_names_who_and_from_when(uploader: int) -> None:
    row = make_version(uploader)
    assert refused("UPDATE rule_sets SET status='in_force' WHERE id=:id", id=row.id)
    assert refused(ENFORCE, first=TODAY, on=TODAY, who=None, id=row.id)


def test_nothing_is_put_in_force_for_the_past(uploader: int, second: int) -> None:
    row = make_version(uploader)
    assert refused(ENFORCE, first=date(2026, 11, 1), on=TODAY, who=second, id=row.id)


@pytest.mark.parametrize(
    "change",
    [
        "in_force_from='2027-01-01'",
        "sectors='[]'",
        "enforced_by=NULL, status='withdrawn'",
        "status='draft'",
        "status='checked'",
        "status='library'",
    ],
)
def test_what_is_in_force_keeps_its_day_its_sectors_and_its_state(
    uploader: int, second: int, change: str
) -> None:
    key = enforced(make_version(uploader), second)
    assert refused(f"UPDATE rule_sets SET {change} WHERE id=:id", id=key)


def test_what_is_in_force_is_never_deleted_and_a_draft_may_be(uploader: int, second: int) -> None:
    draft = make_version(uploader, 8)
    key = enforced(make_version(uploader), second)
    assert refused("DELETE FROM rule_sets WHERE id=:id", id=key)
    assert not refused("DELETE FROM rule_sets WHERE id=:id", id=draft.id)


def test_an_end_belongs_to_what_is_replaced_and_comes_after_the_beginning(uploader: int, second: int) -> None:
    key = enforced(make_version(uploader), second)
    assert refused("UPDATE rule_sets SET in_force_until='2027-01-01' WHERE id=:id", id=key)
    assert refused("UPDATE rule_sets SET status='replaced' WHERE id=:id", id=key)
    replace = "UPDATE rule_sets SET status='replaced', in_force_until=:end WHERE id=:id"
    assert refused(replace, end=date(2026, 11, 1), id=key)
    assert not refused(replace, end=date(2027, 1, 1), id=key)


def test_what_governed_is_not_withdrawn_and_what_is_withdrawn_does_not_come_back(
    uploader: int, second: int
) -> None:
    key = enforced(make_version(uploader), second)
    db.session.execute(
        text("UPDATE rule_sets SET status='replaced', in_force_until='2027-01-01' WHERE id=:id"), {"id": key}
    )
    assert refused("UPDATE rule_sets SET status='withdrawn', in_force_until=NULL WHERE id=:id", id=key)
    gone = make_version(uploader, 9, status=RuleStatus.DRAFT)
    assert not refused("UPDATE rule_sets SET status='withdrawn' WHERE id=:id", id=gone.id)
    assert refused("UPDATE rule_sets SET status='draft' WHERE id=:id", id=gone.id)


def test_one_number_is_one_version(uploader: int) -> None:
    make_version(uploader)
    with pytest.raises(IntegrityError), db.session.begin_nested():
        make_version(uploader)


def test_the_number_of_a_withdrawn_version_is_free_again(uploader: int) -> None:
    row = make_version(uploader)
    assert not refused("UPDATE rule_sets SET status='withdrawn' WHERE id=:id", id=row.id)
    assert make_version(uploader).id != row.id


def test_a_version_begins_as_a_draft(uploader: int, second: int) -> None:
    with pytest.raises(DatabaseError), db.session.begin_nested():
        make_version(
            uploader,
            status=RuleStatus.IN_FORCE,
            in_force_from=TODAY,
            enforced_on=TODAY,
            enforced_at=WHEN,
            enforced_by=second,
        )


def test_what_ships_is_a_starting_point_and_not_put_in_force_itself(second: int, app: Flask) -> None:
    key = db.session.execute(
        text("SELECT id FROM rule_sets WHERE status='library' AND rule_id='national-2018'")
    ).scalar_one()
    assert refused(ENFORCE, first=TODAY, on=TODAY, who=second, id=key)


def test_a_version_that_an_award_rests_on_is_not_withdrawn(uploader: int, second: int, app: Flask) -> None:
    world = World()
    world.fund()
    award = proposed(world)
    key = enforced(make_version(uploader), second)
    withdraw = "UPDATE rule_sets SET status='withdrawn' WHERE id=:id"
    db.session.execute(
        text("UPDATE awards SET rule_id='test-city', rule_version='7' WHERE id=:id"), {"id": award.id}
    )
    assert refused(withdraw, id=key)
    db.session.execute(text("UPDATE awards SET rule_version='6' WHERE id=:id"), {"id": award.id})
    assert not refused(withdraw, id=key)


def test_the_facts_of_what_was_paid_are_not_changed(uploader: int, app: Flask) -> None:
    world = World()
    world.fund()
    award = approved(world)
    open_case = proposed(world)
    for one in (award, open_case):
        finding = db.session.execute(
            text("SELECT id FROM findings WHERE case_id=:id"), {"id": one.case_id}
        ).scalar_one()
        told = {"fact_id": "kilograms", "value": "300", "confirmed_by": uploader, "confirmed_at": AT}
        db.session.add_all(
            [
                FindingFact(finding_id=finding, **told),
                ReporterFact(report_id=one.shares[0].report_id, **told),
                CaseFact(case_id=one.case_id, **told),
            ]
        )
    db.session.flush()
    for table, column, of in (
        ("finding_facts", "finding_id", "SELECT id FROM findings WHERE case_id=:id"),
        ("reporter_facts", "report_id", "SELECT report_id FROM shares WHERE award_id=:award"),
        ("case_facts", "case_id", "SELECT id FROM cases WHERE id=:id"),
    ):
        for statement in (f"UPDATE {table} SET value='9'", f"DELETE FROM {table}"):
            sentence = f"{statement} WHERE {column} IN ({of}) AND :id + :award > 0"
            assert refused(sentence, id=award.case_id, award=award.id)
            assert not refused(sentence, id=open_case.case_id, award=open_case.id)


def test_a_penalty_is_final_and_collected_after_it_was_decided(app: Flask) -> None:
    world = World()
    award = proposed(world)
    penalty = db.session.query(Penalty).order_by(Penalty.id.desc()).first()
    assert penalty is not None
    assert award.id
    for column in ("final_on", "collected_on"):
        change = f"UPDATE penalties SET {column}=:day WHERE id=:id"
        assert refused(change, day=date(2001, 1, 1), id=penalty.id)
        assert not refused(change, day=date(2030, 1, 1), id=penalty.id)
