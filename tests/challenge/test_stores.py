"""If these fail one solved picture opens the door a thousand times, or a Redis that is down shuts it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisDown
from sqlalchemy import Column, DateTime, LargeBinary, MetaData, String, Table, create_engine, func, select
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.types import TypeDecorator

from portal.challenge import stores
from portal.challenge.answers import answer_mac
from portal.challenge.challenger import Challenger, ChallengeStore, NullChallenge, PictureChallenge
from portal.challenge.drawing import draw
from portal.challenge.kinds import Kind
from portal.challenge.speaking import speak
from portal.challenge.stores import (
    LIFETIME,
    MOST_WAITING,
    POOL_KEY,
    FallbackStore,
    RedisStore,
    TableStore,
    pool_key,
    waiting_key,
)
from tests.challenge.conftest import KEY

AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


class Aware(TypeDecorator[datetime]):
    """Keeps UTC on SQLite."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


TABLE = Table(
    "challenges",
    MetaData(),
    Column("id", String(40), primary_key=True),
    Column("answer_mac", LargeBinary, nullable=False),
    Column("holder", String(64), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("expires_at", Aware, nullable=False),
)


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = create_engine(f"sqlite:///{tmp_path / 'challenges.db'}", connect_args={"timeout": 20})
    TABLE.create(made)
    yield made
    made.dispose()


@pytest.fixture
def table_store(engine: Engine, clock: Clock) -> TableStore:
    return TableStore(TABLE, engine.begin, KEY, clock)


@pytest.fixture(params=["redis", "table"])
def store(request: pytest.FixtureRequest) -> ChallengeStore:
    if request.param == "redis":
        return RedisStore(request.getfixturevalue("redis"), KEY)
    made: TableStore = request.getfixturevalue("table_store")
    return made


class Down:
    """A Redis that does not answer."""

    def __getattr__(self, name: str) -> Callable[..., object]:
        def fail(*_: object, **__: object) -> object:
            raise RedisDown("connection refused")

        return fail


@pytest.fixture(params=list(Kind))
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


def shown(store: ChallengeStore, challenge_id: str) -> bytes | None:
    """What there is to see or to hear, never both."""
    picture, sound = store.picture(challenge_id), store.sound(challenge_id)
    assert picture is None or sound is None
    return picture or sound


def solve(store: ChallengeStore, challenge_id: str, answers: dict[bytes, str]) -> str:
    content = shown(store, challenge_id)
    assert content is not None
    return answers[content]


def test_a_right_answer_opens_once(store: ChallengeStore, answers: dict[bytes, str], kind: Kind) -> None:
    challenge_id, other = store.issue(kind), store.issue(kind)
    answer = solve(store, challenge_id, answers)
    assert store.check(challenge_id, f" {answer.lower()} ")
    assert not store.check(challenge_id, answer)
    assert shown(store, challenge_id) is None
    assert shown(store, other) is not None


def test_a_challenge_of_one_kind_is_not_given_as_the_other(store: ChallengeStore) -> None:
    drawn, said = store.issue(Kind.PICTURE), store.issue(Kind.MANDARIN)
    assert (store.sound(drawn), store.picture(said)) == (None, None)


def test_the_right_answer_from_another_session_opens_nothing_and_uses_it_up(
    store: ChallengeStore, answers: dict[bytes, str], kind: Kind
) -> None:
    for stranger in ("theirs", "", "mine "):
        challenge_id = store.issue(kind, "mine")
        answer = solve(store, challenge_id, answers)
        assert not store.check(challenge_id, answer, stranger)
        assert not store.check(challenge_id, answer, "mine")
    challenge_id = store.issue(kind, "mine")
    assert store.check(challenge_id, solve(store, challenge_id, answers), "mine")


def test_a_wrong_answer_uses_the_challenge_up(
    store: ChallengeStore, answers: dict[bytes, str], kind: Kind
) -> None:
    challenge_id = store.issue(kind)
    answer = solve(store, challenge_id, answers)
    assert not store.check(challenge_id, "XXXX")
    assert not store.check(challenge_id, answer)
    assert shown(store, challenge_id) is None


def test_the_answer_to_another_challenge_is_wrong(store: ChallengeStore, answers: dict[bytes, str]) -> None:
    first, second = store.issue(), store.issue()
    assert not store.check(first, solve(store, second, answers))


@pytest.mark.parametrize(
    "name", ["", "none", "pool", "challenge:pool", "*", "a" * 32, "A" * 32, "\x00", "x" * 10_000]
)
def test_an_unknown_id_has_no_picture_and_no_right_answer(store: ChallengeStore, name: str) -> None:
    store.issue()
    assert shown(store, name) is None
    assert not store.check(name, "")


def test_of_twenty_right_answers_at_once_one_is_accepted(
    store: ChallengeStore, answers: dict[bytes, str], kind: Kind
) -> None:
    for _ in range(3):
        challenge_id = store.issue(kind)
        answer = solve(store, challenge_id, answers)
        together = threading.Barrier(20)

        def attempt(
            _: int,
            challenge_id: str = challenge_id,
            answer: str = answer,
            together: threading.Barrier = together,
        ) -> bool:
            together.wait()
            return store.check(challenge_id, answer)

        with ThreadPoolExecutor(20) as threads:
            assert sum(threads.map(attempt, range(20))) == 1


def test_redis_holds_no_answer_and_forgets_after_twenty_minutes(
    redis: Any, answers: dict[bytes, str]
) -> None:
    store = RedisStore(redis, KEY)
    for kind in Kind:
        store.fill(3, kind)
        challenge_id = store.issue(kind)
        key = f"challenge:{challenge_id}"
        assert 0 < redis.ttl(key) <= LIFETIME.total_seconds()
        kept = b"".join([*redis.hvals(key), *redis.lrange(pool_key(kind), 0, -1)])
        for answer in answers.values():
            assert answer.encode() not in kept
    redis.delete(key)
    assert not store.check(challenge_id, answers[next(iter(answers))])


def test_what_waits_is_bounded_and_the_oldest_goes_first(
    store: ChallengeStore,
    answers: dict[bytes, str],
    kind: Kind,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Otherwise whoever asks for recordings without end fills Redis or the disk, and reports stop."""
    monkeypatch.setattr(stores, "MOST_WAITING", {"picture": 3, "sound": 3})

    def issue() -> str:
        clock.at += timedelta(seconds=1)
        return store.issue(kind)

    issued = [issue() for _ in range(3)]
    answered = issued.pop(1)
    assert store.check(answered, solve(store, answered, answers))
    issued += [issue() for _ in range(3)]
    other = store.issue(Kind.PICTURE if kind.is_spoken else Kind.MANDARIN)
    assert [shown(store, one) is not None for one in issued] == [False, False, True, True, True]
    assert shown(store, other) is not None
    assert store.check(issued[-1], solve(store, issued[-1], answers))


def test_redis_keeps_no_list_of_what_waited_long_ago(redis: Any) -> None:
    store = RedisStore(redis, KEY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stores.time, "time", lambda: 1_000_000.0)
        for _ in range(3):
            store.issue(Kind.MANDARIN)
    store.issue(Kind.MANDARIN)
    assert redis.zcard(waiting_key("sound")) == 1
    assert 0 < redis.ttl(waiting_key("sound")) <= LIFETIME.total_seconds()


def test_the_sounds_and_pictures_that_may_wait_take_little_memory() -> None:
    assert MOST_WAITING["sound"] * len(speak(Kind.MANDARIN).sound) < 24 << 20
    assert MOST_WAITING["picture"] * max(len(draw().picture) for _ in range(30)) < 24 << 20


def test_the_pool_is_filled_to_its_level_and_used_first(redis: Any, answers: dict[bytes, str]) -> None:
    store = RedisStore(redis, KEY)
    assert (store.fill(5), store.fill(5), redis.llen(POOL_KEY)) == (5, 0, 5)
    issued = [store.issue() for _ in range(5)]
    assert len(answers) == 5
    assert len(set(issued)) == 5
    assert redis.llen(POOL_KEY) == 0
    assert all(store.check(one, solve(store, one, answers)) for one in issued)
    store.issue()
    assert len(answers) == 6
    store.fill(1)
    assert redis.ttl(POOL_KEY) > 0


def test_each_language_has_a_pool_of_its_own(redis: Any, answers: dict[bytes, str]) -> None:
    store = RedisStore(redis, KEY)
    for kind in Kind:
        assert (store.fill(2, kind), store.fill(2, kind)) == (2, 0)
        assert redis.ttl(pool_key(kind)) > 0
    for kind in Kind:
        before = redis.llen(pool_key(kind))
        issued = store.issue(kind)
        assert store.check(issued, solve(store, issued, answers))
        assert redis.llen(pool_key(kind)) == before - 1
    assert len(answers) == 2 * len(Kind)


def test_a_challenge_in_the_table_expires_and_is_cleared_away(
    table_store: TableStore, engine: Engine, clock: Clock, answers: dict[bytes, str]
) -> None:
    old, used = table_store.issue(), table_store.issue()
    answer = solve(table_store, old, answers)
    late = solve(table_store, used, answers)
    clock.at += LIFETIME - timedelta(seconds=1)
    assert table_store.picture(old) is not None
    clock.at += timedelta(seconds=1)
    assert table_store.picture(old) is None
    assert not table_store.check(used, late)
    fresh = table_store.issue()
    with engine.begin() as connection:
        assert connection.execute(select(func.count()).select_from(TABLE)).scalar_one() == 1
    assert not table_store.check(old, answer)
    assert table_store.picture(fresh) is not None


def test_the_table_holds_no_answer(
    table_store: TableStore, engine: Engine, answers: dict[bytes, str]
) -> None:
    challenge_id = table_store.issue()
    answer = solve(table_store, challenge_id, answers)
    with engine.begin() as connection:
        row = connection.execute(select(TABLE)).one()
    assert row.answer_mac == answer_mac(KEY, challenge_id, answer)
    assert answer.encode() not in row.content


def test_while_redis_is_down_the_table_takes_over_and_the_door_stays_shut(
    table_store: TableStore, answers: dict[bytes, str]
) -> None:
    store = FallbackStore(RedisStore(Down(), KEY), table_store)
    challenge_id = store.issue()
    answer = solve(store, challenge_id, answers)
    assert not store.check("a" * 32, answer)
    assert not store.check(store.issue(), "WRONG")
    assert store.check(challenge_id, answer)
    assert not store.check(challenge_id, answer)


def test_a_challenge_set_while_redis_was_down_is_judged_when_it_is_back(
    redis: Any, table_store: TableStore, answers: dict[bytes, str]
) -> None:
    down, back = (
        FallbackStore(RedisStore(Down(), KEY), table_store),
        FallbackStore(RedisStore(redis, KEY), table_store),
    )
    challenge_id = down.issue()
    assert back.check(challenge_id, solve(back, challenge_id, answers))
    before = back.issue()
    answer = solve(back, before, answers)
    assert down.picture(before) is None
    assert not down.check(before, answer)


def test_a_fault_other_than_redis_is_not_swallowed(table_store: TableStore) -> None:
    class Broken:
        def issue(self, kind: Kind = Kind.PICTURE, holder: str = "") -> str:
            raise ZeroDivisionError

        def picture(self, challenge_id: str) -> bytes | None:
            raise ZeroDivisionError

        def sound(self, challenge_id: str) -> bytes | None:
            raise ZeroDivisionError

        def check(self, challenge_id: str, answer: str, holder: str = "") -> bool:
            raise ZeroDivisionError

    store = FallbackStore(Broken(), table_store)
    for call in (
        store.issue,
        lambda: store.picture("x"),
        lambda: store.sound("x"),
        lambda: store.check("x", "x"),
    ):
        with pytest.raises(ZeroDivisionError):
            call()


def test_a_picture_challenge_takes_no_empty_answer(
    table_store: TableStore, answers: dict[bytes, str]
) -> None:
    challenger: Challenger = PictureChallenge(table_store)
    challenge_id = challenger.issue()
    assert not challenger.check(challenge_id, "  ")
    assert not challenger.check("", "A3DKM")
    picture = challenger.picture(challenge_id)
    assert picture is not None
    assert challenger.check(challenge_id, answers[picture])


def test_without_a_challenge_every_answer_is_right() -> None:
    challenger: Challenger = NullChallenge()
    assert challenger.check(challenger.issue(), "")
    assert challenger.picture("none") is None
