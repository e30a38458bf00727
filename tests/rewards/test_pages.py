"""The pages of finance and the cashier: what they show, what they hide, and that two clicks are one."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from portal.audit.models import Event
from portal.cases.models import FindingKind
from portal.database import db
from portal.money import format_yuan
from portal.people.permissions import Role
from portal.reports.models import Report
from portal.rewards import awards
from portal.rewards.live import live_award
from portal.rewards.models import Award, Payout
from portal.rewards.steps import AwardStatus, ShareStatus
from tests.rewards.browser import Browser
from tests.rewards.world import (
    AT,
    World,
    approved,
    bank_says,
    claimed,
    exchanged,
    finding,
    luhn_card,
    named_report,
    proposed,
    verified_case,
)


@pytest.fixture
def world(app: Flask) -> World:
    made = World()
    made.fund()
    return made


def test_finance_approves_what_it_sees(app: Flask, world: World) -> None:
    award = proposed(world)
    finance = Browser(app, world.accounts["finance"])
    assert award.number in finance.get("/desk/awards")
    page = finance.get(f"/desk/awards/{award.number}")
    assert "18,000.00" in page
    assert "人民币壹万捌仟元整" in page
    answer = finance.post(f"/desk/awards/{award.number}", action="approve")
    assert answer.status_code == 302
    assert db.session.get_one(Award, award.id).status is AwardStatus.APPROVED
    assert "Approved. The money is reserved" in finance.get(f"/desk/awards/{award.number}")


def test_finance_never_sees_the_case(app: Flask, world: World) -> None:
    """Finance could tell which firm, and so who reported."""
    award = approved(world)
    case = awards.case_of(award)
    report = db.session.get_one(Report, award.shares[0].report_id)
    finance, cashier = Browser(app, world.accounts["finance"]), Browser(app, world.accounts["cashier"])
    secrets = [case.number, case.subject_name, case.title, case.address, report.narrative, report.number]
    secrets += ["文峰", "出口上锁", "安应急罚", "2026-11-05", "5 Nov 2026", "9 Nov 2026", "fire", "赵明"]
    for browser, path in (
        (finance, "/desk/awards?view=all"),
        (finance, f"/desk/awards/{award.number}"),
        (finance, "/desk/fund"),
        (cashier, f"/desk/awards/{award.number}"),
        (cashier, "/desk/payouts"),
        (cashier, f"/desk/payouts/{award.number}"),
    ):
        page = browser.get(path).split('id="main"')[1]
        assert [one for one in secrets if one in page] == [], path


def test_a_changed_award_is_not_approved_and_the_page_says_so(app: Flask, world: World) -> None:
    award = proposed(world)
    finance = Browser(app, world.accounts["finance"])
    shown = finance.hidden(finance.get(f"/desk/awards/{award.number}"))
    answer = finance.client.post(
        f"/desk/awards/{award.number}", data={**shown, "amount": "100", "action": "approve"}
    )
    assert answer.status_code == 409
    assert "This award changed after you opened it" in answer.text


def test_sending_back_keeps_what_was_typed_when_it_is_refused(app: Flask, world: World) -> None:
    award = proposed(world)
    finance = Browser(app, world.accounts["finance"])
    answer = finance.post(f"/desk/awards/{award.number}", action="send_back", reason="不对")
    assert answer.status_code == 422
    assert "不对" in answer.text
    assert (
        finance.post(f"/desk/awards/{award.number}", action="send_back", reason="罚款依据不清").status_code
        == 302
    )


def test_who_verified_is_told_who_can_decide(app: Flask, world: World) -> None:
    award = proposed(world)
    second = exchanged(world.person("verifier"), Role.FINANCE)
    browser = Browser(app, second)
    page = browser.get(f"/desk/awards/{award.number}")
    assert "You verified this case, so you cannot approve its award. 王秀兰, 陈静 can." in page
    assert "Approve 18,000" not in page
    seen = {"version": str(award.version), "amount": str(award.amount_fen)}
    answer = browser.post("/desk/account", f"/desk/awards/{award.number}", action="approve", **seen)
    assert answer.status_code == 403


def test_too_little_money_is_said_before_and_at_the_click(app: Flask) -> None:
    world = World()
    world.fund(10_000 * 100)
    award = proposed(world)
    finance = Browser(app, world.accounts["finance"])
    assert "The fund cannot carry this award now" in finance.get(f"/desk/awards/{award.number}")
    answer = finance.post(f"/desk/awards/{award.number}", action="approve")
    assert answer.status_code == 409
    assert "The fund has 10,000.00 yuan available, and this award needs 18,000.00." in answer.text


def test_the_cashier_opens_the_payee_once_and_pays(app: Flask, world: World) -> None:
    share = claimed(world)
    number = share.award.number
    cashier = Browser(app, world.accounts["cashier"])
    assert number in cashier.get("/desk/payouts")
    assert luhn_card() not in cashier.get(f"/desk/payouts/{number}")
    opened = cashier.post(f"/desk/payouts/{number}", f"/desk/payouts/{number}/payee")
    assert luhn_card() in opened.text
    assert "The holder has the name that the reporter sealed." in opened.text
    assert db.session.scalar(select(func.count()).where(Event.action == "payee_opened")) == 1
    form = {**cashier.hidden(opened.text), "state": "paid", "reference": "HX1", "paid_on": "2026-11-10"}
    for _ in range(2):
        answer = cashier.client.post(f"/desk/payouts/{number}", data=form)
        assert answer.status_code == 302, answer.text
    assert db.session.scalar(select(func.count()).select_from(Payout)) == 1
    assert share.status is ShareStatus.PAID
    assert "Recorded as paid" in cashier.get("/desk/payouts")


def test_a_wrong_day_keeps_the_form_and_records_nothing(app: Flask, world: World) -> None:
    share = claimed(world)
    cashier = Browser(app, world.accounts["cashier"])
    path = f"/desk/payouts/{share.award.number}"
    answer = cashier.post(path, state="paid", reference="HX-77", paid_on="2099-01-01")
    assert answer.status_code == 422
    assert "HX-77" in answer.text
    answer = cashier.post(path, state="nonsense", reference="HX-77", paid_on="not a day")
    assert answer.status_code == 409
    assert db.session.scalar(select(func.count()).select_from(Payout)) == 0


def test_the_fund_page_proves_its_sums(app: Flask, world: World) -> None:
    bank_says(world, claimed(world))
    page = Browser(app, world.accounts["finance"]).get("/desk/fund?year=2026")
    assert "The figures agree with the sums of the ledger: 3 lines." in page
    assert "18,000.00" in page


def test_doors_of_money_are_shut_for_other_roles(app: Flask, world: World) -> None:
    award = approved(world)
    verifier, finance = Browser(app, world.accounts["verifier"]), Browser(app, world.accounts["finance"])
    for path in ("/desk/awards", f"/desk/awards/{award.number}", "/desk/fund", "/desk/payouts"):
        assert verifier.client.get(path).status_code == 403
    assert finance.client.get("/desk/payouts").status_code == 403
    assert finance.client.get(f"/desk/payouts/{award.number}").status_code == 403


def test_lists_cost_the_same_number_of_queries_for_one_row_and_for_many(app: Flask, world: World) -> None:
    """The desk would grow slow with the city's work."""
    browser = Browser(app, world.accounts["finance"])

    def queries() -> int:
        seen: list[str] = []
        engine = db.session.get_bind()

        def count(_c: object, _u: object, statement: str, *_rest: object) -> None:
            seen.append(statement)

        event.listen(engine, "before_cursor_execute", count)
        try:
            browser.get("/desk/awards")
        finally:
            event.remove(engine, "before_cursor_execute", count)
        return len([one for one in seen if one.startswith("SELECT")])

    proposed(world)
    db.session.commit()
    one = queries()
    for _ in range(6):
        proposed(world)
    db.session.commit()
    assert queries() == one


