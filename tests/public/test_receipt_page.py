"""If these fail, a reporter is not heard, is promised what is not kept, or learns of other reports."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, func, select
from werkzeug.test import TestResponse

from portal import clock
from portal.audit.events import record
from portal.audit.models import ActorKind
from portal.cases.models import Case
from portal.cases.steps import CaseStatus, Conclusion, DueStep
from portal.cases.telling import tell_reporters
from portal.database import db
from portal.evidence import staging
from portal.evidence.models import CleanState, Evidence
from portal.notices.models import Notice
from portal.notices.outbox import NoticeKind, tell_reporter
from portal.people.actor import REPORTER, SYSTEM, Actor
from portal.people.permissions import Role
from portal.presentation import day, when
from portal.reports import conversation, receipt
from portal.reports.contact import record_opening
from portal.reports.models import Message, Report
from portal.vault.groups import EVENT_OF
from portal.vault.models import FieldGroup, SealedField
from portal.vault.openings import ask_to_open
from tests.evidence.samples import jpeg, quarters
from tests.fixtures.records import WHEN, make_account, make_case, make_report
from tests.fixtures.visitors import enter, field_of, make_receipt, token_of

DAY = timedelta(days=1)


def visit(client: FlaskClient, code: str) -> str:
    """Enter the code and return the receipt page."""
    assert enter(client, code).status_code == 303
    return client.get("/track/report").text


def say(client: FlaskClient, page: str, text: str, **changed: str) -> TestResponse:
    """Send a message from a page that was opened before."""
    form = {"csrf_token": token_of(page), "once": field_of(page, "once"), "message": text, **changed}
    return client.post("/track/report", data=form)


def said() -> list[str]:
    return list(db.session.scalars(select(Message.text).order_by(Message.id)))


def test_a_message_reaches_the_office_and_stands_on_the_page(app: Flask, client: FlaskClient) -> None:
    _, code = make_receipt()
    page = visit(client, code)
    assert say(client, page, "门又锁上了。").status_code == 303
    assert said() == ["门又锁上了。"]
    assert "门又锁上了。" in client.get("/track/report").text


def test_the_same_form_sent_twice_is_one_message(app: Flask, client: FlaskClient) -> None:
    _, code = make_receipt()
    page = visit(client, code)
    for _ in range(3):
        assert say(client, page, "只说一次").status_code == 303
    assert said() == ["只说一次"]


def test_another_text_from_the_same_form_is_not_lost(app: Flask, client: FlaskClient) -> None:
    _, code = make_receipt()
    page = visit(client, code)
    say(client, page, "第一句")
    say(client, page, "第二句")
    assert said() == ["第一句", "第二句"]


@pytest.mark.parametrize("text", ["", "   \n\t", "\u200b\x00", "字" * 2001])
def test_an_empty_or_too_long_message_is_refused_with_a_sentence(
    app: Flask, client: FlaskClient, text: str
) -> None:
    _, code = make_receipt()
    page = visit(client, code)
    answer = say(client, page, text)
    assert answer.status_code == 422
    assert 'class="err"' in answer.text
    assert said() == []
    if len(text) > 2000:
        assert text in answer.text


def test_a_message_with_the_code_is_refused_and_the_rest_kept(app: Flask, client: FlaskClient) -> None:
    _, code = make_receipt()
    page = visit(client, code)
    answer = say(client, page, f"查询码 {'-'.join(receipt.groups(code))}，门在东边")
    assert answer.status_code == 422
    assert "请把查询码删掉" in answer.text
    assert "门在东边" in answer.text
    assert said() == []


def test_a_message_without_a_token_is_not_sent_and_not_lost(app: Flask, client: FlaskClient) -> None:
    _, code = make_receipt()
    page = visit(client, code)
    answer = say(client, page, "别丢了", csrf_token="x")
    assert answer.status_code == 400
    assert "别丢了" in answer.text
    assert said() == []


def test_a_message_is_shown_as_text(app: Flask, client: FlaskClient) -> None:
    _, code = make_receipt()
    page = visit(client, code)
    say(client, page, "<script>alert(1)</script>")
    assert "<script>alert" not in client.get("/track/report").text


def test_news_is_shown_once(app: Flask, client: FlaskClient) -> None:
    report, code = make_receipt()
    tell_reporter(report.id, NoticeKind.REPORT_ACCEPTED, alert_channel="", at=WHEN)
    db.session.commit()
    assert "您上次来过以后" in visit(client, code)
    assert "您上次来过以后" not in client.get("/track/report").text
    assert db.session.scalar(select(func.count()).where(Notice.read_at.is_(None))) == 0


def test_a_question_of_the_office_is_the_title(app: Flask, client: FlaskClient) -> None:
    case = make_case(status=CaseStatus.VERIFYING)
    report, code = make_receipt(case)
    conversation.ask(report, SYSTEM, "大门几点开？", WHEN)
    case.waiting_since = WHEN
    db.session.commit()
    page = visit(client, code)
    assert "<h1>我们有件事想问您。</h1>" in page
    say(client, page, "七点半。")
    assert "<h1>正在核查。</h1>" in client.get("/track/report").text


@pytest.mark.parametrize(
    ("conclusion", "title"),
    [
        (Conclusion.TRUE, "查实了。"),
        (Conclusion.PARTLY_TRUE, "部分查实了。"),
        (Conclusion.FALSE, "没有查实。"),
        (Conclusion.CANNOT_BE_CLEARED_UP, "没能查清。"),
    ],
)
def test_the_conclusion_is_the_title_of_an_answered_report(
    app: Flask, client: FlaskClient, conclusion: Conclusion, title: str
) -> None:
    case = make_case(status=CaseStatus.ANSWERED)
    case.conclusion, case.answer, case.due_step = conclusion, "已责令停产。", DueStep.CLOSE
    _, code = make_receipt(case)
    page = visit(client, code)
    assert title in page
    assert "已责令停产。" in page
    assert "前可以提出" in page


def test_the_conclusion_is_not_told_before_the_answer(app: Flask, client: FlaskClient) -> None:
    case = make_case(status=CaseStatus.CONCLUDED)
    case.conclusion, case.answer = Conclusion.FALSE, "草稿"
    _, code = make_receipt(case)
    page = visit(client, code)
    assert "没有查实" not in page
    assert "草稿" not in page


def test_a_refused_report_says_why_and_where_to_go(app: Flask, client: FlaskClient) -> None:
    case = make_case(status=CaseStatus.REFUSED)
    case.refusal_reason, case.where_instead = "这是欠薪。", "人社局 12333"
    _, code = make_receipt(case)
    page = visit(client, code)
    assert "这是欠薪。" in page
    assert "人社局 12333" in page


def test_an_opened_telephone_number_shows_reason_and_role(app: Flask, client: FlaskClient) -> None:
    report, code = make_receipt()
    account = make_account(Role.INTAKE_OFFICER)
    db.session.add(
        SealedField(report_id=report.id, field_group=FieldGroup.CONTACT, blob=b"x", sealed_at=WHEN)
    )
    db.session.flush()
    actor = Actor(ActorKind.STAFF, account.id, account.person_id, frozenset({Role.INTAKE_OFFICER}))
    opening = record_opening(report, actor, "to_ask_the_place: 大门在哪条路上", WHEN)
    opening.served_at = WHEN
    db.session.commit()
    page = visit(client, code)
    assert "您的联系方式被打开过" in page
    assert "询问具体地点（大门在哪条路上）" in page
    assert "受理员" in page
    assert account.person.name not in page


@pytest.mark.parametrize(
    ("action", "role", "reason", "title", "why"),
    [
        ("contact_opened", Role.INTAKE_OFFICER, "to_ask_the_place", "您的联系方式被打开过", "询问具体地点"),
        ("contact_opened", Role.INTAKE_OFFICER, "大门找不到", "您的联系方式被打开过", "大门找不到"),
        (
            "identity_opened", Role.IDENTITY_OFFICER, "to_answer_identity_questions",
            "您密封的姓名被打开过", "核验姓名是否属实",
        ),
        ("payee_opened", Role.CASHIER, "to_pay_the_reward", "您密封的账户被打开过", "为您付奖励"),
        (
            "told_opened", Role.IDENTITY_OFFICER, "to_check_the_text",
            "隐去的内容被打开过", "核查需要被隐去的内容",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("served", [True, False])
def test_every_opening_says_what_who_why_and_whether_anything_was_opened(
    app: Flask, client: FlaskClient, action: str, role: Role, reason: str, title: str, why: str, served: bool
) -> None:
    """A page that says "opened" of what stayed sealed frightens; one that hides an opening lies."""
    report, code = make_receipt()
    account = make_account(role)
    actor = Actor(ActorKind.STAFF, account.id, account.person_id, frozenset({role}))
    group = next(group for group, name in EVENT_OF.items() if name == action)
    event = record(action, at=WHEN, actor=actor, role=role.value, report_id=report.id, reason=reason)
    ask_to_open(group, event, actor, WHEN).served_at = WHEN if served else None
    db.session.commit()
    page = visit(client, code)
    assert (title in page) is served
    assert ("仍然密封" in page) is not served
    assert f"原因：{why}" in page
    assert when(WHEN) in page
    assert account.person.name not in page


def test_internal_events_are_not_shown(app: Flask, client: FlaskClient) -> None:
    case = make_case(status=CaseStatus.VERIFYING)
    report, code = make_receipt(case)
    for action in ("case_absorbed", "case_merged", "note_written", "identity_answered", "award_propose"):
        record(action, at=WHEN, actor=SYSTEM, case_id=case.id, report_id=report.id, reason="内部理由")
    db.session.commit()
    page = visit(client, code)
    assert "内部理由" not in page
    assert "case_" not in page


def merged(at: int = 3) -> tuple[Report, str, Report, str, Case]:
    """An early report whose case is being checked, and a late one that was merged into it."""
    target = make_case(status=CaseStatus.VERIFYING, opened_at=WHEN, due_at=WHEN + 60 * DAY)
    early, early_code = make_receipt(target, narrative="早报的话")
    record("case_assign", at=WHEN + DAY, actor=SYSTEM, case_id=target.id)
    tell_reporters(target, NoticeKind.REPORT_ACCEPTED, WHEN)
    origin = make_case(opened_at=WHEN + 2 * DAY)
    late, late_code = make_receipt(origin, received_at=WHEN + 2 * DAY, narrative="晚报的话")
    moment = WHEN + at * DAY
    record("case_merged", at=moment, actor=SYSTEM, case_id=origin.id, facts={"into": target.number})
    tell_reporter(late.id, NoticeKind.REPORT_ACCEPTED, alert_channel="", at=moment)
    late.case_id = target.id
    origin.merged_into_id, origin.is_open, origin.due_at, origin.due_step = target.id, False, None, None
    db.session.commit()
    return early, early_code, late, late_code, target


def test_a_merged_report_shows_nothing_from_before_it_came(app: Flask, client: FlaskClient) -> None:
    early, _, late, late_code, target = merged()
    page = visit(client, late_code)
    assert late.number in page
    for other in (early.number, target.number, "早报的话", "已交承办单位", "并案"):
        assert other not in page
    times = re.findall(r'<time datetime="([^"]+)"', page)
    assert min(times) >= (WHEN + 2 * DAY).isoformat()


def test_the_promise_to_a_merged_report_counts_from_its_own_acceptance(
    app: Flask, client: FlaskClient
) -> None:
    _, _, _, late_code, target = merged(at=10)
    assert target.due_at is not None
    page = visit(client, late_code)
    assert f"{day(target.due_at, weekday=True)}前" not in page
    assert f"{day(WHEN + 70 * DAY, weekday=True)}前" in page


def test_the_first_reporter_sees_nothing_of_the_second(app: Flask, client: FlaskClient) -> None:
    early, early_code, late, _, _ = merged()
    page = visit(client, early_code)
    assert early.number in page
    assert late.number not in page
    assert "晚报的话" not in page


def test_withdrawing_asks_first_and_ends_the_conversation(app: Flask, client: FlaskClient) -> None:
    _, code = make_receipt()
    visit(client, code)
    page = client.get("/track/withdraw").text
    assert db.session.scalar(select(Report.withdrawn_at)) is None
    answer = client.post("/track/withdraw", data={"csrf_token": token_of(page)})
    assert answer.status_code == 303
    shown = client.get("/track/report").text
    assert "<h1>您撤回了这份举报。</h1>" in shown
    assert "<textarea" not in shown
    assert client.get("/track/withdraw").status_code == 303
    assert client.get("/track/files").status_code == 303


def photo(width: int) -> bytes:
    return jpeg(quarters((width, 48)))


def send_files(client: FlaskClient, *files: tuple[bytes, str]) -> TestResponse:
    page = client.get("/track/files").text
    data = {"csrf_token": token_of(page), "files": [(io.BytesIO(content), name) for content, name in files]}
    return client.post("/track/files", data=data, content_type="multipart/form-data")


def photos() -> list[tuple[str, int]]:
    rows = db.session.execute(select(Evidence.digest, Evidence.position).order_by(Evidence.position))
    return [(row.digest, row.position) for row in rows]


def test_more_photos_become_evidence_once(app: Flask, client: FlaskClient) -> None:
    _, code = make_receipt()
    visit(client, code)
    one, two = photo(40), photo(41)
    assert send_files(client, (one, "a.jpg"), (two, "b.jpg")).status_code == 303
    assert send_files(client, (one, "a.jpg")).status_code == 303
    assert [position for _, position in photos()] == [1, 2]
    page = client.get("/track/report").text
    assert "2 个文件" in page
    assert "打不开" not in page
    # A file that nobody can open is of no use to anybody until whoever sent it knows.
    first = db.session.scalars(select(Evidence).order_by(Evidence.position)).first()
    assert first is not None
    first.clean_state, first.fault = CleanState.FAILED, "crashed"
    db.session.commit()
    assert "打不开" not in client.get("/track/report").text  # the fault is ours
    first.fault = "encrypted_pdf"
    db.session.commit()
    assert "其中 1 个打不开" in client.get("/track/report").text


def test_a_bad_file_does_not_cost_the_good_one(app: Flask, client: FlaskClient) -> None:
    _, code = make_receipt()
    visit(client, code)
    answer = send_files(client, (b"MZ\x90\x00 not a picture", "virus.jpg"), (photo(42), "a.jpg"))
    assert answer.status_code == 422
    assert "virus.jpg" in answer.text
    assert len(photos()) == 1


def test_a_report_holds_nine_files_and_no_more(app: Flask, client: FlaskClient) -> None:
    _, code = make_receipt()
    visit(client, code)
    files = [(photo(50 + number), f"{number}.jpg") for number in range(10)]
    answer = send_files(client, *files)
    assert answer.status_code == 422
    assert "9.jpg" in answer.text
    assert len(photos()) == 9
    assert send_files_without_room(client) == 9


def test_later_files_and_the_first_ones_have_a_size_together(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a report that was sent grows without end."""
    _, code = make_receipt()
    visit(client, code)
    one, two = photo(60), photo(61)
    monkeypatch.setattr(staging, "MAX_REPORT_BYTES", len(one) + len(two) - 1)
    assert send_files(client, (one, "a.jpg")).status_code == 303
    answer = send_files(client, (two, "late.jpg"))
    assert answer.status_code == 422
    assert "没传上：late.jpg" in answer.text
    assert "300" in answer.text
    assert len(photos()) == 1


