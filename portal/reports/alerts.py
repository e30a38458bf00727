"""A reporter's alerts, from the receipt page: on or off, a new address, one test line.

The address is sealed for the vault alone: nothing here can read it, or send to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Update, select, update

from portal.audit.events import record
from portal.channels.registry import channels
from portal.clock import city_date, city_midnight
from portal.database import db
from portal.errors import NotInThisState, Refusal, gettext_noop
from portal.extensions import settings
from portal.notices.models import Delivery, DeliveryState, Notice
from portal.notices.outbox import NoticeKind, tell_test
from portal.people.actor import REPORTER
from portal.reports import wording
from portal.reports.faults import Fault
from portal.reports.filing import ALERT_CHANNELS, LIMITS, typed_alert
from portal.reports.models import Report
from portal.vault.fields import destroy_fields, keep_fields
from portal.vault.groups import FieldGroup
from portal.vault.keys import Keyring
from portal.vault.neutral import TESTS_A_DAY

SET, STOPPED = "alerts_set", "alerts_stopped"


class AddressNotTaken(Refusal):
    """The number or address is none; ``fault`` says why."""

    field = "alert_address"
    status = 422

    def __init__(self, fault: Fault) -> None:
        super().__init__()
        self.fault = fault

    def sentence(self) -> str:
        """Return what is wrong with what was typed."""
        return self.fault.sentence()


class ChannelNotOffered(Refusal):
    """The city has no such channel."""

    field = "alert_channel"
    message = gettext_noop("Please choose how the alerts should come.")
    status = 422


class TestsUsedUp(Refusal):
    """A test line is a message like any other: somebody pays for it, and somebody may see it."""

    message = gettext_noop("Today's test lines are used up: at most %(most)d a day. Try again tomorrow.")
    status = 429


@dataclass(frozen=True, slots=True)
class Tested:
    """What became of the last test line of this day."""

    state: DeliveryState
    at: datetime
    code: str
    answered: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """What the page shows; never where alerts go."""

    channel: str
    offered: tuple[str, ...]
    tested: Tested | None
    tests_left: int

    @property
    def works(self) -> bool:
        """Whether the city has the channel on which this reporter is told."""
        return self.channel in self.offered


def standing_of(report: Report, at: datetime) -> Standing:
    """Return how the alerts of a report stand."""
    rows = db.session.execute(
        select(Delivery.state, Delivery.done_at, Delivery.error, Notice.created_at, Notice.read_at)
        .join(Notice, Notice.id == Delivery.notice_id)
        .where(*_tests_today(report.id, at))
        .order_by(Notice.id.desc())
    ).all()
    last = rows[0] if rows else None
    tested = (
        Tested(last.state, last.done_at or last.created_at, last.error, last.read_at is not None)
        if last
        else None
    )
    left = max(0, TESTS_A_DAY - len(rows))
    return Standing(report.alert_channel, offered(), tested, left)


def offered() -> tuple[str, ...]:
    """Return the channels that the city has set."""
    ways = channels(settings())
    return tuple(name for name in ALERT_CHANNELS if ways[name].ready())


def set_address(report: Report, channel: str, address: str, at: datetime, ring: Keyring) -> None:
    """Seal a number or address anew; what waits to be sent goes there. Raises a Refusal."""
    _check_open(report)
    if channel not in offered():
        raise ChannelNotOffered
    faults: dict[str, Fault] = {}
    typed = {"alert_channel": channel, "alert_address": wording.line(address)[: LIMITS["alert_address"]]}
    _, taken = typed_alert(typed, faults)
    if faults:
        raise AddressNotTaken(faults["alert_address"])
    fields = {"channel": channel, "address": taken}
    keep_fields(ring, report.id, report.uuid, FieldGroup.ALERT, fields, at)
    report.alert_channel = channel
    db.session.execute(_waiting(report.id).values(channel=channel))
    _forget_tests(report.id, at)
    record(SET, at=at, actor=REPORTER, case_id=report.case_id, report_id=report.id)


def stop(report: Report, at: datetime) -> None:
    """Destroy what was sealed for alerts, and let nothing more go out."""
    _check_open(report)
    destroy_fields(report.id, [FieldGroup.ALERT])
    report.alert_channel = ""
    db.session.execute(_waiting(report.id).values(state=DeliveryState.EXPIRED, done_at=at, lease_until=None))
    record(STOPPED, at=at, actor=REPORTER, case_id=report.case_id, report_id=report.id)


def send_test(report: Report, at: datetime) -> None:
    """Ask for one test line at once; the vault keeps its own count for each address.

    Raises NotInThisState or TestsUsedUp.
    """
    _check_open(report)
    standing = standing_of(report, at)
    if not standing.works:
        raise NotInThisState
    if not standing.tests_left:
        raise TestsUsedUp(most=TESTS_A_DAY)
    tell_test(report.id, channel=report.alert_channel, at=at)


def answered(report: Report, at: datetime) -> None:
    """The reporter said whether the last test line came."""
    _forget_tests(report.id, at)


def _check_open(report: Report) -> None:
    if report.withdrawn_at is not None:
        raise NotInThisState


def _tests_today(report_id: int, at: datetime) -> tuple[ColumnElement[bool], ...]:
    zone = settings().zone
    since = city_midnight(city_date(at, zone), zone)
    kind = NoticeKind.ALERT_TEST.value
    return Notice.report_id == report_id, Notice.kind == kind, Notice.created_at >= since


def _forget_tests(report_id: int, at: datetime) -> None:
    tests = Notice.report_id == report_id, Notice.kind == NoticeKind.ALERT_TEST.value
    db.session.execute(update(Notice).where(*tests, Notice.read_at.is_(None)).values(read_at=at))


def _waiting(report_id: int) -> Update:
    """Change the deliveries of a report that were not sent yet."""
    ours = select(Notice.id).where(Notice.report_id == report_id)
    return (
        update(Delivery)
        .where(Delivery.notice_id.in_(ours), Delivery.state == DeliveryState.QUEUED)
        .execution_options(synchronize_session=False)
    )
