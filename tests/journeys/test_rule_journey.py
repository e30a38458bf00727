"""A city's own rule comes into force without a restart, and the next case is paid by it.

If this fails, an office needs a programmer whenever its reward rule changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from portal.people.permissions import Role
from portal.rewards.rule_files import FOLDER
from tests.fixtures.browser import Tab
from tests.journeys.journey import DESKTOP, PHONE, Journey, journey
from tests.journeys.steps_citizen import Citizen, Identity, Told
from tests.journeys.steps_money import Finance, IdentityOfficer
from tests.journeys.steps_officer import IntakeOfficer
from tests.journeys.steps_rules import RuleOfficial
from tests.journeys.steps_verifier import Verifier

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]

FILE = FOLDER / "beijing-tongzhou-2020.toml"


@dataclass(frozen=True)
class Words:
    """What the people of one journey write and read."""

    told: Told
    who: Identity
    title: str
    department: str
    verifier: str
    colleague: str
    rule: str
    faults: tuple[str, ...]
    second_needed: str
    tier: str
    found: str
    goods: str
    reason: str
    answer: str


CHINESE = Words(
    told=Told(
        category="hazchem",
        situation="",
        narrative="仓库里堆着很多铁桶，气味刺鼻，没有任何标志，晚上偷偷装卸。",
        subject_name="顺达仓储",
        district="文峰区",
        address="工业北路 27 号院内",
        happened="每天晚上",
    ),
    who=Identity(name="赵明", telephone="13800138002"),
    title="违法储存危险化学品",
    department="应急管理局",
    verifier="李敏",
    colleague="孙海涛",
    rule="北京市通州区安全生产举报奖励（2020年）",
    faults=("有 1 处要改", "第 ", "claim_dais"),
    second_needed="要等另一人来施行",
    tier="300",
    found="院内仓库存放易燃液体 300 公斤，无许可。",
    goods="危险化学品",
    reason="与社保登记核对一致",
    answer="已查封并移交，感谢您的举报。",
)
ENGLISH = Words(
    told=Told(
        category="hazchem",
        situation="",
        narrative="Drums with a sharp smell are kept in a shed without any sign; they load at night.",
        subject_name="Shunda Storage",
        district="Wenfeng District",
        address="Yard at 27 Gongye North Road",
        happened="every night",
    ),
    who=Identity(name="Zhao Ming", telephone="13800138002"),
    title="Dangerous chemicals stored without a permit",
    department="Emergency Management Bureau",
    verifier="Li Min",
    colleague="Sun Haitao",
    rule="Beijing Tongzhou reward rule, 2020",
    faults=("1 place to mend", "Line ", "claim_dais"),
    second_needed="waits for a second person",
    tier="300",
    found="300 kg of flammable liquid in a shed, no permit.",
    goods="Dangerous chemicals",
    reason="Agrees with the register of insurance",
    answer="The shed is sealed. Thank you for your report.",
)


def test_a_rule_is_put_in_force_and_pays_in_chinese() -> None:
    with journey(viewport=PHONE, locale="zh-CN") as begun:
        begun.names |= {"TOML", "KiB", "UTF", "claim", "dais", "days", "eligibility"}
        _main_job(begun, CHINESE, "")


@pytest.mark.assure
def test_a_rule_is_put_in_force_and_pays_in_english(own_postgres_url: str) -> None:
    with journey(own_postgres_url, viewport=DESKTOP, locale="en-GB") as begun:
        _main_job(begun, ENGLISH, "en")


def _main_job(begun: Journey, words: Words, locale: str) -> None:
    member = begun.member
    official = member(RuleOfficial, "guanli", "高峰", Role.ADMINISTRATOR, locale=locale)
    second = member(RuleOfficial, "duban", "赵国庆", Role.SUPERVISOR, "committee", locale=locale)
    version = _in_force(official, second, words)

    officer = member(IntakeOfficer, "shouli", "张立新", Role.INTAKE_OFFICER, "emergency", locale=locale)
    verifier = member(Verifier, "hecha", words.verifier, Role.VERIFIER, "emergency", locale=locale)
    member(Verifier, "hecha2", words.colleague, Role.VERIFIER, "emergency", locale=locale)
    identity = member(IdentityOfficer, "shenfen", "周宁", Role.IDENTITY_OFFICER, "committee", locale=locale)
    finance = member(Finance, "caiwu", "陈静", Role.FINANCE, "finance", locale=locale)

    citizen = Citizen(begun.tab())
    citizen.tab.speaks(locale)
    number = citizen.files_a_report(words.told, words.who)
    officer.finds_in_queue(number)
    officer.accepts(number, title=words.title)
    officer.assigns(number, words.department, words.verifier)
    verifier.undertakes(number)
    verifier.records_check(
        number, [(words.verifier, "豫E01-0107"), (words.colleague, "豫E01-0112")], words.found
    )
    finding = verifier.records_finding(number, "illegal_act", words.found)
    verifier.answers_the_rules_questions(finding, "10,000", goods="chemicals", kilograms="300")
    verifier.opens(number)
    _reads(verifier.tab, words, "10,000.00")
    identity.answers(number, real_name="yes", employee="no", reason=words.reason)
    verifier.concludes(number, "true", words.found)
    verifier.answers(number, words.answer)

    award = finance.finds_award()
    finance.opens_award(award)
    _reads(finance.tab, words, "10,000.00", words.rule)
    finance.approves(award)
    citizen.comes_back()
    _reads(citizen.tab, words, "10,000.00")
    citizen.tab.page.locator("main details summary").first.click()
    citizen.tab.reads("300")

    # What governed a case stays: the version is still there, and nobody can withdraw it.
    official.tab.goes_to(version)
    assert not official.tab.page.locator('form[action$="/withdraw"]').count()


def _reads(tab: Tab, words: Words, *said: str) -> None:
    """Read the page in the journey's language; what matters most, in the Chinese journey, in both."""
    tab.reads(*said)
    if words is CHINESE:
        other = {CHINESE.rule: ENGLISH.rule, CHINESE.goods: ENGLISH.goods}
        with tab.in_english():
            tab.reads(*(other.get(each, each) for each in said))


def _in_force(official: RuleOfficial, second: RuleOfficial, words: Words) -> str:
    """Let one person upload the file and another one put it in force; returns its address."""
    text = FILE.read_text(encoding="utf-8")
    official.is_refused(text.replace("claim_days ", "claim_dais "), *words.faults)
    version = official.uploads(FILE)
    _reads(official.tab, words, words.rule, words.goods)
    official.says_it_is_checked(version)
    official.tab.reads(words.second_needed)
    assert not official.tab.page.locator('a[href$="/enforce"]').count()
    second.compares(version)
    second.tries(version)
    second.puts_in_force(version, ["hazchem"])
    second.tab.goes_to("/desk/rules")
    second.tab.reads(words.rule)
    return version