def test_the_list_goes_on_by_key(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.rewards.queries.PAGE", 2)
    numbers = [proposed(world).number for _ in range(3)]
    browser = Browser(app, world.accounts["finance"])
    first = browser.get("/desk/awards")
    assert numbers[0] in first
    assert numbers[1] in first
    assert numbers[2] not in first
    after = db.session.scalar(select(Award.id).where(Award.number == numbers[1]))
    assert numbers[2] in browser.get(f"/desk/awards?view=to_decide&after={after}")


def test_the_verifier_sees_the_employee_line_sealed_and_the_sum_without_it(app: Flask, world: World) -> None:
    """The line itself would tell that an employee reported."""
    pages = []
    for employee in (True, False):
        award = proposed(world, employee=employee)
        case = awards.case_of(award)
        page = Browser(app, world.accounts["verifier"]).get(f"/desk/cases/{case.number}")
        panel = page.split('aria-labelledby="award"')[1].split("</section>")[0]
        pages.append(panel)
        assert "sealed" in panel
        assert "18,000.00" in panel
        assert "20,700" not in page
        assert award.number not in page
    assert pages[0] == pages[1]


def test_the_verifier_chooses_inside_the_band(app: Flask, world: World) -> None:
    case = verified_case(world)
    named_report(case)
    found = finding(world, case, FindingKind.WELDING_VIOLATION, none=True)
    browser = Browser(app, world.accounts["verifier"])
    path = f"/desk/cases/{case.number}/award"
    assert path in browser.get(f"/desk/cases/{case.number}")
    name = f"amount_{found.id}"
    page = browser.get(f"/desk/cases/{case.number}")
    assert f'name="{name}"' in page
    for typed, shown in (("1,200", "1,200.00"), ("9,000", r"500\D{1,9}3,000")):
        token = browser.hidden(page)["csrf_token"]
        tried = browser.client.post(f"{path}/try", data={"csrf_token": token, name: typed})
        assert re.search(shown, tried.text)
        assert f'value="{typed}"' in tried.text
    assert live_award(case.id) is None
    for typed, status in (("9,000", 422), ("abc", 422), ("", 422)):
        answer = browser.post(path, **{name: typed, "reason": "焊工无证，旁有油漆桶"})
        assert answer.status_code == status
        assert "焊工无证，旁有油漆桶" in answer.text
    assert browser.post(path, **{name: "２,０００", "reason": "焊工无证，旁有油漆桶"}).status_code == 302
    award = live_award(case.id)
    assert award is not None
    assert format_yuan(award.amount_fen) == "2,000.00"


def test_two_officers_choosing_at_once_do_not_overwrite_each_other(app: Flask, world: World) -> None:
    case = verified_case(world)
    named_report(case)
    found = finding(world, case, FindingKind.WELDING_VIOLATION, none=True)
    first, second = Browser(app, world.accounts["verifier"]), Browser(app, world.accounts["colleague"])
    path = f"/desk/cases/{case.number}/award"
    late = second.hidden(second.get(path))
    typed = {f"amount_{found.id}": "1000", "reason": "焊工无证上岗"}
    assert first.post(path, **typed).status_code == 302
    answer = second.client.post(
        path, data={**late, f"amount_{found.id}": "3000", "reason": "我的理由写在这里"}
    )
    assert answer.status_code == 409
    assert "我的理由写在这里" in answer.text
    award = live_award(case.id)
    assert award is not None
    assert award.amount_fen == 100_000


def test_finance_s_reason_reaches_the_verifier_who_proposes_again(app: Flask, world: World) -> None:
    award = proposed(world)
    case = awards.case_of(award)
    decision = awards.Decision(award.id, award.version, award.amount_fen, "罚款依据不清楚")
    awards.send_back(decision, world.actor("finance"), AT)
    browser = Browser(app, world.accounts["verifier"])
    assert "罚款依据不清楚" in browser.get(f"/desk/cases/{case.number}")
    answer = browser.post(f"/desk/cases/{case.number}/award", reason="依据见处罚决定书")
    assert answer.status_code == 302
    assert award.status is AwardStatus.PROPOSED
