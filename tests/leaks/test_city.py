"""A whole city full of canaries: if these fail, somebody reads who reported, or reads what is not theirs."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from flask_babel import force_locale
from sqlalchemy import select

from portal import clock
from portal.audit.models import Event
from portal.cases.models import Case
from portal.channels.channel import Parcel
from portal.database import db
from portal.notices import texts
from portal.notices.jobs import deliver
from portal.notices.models import Delivery, DeliveryState, Notice
from portal.notices.texts import outside
from portal.people.models import Account, Person
from portal.people.permissions import Role
from portal.reports.models import IdentityCheck, Report
from portal.rewards.models import Award, Share
from portal.rewards.steps import ShareStatus
from portal.run.jobs import ALLOWED
from portal.run.queue import is_id
from portal.subjects import boards
from portal.subjects.boards import Place
from portal.vault import neutral
from portal.vault.groups import FieldGroup
from portal.vault.models import SealedField
from tests.fixtures.records import make_account
from tests.fixtures.visitors import enter
from tests.leaks.canaries import SEALED, STEM, Group, Needles, listed, value
from tests.leaks.city import City
from tests.leaks.crawl import Objects, odd_amounts, plan_of, representatives
from tests.leaks.rows import PUBLIC_KEYS, cells, guesses, prefixes
from tests.leaks.scene import PEOPLE, STRANGER, Scene, Somebody, leaks_of, out_of_reach, some_of, somebody
from tests.leaks.table import (
    CASHIER,
    NOBODY,
    OPEN,
    REVEALED,
    Cell,
    check_table,
)
from tests.rewards.world import actor_of

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def scene(canary_city: City) -> Scene:
    app = canary_city.app
    with app.app_context():
        two = make_account(Role.INTAKE_OFFICER, Role.IDENTITY_OFFICER, name="宋致远")
        two.username = "zwei"
        admin = db.session.scalars(select(Account).where(Account.username == "guanli")).one()
        boards.make(Place("示例木业", "示例路 1 号", None, "fire"), actor=actor_of(admin), at=two.created_at)
        db.session.commit()
        named: dict[str, list[str]] = {str(group): [stem] for group, stem in STEM.items()}
        named[Group.MONEY] = list(odd_amounts())
        cases = representatives(db.session.scalars(select(Case).order_by(Case.id)))
        plan = plan_of(app, Objects(cases))
        db.session.rollback()
    return Scene(canary_city, plan, named, [tale.code for tale in canary_city.tales.values()])


def test_the_table_lets_nobody_read_what_is_sealed_on_an_open_page() -> None:
    check_table()
    assert {group for cell in REVEALED for group in cell.groups} | {Group.HOLDER, *NOBODY} >= set(SEALED)


def test_every_group_was_planted_in_the_city(scene: Scene) -> None:
    """The positive control: what is looked for is there, sealed; a city without it would prove nothing."""
    with scene.city.app.app_context():
        sealed = set(db.session.scalars(select(SealedField.field_group).distinct()))
        reasons = db.session.scalars(select(IdentityCheck.reason)).all()
        texts = db.session.scalars(select(Report.narrative)).all()
        shares = set(db.session.scalars(select(Share.status).distinct()))
    assert sealed == set(FieldGroup)
    assert sum(STEM[Group.ANSWER_REASON] in reason for reason in reasons) > 10
    assert all(STEM[Group.TEXT] in text for text in texts)
    assert len(scene.named[Group.MONEY]) > 20
    assert shares >= {ShareStatus.CLAIMED, ShareStatus.PAID, ShareStatus.RETURNED, ShareStatus.UNKNOWN}


@pytest.mark.parametrize("name", PEOPLE)
def test_nobody_of_the_staff_reads_what_is_not_theirs(scene: Scene, name: str) -> None:
    """Nor anything of a case out of reach: not its text, firm or number, in no list and no suggestion."""
    who = somebody(scene, name)
    crawl = scene.crawl(listed({one: [one] for one in out_of_reach(scene, who)}))
    crawl.all_pages(who.client, name, some_of(scene.plan, who), who.token)
    assert leaks_of(crawl, who.roles) == []
    assert crawl.broken == []
    assert sum(crawl.opened.values()) > 5


@pytest.mark.assure
def test_nobody_of_the_staff_reads_what_is_not_theirs_in_any_stage(scene: Scene) -> None:
    """Every page with an object of every stage; and each open cell of the table is really met with."""
    met, asked = set(), 0
    for name in PEOPLE:
        who = somebody(scene, name)
        crawl = scene.crawl(listed({one: [one] for one in out_of_reach(scene, who)}))
        crawl.all_pages(who.client, name, scene.plan, who.token)
        assert leaks_of(crawl, who.roles) == []
        assert crawl.broken == []
        met |= {(hit.name, hit.door) for hit in crawl.hits}
        asked += len(scene.plan)
    print(f"{asked} requests of {len(PEOPLE)} people, {len(met)} cells met")
    for cell in OPEN:
        assert any((group, page) in met for group in cell.groups for page in cell.pages), cell


def test_a_stranger_reads_nothing_at_all(scene: Scene) -> None:
    crawl = scene.crawl()
    client = scene.city.app.test_client()
    crawl.all_pages(client, STRANGER, some_of(scene.plan, Somebody("", frozenset(), client, "")))
    assert leaks_of(crawl, frozenset()) == []
    assert crawl.opened["public.home"]


# Where a visit shows the words and the reward of its own report.
OWN = {"public.track_report", "public.claim", "public.track_copy", "public.track_copy_file"}


@pytest.mark.parametrize("key", ["furniture", "truckpark", "doorshop", "yangguang-again", "blackwater"])
def test_a_visit_shows_nothing_sealed_and_nothing_of_other_reports(scene: Scene, key: str) -> None:
    """Not even one's own: whoever looks at the screen of a telephone later learns no name and no account."""
    tale, app = scene.city.tales[key], scene.city.app
    with app.app_context():
        numbers = set(db.session.scalars(select(Report.number))) | set(
            db.session.scalars(select(Case.number))
        )
        numbers |= set(db.session.scalars(select(Award.number)))
        own = {tale.report.number}
        staff = list(db.session.scalars(select(Person.name)))
        db.session.rollback()
    others = [
        value(group, one.number)
        for one in scene.city.tales.values()
        if one is not tale
        for group in (Group.TEXT, Group.FIRM)
    ]
    besides = {"another number": numbers - own, "another report": others}
    crawl = scene.crawl(listed(besides), Needles({"staff": staff}).in_bytes)
    client = app.test_client()
    assert enter(client, tale.code).status_code == 303
    for page in scene.plan:
        if page.endpoint.startswith("public.") and page.form is None:
            crawl.look(client, key, page.endpoint, page.address)
    mine = {Group.MONEY, Group.TEXT, Group.FIRM}
    assert [hit for hit in crawl.hits if not (hit.name in mine and hit.door in OWN)] == []
    assert crawl.opened["public.track_report"] == 1


