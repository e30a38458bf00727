"""If these fail, a version is put in force by somebody who could not read what it changes."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from portal.rewards import shelf
from portal.rewards.changes import change_sentences
from portal.rewards.rules.differences import diff
from portal.rewards.rules.library import shipped
from portal.rewards.rules.load import parse
from portal.rewards.rules.model import RuleSet
from portal.rewards.wording.speech import CatalogueTongue

LIBRARY = shipped()
ENGLISH, CHINESE = CatalogueTongue("en"), CatalogueTongue("zh")
TAIZHOU = Path(shelf.SHIPPED / "taizhou-2020.toml").read_text(encoding="utf-8")


def changed(*swaps: tuple[str, str]) -> RuleSet:
    text = TAIZHOU
    for old, new in swaps:
        assert old in text
        text = text.replace(old, new, 1)
    return parse(text, name="new.toml", library=LIBRARY)


def said(new: RuleSet, tongue: CatalogueTongue = ENGLISH) -> list[str]:
    old = LIBRARY("taizhou-2020", 1)
    return change_sentences(diff(old, new), old, new, tongue)


def test_the_same_says_nothing() -> None:
    assert said(changed()) == []


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("min = 2000", "min = 1500", "“Illegal acts”: the floor falls from 2,000 yuan to 1,500 yuan."),
        (
            "max = 100000",
            "max = 120000",
            "“Illegal acts”: the ceiling rises from 100,000 yuan to 120,000 yuan.",
        ),
        ('rate = "15%"', 'rate = "18%"', "“Illegal acts”: the share rises from 15% to 18%."),
        (
            '"penalty_recorded"',
            '"penalty_final"',
            "The rule set, now: A reward is due once the penalty is final, or it is known that there is none."
            " Before: A reward is due once the penalty is recorded, or that there is none and why.",
        ),
    ],
)
def test_a_figure_that_moves_is_one_sentence(old: str, new: str, sentence: str) -> None:
    assert said(changed((old, new))) == [sentence]


def test_any_two_files_that_ship_are_compared_without_ids_or_foreign_words() -> None:
    sets = [LIBRARY(*key) for key in shelf.cards()]
    for one, two in pairwise(sets):
        for tongue in (CHINESE, ENGLISH):
            for sentence in change_sentences(diff(one, two), one, two, tongue):
                assert "%(" not in sentence
                assert not re.search(r"\b[a-z]+_[a-z]+\b", sentence), sentence
                if tongue is CHINESE:
                    assert re.findall(r"[A-Za-z]{2,}", sentence) == [], sentence
