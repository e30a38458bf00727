"""Sending one alert: the vault opens the address, talks to the gateway, and tells nobody where it went."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from portal.channels.channel import Channel, ChannelError, Parcel
from portal.clock import city_date, city_midnight
from portal.vault import tables as t
from portal.vault.groups import FieldGroup
from portal.vault.indexing import Digest
from portal.vault.neutral import NEWS, text_of
from portal.vault.opener import Begin, Opener
from portal.vault.persons import folded_address
from portal.vault.refusals import Refused, Why

MORNING = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one alert."""

    sent: bool
    code: str = ""
    final: bool = False
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Letter:
    report_id: int
    channel: str
    key: str
    address: str
    locale: str

    def __repr__(self) -> str:
        """Show nothing."""
        return "_Letter()"


class Alerts:
    """Delivers rows of the outbox that a worker holds, at most so many a day to one address."""

    def __init__(
        self,
        opener: Opener,
        digest: Digest,
        channels: Callable[[], Mapping[str, Channel]],
        daily: int,
        zone: ZoneInfo,
    ) -> None:
        self._opener = opener
        self._digest = digest
        self._channels = channels
        self._daily = daily
        self._zone = zone

    def send(self, begin: Begin, delivery_id: int, at: datetime) -> Sent:
        """Deliver one leased row; no transaction is open while the outside answers. Raises Refused."""
        with begin() as connection:
            letter = self._letter(connection, delivery_id, at)
            if letter is None:
                return Sent(False, "no_address", final=True)
            day = city_date(at, self._zone)
            digest = self._digest("alert", folded_address(letter.address))
            if self._count(connection, digest, day.isoformat()) >= self._daily:
                tomorrow = city_midnight(day + timedelta(days=1), self._zone) + MORNING
                return Sent(False, "daily_limit", not_before=tomorrow)
        channel = self._channels().get(letter.channel)
        if channel is None or not channel.ready():
            return Sent(False, "channel_not_set")
        subject, text = text_of(NEWS, letter.locale)
        try:
            channel.send(Parcel(letter.key, letter.address, subject, text))
        except ChannelError as error:
            return Sent(False, error.code[:80], final=error.final)
        with begin() as connection:
            self._done(connection, delivery_id, at)
            self._add(connection, digest, day.isoformat())
        return Sent(True)

    def _letter(self, connection: Connection, delivery_id: int, at: datetime) -> _Letter | None:
        """Read a row that waits, is due and is held by a worker, and open its address; raises Refused."""
        d, n, r = t.deliveries.c, t.notices.c, t.reports.c
        row = connection.execute(
            select(d.channel, d.key, d.state, d.available_at, d.lease_until, n.report_id, r.locale)
            .join(t.notices, n.id == d.notice_id)
            .join(t.reports, r.id == n.report_id)
            .where(d.id == delivery_id)
        ).one_or_none()
        if row is None:
            raise Refused(Why.UNKNOWN)
        if row.state != "queued" or row.available_at > at or row.lease_until is None or row.lease_until < at:
            raise Refused(Why.NOT_ALLOWED)
        try:
            fields = self._opener.fields_of(connection, row.report_id, FieldGroup.ALERT)
        except Refused as refused:
            if refused.why is Why.EMPTY:
                return None
            raise
        address = fields.get("address", "")
        return _Letter(row.report_id, row.channel, row.key, address, row.locale) if address else None

    def _count(self, connection: Connection, digest: bytes, day: str) -> int:
        c = t.alert_counts.c
        found = connection.execute(select(c.sent).where(c.digest == digest, c.day == day)).scalar()
        return int(found or 0)

    def _add(self, connection: Connection, digest: bytes, day: str) -> None:
        c = t.alert_counts.c
        done = connection.execute(
            update(t.alert_counts).where(c.digest == digest, c.day == day).values(sent=c.sent + 1)
        )
        if not done.rowcount:
            connection.execute(insert(t.alert_counts).values(digest=digest, day=day, sent=1))

    def _done(self, connection: Connection, delivery_id: int, at: datetime) -> None:
        connection.execute(
            update(t.deliveries)
            .where(t.deliveries.c.id == delivery_id, t.deliveries.c.state == "queued")
            .values(state="sent", done_at=at, error="", lease_until=None)
        )
