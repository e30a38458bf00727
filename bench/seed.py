"""Filling a database with as many cases as a province has, and a person of the staff to look at them."""

from __future__ import annotations

import hashlib
import random
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import insert, text

from portal import clock
from portal.cases.models import Case
from portal.cases.steps import CaseStatus, DueStep
from portal.database import db
from portal.people import sessions
from portal.people.models import Account, Department, District, Person, RoleGrant
from portal.people.permissions import Role
from portal.reports.models import Channel, DangerNow, RealName, Report
from portal.reports.sectors import SECTORS

CHUNK = 2_000
OPEN_SHARE = 0.08
DISTRICTS = 9
START = datetime(2026, 1, 1, tzinfo=UTC)


def places(app: Flask) -> None:
    """Make districts and a department where there are none."""
    with app.app_context():
        if db.session.query(District.id).first():
            return
        db.session.add_all(
            District(code=f"d{i}", name_zh=f"第{i}区", name_en=f"District {i}", active=True)
            for i in range(DISTRICTS)
        )
        db.session.add(Department(code="emergency", name_zh="应急管理局", name_en="Emergency", active=True))
        db.session.commit()


def officer(app: Flask) -> str:
    """Make an intake officer of the whole city and return the token of an open session."""
    with app.app_context():
        account = Account(
            person=Person(name="张立新", certificate_number="E-1"),
            username=f"bench-{secrets.token_hex(4)}",
            password_hash="!",
            active=True,
            created_at=clock.now(),
            grants=[RoleGrant(role=Role.INTAKE_OFFICER.value)],
        )
        db.session.add(account)
        db.session.flush()
        signed = sessions.start(account, clock.now())
        db.session.commit()
        return signed.token


def cases(app: Flask, count: int, seed: int = 1) -> None:
    """Add cases, each with its report; 8 of 100 are open. Statistics are refreshed at the end."""
    with app.app_context():
        first = (db.session.scalar(text("SELECT max(id) FROM cases")) or 0) + 1
        rows = list(_rows(first, count, random.Random(seed)))
        for begin in range(0, count, CHUNK):
            part = rows[begin : begin + CHUNK]
            db.session.execute(insert(Case), [case for case, _ in part])
            db.session.execute(insert(Report), [report for _, report in part])
            db.session.commit()
        db.session.execute(text("ANALYZE"))
        db.session.commit()


def _rows(first: int, count: int, dice: random.Random) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for key in range(first, first + count):
        opened = START + timedelta(seconds=dice.randrange(300 * 86_400))
        is_open = dice.random() < OPEN_SHARE
        status = dice.choice([CaseStatus.RECEIVED, CaseStatus.ASSIGNED, CaseStatus.VERIFYING])
        sector = dice.choice(SECTORS).code
        district = dice.randrange(DISTRICTS) + 1
        number = f"BN-2026-{key:07d}"
        subject = f"第{dice.randrange(50_000)}号企业"
        case = {
            "id": key,
            "number": number,
            "status": status if is_open else CaseStatus.REFUSED,
            "refusal_reason": "" if is_open else "x",
            "is_open": is_open,
            "title": "安全出口被堵",
            "sector": sector,
            "subject_name": subject,
            "district_id": district,
            "opened_at": opened,
            "due_at": opened + timedelta(days=60) if is_open else None,
            "due_step": DueStep.VERIFY if is_open else None,
        }
        report = {
            "id": key,
            "uuid": f"{key:032x}",
            "number": number,
            "submission_id": f"{key:032x}",
            "body_digest": b"0" * 32,
            "receipt_digest": hashlib.sha256(number.encode()).digest(),
            "receipt_key_id": "bench",
            "case_id": key,
            "origin_case_id": key,
            "channel": Channel.PORTAL,
            "received_at": opened,
            "sector": sector,
            "danger_now": DangerNow.UNKNOWN,
            "district_id": district,
            "subject_name": subject,
            "narrative": "东侧安全出口一直用木料堵着。",
            "real_name": RealName.NONE,
        }
        yield case, report
