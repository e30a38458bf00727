"""If these fail the vault opens to whoever asks, falls over what it is sent, or leaves copies behind."""

from __future__ import annotations

import os
import random
import resource
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from flask.ctx import AppContext
from sqlalchemy import text

from portal import clock
from portal.config_vault import VaultSettings
from portal.database import db
from portal.vault import keyfiles
from portal.vault.client import VaultClient, VaultClosed, VaultRefused
from portal.vault.groups import FieldGroup
from portal.vault.models import Opening
from portal.vault.openings import ask_to_open
from portal.vault.pairs import VaultKeys
from portal.vault.process import Server
from portal.vault.refusals import Why
from portal.vault.wire import LARGEST_REQUEST, receive, send
from tests.fixtures.vault import handler, running_vault, start_vault, wait_for_vault
from tests.rewards.world import actor_of
from tests.vault.asked import FIELDS, asked, opening_event, reader_of, sealed_report
from tests.vault.conftest import Beside


@pytest.fixture
def context(beside: Beside) -> Iterator[AppContext]:
    with beside.app.app_context() as context:
        yield context
        db.session.remove()


def raw(beside: Beside, message: bytes, *, framed: bool = True) -> bytes:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        connection.connect(str(beside.settings.vault_socket))
        if framed:
            send(connection, message)
        else:
            connection.sendall(message)
            connection.shutdown(socket.SHUT_WR)
        return receive(connection)


def test_it_opens_what_was_committed_and_stands_ready_within_a_second(
    beside: Beside, context: AppContext
) -> None:
    opening = asked(sealed_report(), FieldGroup.CONTACT, reader_of(FieldGroup.CONTACT))
    assert beside.client.reveal(opening.id).fields == FIELDS[FieldGroup.CONTACT]
    with pytest.raises(VaultRefused):
        beside.client.reveal(opening.id)


@pytest.mark.allowed_skip
def test_what_is_not_committed_yet_is_not_there(beside: Beside, context: AppContext) -> None:
    """Nothing is shown whose row in the log could still be lost."""
    report, account, at = sealed_report(), reader_of(FieldGroup.LEGAL), clock.now()
    if db.session.connection().dialect.name == "sqlite":
        pytest.skip("SQLite has one writer: the vault waits for the transaction to end")
    event = opening_event(report, FieldGroup.LEGAL, account, at)
    opening = ask_to_open(FieldGroup.LEGAL, event, actor_of(account), at)
    with pytest.raises(VaultRefused) as caught:
        beside.client.reveal(opening.id)
    assert caught.value.why is Why.UNKNOWN
    db.session.commit()
    assert beside.client.reveal(opening.id).fields


def outcome(beside: Beside, opening_id: str) -> Why | None:
    """None when it was served."""
    try:
        assert VaultClient(beside.settings.vault_socket).reveal(opening_id).fields
    except VaultRefused as refused:
        return refused.why
    return None


def test_of_thirty_who_ask_at_once_one_is_served(beside: Beside, context: AppContext) -> None:
    opening = asked(sealed_report(), FieldGroup.LEGAL, reader_of(FieldGroup.LEGAL))
    with ThreadPoolExecutor(30) as pool:
        told = list(pool.map(lambda _: outcome(beside, opening.id), range(30)))
    assert (told.count(None), told.count(Why.SERVED)) == (1, 29)


def test_a_quota_is_not_outrun_by_asking_at_once(beside: Beside, context: AppContext) -> None:
    report, account = sealed_report(), reader_of(FieldGroup.LEGAL)
    ids = [asked(report, FieldGroup.LEGAL, account).id for _ in range(25)]
    with ThreadPoolExecutor(25) as pool:
        told = list(pool.map(lambda one: outcome(beside, one), ids))
    assert (told.count(None), told.count(Why.QUOTA)) == (10, 15)


