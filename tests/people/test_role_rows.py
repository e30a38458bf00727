"""If these fail, one person can verify, approve and pay a case by way of a second account."""

from __future__ import annotations

from itertools import combinations

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from portal.database import db
from portal.people import role_filling
from portal.people.permissions import FORBIDDEN_PAIRS, Role
from tests.fixtures.records import make_account, make_case

PAIRS = list(combinations(sorted(Role), 2))


def refused(statement: str, **values: object) -> bool:
    """Try a statement in a savepoint; True when the database would not have it."""
    db.session.flush()
    try:
        with db.session.begin_nested():
            db.session.execute(text(statement), values)
    except DatabaseError:
        return True
    return False


GRANT = "INSERT INTO role_grants (account_id, role) VALUES (:account, :role)"


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
@pytest.mark.parametrize("second_account", [False, True])
def test_the_database_knows_which_roles_one_person_may_not_hold(
    app: Flask, pair: tuple[Role, Role], second_account: bool
) -> None:
    first = make_account(pair[0])
    account = make_account(person=first.person) if second_account else first
    make_account(pair[1])  # somebody else's role is nothing to him
    assert refused(GRANT, account=account.id, role=pair[1].value) is (frozenset(pair) in FORBIDDEN_PAIRS)


def test_a_closed_account_counts_again_when_it_is_opened(app: Flask) -> None:
    closed = make_account(Role.FINANCE)
    db.session.execute(text("UPDATE accounts SET active = false WHERE id = :id"), {"id": closed.id})
    other = make_account(person=closed.person)
    assert not refused(GRANT, account=other.id, role=Role.VERIFIER.value)
    assert refused("UPDATE accounts SET active = true WHERE id = :id", id=closed.id)


def test_a_role_is_not_turned_into_another(app: Flask) -> None:
    account = make_account(Role.VERIFIER)
    assert refused("UPDATE role_grants SET role = 'finance' WHERE account_id = :id", id=account.id)


def test_there_is_no_role_that_the_code_does_not_know(app: Flask) -> None:
    assert refused(GRANT, account=make_account().id, role="everything")


def test_an_account_is_not_given_to_another_person(app: Flask) -> None:
    account, other = make_account(Role.FINANCE), make_account(Role.VERIFIER)
    statement = "UPDATE accounts SET person_id = :person WHERE id = :id"
    assert refused(statement, person=other.person_id, id=account.id)


def test_the_rows_follow_the_table(app: Flask) -> None:
    connection = db.session.connection()
    connection.execute(text("DELETE FROM role_conflicts"))
    connection.execute(text("INSERT INTO roles (code) VALUES ('caretaker')"))
    role_filling.fill(connection)
    found = {tuple(row) for row in connection.execute(text("SELECT first, second FROM role_conflicts"))}
    assert found == role_filling.conflicts()
    assert set(connection.scalars(text("SELECT code FROM roles"))) == {role.value for role in Role}


def test_who_approved_an_award_cannot_check_its_case_afterwards(app: Flask) -> None:
    case = make_case()
    approver, other = make_account(Role.FINANCE), make_account(Role.VERIFIER)
    values = {"case": case.id, "one": approver.person_id, "two": other.person_id}
    check = (
        "INSERT INTO site_checks (case_id, checked_on, officer_one_id, certificate_one, officer_two_id,"
        " certificate_two, found, recorded_by, recorded_at) SELECT :case, '2026-11-01', :one, 'a', :two, 'b',"
        " 'x', :two, opened_at FROM cases WHERE id = :case"
    )
    with db.session.begin_nested() as savepoint:
        db.session.execute(text(check), values)
        savepoint.rollback()
    db.session.execute(
        text(
            "INSERT INTO awards (number, case_id, stage, status, rule_id, rule_version, facts, derivation,"
            " computed_fen, amount_fen, choice_reason, proposed_at, decision_reason, version)"
            " SELECT 'JL-1', id, 'main', 'proposed', 'anyang', '1', '{}', '{}', 1, 1, '', opened_at, '', 1"
            " FROM cases WHERE id = :case"
        ),
        values,
    )
    db.session.execute(
        text(
            "INSERT INTO award_hands (award_id, person_id, act, at)"
            " SELECT id, :one, 'approve', proposed_at FROM awards WHERE case_id = :case"
        ),
        values,
    )
    assert refused(check, **values)
