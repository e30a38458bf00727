"""If these fail, the demonstration shows less than the portal can do, or cannot be entered."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import pyotp
import pytest
from flask import Flask
from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import InstrumentedAttribute

from portal import clock
from portal.audit.models import Event
from portal.cases.models import AccidentClass, Case, Finding, FindingKind, PenaltyState, Rectification
from portal.cases.steps import CaseStatus, Conclusion, DueStep, RectificationStatus
from portal.config import Mode, Settings
from portal.database import db
from portal.demo import city
from portal.demo.cast import PLOTS
from portal.demo.stories import DISTRICTS, STORIES
from portal.demo.tale import Tale
from portal.evidence.models import Evidence
from portal.notices.models import Delivery, Notice
from portal.notices.outbox import NoticeKind
from portal.people import entry
from portal.people.factors import Proof
from portal.people.models import Account, District, RoleGrant
from portal.people.permissions import Role
from portal.people.sessions import Place
from portal.reports import visits
from portal.reports.models import Channel, IdentityCheck, Message, MessageSide, RealName, Report
from portal.rewards import fund
from portal.rewards.models import Award, Fund, Payout, PayoutState, Share, Stage
from portal.rewards.recomputation import recompute_all
from portal.rewards.rule_models import RuleVersion
from portal.rewards.rule_steps import RuleStatus
from portal.rewards.steps import AwardStatus, ShareStatus
from portal.run.migrate import ROOT
from tests.fixtures.app import make_settings, migrated
from tests.fixtures.services import own_database

# A whole city on each database, on machines that do other things too.
pytestmark = pytest.mark.timeout(300)

NOT_REACHED: frozenset[StrEnum] = frozenset(
    {
        # Payment is recorded when the bank has answered: no verb leaves a share or a payout on its way.
        ShareStatus.PAYING,
        PayoutState.SENT,
        # No verb makes a second award beside the main one yet.
        Stage.ADDITIONAL,
        Stage.CORROBORATION,
        Stage.CORRECTION,
        # The accounts of the demonstration are made ready, and their passwords stay as they are printed.
        NoticeKind.ACCOUNT_INVITED,
        NoticeKind.PASSWORD_CHANGED,
        NoticeKind.FACTORS_CHANGED,
        NoticeKind.RECOVERY_USED,
        NoticeKind.RESET_ASKED,
        NoticeKind.BREAK_GLASS,
        # Nobody tried his alerts out.
        NoticeKind.ALERT_TEST,
        # Nobody wrote into the sealed rows.
        NoticeKind.SEALED_DAMAGED,
        # The small profile needs no further signature.
        NoticeKind.AWARD_TO_SIGN,
        # Invented accidents of ten or thirty deaths would frighten for nothing.
        AccidentClass.MAJOR,
        AccidentClass.ESPECIALLY_MAJOR,
    }
)
COLUMNS: dict[type[StrEnum], InstrumentedAttribute[Any]] = {
    CaseStatus: Case.status,
    Conclusion: Case.conclusion,
    DueStep: Case.due_step,
    RectificationStatus: Rectification.status,
    FindingKind: Finding.kind,
    PenaltyState: Finding.penalty_state,
    AccidentClass: Finding.accident_class,
    AwardStatus: Award.status,
    Stage: Award.stage,
    ShareStatus: Share.status,
    PayoutState: Payout.state,
    Channel: Report.channel,
    RealName: Report.real_name,
    MessageSide: Message.side,
    NoticeKind: Notice.kind,
}


def settings_for(folder: Path, **environ: str) -> Settings:
    """No Redis on purpose: the city must come about without it, and other tests' workers must not ring."""
    return make_settings(folder, **environ)


