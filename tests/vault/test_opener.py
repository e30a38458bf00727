"""If these fail somebody reads who reported without being allowed to, or without the log saying so."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest
from flask import Flask, current_app
from sqlalchemy import text, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from portal import clock
from portal.database import db
from portal.errors import NotAllowed
from portal.people.declared import Tie, TieKind
from portal.people.models import Account
from portal.people.permissions import Role
from portal.reports.models import Report
from portal.vault.asking import vault
from portal.vault.client import VaultClient, VaultRefused
from portal.vault.fields import keep_fields
from portal.vault.groups import READER, FieldGroup
from portal.vault.models import Opening, SealedField, SealedKey
from portal.vault.openings import ask_to_open
from portal.vault.refusals import Why
from portal.vault.seconds import NeedsSecond
from tests.fixtures.records import make_account, make_case, make_district, make_report
from tests.fixtures.vault import in_process
from tests.rewards.world import actor_of
from tests.vault.asked import FIELDS, asked, opening_event, reader_of, sealed_report

READABLE = tuple(READER)


def why_not(opening_id: str, client: VaultClient | None = None) -> Why:
    with pytest.raises(VaultRefused) as caught:
        (client or vault()).reveal(opening_id)
    return caught.value.why


@pytest.mark.parametrize("group", READABLE)
def test_a_committed_request_is_served_to_the_groups_reader_and_only_once(
    app: Flask, group: FieldGroup
) -> None:
    opening = asked(sealed_report(), group, reader_of(group))
    assert vault().reveal(opening.id).fields == FIELDS[group]
    db.session.refresh(opening)
    assert opening.served_at is not None
    assert why_not(opening.id) is Why.SERVED


def test_without_a_row_nothing_opens(app: Flask) -> None:
    sealed_report()
    assert why_not(secrets.token_hex(16)) is Why.UNKNOWN
    for rubbish in ("", "x" * 32, "' OR 1=1 --", "../../x"):
        assert why_not(rubbish) is Why.MALFORMED


@pytest.mark.parametrize("group", [*READABLE, FieldGroup.ALERT])
@pytest.mark.parametrize("role", list(Role))
def test_the_vault_itself_knows_the_only_role_of_each_group(
    app: Flask, session: Session, group: FieldGroup, role: Role
) -> None:
    """A web process that was taken over writes whatever row it likes."""
    report = sealed_report(group)
    account = make_account(role, district=make_district())
    at = clock.now()
    event = opening_event(report, group, account, at)
    session.flush()
    opening = forged(report, group, account, event.id, role.value)
    if READER.get(group) is role:
        assert vault().reveal(opening.id).fields == FIELDS[group]
    else:
        assert why_not(opening.id) is Why.NOT_ALLOWED
        with pytest.raises(NotAllowed):
            ask_to_open(group, event, actor_of(account), at)


def forged(report: Report, group: FieldGroup, account: Account, event_id: int, role: str) -> Opening:
    opening = Opening(
        id=secrets.token_hex(16),
        account_id=account.id,
        person_id=account.person_id,
        role=role,
        field_group=group,
        report_id=report.id,
        event_id=event_id,
        reason="x",
        asked_at=clock.now(),
    )
    db.session.add(opening)
    db.session.commit()
    return opening


def test_a_role_that_was_taken_away_or_is_another_persons_opens_nothing(app: Flask, session: Session) -> None:
    report, account = sealed_report(), reader_of(FieldGroup.LEGAL)
    opening = asked(report, FieldGroup.LEGAL, account)
    account.active = False
    session.commit()
    assert why_not(opening.id) is Why.NOT_ALLOWED
    account.active = True
    event = opening_event(report, FieldGroup.LEGAL, account, clock.now())
    session.flush()
    other = make_account(Role.IDENTITY_OFFICER)
    as_other = forged(report, FieldGroup.LEGAL, account, event.id, "identity_officer")
    lying = forged(report, FieldGroup.LEGAL, account, event.id, "cashier")
    session.execute(text("SELECT 1"))
    stranger = Opening(
        id=secrets.token_hex(16), account_id=account.id, person_id=other.person_id, role="identity_officer",
        field_group=FieldGroup.LEGAL, report_id=report.id, event_id=event.id, reason="x",
        asked_at=clock.now(),
    )  # fmt: skip
    session.add(stranger)
    session.commit()
    assert why_not(stranger.id) is Why.NOT_ALLOWED
    assert why_not(lying.id) is Why.NOT_ALLOWED
    account.grants.clear()
    session.commit()
    assert why_not(as_other.id) is Why.NOT_ALLOWED


def test_an_officer_of_another_district_does_not_reach_the_telephone(app: Flask) -> None:
    report = sealed_report(FieldGroup.CONTACT)
    stranger = make_account(Role.INTAKE_OFFICER, district=make_district("longan", "龙安区"))
    assert why_not(asked(report, FieldGroup.CONTACT, stranger).id) is Why.NOT_ALLOWED
    of_the_city = make_account(Role.INTAKE_OFFICER)
    opening = asked(report, FieldGroup.CONTACT, of_the_city)
    assert vault().reveal(opening.id).fields == FIELDS[FieldGroup.CONTACT]


@pytest.mark.parametrize(
    ("seconds", "served"), [(0, True), (59, True), (61, False), (3600, False), (-60, False)]
)
def test_a_request_is_served_within_a_minute_or_never(app: Flask, seconds: int, served: bool) -> None:
    at = clock.now() - timedelta(seconds=seconds)
    opening = asked(sealed_report(), FieldGroup.LEGAL, reader_of(FieldGroup.LEGAL), at)
    if served:
        assert vault().reveal(opening.id).fields
    else:
        assert why_not(opening.id) is Why.TOO_OLD


def test_the_event_must_stand_in_the_log_for_this_report_action_and_account(
    app: Flask, session: Session
) -> None:
    report, account = sealed_report(), reader_of(FieldGroup.LEGAL)
    other_report, other = sealed_report(), reader_of(FieldGroup.LEGAL)
    at = clock.now()
    wrong = [
        opening_event(other_report, FieldGroup.LEGAL, account, at),
        opening_event(report, FieldGroup.PAYEE, account, at),
        opening_event(report, FieldGroup.LEGAL, other, at),
    ]
    session.flush()
    for event in wrong:
        opening = forged(report, FieldGroup.LEGAL, account, event.id, "identity_officer")
        assert why_not(opening.id) is Why.NO_EVENT


def raw_asked(report: Report, account: Account, session: Session) -> Opening:
    """The row as a web process that was taken over would write it, whatever the desk counts."""
    event = opening_event(report, FieldGroup.LEGAL, account, clock.now())
    session.flush()
    return forged(report, FieldGroup.LEGAL, account, event.id, "identity_officer")


def test_the_eleventh_of_a_day_is_refused_and_the_next_day_begins_anew(app: Flask, session: Session) -> None:
    report, account = sealed_report(), reader_of(FieldGroup.LEGAL)
    noon = clock.now().replace(hour=4, minute=0)
    with clock.frozen(noon):
        for _ in range(10):
            vault().reveal(asked(report, FieldGroup.LEGAL, account).id)
        with pytest.raises(NeedsSecond):
            asked(report, FieldGroup.LEGAL, account)
        assert why_not(raw_asked(report, account, session).id) is Why.QUOTA
        assert vault().reveal(asked(report, FieldGroup.LEGAL, reader_of(FieldGroup.LEGAL)).id).fields
        same_person = make_account(Role.IDENTITY_OFFICER, person=account.person)
        assert why_not(raw_asked(report, same_person, session).id) is Why.QUOTA
    with clock.frozen(noon + timedelta(days=1)):
        assert vault().reveal(asked(report, FieldGroup.LEGAL, account).id).fields


def test_who_resets_the_rows_in_the_database_opens_no_more(app: Flask, session: Session) -> None:
    """The count of the process counts as well, and what was served stays served."""
    report, account = sealed_report(), reader_of(FieldGroup.LEGAL)
    for _ in range(10):
        vault().reveal(asked(report, FieldGroup.LEGAL, account).id)
    for table in ("openings",):
        drop = (
            "DROP TRIGGER guard_opening_stays"
            if session.connection().dialect.name == "sqlite"
            else f"DROP TRIGGER guard_opening_stays ON {table}"
        )
        session.execute(text(drop))
    session.execute(update(Opening).values(served_at=None))
    session.commit()
    served = session.query(Opening).first()
    assert served is not None
    assert why_not(served.id) is Why.SERVED
    assert why_not(asked(report, FieldGroup.LEGAL, account).id) is Why.QUOTA


def agreed(opening: Opening, second: Account) -> Opening:
    opening.second_account_id, opening.second_at = second.id, clock.now()
    db.session.commit()
    return opening


def test_beyond_the_day_a_second_person_has_to_agree_and_has_a_day_as_well(
    app: Flask, session: Session
) -> None:
    report, account = sealed_report(), reader_of(FieldGroup.LEGAL)
    client = in_process(app, session.connection(), daily=2)
    for _ in range(2):
        client.reveal(asked(report, FieldGroup.LEGAL, account).id)
    assert why_not(asked(report, FieldGroup.LEGAL, account).id, client) is Why.QUOTA
    supervisor = make_account(Role.SUPERVISOR)
    for _ in range(2):
        opening = agreed(asked(report, FieldGroup.LEGAL, account), supervisor)
        assert client.reveal(opening.id).fields
    third = agreed(asked(report, FieldGroup.LEGAL, account), supervisor)
    assert why_not(third.id, client) is Why.QUOTA
    colleague = agreed(asked(report, FieldGroup.LEGAL, account), reader_of(FieldGroup.LEGAL))
    assert client.reveal(colleague.id).fields


def test_oneself_a_second_account_or_another_role_is_no_second_person(app: Flask) -> None:
    report, account = sealed_report(), reader_of(FieldGroup.LEGAL)
    twin = make_account(Role.IDENTITY_OFFICER, person=account.person)
    for second in (account, twin, make_account(Role.ADMINISTRATOR), make_account(Role.CASHIER)):
        opening = agreed(asked(report, FieldGroup.LEGAL, account), second)
        assert why_not(opening.id) is Why.NOT_ALLOWED


@pytest.mark.parametrize(("minutes", "served"), [(0, True), (50, True), (70, False), (-5, False)])
def test_a_second_persons_word_holds_for_an_hour(app: Flask, minutes: int, served: bool) -> None:
    opening = asked(sealed_report(), FieldGroup.LEGAL, reader_of(FieldGroup.LEGAL))
    opening.second_account_id = make_account(Role.SUPERVISOR).id
    opening.second_at = clock.now() - timedelta(minutes=minutes)
    db.session.commit()
    if served:
        assert vault().reveal(opening.id).fields
    else:
        assert why_not(opening.id) is Why.TOO_OLD


def test_the_database_keeps_what_was_asked_as_it_was(app: Flask, session: Session) -> None:
    opening = asked(sealed_report(), FieldGroup.LEGAL, reader_of(FieldGroup.LEGAL))
    vault().reveal(opening.id)
    for change in ("served_at = NULL", "reason = 'x'", "report_id = report_id + 1"):
        with pytest.raises(DatabaseError, match="served once"), session.begin_nested():
            session.execute(text(f"UPDATE openings SET {change}"))
    with pytest.raises(DatabaseError, match="kept"), session.begin_nested():
        session.execute(text("DELETE FROM openings"))


def test_rows_swapped_in_the_database_open_nothing(app: Flask, session: Session) -> None:
    first, second = sealed_report(FieldGroup.LEGAL), sealed_report(FieldGroup.LEGAL)
    one, two = (session.query(SealedField).filter_by(report_id=report.id).one() for report in (first, second))
    one.blob, two.blob = two.blob, one.blob
    session.commit()
    account = reader_of(FieldGroup.LEGAL)
    assert why_not(asked(first, FieldGroup.LEGAL, account).id) is Why.DAMAGED
    keys = [session.get_one(SealedKey, row.id) for row in (one, two)]
    keys[0].wrap, keys[1].wrap = keys[1].wrap, keys[0].wrap
    session.commit()
    assert why_not(asked(second, FieldGroup.LEGAL, account).id) is Why.DAMAGED


def test_what_was_destroyed_is_gone(app: Flask, session: Session) -> None:
    report, account = sealed_report(), reader_of(FieldGroup.LEGAL)
    session.execute(text("DELETE FROM sealed_keys"))
    session.commit()
    assert why_not(asked(report, FieldGroup.LEGAL, account).id) is Why.DAMAGED
    empty = make_report(make_case(district=make_district()))
    assert why_not(asked(empty, FieldGroup.LEGAL, account).id) is Why.EMPTY


@pytest.mark.parametrize(("name", "same"), [("王芳芳", True), ("王芳", False), ("", False)])
def test_the_cashier_learns_whether_the_holder_is_the_reporter_and_not_the_name(
    app: Flask, name: str, same: bool
) -> None:
    report = sealed_report(FieldGroup.PAYEE)
    if name:
        from_ring = current_app.extensions["portal_keyring"]
        seal_name(from_ring, report, name)
    revealed = vault().reveal(asked(report, FieldGroup.PAYEE, reader_of(FieldGroup.PAYEE)).id)
    assert revealed.facts == {"holder_is_reporter": same}
    assert set(revealed.fields) == {"holder", "bank", "account"}
    assert "6217" not in repr(revealed)


@pytest.mark.parametrize(
    ("name", "staff", "tie"), [("周 宁", True, False), ("郑·小雨", False, True), ("何三", False, False)]
)
def test_the_identity_officer_learns_whether_the_name_is_one_of_the_staff_or_of_their_relatives(
    app: Flask, name: str, staff: bool, tie: bool
) -> None:
    """Otherwise a reward goes to an inspector, or to his wife, and nobody notices."""
    colleague = make_account(Role.VERIFIER, name="周宁")
    session = db.session
    for kind, other in ((TieKind.PERSON, "郑小雨"), (TieKind.FIRM, "何三")):
        tie_row = Tie(
            person_id=colleague.person_id, kind=kind, name=other, key=other, declared_at=clock.now()
        )
        session.add(tie_row)
    over = Tie(
        person_id=colleague.person_id,
        kind=TieKind.PERSON,
        name="何三",
        key="何三",
        declared_at=clock.now(),
        ended_at=clock.now(),
    )
    session.add(over)
    report = make_report(make_case(district=make_district()))
    seal_name(current_app.extensions["portal_keyring"], report, name)
    revealed = vault().reveal(asked(report, FieldGroup.LEGAL, reader_of(FieldGroup.LEGAL)).id)
    assert revealed.facts == {"named_like_staff": staff, "named_like_a_tie": tie}


def seal_name(ring: object, report: Report, name: str) -> None:
    from_fields = {"name": name, "works_there": "no"}
    keep_fields(ring, report.id, report.uuid, FieldGroup.LEGAL, from_fields, clock.now())  # type: ignore[arg-type]
    db.session.commit()
