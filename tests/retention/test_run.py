"""What is due is destroyed, nothing a day early, and nothing at all while money is open.

If these fail, a reporter's name outlives its promise, or somebody's reward can no longer be paid.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from flask import Flask, current_app
from sqlalchemy import select

from portal.cases.models import Finding
from portal.cases.steps import CaseStatus
from portal.database import db
from portal.evidence import original_keys
from portal.evidence.models import Evidence
from portal.notices.models import Notice
from portal.notices.outbox import NoticeKind, tell_reporter, tell_staff
from portal.reports.models import Message, Report
from portal.retention import jobs
from portal.retention.kinds import Kind
from portal.retention.models import RetentionRun
from portal.retention.run import current_run, go_on
from portal.rewards import shares
from portal.rewards.models import PayoutState, Share
from portal.rewards.steps import ShareStatus
from portal.vault.groups import FieldGroup
from portal.vault.models import BlindIndex, SealedField, SealedKey
from tests.fixtures.records import make_account, make_case, make_report
from tests.fixtures.vault import opened
from tests.retention.lives import (
    EVERYTHING,
    SEALED,
    close,
    events_of,
    fill,
    full_report,
    kinds_of,
    passed,
    settled,
    store_has,
)
from tests.rewards.world import AT, World, approved, bank_says, claimed, finding, proposed, verified_case

DAY = timedelta(days=1)
NEVER = timedelta(days=100 * 365)


def _report_of(share: Share) -> Report:
    return db.session.get_one(Report, share.report_id)


def _open(app: Flask, _world: World) -> Report:
    return full_report(app)


def _closed(app: Flask, _world: World) -> Report:
    report = full_report(app)
    close(report)
    return report


def _refused(app: Flask, _world: World) -> Report:
    report = full_report(app, make_case(status=CaseStatus.REFUSED))
    close(report).status = CaseStatus.REFUSED
    return report


def _withdrawn(app: Flask, _world: World) -> Report:
    report = full_report(app)
    report.withdrawn_at = AT
    return report


def _with_award(make: Callable[[World], Share]) -> Callable[[Flask, World], Report]:
    def made(app: Flask, world: World) -> Report:
        report = fill(app, _report_of(make(world)))
        close(report)
        return report

    return made


def _paid(world: World) -> Share:
    share = claimed(world)
    bank_says(world, share)
    return share


def _unknown(world: World) -> Share:
    share = claimed(world)
    bank_says(world, share, PayoutState.UNKNOWN)
    return share


def _returned(world: World) -> Share:
    share = claimed(world)
    bank_says(world, share, PayoutState.RETURNED)
    return share


def _expired(world: World) -> Share:
    share = approved(world).shares[0]
    share.claim_by = AT - DAY
    db.session.flush()
    shares.expire_shares(AT)
    assert share.status is ShareStatus.EXPIRED
    return share


def _forfeited(world: World) -> Share:
    share = claimed(world)
    shares.give_up(share, AT)
    return share


@dataclass(frozen=True)
class Stage:
    """A stage of life, and how long after its end each kind is kept, written by hand."""

    name: str
    make: Callable[[Flask, World], Report]
    personal: timedelta = timedelta(days=180)
    name_days: timedelta = timedelta(days=730)
    payee: timedelta = timedelta(days=180)
    originals: timedelta = timedelta(days=365)
    text: timedelta = timedelta(days=3653)

    def keeps(self, kind: Kind) -> timedelta:
        return {
            Kind.NAME: self.name_days,
            Kind.PAYEE: self.payee,
            Kind.ORIGINALS: self.originals,
            Kind.TEXT: self.text,
        }.get(kind, self.personal)


NOTHING = {name: NEVER for name in ("personal", "name_days", "payee", "originals", "text")}
CASE_GOES_ON = {"originals": NEVER, "text": NEVER}
LATER = timedelta(days=730)
# 31 December of the year of payment and thirty years, from 10 November 2026.
VOUCHER = datetime(2057, 1, 1, tzinfo=AT.tzinfo) - timedelta(hours=8) - AT
STAGES = (
    Stage("the case is open", _open, **NOTHING),
    Stage("the case is closed", _closed),
    Stage("the case was refused", _refused),
    Stage("withdrawn, the case goes on", _withdrawn, **CASE_GOES_ON),
    Stage("proposed", _with_award(lambda world: proposed(world).shares[0]), **NOTHING),
    Stage("approved, not claimed", _with_award(lambda world: approved(world).shares[0]), **NOTHING),
    Stage("claimed", _with_award(claimed), **NOTHING),
    Stage("sent back by the bank", _with_award(_returned), **NOTHING),
    Stage("outcome of the payment unknown", _with_award(_unknown), **NOTHING),
    Stage("paid", _with_award(_paid), payee=VOUCHER),
    Stage("expired", _with_award(_expired)),
    Stage("given up", _with_award(_forfeited)),
)


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_each_kind_goes_with_its_day_and_not_before(app: Flask, stage: Stage) -> None:
    """A pass just before and one just after every day on which something is due."""
    world = World()
    world.fund()
    report = stage.make(app, world)
    penalties = db.session.scalars(select(Finding).where(Finding.case_id == report.case_id)).all()
    for row in penalties:  # final, or a later award could still come of it
        for part in row.penalties:
            part.final_on = AT.date()
    db.session.flush()
    assert kinds_of(report) == EVERYTHING
    for period in sorted({stage.keeps(kind) for kind in Kind} - {NEVER} | {timedelta(days=36_000)}):
        for moment in (AT + period - 2 * DAY, AT + period + 2 * DAY):
            passed(moment)
            due = {kind for kind in Kind if AT + stage.keeps(kind) <= moment}
            assert kinds_of(report) == EVERYTHING - due, (period, moment)
    passed(AT + timedelta(days=36_000))
    gone = [event.facts["kind"] for event in events_of(report, "retention_destroyed")]
    assert sorted(gone) == sorted(due), "one event for each kind, however many passes"


def test_a_penalty_that_is_still_to_come_keeps_everything_two_years_longer(app: Flask) -> None:
    """A reward that comes with a late penalty could not be claimed."""
    world = World()
    case = verified_case(world)
    report = full_report(app, case)
    finding(world, case)
    close(report)
    passed(AT + LATER + timedelta(days=178))
    assert kinds_of(report) == EVERYTHING
    passed(AT + LATER + timedelta(days=182))
    assert not kinds_of(report) & {Kind.CONTACT, Kind.ALERT, Kind.TOLD, Kind.PAYEE}


def test_another_reports_award_in_the_case_keeps_this_one_too(app: Flask) -> None:
    world = World()
    world.fund()
    award = approved(world)
    other = full_report(app, db.session.get_one(type(verified_case(world)), award.case_id))
    close(other)
    passed(AT + timedelta(days=500))
    assert kinds_of(other) == EVERYTHING


def test_a_name_that_came_late_has_its_own_time(app: Flask) -> None:
    report = full_report(app)
    close(report, AT - timedelta(days=3000))
    for row in db.session.scalars(select(SealedField).where(SealedField.report_id == report.id)):
        row.sealed_at = AT
    passed(AT + timedelta(days=729))
    assert Kind.NAME in kinds_of(report)
    passed(AT + timedelta(days=731))
    assert Kind.NAME not in kinds_of(report)


def test_wrap_digest_and_ciphertext_go_together_and_the_vault_opens_nothing(app: Flask) -> None:
    """Somebody with a copy of the private key could read what was said to be gone."""
    report = full_report(app)
    ids = list(db.session.scalars(select(SealedField.id).where(SealedField.report_id == report.id)))
    for field_id in ids:
        db.session.add(BlindIndex(field_id=field_id, purpose="person", version=1, digest=b"d" * 32))
    close(report)
    assert opened(report, FieldGroup.LEGAL)["name"] == "赵明"
    passed(AT + timedelta(days=731))
    assert not kinds_of(report) & SEALED
    for table in (SealedKey, BlindIndex):
        assert db.session.scalars(select(table).where(table.field_id.in_(ids))).all() == []
    assert opened(report, FieldGroup.LEGAL) == {}
    assert report.alert_channel == "", "an alert would be queued for an address that is gone"


def test_an_original_leaves_the_store_and_its_clean_copy_stays(app: Flask) -> None:
    report = full_report(app)
    item = db.session.scalars(select(Evidence).where(Evidence.report_id == report.id)).one()
    close(report)
    passed(AT + timedelta(days=366))
    assert not store_has(item.original)
    assert original_keys.lacking([item.original]) == [item.original]
    assert store_has(item.clean_digest)


def test_bytes_that_another_report_needs_stay(app: Flask) -> None:
    """Two people sent the same photograph; the second one's would be gone."""
    first, second = full_report(app), full_report(app)
    items = db.session.scalars(select(Evidence).where(Evidence.report_id.in_((first.id, second.id)))).all()
    content = b"the same photograph, taken in by an earlier version"
    digest = current_app.extensions["portal_store"].put(io.BytesIO(content)).digest
    for item in items:  # an earlier version kept one file for both, and a key of today is one file's alone
        item.digest, item.original = digest, ""
    close(first)
    passed(AT + timedelta(days=366))
    assert store_has(items[0].digest)
    close(second)
    passed(AT + timedelta(days=367))
    assert not store_has(items[0].digest)


