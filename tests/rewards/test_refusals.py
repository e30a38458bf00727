"""If these fail, an official is told that a file is wrong, but not where, why, or what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from portal.rewards.refusals import HINTS, REASONS, fault_sentence
from portal.rewards.rules.faults import Fault, FaultCode, Hint, RulesRefused
from portal.rewards.rules.library import shipped
from portal.rewards.rules.load import parse
from portal.rewards.speech import CatalogueTongue

BAD = sorted((Path(__file__).parent / "rules" / "bad").glob("*.toml"))
ENGLISH, CHINESE = CatalogueTongue("en"), CatalogueTongue("zh")
QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"")
# Words of the file format itself, which an official types.
FORMAT = {"UTF", "TOML", "true", "false", "example", "award", "uplift", "limit", "exclude", "fact", "option"}


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
