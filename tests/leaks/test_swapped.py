"""Sealed entries moved by hand in the database: if these fail, money goes to whoever can write a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from portal import clock
from portal.audit.models import Event
from portal.cases.models import Case
from portal.database import db
from portal.notices.models import Notice
from portal.notices.outbox import NoticeKind
from portal.people.models import Account
from portal.people.permissions import Role
from portal.reports.damage import ACTION, is_damaged
from portal.reports.models import Report
from portal.rewards.models import Payout, PayoutState, Share
from portal.rewards.payouts import PayeeDamaged
from portal.rewards.shares import claim
from portal.vault.fields import add_told, keep_fields
from portal.vault.groups import FieldGroup
from portal.vault.models import SealedField
from tests.fixtures.desk import hidden
from tests.fixtures.records import make_account, sign_in
from tests.fixtures.staff import csrf_of
from tests.rewards.world import AT, World, bank_says, claimed, keyring, luhn_card, payee

# What the vault and the pages do is the same on both; both databases are asked in the long runs.
DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.assure)]
pytestmark = pytest.mark.parametrize("app", DATABASES, indirect=True)
DAMAGED = "这里密封的内容打不开：内容被改动，或缺少密钥。"
MINE, THEIRS = luhn_card("622202020011223"), luhn_card("622202029977553")
GROUPS = (FieldGroup.CONTACT, FieldGroup.LEGAL, FieldGroup.PAYEE, FieldGroup.TOLD)


@dataclass
class Two:
    """Two claimed rewards of two reporters, with something sealed in every group of both."""

    world: World
    shares: list[Share]
    auditor: Account
    administrator: Account

    @property
    def reports(self) -> list[Report]:
        return [db.session.get_one(Report, share.report_id) for share in self.shares]


@pytest.fixture
def two(app: Flask) -> Two:
    world = World()
    world.fund()
    shares = [claimed(world), claimed(world)]
    made = Two(world, shares, make_account(Role.AUDITOR), make_account(Role.ADMINISTRATOR))
    for report, card in zip(made.reports, (MINE, THEIRS), strict=True):
        claim(report, payee(card), AT, keyring())
        telephone = {"telephone": f"1991700{report.id:04d}"}
        keep_fields(keyring(), report.id, report.uuid, FieldGroup.CONTACT, telephone, AT)
        add_told(keyring(), report.id, report.uuid, {"narrative 1": f"1991900{report.id:04d}"}, AT)
    db.session.commit()
    return made


def row(report: Report, group: FieldGroup) -> int:
    """The key of a sealed row."""
    query = select(SealedField.id).where(SealedField.report_id == report.id, SealedField.field_group == group)
    return db.session.scalars(query).one()


def run(statement: str, **values: object) -> None:
    """What somebody with the database's own password writes."""
    db.session.execute(text(statement), values)
    db.session.commit()
    db.session.expire_all()


def exchange(table: str, columns: list[str], key: str, first: int, second: int) -> None:
    """Exchange these columns of two rows."""
    names = ", ".join(columns)
    query = text(f"SELECT {names} FROM {table} WHERE {key} = :id")
    rows = {one: db.session.execute(query, {"id": one}).one()._mapping for one in (first, second)}
    sets = ", ".join(f"{column} = :{column}" for column in columns)
    for here, there in ((first, second), (second, first)):
        run(f"UPDATE {table} SET {sets} WHERE {key} = :id", id=here, **rows[there])


def between_rows(two: Two, group: FieldGroup) -> None:
    """My ciphertext and its key into the other's row."""
    one, other = (row(report, group) for report in two.reports)
    exchange("sealed_fields", ["blob"], "id", one, other)
    exchange("sealed_keys", ["key_id", "wrap"], "field_id", one, other)


def ciphertext_alone(two: Two, group: FieldGroup) -> None:
    one, other = (row(report, group) for report in two.reports)
    exchange("sealed_fields", ["blob"], "id", one, other)


def key_alone(two: Two, group: FieldGroup) -> None:
    one, other = (row(report, group) for report in two.reports)
    exchange("sealed_keys", ["key_id", "wrap"], "field_id", one, other)


def between_reports(two: Two, group: FieldGroup) -> None:
    """The whole rows exchange their reports; for a moment one of them carries another version."""
    one, other = two.reports
    first, second = row(one, group), row(other, group)
    run(
        "UPDATE sealed_fields SET report_id = :to, version = version + 1 WHERE id = :id",
        to=other.id,
        id=first,
    )
    run("UPDATE sealed_fields SET report_id = :to WHERE id = :id", to=one.id, id=second)
    run("UPDATE sealed_fields SET version = version - 1 WHERE id = :id", id=first)


def between_fields(two: Two, group: FieldGroup) -> None:
    """What is sealed in another group of the same report."""
    report = two.reports[0]
    besides = next(one for one in GROUPS if one is not group)
    one, other = row(report, group), row(report, besides)
    exchange("sealed_fields", ["blob", "version"], "id", one, other)
    exchange("sealed_keys", ["key_id", "wrap"], "field_id", one, other)


def other_version(two: Two, group: FieldGroup) -> None:
    """An earlier text under the number of a later one."""
    run("UPDATE sealed_fields SET version = version + 1 WHERE id = :id", id=row(two.reports[0], group))


def one_bit(two: Two, group: FieldGroup) -> None:
    key = row(two.reports[0], group)
    blob = bytearray(db.session.get_one(SealedField, key).blob)
    blob[-1] ^= 1
    run("UPDATE sealed_fields SET blob = :blob WHERE id = :id", blob=bytes(blob), id=key)


