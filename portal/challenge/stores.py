"""Where challenges wait: in Redis, made ahead by the worker; in a table while Redis is down.

An answer is kept as a keyed hash only. Checking takes the challenge away in one step, so of any number of
answers at the same moment at most one is judged.
"""

from __future__ import annotations

import hmac
import logging
import re
import secrets
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy import Connection, Table, delete, insert, select

from portal.challenge.answers import answer_mac
from portal.challenge.challenger import ChallengeStore
from portal.challenge.kinds import Kind
from portal.challenge.speaking import speak
from portal.run.dotted import resolve

LIFETIME = timedelta(minutes=20)
POOL_LIFETIME = timedelta(hours=12)
# So many may wait for their answers at once, some 20 MB of either; beyond, the oldest is forgotten, and
# whoever still has it gets a new one.
MOST_WAITING = {"picture": 5000, "sound": 150}
POOL_KEY = "challenge:pool"  # of pictures; spoken challenges have a pool for each language

# One question to Redis each: of several in a transaction every answer would be read by itself.
_ISSUE = """
local made = ARGV[1]
if made == '' then made = redis.call('lpop', KEYS[1]) end
if not made then return false end
local id = string.gsub(string.sub(made, 1, 16), '.', function (sign)
  return string.format('%02x', string.byte(sign))
end)
local key = 'challenge:' .. id
redis.call('hset', key, 'mac', string.sub(made, 17, 48), 'holder', ARGV[2], ARGV[3], string.sub(made, 49))
redis.call('expire', key, ARGV[4])
redis.call('zremrangebyscore', KEYS[2], 0, ARGV[5] - ARGV[4])
redis.call('zadd', KEYS[2], ARGV[5], id)
redis.call('expire', KEYS[2], ARGV[4])
local over = redis.call('zcard', KEYS[2]) - ARGV[6]
if over > 0 then
  local oldest = redis.call('zpopmin', KEYS[2], over)
  for place = 1, #oldest, 2 do redis.call('del', 'challenge:' .. oldest[place]) end
end
return id
"""
_TAKE = """
local found = redis.call('hmget', KEYS[1], 'mac', 'holder')
redis.call('del', KEYS[1])
for place = 2, #KEYS do redis.call('zrem', KEYS[place], ARGV[1]) end
return found
"""
_ID = re.compile(r"[0-9a-f]{32}")
_ID_BYTES = 16  # before the hash of 32 bytes, as the scripts above know them
_log = logging.getLogger(__name__)


class RedisStore:
    """Challenges in Redis; the pools hold what was made ahead and nobody has seen yet."""

    def __init__(self, client: Any, mac_key: bytes) -> None:  # noqa: ANN401 - redis-py's own types are unions
        self._redis = client
        self._mac_key = mac_key

    def fill(self, level: int, kind: Kind = Kind.PICTURE) -> int:
        """Make challenges until the kind's pool holds so many; returns how many were made."""
        pool = pool_key(kind)
        missing = max(0, level - int(self._redis.llen(pool)))
        for _ in range(missing):
            challenge_id, mac, content = _new(self._mac_key, kind)
            self._redis.rpush(pool, bytes.fromhex(challenge_id) + mac + content)
        self._redis.expire(pool, POOL_LIFETIME)
        return missing

    def issue(self, kind: Kind = Kind.PICTURE, holder: str = "") -> str:
        """Take a challenge from the pool, or make one, and let it wait for its answer."""
        given = self._issue(kind, holder)
        if given is None:
            challenge_id, mac, content = _new(self._mac_key, kind)
            given = self._issue(kind, holder, bytes.fromhex(challenge_id) + mac + content)
        return bytes(given or b"").decode()

    def picture(self, challenge_id: str) -> bytes | None:
        """Return the picture of a challenge that waits for its answer."""
        return self._content(challenge_id, "picture")

    def sound(self, challenge_id: str) -> bytes | None:
        """Return the sound of a challenge that waits for its answer."""
        return self._content(challenge_id, "sound")

    def check(self, challenge_id: str, answer: str, holder: str = "") -> bool:
        """Take the challenge away and compare; the script gives its hash to one caller only."""
        if not _ID.fullmatch(challenge_id):
            return False
        keys = [_key(challenge_id), *map(waiting_key, MOST_WAITING)]
        mac, held_by = self._redis.eval(_TAKE, len(keys), *keys, challenge_id)
        if mac is None or not hmac.compare_digest(held_by or b"", holder.encode()):
            return False
        return _is_right(bytes(mac), self._mac_key, challenge_id, answer)

    def _issue(self, kind: Kind, holder: str, made: bytes = b"") -> bytes | None:
        """Let a challenge of the pool wait, or the one that is given; None when the pool is empty."""
        field, seconds = _field(kind), int(LIFETIME.total_seconds())
        keys = pool_key(kind), waiting_key(field)
        said = made, holder, field, seconds, time.time(), MOST_WAITING[field]
        given: bytes | None = self._redis.eval(_ISSUE, len(keys), *keys, *said)
        return given

    def _content(self, challenge_id: str, name: str) -> bytes | None:
        if not _ID.fullmatch(challenge_id):
            return None
        content = self._redis.hget(_key(challenge_id), name)
        return bytes(content) if content is not None else None


