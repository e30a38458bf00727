"""An office that verifies: two officers, a supervisor, somebody of another unit, and a case of theirs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from portal.audit.models import Event
from portal.cases import findings, penalties, rectification, site_checks
from portal.cases.findings import Found
from portal.cases.models import Case, Finding, FindingKind, PenaltyPart, SiteCheck
from portal.cases.penalties import PenaltyLine
from portal.cases.rectification import FivePoints
from portal.cases.site_checks import SiteVisit
from portal.cases.steps import CaseStatus
from portal.cases.terms import Terms
from portal.config import Deadlines
from portal.database import db
from portal.people.actor import Actor
from portal.people.models import Account, Person
from portal.people.permissions import Role
from portal.people.sessions import SignedIn
from tests.fixtures.records import make_account, make_case, make_department, make_district, make_report

AT = datetime(2026, 11, 10, 2, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
TERMS = Terms(Deadlines(), ZONE)
YUAN = 100
NAMES = {
    "verifier": (Role.VERIFIER, "张立新"),
    "colleague": (Role.VERIFIER, "赵建国"),
    "supervisor": (Role.SUPERVISOR, "李敏"),
    "finance": (Role.FINANCE, "陈静"),
}


@dataclass
class Office:
    """Accounts by name; the case is assigned to the verifier and has one report."""

    accounts: dict[str, Account] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unit = make_department(), make_district()
        for name, (role, who) in NAMES.items():
            self.accounts[name] = make_account(role, name=who, department=unit[0], district=unit[1])
        elsewhere = make_department("housing", "住房和城乡建设局")
        self.accounts["stranger"] = make_account(
            Role.VERIFIER, name="周大勇", department=elsewhere, district=unit[1]
        )

    def actor(self, name: str = "verifier") -> Actor:
        return SignedIn(self.accounts[name], "token").actor

    def person(self, name: str = "verifier") -> Person:
        return self.accounts[name].person

    def case(self, status: CaseStatus = CaseStatus.VERIFYING) -> Case:
        case = make_case(status=status, department=make_department(), officer=self.person())
        make_report(case)
        return case

    def visit(self, **changed: object) -> SiteVisit:
        given: dict[str, object] = {
            "checked_on": date(2026, 11, 9),
            "officer_one_id": self.person().id,
            "certificate_one": "",
            "officer_two_id": self.person("colleague").id,
            "certificate_two": "",
            "found": "东侧安全出口被木料堵塞并从外上锁。",
        }
        return SiteVisit(**{**given, **changed})  # type: ignore[arg-type]  # fields by name, for tests

    def check(self, case: Case, **changed: object) -> SiteCheck:
        visit = self.visit(**changed)
        return site_checks.record_check(case, visit, self.actor(), AT, version=case.version, zone=ZONE)

    def find(self, case: Case, kind: FindingKind = FindingKind.MAJOR_HAZARD) -> Finding:
        found = Found(kind, "安全出口上锁")
        return findings.add_finding(case, found, self.actor(), AT, version=case.version, award_decided=False)

    def fine(self, case: Case, finding: Finding, *lines: PenaltyLine, reason: str = "") -> Finding:
        return penalties.record_penalties(
            case,
            finding.id,
            lines or (penalty(),),
            self.actor(),
            AT,
            version=case.version,
            zone=ZONE,
            award_decided=False,
            reason=reason,
        )

    def order(self, case: Case, finding: Finding, **changed: object) -> None:
        rectification.order(
            case, finding.id, points(**changed), self.actor(), AT, version=case.version, zone=ZONE
        )


def penalty(yuan: int = 100_000, part: PenaltyPart = PenaltyPart.FIRM) -> PenaltyLine:
    """One part of a penalty in yuan."""
    return PenaltyLine("安应急罚〔2026〕118 号", date(2026, 11, 9), part, yuan * YUAN)


def points(**changed: object) -> FivePoints:
    """The five fixed points, all given."""
    given: dict[str, object] = {
        "responsible": "厂长王某",
        "measures": "清空通道，拆除门锁",
        "funds": "企业自筹 5,000 元",
        "deadline": date(2026, 11, 16),
        "contingency": "整改前停止使用二楼",
    }
    return FivePoints(**{**given, **changed})  # type: ignore[arg-type]  # fields by name, for tests


def events_of(case: Case) -> list[Event]:
    """The events of a case in order."""
    db.session.flush()
    return list(db.session.scalars(select(Event).where(Event.case_id == case.id).order_by(Event.id)))
