"""The vault: what sealing costs a filing, and how long an opening takes from its commit to the text."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from portal.database import db
from portal.vault.client import VaultClient
from portal.vault.groups import FieldGroup, context_of
from portal.vault.keys import Keyring
from portal.vault.sealing import seal_fields
from tests.fixtures.app import make_settings, migrated
from tests.fixtures.vault import running_vault
from tests.vault.asked import FIELDS, asked, reader_of, sealed_report

SEALS, REVEALS = 2000, 200
# What a filing with a name, a telephone number and alerts seals.
OF_A_FILING = (FieldGroup.CONTACT, FieldGroup.ALERT, FieldGroup.LEGAL)
SEALING = "vault: sealing adds to a filing, ms of CPU"
REVEALING = "vault: p95 of an opening, ms"


def sealing_ms(count: int = SEALS) -> float:
    """Return the milliseconds of computing that a filing with all groups spends on sealing."""
    with tempfile.TemporaryDirectory(prefix="wp-bench-") as name:
        ring = Keyring.create(Path(name) / "keys")
        context = context_of(FieldGroup.LEGAL, "0" * 32, 1)
        begun = time.process_time()
        for _ in range(count):
            for group in OF_A_FILING:
                seal_fields(ring.vault_key(), FIELDS[group], context)
        return (time.process_time() - begun) / count * 1000


def revealing_ms(database_url: str = "", count: int = REVEALS) -> float:
    """Return the p95 in ms of one opening: its row and event committed, the vault asked, the answer."""
    with tempfile.TemporaryDirectory(prefix="wp-bench-") as name:
        environ = {"VAULT_DAILY_OPENINGS": "1000", "DATABASE_URL": database_url}
        settings = make_settings(Path(name), **environ)
        own = {"PORTAL_ENV": "test", "PORTAL_DATA": name, **environ}
        with migrated(settings) as app, running_vault(own, settings.vault_socket), app.app_context():
            client, took = VaultClient(settings.vault_socket), []
            report, account = sealed_report(), reader_of(FieldGroup.LEGAL)
            for _ in range(count):
                begun = time.perf_counter()
                client.reveal(asked(report, FieldGroup.LEGAL, account).id)
                took.append((time.perf_counter() - begun) * 1000)
            db.session.remove()
        return statistics.quantiles(took, n=20)[-1]
