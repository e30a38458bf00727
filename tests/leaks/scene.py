"""Who crawls through the city with canaries, and what they look for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask.testing import FlaskClient
from sqlalchemy import select

from portal.admin.access import ACCESS, Door
from portal.cases.models import Case
from portal.database import db
from portal.people.models import Account
from portal.people.permissions import TABLE, Role
from portal.reports.models import Report
from tests.fixtures.records import sign_in
from tests.fixtures.staff import csrf_of
from tests.leaks.canaries import Group, Needles, Search, value
from tests.leaks.city import City
from tests.leaks.crawl import Crawl, Page
from tests.leaks.table import CASE_ROLES, may_read

# One of each role, an officer of another district of each kind, and a person who holds two roles.
PEOPLE = (
    "shouli",
    "hecha",
    "duban",
    "shenfen",
    "caiwu",
    "chuna",
    "shenji",
    "guanli",
    "shouli-linzhou",
    "hecha-linzhou",
    "duban-linzhou",
    "zwei",
)
STRANGER = "nobody"


@dataclass(frozen=True)
class Somebody:
    """A person of the staff with an open session."""

    name: str
    roles: frozenset[Role]
    client: FlaskClient
    token: str


@dataclass(frozen=True)
class Scene:
    """What the crawl works on: the city, the pages with objects, what is looked for."""

    city: City
    plan: list[Page]
    named: dict[str, list[str]]
    codes: list[str]

    def crawl(self, *more: Search) -> Crawl:
        """Look for all canaries, and for what else is wished."""
        return Crawl(Needles(self.named, self.codes).in_bytes, *more)


def somebody(scene: Scene, name: str) -> Somebody:
    app = scene.city.app
    client = app.test_client()
    with app.app_context():
        account = db.session.scalars(select(Account).where(Account.username == name)).one()
        sign_in(client, account)
        roles = frozenset(account.roles)
    return Somebody(name, roles, client, csrf_of(client, "/desk/account"))


def opens(who: Somebody, endpoint: str) -> bool:
    rule = ACCESS[endpoint]
    return isinstance(rule, Door) or not who.roles.isdisjoint(TABLE[rule])


def some_of(plan: Sequence[Page], who: Somebody) -> Iterator[Page]:
    """Two objects for each door that this person opens, one for each that stays shut.

    Citizens' pages know no staff: a stranger and the first of the staff look at them.
    """
    asked: Counter[tuple[str, bool]] = Counter()
    for page in plan:
        if ACCESS[page.endpoint] is Door.PUBLIC and who.name not in {"", PEOPLE[0]}:
            continue
        kind = (page.endpoint, page.form is None)
        asked[kind] += 1
        if asked[kind] <= (2 if opens(who, page.endpoint) else 1):
            yield page


def leaks_of(crawl: Crawl, roles: frozenset[Role]) -> list[str]:
    """What was found where the table does not allow it."""
    return sorted(
        f"{hit.name}: {hit.person} at {hit.door} ({hit.address})"
        for hit in crawl.hits
        # A number that was asked for stands in the link to the other language, whether it exists or not.
        if not may_read(hit.name, roles, hit.door) and hit.name not in hit.address
    )


def out_of_reach(scene: Scene, who: Somebody) -> set[str]:
    """Numbers, texts and firms of all cases in other districts, or of other departments for who verifies."""
    if who.roles.isdisjoint(CASE_ROLES):
        return set()
    with scene.city.app.app_context():
        account = db.session.scalars(select(Account).where(Account.username == who.name)).one()
        person, verifies = account.person, Role.VERIFIER in who.roles
        found = set()
        for case in db.session.scalars(select(Case)):
            near = person.district_id in (None, case.district_id)
            if near and not (verifies and case.department_id != person.department_id):
                continue
            found.add(case.number)
            for report in db.session.scalars(select(Report).where(Report.case_id == case.id)):
                number = scene.city.of_report(report.id).number
                found |= {report.number, value(Group.TEXT, number), value(Group.FIRM, number)}
    return found
