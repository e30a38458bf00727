"""The register of firms: if it failed, a boss would learn by typing that his firm was reported."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session
from stdnum.cn import uscc

from portal.audit.models import ActorKind, Event
from portal.database import db
from portal.people.actor import SYSTEM, Actor
from portal.people.permissions import Role
from portal.public import counts
from portal.subjects import register
from portal.subjects.models import Firm, FirmGram
from portal.subjects.register import LineFault
from tests.fixtures.records import make_account, make_district, make_report

AT = datetime(2026, 11, 3, 4, 0, tzinfo=UTC)


def code(number: int) -> str:
    body = f"91410599TEST{number:05d}".replace("S", "5")
    return body + uscc.calc_check_digit(body)


def put(*names: str, start: int = 1) -> None:
    rows: list[list[str | int | None]] = [
        [code(number), name, None, "东路"] for number, name in enumerate(names, start=start)
    ]
    register.put_in(rows, actor=SYSTEM, at=AT)
    db.session.commit()


def csv(*lines: str) -> bytes:
    return ("企业名称,统一社会信用代码,区县,地址\n" + "\n".join(lines)).encode()


def test_each_line_that_is_wrong_is_named_and_the_others_are_taken(session: Session) -> None:
    district = make_district()
    found = register.preview(
        csv(
            f"甲公司,{code(1)},{district.name_zh},东路",
            f"乙公司,{code(2)[:-1]}0,," if not code(2).endswith("0") else f"乙公司,{code(2)[:-1]}1,,",
            f",{code(3)},,",
            f"丁公司,{code(4)},没有的区,",
            f"戊公司,{code(1)},,",
            f"己公司,{code(5)},,{'远' * 201}",
            f"庚公司,{code(6)},{district.code},",
        )
    )
    assert found.faults == [
        (3, LineFault.CREDIT_CODE),
        (4, LineFault.NAME),
        (5, LineFault.DISTRICT),
        (6, LineFault.TWICE),
        (7, LineFault.ADDRESS),
    ]
    assert [row[:3] for row in found.rows] == [
        [code(1), "甲公司", district.id],
        [code(6), "庚公司", district.id],
    ]


def test_a_firm_is_known_by_its_credit_code_and_changed_not_doubled(session: Session) -> None:
    put("安阳示例木业有限公司", "安阳示例铸造有限公司")
    rows: list[list[str | int | None]] = [
        [code(1), "安阳新名木业有限公司", None, "东路"],
        [code(2), "安阳示例铸造有限公司", None, "东路"],
        [code(3), "第三家", None, ""],
    ]
    counts = register.put_in(rows, actor=SYSTEM, at=AT)
    session.commit()
    assert (counts.new, counts.changed, counts.same) == (1, 1, 1)
    assert session.scalar(select(func.count(Firm.id))) == 3
    assert [firm.name for firm in register.suggestions("新名")] == ["安阳新名木业有限公司"]
    assert register.suggestions("例木") == []
    grams = session.scalars(select(FirmGram.gram).join(Firm).where(Firm.credit_code == code(1))).all()
    assert set(grams) == register.grams_of("安阳新名木业有限公司")
    noted = session.scalars(select(Event.facts).where(Event.action == "register_imported")).all()
    assert noted[-1] == {"added": 1, "changed": 1, "same": 1}


def test_names_are_found_by_beginning_and_middle_and_beginnings_stand_first(session: Session) -> None:
    put("东方木业", "安阳东方铸造", "东方冷库", "ABC Foods", "100%好_店")
    assert [firm.name for firm in register.suggestions("东方")] == ["东方木业", "东方冷库", "安阳东方铸造"]
    assert [firm.name for firm in register.suggestions("abc f")] == ["ABC Foods"]
    assert [firm.name for firm in register.suggestions("0%")] == ["100%好_店"]
    assert register.suggestions("方_") == []
    assert register.suggestions("东") == []
    assert register.suggestions("") == []


def test_at_most_eight_names_are_suggested_even_for_words_in_every_name(session: Session) -> None:
    put(*(f"第{number}号有限公司" for number in range(30)))
    assert len(register.suggestions("有限公司")) == 8


def test_suggestions_come_from_the_register_and_never_from_a_report(
    client: FlaskClient, session: Session
) -> None:
    put("安阳示例木业有限公司")
    before = client.get("/firms?q=木业")
    report = make_report()
    report.subject_name, report.address = "安阳被举报木业有限公司", "木业路"
    db.session.commit()
    after = client.get("/firms?q=木业")
    assert before.get_json() == {"names": ["安阳示例木业有限公司"]}
    assert after.data == before.data
    assert after.headers["Cache-Control"] == "no-store"


def test_asking_for_names_costs_two_queries_at_most_however_many_firms_there_are(
    client: FlaskClient, session: Session
) -> None:
    put(*(f"安阳第{number}示例公司" for number in range(60)))
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("SELECT"):
            seen.append(statement)

    bind = session.connection().engine
    event.listen(bind, "before_cursor_execute", note)
    try:
        assert len(client.get("/firms?q=示例").get_json()["names"]) == 8
    finally:
        event.remove(bind, "before_cursor_execute", note)
    assert len(seen) <= 2


def test_whoever_asks_too_often_gets_no_names_and_can_go_on_typing(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("安阳示例木业有限公司")
    monkeypatch.setattr(counts, "hit", lambda *_: False)
    answer = client.get("/firms?q=木业")
    assert (answer.status_code, answer.get_json()) == (429, {"names": []})


def test_the_register_is_exported_as_it_can_be_read_again(session: Session) -> None:
    put("=cmd|' /C calc'!A0", "甲公司")
    text = register.exported()
    assert "\n=cmd" not in text
    again = register.preview(text.encode())
    assert again.faults == []
    assert register.compare(again.rows).same == 2


def test_a_list_that_was_shown_is_put_in_once_and_within_a_day(session: Session) -> None:
    officer = Actor(ActorKind.STAFF, make_account(Role.ADMINISTRATOR).id)
    kept = register.keep(register.preview(csv(f"甲公司,{code(1)},,")), actor=officer, at=AT)
    session.commit()
    with pytest.raises(register.ImportGone):
        register.finish(kept.uuid, actor=officer, at=AT + timedelta(days=1, minutes=1))
    assert register.finish(kept.uuid, actor=officer, at=AT).new == 1
    with pytest.raises(register.ImportGone):
        register.finish(kept.uuid, actor=officer, at=AT)


def test_the_command_puts_a_list_in_and_names_the_lines_it_leaves(app: Flask, tmp_path: object) -> None:
    path = tmp_path / "firms.csv"  # type: ignore[operator]
    path.write_bytes(csv(f"甲公司,{code(1)},,", "乙公司,1,,"))
    answer = app.test_cli_runner().invoke(args=["register", "import", str(path)])
    assert answer.exit_code == 0, answer.output
    assert "1 new, 0 changed, 0 the same." in answer.output
    assert "Line 3 is not taken: credit code." in answer.output
