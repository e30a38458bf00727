"""Sending one alert: the vault opens the address, talks to the gateway, and tells nobody where it went."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from portal.channels.channel import Channel, ChannelError, Parcel
from portal.clock import city_date, city_midnight
from portal.vault import tables as t
from portal.vault.groups import FieldGroup
from portal.vault.indexing import Digest
from portal.vault.neutral import NEWS, TEST, TEST_KIND, TESTS_A_DAY, text_of
from portal.vault.opener import Opener
from portal.vault.persons import folded_address
from portal.vault.refusals import Refused, Why
from portal.vault.serving import Begin

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
    test: bool

    def __repr__(self) -> str:
        """Show nothing."""
        return "_Letter()"


@dataclass(frozen=True, slots=True)
class _Place:
    digest: bytes
    day: str
    most: int


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
            places = self._places(letter, day.isoformat())
            if not self._take(connection, places):
                if letter.test:  # tomorrow nobody waits for it any more
                    return Sent(False, "daily_limit", final=True)
                tomorrow = city_midnight(day + timedelta(days=1), self._zone) + MORNING
                return Sent(False, "daily_limit", not_before=tomorrow)
        sent = self._hand_over(letter)
        with begin() as connection:
            if sent.sent:
                self._done(connection, delivery_id, at)
            else:
                self._give_back(connection, places)
        return sent

    def _hand_over(self, letter: _Letter) -> Sent:
        channel = self._channels().get(letter.channel)
        if channel is None or not channel.ready():
            return Sent(False, "channel_not_set")
        subject, text = text_of(TEST if letter.test else NEWS, letter.locale)
        try:
            channel.send(Parcel(letter.key, letter.address, subject, text))
        except ChannelError as error:
            return Sent(False, error.code[:80], final=error.final)
        return Sent(True)

    def _letter(self, connection: Connection, delivery_id: int, at: datetime) -> _Letter | None:
        """Read a row that waits, is due and is held by a worker, and open its address; raises Refused."""
        d, n, r = t.deliveries.c, t.notices.c, t.reports.c
        row = connection.execute(
            select(d.channel, d.key, d.state, d.available_at, d.lease_until, n.kind, n.report_id, r.locale)
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
        # The address may have changed its kind since the row was written.
        channel = fields.get("channel") or row.channel
        test = row.kind == TEST_KIND
        return _Letter(row.report_id, channel, row.key, address, row.locale, test) if address else None

    def _places(self, letter: _Letter, day: str) -> list[_Place]:
        """What one message uses up: one of the address's day; a test also one of its tests."""
        address = folded_address(letter.address)
        places = [_Place(self._digest("alert", address), day, self._daily)]
        if letter.test:
            places.append(_Place(self._digest("alert test", address), day, TESTS_A_DAY))
        return places

    def _take(self, connection: Connection, places: list[_Place]) -> bool:
        """Count before it is sent, so that two workers at once send no more than one could."""
        for number, place in enumerate(places):
            if not self._take_one(connection, place):
                self._give_back(connection, places[:number])
                return False
        return True

    def _take_one(self, connection: Connection, place: _Place) -> bool:
        c = t.alert_counts.c
        here = c.digest == place.digest, c.day == place.day
        more = update(t.alert_counts).where(*here, c.sent < place.most).values(sent=c.sent + 1)
        if connection.execute(more).rowcount:
            return True
        first = insert(t.alert_counts).values(digest=place.digest, day=place.day, sent=1)
        if connection.execute(select(c.sent).where(*here)).first() is not None:
            return False
        try:
            with connection.begin_nested():
                connection.execute(first)
        except IntegrityError:  # another worker began the day of this address
            return bool(connection.execute(more).rowcount)
        return True

    def _give_back(self, connection: Connection, places: list[_Place]) -> None:
        c = t.alert_counts.c
        for place in places:
            here = c.digest == place.digest, c.day == place.day, c.sent > 0
            connection.execute(update(t.alert_counts).where(*here).values(sent=c.sent - 1))

    def _done(self, connection: Connection, delivery_id: int, at: datetime) -> None:
        connection.execute(
            update(t.deliveries)
            .where(t.deliveries.c.id == delivery_id, t.deliveries.c.state == "queued")
            .values(state="sent", done_at=at, error="", lease_until=None)
        )
