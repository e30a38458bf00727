"""If these fail, one person alone could change what reports are worth, or change what is decided."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.audit.models import Event
from portal.clock import city_date
from portal.database import db
from portal.errors import NotAllowed, NotInThisState, Refusal
from portal.notices.models import Notice
from portal.notices.outbox import NoticeKind
from portal.people.actor import Actor
from portal.people.permissions import Role
from portal.rewards import rule_versions as service
from portal.rewards import rulebook, shipping
from portal.rewards.rule_models import RuleVersion
from portal.rewards.rule_steps import RuleStatus
from portal.rewards.rule_versions import Enforcement
from portal.rewards.rules.faults import FaultCode, RulesRefused
from tests.fixtures.records import make_account
from tests.fixtures.rule_texts import rule_text
from tests.rewards.world import AT, actor_of

TODAY = city_date(AT)


class Office:
    """Two who may put rules in force, and one who may only read them."""

    def __init__(self) -> None:
        self.first = actor_of(make_account(Role.ADMINISTRATOR, name="何伟"))
        self.second = actor_of(make_account(Role.SUPERVISOR, name="沈洁"))
        self.reader = actor_of(make_account(Role.VERIFIER, name="张立新"))

    def checked(self, body: str, by: Actor | None = None) -> RuleVersion:
        """Upload and check a file."""
        row = service.upload(body, "", by or self.first, AT)
        service.check(row, self.first, AT, seen=row.row_version)
        return row

    def in_force(
        self,
        body: str,
        first_day: date = TODAY,
        sectors: tuple[str, ...] = (),
        replaces: tuple[int, ...] = (),
    ) -> RuleVersion:
        """Upload, check and put a file in force."""
        row = self.checked(body)
        wanted = Enforcement(first_day, sectors, replaces)
        service.enforce(row, wanted, self.second, AT, seen=row.row_version)
        return row


@pytest.fixture
def office(app: Flask) -> Office:
    return Office()


def events(action: str) -> list[Event]:
    return list(db.session.scalars(select(Event).where(Event.action == action)))


def test_a_version_goes_from_upload_to_force_and_each_step_is_in_the_log(office: Office) -> None:
    row = office.in_force(rule_text(), TODAY + timedelta(days=3), ("hazchem",))
    assert (row.status, row.in_force_from, row.sectors) == (
        RuleStatus.IN_FORCE,
        TODAY + timedelta(days=3),
        ["hazchem"],
    )
    assert (row.uploaded_by, row.enforced_by) == (office.first.person_id, office.second.person_id)
    for action, moved in (
        ("rules_upload", ("", "draft")),
        ("rules_check", ("draft", "checked")),
        ("rules_enforce", ("checked", "in_force")),
    ):
        (event,) = events(action)
        assert (event.from_status, event.to_status) == moved
        assert event.facts["rule_set"] == "test-city"
        assert event.actor_role in {"administrator", "supervisor"}


def test_who_uploaded_does_not_put_in_force(office: Office) -> None:
    row = office.checked(rule_text())
    with pytest.raises(service.SecondPersonNeeded):
        service.enforce(row, Enforcement(TODAY, ()), office.first, AT, seen=row.row_version)
    assert row.status is RuleStatus.CHECKED


def test_a_reader_takes_no_step(office: Office) -> None:
    with pytest.raises(NotAllowed):
        service.upload(rule_text(), "", office.reader, AT)
    row = office.checked(rule_text())
    for step in (
        lambda: service.enforce(row, Enforcement(TODAY, ()), office.reader, AT, seen=row.row_version),
        lambda: service.withdraw(row, "写错了版本", office.reader, AT, seen=row.row_version),
    ):
        with pytest.raises(NotAllowed):
            step()


def test_a_draft_is_not_put_in_force_unchecked(office: Office) -> None:
    row = service.upload(rule_text(), "", office.first, AT)
    with pytest.raises(NotInThisState):
        service.enforce(row, Enforcement(TODAY, ()), office.second, AT, seen=row.row_version)


def test_nothing_comes_into_force_for_the_past_or_for_sectors_nobody_knows(office: Office) -> None:
    row = office.checked(rule_text())
    for wanted in (
        Enforcement(TODAY - timedelta(days=1), ()),
        Enforcement(TODAY, ("",)),
        Enforcement(TODAY, ("x",)),
    ):
        with pytest.raises(Refusal) as refused:
            service.enforce(row, wanted, office.second, AT, seen=row.row_version)
        assert isinstance(refused.value, service.InThePast | service.SectorUnknown)


def test_an_example_with_invented_figures_is_not_put_in_force(office: Office) -> None:
    shipped = db.session.scalars(select(RuleVersion).where(RuleVersion.invented)).first()
    assert shipped is not None
    row = office.checked(shipped.body)
    with pytest.raises(service.ExampleInForce):
        service.enforce(row, Enforcement(TODAY, ()), office.second, AT, seen=row.row_version)


def test_who_saw_an_older_page_decides_nothing(office: Office) -> None:
    row = service.upload(rule_text(), "", office.first, AT)
    with pytest.raises(service.RuleVersionStale):
        service.check(row, office.first, AT, seen=row.row_version + 1)


def test_all_faults_of_a_file_are_said_at_once_and_nothing_is_kept(office: Office) -> None:
    before = db.session.scalar(select(func.count(RuleVersion.id)))
    faulty = rule_text(rate="150%").replace("first_only         = true", "first_only = 3")
    faulty = faulty.replace("claim_days", "claim_dais")
    with pytest.raises(RulesRefused) as refused:
        service.upload(faulty, "city.toml", office.first, AT)
    codes = {fault.code for fault in refused.value.faults}
    assert {FaultCode.RATE_OVER_100, FaultCode.WRONG_TYPE, FaultCode.UNKNOWN_KEY} <= codes
    assert all(fault.line > 1 for fault in refused.value.faults)
    assert db.session.scalar(select(func.count(RuleVersion.id))) == before


def test_a_number_is_taken_once_and_free_again_after_a_withdrawal(office: Office) -> None:
    row = service.upload(rule_text(), "", office.first, AT)
    with pytest.raises(service.VersionThere) as refused:
        service.upload(rule_text(rate="30%"), "", office.first, AT)
    assert refused.value.facts["next"] == 2
    service.withdraw(row, "税率写错了，要重写", office.first, AT, seen=row.row_version)
    assert service.upload(rule_text(rate="30%"), "", office.first, AT).status is RuleStatus.DRAFT


def test_another_text_under_the_name_of_a_shipped_file_is_refused_and_the_same_text_is_taken(
    office: Office,
) -> None:
    shipped = db.session.scalars(
        select(RuleVersion).where(RuleVersion.rule_id == "beijing-tongzhou-2020")
    ).one()
    with pytest.raises(service.ShippedOtherwise):
        service.upload(shipped.body + "\n# another\n", "", office.first, AT)
    assert service.upload(shipped.body, "", office.first, AT).digest == shipped.digest


def test_a_later_version_takes_the_place_of_the_one_before(office: Office) -> None:
    old = office.in_force(rule_text())
    day = TODAY + timedelta(days=10)
    new = office.in_force(rule_text(version=2, rate="25%"), day)
    assert (old.status, old.in_force_until) == (RuleStatus.REPLACED, day)
    assert [one.version for one in rulebook.in_force(day - timedelta(days=1)) if one.id == "test-city"] == [1]
    assert [one.version for one in rulebook.in_force(day) if one.id == "test-city"] == [2]
    service.withdraw(new, "市里推迟了日期", office.first, AT, seen=new.row_version)
    assert (old.status, old.in_force_until) == (RuleStatus.IN_FORCE, None)
    assert [one.version for one in rulebook.in_force(day) if one.id == "test-city"] == [1]
    assert len(events("rules_restore")) == 1


def test_another_rule_set_ends_only_where_somebody_said_so(office: Office) -> None:
    anyang = db.session.scalars(select(RuleVersion).where(RuleVersion.rule_id == "anyang")).one()
    office.in_force(rule_text())
    assert anyang.status is RuleStatus.IN_FORCE
    office.in_force(rule_text("other-city"), TODAY, (), (anyang.id,))
    assert anyang.status is RuleStatus.REPLACED


def test_what_has_begun_is_not_withdrawn(office: Office) -> None:
    row = office.in_force(rule_text())
    with pytest.raises(service.AlreadyBegun):
        service.withdraw(row, "不想要了这一版", office.first, AT, seen=row.row_version)


def test_a_withdrawal_needs_its_reason(office: Office) -> None:
    row = office.checked(rule_text())
    with pytest.raises(service.ReasonTooShort):
        service.withdraw(row, "  x ", office.first, AT, seen=row.row_version)


def test_what_another_version_takes_parts_from_is_not_withdrawn(office: Office) -> None:
    later = TODAY + timedelta(days=5)
    base = office.in_force(rule_text("base-city"), later)
    inherits = 'inherits = [ { from = "base-city", version = 1, parts = ["award:share"] } ]\n'
    heir = rule_text("heir-city", kinds=("illegal_act",), inherits=inherits)
    office.checked(heir.split("[[award]]", maxsplit=1)[0].replace('"fine_firm", "fine_person"', ""))
    with pytest.raises(service.TakenFrom):
        service.withdraw(base, "市里推迟了日期", office.first, AT, seen=base.row_version)


def test_a_first_day_before_an_existing_versions_is_refused(office: Office) -> None:
    office.in_force(rule_text(effective="2026-03-01"))
    with pytest.raises(RulesRefused) as refused:
        service.upload(rule_text(version=2, effective="2026-02-01"), "", office.first, AT)
    assert {fault.code for fault in refused.value.faults} == {FaultCode.EFFECTIVE_BEFORE_EXISTING}


def test_the_library_is_filled_once(app: Flask) -> None:
    count = select(func.count(RuleVersion.id)).where(RuleVersion.shipped)
    before = db.session.scalar(count)
    assert before is not None
    assert before >= 15
    assert shipping.fill_library(AT) == 0
    db.session.execute(RuleVersion.__table__.delete().where(RuleVersion.rule_id == "national-2018"))
    assert shipping.fill_library(AT) == 1
    assert db.session.scalar(count) == before


def test_every_shipped_file_is_right_and_says_the_same_in_the_database(app: Flask) -> None:
    for row in db.session.scalars(select(RuleVersion).where(RuleVersion.shipped)):
        rules = rulebook.rules_of_row(row)
        assert (rules.id, rules.version, rules.title.zh) == (row.rule_id, row.version, row.title_zh)
        assert (list(rules.sectors), rules.governs_by.value) == (row.sectors, row.governs_by)


def test_those_who_may_say_yes_are_told_and_who_uploaded_is_not(office: Office) -> None:
    office.checked(rule_text())
    told = db.session.execute(
        select(Notice.account_id, Notice.reference).where(Notice.kind == NoticeKind.RULES_TO_ENFORCE.value)
    ).all()
    assert {tuple(row) for row in told} == {(office.second.account_id, "test-city")}
