"""People in danger on the form: if these fail, somebody types instead of running, or believes he is heard."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.clock import frozen
from portal.database import db
from portal.reports.models import Report
from tests.cases.alarmed import RAISED, Watch, make_watch
from tests.public.test_filing import GOOD, Citizen

CALLED = "已经呼叫值班人员"
SAFE = "请先到安全的地方"


@pytest.fixture
def watch(app: Flask) -> Watch:
    return make_watch()


def _reports() -> int:
    return db.session.scalar(select(func.count()).select_from(Report)) or 0


def _answers(watch: Watch, **changed: str) -> dict[str, str]:
    return {**GOOD, "district": str(watch.district.id), "danger_now": "now", **changed}


def test_the_form_has_the_numbers_to_tap_before_anything_is_asked(client: FlaskClient, app: Flask) -> None:
    page = client.get("/report").text
    gate = page[page.index('data-reveal="danger_now=now"') :]
    assert all(f'href="tel:{number}"' in gate for number in ("119", "110", "120"))
    assert 'name="safe"' in gate


def test_who_is_not_in_a_safe_place_is_told_to_go_there_first(client: FlaskClient, watch: Watch) -> None:
    citizen = Citizen(client).open()
    answer = citizen.send(_answers(watch))
    assert answer.status_code == 422
    assert SAFE in answer.text
    assert GOOD["narrative"] in answer.text
    assert _reports() == 0
    with frozen(RAISED):
        assert citizen.send(_answers(watch, safe="yes")).status_code == 200
    assert _reports() == 1


@pytest.mark.parametrize("danger", ["ongoing", "past", "unknown", ""])
def test_the_gate_stands_only_where_people_are_in_danger(
    client: FlaskClient, watch: Watch, danger: str
) -> None:
    answer = Citizen(client).open().send(_answers(watch, danger_now=danger))
    assert answer.status_code == 200
    assert CALLED not in answer.text


def test_the_receipt_says_that_the_officer_was_called_only_when_it_is_true(
    client: FlaskClient, watch: Watch
) -> None:
    with frozen(RAISED):
        citizen = Citizen(client).open()
        assert CALLED in citizen.send(_answers(watch, safe="yes")).text
        watch.officer.active = watch.supervisor.active = False
        db.session.flush()
        unheard = Citizen(client).open().send(_answers(watch, safe="yes"))
        assert unheard.status_code == 200
        assert CALLED not in unheard.text


def test_the_same_form_sent_again_says_the_same(client: FlaskClient, watch: Watch) -> None:
    with frozen(RAISED):
        citizen = Citizen(client).open()
        before = dict(citizen.hidden)
        citizen.send(_answers(watch, safe="yes"))
        citizen.hidden = before
        assert CALLED in citizen.send(_answers(watch, safe="yes")).text
    assert _reports() == 1
