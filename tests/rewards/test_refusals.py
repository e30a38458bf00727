"""If these fail, an official is told that a file is wrong, but not where, why, or what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from portal.rewards.refusals import EXPECTED, HINTS, REASONS, fault_sentence
from portal.rewards.rules import library
from portal.rewards.rules.faults import Fault, FaultCode, Hint, RulesRefused
from portal.rewards.rules.library import shipped
from portal.rewards.rules.load import parse
from portal.rewards.wording.speech import CatalogueTongue

BAD = sorted((Path(__file__).parent / "rules" / "bad").glob("*.toml"))
RULES = Path(library.__file__).parent
ENGLISH, CHINESE = CatalogueTongue("en"), CatalogueTongue("zh")
QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"")
# Words of the file format itself, which an official types.
FORMAT = {
    "UTF",
    "TOML",
    "true",
    "false",
    "example",
    "award",
    "uplift",
    "limit",
    "exclude",
    "fact",
    "option",
} | {
    "zh",
    "en",
    "order",
    "fixed",
    "key",
    "value",
}


def refused(path: Path) -> list[Fault]:
    with pytest.raises(RulesRefused) as caught:
        parse(path.read_bytes(), name=path.name, library=shipped())
    return list(caught.value.faults)


def test_every_code_and_every_hint_has_its_sentence() -> None:
    assert set(REASONS) == set(FaultCode)
    assert set(HINTS) == set(Hint) - {Hint.NONE}


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_every_bad_file_is_refused_in_whole_sentences(path: Path) -> None:
    for fault in refused(path):
        english, chinese = fault_sentence(fault, ENGLISH), fault_sentence(fault, CHINESE)
        assert english.startswith(f"{path.name}:{fault.line}")
        assert english.endswith((".", "?"))
        assert "%(" not in english + chinese
        assert "“?”" not in english
        assert ": ?." not in english
        words = re.findall(r"[A-Za-z]{2,}", QUOTED.sub("", chinese.removeprefix(path.name)))
        assert (
            set(words) - FORMAT - set(re.findall(r"[A-Za-z]{2,}", " ".join(map(str, fault.facts.values()))))
            == set()
        )


def test_a_fault_names_entry_reason_and_hint() -> None:
    fault = Fault(
        "mine.toml",
        'award "share"',
        14,
        FaultCode.MIN_OVER_MAX,
        {"key": "min", "other": "max", "low": 30_000, "high": 300},
        Hint.SWAP_BOUNDS,
    )
    assert fault_sentence(fault, ENGLISH) == (
        'mine.toml:14, award "share": “min” is above “max”: 300 yuan over 3 yuan. Swap the two.'
    )


def test_a_fault_without_its_facts_is_still_a_sentence() -> None:
    """Else a refusal ends in an error of its own."""
    for code in FaultCode:
        assert fault_sentence(Fault("x.toml", "", 1, code), CHINESE)


SOUND = """schema = 1
id = "mine"
version = 1
title = { zh = "示例", en = "An example" }
invented = true
effective_from = 2026-01-01
kinds = ["illegal_act"]
uses = ["fine_firm", "merit"]
[[award]]
id = "share"
when = { kind = ["illegal_act"] }
pay = { percent_of = ["fine_firm"], rate = "15%" }
"""
UPLIFT = '[[uplift]]\nid = "more"\nwhen = { merit = true }\nadd = { percent = "10%" }\n'
SLIPS = [
    # what is written instead, on which line it is said, and what must be said
    ('"15%"', "“15%”", 12, "signs of the Latin keyboard"),
    ('"15%"', '"50 %"', 9, "without spaces"),
    ('"15%"', "0.5", 9, 'such as "15%"'),
    ('"15%"', '"0%"', 9, "above 0% and at most 100%; found: 0%"),
    ('"15%"', "9" * 5000, 12, "more digits than any amount"),
    ('"15%" }', '"15%" }\nid = "share"', 13, "stands in the file twice"),
    ("schema = 1", "schema = 2", 1, "from 1 to 1; found: 2"),
    ('{ zh = "示例", en = "An example" }', '"示例"', 4, '{ zh = "…", en = "…" }'),
    ("示例", "示例\u202e", 4, "control character"),
    ('{ percent_of = ["fine_firm"], rate = "15%" }', "500", 9, "{ fixed = 500 }"),
    ("percent_of = ", "percentage_of = ", 9, "exactly one of fixed, percent_of"),
    ("when = { kind", "when = { kinds", 9, "Did you mean “kind”?"),
    ('"15%"', '{ of = "merit", tiers = [] }', 9, "expected: a number, money"),
    ('"15%"', '{ of = "fine_firm", tiers = [{ from = 0, to = 9, is = "5%" }] }', 9, "mean “below”?"),
    ("[[award]]", '[rounding]\nunit = "5"\n[[award]]', 9, "rounding.unit"),
    ("[[award]]", f"{UPLIFT}[[award]]", 9, 'order = "after_cap"'),
    ("[[award]]", '[[limit]]\nid = "a"\nper = "firm"\nperiod = "day"\nmax = 5\n[[award]]', 9, "“firm”"),
]


@pytest.mark.parametrize(("sound", "slip", "line", "sentence"), SLIPS)
def test_a_slip_that_officials_make_is_said_where_it_is_and_how_to_mend_it(
    sound: str, slip: str, line: int, sentence: str
) -> None:
    assert sound in SOUND
    with pytest.raises(RulesRefused) as caught:
        parse(SOUND.replace(sound, slip, 1), name="mine.toml", library=shipped())
    said = [fault_sentence(fault, ENGLISH) for fault in caught.value.faults]
    assert any(one.startswith(f"mine.toml:{line}") and sentence in one for one in said), said


def test_every_word_for_what_was_expected_is_translated() -> None:
    """Else a code of the program stands in the sentence."""
    written = " ".join(path.read_text(encoding="utf-8") for path in RULES.rglob("*.py"))
    words = re.findall(r'\.wrong\([^,()]+, "([a-z_]+)"|expected="([a-z_]+)"', written)
    assert {one or two for one, two in words} <= EXPECTED.keys()
    assert len(words) > 10
