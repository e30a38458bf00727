"""Filing: if it failed, a report would be lost, doubled, or would carry a name that anybody can read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from portal.audit.models import Event
from portal.cases import filing as cases
from portal.cases.filing import Filed, NoFreeNumber, Outcome, file_report, find_filed
from portal.cases.models import Case
from portal.cases.steps import CaseStatus, DueStep
from portal.database import db
from portal.evidence import staging
from portal.evidence.models import CleanState, Evidence, StagedFile
from portal.evidence.staging import Received
from portal.notices.models import Delivery, Notice
from portal.people.actor import REPORTER
from portal.reports import receipt
from portal.reports.filing import Filing
from portal.reports.models import Channel, DangerNow, IdentityCheck, Message, Question, RealName, Report
from portal.vault.keys import Keyring, Purpose
from portal.vault.models import FieldGroup, SealedField
from tests.fixtures.records import make_district, make_report
from tests.fixtures.vault import opened

AT = datetime(2026, 11, 2, 1, 30, tzinfo=UTC)
LATER = AT + timedelta(minutes=5)
NAMED: dict[str, Any] = {
    "name": "王芳芳",
    "telephone": "13812345678",
    "email": "w@example.com",
    "works_there": True,
}


@pytest.fixture
def ring(app: Flask) -> Keyring:
    ring: Keyring = app.extensions["portal_keyring"]
    return ring


def make_filing(**told: Any) -> Filing:
    return Filing(**{"narrative": "东侧安全出口一直用木料堵着。", "sector": "fire", **told})


def send(app: Flask, filing: Filing, at: datetime = AT) -> Filed:
    filed = file_report(
        filing,
        actor=REPORTER,
        at=at,
        ring=app.extensions["portal_keyring"],
        settings=app.extensions["portal_settings"],
    )
    db.session.commit()
    return filed


def count(model: type[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


@contextmanager
def counted(session: Session) -> Iterator[list[str]]:
    """Count the statements of the block."""
    seen: list[str] = []
    engine = session.connection().engine

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_a_report_and_its_case_come_into_being_together(app: Flask, session: Session) -> None:
    make_report()
    district = make_district()
    filing = make_filing(
        district_id=district.id, danger_now=DangerNow.NOW, subject_name="安禾家具", address="工业北路 27 号"
    )
    filed = send(app, filing)
    report, case = session.get_one(Report, filed.report_id), session.get_one(Case, filed.case_id)
    assert filed.outcome is Outcome.NEW
    assert re.fullmatch(r"AY-2026-\d{6}", filed.number)
    assert report.number == case.number == filed.number
    assert (case.status, case.is_open, case.due_step) == (CaseStatus.RECEIVED, True, DueStep.ACCEPT)
    assert case.due_at == datetime(2026, 11, 9, 9, 30, tzinfo=UTC)
    assert (case.title, case.sector, case.danger_now) == ("东侧安全出口一直用木料堵着", "fire", True)
    assert (case.subject_name, case.address, case.district_id) == ("安禾家具", "工业北路 27 号", district.id)
    assert report.case_id == report.origin_case_id == case.id
    assert report.real_name is RealName.NONE


def test_the_receipt_code_is_kept_only_as_a_keyed_digest(app: Flask, session: Session, ring: Keyring) -> None:
    filing = make_filing()
    report = session.get_one(Report, send(app, filing).report_id)
    key_id, secret = ring.current(Purpose.RECEIPT)
    assert report.receipt_key_id == key_id
    assert report.receipt_digest == receipt.digest(filing.receipt_code, secret)


def test_an_event_and_a_notice_stand_beside_the_report(app: Flask, session: Session) -> None:
    filed = send(app, make_filing(alert_channel="sms", alert_address="13900001111"))
    event_row = session.scalars(select(Event).where(Event.report_id == filed.report_id)).one()
    assert (event_row.action, event_row.to_status) == ("report_received", "received")
    assert event_row.facts["channel"] == "portal"
    notice = session.scalars(select(Notice).where(Notice.report_id == filed.report_id)).one()
    delivery = session.scalars(select(Delivery).where(Delivery.notice_id == notice.id)).one()
    assert (notice.kind, delivery.channel) == ("report_received", "sms")


def test_who_reports_is_sealed_in_three_groups_that_open_apart(
    app: Flask, session: Session, ring: Keyring
) -> None:
    filed = send(app, make_filing(**NAMED, alert_channel="email", alert_address="alert@example.com"))
    report = session.get_one(Report, filed.report_id)
    rows = session.scalars(select(SealedField).where(SealedField.report_id == report.id)).all()
    assert {row.field_group: opened(report, row.field_group) for row in rows} == {
        FieldGroup.CONTACT: {"telephone": "13812345678", "email": "w@example.com"},
        FieldGroup.ALERT: {"channel": "email", "address": "alert@example.com"},
        FieldGroup.LEGAL: {"name": "王芳芳", "works_there": "yes"},
    }
    assert report.real_name is RealName.DECLARED
    assert filed.has_name


def test_both_questions_are_asked_of_every_name_so_that_they_give_nothing_away(
    app: Flask, session: Session
) -> None:
    for works_there in (True, False):
        filed = send(app, make_filing(**{**NAMED, "works_there": works_there}))
        asked = session.scalars(
            select(IdentityCheck.question).where(IdentityCheck.report_id == filed.report_id)
        )
        assert set(asked) == set(Question)
    anonymous = send(app, make_filing())
    asked_of = select(IdentityCheck).where(IdentityCheck.report_id == anonymous.report_id)
    assert session.scalars(asked_of).all() == []


def test_nothing_of_the_reporter_lies_open_in_any_table(app: Flask, session: Session) -> None:
    send(app, make_filing(**NAMED, alert_channel="sms", alert_address="13900001111"))
    for table in db.metadata.sorted_tables:
        for row in session.execute(select(table)):
            shown = " ".join(str(value) for value in row)
            for secret in ("王芳芳", "13812345678", "w@example.com", "13900001111"):
                assert secret not in shown, table.name


def test_staged_files_become_evidence_once_and_in_order(app: Flask, session: Session) -> None:
    filing = make_filing()
    first, second = Received("image/jpeg", 10, "a" * 64), Received("application/pdf", 20, "b" * 64)
    staging.stage(filing.submission_id, [first], AT)
    staging.stage("f" * 32, [Received("image/png", 5, "c" * 64)], AT)
    filed = send(app, replace(filing, files=(first, second)))
    rows = session.scalars(
        select(Evidence).where(Evidence.report_id == filed.report_id).order_by(Evidence.position)
    ).all()
    assert [(row.digest[0], row.position, row.clean_state) for row in rows] == [
        ("a", 1, CleanState.PENDING),
        ("b", 2, CleanState.PENDING),
    ]
    assert filed.evidence_ids == tuple(row.id for row in rows)
    assert [row.submission_id for row in session.scalars(select(StagedFile))] == ["f" * 32]


def test_the_same_form_sent_again_changes_nothing(app: Flask, session: Session) -> None:
    filing = make_filing(files=(Received("image/jpeg", 10, "a" * 64),))
    first = send(app, filing)
    before = [count(model) for model in (Report, Case, Event, Notice, Message, Evidence)]
    again = send(app, filing, LATER)
    assert (again.number, again.outcome, again.evidence_ids) == (first.number, Outcome.SAME, ())
    assert again.received_at == AT
    assert [count(model) for model in (Report, Case, Event, Notice, Message, Evidence)] == before


def test_the_same_form_with_another_body_adds_the_difference_once(app: Flask, session: Session) -> None:
    filing = make_filing()
    filed = send(app, filing)
    changed = replace(
        filing, narrative="还有一个出口也堵了。", address="东门", files=(Received("image/png", 5, "d" * 64),)
    )
    with app.test_request_context():
        added = send(app, changed, LATER)
        assert send(app, changed, LATER + timedelta(minutes=1)).outcome is Outcome.SAME
    assert (added.outcome, added.number) == (Outcome.ADDED, filed.number)
    (message,) = session.scalars(select(Message).where(Message.report_id == filed.report_id)).all()
    assert "还有一个出口也堵了。" in message.text
    assert "东门" in message.text
    assert session.get_one(Report, filed.report_id).narrative == filing.narrative
    assert len(added.evidence_ids) == 1


def test_a_long_second_body_fits_into_messages(app: Flask, session: Session) -> None:
    filing = make_filing()
    filed = send(app, filing)
    with app.test_request_context():
        send(app, replace(filing, narrative="堵" * 5000), LATER)
    texts = session.scalars(
        select(Message.text).where(Message.report_id == filed.report_id).order_by(Message.id)
    ).all()
    assert "".join(texts) == "堵" * 5000


def test_a_name_that_comes_with_the_second_sending_is_sealed_but_never_replaces_one(
    app: Flask, session: Session, ring: Keyring
) -> None:
    filing = make_filing()
    send(app, filing)
    with app.test_request_context():
        named = send(app, replace(filing, **NAMED), LATER)
        assert named.outcome is Outcome.ADDED
        send(app, replace(filing, **{**NAMED, "name": "李四"}), LATER)
    report = session.get_one(Report, named.report_id)
    assert opened(report, FieldGroup.LEGAL)["name"] == "王芳芳"
    assert report.real_name is RealName.DECLARED


def test_a_name_that_comes_later_leaves_the_address_for_alerts_as_it_was(
    app: Flask, session: Session, ring: Keyring
) -> None:
    filing = make_filing(alert_channel="sms", alert_address="13900001111")
    send(app, filing)
    with app.test_request_context():
        changed = replace(filing, **NAMED, alert_channel="email")
        named = send(app, replace(changed, alert_address="other@example.com"), LATER)
    report = session.get_one(Report, named.report_id)
    assert opened(report, FieldGroup.ALERT)["address"] == "13900001111"
    assert opened(report, FieldGroup.LEGAL)["name"] == "王芳芳"
    assert (report.alert_channel, report.real_name) == ("sms", RealName.DECLARED)


def test_no_more_than_nine_files_whatever_is_sent_again(app: Flask, session: Session) -> None:
    files = tuple(Received("image/png", 5, f"{n:064x}") for n in range(12))
    filing = make_filing(files=files[:7])
    filed = send(app, filing)
    again = send(app, replace(filing, files=files), LATER)
    assert len(again.evidence_ids) == 2
    positions = session.scalars(
        select(Evidence.position).where(Evidence.report_id == filed.report_id).order_by(Evidence.position)
    ).all()
    assert positions == list(range(1, 10))


def test_a_taken_number_is_drawn_again(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = send(app, make_filing()).number
    draws = iter([taken, taken, "AY-2026-000007"])
    monkeypatch.setattr(cases, "new_number", lambda *_args: next(draws))
    assert send(app, make_filing()).number == "AY-2026-000007"


def test_numbers_that_collide_for_ever_end_in_a_sentence(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = send(app, make_filing()).number
    monkeypatch.setattr(cases, "new_number", lambda *_args: taken)
    with pytest.raises(NoFreeNumber):
        send(app, make_filing())


def test_numbers_are_random(app: Flask) -> None:
    numbers = [int(send(app, make_filing()).number.rsplit("-", 1)[1]) for _ in range(12)]
    assert len(set(numbers)) == 12
    assert any(b - a != numbers[1] - numbers[0] for a, b in pairwise(numbers[1:]))


def test_a_report_typed_in_by_an_officer_says_that_staff_know_the_code(app: Flask, session: Session) -> None:
    filed = send(app, make_filing(channel=Channel.TELEPHONE))
    assert session.get_one(Report, filed.report_id).code_known_to_staff
    assert not session.get_one(Report, send(app, make_filing()).report_id).code_known_to_staff


def test_a_report_is_found_by_its_submission_and_by_no_other(app: Flask) -> None:
    filing = make_filing()
    filed = send(app, filing)
    found = find_filed(filing.submission_id)
    assert found is not None
    assert found.id == filed.report_id
    assert find_filed("0" * 32) is None


def test_the_number_of_statements_does_not_grow_with_what_is_there(app: Flask, session: Session) -> None:
    send(app, make_filing())
    with counted(session) as few:
        send(app, make_filing(**NAMED))
    for _ in range(15):
        make_report()
    session.commit()
    with counted(session) as many:
        send(app, make_filing(**NAMED))
    assert len(many) == len(few) <= 16
