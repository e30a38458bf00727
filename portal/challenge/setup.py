"""Which challenge the portal sets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from flask import Flask
from sqlalchemy import Connection, Table

from portal import clock
from portal.challenge.challenger import Challenger, NullChallenge, PictureChallenge
from portal.challenge.models import ChallengeRow
from portal.challenge.stores import FallbackStore, RedisStore, TableStore
from portal.config import Settings
from portal.database import db, writing
from portal.vault.keys import Keyring, Purpose


def make_challenger(app: Flask, settings: Settings) -> Challenger:
    """Make the challenger of the settings: challenges from Redis, from a table while Redis is down."""
    if settings.challenge == "null":
        return NullChallenge()
    table = TableStore(cast(Table, ChallengeRow.__table__), _begin, mac_key(app), clock.now)
    return PictureChallenge(FallbackStore(redis_store(app), table))


def redis_store(app: Flask) -> RedisStore:
    """Return the store of the challenges that are made ahead."""
    return RedisStore(app.extensions["portal_redis"], mac_key(app))


def mac_key(app: Flask) -> bytes:
    """Return the key of the answers' hashes."""
    ring = cast(Keyring, app.extensions["portal_keyring"])
    return ring.derive(Purpose.FORM, "challenge answers")


@contextmanager
def _begin() -> Iterator[Connection]:
    # A transaction of its own: a challenge is used up even if the request fails later.
    with writing(), db.engine.begin() as connection:
        yield connection
