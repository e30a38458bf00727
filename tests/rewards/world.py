"""A verified case with its people and money, ready for an award."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from flask import current_app
from sqlalchemy import delete, select

from portal.cases.models import (
    AccidentClass,
    Case,
    Finding,
    FindingKind,
    Penalty,
    PenaltyPart,
    PenaltyState,
    SiteCheck,
)
from portal.cases.steps import CaseStatus, Conclusion
from portal.database import db
from portal.people.actor import Actor
from portal.people.models import Account, Person, RoleGrant
from portal.people.permissions import Role
from portal.people.sessions import SignedIn
from portal.reports import identity
from portal.reports.models import Question, RealName, Report
from portal.rewards import answers, awards, fund, payouts, shares
from portal.rewards.models import Award, Payout, PayoutState, Share
from portal.rewards.payee import Payee, typed_payee
from portal.vault.fields import keep_fields
from portal.vault.keys import Keyring
from portal.vault.models import FieldGroup
from tests.fixtures.records import make_account, make_case, make_department, make_report

YUAN = 100
AT = datetime(2026, 11, 10, 2, 0, tzinfo=UTC)
TOTAL = 5_000_000 * YUAN
CARD = "6222020200112233440"
_keys = itertools.count(1)


def luhn_card(stem: str = "622202020011223") -> str:
    """Return a card number of this beginning with its check digit."""
    return next(stem + str(digit) for digit in range(10) if not _card_faults(stem + str(digit)))


def _card_faults(number: str) -> bool:
    digits = [int(ch) for ch in reversed(number)]
    total = sum(d if i % 2 == 0 else sum(divmod(2 * d, 10)) for i, d in enumerate(digits))
    return bool(total % 10)


def exchanged(person: Person, role: Role) -> Account:
    """Take every role from a person's accounts and give one in another account, as an administrator may."""
    accounts = select(Account.id).where(Account.person_id == person.id)
    db.session.execute(
        delete(RoleGrant)
        .where(RoleGrant.account_id.in_(accounts))
        .execution_options(synchronize_session=False)
    )
    db.session.expire_all()
    return make_account(role, person=person)


def actor_of(account: Account) -> Actor:
    """Return the actor of an account."""
    return SignedIn(account, "token").actor


@dataclass
class World:
    """One office: a verifier with a colleague, an identity officer, two of finance, a cashier."""

    department_id: int = 0
    accounts: dict[str, Account] = field(default_factory=dict)

    def __post_init__(self) -> None:
        department = make_department()
        self.department_id = department.id
        for name, role in (
            ("verifier", Role.VERIFIER),
            ("colleague", Role.VERIFIER),
            ("identity", Role.IDENTITY_OFFICER),
            ("finance", Role.FINANCE),
            ("finance2", Role.FINANCE),
            ("cashier", Role.CASHIER),
        ):
            self.accounts[name] = make_account(role, name=NAMES[name], department=department)

    def actor(self, name: str) -> Actor:
        return actor_of(self.accounts[name])

    def person(self, name: str) -> Person:
        return self.accounts[name].person

    def fund(self, total_fen: int = TOTAL) -> None:
        fund.add_budget(2026, total_fen, "test", self.actor("finance"), AT)


NAMES = {
    "verifier": "李敏",
    "colleague": "孙海涛",
    "identity": "周宁",
    "finance": "陈静",
    "finance2": "王秀兰",
    "cashier": "刘芳",
}


def keyring() -> Keyring:
    """Return the application's keys."""
    ring: Keyring = current_app.extensions["portal_keyring"]
    return ring


def verified_case(world: World, *, conclusion: Conclusion | None = Conclusion.TRUE) -> Case:
    """Make a case that two officers checked on site."""
    department = make_department()
    case = make_case(
        status=CaseStatus.CONCLUDED if conclusion else CaseStatus.VERIFYING,
        department=department,
        officer=world.person("verifier"),
    )
    case.conclusion, case.concluded_at = conclusion, AT if conclusion else None
    db.session.add(
        SiteCheck(
            case_id=case.id,
            checked_on=date(2026, 11, 5),
            officer_one_id=world.person("verifier").id,
            certificate_one="豫E-1",
            officer_two_id=world.person("colleague").id,
            certificate_two="豫E-2",
            found="东侧安全出口被堵",
            recorded_by=world.person("verifier").id,
            recorded_at=AT,
        )
    )
    db.session.flush()
    return case


