"""The citizen's part with scripts switched off, as in a careful person's browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures.portal_process import ANSWER
from tests.journeys.journey import PHONE, Journey, journey
from tests.journeys.photos import photo
from tests.journeys.steps_citizen import Citizen, Identity, Told

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

TOLD = Told(
    category="hazchem",
    situation="fuel_unlicensed",
    narrative="院内有两个埋了一半的铁罐，晚上给大车加柴油，没有任何标牌。",
    subject_name="",
    district="殷都区",
    address="铁西路旧货场后院",
)


def test_a_report_can_be_filed_followed_and_withdrawn(tmp_path: Path) -> None:
    with journey(viewport=PHONE, locale="zh-CN", java_script_enabled=False) as begun:
        _all_of_it(begun, tmp_path)


def _all_of_it(begun: Journey, folder: Path) -> None:
    citizen = Citizen(begun.tab())
    tab = citizen.tab
    tab.goes_to("/")

    # Sent without a word: told what is missing, and nothing is lost.
    tab.goes_to("/report")
    citizen.says_all(Told("fire", "", "      ", "某厂", "文峰区", "某路"), Identity())
    tab.ticks("consent")
    with tab.refused(422):
        tab.sends()
    assert tab.page.input_value("#subject_name") == "某厂"

    # The whole form, checked, mended, sent.
    citizen.says_all(TOLD, Identity())
    tab.page.set_input_files("#files", str(photo(folder, "tanks", "#8a8f98")))
    tab.ticks("consent")
    tab.sends()
    tab.reads(TOLD.narrative)
    tab.page.locator('main button[value="edit"]').click()
    tab.look()
    assert tab.page.input_value("#narrative") == TOLD.narrative
    tab.fills(happened="每晚十点以后")
    tab.sends()
    tab.fills(challenge_answer="WRONG")
    with tab.refused(422):
        tab.page.locator('main button[value="send"]').click()
        tab.look()
    tab.reads("每晚十点以后")
    tab.fills(challenge_answer=ANSWER)
    tab.page.locator('main button[value="send"]').click()
    tab.look()
    number = citizen.keeps_the_receipt()

    # The page shown again by the back button and sent again is the same report.
    citizen.comes_back()
    tab.reads(number)
    citizen.answers("昨晚又来了三辆车。")
    citizen.adds_a_file(photo(folder, "lorry", "#57765f"))
    citizen.withdraws()
    tab.reads("撤回")
    citizen.comes_back()
    tab.reads("撤回")
    assert not tab.page.locator('textarea[name="message"]').count()