Swap = Callable[[Two, FieldGroup], None]
SWAPS: tuple[Swap, ...] = (
    between_rows,
    between_reports,
    between_fields,
    ciphertext_alone,
    key_alone,
    other_version,
    one_bit,
)


READER = {FieldGroup.CONTACT: Role.INTAKE_OFFICER, FieldGroup.PAYEE: Role.CASHIER}
WHY = {"because": "other_reason", "reason": "核对举报人的情况"}


def look(client: FlaskClient, two: Two, group: FieldGroup) -> str:
    """Open a group of the first report as its reader does; returns the page."""
    share, report = two.shares[0], two.reports[0]
    sign_in(client, make_account(READER.get(group, Role.IDENTITY_OFFICER)))
    case = db.session.get_one(Case, report.case_id).number
    path = {
        FieldGroup.CONTACT: f"/desk/cases/{case}/contact/{report.number}",
        FieldGroup.LEGAL: f"/desk/identity/{report.number}/name",
        FieldGroup.PAYEE: f"/desk/payouts/{share.award.number}/payee",
        FieldGroup.TOLD: "/desk/cut-out",
    }[group]
    form = {"csrf_token": csrf_of(client, "/desk/account"), "number": report.number, **WHY}
    return client.post(path, data=form).text


@pytest.mark.parametrize(
    ("group", "swap"),
    [(FieldGroup.PAYEE, swap) for swap in SWAPS[:3]]
    + [(group, between_rows) for group in GROUPS if group is not FieldGroup.PAYEE]
    + [pytest.param(group, swap, marks=pytest.mark.assure) for group in GROUPS for swap in SWAPS[1:]],
    ids=lambda one: getattr(one, "__name__", one),
)
def test_what_was_moved_is_refused_on_its_page_and_somebody_is_told(
    app: Flask, client: FlaskClient, two: Two, group: FieldGroup, swap: Swap
) -> None:
    swap(two, group)
    page = look(client, two, group)
    assert DAMAGED in page
    for secret in (MINE, THEIRS, "1991700", "1991900", "赵明"):
        assert secret not in page
    noted = db.session.scalars(select(Event).where(Event.action == ACTION)).one()
    assert (noted.report_id, noted.facts) == (two.reports[0].id, {"group": group.value})
    told = select(Notice.account_id).where(Notice.kind == NoticeKind.SEALED_DAMAGED.value)
    assert set(db.session.scalars(told)) == {two.auditor.id, two.administrator.id}


def test_what_was_not_moved_opens(app: Flask, client: FlaskClient, two: Two) -> None:
    """The positive control: the same page shows the account where nobody wrote into the row."""
    assert MINE in look(client, two, FieldGroup.PAYEE).replace(" ", "")
    assert db.session.scalars(select(Event).where(Event.action == ACTION)).all() == []


def test_an_account_that_does_not_open_is_not_paid_until_another_one_is_given(
    app: Flask, client: FlaskClient, two: Two
) -> None:
    one, share = two.reports[0], two.shares[0]
    between_rows(two, FieldGroup.PAYEE)
    look(client, two, FieldGroup.PAYEE)
    db.session.refresh(share)
    with pytest.raises(PayeeDamaged):
        bank_says(two.world, share)
    db.session.rollback()
    assert bank_says(two.world, two.shares[1]).state is PayoutState.PAID
    claim(one, payee(MINE), clock.now(), keyring())
    db.session.commit()
    assert bank_says(two.world, share).state is PayoutState.PAID


def test_what_the_operator_put_right_is_paid_after_it_was_opened(
    app: Flask, client: FlaskClient, two: Two
) -> None:
    one_bit(two, FieldGroup.PAYEE)
    look(client, two, FieldGroup.PAYEE)
    assert is_damaged(two.reports[0].id, FieldGroup.PAYEE)
    one_bit(two, FieldGroup.PAYEE)
    assert MINE in look(client, two, FieldGroup.PAYEE).replace(" ", "")
    assert not is_damaged(two.reports[0].id, FieldGroup.PAYEE)


def test_the_cashier_reads_why_nothing_was_paid(app: Flask, client: FlaskClient, two: Two) -> None:
    key_alone(two, FieldGroup.PAYEE)
    look(client, two, FieldGroup.PAYEE)
    number = two.shares[0].award.number
    path = f"/desk/payouts/{number}"
    shown = client.get(path).text
    form = {**hidden(shown), "state": "paid", "reference": "HX1", "paid_on": "2026-11-10"}
    answer = client.post(path, data=form)
    assert answer.status_code == 409
    assert "这笔奖励密封的账户打不开" in answer.text
    assert db.session.scalars(select(Payout)).all() == []


def test_the_same_damage_is_told_once_a_day_and_noted_each_time(
    app: Flask, client: FlaskClient, two: Two
) -> None:
    one_bit(two, FieldGroup.LEGAL)
    for _ in range(2):
        look(client, two, FieldGroup.LEGAL)
    assert len(db.session.scalars(select(Event).where(Event.action == ACTION)).all()) == 2
    told = select(Notice).where(Notice.kind == NoticeKind.SEALED_DAMAGED.value)
    assert len(db.session.scalars(told).all()) == 2


@pytest.mark.parametrize("column", ["uuid", "number", "submission_id"])
def test_a_report_keeps_the_name_that_its_seals_are_bound_to(two: Two, column: str) -> None:
    """Otherwise rows moved together with it would open in another report."""
    report = two.reports[0]
    with pytest.raises(DatabaseError, match="written once"):
        run(f"UPDATE reports SET {column} = :new WHERE id = :id", new="f" * 20, id=report.id)
    db.session.rollback()