REASON = "需要询问现场位置"


STORY = {
    "POST desk.case_contact": "shoesoles",
    "POST desk.identity_open": "pickles",
    "POST desk.lost_code_name": "towercrane",
    "POST desk.cut_out_open": "pickles",
    "POST finance.payout_payee": "truckpark",
}


def revealing(scene: Scene, cell: Cell) -> tuple[str, dict[str, str], str]:
    """The address of a reveal, what is sent with it, and the page from which it is sent."""
    (role,), (door,) = cell.roles, cell.pages
    tale = scene.city.tales[STORY[door]]
    with scene.city.app.app_context():
        number, case = tale.report.number, tale.case.number
        award = tale.award.number if role is CASHIER else ""
        db.session.rollback()
    reason = {"reason": REASON}
    contact, name = f"/desk/cases/{case}/contact/{number}", f"/desk/identity/{number}"
    payout = f"/desk/payouts/{award}"
    return {
        "POST desk.case_contact": (contact, reason, contact),
        "POST desk.identity_open": (f"{name}/name", {}, name),
        "POST desk.lost_code_name": ("/desk/lost-code/name", {"number": number}, "/desk/lost-code"),
        "POST desk.cut_out_open": ("/desk/cut-out", {"number": number, **reason}, "/desk/cut-out"),
        "POST finance.payout_payee": (f"{payout}/payee", {}, payout),
    }[door]


