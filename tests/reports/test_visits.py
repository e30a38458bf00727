"""If these fail, a visit stays open for whoever picks up the telephone, or shuts while somebody writes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Select, func, select

from portal import clock
from portal.database import db, set_read_only
from portal.reports import receipt, visits
from portal.reports.models import Report, Visit
from portal.reports.visits import CodeInText
from tests.fixtures.records import WHEN
from tests.fixtures.visitors import make_receipt

MINUTE = timedelta(minutes=1)


def test_the_database_keeps_a_digest_of_the_token_and_nothing_of_the_code(app: Flask) -> None:
    report, code = make_receipt()
    token = visits.begin(report, WHEN)
    db.session.commit()
    row = db.session.scalars(select(Visit)).one()
    assert token.encode() not in row.token_digest
    assert len(row.token_digest) == 32
    assert code.encode() not in report.receipt_digest


def test_tokens_are_long_and_never_the_same(app: Flask) -> None:
    report, _ = make_receipt()
    tokens = {visits.begin(report, WHEN) for _ in range(50)}
    assert len(tokens) == 50
    assert min(map(len, tokens)) >= 43


@pytest.mark.parametrize(
    ("idle", "open_"),
    [(timedelta(0), True), (15 * MINUTE, True), (15 * MINUTE + timedelta(seconds=1), False)],
)
def test_a_visit_is_open_for_fifteen_idle_minutes(app: Flask, idle: timedelta, open_: bool) -> None:
    report, _ = make_receipt()
    token = visits.begin(report, WHEN)
    db.session.commit()
    assert (visits.current(token, WHEN + idle) is not None) is open_


def test_last_seen_is_written_once_a_minute_and_also_by_a_page_that_only_reads(app: Flask) -> None:
    report, _ = make_receipt()
    token = visits.begin(report, WHEN)
    db.session.commit()

    def seen() -> object:
        return db.session.scalar(select(Visit.seen_at))

    visits.current(token, WHEN + timedelta(seconds=59))
    db.session.commit()
    assert seen() == WHEN
    set_read_only(True)
    visits.current(token, WHEN + 2 * MINUTE)
    db.session.commit()
    set_read_only(False)
    assert seen() == WHEN + 2 * MINUTE


def test_an_ended_visit_opens_nothing_and_another_one_stays(app: Flask) -> None:
    report, _ = make_receipt()
    gone, kept = visits.begin(report, WHEN), visits.begin(report, WHEN)
    visits.end(gone, WHEN)
    db.session.commit()
    assert visits.current(gone, WHEN) is None
    assert visits.current(kept, WHEN) is not None


def test_a_replaced_code_ends_every_visit_of_its_report_and_no_other(app: Flask) -> None:
    one, _ = make_receipt()
    two, _ = make_receipt()
    first, second, other = visits.begin(one, WHEN), visits.begin(one, WHEN), visits.begin(two, WHEN)
    visits.end_all(one.id, WHEN)
    db.session.commit()
    assert [visits.current(token, WHEN) is None for token in (first, second, other)] == [True, True, False]


def test_the_purge_leaves_open_visits_and_no_trace_of_the_others(app: Flask) -> None:
    report, _ = make_receipt()
    ended, idle, fresh = (visits.begin(report, WHEN - back * MINUTE) for back in (1, 20, 0))
    visits.end(ended, WHEN)
    db.session.commit()
    with clock.frozen(WHEN):
        visits.purge()
    assert visits.current(fresh, WHEN) is not None
    assert visits.current(idle, WHEN) is None
    assert db.session.scalar(select(func.count()).select_from(Visit)) == 1


def test_the_code_is_confirmed_however_it_is_typed_and_no_other_is(app: Flask) -> None:
    report, code = make_receipt()
    _, other = make_receipt()
    token = visits.begin(report, WHEN)
    db.session.commit()
    visit = visits.current(token, WHEN)
    assert visit is not None
    assert visits.confirm_code(visit, " ".join(receipt.groups(code.lower())))
    for wrong in (other, code[:-1], "", "\x00", receipt.mint()):
        assert not visits.confirm_code(visit, wrong)


def test_a_text_with_the_code_is_refused_however_it_is_written(app: Flask) -> None:
    report, code = make_receipt()
    _, other = make_receipt()
    for shape in (code, code.lower(), "-".join(receipt.groups(code)), "、".join(code)):
        with pytest.raises(CodeInText):
            visits.check_no_code(report, f"我的查询码是 {shape}，请查")
    visits.check_no_code(report, f"编号 {report.number}，{code[:20]}，{other}")


def test_right_wrong_and_mistyped_codes_ask_the_database_the_same(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, code = make_receipt()
    asked: list[str] = []
    scalar = db.session.scalar

    def asking(query: Select[tuple[Report]]) -> object:
        asked.append(str(query))
        return scalar(query)

    monkeypatch.setattr(db.session, "scalar", asking, raising=False)
    for typed in (code, receipt.mint(), "nonsense", ""):
        visits.find_report(typed)
    assert len(asked) == 4
    assert len(set(asked)) == 1
