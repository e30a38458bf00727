"""The reward on the receipt page and its claim: nobody else can take it, and nothing lies open."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from portal.cases.models import FindingKind
from portal.cases.steps import Conclusion
from portal.clock import frozen
from portal.database import db
from portal.public.visit import COOKIE
from portal.reports import receipt, visits
from portal.reports.models import RealName, Report
from portal.rewards import awards
from portal.rewards.models import Share
from portal.rewards.public_view import RewardStage, reward_of
from portal.rewards.steps import ShareStatus
from portal.vault.keys import Purpose
from portal.vault.models import FieldGroup, SealedField
from tests.fixtures.records import make_report
from tests.rewards.browser import Browser
from tests.rewards.world import (
    AT,
    World,
    answer,
    approved,
    finding,
    keyring,
    luhn_card,
    named_report,
    proposed,
    verified_case,
)

WRONG_DIGIT = luhn_card()[:-1] + str((int(luhn_card()[-1]) + 3) % 10)
TYPED = {"holder": "赵明", "bank": "中国工商银行安阳分行", "consent": "1"}


@pytest.fixture
def world(app: Flask) -> World:
    made = World()
    made.fund()
    return made


def visiting(app: Flask, report: Report, lang: str = "en") -> tuple[Browser, str]:
    """Open a visit of a report; return the browser and the report's code."""
    code = receipt.mint()
    report.receipt_digest = receipt.digest(code, keyring().current(Purpose.RECEIPT)[1])
    browser = Browser(app, lang=lang)
    token = visits.begin(report, AT)
    db.session.commit()
    with browser.client.session_transaction() as cookie:
        cookie[COOKIE] = token
    return browser, code


def rewarded(world: World) -> Report:
    return db.session.get_one(Report, approved(world).shares[0].report_id)


def test_the_reporter_sees_the_amount_with_every_line_and_claims_it(app: Flask, world: World) -> None:
    """The reporter would not know why this amount, or could not be paid."""
    award = approved(world, proposed(world, employee=True))
    report = db.session.get_one(Report, award.shares[0].report_id)
    browser, code = visiting(app, report)
    with frozen(AT):
        page = browser.get("/track/report")
        assert "20,700.00" in page
        assert "Reported by an employee, plus 15%" in page
        answered = browser.post("/track/claim", **TYPED, account=luhn_card(), code=code.lower())
        assert answered.status_code == 303
        assert "Your account is here, sealed" in browser.get("/track/report")
    share = db.session.scalars(select(Share).where(Share.report_id == report.id)).one()
    assert share.status is ShareStatus.CLAIMED


def test_without_the_code_nothing_is_claimed_and_only_the_number_is_masked(app: Flask, world: World) -> None:
    """Whoever finds the page open could take the reward."""
    report = rewarded(world)
    browser, _code = visiting(app, report)
    with frozen(AT):
        refused = browser.post("/track/claim", **TYPED, account=luhn_card(), code=receipt.mint())
    assert refused.status_code == 422
    assert "not the code of this report" in refused.text
    assert 'value="赵明"' in refused.text
    assert luhn_card() not in refused.text
    assert f"**** {luhn_card()[-4:]}" in refused.text
    assert (
        db.session.scalar(select(SealedField.id).where(SealedField.field_group == FieldGroup.PAYEE)) is None
    )


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"account": "123"}, "12 to 19 digits"),
        (
            {"account": luhn_card()[:-1] + str((int(luhn_card()[-1]) + 3) % 10)},
            "One digit of the card number",
        ),
        ({"holder": " "}, "holder"),
        ({"bank": ""}, "name of the bank"),
        ({"consent": ""}, "Please tick"),
        ({"holder": "赵\x07明"}, "holder"),
        ({"holder": "赵" * 500}, "holder"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    app: Flask, world: World, changed: dict[str, str], sentence: str
) -> None:
    browser, code = visiting(app, rewarded(world))
    with frozen(AT):
        refused = browser.post("/track/claim", **{**TYPED, "account": luhn_card(), "code": code, **changed})
    assert refused.status_code == 422
    assert sentence in refused.text


def test_without_a_visit_the_code_is_asked_for(app: Flask, world: World) -> None:
    rewarded(world)
    with frozen(AT):
        assert Browser(app).client.get("/track/claim").status_code == 302


def test_nothing_to_claim_leads_back_to_the_report(app: Flask, world: World) -> None:
    browser, _code = visiting(app, make_report())
    with frozen(AT):
        assert browser.client.get("/track/claim").status_code == 303


def test_no_amount_is_shown_before_approval(app: Flask, world: World) -> None:
    """A reporter would count on money that may be sent back."""
    award = proposed(world)
    report = db.session.get_one(Report, award.shares[0].report_id)
    reward = reward_of(report)
    assert reward is not None
    assert (reward.stage, reward.amount_fen, reward.lines) == (RewardStage.WAITING, 0, ())
    browser, _code = visiting(app, report)
    with frozen(AT):
        page = browser.get("/track/report")
    assert "waits for approval" in page
    assert "18,000" not in page


def test_who_filed_anonymously_is_asked_for_a_name_at_the_claim(app: Flask, world: World) -> None:
    case = verified_case(world)
    report = make_report(case)
    finding(world, case, firm=100_000)
    award = awards.propose_if_payable(case, world.actor("verifier"), AT)
    approved(world, award)
    browser, code = visiting(app, report)
    with frozen(AT):
        assert "This reward asks for a real name." in browser.get("/track/claim")
        assert browser.post("/track/claim", **TYPED, account=luhn_card(), code=code).status_code == 303
        assert "An identity officer looks at the name" in browser.get("/track/report")
    assert report.real_name is RealName.DECLARED
    answer(world, report)
    with frozen(AT):
        assert "The cashier pays next" in browser.get("/track/report")


def test_an_anonymous_welding_report_is_told_plainly_why(app: Flask, world: World) -> None:
    case = verified_case(world)
    report = make_report(case)
    finding(world, case, FindingKind.WELDING_VIOLATION, none=True)
    browser, _code = visiting(app, report)
    with frozen(AT):
        assert "This reward asks for a real name, and none was given." in browser.get("/track/report")


def test_a_second_reporter_of_the_matter_learns_nothing_of_the_first(app: Flask, world: World) -> None:
    """A boss who reports his own firm would learn that somebody did so before."""
    case = verified_case(world)
    named_report(case)
    second = make_report(case, received_at=AT)
    finding(world, case)
    assert reward_of(second) is None
    lonely_case = verified_case(world, conclusion=Conclusion.FALSE)
    assert reward_of(make_report(lonely_case)) is None


def test_the_first_reporter_sees_that_it_is_being_worked_out(app: Flask, world: World) -> None:
    case = verified_case(world)
    first = named_report(case)
    finding(world, case)
    reward = reward_of(first)
    assert reward is not None
    assert reward.stage is RewardStage.COMPUTING


def test_the_chinese_pages_have_no_english(app: Flask, world: World) -> None:
    browser, _code = visiting(app, rewarded(world), lang="zh_Hans")
    with frozen(AT):
        for path in ("/track/claim", "/track/report"):
            page = browser.get(path).split('id="main"')[1]
            for word in ("reward", "account", "amount", "Claim", "holder"):
                assert f" {word} " not in page, (path, word)