@pytest.mark.parametrize("cell", REVEALED, ids=lambda cell: cell.pages[0])
def test_the_one_reveal_page_shows_it_to_its_reader_and_to_nobody_else(scene: Scene, cell: Cell) -> None:
    """The positive control: the very same search does find the canaries where they may be."""
    for name in PEOPLE:
        who = somebody(scene, name)
        crawl = scene.crawl()
        address, form, behind = revealing(scene, cell)
        form |= {"csrf_token": who.token}
        answer = crawl.look(
            who.client, name, cell.pages[0].removeprefix("POST "), address, {**form, "csrf_token": who.token}
        )
        found = {hit.name for hit in crawl.hits} & set(SEALED)
        if who.roles.isdisjoint(cell.roles) or name.endswith("-linzhou"):
            assert (found, answer.status_code) in [(set(), 403), (set(), 404)], name
            continue
        assert found == set(cell.groups), name
        crawl.hits.clear()
        crawl.look(who.client, name, "the page after it", behind)
        assert {hit.name for hit in crawl.hits} & set(SEALED) == set(), name


# What leaves the portal, what the log keeps, what a dump holds


@dataclass
class Outside:
    """Takes every message, as the gateway of text messages or the mail server does."""

    name: str
    sent: list[Parcel]

    def ready(self) -> bool:
        return True

    def send(self, parcel: Parcel) -> None:
        self.sent.append(parcel)


def neutral_messages() -> set[tuple[str, str]]:
    """Every text that may leave for a reporter or an officer: a handful of constants in both languages."""
    texts = {text for by_locale in neutral.TEXTS.values() for text in by_locale.values()}
    for locale in ("zh_Hans", "en"):
        texts |= {outside(locale, for_staff=staff, urgent=urgent) for staff in (0, 1) for urgent in (0, 1)}
    return texts


