"""One invented report on its way through the office: each method is one real step, by whose turn it is."""

from __future__ import annotations

import io
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import NoReturn

from sqlalchemy import select
from stdnum import luhn

from portal import clock
from portal.calendars.official import shipped_calendar
from portal.cases import (
    alarms,
    asking,
    conclusion,
    filing,
    findings,
    merging,
    penalties,
    rectification,
    renewal,
    routing,
    site_checks,
    triage,
    verification,
    withdrawal,
)
from portal.cases.models import AccidentClass, Case, Finding, FindingKind, PenaltyPart
from portal.cases.steps import Conclusion
from portal.cases.terms import Terms
from portal.config import Settings
from portal.database import db
from portal.demo import phrases, pictures
from portal.demo.people import Hired
from portal.demo.stories import Story
from portal.evidence import staging
from portal.evidence.vaulted import Originals
from portal.people.actor import REPORTER, Actor
from portal.people.permissions import Role
from portal.reports import contact, identity, receipt
from portal.reports.filing import read, tidy
from portal.reports.models import Channel, Question, Report, Shown
from portal.rewards import answers, awards, payouts, shares
from portal.rewards.decided import award_decided
from portal.rewards.models import Award, PayoutState, Share
from portal.rewards.payee import typed_payee
from portal.vault.keys import Keyring

YUAN = 100


@dataclass(frozen=True, slots=True)
class Office:
    """What every tale shares; staff by user name, districts by code, tales by the key of their story."""

    settings: Settings
    ring: Keyring
    originals: Originals
    staff: dict[str, Hired]
    districts: dict[str, int]
    now: datetime
    tales: dict[str, Tale]

    @property
    def terms(self) -> Terms:
        """Return the time limits in force."""
        return Terms.of(self.settings)

    def actor(self, username: str) -> Actor:
        """Return the actor of one of the staff."""
        return self.staff[username].actor

    def of_person(self, person_id: int | None) -> Actor:
        """Return the actor of a person of the staff."""
        return next(hired.actor for hired in self.staff.values() if hired.account.person_id == person_id)

    def anybody(self, role: Role, district_id: int | None, dice: random.Random) -> Actor:
        """Return somebody with this role: of the district if there is one, else of the whole city."""
        held = [hired for hired in self.staff.values() if hired.member.role is role]
        near = [hired for hired in held if district_id and hired.account.person.district_id == district_id]
        return dice.choice(near or [hired for hired in held if not hired.member.district]).actor


@dataclass(frozen=True, slots=True)
class Teller:
    """Who reports: anonymous without a name; ``alert`` is a telephone number or a mail address."""

    name: str = ""
    telephone: str = ""
    works_there: bool = False
    alert: str = ""
    channel: Channel = Channel.PORTAL
    danger: str = "ongoing"
    happened: str = ""

    def __repr__(self) -> str:
        """Show nothing."""
        return "Teller()"