FORGED = (
    b"", b"{", b"[]", b"null", b"1", b'"reveal"', b"\xff\xfe\x00", b"[" * 4000, b'{"do": "reveal"}',
    b'{"do": "reveal", "opening": 7}', b'{"do": "reveal", "opening": null}',
    b'{"do": "reveal", "opening": "x", "group": "legal"}', b'{"do": "rotate"}', b'{"do": "__class__"}',
    b'{"do": ["reveal"], "opening": "x"}', b'{"do": "send_alert", "delivery": true}',
    b'{"do": "send_alert", "delivery": -1}', b'{"do": "send_alert", "delivery": 99999999999999999999}',
    b'{"do": "send_alert", "delivery": "1"}', b'{"do": "send_alert", "delivery": 1.5}',
    b'{"do": "same_person", "first": 1}', b'{"do": "paid_to_same_person", "report": 1, "since": "now"}',
    b'{"do": "paid_to_same_person", "report": 1, "since": "2026-01-01"}', b'{"do": "health", "x": 1}',
)  # fmt: skip


def test_every_forged_request_is_refused_and_the_next_honest_one_served(
    beside: Beside, context: AppContext
) -> None:
    for message in FORGED:
        assert raw(beside, message) == b'{"ok": false, "why": "malformed"}', message
    opening = asked(sealed_report(), FieldGroup.LEGAL, reader_of(FieldGroup.LEGAL))
    assert beside.client.reveal(opening.id).fields


def test_rubbish_of_any_shape_ends_its_own_connection_alone(beside: Beside) -> None:
    dice = random.Random(7)
    for length in (0, 1, 3, 4, 5, 100, 5000):
        for _ in range(5):
            with pytest.raises((OSError, ValueError, AssertionError)):  # noqa: PT012
                answer = raw(beside, dice.randbytes(length), framed=False)
                raise AssertionError(answer)
    with pytest.raises(OSError):  # noqa: PT011
        raw(beside, (LARGEST_REQUEST + 1).to_bytes(4, "big") + b"x" * 10, framed=False)
    assert beside.client.health()["key"]


def test_those_who_say_nothing_do_not_keep_others_out_for_long(beside: Beside) -> None:
    silent = [socket.socket(socket.AF_UNIX) for _ in range(16)]
    try:
        for connection in silent:
            connection.connect(str(beside.settings.vault_socket))
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                assert beside.client.health()["key"]
                break
            except VaultClosed:
                continue
        else:
            raise AssertionError("the vault did not come back")
    finally:
        for connection in silent:
            connection.close()


def test_it_leaves_no_core_and_lets_no_process_look(beside: Beside) -> None:
    process = psutil.Process(beside.pid)
    assert process.rlimit(resource.RLIMIT_CORE) == (0, 0)
    # What is not dumpable belongs to root in /proc, whoever runs it.
    assert Path(f"/proc/{beside.pid}/environ").stat().st_uid == 0
    assert beside.settings.vault_socket.stat().st_mode & 0o777 == 0o660


def test_it_knows_no_web_framework(beside: Beside) -> None:
    mapped = Path(f"/proc/{beside.pid}/maps").read_text() if os.geteuid() == 0 else ""
    assert "granian" not in mapped
    assert "hiredis" not in mapped


def test_nothing_that_was_opened_stands_in_the_log(beside: Beside, context: AppContext) -> None:
    for group in (FieldGroup.CONTACT, FieldGroup.LEGAL, FieldGroup.PAYEE, FieldGroup.TOLD):
        beside.client.reveal(asked(sealed_report(), group, reader_of(group)).id)
    raw(beside, b'{"do": "reveal", "opening": "CANARY"}')
    said = beside.log.read_text()
    assert "CANARY" not in said
    for fields in FIELDS.values():
        for value in fields.values():
            assert len(value) < 5 or value not in said


def test_a_killed_vault_leaves_the_request_in_the_log_and_comes_back(
    beside: Beside, context: AppContext
) -> None:
    """Whatever happens between the commit and the page, the row stays: the reporter is shown the opening."""
    # The id alone: reading the row again would hold SQLite's one writer's place.
    opening_id = asked(sealed_report(), FieldGroup.LEGAL, reader_of(FieldGroup.LEGAL)).id
    os.kill(beside.pid, signal.SIGSTOP)
    os.kill(beside.pid, signal.SIGKILL)
    psutil.Process(beside.pid).wait(60)
    with pytest.raises(VaultClosed):
        beside.client.reveal(opening_id)
    db.session.rollback()
    kept = db.session.get_one(Opening, opening_id, populate_existing=True)
    assert kept.served_at is None
    db.session.rollback()
    again = start_vault(beside.environ, beside.log)
    try:
        wait_for_vault(again, beside.settings.vault_socket)
        assert beside.client.reveal(opening_id).fields == FIELDS[FieldGroup.LEGAL]
    finally:
        again.terminate()
        again.wait(60)


