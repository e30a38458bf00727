"""The vault and originals: if these fail whoever takes the desk reads where every photo was taken, and the
reporter never learns of it."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from portal import clock
from portal.audit.events import record
from portal.audit.models import Event
from portal.cases.models import Case
from portal.database import db
from portal.evidence import original_keys
from portal.evidence.models import Evidence, OriginalKey, ScanState
from portal.people.models import Account
from portal.people.permissions import Role
from portal.reports.models import Report
from portal.vault.asking import vault
from portal.vault.client import VaultClient, VaultRefused
from portal.vault.models import OriginalOpening
from portal.vault.openings import File, ask_for_original
from portal.vault.refusals import Why
from portal.vault.seconds import NeedsSecond, OriginalWish, agree, ask, waiting_for
from tests.fixtures.evidence import make_evidence
from tests.fixtures.records import make_account, make_case, make_department, make_district, make_report
from tests.fixtures.vault import in_process
from tests.rewards.world import actor_of

CONTENT = b"original with place and camera"


@pytest.fixture
def item(app: Flask) -> Evidence:
    """A file of a report of Wenfeng district."""
    made = make_evidence(app, make_report(make_case(district=make_district())), original=CONTENT)
    db.session.commit()
    return made


@pytest.fixture
def officer(app: Flask) -> Account:
    account = make_account(Role.INTAKE_OFFICER, district=make_district())
    db.session.commit()
    return account


def event_of(item: Evidence, account: Account, **changed: object) -> Event:
    facts = {"evidence": changed.pop("evidence", item.id), "file": item.position}
    action = str(changed.pop("action", "original_opened"))
    report_id = changed.pop("report_id", item.report_id)
    role = sorted(account.roles)[0].value if account.roles else ""
    event = record(
        action,
        at=clock.now(),
        actor=actor_of(account),
        role=role,
        report_id=report_id,  # type: ignore[arg-type]
        reason="看不清车牌号码",
        facts=facts,
    )
    db.session.flush()
    return event


def forged(
    item: Evidence, account: Account, event: Event | None = None, **changed: object
) -> OriginalOpening:
    """The row as a desk that was taken over writes it."""
    event = event or event_of(item, account)
    values = {
        "id": secrets.token_hex(16),
        "account_id": account.id,
        "person_id": account.person_id,
        "role": event.actor_role,
        "report_id": item.report_id,
        "evidence_id": item.id,
        "digest": item.digest,
        "event_id": event.id,
        "reason": "x",
        "asked_at": clock.now(),
    }
    opening = OriginalOpening(**{**values, **changed})
    db.session.add(opening)
    db.session.commit()
    return opening


def why_not(opening: OriginalOpening, client: VaultClient | None = None) -> Why:
    with pytest.raises(VaultRefused) as caught:
        (client or vault()).open_original(opening.id)
    return caught.value.why


def opens(app: Flask, item: Evidence, opening: OriginalOpening, client: VaultClient | None = None) -> bool:
    key = (client or vault()).open_original(opening.id)
    with app.extensions["portal_originals"].open(item.original, key) as original:
        return bool(original.read() == CONTENT)


def test_the_key_of_the_asked_file_is_given_once(app: Flask, item: Evidence, officer: Account) -> None:
    opening = forged(item, officer)
    assert opens(app, item, opening)
    db.session.refresh(opening)
    assert opening.served_at is not None
    assert why_not(opening) is Why.SERVED


@pytest.mark.parametrize("role", list(Role))
def test_only_intake_and_the_verifiers_of_the_unit_open_originals(
    app: Flask, item: Evidence, role: Role
) -> None:
    account = make_account(role, district=make_district())
    db.session.commit()
    opening = forged(item, account)
    if role is Role.INTAKE_OFFICER:
        assert opens(app, item, opening)
    else:  # also a verifier: the case is not their unit's
        assert why_not(opening) is Why.NOT_ALLOWED


def test_a_verifier_opens_the_originals_of_the_own_unit(app: Flask, item: Evidence) -> None:
    unit = make_department()
    verifier = make_account(Role.VERIFIER, district=make_district(), department=unit)
    case = db.session.get_one(Case, db.session.get_one(Report, item.report_id).case_id)
    case.department_id = unit.id
    db.session.commit()
    assert opens(app, item, forged(item, verifier))
    other = make_account(Role.VERIFIER, district=make_district(), department=make_department("other"))
    assert why_not(forged(item, other)) is Why.NOT_ALLOWED


def test_another_district_another_person_or_an_account_that_was_closed_opens_nothing(
    app: Flask, item: Evidence, officer: Account
) -> None:
    stranger = make_account(Role.INTAKE_OFFICER, district=make_district("longan", "龙安区"))
    assert why_not(forged(item, stranger)) is Why.NOT_ALLOWED
    assert why_not(forged(item, officer, person_id=stranger.person_id)) is Why.NOT_ALLOWED
    assert why_not(forged(item, officer, role="supervisor")) is Why.NOT_ALLOWED
    officer.active = False
    db.session.commit()
    assert why_not(forged(item, officer)) is Why.NOT_ALLOWED


def test_the_event_must_name_this_file_action_report_and_account(
    app: Flask, item: Evidence, officer: Account
) -> None:
    other = make_account(Role.INTAKE_OFFICER, district=make_district())
    elsewhere = make_report(make_case(district=make_district()))
    for event in (
        event_of(item, officer, evidence=item.id + 1),
        event_of(item, officer, action="evidence_viewed"),
        event_of(item, officer, report_id=elsewhere.id),
        event_of(item, other),
    ):
        assert why_not(forged(item, officer, event, role="intake_officer")) is Why.NO_EVENT


def test_a_request_for_a_foreign_digest_or_report_opens_nothing(
    app: Flask, item: Evidence, officer: Account
) -> None:
    """Otherwise a desk that was taken over gets the key of any file for the log entry of another."""
    far = make_report(make_case(district=make_district("longan", "龙安区")))
    away = make_evidence(app, far, original=b"of somebody else")
    db.session.commit()
    assert why_not(forged(item, officer, digest=away.digest)) is Why.EMPTY
    event = event_of(item, officer, evidence=away.id)
    assert why_not(forged(item, officer, event, evidence_id=away.id)) is Why.EMPTY
    event = event_of(item, officer, evidence=away.id)
    changed = {"evidence_id": away.id, "digest": away.digest}
    assert why_not(forged(item, officer, event, **changed)) is Why.EMPTY
    # The row of the file itself turned to the other's bytes:
    item.original = away.original
    db.session.commit()
    assert why_not(forged(item, officer)) is Why.EMPTY
    item.digest = away.digest
    db.session.commit()
    key = vault().open_original(forged(item, officer).id)
    assert key  # which stands in the log under this report; the digest on its page shows the exchange


def test_wraps_swapped_between_files_open_nothing(app: Flask, item: Evidence, officer: Account) -> None:
    other = make_evidence(app, db.session.get_one(Report, item.report_id), position=2)
    one, two = (db.session.get_one(OriginalKey, name) for name in (item.original, other.original))
    one.vault_wrap, two.vault_wrap = two.vault_wrap, one.vault_wrap
    db.session.commit()
    assert why_not(forged(item, officer)) is Why.DAMAGED


@pytest.mark.parametrize("state", [ScanState.INFECTED, ScanState.WAITING])
def test_what_the_scanner_holds_back_stays_closed(
    app: Flask, item: Evidence, officer: Account, state: ScanState
) -> None:
    item.scan_state = state
    db.session.commit()
    assert why_not(forged(item, officer)) is Why.NOT_ALLOWED


def test_a_destroyed_original_is_gone(app: Flask, item: Evidence, officer: Account) -> None:
    original_keys.destroy([item.original])
    db.session.commit()
    assert why_not(forged(item, officer)) is Why.EMPTY
    assert original_keys.lacking([item.original]) == [item.original]


@pytest.mark.parametrize(("seconds", "served"), [(59, True), (61, False), (-60, False)])
def test_a_request_is_served_within_a_minute_or_never(
    app: Flask, item: Evidence, officer: Account, seconds: int, served: bool
) -> None:
    opening = forged(item, officer, asked_at=clock.now() - timedelta(seconds=seconds))
    if served:
        assert opens(app, item, opening)
    else:
        assert why_not(opening) is Why.TOO_OLD


def test_beyond_the_day_a_second_person_agrees_to_this_file_and_has_a_day_as_well(
    app: Flask, session: Session, item: Evidence, officer: Account
) -> None:
    client = in_process(app, session.connection(), daily=2)
    for _ in range(2):
        assert opens(app, item, forged(item, officer), client)
    assert why_not(forged(item, officer), client) is Why.QUOTA
    supervisor = make_account(Role.SUPERVISOR)
    agreed = {"second_account_id": supervisor.id, "second_at": clock.now()}
    for _ in range(2):
        assert opens(app, item, forged(item, officer, **agreed), client)
    assert why_not(forged(item, officer, **agreed), client) is Why.QUOTA
    for nobody in (officer, make_account(Role.AUDITOR)):
        second = {"second_account_id": nobody.id, "second_at": clock.now()}
        assert why_not(forged(item, officer, **second), client) is Why.NOT_ALLOWED
    # Whoever resets the rows opens no more: the process counts as well.
    table = "" if session.connection().dialect.name == "sqlite" else " ON original_openings"
    session.execute(text(f"DROP TRIGGER guard_original_opening_stays{table}"))
    session.execute(update(OriginalOpening).values(served_at=None))
    session.commit()
    assert why_not(forged(item, officer), client) is Why.QUOTA


def test_the_desk_asks_a_second_person_itself_and_an_agreement_serves_once(
    app: Flask, item: Evidence, officer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.vault.seconds.left_today", lambda *_: 0)
    file, at = File(item.id, item.report_id, item.digest), clock.now()
    with pytest.raises(NeedsSecond):
        ask_for_original(file, event_of(item, officer), actor_of(officer), at)
    wish = OriginalWish(item.id, item.report_id, "intake_officer", "看不清车牌号码")
    request = ask(wish, actor_of(officer), at)
    db.session.flush()
    assert ask(wish, actor_of(officer), at) is request
    supervisor = make_account(Role.SUPERVISOR)
    assert list(waiting_for(actor_of(supervisor), at)) == [request]
    agree(request.id, actor_of(supervisor), at)
    opening = ask_for_original(file, event_of(item, officer), actor_of(officer), at)
    assert (opening.second_account_id, request.opening_id) == (supervisor.id, opening.id)
    with pytest.raises(NeedsSecond):
        ask_for_original(file, event_of(item, officer), actor_of(officer), at)


def test_the_database_keeps_what_was_asked_as_it_was(
    app: Flask, session: Session, item: Evidence, officer: Account
) -> None:
    vault().open_original(forged(item, officer).id)
    for change in ("served_at = NULL", "reason = 'x'", "evidence_id = evidence_id + 1"):
        with pytest.raises(DatabaseError, match="served once"), session.begin_nested():
            session.execute(text(f"UPDATE original_openings SET {change}"))
    with pytest.raises(DatabaseError, match="written once"), session.begin_nested():
        session.execute(text("DELETE FROM original_openings"))
