"""What the vault process reads and writes of the database, as plain tables: no model, no session, no web."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, LargeBinary, MetaData, SmallInteger, String, Table
from sqlalchemy import Column as C
from sqlalchemy.types import TypeEngine

from portal.dialects import UTCDateTime

everything = MetaData()
_INSTANT = UTCDateTime()


def _table(name: str, /, **columns: TypeEngine[Any] | type[TypeEngine[Any]]) -> Table:
    return Table(name, everything, *(C(key, kind) for key, kind in columns.items()))


sealed_fields = _table(
    "sealed_fields",
    id=BigInteger,
    report_id=BigInteger,
    field_group=String,
    version=SmallInteger,
    blob=LargeBinary,
    sealed_at=_INSTANT,
)
sealed_keys = _table("sealed_keys", field_id=BigInteger, key_id=String, wrap=LargeBinary)
openings = _table(
    "openings",
    id=String,
    account_id=BigInteger,
    person_id=BigInteger,
    role=String,
    field_group=String,
    report_id=BigInteger,
    event_id=BigInteger,
    asked_at=_INSTANT,
    second_account_id=BigInteger,
    second_at=_INSTANT,
    served_at=_INSTANT,
)
blind_indexes = _table(
    "blind_indexes", field_id=BigInteger, purpose=String, version=SmallInteger, digest=LargeBinary
)
vault_canaries = _table("vault_canaries", key_id=String, blob=LargeBinary, wrap=LargeBinary, made_at=_INSTANT)
alert_counts = _table("alert_counts", digest=LargeBinary, day=String, sent=SmallInteger)
original_keys = _table(
    "original_keys", name=String, digest=String, vault_key_id=String, vault_wrap=LargeBinary
)
original_openings = _table(
    "original_openings",
    id=String,
    account_id=BigInteger,
    person_id=BigInteger,
    role=String,
    report_id=BigInteger,
    evidence_id=BigInteger,
    digest=String,
    event_id=BigInteger,
    asked_at=_INSTANT,
    second_account_id=BigInteger,
    second_at=_INSTANT,
    served_at=_INSTANT,
)
evidence = _table(
    "evidence", id=BigInteger, report_id=BigInteger, digest=String, original=String, scan_state=String
)
reports = _table(
    "reports", id=BigInteger, uuid=String, case_id=BigInteger, locale=String, withdrawn_at=_INSTANT
)
cases = _table("cases", id=BigInteger, district_id=BigInteger, department_id=BigInteger)
events = _table(
    "events",
    id=BigInteger,
    action=String,
    report_id=BigInteger,
    actor_account_id=BigInteger,
    facts=JSON,
)
accounts = _table("accounts", id=BigInteger, person_id=BigInteger, active=Boolean)
people = _table("people", id=BigInteger, name=String, district_id=BigInteger, department_id=BigInteger)
ties = _table("ties", kind=String, name=String, ended_at=_INSTANT)
role_grants = _table("role_grants", account_id=BigInteger, role=String)
notices = _table("notices", id=BigInteger, report_id=BigInteger, kind=String)
deliveries = _table(
    "deliveries",
    id=BigInteger,
    notice_id=BigInteger,
    channel=String,
    key=String,
    state=String,
    available_at=_INSTANT,
    lease_until=_INSTANT,
    done_at=_INSTANT,
    error=String,
)
awards = _table("awards", id=BigInteger, derivation=JSON)
shares = _table(
    "shares", id=BigInteger, award_id=BigInteger, report_id=BigInteger, amount_fen=BigInteger, status=String
)
payouts = _table(
    "payouts", id=BigInteger, share_id=BigInteger, amount_fen=BigInteger, state=String, recorded_at=_INSTANT
)