def send_files_without_room(client: FlaskClient) -> int:
    """Post one more although the page offers no form any more; return how many there are."""
    page = client.get("/track/report").text
    data = {"csrf_token": token_of(page), "files": [(io.BytesIO(photo(99)), "late.jpg")]}
    assert client.post("/track/files", data=data, content_type="multipart/form-data").status_code == 422
    return len(photos())


def test_sending_no_file_is_a_sentence(app: Flask, client: FlaskClient) -> None:
    _, code = make_receipt()
    visit(client, code)
    answer = send_files(client)
    assert answer.status_code == 422
    assert "请至少选一个文件" in answer.text


def test_a_promise_that_was_broken_is_not_hidden(app: Flask, client: FlaskClient) -> None:
    _, code = make_receipt()
    with clock.frozen(WHEN + 30 * DAY):
        page = visit(client, code)
    assert "这个日子已经过了" in page


def test_a_long_conversation_asks_the_database_no_more_often(app: Flask, client: FlaskClient) -> None:
    report, code = make_receipt()
    visit(client, code)

    def asked() -> int:
        count = 0
        # The tests' own session outlives a request: what it remembers is not what the page would read.
        db.session.expire_all()

        def note(*_facts: object) -> None:
            nonlocal count
            count += 1

        event.listen(Engine, "before_cursor_execute", note)
        try:
            assert client.get("/track/report").status_code == 200
        finally:
            event.remove(Engine, "before_cursor_execute", note)
        return count

    client.get("/track/report")
    before = asked()
    for number in range(20):
        conversation.ask(report, SYSTEM, f"第 {number} 问", WHEN)
    db.session.commit()
    db.session.expire_all()
    client.get("/track/report")  # marks what is new as read
    assert 0 < before <= 20
    assert asked() == before


def test_what_the_reporter_added_is_in_the_past_of_the_report(app: Flask, client: FlaskClient) -> None:
    report, code = make_receipt()
    record("report_supplemented", at=WHEN + DAY, actor=REPORTER, report_id=report.id, case_id=report.case_id)
    make_report()
    db.session.commit()
    assert "您补充了内容" in visit(client, code)
