"""If these fail one person is paid again and again under several reports, or equality tells a name."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask, current_app
from sqlalchemy import text
from sqlalchemy.orm import Session

from portal import clock
from portal.database import db
from portal.reports.models import Report
from portal.vault.asking import payments_to_same_person, same_person
from portal.vault.client import VaultRefused
from portal.vault.fields import keep_fields
from portal.vault.groups import FieldGroup
from portal.vault.models import BlindIndex
from portal.vault.pace import EQUALITY_A_MINUTE, Pace
from portal.vault.refusals import Why
from tests.fixtures.records import make_report
from tests.fixtures.vault import vault_keys
from tests.rewards.world import World, bank_says, claimed


@pytest.fixture
def world(app: Flask) -> World:
    made = World()
    made.fund()
    return made


def report_of(group: FieldGroup, **fields: str) -> Report:
    report = make_report()
    seal(report, group, **fields)
    return report


def seal(report: Report, group: FieldGroup, **fields: str) -> None:
    keep_fields(current_app.extensions["portal_keyring"], report.id, report.uuid, group, fields, clock.now())
    db.session.commit()


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ({"id_number": "41050219900101123X"}, {"id_number": "４１０５０２ 19900101 123x"}, True),
        ({"id_number": "41050219900101123X"}, {"id_number": "410502199001011230"}, False),
        (
            {"name": "王 芳芳", "telephone": "+86 138-0013-8000"},
            {"name": "王芳芳", "telephone": "13800138000"},
            True,
        ),
        (
            {"name": "王芳芳", "telephone": "13800138000"},
            {"name": "王芳芳", "telephone": "13800138001"},
            False,
        ),
        ({"name": "王芳芳"}, {"name": "王芳芳"}, False),
        ({}, {}, False),
    ],
)
def test_two_reports_of_one_person_are_known_as_such_without_reading(
    app: Flask, first: dict[str, str], second: dict[str, str], same: bool
) -> None:
    one, two = (report_of(FieldGroup.LEGAL, works_there="no", **fields) for fields in (first, second))
    assert same_person(one.id, two.id) is same
    assert same_person(two.id, one.id) is same


def test_one_account_for_two_reports_is_one_person(app: Flask) -> None:
    one = report_of(FieldGroup.PAYEE, holder="王芳", bank="x", account="6217 0000 0000 0000")
    two = report_of(FieldGroup.PAYEE, holder="李四", bank="y", account="6217000000000000")
    three = report_of(FieldGroup.PAYEE, holder="王芳", bank="x", account="6217000000000001")
    assert same_person(one.id, two.id)
    assert not same_person(one.id, three.id)


def test_what_was_sealed_anew_counts_anew(app: Flask) -> None:
    one = report_of(FieldGroup.PAYEE, account="6217000000000000")
    two = report_of(FieldGroup.PAYEE, account="6217000000000000")
    assert same_person(one.id, two.id)
    seal(two, FieldGroup.PAYEE, account="6217000000000009")
    assert not same_person(one.id, two.id)


def test_a_number_of_one_kind_is_never_equal_to_one_of_another(app: Flask) -> None:
    """Otherwise the table would tell that somebody's account is somebody's telephone."""
    one = report_of(FieldGroup.LEGAL, id_number="13800138000")
    two = report_of(FieldGroup.PAYEE, account="13800138000")
    assert not same_person(one.id, two.id)


def test_the_table_holds_digests_under_a_key_that_only_the_vault_has(app: Flask, session: Session) -> None:
    report_of(FieldGroup.LEGAL, id_number="41050219900101123X", name="王芳芳", telephone="13800138000")
    report_of(FieldGroup.CONTACT, telephone="13800138000", email="")
    same_person(1, 2)
    rows = session.query(BlindIndex).all()
    assert {row.purpose for row in rows} == {"person", "name", "telephone"}
    assert all(len(row.digest) == 32 for row in rows)
    secret = vault_keys(app).index[0].secret
    assert secret not in current_app.extensions["portal_keyring"].derive("form", "x")
    dump = repr(session.execute(text("SELECT * FROM blind_indexes")).all())
    for value in ("41050219900101123X", "王芳芳", "13800138000"):
        assert value not in dump


def test_payments_to_one_person_are_counted_over_all_reports(world: World, app: Flask) -> None:
    share = claimed(world)
    bank_says(world, share)
    db.session.commit()
    since = clock.now() - timedelta(days=36500)
    kind = share.award.derivation["kind"]
    assert payments_to_same_person(share.report_id, since) == [(kind, share.amount_fen)]
    stranger = report_of(FieldGroup.PAYEE, account="6217000000000009")
    assert payments_to_same_person(stranger.id, since) == []
    assert payments_to_same_person(share.report_id, clock.now() + timedelta(days=1)) == []


def test_who_asks_about_everybody_is_stopped(app: Flask) -> None:
    """A taken desk would learn which reports come from one hand."""
    told: list[Why] = []
    for number in range(EQUALITY_A_MINUTE + 20):
        try:
            same_person(1, number + 2)
        except VaultRefused as refused:
            told.append(refused.why)
    assert set(told) == {Why.BUSY}
    assert told


def test_the_pace_comes_back_with_time() -> None:
    now = [0.0]
    pace = Pace(60, lambda: now[0])
    assert [pace.take() for _ in range(61)] == [True] * 60 + [False]
    now[0] = 2.0
    assert [pace.take() for _ in range(3)] == [True, True, False]
    now[0] = 3600.0
    assert sum(pace.take() for _ in range(100)) == 60