def test_the_text_goes_with_messages_and_files_and_the_row_stays(app: Flask) -> None:
    report = full_report(app)
    item = db.session.scalars(select(Evidence).where(Evidence.report_id == report.id)).one()
    case = close(report)
    case.title = report.narrative[:20]
    passed(AT + timedelta(days=3700))
    assert (report.narrative, report.address, report.subject_name) == ("", "", "")
    assert case.title == "消防"
    assert db.session.scalars(select(Message).where(Message.report_id == report.id)).all() == []
    assert not store_has(item.clean_digest)
    assert db.session.get(Report, report.id) is not None


def test_a_pass_goes_on_where_it_broke_off_and_one_a_day_is_enough(app: Flask) -> None:
    reports = [full_report(app) for _ in range(3)]
    for report in reports:
        close(report)
    at = AT + timedelta(days=200)
    run = current_run(at)
    assert run is not None
    run.after = reports[0].id  # broken off after the first
    assert current_run(at + timedelta(hours=1)) is run
    assert go_on(run, at, 60.0)
    assert Kind.CONTACT in kinds_of(reports[0])
    assert Kind.CONTACT not in kinds_of(reports[1])
    assert run.destroyed["contact"] == 2
    assert current_run(at + timedelta(hours=19)) is None
    assert isinstance(current_run(at + timedelta(hours=21)), RetentionRun)


def test_a_report_that_never_held_anything_leaves_no_event(app: Flask) -> None:
    report = make_report()
    close(report)
    assert settled(report, AT + timedelta(days=800)) == []
    assert events_of(report, "retention_destroyed") == []


def test_old_notices_of_the_staff_go_and_a_reporters_stay(app: Flask) -> None:
    report = make_report()
    tell_reporter(report.id, NoticeKind.REPORT_ACCEPTED, alert_channel="", at=AT)
    old = tell_staff(make_account().id, NoticeKind.CASE_ASSIGNED, reference=report.number, at=AT)
    new = tell_staff(make_account().id, NoticeKind.CASE_ASSIGNED, reference="", at=AT + timedelta(days=300))
    db.session.flush()
    gone, kept = old.id, new.id
    jobs.tidy(AT + timedelta(days=366))
    left = set(db.session.scalars(select(Notice.id)))
    assert gone not in left
    assert kept in left
    assert len(left) == 2
