"""Lines of a derivation for three readers: each can follow the sum, and no one learns too much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import HealthCheck, given, settings

from portal.money import format_yuan, parse_yuan
from portal.rewards.explain import (
    NEED_SENTENCES,
    REASON_SENTENCES,
    Audience,
    Line,
    estimate_sentence,
    explain,
    need_sentence,
    reason_sentence,
    rule_title,
)
from portal.rewards.rules.codes import Code
from portal.rewards.rules.compute import compute
from portal.rewards.rules.derivation import Derivation
from portal.rewards.rules.legacy import AccidentClass, Band, Facts, RuleId
from portal.rewards.rules.outcome import Estimate, Missing, Need, Reason
from tests.rewards.rules.cases import case, deaths, fined, paid_facts, unpunished, welding


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """A page in English, without a catalogue."""
    app = Flask(__name__)
    Babel(app, default_locale="en")
    with app.app_context():
        yield


def derived(facts: Facts) -> Derivation:
    """The derivation of an award."""
    derivation = compute(facts).derivation
    assert derivation is not None
    return derivation


def lines(facts: Facts, audience: Audience) -> list[Line]:
    """The lines of an award for a reader."""
    return explain(derived(facts), audience)


EMPLOYEE = case(fined("100000", "20000"), employee=True)
RATE_HOW = "120,000 × 15% · Anyang reward rule 2022 (no. 14), to be confirmed"
UPLIFT_HOW = "18,000 × 15%, at least 1,000 · Henan reward rule 2025, article to be confirmed"
PENALTIES = Line("Penalties", "120,000.00", "fine on the firm 100,000 + fine on a person 20,000")


def test_a_reporter_reads_the_whole_way_to_her_sum() -> None:
    """Else she cannot check what she is paid."""
    assert lines(EMPLOYEE, Audience.REPORTER) == [
        PENALTIES,
        Line("15% of the fines", "18,000.00", RATE_HOW),
        Line("Floor 3,000, ceiling 300,000", "no change", "neither applies", idle=True),
        Line("Employee, plus 15%", "+2,700.00", UPLIFT_HOW),
        Line("Ceiling of the total 300,000", "not reached", idle=True),
        Line("Tax withheld", "0.00", "nothing is withheld", idle=True),
        Line("You receive", "20,700.00", sum=True),
    ]


def test_finance_reads_every_bound_and_the_rounding() -> None:
    """Else finance signs a computation it could not follow."""
    assert lines(EMPLOYEE, Audience.FINANCE) == [
        PENALTIES,
        Line("15% of the fines", "18,000.00", RATE_HOW),
        Line("Rounded to the fen, half up", "no change", idle=True),
        Line("Floor 3,000", "not reached", idle=True),
        Line("Ceiling 300,000", "not reached", idle=True),
        Line("Employee, plus 15%", "+2,700.00", UPLIFT_HOW),
        Line("Ceiling of the total 300,000", "not reached", idle=True),
        Line("Tax withheld", "0.00", "nothing is withheld", idle=True),
        Line("To be paid", "20,700.00", sum=True),
    ]


def test_a_verifier_reads_a_sealed_line_and_the_sum_without_it() -> None:
    """Else the award page gives the reporter away."""
    read = lines(EMPLOYEE, Audience.VERIFIER)
    assert [(line.title, line.result, line.sealed, line.sum) for line in read[-2:]] == [
        ("What depends on the reporter", "sealed", True, False),
        ("Without the sealed line", "18,000.00", False, True),
    ]
    assert not any("Employee" in line.title or "20,700" in line.result for line in read)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(paid_facts)
def test_a_verifiers_lines_are_the_same_whoever_reported(facts: Facts) -> None:
    """Else a word on the page tells that an employee reported."""
    answers = [(None, False), (None, True), (True, True), (False, True)]
    read = [
        lines(replace(facts, employee=employee, employment_declared=declared), Audience.VERIFIER)
        for employee, declared in answers
    ]
    assert all(one == read[0] for one in read)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(paid_facts)
def test_every_reader_gets_one_sum_at_the_end(facts: Facts) -> None:
    """Else a page shows no amount, or the wrong one."""
    derivation = derived(facts)
    for audience in Audience:
        read = explain(derivation, audience)
        assert [line.sum for line in read] == [False] * (len(read) - 1) + [True]
        without = derived(replace(facts, employee=False)).amount_fen
        expected = without if audience is Audience.VERIFIER else derivation.amount_fen
        assert read[-1].result == format_yuan(expected)
        assert all("%(" not in line.title + line.result + line.how for line in read)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (case(fined("5000")), Line("Floor 3,000", "3,000.00", "750 is below it · {anyang}")),
        (case(fined("3000000")), Line("Ceiling 300,000", "300,000.00", "450,000 is above it · {anyang}")),
        (
            case(fined("2000000"), employee=True),
            Line("Ceiling of the total 300,000", "300,000.00", "345,000 is above it · {henan}"),
        ),
        (
            case(fined("100000.10")),
            Line("Rounded to the fen, half up", "15,000.02", "15,000.015 → 15,000.02"),
        ),
        (
            case(fined("100", confiscated="5000")),
            Line("Penalties", "100.00", "fine on the firm 100; not counted: confiscated income 5,000"),
        ),
        (
            case(fined(confiscated="5000")),
            Line("Penalties", "0.00", "0; not counted: confiscated income 5,000"),
        ),
        (case(fined()), Line("Penalties", "0.00", "no fine")),
        (
            case(unpunished()),
            Line(
                "Officer's choice, 3,000",
                "3,000.00",
                "proposed, an officer has yet to confirm it · "
                "Anyang reward rule 2022 (no. 14), to be confirmed",
            ),
        ),
        (
            case(unpunished()),
            Line(
                "Penalties",
                "none",
                "no penalty was imposed · Anyang reward rule 2022 (no. 14), to be confirmed",
            ),
        ),
        (
            case(welding("1500")),
            Line(
                "Officer's choice, 500 to 3,000",
                "1,500.00",
                "the reason is on file · Anyang reward rule for welding, article to be confirmed",
            ),
        ),
        (
            case(deaths(2, AccidentClass.LARGER)),
            Line(
                "Confirmed concealed deaths: 2",
                "80,000.00",
                "40,000 × 2, larger accident · National reward rule 2018, article to be confirmed",
            ),
        ),
        (
            case(fined("120000"), deaths(1)),
            Line("The highest of 2 findings", "30,000.00", "18,000 / 30,000"),
        ),
        (
            case(deaths(1), declared=True),
            Line("Employee uplift", "not answered yet", "an identity officer answers yes or no"),
        ),
    ],
)
def test_each_step_is_said_in_words(facts: Facts, expected: Line) -> None:
    """Else a step of the sum stands there unexplained."""
    how = expected.how.format(
        anyang="Anyang reward rule 2022 (no. 14), article to be confirmed",
        henan="Henan reward rule 2025, article to be confirmed",
    )
    for audience in (Audience.FINANCE, Audience.REPORTER):
        assert replace(expected, how=how) in lines(facts, audience)


def test_a_known_article_is_cited() -> None:
    """Else nobody can look the rule up."""
    derivation = derived(EMPLOYEE)
    steps = tuple(
        replace(step, article="第十四条") if step.code is Code.UPLIFT else step for step in derivation.steps
    )
    read = explain(replace(derivation, steps=steps), Audience.REPORTER)
    assert read[3].how == "18,000 × 15%, at least 1,000 · Henan reward rule 2025, 第十四条"


def test_a_tax_that_is_withheld_names_its_basis() -> None:
    """Else money is kept back and nobody says by what."""
    derivation = derived(EMPLOYEE)
    taxed = replace(derivation.steps[-1], inputs=(("withheld", parse_yuan("700")),))
    read = explain(replace(derivation, steps=(*derivation.steps[:-1], taxed)), Audience.REPORTER)
    assert read[-2] == Line("Tax withheld", "700.00", "Tax circular 1994 no. 20, to be confirmed")


def test_every_need_and_reason_has_a_sentence() -> None:
    """Else a case waits and the page is silent."""
    assert set(NEED_SENTENCES) == set(Need)
    assert set(REASON_SENTENCES) == set(Reason)
    assert all(reason_sentence(reason) for reason in Reason)
    band = Band(500_00, 3_000_00)
    for need in Need:
        assert "%(" not in need_sentence(Missing(need, 0, band))
    assert need_sentence(Missing(Need.CHOICE, 0, band)) == (
        "Choose an amount from 500 to 3,000 yuan and write the reason."
    )
    assert need_sentence(Missing(Need.IDENTITY_ANSWER)).startswith("An identity officer")


def test_an_unknown_rule_shows_its_id() -> None:
    """Else a later rule breaks the page of an award."""
    assert rule_title("kaifeng-2027") == "kaifeng-2027"
    assert all(rule_title(rule) != rule for rule in RuleId)


def test_an_estimate_says_that_it_is_no_promise() -> None:
    """Else the reporter counts on it."""
    assert estimate_sentence(Estimate(3_000_00, 300_000_00, officers_choice=False)) == (
        "3,000 to 300,000 yuan. This is an estimate, not a promise."
    )
    assert estimate_sentence(Estimate(18_000_00, 18_000_00, officers_choice=False)) == (
        "About 18,000 yuan. This is an estimate, not a promise."
    )