@contextmanager
def made(settings: Settings, at: datetime) -> Iterator[Flask]:
    """An application with the city as it stands at a moment."""
    with migrated(settings) as app:
        with app.app_context():
            city.make(app, at)
        yield app


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def city_app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The city of today, on each database, made once."""
    folder = tmp_path_factory.mktemp("city")
    if request.param == "sqlite":
        with made(settings_for(folder), clock.now()) as app:
            yield app
        return
    with (
        own_database(request.getfixturevalue("postgres_server")) as url,
        made(settings_for(folder, DATABASE_URL=url), clock.now()) as app,
    ):
        yield app


@pytest.fixture
def portal(city_app: Flask) -> Iterator[Flask]:
    """The city, inside its application."""
    with city_app.app_context():
        yield city_app
        db.session.rollback()


def listing(app: Flask) -> dict[str, Any]:
    settings: Settings = app.extensions["portal_settings"]
    content: dict[str, Any] = json.loads(city.accounts_path(settings).read_text(encoding="utf-8"))
    return content


def values_of(column: InstrumentedAttribute[Any]) -> set[Any]:
    return set(db.session.scalars(select(column).where(column.is_not(None)).distinct()))


@pytest.mark.parametrize("statuses", COLUMNS, ids=lambda statuses: statuses.__name__)
def test_every_status_of_every_life_cycle_occurs(portal: Flask, statuses: type[StrEnum]) -> None:
    assert values_of(COLUMNS[statuses]) == set(statuses) - NOT_REACHED


def test_sixty_reports_in_all_nine_districts(portal: Flask) -> None:
    assert (db.session.scalar(select(func.count(Report.id))) or 0) >= 60
    assert {plot.story for plot in PLOTS} == {story.key for story in STORIES}
    districts = set(
        db.session.scalars(
            select(District.code).join(Case, Case.district_id == District.id).where(Case.is_open)
        )
    )
    assert districts == {code for code, _zh, _en in DISTRICTS}


def test_queues_look_alive(portal: Flask) -> None:
    now = clock.now()
    open_cases = db.session.scalars(select(Case).where(Case.is_open)).all()
    overdue = [case for case in open_cases if case.due_at and case.due_at < now]
    soon = [case for case in open_cases if case.due_at and now <= case.due_at < now + timedelta(days=4)]
    assert {DueStep.ACCEPT, DueStep.VERIFY, DueStep.ANSWER} <= {case.due_step for case in overdue}
    assert len(soon) >= 3
    assert any(case.waiting_since for case in open_cases)
    assert any(case.danger_now for case in open_cases)
    assert any(case.extended_days for case in open_cases)
    assert db.session.scalar(select(func.count(Case.id)).where(Case.merged_into_id.is_not(None))) == 2


def test_nothing_happened_in_the_future_or_out_of_order(portal: Flask) -> None:
    times = list(db.session.scalars(select(Event.at).order_by(Event.id)))
    assert times == sorted(times)
    assert times[-1] <= clock.now()


def test_the_books_agree(portal: Flask) -> None:
    for one in db.session.scalars(select(Fund)):
        proof = fund.verify(one)
        assert proof.holds, proof
    assert sum(one.paid_fen for one in db.session.scalars(select(Fund))) > 0
    for award in db.session.scalars(select(Award)):
        assert sum(share.amount_fen for share in award.shares) == award.amount_fen


def test_employees_get_their_uplift_and_some_questions_are_open(portal: Flask) -> None:
    derivations = [json.dumps(row) for row in db.session.scalars(select(Award.derivation))]
    assert any('"uplift"' in one for one in derivations)
    assert any('"uplift_open"' in one for one in derivations)
    assert any('"choice"' in one for one in derivations)
    assert values_of(IdentityCheck.answer) == {True, False}
    assert db.session.scalar(select(func.count(IdentityCheck.id)).where(IdentityCheck.answer.is_(None)))


def test_everybody_on_the_list_can_log_in(portal: Flask) -> None:
    rows = listing(portal)["accounts"]
    assert len(rows) == db.session.scalar(select(func.count(Account.id)))
    at = clock.now()
    roles: set[Role] = set()
    for row in rows:
        code = pyotp.TOTP(row["totp_seed"]).at(at)
        attempt = entry.Attempt(
            row["username"], row["password"], Proof(code), network=row["username"], place=Place()
        )
        assert row["totp_seed"] in row["totp_uri"]
        signed = entry.log_in(portal.extensions["portal_keyring"], attempt, at)
        roles |= signed.account.roles
        assert row["role"] not in set(Role), "roles are named in Chinese"
        assert row["scope"]
    assert roles == set(Role)


def test_the_list_is_its_owners_alone(portal: Flask) -> None:
    path = city.accounts_path(portal.extensions["portal_settings"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.with_suffix(".new").exists()


def test_receipts_on_the_list_open_their_reports(portal: Flask) -> None:
    receipts = listing(portal)["receipts"]
    assert len(receipts) >= 12
    for row in receipts:
        report = visits.find_report(row["code"])
        assert report is not None
        assert report.number == row["number"]
        assert row["state"]


def test_two_officers_with_certificates_can_go_for_each_main_department(portal: Flask) -> None:
    verifiers = [
        account.person for account in db.session.scalars(select(Account)) if Role.VERIFIER in account.roles
    ]
    by_department: dict[str, list[str]] = {}
    for person in verifiers:
        assert person.department is not None
        assert person.certificate_number
        by_department.setdefault(person.department.code, []).append(person.certificate_number)
    for code in ("emergency", "fire_brigade", "housing", "city_management", "transport", "market"):
        assert len(set(by_department[code])) >= 2


def test_no_notice_or_event_names_a_reporter(portal: Flask) -> None:
    told = [
        *db.session.scalars(select(Notice.kind + Notice.reference)),
        *db.session.scalars(select(Event.reason)),
        *db.session.scalars(select(cast(Event.facts, Text))),
        *db.session.scalars(select(Delivery.error)),
    ]
    secrets = [
        word
        for plot in PLOTS
        for word in (plot.teller.name, plot.teller.telephone, plot.teller.alert)
        if word
    ]
    assert len(secrets) > 20
    assert [word for word in secrets if any(word in text for text in told)] == []


def test_a_second_run_changes_nothing(portal: Flask) -> None:
    settings: Settings = portal.extensions["portal_settings"]
    counted = [select(func.count(column)) for column in (Report.id, Account.id, Event.id, Evidence.id)]
    before = [db.session.scalar(one) for one in counted]
    content = city.accounts_path(settings).read_bytes()
    db.session.rollback()
    assert city.run(settings, if_empty=True) == ""
    with pytest.raises(city.NoCity):
        city.run(settings, if_empty=False)
    assert [db.session.scalar(one) for one in counted] == before
    assert city.accounts_path(settings).read_bytes() == content


def test_a_kill_after_the_commit_does_not_lose_the_list(portal: Flask) -> None:
    settings: Settings = portal.extensions["portal_settings"]
    path = city.accounts_path(settings)
    content = path.read_bytes()
    path.rename(path.with_suffix(".new"))
    assert city.run(settings, if_empty=True) == ""
    assert path.read_bytes() == content


def test_a_city_that_broke_off_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_off(_tale: Tale) -> None:
        raise RuntimeError("the power failed")

    with migrated(settings_for(tmp_path)) as app, app.app_context():
        monkeypatch.setattr(Tale, "check", break_off)
        with pytest.raises(RuntimeError, match="power"):
            city.make(app, clock.now())
        db.session.rollback()
        assert city.is_empty()
        assert not city.finish(app.extensions["portal_settings"])
        assert db.session.scalar(select(func.count(District.id))) == 0


@pytest.mark.parametrize(
    "at",
    [datetime(2027, 1, 3, 15, 10, tzinfo=UTC), datetime(2026, 10, 4, 1, 5, tzinfo=UTC)],
    ids=["new year", "national holiday"],
)
def test_the_city_can_be_made_on_any_day(tmp_path: Path, at: datetime) -> None:
    with made(settings_for(tmp_path), at) as app, app.app_context():
        for statuses in (CaseStatus, RectificationStatus, AwardStatus, ShareStatus):
            assert values_of(COLUMNS[statuses]) == set(statuses) - NOT_REACHED
        assert max(db.session.scalars(select(Event.at))) <= at
        for one in db.session.scalars(select(Fund)):
            assert fund.verify(one).holds


def test_production_refuses_the_city(tmp_path: Path) -> None:
    environ = {**os.environ, "PORTAL_ENV": "production", "PORTAL_DATA": str(tmp_path / "data")}
    done = subprocess.run(
        [sys.executable, "-m", "portal.demo.city", "--if-empty"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 78
    assert done.stderr == "The demonstration city is not made in production (PORTAL_ENV=production).\n"
    assert not (tmp_path / "data").exists()


def test_the_maker_itself_refuses_production(tmp_path: Path) -> None:
    with migrated(settings_for(tmp_path)) as app, app.app_context():
        app.extensions["portal_settings"] = replace(app.extensions["portal_settings"], env=Mode.PRODUCTION)
        with pytest.raises(city.NoCity, match="production"):
            city.make(app, clock.now())
        assert city.is_empty()


def test_a_rule_waits_for_its_second_person_and_two_shown_people_may_say_yes(portal: Flask) -> None:
    row = db.session.scalars(select(RuleVersion).where(RuleVersion.status == RuleStatus.CHECKED)).one()
    usernames = select(Account.username).join(RoleGrant, RoleGrant.account_id == Account.id)
    allowed = usernames.where(
        RoleGrant.role.in_([Role.ADMINISTRATOR.value, Role.SUPERVISOR.value]),
        Account.person_id != row.uploaded_by,
    )
    assert {"guanli", "duban"} <= set(db.session.scalars(allowed))


def test_every_award_of_the_city_comes_out_as_it_is_stored(portal: Flask) -> None:
    found = recompute_all()
    assert found.checked > 10
    assert found.differences == []
