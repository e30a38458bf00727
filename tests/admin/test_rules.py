"""If these fail, an official cannot put a city's rule in force in the desk, or reads it wrongly there."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal import clock
from portal.clock import city_date
from portal.database import db
from portal.people.permissions import Role
from portal.rewards.rule_models import RuleVersion
from portal.rewards.rule_steps import RuleStatus
from portal.run import queue
from tests.fixtures.records import make_account, sign_in
from tests.fixtures.rule_texts import rule_text
from tests.fixtures.staff import csrf_of


def browser_of(app: Flask, role: Role, name: str) -> FlaskClient:
    """A browser in which somebody with this role is signed in, in English."""
    client = app.test_client()
    sign_in(client, make_account(role, name=name))
    speak(client, "en")
    return client


def speak(client: FlaskClient, language: str) -> None:
    with client.session_transaction() as cookie:
        cookie["lang"] = language


@pytest.fixture
def writer(app: Flask) -> FlaskClient:
    return browser_of(app, Role.ADMINISTRATOR, "何伟")


@pytest.fixture
def second(app: Flask) -> FlaskClient:
    return browser_of(app, Role.SUPERVISOR, "沈洁")


def post(client: FlaskClient, path: str, page: str = "", **data: object) -> TestResponse:
    """Post a form with the token of a page."""
    token = csrf_of(client, page or path)
    return client.post(path, data={"csrf_token": token, **data})


def version(rule_id: str = "test-city") -> RuleVersion:
    found = db.session.scalars(
        select(RuleVersion).where(RuleVersion.rule_id == rule_id).order_by(RuleVersion.id.desc())
    )
    return next(iter(found))


def step(client: FlaskClient, row: RuleVersion, name: str, **data: object) -> TestResponse:
    db.session.refresh(row)
    page = f"/desk/rules/{row.id}"
    return post(client, f"{page}/{name}", page, seen=str(row.row_version), **data)


def uploaded(writer: FlaskClient, text: str = "") -> RuleVersion:
    answer = post(writer, "/desk/rules/new", action="keep", text=text or rule_text())
    assert answer.status_code == 302, answer.text
    return version()


def test_a_rule_goes_from_the_box_into_force_by_two_people(writer: FlaskClient, second: FlaskClient) -> None:
    row = uploaded(writer)
    assert step(writer, row, "check").status_code == 302
    page = writer.get(f"/desk/rules/{row.id}").text
    assert "It waits for a second person" in page
    assert f"/desk/rules/{row.id}/enforce" not in page
    today = city_date(clock.now())
    form = second.get(f"/desk/rules/{row.id}/enforce").text
    assert f'value="{today.isoformat()}"' in form
    answer = step(second, row, "enforce", first_day=today.isoformat(), reach="some", sector="hazchem")
    assert answer.status_code == 302
    db.session.refresh(row)
    assert (row.status, row.sectors) == (RuleStatus.IN_FORCE, ["hazchem"])
    assert "Reward rule of the city" in second.get("/desk/rules").text.split("Coming")[0]


def test_faults_are_listed_and_the_text_stays_in_the_box(writer: FlaskClient) -> None:
    faulty = rule_text(rate="150%").replace("claim_days", "claim_dais")
    answer = post(writer, "/desk/rules/new", action="keep", text=faulty)
    assert answer.status_code == 422
    assert "2 places to mend" in answer.text
    assert "claim_dais" in answer.text.split("<textarea")[0]
    assert "claim_dais         = 60" in answer.text.split("<textarea")[1]
    assert f"Line {faulty.splitlines().index('[eligibility]') + 1}" in answer.text


def test_a_file_goes_before_the_box_and_checking_keeps_nothing(writer: FlaskClient) -> None:
    sent = {
        "file": (BytesIO(rule_text("from-file").encode()), "city.toml"),
        "text": "x = 1",
        "action": "check",
    }
    answer = post(writer, "/desk/rules/new", **sent)
    assert answer.status_code == 200
    assert "Nothing is wrong with this file." in answer.text
    assert "20%" in answer.text.split("</form>")[-1]
    assert db.session.scalars(select(RuleVersion).where(RuleVersion.rule_id == "from-file")).all() == []


def test_a_file_that_is_no_text_is_refused_with_a_sentence(writer: FlaskClient) -> None:
    for body in (b"\xff\xfe\x00", b"a" * (300 * 1024)):
        answer = post(writer, "/desk/rules/new", file=(BytesIO(body), "city.toml"), action="keep")
        assert answer.status_code == 422
        assert "1 place to mend" in answer.text


def test_a_library_file_is_a_starting_point(writer: FlaskClient) -> None:
    row = version("xiamen")
    page = writer.get(f"/desk/rules/new?from={row.id}").text
    assert 'id                  = "xiamen"' in page.split("<textarea")[1].replace("&#34;", '"')
    assert f"/desk/rules/new?from={row.id}" in writer.get("/desk/rules").text


def test_the_uploader_who_posts_all_the_same_is_refused_with_the_reason(writer: FlaskClient) -> None:
    row = uploaded(writer)
    step(writer, row, "check")
    today = city_date(clock.now()).isoformat()
    answer = step(writer, row, "enforce", first_day=today, reach="all")
    assert answer.status_code == 403
    assert "Somebody else has to put it in force" in answer.text
    db.session.refresh(row)
    assert row.status is RuleStatus.CHECKED


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"first_day": "2001-01-01", "reach": "all"}, "The first day lies in the past"),
        ({"first_day": "soon", "reach": "all"}, "Choose the first day."),
        ({"first_day": "2099-01-01", "reach": "some"}, "Choose all sectors, or at least one"),
    ],
)
def test_a_wrong_day_or_reach_is_said_beside_what_was_chosen(
    writer: FlaskClient, second: FlaskClient, form: dict[str, str], sentence: str
) -> None:
    row = uploaded(writer)
    step(writer, row, "check")
    answer = step(second, row, "enforce", **form)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{form["first_day"]}"' in answer.text


def test_a_version_is_read_as_prose_beside_its_numbered_file(writer: FlaskClient) -> None:
    row = uploaded(writer)
    page = writer.get(f"/desk/rules/{row.id}").text
    assert "20%" in page.split('id="file"')[0]
    assert page.count('<li id="line-') == len(row.body.splitlines())
    file = writer.get(f"/desk/rules/{row.id}/file")
    assert file.data.decode() == row.body
    assert "test-city-1.toml" in file.headers["Content-Disposition"]


def test_the_pages_are_chinese_for_who_reads_chinese(app: Flask, writer: FlaskClient) -> None:
    row = uploaded(writer)
    speak(writer, "zh_Hans")
    page = writer.get(f"/desk/rules/{row.id}").text
    assert "本市举报奖励规则" in page
    assert "写成句子" in page
    assert "与文件一致" in page


def test_a_comparison_says_in_sentences_what_is_new(writer: FlaskClient, second: FlaskClient) -> None:
    row = uploaded(writer)
    post(writer, "/desk/rules/new", action="keep", text=rule_text(version=2, rate="35%"))
    newer = version()
    page = writer.get(f"/desk/rules/{newer.id}/changes?with={row.id}").text
    assert "20%" in page
    assert "35%" in page
    assert "60 days" not in page.split("<select")[0]
    same = writer.get(f"/desk/rules/{row.id}/changes?with={row.id}").text
    assert "Nothing differs" in same


def test_a_withdrawal_without_a_reason_is_asked_again(writer: FlaskClient) -> None:
    row = uploaded(writer)
    answer = step(writer, row, "withdraw", reason="x")
    assert answer.status_code == 422
    assert "at least 5 characters" in answer.text
    assert step(writer, row, "withdraw", reason="数字要再核对").status_code == 302
    db.session.refresh(row)
    assert row.status is RuleStatus.WITHDRAWN


def test_readers_read_and_others_do_not(app: Flask, writer: FlaskClient) -> None:
    row = uploaded(writer)
    pages = ("/desk/rules", f"/desk/rules/{row.id}", f"/desk/rules/{row.id}/changes")
    for role, status in ((Role.AUDITOR, 200), (Role.FINANCE, 200), (Role.VERIFIER, 200), (Role.CASHIER, 403)):
        reader = browser_of(app, role, role.value)
        assert {reader.get(page).status_code for page in pages} == {status}
        assert reader.get("/desk/rules/new").status_code == 403
    assert "/desk/rules/new" not in browser_of(app, Role.AUDITOR, "z").get("/desk/rules").text


def test_a_trial_run_is_asked_once_and_says_how_far_it_is(
    writer: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue.Bell, "ring", lambda *_args: True)
    row = uploaded(writer)
    assert step(writer, row, "simulation").status_code == 302
    step(writer, row, "simulation")
    page = writer.get(f"/desk/rules/{row.id}/simulation").text
    assert "Computing: 0 of" in page
    assert 'hx-trigger="every 2s"' in page
