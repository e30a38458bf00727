"""The accused asks about his own firm: if these fail, an answer tells him that somebody reported it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select
from sqlalchemy.engine import Engine
from werkzeug.test import TestResponse

from portal import clock
from portal.cases.models import Case
from portal.cases.steps import CaseStatus
from portal.database import db
from portal.evidence.models import Evidence
from portal.people import duty
from portal.people.permissions import Role
from portal.public import totals
from portal.reports.models import Report
from portal.subjects import boards
from portal.subjects.boards import Place
from portal.vault.fields import keep_fields
from portal.vault.groups import FieldGroup
from tests.evidence.samples import jpeg, quarters
from tests.fixtures.evidence import make_evidence
from tests.fixtures.records import make_account, make_case, make_department, make_district, make_report
from tests.fixtures.uploads import Tus
from tests.fixtures.visitors import enter, make_receipt, token_of
from tests.public.test_filing import Citizen
from tests.rewards.world import AT, World, actor_of, claimed, keyring
from tests.subjects.test_register import put

FIRM, OTHER = "安禾家具有限公司", "恒昌化工有限公司"
TEXT = "东侧安全出口一直用木料堵着，门从外面锁了。"
TELEPHONE = "13812345678"
FIRST = ["sqlite", pytest.param("postgresql", marks=pytest.mark.assure)]
PHOTO = jpeg(quarters())
MIDMONTH = AT + timedelta(days=2)
ABOUT = {"narrative": TEXT, "subject_name": FIRM, "address": "工业北路 27 号", "consent": "yes"}
NAMED = {"identity": "real", "name": "王芳芳", "telephone": TELEPHONE}
ALERTS = {"alert_channel": "sms", "alert_address": TELEPHONE}

# What differs in each answer, however empty the database is: tokens, marks, codes, numbers, the drawn code.
RANDOM = (
    r'name="(?:csrf_token|draft|challenge_id|once|offer|remove)" value="[^"]*"',
    r'data-(?:token|kept|code)="[^"]*"',
    r'translate="no">[0-9a-f]{8}<',
    r"AY-2026-\d{6}",
    r"<li>[0-9A-Z]{5}</li>",
    r"challenge/[\w-]+",
    r"/uploads/[\w-]+",
    r'(?<=[" ])[0-9A-HJKMNP-TV-Z]{5}(?:[ -][0-9A-HJKMNP-TV-Z]{5}){4}(?=[" <])',
    r'\bd="[^"]*"',
    r'(?<=value=")[0-9A-HJKMNP-TV-Z]{25}(?=")',
)
ONCE = re.compile("|".join(RANDOM))
HEADERS = {"Set-Cookie", "Date", "Content-Length", "Location"}


Plain = tuple[int, str, list[tuple[str, str]]]


def plain(answer: TestResponse) -> Plain:
    """Status, words, headers and names of cookies of an answer, without what is random in each."""
    heads = sorted((name, said) for name, said in answer.headers if name not in HEADERS)
    cookies = [(said.split("=")[0], "") for said in answer.headers.getlist("Set-Cookie")]
    return answer.status_code, ONCE.sub("", answer.text), heads + cookies


@contextmanager
def asked() -> Iterator[list[str]]:
    """The statements that are sent to the database inside, without their values."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "SAVEPOINT" not in statement:  # of the test's own transaction
            found.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def differences(one: Plain, other: Plain) -> str:
    """What differs between two answers, of the words what is around the first place; empty for nothing."""
    if one[1] != other[1]:
        place = next((i for i, (a, b) in enumerate(zip(one[1], other[1], strict=False)) if a != b), 0)
        return f"{one[1][max(0, place - 80) : place + 80]!r} / {other[1][max(0, place - 80) : place + 80]!r}"
    return "" if one == other else f"{one[0]} {one[2]} / {other[0]} {other[2]}"


Answers = dict[str, tuple[Plain, list[str]]]


