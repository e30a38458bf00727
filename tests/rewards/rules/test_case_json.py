"""The JSON case of the command line: what is wrong is named by its field, nothing is read differently."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from portal.rewards.case_refusals import case_sentence
from portal.rewards.rules.case_json import MAX_BYTES, Case, CaseFault, CaseRefused, read
from portal.rewards.rules.given import Choice, Earlier
from portal.rewards.rules.load import parse
from portal.rewards.rules.model import RuleSet
from portal.rewards.rules.vocabulary import Kind, Moment, PenaltyState, RealName, Stage
from portal.rewards.wording.speech import CatalogueTongue
from tests.rewards.rules.shipped import shipped

TONGZHOU = shipped("beijing-tongzhou-2020")
LONGHUA = shipped("shenzhen-longhua")
XIAMEN = shipped("xiamen")


def _read(rules: RuleSet = TONGZHOU, /, finding: dict[str, Any] | None = None, **more: object) -> Case:
    """Return the case of one finding."""
    document = {"findings": [{"kind": "illegal_act", **(finding or {})}], **more}
    return read(json.dumps(document), rules)


def test_what_is_left_out_is_not_known_or_usual() -> None:
    case = _read()
    (finding,) = case.facts.findings
    assert (finding.kind, finding.penalty, finding.values) == (Kind.ILLEGAL_ACT, PenaltyState.PENDING, {})
    assert finding.choice is None
    assert case.facts.reporter.real_name is RealName.CONFIRMED
    assert (case.facts.reporter.order, case.facts.reporter.proof) == (1, True)
    assert (case.moment, case.stage, case.main_award_fen) == (Moment.CONCLUSION, Stage.MAIN, None)


def test_every_field_arrives_where_it_belongs() -> None:
    case = _read(
        XIAMEN,
        finding={
            "penalty": "final",
            "facts": {
                "fine_firm": "20000.50",
                "deaths_confirmed": 2,
                "accident_class": "larger",
                "merit": True,
            },
            "choice": {"amount": "1200", "reasoned": False},
        },
        case={"known_before": "yes"},
        reporter={
            "real_name": "declared",
            "order": 2,
            "facts": {"insider": True},
            "asked": ["family"],
            "claim_window_over": True,
            "proof": False,
        },
        stage="additional",
        moment="claim",
        main_award="800",
    )
    (finding,) = case.facts.findings
    assert finding.penalty is PenaltyState.FINAL
    assert finding.values == {
        "fine_firm": 2_000_050,
        "deaths_confirmed": 2,
        "accident_class": "larger",
        "merit": True,
    }
    assert finding.choice == Choice(120_000, False)
    assert case.facts.values == {"known_before": "yes"}
    reporter = case.facts.reporter
    assert (reporter.real_name, reporter.order, reporter.proof) == (RealName.DECLARED, 2, False)
    assert (reporter.values, reporter.asked) == ({"insider": True}, {"family"})
    assert reporter.claim_window_over
    assert (case.stage, case.moment, case.main_award_fen) == (Stage.ADDITIONAL, Moment.CLAIM, 80_000)


@pytest.mark.parametrize("written", ["0.1", '"0.1"'])
def test_a_tenth_is_a_tenth(written: str) -> None:
    """As a binary fraction it would be a little more, and three of them would not be 0.3."""
    body = f'{{"findings": [{{"kind": "illegal_act", "facts": {{"kilograms": {written}}}}}]}}'
    assert read(body, TONGZHOU).facts.findings[0].values == {"kilograms": Fraction(1, 10)}


def test_earlier_awards_are_counted_by_limit_and_kind() -> None:
    earlier = {"monthly:ordinary_hazard": {"count": 2, "sum": "700.50"}}
    case = _read(LONGHUA, {"kind": "ordinary_hazard"}, reporter={"earlier": earlier})
    assert case.facts.reporter.earlier == {"monthly:ordinary_hazard": Earlier(2, 70_050)}


def test_a_day_and_nothing_known() -> None:
    rules = parse(
        """
        schema = 1
        id = "days"
        version = 1
        title = { zh = "示例", en = "An example" }
        invented = true
        effective_from = 2026-01-01
        kinds = ["illegal_act"]
        [[fact]]
        id = "since"
        type = "date"
        label = { zh = "何时开始", en = "Since when?" }
        [[award]]
        id = "old"
        when = { kind = ["illegal_act"], since = { below = 2026-01-01 } }
        pay = { fixed = 500 }
        """,
        name="days.toml",
        library=_nothing,
    )
    assert _read(rules, {"facts": {"since": "2025-12-31"}}).facts.findings[0].values == {
        "since": date(2025, 12, 31)
    }
    assert _read(rules, {"facts": {"since": None}}).facts.findings[0].values == {}
    _refused(CaseFault.NOT_A_DATE, "findings[0].facts.since", rules, {"facts": {"since": "31.12.2025"}})


KG = "findings[0].facts.kilograms"


@pytest.mark.parametrize(
    ("finding", "place", "code"),
    [
        ({"kind": "noise"}, "findings[0].kind", CaseFault.NOT_A_WORD),
        ({"kind": None}, "findings[0].kind", CaseFault.MISSING),
        ({"kind": 3}, "findings[0].kind", CaseFault.NOT_A_WORD),
        ({"penalty": "soon"}, "findings[0].penalty", CaseFault.NOT_A_WORD),
        ({"colour": 1}, "findings[0].colour", CaseFault.UNKNOWN_FIELD),
        ({"facts": []}, "findings[0].facts", CaseFault.NOT_AN_OBJECT),
        ({"facts": {"kilogram": 3}}, "findings[0].facts.kilogram", CaseFault.UNKNOWN_FACT),
        ({"facts": {"insider": True}}, "findings[0].facts.insider", CaseFault.WRONG_PLACE),
        ({"facts": {"kilograms": "many"}}, KG, CaseFault.NOT_A_NUMBER),
        ({"facts": {"kilograms": True}}, KG, CaseFault.NOT_A_NUMBER),
        ({"facts": {"kilograms": "1e3"}}, KG, CaseFault.NOT_A_NUMBER),
        ({"facts": {"kilograms": [3]}}, KG, CaseFault.NOT_A_NUMBER),
        ({"facts": {"kilograms": -1}}, KG, CaseFault.OUT_OF_RANGE),
        ({"facts": {"kilograms": 1_000_001}}, KG, CaseFault.OUT_OF_RANGE),
        ({"facts": {"kilograms": "0.0001"}}, KG, CaseFault.TOO_MANY_DECIMALS),
        ({"facts": {"bottles": "1.5"}}, "findings[0].facts.bottles", CaseFault.TOO_MANY_DECIMALS),
        ({"facts": {"goods": "gold"}}, "findings[0].facts.goods", CaseFault.NOT_AN_OPTION),
        ({"facts": {"goods": True}}, "findings[0].facts.goods", CaseFault.NOT_AN_OPTION),
        ({"facts": {"merit": "yes"}}, "findings[0].facts.merit", CaseFault.NOT_YES_NO),
        ({"facts": {"merit": 1}}, "findings[0].facts.merit", CaseFault.NOT_YES_NO),
        ({"facts": {"goods_value": "-1"}}, "findings[0].facts.goods_value", CaseFault.NOT_AN_AMOUNT),
        ({"facts": {"goods_value": "1.005"}}, "findings[0].facts.goods_value", CaseFault.NOT_AN_AMOUNT),
        ({"facts": {"goods_value": True}}, "findings[0].facts.goods_value", CaseFault.NOT_AN_AMOUNT),
        ({"facts": {"fine_firm": "5"}}, "findings[0]", CaseFault.CONTRADICTION),
        ({"choice": {"amount": "a lot"}}, "findings[0].choice.amount", CaseFault.NOT_AN_AMOUNT),
        ({"choice": {"reasoned": True}}, "findings[0].choice.amount", CaseFault.MISSING),
        ({"choice": {"amount": "1", "reasoned": "yes"}}, "findings[0].choice.reasoned", CaseFault.NOT_YES_NO),
        ({"choice": {"amount": "1", "by": "me"}}, "findings[0].choice.by", CaseFault.UNKNOWN_FIELD),
    ],
)
def test_a_wrong_finding_is_named_by_its_field(finding: dict[str, Any], place: str, code: CaseFault) -> None:
    _refused(code, place, TONGZHOU, finding)


@pytest.mark.parametrize(
    ("more", "place", "code"),
    [
        ({"color": "red"}, "color", CaseFault.UNKNOWN_FIELD),
        ({"findings": []}, "findings", CaseFault.MISSING),
        ({"findings": {}}, "findings", CaseFault.NOT_A_LIST),
        ({"findings": ["one"]}, "findings[0]", CaseFault.NOT_AN_OBJECT),
        ({"findings": [{"kind": "illegal_act"}] * 101}, "findings", CaseFault.OUT_OF_RANGE),
        ({"moment": "tomorrow"}, "moment", CaseFault.NOT_A_WORD),
        ({"stage": "third"}, "stage", CaseFault.NOT_A_WORD),
        ({"main_award": 1.5e300}, "main_award", CaseFault.NOT_AN_AMOUNT),
        ({"case": {"goods": "chemicals"}}, "case.goods", CaseFault.WRONG_PLACE),
        ({"case": {"known_before": "perhaps"}}, "case.known_before", CaseFault.NOT_AN_OPTION),
        ({"reporter": {"name": "王某"}}, "reporter.name", CaseFault.UNKNOWN_FIELD),
        ({"reporter": {"order": 0}}, "reporter.order", CaseFault.OUT_OF_RANGE),
        ({"reporter": {"order": True}}, "reporter.order", CaseFault.NOT_A_NUMBER),
        ({"reporter": {"order": "1"}}, "reporter.order", CaseFault.NOT_A_NUMBER),
        ({"reporter": {"asked": "family"}}, "reporter.asked", CaseFault.NOT_A_LIST),
        ({"reporter": {"asked": ["goods"]}}, "reporter.asked[0]", CaseFault.WRONG_PLACE),
        ({"reporter": {"asked": [3]}}, "reporter.asked[0]", CaseFault.UNKNOWN_FACT),
        ({"reporter": {"earlier": {"weekly": {}}}}, "reporter.earlier.weekly", CaseFault.UNKNOWN_FIELD),
        ({"reporter": {"claim_window_over": "no"}}, "reporter.claim_window_over", CaseFault.NOT_YES_NO),
    ],
)
def test_a_wrong_case_is_named_by_its_field(more: dict[str, Any], place: str, code: CaseFault) -> None:
    _refused(code, place, TONGZHOU, None, **more)


KILOGRAMS = '{"findings": [{"kind": "illegal_act", "facts": {"kilograms": %s}}]}'


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", CaseFault.NOT_JSON),
        ("{", CaseFault.NOT_JSON),
        (b"\xff\xfe{", CaseFault.NOT_JSON),
        ("[" * 60_000, CaseFault.TOO_DEEP),
        ("[]", CaseFault.NOT_AN_OBJECT),
        ("null", CaseFault.NOT_AN_OBJECT),
        (" " * (MAX_BYTES + 1), CaseFault.TOO_LARGE),
    ],
)
def test_what_is_no_case_at_all_is_refused_at_once(body: str | bytes, code: CaseFault) -> None:
    with pytest.raises(CaseRefused) as refused:
        read(body, TONGZHOU)
    assert (refused.value.code, refused.value.field) == (code, "")


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ('{"findings": NaN}', "findings", CaseFault.NOT_A_LIST),
        (KILOGRAMS % "Infinity", "findings[0].facts.kilograms", CaseFault.NOT_A_NUMBER),
        (KILOGRAMS % "1e400", "findings[0].facts.kilograms", CaseFault.NOT_A_NUMBER),
        (KILOGRAMS % ("9" * 20_000), "findings[0].facts.kilograms", CaseFault.NOT_A_NUMBER),
        (KILOGRAMS % '1, "kilograms": 2', "kilograms", CaseFault.TWICE),
        ("{}", "findings", CaseFault.MISSING),
    ],
)
def test_what_json_would_let_pass_is_refused_at_its_field(body: str, field: str, code: CaseFault) -> None:
    """Else of two amounts the last is taken, or the official looks for a slip in a line without number."""
    with pytest.raises(CaseRefused) as refused:
        read(body, TONGZHOU)
    assert (refused.value.code, refused.value.field) == (code, field)
    for tongue in (CatalogueTongue("zh"), CatalogueTongue("en")):
        said = case_sentence(refused.value, tongue)
        assert said.endswith((".", "。"))
        assert field in said


def test_a_refusal_lists_first_what_the_rule_asks() -> None:
    with pytest.raises(CaseRefused) as refused:
        _read(finding={"facts": {"kilogram": 300}})
    assert refused.value.facts["known"].startswith("goods, kilograms, bottles, fine_firm, ")


def test_a_refusal_does_not_repeat_what_was_written() -> None:
    """A case may hold what somebody typed by mistake: it must not land in a log."""
    with pytest.raises(CaseRefused) as refused:
        _read(finding={"facts": {"goods": "secret words"}})
    assert "secret" not in f"{refused.value} {refused.value.facts}"
    assert refused.value.facts == {"known": "chemicals, gas_bottles"}


def _refused(
    code: CaseFault, place: str, rules: RuleSet, finding: dict[str, Any] | None, **more: object
) -> None:
    with pytest.raises(CaseRefused) as refused:
        _read(rules, finding, **more)
    assert (refused.value.field, refused.value.code) == (place, code)


def _nothing(rule_id: str, version: int) -> RuleSet:
    raise KeyError(rule_id, version)
