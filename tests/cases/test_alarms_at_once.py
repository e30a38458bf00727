"""Schedulers at once, with real commits: if this fails, a telephone rings twice for one call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from flask import Flask
from sqlalchemy import func, select

from portal.cases import alarms, jobs
from portal.cases.models import AlarmCall
from portal.clock import frozen
from portal.database import db
from portal.notices.models import Delivery
from tests.cases.alarmed import ZONE, actor_of, after, case_of, file_danger, make_watch
from tests.fixtures.own import at_once

SCHEDULERS = 6
ROUNDS = (0.5, 10, 10.5, 20, 30, 40)  # minutes after the alarm: steps 0, 1, 1, 2, 3, 4


def test_schedulers_at_once_send_one_message_for_each_step(own_app: Flask) -> None:
    with own_app.app_context():
        watch = make_watch()
        filed = file_danger(watch.district)
        officer, supervisor = watch.officer.id, watch.supervisor.id
        db.session.commit()
        db.session.remove()

    def ring(minutes: float) -> None:
        with frozen(after(minutes)):
            jobs.ring_alarms()

    for minutes in ROUNDS:
        rung = [lambda minutes=minutes: ring(minutes)] * SCHEDULERS  # type: ignore[misc]  # default binds
        assert at_once(own_app, rung) == {"done": SCHEDULERS}
    with own_app.app_context():
        made = db.session.execute(
            select(AlarmCall.step, AlarmCall.recipient_id).where(AlarmCall.case_id == filed.case_id)
        )
        expected = [(step, officer) for step in range(5)] + [(step, supervisor) for step in (3, 4)]
        assert sorted(tuple(row) for row in made) == sorted(expected)
        assert db.session.scalar(select(func.count()).where(Delivery.channel == "sms")) == len(expected)
        db.session.remove()


def test_a_schedule_that_is_killed_before_its_commit_calls_neither_twice_nor_never(own_app: Flask) -> None:
    with own_app.app_context():
        watch = make_watch()
        filed = file_danger(watch.district)
        db.session.commit()
        assert alarms.ring(filed.case_id, after(10), ZONE) == 1
        db.session.rollback()  # killed here: neither the call nor its message is there
        with frozen(after(10.5)):
            jobs.ring_alarms()
            jobs.ring_alarms()
        steps = db.session.scalars(select(AlarmCall.step).order_by(AlarmCall.step)).all()
        assert steps == [0, 1]
        assert db.session.scalar(select(func.count()).where(Delivery.channel == "sms")) == 2
        db.session.remove()


def test_many_who_undertake_at_once_are_one_and_the_others_learn_it(own_app: Flask) -> None:
    with own_app.app_context():
        watch = make_watch()
        filed = file_danger(watch.district)
        actors = [actor_of(watch.officer), actor_of(watch.supervisor)] * 3
        db.session.commit()
        db.session.remove()

    def undertake(place: int) -> Callable[[], object]:
        return lambda: alarms.undertake(case_of(filed), actors[place], after(2))

    came = Counter(at_once(own_app, [undertake(place) for place in range(6)]))
    assert came == {"done": 3, "UndertakenAlready": 3}
    with own_app.app_context():
        assert not case_of(filed).urgent
        db.session.remove()
