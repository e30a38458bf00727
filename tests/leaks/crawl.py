"""Every page with objects of every stage, as each person sees it; and what was found there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from portal.audit.models import AuditSample
from portal.cases.models import Case, Finding, Penalty
from portal.cases.steps import RectificationAction
from portal.database import db
from portal.evidence.models import Evidence, EvidencePage, Redaction
from portal.people.models import Account
from portal.reports.models import IdentityCheck, Report
from portal.rewards.models import Award, Share, Stage
from portal.rewards.rule_models import RuleVersion
from portal.subjects.models import Board
from tests.leaks.canaries import Search, opened_cookies, unpacked

GET, POST = "GET", "POST"
# Asked for with objects although they are POST: they change nothing, or open once what they are there for.
LOOKS: dict[str, dict[str, str]] = {
    "desk.award_try": {},
    "desk.evidence_check": {},
    "desk.rule_set_upload": {"text": "id = 'x'"},
    "desk.rule_set_simulate": {"since": "2026-01-01", "until": "2026-12-31"},
    "desk.samples": {"population": "cases", "since": "2026-01-01", "until": "2026-12-31", "size": "5"},
    "public.calculator": {"sector": "fire", "kind": "major_hazard"},
}
LATER = frozenset({"desk.logout", "public.leave", "static"})
"""Left out of the crawl: what ends the session, and files of the portal itself."""


@dataclass(frozen=True)
class Hit:
    """Something that was found in an answer."""

    name: str
    person: str
    door: str
    address: str = field(compare=False)


def representatives(every: Iterable[Case]) -> list[Case]:
    """One case of each stage: its status, whether it was merged, and how its award and share stand."""
    found: dict[tuple[object, ...], Case] = {}
    for case in every:
        awards = db.session.scalars(select(Award).where(Award.case_id == case.id)).all()
        shares = {share.status for award in awards for share in award.shares}
        reports = db.session.scalars(select(Report).where(Report.case_id == case.id)).all()
        stage = (
            case.status,
            case.merged_into_id is not None,
            frozenset(award.status for award in awards),
            frozenset(shares),
            len(reports) > 1,
            any(report.withdrawn_at for report in reports),
        )
        found.setdefault(stage, case)
    return list(found.values())


class Objects:
    """The values that stand for the arguments of routes."""

    def __init__(self, cases: list[Case]) -> None:
        self.cases = cases
        self.awards = [
            award.number
            for case in cases
            for award in db.session.scalars(select(Award).where(Award.case_id == case.id))
        ]

    def sets(self, rule: Rule) -> Iterator[dict[str, object]]:
        """The arguments with which a route is asked for."""
        named = rule.rule
        if named.startswith("/desk/cases/<number>"):
            yield from (one for case in self.cases for one in self._of_case(case, rule.arguments))
        elif named.startswith("/desk/evidence/<uuid>"):
            yield from self._of_file(rule.arguments)
        elif named.startswith(("/desk/awards/", "/desk/payouts/")):
            yield from ({"number": number} for number in self.awards)
        else:
            values = [self._besides(rule, name) for name in sorted(rule.arguments)]
            yield from (dict(zip(sorted(rule.arguments), one, strict=True)) for one in product(*values))

    def _of_case(self, case: Case, names: set[str]) -> Iterator[dict[str, object]]:
        findings = list(db.session.scalars(select(Finding.id).where(Finding.case_id == case.id)))
        held = select(Report.number).where(Report.case_id == case.id)
        values: dict[str, list[object]] = {
            "number": [case.number],
            "report": list(db.session.scalars(held)),
            "finding_id": list(findings),
            "penalty_id": list(
                db.session.scalars(select(Penalty.id).where(Penalty.finding_id.in_(findings)).limit(1))
            ),
            "stage": [stage.value for stage in Stage],
            "action": [action.value for action in RectificationAction],
        }
        ordered = sorted(names)
        for one in product(*(values[name] for name in ordered)):
            yield dict(zip(ordered, one, strict=True))

    def _of_file(self, names: set[str]) -> Iterator[dict[str, object]]:
        if "number" in names:
            rows = db.session.execute(
                select(Evidence.uuid, EvidencePage.number).join(EvidencePage).limit(2)
            ).all()
            yield from ({"uuid": row[0], "number": row[1]} for row in rows)
        elif "version" in names:
            redacted = db.session.execute(select(Evidence.uuid, Redaction.version).join(Redaction).limit(2))
            yield from ({"uuid": row[0], "version": row[1]} for row in redacted)
        else:
            held = select(Report.id).where(Report.case_id.in_([case.id for case in self.cases]))
            newest = select(Evidence.uuid).where(Evidence.report_id.in_(held)).order_by(Evidence.id.desc())
            yield from ({"uuid": uuid} for uuid in db.session.scalars(newest.limit(4)))

    def _besides(self, rule: Rule, name: str) -> list[object]:
        columns: dict[str, InstrumentedAttribute[object]] = {
            "key": RuleVersion.id,
            "account_id": Account.id,
            "sample_id": AuditSample.id,
        }
        if name in columns:
            return list(db.session.scalars(select(columns[name]).order_by(columns[name]).limit(3)))
        if name == "number" and "identity" in rule.rule:
            asked = select(Report.number).join(IdentityCheck, IdentityCheck.report_id == Report.id)
            return list(db.session.scalars(asked.distinct().order_by(Report.number)))
        if name == "number":
            return [case.number for case in self.cases]
        if name == "code" and "boards" in rule.rule:
            return list(db.session.scalars(select(Board.code).limit(1)))
        return {"code": ["fire"], "size": ["large"], "kind": ["districts"]}.get(name, ["987654321"])


@dataclass(frozen=True)
class Page:
    """One request of the crawl; with a form it is posted."""

    endpoint: str
    address: str
    form: dict[str, str] | None = None


def plan_of(app: Flask, objects: Objects) -> list[Page]:
    """Every GET route, and every POST that changes nothing, with all objects."""
    urls, pages = app.url_map.bind("localhost"), []
    for rule in app.url_map.iter_rules():
        methods = rule.methods or set()
        if rule.endpoint in LATER or not (GET in methods or rule.endpoint in LOOKS):
            continue
        for arguments in objects.sets(rule):
            if GET in methods:
                pages.append(Page(rule.endpoint, urls.build(rule.endpoint, arguments, method=GET)))
            if rule.endpoint in LOOKS and POST in methods:
                form = LOOKS[rule.endpoint]
                pages.append(Page(rule.endpoint, urls.build(rule.endpoint, arguments, method=POST), form))
    return pages


class Crawl:
    """Asks as one person and notes what is found."""

    def __init__(self, *searches: Search) -> None:
        self._searches = searches
        self.hits: set[Hit] = set()
        self.opened: dict[str, int] = {}
        self.broken: list[str] = []

    def all_pages(self, client: FlaskClient, person: str, plan: Iterable[Page], token: str = "") -> None:
        """Every GET, and with a token every POST that changes nothing."""
        for page in plan:
            form = page.form
            if form is None or token:
                form = form if form is None else {**form, "csrf_token": token}
                self.look(client, person, page.endpoint, page.address, form)

    def look(
        self,
        client: FlaskClient,
        person: str,
        endpoint: str,
        address: str,
        form: dict[str, str] | None = None,
    ) -> TestResponse:
        """Ask for one page and search the whole answer."""
        answer = client.get(address) if form is None else client.post(address, data=form)
        door = endpoint if form is None else f"{POST} {endpoint}"
        if answer.status_code >= 500 and endpoint != "site.healthz":  # which says what is not running
            self.broken.append(f"{person} {door} {address} {answer.status_code}")
        if answer.status_code == 200:
            self.opened[door] = self.opened.get(door, 0) + 1
        for name in self.found_in(answer):
            self.hits.add(Hit(name, person, door, address))
        return answer

    def found_in(self, answer: TestResponse) -> set[str]:
        """What stands in the body, unpacked, or in the headers and cookies."""
        heads = "\n".join(f"{name}: {said}" for name, said in answer.headers).encode()
        cookies = answer.headers.getlist("Set-Cookie")
        body = answer.get_data()
        answer.close()
        parts = [heads, *(part for cookie in cookies for part in opened_cookies(cookie)), *unpacked(body)]
        return {name for part in parts for search in self._searches for name in search(part)}


def odd_amounts() -> Iterator[str]:
    """Fines, awards and shares in yuan as pages write them, without round ones that rules name too."""
    for column in (Award.amount_fen, Share.amount_fen, Penalty.amount_fen):
        for fen in db.session.scalars(select(column).distinct()):
            if fen % 50_000:
                yield f"{fen // 100:,}"
