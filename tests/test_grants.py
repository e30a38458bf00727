"""If these fail, a part of the portal cannot do its work with a role of its own, or can do more than that."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from flask import Flask
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import ProgrammingError

from portal.database import Base, db
from portal.grants import Part, apply, grants, grants_of
from portal.notices.jobs import deliver
from portal.notices.models import Delivery, DeliveryState
from portal.vault.client import VaultClient
from portal.vault.groups import FieldGroup
from tests.admin import test_case, test_cut_out, test_triage
from tests.admin.test_case import intake  # noqa: F401 - a fixture
from tests.admin.test_cut_out import report  # noqa: F401 - a fixture
from tests.admin.test_triage import case  # noqa: F401 - a fixture
from tests.fixtures.vault import handler_on
from tests.notices.test_delivery import Outside, outside_world, queue_alert  # noqa: F401 - a fixture
from tests.public import (
    test_alerts,
    test_claim,
    test_code_page,
    test_danger,
    test_filing,
    test_found,
    test_kept,
    test_late_name,
    test_receipt_page,
)
from tests.public.test_alerts import outside, told  # noqa: F401 - fixtures
from tests.public.test_claim import world  # noqa: F401 - a fixture
from tests.public.test_danger import watch  # noqa: F401 - a fixture
from tests.public.test_filing import citizen  # noqa: F401 - a fixture
from tests.vault.asked import FIELDS, asked, reader_of, sealed_report

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

pytestmark = pytest.mark.parametrize("app", ["postgresql"], indirect=True)

# Pages that other tests walk through: here they do so with the role of their part.
JOURNEYS: list[tuple[Part, Callable[..., None]]] = [
    (Part.PUBLIC, test_filing.test_files_go_along_with_the_form_in_one_go),
    (Part.PUBLIC, test_filing.test_the_same_form_with_more_in_it_adds_to_the_report_and_says_so),
    (Part.PUBLIC, test_found.test_a_number_is_asked_about_once_and_nothing_is_lost),
    (Part.PUBLIC, test_danger.test_the_same_form_sent_again_says_the_same),
    (Part.PUBLIC, test_receipt_page.test_a_message_reaches_the_office_and_stands_on_the_page),
    (Part.PUBLIC, test_receipt_page.test_withdrawing_asks_first_and_ends_the_conversation),
    (Part.PUBLIC, test_receipt_page.test_sending_no_file_is_a_sentence),
    (Part.PUBLIC, test_claim.test_the_reporter_sees_the_amount_with_every_line_and_claims_it),
    (Part.PUBLIC, test_claim.test_who_filed_anonymously_is_asked_for_a_name_at_the_claim),
    (Part.PUBLIC, test_alerts.test_a_new_address_needs_the_code_and_takes_over_what_waits),
    (Part.PUBLIC, test_alerts.test_stopping_destroys_the_address_and_what_waits),
    (Part.PUBLIC, test_code_page.test_the_owner_replaces_the_code_and_the_old_one_opens_nothing),
    (Part.PUBLIC, test_kept.test_erasing_asks_for_the_code_and_takes_what_was_chosen),
    (Part.PUBLIC, test_kept.test_a_claimed_reward_is_given_up_with_a_warning),
    (Part.PUBLIC, test_late_name.test_a_name_can_be_corrected_until_it_is_confirmed),
    (Part.DESK, test_triage.test_accepting_with_a_correction),
    (Part.DESK, test_case.test_opening_the_telephone_leaves_an_event_and_a_notice_before_it_is_shown),
    (Part.DESK, test_cut_out.test_it_opens_for_a_reason_that_stays),
]
FORBIDDEN: list[tuple[Part, str]] = [
    *((part, "SELECT wrap FROM sealed_keys") for part in (Part.PUBLIC, Part.DESK, Part.WORKER)),
    *((part, "UPDATE sealed_keys SET wrap = ''") for part in (Part.PUBLIC, Part.DESK, Part.WORKER)),
    *((part, "SELECT digest FROM blind_indexes") for part in (Part.PUBLIC, Part.DESK, Part.WORKER)),
    *((part, "SELECT digest FROM alert_counts") for part in (Part.PUBLIC, Part.DESK, Part.WORKER)),
    *((part, "UPDATE openings SET served_at = NULL") for part in (Part.PUBLIC, Part.DESK, Part.WORKER)),
    *((part, "UPDATE events SET reason = 'x'") for part in Part),
    *((part, "DELETE FROM events") for part in Part),
    *((part, "TRUNCATE events") for part in Part),
    *((part, "ALTER TABLE events DISABLE TRIGGER ALL") for part in Part),
    *((part, "CREATE TABLE mine (a int)") for part in Part),
    *((part, "SELECT password_hash FROM accounts") for part in Part if part is not Part.DESK),
    *((part, "SELECT totp_sealed FROM accounts") for part in Part if part is not Part.DESK),
    (Part.PUBLIC, "SELECT reason FROM openings"),
    (Part.PUBLIC, "INSERT INTO openings SELECT * FROM openings"),
    (Part.PUBLIC, "SELECT 1 FROM opening_requests"),
    (Part.PUBLIC, "SELECT 1 FROM staff_sessions"),
    (Part.PUBLIC, "SELECT 1 FROM recovery_codes"),
    (Part.PUBLIC, "SELECT public_key FROM passkeys"),
    (Part.PUBLIC, "SELECT 1 FROM account_links"),
    (Part.PUBLIC, "UPDATE accounts SET active = true"),
    (Part.PUBLIC, "INSERT INTO role_grants VALUES (1, 'cashier')"),
    (Part.PUBLIC, "INSERT INTO payouts SELECT * FROM payouts"),
    (Part.PUBLIC, "UPDATE awards SET amount_fen = 1"),
    (Part.PUBLIC, "INSERT INTO award_hands SELECT * FROM award_hands"),
    (Part.PUBLIC, "UPDATE cases SET conclusion = 'true'"),
    (Part.VAULT, "SELECT narrative FROM reports"),
    (Part.VAULT, "SELECT text FROM messages"),
    (Part.VAULT, "SELECT reason FROM openings"),
    (Part.VAULT, "INSERT INTO openings SELECT * FROM openings"),
    (Part.VAULT, "INSERT INTO events SELECT * FROM events"),
    (Part.WORKER, "SELECT 1 FROM recovery_codes"),
    (Part.WORKER, "INSERT INTO openings SELECT * FROM openings"),
]


def role_of(part: Part) -> str:
    """The name of a role that lives as long as the test's transaction."""
    return f"wp_test_{part}"


