"""The same form sent at the same moment: if it failed, one danger would be two cases with two codes."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from html import unescape

from flask import Flask
from sqlalchemy import func, select

from portal.audit.models import Event
from portal.cases.models import Case
from portal.database import db
from portal.reports.models import Message, Report

AT_ONCE = 8


def together(work: Callable[[int], str]) -> list[str]:
    """Run the work in several threads that start at one moment."""
    barrier = threading.Barrier(AT_ONCE)

    def one(number: int) -> str:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(AT_ONCE)))


def sender(app: Flask, narrative: Callable[[int], str]) -> Callable[[int], str]:
    """Open one form and return what sends that very form from another connection."""
    client = app.test_client()
    page = client.get("/report").get_data(as_text=True)
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    session = client.get_cookie("session")
    assert session is not None

    def send(number: int) -> str:
        other = app.test_client()
        other.set_cookie("session", session.value)
        posted = {name: unescape(value) for name, value in hidden.items()}
        posted |= {"narrative": narrative(number), "consent": "yes", "action": "send"}
        response = other.post("/report", data=posted)
        assert response.status_code == 200
        return "".join(re.findall(r"<li>([0-9A-Z]{5})</li>", response.get_data(as_text=True)))

    return send


def counts(app: Flask) -> dict[str, int]:
    with app.app_context():
        models = (Report, Case, Event, Message)
        found = {m.__tablename__: db.session.scalar(select(func.count()).select_from(m)) or 0 for m in models}
        db.session.rollback()
        return found


def test_one_form_sent_eight_times_at_once_is_one_report(own_app: Flask) -> None:
    codes = together(sender(own_app, lambda _number: "安全出口一直用木料堵着。"))
    assert len(set(codes)) == 1
    assert len(codes[0]) == 25
    assert counts(own_app) == {"reports": 1, "cases": 1, "events": 1, "messages": 0}


def test_one_form_sent_with_different_words_at_once_is_one_report_and_messages(own_app: Flask) -> None:
    codes = together(sender(own_app, lambda number: f"安全出口一直用木料堵着，第 {number} 次。"))
    assert len(set(codes)) == 1
    found = counts(own_app)
    assert (found["reports"], found["cases"], found["messages"]) == (1, 1, AT_ONCE - 1)


def test_many_forms_at_once_are_as_many_reports(own_app: Flask) -> None:
    senders = [sender(own_app, lambda _number: "安全出口一直用木料堵着。") for _ in range(AT_ONCE)]
    codes = together(lambda number: senders[number](number))
    assert len(set(codes)) == AT_ONCE
    assert counts(own_app)["reports"] == AT_ONCE