@dataclass
class Tale:
    """A story, who tells it, and how far its case has come; ``at`` is the time of the present step."""

    office: Office
    story: Story
    teller: Teller
    at: datetime
    photographs: int = 1
    code: str = field(default_factory=receipt.mint, repr=False)
    report_id: int = 0
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Throw the same dice for the same story each time."""
        self.dice = random.Random(self.story.key)

    # -- time ---------------------------------------------------------------------------------------

    def office_day(self, days: int = 1) -> datetime:
        """Return a moment in office hours on the next working day after so many days."""
        zone = self.office.settings.zone
        day = shipped_calendar().next_working(clock.city_date(self.at, zone) + timedelta(days=days))
        opened = datetime.combine(day, time(8, 40), tzinfo=zone)
        return self._before_now(opened + timedelta(minutes=self.dice.randrange(0, 500)))

    def evening(self, days: int = 1) -> datetime:
        """Return a moment after work, when citizens write, so many days later."""
        zone = self.office.settings.zone
        day = clock.city_date(self.at, zone) + timedelta(days=days)
        return self._before_now(
            datetime.combine(day, time(18, 30), tzinfo=zone) + timedelta(minutes=self.dice.randrange(0, 210))
        )

    def ago(self, days: int) -> datetime:
        """Return a moment in office hours so many days before now, or on the working day before that."""
        zone = self.office.settings.zone
        day = clock.city_date(self.office.now, zone) - timedelta(days=days)
        while not shipped_calendar().is_working(day):
            day -= timedelta(days=1)
        return self._before_now(
            datetime.combine(day, time(9, 0), tzinfo=zone) + timedelta(minutes=self.dice.randrange(0, 480))
        )

    def _before_now(self, wished: datetime) -> datetime:
        """Return the wished moment, or one between the last step and now if that has not come yet."""
        least = self.at + (self.office.now - self.at) / 2
        if wished <= self.at:
            wished = self.at + timedelta(hours=2)
        return wished if wished < self.office.now else least

    # -- rows ---------------------------------------------------------------------------------------

    @property
    def report(self) -> Report:
        """Return the report."""
        return db.session.get_one(Report, self.report_id)

    @property
    def case(self) -> Case:
        """Return the case that holds the report now."""
        return db.session.get_one(Case, self.report.case_id)

    @property
    def finding(self) -> Finding:
        """Return the newest finding."""
        return findings.findings_of(self.case)[-1]

    @property
    def award(self) -> Award:
        """Return the case's newest award."""
        return db.session.scalars(
            select(Award).where(Award.case_id == self.case.id).order_by(Award.id.desc())
        ).first() or _missing("award")

    @property
    def share(self) -> Share:
        """Return the share of the newest award."""
        return self.award.shares[0]

    @property
    def seen(self) -> phrases.Seen:
        """Return what a check finds here."""
        return phrases.seen(self.story.sector, self.story.situation)

    @property
    def intake(self) -> Actor:
        """Return who takes the report in."""
        return self.office.anybody(Role.INTAKE_OFFICER, self.case.district_id, random.Random(self.story.key))

    @property
    def verifier(self) -> Actor:
        """Return the officer of the case."""
        return self.office.of_person(self.case.officer_id)

    # -- the reporter -------------------------------------------------------------------------------

    def file(self) -> None:
        """Send the report with its pictures, by the same reading and filing as the form."""
        teller, story = self.teller, self.story
        posted = {
            "narrative": story.narrative,
            "sector": story.sector,
            "situation": story.situation,
            "subject_name": story.subject,
            "district": str(self.office.districts[story.district]) if story.district else "",
            "address": story.address,
            "danger_now": teller.danger,
            "happened": teller.happened,
            "identity": "real" if teller.name else "anonymous",
            "name": teller.name,
            "telephone": teller.telephone,
            "works_there": "yes" if teller.works_there else "",
            "alert_channel": ("email" if "@" in teller.alert else "sms") if teller.alert else "",
            "alert_address": teller.alert,
            "consent": "yes",
        }
        told, faults = read(
            tidy(posted),
            submission_id=uuid.uuid4().hex,
            receipt_code=self.code,
            today=clock.city_date(self.at, self.office.settings.zone),
            districts=self.office.districts.values(),
            channel=teller.channel,
            locale=story.locale,
            files=tuple(self._files()),
        )
        if faults:
            raise ValueError(f"the story {story.key} cannot be filed: {sorted(faults)}")
        by_staff = self.office.actor("shouli")
        filed = filing.file_report(
            told,
            actor=REPORTER if teller.channel is Channel.PORTAL else by_staff,
            at=self.at,
            ring=self.office.ring,
            settings=self.office.settings,
        )
        self.report_id = filed.report_id

    def _files(self) -> list[staging.Received]:
        taken = [
            pictures.photograph(self.seen.picture, f"{self.story.key} {number}", self.at)
            for number in range(self.photographs)
        ]
        return [staging.receive(io.BytesIO(picture), self.office.originals) for picture in taken]

    def say(self, text: str) -> None:
        """Write to the office."""
        asking.hear(self.report, text, self.at)

    def withdraw(self) -> None:
        """Withdraw the report; a reward that was told of goes back to the fund."""
        withdrawal.withdraw_report(self.report, self.at)
        awards.reporter_withdrew(self.report, self.at)

    def claim(self, holder: str = "") -> None:
        """Give an account for the reward, in one's own name."""
        card = f"62220217{self.dice.randrange(10**10):010d}"
        payee = typed_payee(
            holder or self.teller.name, "中国工商银行安阳分行", card + luhn.calc_check_digit(card)
        )
        shares.claim(self.report, payee, self.at, self.office.ring)

    # -- the desk -----------------------------------------------------------------------------------

    def undertake_danger(self) -> None:
        """Undertake what cannot wait."""
        alarms.undertake(self.case, self.intake, self.at)

    def accept(self) -> None:
        """Accept the case."""
        case = self.case
        triage.accept(case, self.intake, self.at, version=case.version, terms=self.office.terms)

    def refuse(self, reason: str, where: str) -> None:
        """Refuse the case."""
        case = self.case
        triage.refuse(case, self.intake, self.at, version=case.version, reason=reason, where=where)

    def transfer(self, authority: str, reason: str) -> None:
        """Pass the case on."""
        case = self.case
        triage.transfer(case, self.intake, self.at, version=case.version, authority=authority, reason=reason)

    def ask(self, text: str) -> None:
        """Ask the reporter, as the officer of the case or the intake officer."""
        case = self.case
        actor = self.verifier if case.officer_id else self.intake
        asking.ask_reporter(case, self.report_id, actor, text, self.at, version=case.version)

    def assign(self, *, officer: bool = True) -> None:
        """Give the case to the leading department and its least busy verifier."""
        case = self.case
        department_id, officer_id = routing.suggest(case, routing.candidates(clock.city_date(self.at)))
        unit = routing.Unit(department_id or 0, case.district_id, officer_id if officer else None)
        routing.assign(case, self.intake, self.at, version=case.version, unit=unit)

    def merge_into(self, other: Tale) -> None:
        """Move this report into the case of another."""
        case = self.case
        merging.merge(
            case, other.case, self.office.actor("shouli"), self.at, version=case.version,
            reason="同一地点、同一事项", terms=self.office.terms,
        )  # fmt: skip

    def renew_code(self) -> None:
        """Renew a lost code: name and document compared, confirmed by a supervisor, printed on a sheet."""
        officer = self.office.actor("shenfen")
        opening = renewal.record_opening(self.report, officer, self.at)
        opening.served_at = self.at
        db.session.flush()
        asked = renewal.ask(self.report, Shown.RESIDENT_ID.value, officer, self.at)
        renewal.answer(asked.id, True, self.office.actor("duban"), self.at)
        self.code = receipt.mint()
        renewal.print_sheet(renewal.NewCode(asked.id, self.code), officer, self.at, self.office.ring)

    def open_contact(self, reason: str) -> None:
        """Open the sealed telephone number, for a reason."""
        opening = contact.record_opening(self.report, self.intake, reason, self.at)
        opening.served_at = self.at

    def extend(self, reason: str) -> None:
        """Give more time to verify."""
        case = self.case
        actor = self.office.anybody(Role.SUPERVISOR, case.district_id, self.dice)
        triage.extend(case, actor, self.at, version=case.version, reason=reason, terms=self.office.terms)

    # -- the verification ---------------------------------------------------------------------------

    def undertake(self) -> None:
        """Take the case on."""
        case = self.case
        verification.undertake(case, self.verifier, self.at, version=case.version)

    def check(self, found: str = "") -> None:
        """Check on site with a colleague."""
        case, actor = self.case, self.verifier
        first, second = site_checks.officers(actor)[:2]
        zone = self.office.settings.zone
        visit = site_checks.SiteVisit(
            checked_on=clock.city_date(self.at, zone),
            officer_one_id=first.id,
            certificate_one="",
            officer_two_id=second.id,
            certificate_two="",
            found=found or f"到{self.story.address}现场检查：{self.seen.fact}。",
        )
        site_checks.record_check(case, visit, actor, self.at, version=case.version, zone=zone)

    def find(self, kind: FindingKind, *, deaths: int = 0, accident: AccidentClass | None = None) -> None:
        """Record what was verified."""
        case = self.case
        found = findings.Found(kind, f"{self.seen.fact}。", deaths, accident)
        findings.add_finding(
            case, found, self.verifier, self.at, version=case.version, award_decided=award_decided(case)
        )

    def penalise(self, firm: int, person: int = 0) -> None:
        """Record fines in yuan; the award follows from them."""
        case, zone = self.case, self.office.settings.zone
        day = clock.city_date(self.at, zone)
        number = f"安应急罚〔{day.year}〕{self.dice.randrange(20, 300)}号"
        parts = ((PenaltyPart.FIRM, firm), (PenaltyPart.PERSON, person))
        lines = [penalties.PenaltyLine(number, day, part, yuan * YUAN) for part, yuan in parts if yuan]
        penalties.record_penalties(
            case, self.finding.id, lines, self.verifier, self.at,
            version=case.version, zone=zone, award_decided=award_decided(case),
        )  # fmt: skip
        awards.propose_if_payable(case, self.verifier, self.at)

    def no_penalty(self, reason: str) -> None:
        """Record that there is no penalty, and why; the award follows from that."""
        case = self.case
        penalties.record_no_penalty(
            case, self.finding.id, reason, self.verifier, self.at,
            version=case.version, award_decided=award_decided(case),
        )  # fmt: skip
        awards.propose_if_payable(case, self.verifier, self.at)

    def conclude(self, outcome: Conclusion) -> None:
        """End the verification."""
        case = self.case
        note = phrases.handled(self.seen, outcome)
        conclusion.conclude(
            case, outcome, note, self.verifier, self.at, version=case.version, terms=self.office.terms
        )

    def answer(self, *, rewarded: bool = False) -> None:
        """Answer the reporter."""
        case = self.case
        written = phrases.answer(self.seen, case.conclusion or Conclusion.TRUE, rewarded=rewarded)
        conclusion.answer(
            case, written, self.verifier, self.at, version=case.version, terms=self.office.terms
        )

    # -- putting it right ---------------------------------------------------------------------------

    def order(self, days: int) -> None:
        """Order the finding to be put right within so many days."""
        case, zone = self.case, self.office.settings.zone
        points = rectification.FivePoints(
            responsible=f"{self.story.subject.removesuffix('（虚构）') or '责任单位'}主要负责人",
            measures=f"{self.seen.order}。",
            funds="企业自筹 3 万元",
            deadline=clock.city_date(self.at, zone) + timedelta(days=days),
            contingency="整改期间停止相关作业，安排专人值守，配备灭火器材和应急电话。",
        )
        rectification.order(
            case, self.finding.id, points, self.verifier, self.at, version=case.version, zone=zone
        )

    def put_right(self, verb: Callable[..., None], *words: object) -> None:
        """Take one step in putting it right, as the officer of the case."""
        case = self.case
        verb(case, self.finding.id, *words, self.verifier, self.at, version=case.version)

    def more_time(self, days: int, reason: str) -> None:
        """Give more days to put it right."""
        case = self.case
        later = self.finding.rectification or _missing("rectification")
        rectification.extend(
            case, self.finding.id, later.deadline + timedelta(days=days), reason, self.verifier, self.at,
            version=case.version, zone=self.office.settings.zone,
        )  # fmt: skip

    # -- the award ----------------------------------------------------------------------------------

    def choose(self, yuan: int, reason: str) -> None:
        """Choose the amount inside the rule's band."""
        chosen = awards.Chosen({self.finding.id: yuan * YUAN}, reason)
        awards.choose_amounts(self.case, chosen, self.verifier, self.at)

    def identify(self, *, employee: bool = False, name: bool = True) -> None:
        """Answer both questions about the reporter, after opening the sealed name."""
        actor = self.office.anybody(Role.IDENTITY_OFFICER, None, self.dice)
        opening = identity.record_opening(self.report, actor, self.at)
        opening.served_at = self.at
        for question, yes in ((Question.REAL_NAME, name), (Question.EMPLOYEE, employee)):
            command = identity.Answer(self.report_id, question, yes, "电话核对，并与社保记录比对")
            answers.answer_identity(command, actor, self.at)

    def approve(self) -> None:
        """Approve the award and reserve its money."""
        awards.approve(
            self._decision(), self._finance(), self.at, claim_days=self.office.settings.deadlines.claim_days
        )

    def send_back(self, reason: str) -> None:
        """Send the award back."""
        awards.send_back(self._decision(reason), self._finance(), self.at)

    def refuse_award(self, reason: str) -> None:
        """Refuse the award."""
        awards.refuse(self._decision(reason), self._finance(), self.at)

    def bank(self, state: PayoutState) -> None:
        """Record what the bank did, after opening the payee."""
        share = self.share
        actor = self.office.anybody(Role.CASHIER, None, self.dice)
        payouts.record_opening(share, actor, self.at)
        day = clock.city_date(self.at, self.office.settings.zone)
        said = payouts.BankAnswer(
            share.id, share.version, uuid.uuid4().hex, state, f"HX{self.dice.randrange(10**9):09d}", day
        )
        payouts.record_answer(said, actor, self.at)

    def _finance(self) -> Actor:
        return self.office.anybody(Role.FINANCE, None, self.dice)

    def _decision(self, reason: str = "") -> awards.Decision:
        return awards.Decision(self.award.id, self.award.version, self.award.amount_fen, reason)


def _missing(what: str) -> NoReturn:
    raise LookupError(f"the tale has no {what} yet")