def test_every_message_of_the_city_is_one_of_a_handful_of_constants(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of a report, a firm, a number or a sum is in it, and the address of a reporter only outside."""
    sent: list[Parcel] = []
    ways = {name: Outside(name, sent) for name in ("sms", "email")}
    monkeypatch.setattr("portal.notices.jobs.channels", lambda _settings: ways)
    monkeypatch.setattr("tests.fixtures.vault.channels", lambda _settings: ways)
    noon = datetime(2026, 12, 30, 4, 0, tzinfo=UTC)
    with scene.city.app.app_context(), clock.frozen(max(noon, clock.now() + timedelta(days=1))):
        for row in db.session.scalars(
            select(Delivery.id).where(Delivery.state == DeliveryState.QUEUED)
        ).all():
            deliver(row)
        errors = set(db.session.scalars(select(Delivery.error).distinct()))
        db.session.rollback()
        allowed = neutral_messages()
    assert {(parcel.subject, parcel.text) for parcel in sent} <= allowed
    search = Needles(scene.named, scene.codes).in_bytes
    assert any(search(parcel.address.encode()) == {Group.ALERT} for parcel in sent)
    assert not search("".join(sorted(errors)).encode())
    assert not any(re.search(r"\d", subject + text) for subject, text in allowed)


def test_notices_of_the_desk_and_of_the_receipt_page_have_no_variables(scene: Scene) -> None:
    """What is shown beside a notice is a number that opens nothing, and for a reporter not even that."""
    with scene.city.app.app_context():
        for locale in ("zh_Hans", "en"):
            with force_locale(locale):
                said = [texts.on_page(kind) for kind in texts.ON_PAGE]
                said += [texts.in_desk(kind) for kind in texts.IN_DESK]
            assert not [text for text in said if re.search(r"[\d%{}@]", text)]
        for notice in db.session.scalars(select(Notice)):
            shown = REFERENCE.fullmatch(notice.reference)
            assert shown, notice.kind
            assert not (notice.report_id and notice.reference), notice.kind


REFERENCE = re.compile(r"((AY|JL)-\d{4}-\d{6}(-\d)?|[a-z0-9-]+ [\w.]+|[a-z0-9-]+)?")
CODE_OR_NUMBER = re.compile(r"[\w.:/+-]{0,64}", re.ASCII)


def plain_fact(fact: object) -> bool:
    """A number, a code of our own, a day; or several of them under such names."""
    if isinstance(fact, dict):
        return all(plain_fact(one) for pair in fact.items() for one in pair)
    if isinstance(fact, list):
        return all(map(plain_fact, fact))
    return (
        fact is None
        or isinstance(fact, int)
        or (isinstance(fact, str) and CODE_OR_NUMBER.fullmatch(fact) is not None)
    )


def test_the_log_holds_codes_and_numbers_and_the_reasons_of_officers_alone(scene: Scene) -> None:
    search = Needles({**scene.named, Group.MONEY: []}, scene.codes).in_bytes
    with scene.city.app.app_context():
        events = db.session.scalars(select(Event)).all()
        assert [event.facts for event in events if not plain_fact(event.facts)] == []
        said = "\n".join(f"{event.reason} {event.from_status} {event.to_status}" for event in events)
        assert search(said.encode()) == set()
        unspoken = [event for event in events if event.action == "identity_answered"]
        assert unspoken
        assert not [event for event in unspoken if event.reason or "answer" in event.facts]


def test_jobs_carry_a_name_and_an_id(scene: Scene) -> None:
    assert scene.city.rung
    for name, *arguments in scene.city.rung:
        assert name in ALLOWED
        assert all(is_id(argument) for argument in arguments)


# Where each group that is not sealed may stand in a dump.
IN_ROWS = {
    Group.TEXT: {"reports.narrative"},
    Group.FIRM: {"reports.subject_name", "cases.subject_name", "rectifications.responsible"},
    Group.ANSWER_REASON: {"identity_checks.reason"},
}


def test_a_dump_holds_no_canary_in_the_clear(scene: Scene) -> None:
    search = Needles({**scene.named, Group.MONEY: []}, scene.codes).in_bytes
    found: dict[str, set[str]] = {}
    with scene.city.app.app_context():
        for column, content in cells(db.session.connection()):
            for name in search(content):
                found.setdefault(name, set()).add(column)
        db.session.rollback()
    assert found == IN_ROWS


@pytest.mark.parametrize("tries", [2_000, pytest.param(200_000, marks=pytest.mark.assure)])
def test_no_telephone_number_is_found_by_trying_them_all(scene: Scene, tries: int) -> None:
    """Of eleven digits there are few enough to try each: with plain hashes, or keys that are no secret."""
    app = scene.city.app
    with app.app_context():
        known = prefixes(content for _, content in cells(db.session.connection()))
        db.session.rollback()
    planted = [value(group, n) for group in (Group.TELEPHONE, Group.ALERT, Group.TOLD) for n in range(1, 80)]
    planted += [value(Group.ACCOUNT, n) for n in range(1, 80)] + scene.codes
    beside = [str(19_900_000_000 + number) for number in range(tries)]
    keys = (*PUBLIC_KEYS, *(secret.encode() for secret in [*scene.codes[:3]]))
    assert not [number for number in [*planted, *beside] if known.intersection(guesses(number, keys))]
    control = hashlib.sha256(planted[0].encode()).digest()
    assert not prefixes([control, b"x" * 40]).isdisjoint(guesses(planted[0]))