def finding(
    world: World,
    case: Case,
    kind: FindingKind = FindingKind.MAJOR_HAZARD,
    *,
    firm: int = 0,
    person: int = 0,
    none: bool = False,
    deaths: int = 0,
    accident: AccidentClass | None = None,
) -> Finding:
    """Record a finding with fines in yuan, or without a penalty, or with the penalty still open."""
    state = PenaltyState.NONE if none else PenaltyState.PENALISED if firm or person else PenaltyState.PENDING
    row = Finding(
        case_id=case.id,
        kind=kind,
        description="出口上锁",
        penalty_state=state,
        no_penalty_reason="首违不罚" if none else "",
        deaths_confirmed=deaths,
        accident_class=accident,
        recorded_by=world.person("verifier").id,
        recorded_at=AT,
    )
    db.session.add(row)
    db.session.flush()
    for part, yuan in ((PenaltyPart.FIRM, firm), (PenaltyPart.PERSON, person)):
        if yuan:
            penalise(world, row, yuan, part)
    return row


def penalise(world: World, row: Finding, yuan: int, part: PenaltyPart = PenaltyPart.FIRM) -> None:
    """Add one part of a penalty in yuan."""
    row.penalty_state = PenaltyState.PENALISED
    db.session.add(
        Penalty(
            finding_id=row.id,
            decision_number="安应急罚〔2026〕7号",
            decided_on=date(2026, 11, 9),
            part=part,
            amount_fen=yuan * YUAN,
            recorded_by=world.person("verifier").id,
            recorded_at=AT,
        )
    )
    db.session.flush()


def named_report(case: Case, *, name: str = "赵明", received_at: datetime = AT - timedelta(days=8)) -> Report:
    """Make a report with a sealed name; both questions are asked."""
    report = make_report(case, real_name=RealName.DECLARED, received_at=received_at)
    fields = {"name": name, "employment": "yes"}
    keep_fields(keyring(), report.id, report.uuid, FieldGroup.LEGAL, fields, received_at)
    identity.ask(report, received_at)
    return report


def answer(
    world: World, report: Report, *, name: bool = True, employee: bool = False, who: str = "identity"
) -> None:
    """Answer both questions about a reporter."""
    for question, yes in ((Question.REAL_NAME, name), (Question.EMPLOYEE, employee)):
        command = identity.Answer(report.id, question, yes, "已与社保记录核对")
        answers.answer_identity(command, world.actor(who), AT)


def proposed(world: World, *, firm: int = 100_000, person: int = 20_000, employee: bool = False) -> Award:
    """Make an award that finance can decide: 15 % of the fines, 18,000 yuan."""
    case = verified_case(world)
    report = named_report(case)
    finding(world, case, firm=firm, person=person)
    award = awards.propose_if_payable(case, world.actor("verifier"), AT)
    assert award is not None
    answer(world, report, employee=employee)
    return award


def approved(world: World, award: Award | None = None, *, who: str = "finance") -> Award:
    """Approve an award (a new one when none is given)."""
    award = award or proposed(world)
    decision = awards.Decision(award.id, award.version, award.amount_fen)
    return awards.approve(decision, world.actor(who), AT, claim_days=60)


def payee(account: str = "") -> Payee:
    """Return an account in the reporter's name."""
    return typed_payee("赵明", "中国工商银行安阳分行", account or luhn_card())


def claimed(world: World, award: Award | None = None) -> Share:
    """Approve and claim an award."""
    award = approved(world, award)
    report = db.session.get_one(Report, award.shares[0].report_id)
    return shares.claim(report, payee(), AT, keyring())


def bank_says(
    world: World, share: Share, state: PayoutState = PayoutState.PAID, *, key: str = "", who: str = "cashier"
) -> Payout:
    """Record what the bank did."""
    command = payouts.BankAnswer(
        share.id, share.version, key or f"key-{next(_keys):06d}", state, "HX20261110", date(2026, 11, 10)
    )
    return payouts.record_answer(command, world.actor(who), AT)