def connection() -> Connection:
    """The one connection of the test."""
    return cast(Connection, db.engine)


@contextmanager
def acting(part: Part) -> Iterator[None]:
    """Do what is inside with this part's role."""
    before = connection().execute(text("SELECT current_user")).scalar_one()
    connection().execute(text(f'SET ROLE "{role_of(part)}"'))
    try:
        yield
    finally:
        connection().execute(text(f'SET ROLE "{before}"'))


@pytest.fixture
def roles(app: Flask) -> None:
    """A role for each part, and a vault that has its own."""
    for part in Part:
        apply(connection(), part, role_of(part))
    answering = handler_on(app, connection())

    def answer(message: bytes, _seconds: float) -> bytes:
        with acting(Part.VAULT):
            return answering.answer(message)

    app.extensions["portal_vault"] = VaultClient(Path("/nowhere"), answer)


def with_role(app: Flask, part: Part) -> None:
    """Let every request of this part's pages run with its role."""
    served = app.wsgi_app

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith("/desk") is (part is Part.PUBLIC):
            return served(environ, start_response)
        db.session.commit()
        with acting(part):
            try:
                return served(environ, start_response)
            finally:
                db.session.rollback()

    app.wsgi_app = serve  # type: ignore[method-assign,assignment]


@pytest.mark.parametrize(("part", "journey"), JOURNEYS, ids=lambda value: getattr(value, "__name__", value))
def test_each_part_does_its_work_with_its_own_role(
    app: Flask, roles: None, part: Part, journey: Callable[..., None], request: pytest.FixtureRequest
) -> None:
    arguments: dict[str, Any] = {
        name: request.getfixturevalue(name) for name in inspect.signature(journey).parameters
    }
    with_role(app, part)
    journey(**arguments)


@pytest.mark.parametrize(("part", "page"), [(Part.PUBLIC, "/healthz"), (Part.DESK, "/desk/login")])
def test_each_part_says_how_it_stands_with_its_own_role(
    app: Flask, roles: None, part: Part, page: str
) -> None:
    with_role(app, part)
    assert app.test_client().get(page).status_code in {200, 503}


@pytest.mark.parametrize("group", [group for group in FieldGroup if group is not FieldGroup.ALERT])
def test_the_vault_opens_compares_and_remembers_with_its_own_role(
    app: Flask, roles: None, group: FieldGroup
) -> None:
    mine, other = sealed_report(), sealed_report()
    opening = asked(mine, group, reader_of(group))
    vault: VaultClient = app.extensions["portal_vault"]
    assert set(vault.reveal(opening.id).fields.values()) == set(FIELDS[group].values())
    assert vault.same_person(mine.id, other.id)


def test_the_worker_and_the_vault_send_an_alert_with_their_own_roles(
    app: Flask,
    roles: None,
    outside_world: Outside,  # noqa: F811
) -> None:
    delivery = queue_alert("sms", "13800000001")
    with acting(Part.WORKER):
        deliver(delivery.id)
        db.session.commit()
    assert db.session.scalar(select(Delivery.state)) is DeliveryState.SENT
    assert len(outside_world.box.all()) == 1


def test_no_part_can_do_what_is_not_its_work(app: Flask, roles: None) -> None:
    """What is taken with one part's password is what that part can do."""
    answers: set[tuple[str, str, str]] = set()
    for part, statement in FORBIDDEN:
        with acting(part):
            attempt = connection().begin_nested()
            try:
                connection().execute(text(statement))
                answers.add((part.value, statement, "done"))
            except ProgrammingError as error:
                if not isinstance(error.orig, InsufficientPrivilege):
                    answers.add((part.value, statement, str(error.orig)))
            finally:
                attempt.rollback()
    assert answers == set()


def test_every_table_is_thought_of_and_every_grant_names_one(app: Flask) -> None:
    """A table that is added later belongs to nobody but desk and worker, until somebody decides."""
    tables = {*Base.metadata.tables, "alembic_version"}
    for part in Part:
        assert set(grants_of(part)) <= tables, part
    assert set(grants_of(Part.DESK)) >= tables - {"alert_counts", "vault_canaries"}


def test_the_command_prints_what_it_would_do(app: Flask) -> None:
    said = app.test_cli_runner().invoke(grants, ["--part", "public"]).output
    assert 'GRANT SELECT (field_id, key_id), INSERT, DELETE ON sealed_keys TO "woodpecker_public";' in said
    assert "woodpecker_desk" not in said
