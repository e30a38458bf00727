"""Welding, a refusal and a merge in English on a desktop, on PostgreSQL: the other half of the main job."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from portal.people.permissions import Role
from tests.journeys.journey import DESKTOP, Journey, journey
from tests.journeys.photos import photo
from tests.journeys.steps_administrator import Administrator
from tests.journeys.steps_citizen import Citizen, Identity, Told
from tests.journeys.steps_money import Cashier, Finance, IdentityOfficer
from tests.journeys.steps_officer import IntakeOfficer
from tests.journeys.steps_verifier import Verifier, this_minute, today

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]

FIRM = "Hengli Steel Works"
TOLD = Told(
    category="welding",
    situation="weld_no_certificate",
    narrative="Three welders without certificates work on the railings of a stair, beside foam boards.",
    subject_name=FIRM,
    district="Beiguan District",
    address="Yard in the north part of Pingyuan Road",
    happened="since Monday",
    danger_now="now",
)
WHO = Identity(
    name="Li Hua",
    telephone="13800138001",
    email="lihua@example.com",
    works_there=True,
    alert_channel="email",
    alert_address="alerts@example.com",
)
WAGES = replace(
    TOLD,
    category="other",
    situation="",
    narrative="My boss has not paid my wages for three months.",
    subject_name="Golden Gate Decoration",
    address="Dongfeng Road 12",
)
AGAIN = replace(TOLD, narrative="Sparks fly over foam in the yard of Hengli, the men show no papers.")
QUESTION = "Which gate of the yard do they use?"
ANSWER = "The blue gate on the north side."
NEUTRAL = "There is news for you"


def test_welding_is_paid_and_other_reports_go_other_ways(own_postgres_url: str, tmp_path: Path) -> None:
    with journey(own_postgres_url, viewport=DESKTOP, locale="en-GB") as begun:
        begun.names |= {"Zhang", "Lixin", "zhanglixin", "Zhou", "Ning", "zhouning"}
        _main_job(begun, tmp_path)


def _main_job(begun: Journey, folder: Path) -> None:
    tab, member = begun.tab, begun.member

    # The administrator makes two accounts by hand; their owners choose password and language.
    administrator = member(Administrator, "gaofeng", "Gao Feng", Role.ADMINISTRATOR, locale="en")
    officer = IntakeOfficer(
        tab(),
        administrator.makes_account(
            "Zhang Lixin", "zhanglixin", [Role.INTAKE_OFFICER], "Emergency Management Bureau"
        ),
    )
    identity = IdentityOfficer(
        tab(),
        administrator.makes_account(
            "Zhou Ning", "zhouning", [Role.IDENTITY_OFFICER], "Office of the Safety Committee"
        ),
    )
    for newcomer in (officer, identity):
        newcomer.joins("Old bridges carry new carts, 1957")
        newcomer.chooses_english()
    verifier = member(
        Verifier, "limin", "Li Min", Role.VERIFIER, "emergency", certificate="YE01-0107", locale="en"
    )
    member(Verifier, "suntao", "Sun Tao", Role.VERIFIER, "emergency", certificate="YE01-0112", locale="en")
    finance = member(Finance, "chenjing", "Chen Jing", Role.FINANCE, "finance", locale="en")
    cashier = member(Cashier, "liufang", "Liu Fang", Role.CASHIER, "finance", locale="en")

    # Three reports: welding, the same again from somebody else, and one that belongs elsewhere.
    citizen, neighbour, worker = Citizen(tab()), Citizen(tab()), Citizen(tab())
    for somebody in (citizen, neighbour, worker):
        somebody.tab.speaks("en")
    photos = [photo(folder, "railing", "#8a8f98"), photo(folder, "foam", "#e4e2d8")]
    number = citizen.files_a_report(TOLD, WHO, photos)
    second = neighbour.files_a_report(AGAIN, Identity())
    wages = worker.files_a_report(WAGES, Identity())
    citizen.copies_the_code()

    # One is refused, with where to go instead.
    officer.finds_in_queue(wages)
    officer.refuses(wages, "wages")
    worker.comes_back()
    worker.tab.reads("Wage claims are not taken here.", "12333")

    # The welding report is accepted; the other one is merged into it, moved back, and merged again.
    officer.finds_in_queue(number)
    officer.tab.does_not_read(WHO.name, WHO.telephone, WHO.email, WHO.alert_address)
    officer.looks_at_pictures(number, 2)
    officer.accepts(number, title="Welders without certificates")
    officer.merges(second, number, "Same yard, same day")
    officer.opens(number)
    officer.tab.reads(AGAIN.narrative, second)
    neighbour.comes_back()
    neighbour.tab.reads(second)
    neighbour.tab.does_not_read(number, TOLD.narrative)
    officer.unmerges(number, second, "Another yard after all")
    officer.opens(second)
    officer.tab.reads(AGAIN.narrative)
    officer.asks(number, QUESTION)
    officer.assigns(number, "Emergency Management Bureau", "Li Min")

    citizen.comes_back()
    citizen.tab.reads(QUESTION)
    citizen.answers(ANSWER)
    citizen.adds_a_file(photo(folder, "gate", "#57765f"))

    # On site.
    verifier.undertakes(number)
    verifier.tab.reads(ANSWER)
    verifier.records_check(
        number, [("Li Min", "YE01-0107"), ("Sun Tao", "YE01-0112")], "Three men welded without certificates."
    )
    finding = verifier.records_finding(number, "welding_violation", "Welding without certificates.")
    verifier.records_no_penalty(finding, "First time, put right on the spot.")
    verifier.concludes(number, "true", "Work was stopped; the welders are sent to training.")
    identity.answers(number, real_name="yes", employee="no", reason="compared with the register")
    verifier.chooses_amount(number, "1,500", "Great danger, a clear report with pictures.")
    verifier.tab.does_not_read("employee", WHO.name)
    verifier.orders_rectification(
        finding,
        responsible="The yard's foreman",
        measures="Certificates for every welder",
        funds="The firm's own money",
        plan="No welding until then",
    )
    verifier.carries_rectification(
        finding, "reinspect", inspected_at=this_minute(), note="Certificates seen."
    )
    verifier.carries_rectification(finding, "close")
    verifier.answers(number)

    # The money.
    award = finance.finds_award()
    finance.opens_award(award)
    finance.tab.reads("1,500.00")
    finance.tab.does_not_read(FIRM, "Pingyuan", "Beiguan", "foam", WHO.name, number)
    finance.approves(award)
    assert finance.fund_figures() == ["5,000,000.00", "0.00", "1,500.00", "4,998,500.00"]
    citizen.comes_back()
    citizen.tab.reads("1,500.00")
    citizen.claims("Li Hua", "ICBC Anyang", "6222020200112233446")
    cashier.opens_payee(award)
    cashier.tab.reads("Li Hua")
    cashier.tab.does_not_read(FIRM, number)
    cashier.records_payment("2026112100018", today())
    assert finance.fund_figures() == ["5,000,000.00", "1,500.00", "0.00", "4,998,500.00"]
    citizen.comes_back()
    citizen.tab.reads("1,500.00", "Paid")

    # What left the portal says nothing.
    outside = tab(begun.portal.gateway)
    outside.goes_to("/?lang=en")
    outside.reads(WHO.alert_address, NEUTRAL)
    outside.does_not_read(FIRM, "1,500", "weld", "Weld", number, award, citizen.code, WHO.name)
