"""The main job in Chinese on a telephone, on SQLite: if this fails, a city cannot use the portal."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.people.permissions import Role
from tests.journeys.journey import PHONE, Journey, journey
from tests.journeys.photos import photo
from tests.journeys.steps_administrator import Administrator
from tests.journeys.steps_citizen import Citizen, Identity, Told
from tests.journeys.steps_money import Cashier, Finance, IdentityOfficer
from tests.journeys.steps_officer import IntakeOfficer
from tests.journeys.steps_verifier import Verifier, this_minute, today

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]

FIRM = "安禾家具厂"
TOLD = Told(
    category="fire",
    situation="exit_blocked",
    narrative="喷漆车间东侧的安全出口一直用木料堵着，门从外面锁了。二楼住了十几个人。",
    subject_name=FIRM,
    district="文峰区",
    address="光华路与德隆街交叉口东 200 米",
    happened="每天晚上",
)
WHO = Identity(
    name="王小明",
    telephone="13800138000",
    email="wang@example.com",
    works_there=True,
    alert_channel="sms",
    alert_address="13900139000",
)
QUESTION = "东侧的门朝哪条路？"
ANSWER = "朝光华路，门口有一棵槐树。"
CARD = "6222020200112233440"


def test_a_report_becomes_a_case_an_award_and_a_payment(tmp_path: Path) -> None:
    with journey(viewport=PHONE, locale="zh-CN") as begun:
        begun.names |= {
            "guanli",
            "wan",
            "wang",
            "example",
            "com",
            "zhanglixin",
            "limin",
            "door",
            "yard",
            "tree",
            "jpg",
        }
        _main_job(begun, tmp_path)


def _main_job(begun: Journey, folder: Path) -> None:
    tab, member = begun.tab, begun.member
    # The administrator makes two accounts by hand; their owners come with one-time links.
    administrator = Administrator(tab(), begun.portal.hire("guanli", "高峰", Role.ADMINISTRATOR))
    administrator.logs_in()
    officer = IntakeOfficer(
        tab(), administrator.makes_account("张立新", "zhanglixin", [Role.INTAKE_OFFICER], "应急管理局")
    )
    verifier = Verifier(
        tab(), administrator.makes_account("李敏", "limin", [Role.VERIFIER], "应急管理局", "豫E01-0107")
    )
    for newcomer in (officer, verifier):
        newcomer.joins("门前大桥下游过一群鸭子 1957")
    colleague = member(Verifier, "suntao", "孙海涛", Role.VERIFIER, "emergency")
    identity = member(IdentityOfficer, "zhouning", "周宁", Role.IDENTITY_OFFICER, "committee")
    finance = member(Finance, "chenjing", "陈静", Role.FINANCE, "finance")
    cashier = member(Cashier, "liufang", "刘芳", Role.CASHIER, "finance")

    # The report.
    photos = [photo(folder, "door", "#8a8f98"), photo(folder, "yard", "#6f7a60")]
    citizen = Citizen(tab())
    number = citizen.files_a_report(TOLD, WHO, photos)
    citizen.copies_the_code()

    # Intake.
    officer.finds_in_queue(number)
    officer.tab.reads(TOLD.narrative)
    officer.tab.does_not_read(WHO.name, WHO.telephone, WHO.email, WHO.alert_address)
    officer.looks_at_pictures(number, 2)
    officer.accepts(number, title="安全出口被堵，车间住人")
    officer.asks(number, QUESTION)
    officer.assigns(number, "应急管理局", "李敏")

    # The reporter answers.
    citizen.comes_back()
    citizen.tab.reads(QUESTION)
    citizen.answers(ANSWER)
    citizen.adds_a_file(photo(folder, "tree", "#57765f"))

    # Verification.
    verifier.undertakes(number)
    verifier.tab.reads(ANSWER)
    verifier.records_check(
        number,
        [("李敏", "豫E01-0107"), ("孙海涛", "豫E01-0112")],
        "东侧安全出口被木料堵死，外面上锁；二楼有床铺十四张。",
    )
    finding = verifier.records_finding(number, "major_hazard", "安全出口堵塞、锁闭；车间与宿舍混用。")
    verifier.records_penalty(
        finding, "安应急罚〔2026〕31号", firm="40000", person="10,000.00", confiscated="5000"
    )
    verifier.tab.reads("7,500.00", "密封")
    verifier.tab.does_not_read("8,625.00", "1,125.00", "从业人员", WHO.name)

    # About the reporter.
    identity.answers(number, real_name="yes", employee="yes", reason="与社保登记核对一致")
    verifier.opens(number)
    verifier.tab.does_not_read("8,625.00", "1,125.00", "从业人员")

    # The danger is put right, the case answered.
    verifier.orders_rectification(
        finding,
        responsible="厂长刘某",
        measures="清出通道，搬走宿舍",
        funds="企业自筹 2 万元",
        plan="停产并派人值守",
    )
    verifier.carries_rectification(finding, "start")
    verifier.carries_rectification(
        finding, "reinspect", inspected_at=this_minute(), note="通道已畅通，宿舍已搬空。"
    )
    verifier.carries_rectification(finding, "close")
    verifier.concludes(number, "true", "已责令停产整改并处罚，隐患已消除。")
    verifier.answers(number)

    # The award: not by somebody who verified.
    award = finance.finds_award()
    finance.opens_award(award)
    finance.tab.reads("8,625.00", "1,125.00")
    finance.tab.does_not_read(FIRM, "光华路", "文峰区", WHO.name, "安应急罚", number)
    administrator.gives_role("孙海涛", Role.FINANCE, instead_of=Role.VERIFIER)
    colleague.tab.goes_to(f"/desk/awards/{award}")
    colleague.tab.reads("您核查过本案", "陈静")
    assert not colleague.tab.page.locator('button[value="approve"]').count()
    finance.approves(award)
    assert finance.fund_figures() == ["5,000,000.00", "0.00", "8,625.00", "4,991,375.00"]

    # The claim and the payment.
    citizen.comes_back()
    citizen.tab.reads("8,625.00")
    citizen.tab.page.locator("main details summary").first.click()
    citizen.tab.reads("7,500.00", "1,125.00")
    citizen.claims("王小明", "中国工商银行安阳分行", "6222 0202 0011 2233 446")
    cashier.opens_payee(award)
    cashier.tab.reads("王小明", "财政补助")
    cashier.tab.does_not_read(FIRM, number)
    cashier.records_payment("2026112100017", today())
    assert finance.fund_figures() == ["5,000,000.00", "8,625.00", "0.00", "4,991,375.00"]
    citizen.comes_back()
    citizen.tab.reads("已付款", "8,625.00")

    # What left the portal says nothing.
    outside = tab(begun.portal.gateway)
    outside.page.wait_for_timeout(1500)
    outside.goes_to("/")
    outside.reads(WHO.alert_address)
    outside.does_not_read(FIRM, "8,625", "安全出口", "消防", number, award, citizen.code, WHO.name)