class Stranger:
    """Goes through everything that is open to everybody, and keeps what was answered and asked."""

    def __init__(self, app: Flask, board: str) -> None:
        self.app = app
        self.board = board
        self.answers: Answers = {}

    def look(self) -> Answers:
        """Everything that sends no report, at the same moment of the clock."""
        with clock.frozen(MIDMONTH):
            for locale in ("zh", "en"):
                self._read(locale)
            self._ask()
        return self.answers

    def send(self) -> Answers:
        """Reports like those of others."""
        with clock.frozen(MIDMONTH):
            self._send()
        return self.answers

    def _keep(self, name: str, client: FlaskClient, method: str, path: str, **sent: object) -> TestResponse:
        with asked() as statements:
            answer = client.open(path, method=method, **sent)  # type: ignore[arg-type]
        self.answers[name] = (plain(answer), list(statements))
        return answer

    def _read(self, locale: str) -> None:
        client = self.app.test_client()
        client.get(f"/language/{locale}")
        for rule in self.app.url_map.iter_rules():
            if "GET" in (rule.methods or ()) and rule.endpoint.startswith("public.") and not rule.arguments:
                self._keep(f"{locale} {rule.rule}", client, "GET", rule.rule)
        for path in (
            "/report?situation=exit_blocked",
            f"/report?site={self.board}",
            "/report?site=unknown",
            "/report?start=photo",
            f"/track?code=AY-2026-000001&q={FIRM}",
            "/desk/login",
            "/readyz",
        ):
            self._keep(f"{locale} {path}", client, "GET", path)

    def _ask(self) -> None:
        client = self.app.test_client()
        for typed in (FIRM, FIRM[:2], OTHER, OTHER[:3], "有限", "AY-2026-100000"):
            self._keep(f"suggest {typed}", client, "GET", "/firms", query_string={"q": typed})
        form = {
            "csrf_token": token_of(client.get("/calculator").text),
            "sector": "fire",
            "kind": "major_hazard",
        }
        self._keep("calculator", client, "POST", "/calculator", data=form)
        for name, code in (("absent", "0" * 25), ("number", "AY-2026-100000"), ("firm", FIRM)):
            form = {"csrf_token": token_of(client.get("/track").text), "code": code}
            self._keep(f"code {name}", client, "POST", "/track", data=form)
        self._keep("challenge", client, "POST", "/challenge", data={"csrf_token": form["csrf_token"]})

    def _send(self) -> None:
        """The same firm, the same telephone, the same words and the same photograph as others sent."""
        files = [("IMG_0001.jpg", PHOTO)]
        for name, answers, action in (
            ("review", ABOUT, "review"),
            ("faulty", {"subject_name": FIRM}, "send"),
            ("anonymous", ABOUT, "send"),
            ("other firm", {**ABOUT, "subject_name": OTHER}, "send"),
            ("named", {**ABOUT, **NAMED, **ALERTS}, "send"),
            ("danger unsafe", {**ABOUT, "danger_now": "now"}, "send"),
            ("danger", {**ABOUT, "danger_now": "now", "safe": "yes"}, "send"),
            ("number in the text", {**ABOUT, "narrative": f"{TEXT}电话 {TELEPHONE}"}, "send"),
        ):
            citizen = Citizen(self.app.test_client()).open()
            with asked() as statements:
                answer = citizen.send(answers, files if name in {"anonymous", "review"} else (), action)
            self.answers[f"send {name}"] = (plain(answer), list(statements))
            if name == "anonymous":
                with asked() as statements:
                    again = citizen.send(answers, files)
                self.answers["send again"] = (plain(again), list(statements))
        client = self.app.test_client()
        tus = Tus(client)
        with asked() as statements:
            path = tus.send(PHOTO)
            head = tus.head(path)
        self.answers["upload"] = (plain(head), list(statements))
        self._keep("note", client, "POST", "/report/keep", data={"narrative": TEXT, "subject_name": FIRM})


def fill(app: Flask) -> None:
    """Reports of this very firm in every status, with that telephone, those words and that photograph."""
    world = World()
    world.fund()
    for status in CaseStatus:
        case = make_case(status=status, subject=FIRM, opened_at=MIDMONTH - timedelta(days=1))
        for _ in range(2):
            report = make_report(case, narrative=TEXT, received_at=MIDMONTH - timedelta(days=1))
            for group in (FieldGroup.CONTACT, FieldGroup.ALERT):
                fields = {"telephone": TELEPHONE, "address": TELEPHONE, "channel": "sms"}
                keep_fields(keyring(), report.id, report.uuid, group, fields, MIDMONTH)
            make_evidence(app, report, original=PHOTO)
    for _ in range(2):
        claimed(world)
    make_receipt(narrative=TEXT)
    db.session.commit()