class TableStore:
    """Challenges in a table (see ChallengeRow) for the time without Redis.

    `begin` gives a connection in a transaction of its own (as `Engine.begin` does), since a challenge is used
    up even if the request fails later. Check before the request itself starts to write: SQLite has one writer
    at a time.
    """

    def __init__(
        self,
        table: Table,
        begin: Callable[[], AbstractContextManager[Connection]],
        mac_key: bytes,
        now: Callable[[], datetime],
    ) -> None:
        self._table = table
        self._begin = begin
        self._mac_key = mac_key
        self._now = now

    def issue(self, kind: Kind = Kind.PICTURE, holder: str = "") -> str:
        """Make a challenge and let it wait; what has expired, or is one too many, is cleared away."""
        challenge_id, mac, content = _new(self._mac_key, kind)
        now = self._now()
        row = {
            "id": challenge_id,
            "answer_mac": mac,
            "holder": holder,
            "kind": _field(kind),
            "content": content,
            "expires_at": now + LIFETIME,
        }
        with self._begin() as connection:
            connection.execute(delete(self._table).where(self._table.c.expires_at <= now))
            connection.execute(insert(self._table).values(row))
            columns = self._table.c
            too_many = (
                select(columns.id)
                .where(columns.kind == row["kind"])
                .order_by(columns.expires_at.desc(), columns.id)
                .offset(MOST_WAITING[_field(kind)])
            )
            if old := list(connection.scalars(too_many)):
                connection.execute(delete(self._table).where(columns.id.in_(old)))
        return challenge_id

    def picture(self, challenge_id: str) -> bytes | None:
        """Return the picture of a challenge that waits for its answer."""
        return self._content(challenge_id, "picture")

    def sound(self, challenge_id: str) -> bytes | None:
        """Return the sound of a challenge that waits for its answer."""
        return self._content(challenge_id, "sound")

    def check(self, challenge_id: str, answer: str, holder: str = "") -> bool:
        """Take the row away and compare; deleting gives its contents to one caller only."""
        if not _ID.fullmatch(challenge_id):
            return False
        columns = self._table.c
        taken = (
            delete(self._table)
            .where(columns.id == challenge_id)
            .returning(columns.answer_mac, columns.holder, columns.expires_at)
        )
        with self._begin() as connection:
            row = connection.execute(taken).one_or_none()
        if row is None or row.expires_at <= self._now():
            return False
        if not hmac.compare_digest(row.holder.encode(), holder.encode()):
            return False
        return _is_right(bytes(row.answer_mac), self._mac_key, challenge_id, answer)

    def _content(self, challenge_id: str, name: str) -> bytes | None:
        if not _ID.fullmatch(challenge_id):
            return None
        columns = self._table.c
        waiting = select(columns.content).where(
            columns.id == challenge_id, columns.kind == name, columns.expires_at > self._now()
        )
        with self._begin() as connection:
            content = connection.execute(waiting).scalar_one_or_none()
        return bytes(content) if content is not None else None


class FallbackStore:
    """A first store, and a second one while Redis does not answer. Never open: no store, no right answer."""

    def __init__(self, primary: ChallengeStore, secondary: ChallengeStore) -> None:
        self._primary = primary
        self._secondary = secondary

    def issue(self, kind: Kind = Kind.PICTURE, holder: str = "") -> str:
        """Issue from the first store that answers."""
        try:
            return self._primary.issue(kind, holder)
        except RedisError as error:
            _log.warning(
                "Challenges come from the database, since Redis does not answer: %s", type(error).__name__
            )
            return self._secondary.issue(kind, holder)

    def picture(self, challenge_id: str) -> bytes | None:
        """Look in both: one issued while Redis was down stays in the second store."""
        try:
            picture = self._primary.picture(challenge_id)
        except RedisError:
            picture = None
        return picture if picture is not None else self._secondary.picture(challenge_id)

    def sound(self, challenge_id: str) -> bytes | None:
        """Look in both, as for a picture."""
        try:
            sound = self._primary.sound(challenge_id)
        except RedisError:
            sound = None
        return sound if sound is not None else self._secondary.sound(challenge_id)

    def check(self, challenge_id: str, answer: str, holder: str = "") -> bool:
        """Check in both; an id lives in one of them only, so it is still judged once."""
        try:
            if self._primary.check(challenge_id, answer, holder):
                return True
        except RedisError:
            pass
        return self._secondary.check(challenge_id, answer, holder)


def pool_key(kind: Kind) -> str:
    """Return where the challenges of a kind are kept that nobody has seen yet."""
    return f"{POOL_KEY}:{kind}" if kind.is_spoken else POOL_KEY


def waiting_key(field: str) -> str:
    """Return where it is kept which challenges of a kind wait, by the time at which they were given."""
    return f"challenge:waiting:{field}"


def _new(mac_key: bytes, kind: Kind) -> tuple[str, bytes, bytes]:
    """Return a new id, the hash of its answer, and its picture or sound."""
    challenge_id = secrets.token_hex(_ID_BYTES)
    if kind.is_spoken:
        said = speak(kind)
        return challenge_id, answer_mac(mac_key, challenge_id, said.answer), said.sound
    # Loaded when the pool is empty: web pages that need no picture library are a good deal smaller.
    drawn = resolve("portal.challenge.drawing.draw")()
    return challenge_id, answer_mac(mac_key, challenge_id, drawn.answer), drawn.picture


def _field(kind: Kind) -> str:
    return "sound" if kind.is_spoken else "picture"


def _key(challenge_id: str) -> str:
    return f"challenge:{challenge_id}"


def _is_right(mac: bytes, mac_key: bytes, challenge_id: str, answer: str) -> bool:
    return hmac.compare_digest(mac, answer_mac(mac_key, challenge_id, answer))