@pytest.fixture
def stopped(standing: Beside) -> Beside:
    """The portal without a vault."""
    return standing


def test_while_the_vault_is_down_reports_are_sealed_all_the_same(stopped: Beside) -> None:
    with stopped.app.app_context():
        report = sealed_report()
        opening = asked(report, FieldGroup.LEGAL, reader_of(FieldGroup.LEGAL))
        with pytest.raises(VaultClosed):
            stopped.client.reveal(opening.id)
        with running_vault(stopped.environ, stopped.settings.vault_socket, stopped.log):
            assert stopped.client.reveal(opening.id).fields == FIELDS[FieldGroup.LEGAL]


def test_it_does_not_start_with_another_key(stopped: Beside, tmp_path: Path) -> None:
    """What is sealed meanwhile would be lost with the wrong key."""
    with stopped.app.app_context():
        sealed_report()
    VaultKeys.fresh(clock.now()).write(tmp_path / "vault.json", tmp_path / "vault.pub")
    log = tmp_path / "log"
    process = start_vault({**stopped.environ, "VAULT_KEYS": str(tmp_path / "vault.json")}, log)
    assert process.wait(60) == 1
    assert "not the one of this database" in log.read_text()


def test_it_does_not_start_with_another_key_under_the_same_name(stopped: Beside, tmp_path: Path) -> None:
    right = VaultKeys.load(stopped.settings.keys_path / "vault.json")
    document = right.document()
    document["pairs"][0]["secret"] = VaultKeys.fresh(clock.now()).document()["pairs"][0]["secret"]
    keyfiles.write_new(tmp_path / "vault.json", document)
    log = tmp_path / "log"
    with running_vault(stopped.environ, stopped.settings.vault_socket, stopped.log):
        pass  # seals the canary to the right key
    process = start_vault({**stopped.environ, "VAULT_KEYS": str(tmp_path / "vault.json")}, log)
    assert process.wait(60) == 1
    assert "is not the one of this database" in log.read_text()


def test_only_users_who_are_let_in_are_answered(stopped: Beside, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    with running_vault(stopped.environ, stopped.settings.vault_socket, stopped.log):
        folder = stopped.settings.vault_socket.parent
        folder.chmod(0o755)
        stopped.settings.vault_socket.chmod(0o666)
        child = os.fork()
        if child == 0:
            os.setuid(65534)
            try:
                stopped.client.health()
            except VaultClosed:
                os._exit(7)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert "not let in" in stopped.log.read_text()


def test_a_second_vault_on_the_same_socket_is_refused(stopped: Beside, tmp_path: Path) -> None:
    with running_vault(stopped.environ, stopped.settings.vault_socket, stopped.log):
        log = tmp_path / "log"
        assert start_vault(stopped.environ, log).wait(60) == 1
        assert "listens" in log.read_text()
        assert stopped.client.health()["key"]


def test_a_signal_that_comes_just_before_it_waits_ends_it_all_the_same(
    beside: Beside, context: AppContext, tmp_path: Path
) -> None:
    """Or the machine is switched off under an open vault: a signal between two waits wakes nobody."""
    settings = VaultSettings.load({**beside.environ, "VAULT_SOCKET": str(tmp_path / "s")})
    server = Server(settings, handler(beside.app, db.engine.begin))
    server.listen()
    serving = threading.Thread(target=server.serve, daemon=True)
    serving.start()
    server._stopping = True
    serving.join(60)
    assert not serving.is_alive()
    server.stop()


def test_the_question_of_health_touches_the_database(stopped: Beside) -> None:
    with running_vault(stopped.environ, stopped.settings.vault_socket, stopped.log):
        assert stopped.client.health()["keys"] == [stopped.client.health()["key"]]
    with stopped.app.app_context():
        assert db.session.execute(text("SELECT count(*) FROM vault_canaries")).scalar_one() == 1