@pytest.fixture
def board(app: Flask) -> str:
    """A town with a register, a notice board at the firm, and somebody on duty."""
    district = make_district()
    officer = make_account(Role.INTAKE_OFFICER, department=make_department())
    admin = actor_of(make_account(Role.ADMINISTRATOR))
    week = duty.week_of(clock.city_date(MIDMONTH))
    duty.enter(week, {None: duty.Pair(officer.id, None)}, actor=admin, at=AT, today=week)
    put(FIRM, "安阳示例有限公司")
    made = boards.make(Place(FIRM, "工业北路 27 号", district.id, "fire"), actor=admin, at=AT)
    db.session.commit()
    return made.code


@pytest.mark.parametrize("app", FIRST, indirect=True)
def test_no_answer_and_no_question_to_the_database_depends_on_other_reports(app: Flask, board: str) -> None:
    """Status, headers, cookies, words, length, and every statement, on an empty and on a full database."""
    Stranger(app, board).look()  # what is kept in the process is kept now
    empty = Stranger(app, board).look()
    Stranger(app, board).send()
    before = Stranger(app, board).send() | empty
    fill(app)
    totals._known.clear()
    totals.totals(MIDMONTH, clock.CITY)
    after = Stranger(app, board).look() | Stranger(app, board).send()
    assert len(before) > 50
    told = {name: differences(answer, after[name][0]) for name, (answer, _) in before.items()}
    assert {name: difference for name, difference in told.items() if difference} == {}
    assert [name for name, (_, statements) in before.items() if statements != after[name][1]] == []


def test_the_same_search_does_find_a_difference_where_there_is_one(app: Flask, board: str) -> None:
    """The positive control: a firm that is put into the register is suggested, and the comparison sees it."""
    with clock.frozen(MIDMONTH):
        stranger = Stranger(app, board)
        stranger._ask()
        before = dict(stranger.answers)
        put(OTHER, start=9)
        stranger._ask()
    assert stranger.answers[f"suggest {OTHER}"] != before[f"suggest {OTHER}"]
    assert stranger.answers[f"suggest {FIRM}"] == before[f"suggest {FIRM}"]


def test_two_receipts_of_one_firm_share_nothing_but_the_form_of_their_number(
    app: Flask, client: FlaskClient
) -> None:
    """Who sends two reports learns nothing from their numbers about what came between them."""
    numbers = []
    for _ in range(12):
        Citizen(app.test_client()).open().send(ABOUT)
        numbers.append(db.session.scalars(select(Report.number).order_by(Report.id.desc())).first())
        many = [make_case(subject=OTHER) for _ in range(3)]
        assert many
    drawn = [int(number[-6:]) for number in numbers if number]
    assert len(set(drawn)) == 12
    assert drawn != sorted(drawn)
    assert len({b - a for a, b in itertools.pairwise(drawn)}) > 6
    assert all(re.fullmatch(r"AY-2026-\d{6}", number or "") for number in numbers)


@pytest.mark.parametrize(("reports", "published"), [(0, False), (4, False), (5, True)])
def test_figures_of_the_first_page_begin_at_five_and_end_with_the_last_month(
    app: Flask, client: FlaskClient, reports: int, published: bool
) -> None:
    """What is published of the whole city, and of nothing smaller: no district, no trade, no firm."""
    last_month = AT - timedelta(days=30)
    for _ in range(reports):
        make_report(make_case(subject=FIRM, opened_at=last_month), received_at=last_month)
    for _ in range(9):
        make_report(make_case(subject=FIRM, opened_at=MIDMONTH), received_at=MIDMONTH)
    db.session.commit()
    totals._known.clear()
    with clock.frozen(MIDMONTH):
        page = client.get("/").text
    assert ("data-totals" in page) is published
    figures = page.split("data-totals")[1].split("</section>")[0] if published else ""
    assert re.findall(r'class="num">(\d+)<', figures) == ([str(reports)] if published else [])
    assert FIRM not in page
    assert db.session.scalars(select(Case.id)).first() if reports else True


def test_a_visit_is_the_only_way_to_learn_that_a_report_exists(app: Flask, client: FlaskClient) -> None:
    """And what it shows of other reports of the same case is nothing, as the city of canaries shows too."""
    case = make_case(subject=FIRM)
    _, alone = make_receipt(make_case(subject=FIRM))
    _, shared = make_receipt(case)
    make_evidence(app, make_report(case, narrative=TEXT), original=PHOTO)
    db.session.commit()
    assert db.session.scalars(select(Evidence.id)).all()
    pages = []
    for code in (alone, shared):
        browser = app.test_client()
        assert enter(browser, code).status_code == 303
        pages.append(plain(browser.get("/track/report"))[1])
    assert pages[0] == pages[1]
