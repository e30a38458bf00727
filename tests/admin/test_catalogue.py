"""The desk's pages of situations, firms and boards: if they failed, the form would offer nonsense."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select
from sqlalchemy.orm import Session
from stdnum.cn import uscc

from portal.audit.models import Event
from portal.people.actor import SYSTEM
from portal.people.permissions import Role
from portal.reports import situations
from portal.reports.catalogue import QuestionRow, SituationRow
from portal.subjects import boards
from portal.subjects.boards import Place
from portal.subjects.models import Board, Firm
from tests.fixtures.pages import english_words
from tests.fixtures.records import WHEN, make_account, make_district, sign_in
from tests.fixtures.staff import csrf_of

PAGES = ("/desk/catalogue", "/desk/catalogue/fire", "/desk/boards", "/desk/register")
NAMES = frozenset({"English", "Enter", "CSV", "xlsx"})


@pytest.fixture
def admin(client: FlaskClient, session: Session) -> None:
    sign_in(client, make_account(Role.ADMINISTRATOR))


def post(client: FlaskClient, path: str, **form: Any) -> tuple[int, str, str]:
    token = csrf_of(client, "/desk/account")
    answer = client.post(path, data={"csrf_token": token, **form})
    return answer.status_code, answer.text, answer.location or ""


def code(number: int) -> str:
    body = f"91410599TE5T{number:05d}"
    return body + uscc.calc_check_digit(body)


def row(session: Session) -> SituationRow:
    return session.scalars(select(SituationRow).where(SituationRow.code == "exit_blocked")).one()


@pytest.mark.usefixtures("admin")
def test_a_situation_that_the_desk_adds_stands_on_the_form(client: FlaskClient, session: Session) -> None:
    form = {
        "code": "roof_things",
        "zh": "楼顶堆杂物",
        "en": "Things on a roof",
        "aliases": "屋面",
        "position": "1",
    }
    status, _, where = post(client, "/desk/catalogue/fire/situations", **form)
    assert (status, where.split("#")[0]) == (302, "/desk/catalogue/fire")
    page = client.get("/report").text
    assert (
        '<option value="roof_things" data-find="lou ding dui za wu|wu mian" data-words="楼顶堆杂物 屋面">'
        in page
    )
    noted = session.scalars(select(Event).where(Event.action == "situation_added")).one()
    assert (noted.facts, noted.actor_role) == ({"entry": "roof_things"}, "administrator")


@pytest.mark.usefixtures("admin")
def test_a_refused_change_keeps_what_was_typed_and_shows_the_row_as_it_stands(
    client: FlaskClient, session: Session
) -> None:
    found = row(session)
    path = f"/desk/catalogue/fire/situations/{found.id}"
    status, page, _ = post(client, path, zh="新说法", en="", position="3", active="yes", version="1")
    assert status == 422
    assert 'value="新说法"' in page
    assert found.zh in page
    status, page, _ = post(client, path, zh="新说法", en="New", position="3", active="yes", version="9")
    assert status == 409
    assert "您填写时有人改过这一条" in page
    assert 'value="新说法"' in page
    status, _, _ = post(client, path, zh="新说法", en="New", position="3", version="1")
    assert status == 302
    session.expire_all()
    assert (row(session).zh, row(session).active, row(session).version) == ("新说法", False, 2)


@pytest.mark.usefixtures("admin")
def test_a_question_of_the_desk_is_asked_answered_and_read_again(
    client: FlaskClient, session: Session
) -> None:
    form = {
        "code": "dust_when",
        "zh": "什么时候扫？",
        "en": "When?",
        "kind": "choice",
        "choices": "白天 | Day\n从来不扫 | Never",
    }
    status, _, _ = post(client, "/desk/catalogue/dust/questions", **form)
    assert status == 302
    page = client.get("/report").text
    assert 'data-questions="dust"' in page
    assert 'name="q_dust_when"' in page
    status, page, _ = post(
        client, "/desk/catalogue/dust/questions", **{**form, "code": "two", "choices": "一个"}
    )
    assert status == 422
    assert "一个</textarea>" in page
    made = session.scalars(select(QuestionRow).where(QuestionRow.key == "dust_when")).one()
    assert made.optional


@pytest.mark.usefixtures("admin")
def test_an_unknown_sector_or_row_is_not_found(client: FlaskClient) -> None:
    assert client.get("/desk/catalogue/nothing").status_code == 404
    assert post(client, "/desk/catalogue/nothing/situations", code="aa", zh="a", en="a")[0] == 404
    assert post(client, "/desk/catalogue/fire/situations/999999", zh="a", en="a", version="1")[0] == 404


@pytest.mark.usefixtures("admin")
def test_a_list_is_shown_before_it_is_put_in(client: FlaskClient, session: Session) -> None:
    text = f"企业名称,统一社会信用代码,区县,地址\n安阳示例木业,{code(1)},,东路\n坏,1,,\n"
    upload = (io.BytesIO(text.encode()), "名单.csv")
    status, _, where = post(client, "/desk/register/read", list=upload)
    assert status == 302
    page = client.get(where).text
    assert "第 3 行" in page
    assert "安阳示例木业" in page
    assert session.scalar(select(Firm.id)) is None
    assert post(client, where)[2] == "/desk/register"
    assert "安阳示例木业" in client.get("/desk/register").text
    assert post(client, where)[0] == 409
    answer = client.get("/desk/register/export")
    assert answer.mimetype == "text/csv"
    assert "安阳示例木业" in answer.text


@pytest.mark.usefixtures("admin")
def test_what_is_no_list_is_said_and_another_persons_list_is_not_shown(
    client: FlaskClient, session: Session
) -> None:
    status, page, _ = post(client, "/desk/register/read", list=(io.BytesIO(b"\x00"), "x.bin"))
    assert status == 422
    assert "读不出名单" in page
    status, _, where = post(
        client,
        "/desk/register/read",
        list=(io.BytesIO(f"企业名称,信用代码\n甲公司,{code(1)}\n".encode()), "a.csv"),
    )
    sign_in(client, make_account(Role.ADMINISTRATOR))
    assert client.get(where).status_code == 404
    assert post(client, where)[0] == 409


@pytest.mark.usefixtures("admin")
def test_a_board_fills_firm_and_place_into_the_form_until_it_is_out_of_use(
    client: FlaskClient, session: Session
) -> None:
    district = make_district()
    session.commit()
    form = {
        "firm_name": "安阳示例木业有限公司",
        "address": "示例大道 12 号",
        "district": str(district.id),
        "sector": "dust",
    }
    status, _, where = post(client, "/desk/boards", **form)
    assert status == 302
    made = session.scalars(select(Board)).one()
    assert re.fullmatch(r"[0-9a-z]{10}", made.code)
    sheet = client.get(where).text
    assert "安阳示例木业有限公司" in sheet
    assert '<svg class="board-qr"' in sheet
    for number in ("12350", "12345", "119", "110", "120"):
        assert number in sheet
    assert "3,000 至 300,000 元" in sheet.replace("&nbsp;", " ")
    page = client.get(f"/report?site={made.code}").text
    assert 'value="安阳示例木业有限公司"' in page
    assert 'value="示例大道 12 号"' in page
    assert '<option value="dust" selected>' in page
    assert post(client, f"/desk/boards/{made.code}/end")[0] == 302
    assert 'value="安阳示例木业有限公司"' not in client.get(f"/report?site={made.code}").text


@pytest.mark.parametrize("site", ["", "0000000000", "' OR 1=1", "x" * 5000, "１"])
def test_an_unknown_code_opens_an_empty_form(client: FlaskClient, site: str) -> None:
    answer = client.get("/report", query_string={"site": site})
    assert answer.status_code == 200
    assert 'id="subject_name" name="subject_name" value=""' in answer.text


@pytest.mark.usefixtures("admin")
def test_a_board_needs_a_firm_and_keeps_what_was_typed(client: FlaskClient) -> None:
    status, page, _ = post(client, "/desk/boards", firm_name="木", address="东路 5 号")
    assert status == 422
    assert 'value="东路 5 号"' in page
    assert post(client, "/desk/boards", firm_name="木业公司", firm_id="999999")[0] == 404
    assert client.get("/desk/boards/0000000000").status_code == 404


@pytest.mark.usefixtures("admin")
def test_sizes_other_than_a4_and_a3_do_not_exist(client: FlaskClient, session: Session) -> None:
    made = boards.make(Place("安阳示例木业"), actor=SYSTEM, at=WHEN)
    session.commit()
    assert "board-a3.css" in client.get(f"/desk/boards/{made.code}?size=a3").text
    assert client.get(f"/desk/boards/{made.code}?size=a5").status_code == 404


@pytest.mark.usefixtures("admin")
@pytest.mark.parametrize("path", PAGES)
def test_the_pages_are_chinese_for_whoever_reads_chinese(
    client: FlaskClient, session: Session, path: str
) -> None:
    boards.make(Place("安阳示例木业", "东路"), actor=SYSTEM, at=WHEN)
    session.commit()
    page = re.sub(
        r"<code[^>]*>[^<]*</code>|<input[^>]*lang=\"en\"[^>]*>|<textarea.*?</textarea>",
        "",
        client.get(path).text,
        flags=re.S,
    )
    assert english_words(page, NAMES) == []


@pytest.mark.usefixtures("admin")
def test_the_number_of_queries_does_not_grow_with_boards_or_situations(
    client: FlaskClient, session: Session
) -> None:
    def queries(path: str) -> int:
        seen: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            if statement.startswith("SELECT"):
                seen.append(statement)

        bind = session.connection().engine
        event.listen(bind, "before_cursor_execute", note)
        try:
            client.get(path)
        finally:
            event.remove(bind, "before_cursor_execute", note)
        return len(seen)

    for path in ("/desk/boards", "/desk/catalogue", "/desk/catalogue/fire", "/desk/register"):
        client.get(path)
        few = queries(path)
        district = make_district()
        for number in range(10):
            boards.make(Place(f"第 {number} 家", "", district.id), actor=SYSTEM, at=WHEN)
        session.commit()
        assert queries(path) == few, path


def test_the_form_asks_the_database_for_the_catalogue_once(client: FlaskClient, session: Session) -> None:
    situations.forget()
    client.get("/report?sector=fire")
    known = situations.catalogue()
    client.get("/report?sector=fire")
    assert situations.catalogue() is known
