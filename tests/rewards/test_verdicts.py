"""If these fail, somebody is told no without why, or is left without knowing what to do next."""

from __future__ import annotations

import re

import pytest

from portal.rewards import shelf
from portal.rewards.rules.library import shipped
from portal.rewards.rules.model import Band
from portal.rewards.rules.outcome import Estimate, Ineligible, Missing, Need, Reason
from portal.rewards.rules.vocabulary import PayableWhen
from portal.rewards.verdicts import (
    estimate_sentence,
    ineligible_sentence,
    need_sentence,
    not_yet_payable,
    reason_sentence,
)
from portal.rewards.wording.reading import Reading
from portal.rewards.wording.speech import CatalogueTongue

TONGZHOU = shipped()("beijing-tongzhou-2020", 1)
LONGHUA = shipped()("shenzhen-longhua", 1)
SHANDONG = shipped()("shandong-2021", 1)
ENGLISH, CHINESE = (Reading(CatalogueTongue(one), TONGZHOU, shelf.title) for one in ("en", "zh"))


def sound(english: str, chinese: str) -> None:
    """Two whole sentences, each in its own language."""
    assert re.match(r"[A-Z“0-9]", english)
    assert english.endswith((".", "?", "kg"))
    assert "%(" not in english + chinese
    assert "_" not in english + chinese
    assert re.findall(r"[A-Za-z]{2,}", chinese) == []


@pytest.mark.parametrize("need", Need)
def test_every_need_says_what_has_to_be_done(need: Need) -> None:
    missing = Missing(need, 0, Band(50_000, 300_000), "kilograms" if need is Need.FACT else "")
    english, chinese = need_sentence(missing, ENGLISH), need_sentence(missing, CHINESE)
    sound(english.rstrip("." if need is not Need.FACT else "") + ".", chinese)


def test_a_missing_fact_is_called_by_its_own_label() -> None:
    """Else the verifier is asked for “kilograms” of the machine."""
    label = TONGZHOU.facts["kilograms"].label
    missing = Missing(Need.FACT, 0, None, "kilograms")
    assert need_sentence(missing, ENGLISH) == f"Record this: {label.en}"
    assert need_sentence(missing, CHINESE) == f"请登记：{label.zh}"


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_a_sentence_with_and_without_its_facts(reason: Reason) -> None:
    sound(reason_sentence(reason, ENGLISH), reason_sentence(reason, CHINESE))
    for facts in ({}, {"fact": "kilograms"}, {"days": 60}, {"limit": "gone"}, {"exclusion": "gone"}):
        why = Ineligible(reason, facts)
        sound(ineligible_sentence(why, ENGLISH), ineligible_sentence(why, CHINESE))


def test_reasons_carry_the_facts_that_decide() -> None:
    english = CatalogueTongue("en")
    below = Ineligible(Reason.BELOW_LEAST, {"fact": "kilograms"})
    label = TONGZHOU.facts["kilograms"].label.en
    assert ineligible_sentence(below, ENGLISH) == f"“{label}” is below the least that the rule rewards."
    over = Ineligible(Reason.WINDOW_OVER, {"days": 60})
    assert "within 60 days" in ineligible_sentence(over, ENGLISH)
    reached = Ineligible(Reason.CAP_REACHED, {"limit": LONGHUA.limits[0].id})
    assert "1,000 yuan" in ineligible_sentence(reached, Reading(english, LONGHUA))
    exclusion = SHANDONG.exclusions[0]
    excluded = Ineligible(Reason.EXCLUDED, {"exclusion": exclusion.id})
    assert exclusion.reason.en in ineligible_sentence(excluded, Reading(english, SHANDONG))


@pytest.mark.parametrize("when", PayableWhen)
def test_an_estimate_says_what_it_waits_for(when: PayableWhen) -> None:
    sound(not_yet_payable(when, ENGLISH), not_yet_payable(when, CHINESE))


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (300_000, 30_000_000, "3,000 to 300,000 yuan. "),
        (300_000, 300_000, "About 3,000 yuan. "),
        (0, 5 * 10**12, "0 yuan or more, without a ceiling. "),
    ],
)
def test_an_estimate_is_no_promise(low: int, high: int, said: str) -> None:
    """A rule without a ceiling is not told as a sum of fifty thousand million."""
    guess = Estimate(low, high, officers_choice=False)
    assert estimate_sentence(guess, ENGLISH) == f"{said}This is an estimate, not a promise."
    sound(estimate_sentence(guess, ENGLISH), estimate_sentence(guess, CHINESE))
