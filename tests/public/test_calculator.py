"""If these fail, a citizen is told a wrong amount, or something is kept of what was asked."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.public.worth import questions, worth
from portal.rewards import shelf
from portal.rewards.rules.library import shipped
from portal.rewards.rules.vocabulary import Kind
from portal.rewards.wording.reading import Reading
from portal.rewards.wording.speech import CatalogueTongue
from tests.fixtures.pages import english_words
from tests.fixtures.visitors import token_of

LIBRARY = shipped()
AMOUNT = re.compile(r'<span class="money money-lg">([\d,.]+)<')


def ask(client: FlaskClient, language: str = "en", **answers: str) -> str:
    """The page after these answers."""
    with client.session_transaction() as cookie:
        cookie["lang"] = "zh_Hans" if language == "zh" else "en"
    token = token_of(client.get("/calculator").text)
    answer = client.post("/calculator", data={"csrf_token": token, **answers})
    assert answer.status_code == 200
    return answer.text


def amount(page: str) -> str:
    return " to ".join(AMOUNT.findall(page))


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"kind": "major_hazard"}, "3,000 to 300,000"),
        ({"kind": "welding_violation"}, "500 to 3,000"),
        ({"kind": "major_hazard", "fine_firm": "100,000", "fine_person": "20000"}, "18,000.00"),
        ({"kind": "major_hazard", "fine_firm": "120000", "insider": "yes"}, "20,700.00"),
        ({"kind": "major_hazard", "insider": "yes"}, "4,000 to 300,000"),
        ({"kind": "concealed_accident", "deaths_confirmed": "2", "accident_class": "larger"}, "80,000.00"),
        ({"kind": "concealed_accident", "deaths_confirmed": "2"}, "60,000 to 120,000"),
    ],
)
def test_the_answers_give_the_band_of_the_rule(
    app: Flask, client: FlaskClient, answers: dict[str, str], expected: str
) -> None:
    assert amount(ask(client, **answers)) == expected


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_is_in_one_language_and_says_that_it_is_no_promise(
    app: Flask, client: FlaskClient, language: str
) -> None:
    for kind in ("major_hazard", "welding_violation", "concealed_accident"):
        page = ask(client, language, kind=kind, fine_firm="60000")
        if language == "zh":
            assert english_words(page) == []
            assert "这是试算，不是承诺。" in page
        else:
            assert "This is an estimate, not a promise." in page


def test_what_cannot_be_read_is_said_beside_its_question(app: Flask, client: FlaskClient) -> None:
    page = ask(client, kind="major_hazard", fine_firm="a lot")
    assert "Please write an amount in yuan" in page
    assert 'value="a lot"' in page
    assert amount(page) == "3,000 to 300,000"


def test_nobody_is_asked_who_they_are(app: Flask, client: FlaskClient) -> None:
    page = ask(client, kind="major_hazard")
    assert "Do you work there?" in page
    names = set(re.findall(r'<(?:input|select)[^>]* name="([^"]+)"', page))
    assert names == {"csrf_token", "sector", "kind", "penalty", "fine_firm", "fine_person", "insider"}


def test_nothing_of_it_is_stored(app: Flask, client: FlaskClient) -> None:
    """The answers travel in the body and leave no trace: not in the address, not in the cookie."""
    ask(client, kind="major_hazard", fine_firm="98765", insider="yes")
    with client.session_transaction() as cookie:
        assert set(cookie) <= {"csrf_token", "lang", "_permanent"}
    assert amount(client.get("/calculator?kind=welding_violation").text) != "500 to 3,000"


def test_home_and_rules_lead_here(app: Flask, client: FlaskClient) -> None:
    for path in ("/", "/rules"):
        assert 'href="/calculator"' in client.get(path).text


SHIPPED = [(key, kind) for key in shelf.cards() for kind in LIBRARY(*key).kinds]


@pytest.mark.parametrize(("key", "kind"), SHIPPED, ids=lambda one: str(getattr(one, "value", one)))
def test_every_rule_that_ships_can_be_asked_and_answered(key: tuple[str, int], kind: Kind) -> None:
    """Whatever rule a city puts in force: few questions, answers that count, no word of the machine."""
    rules = LIBRARY(*key)
    reading = Reading(CatalogueTongue("zh"), rules, shelf.title)
    asked = questions(rules, kind, {}, reading)
    assert len(asked) <= 7
    for one in asked:
        assert re.findall(r"[A-Za-z]{2,}", one.label + one.unit + "".join(o.label for o in one.options)) == []
    answers = {
        one.name: next((option.value for option in one.options if option.value), "100") for one in asked
    }
    before, after = worth(rules, kind, {}, reading), worth(rules, kind, answers, reading)
    for told in (before, after):
        assert told.high_fen >= told.low_fen >= 0
        assert bool(told.high_fen) is not bool(told.nothing)
        assert told.high_fen == 0 or told.lines or told.provisions
