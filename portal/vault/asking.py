"""What the desk and the rewards may ask the vault of two people: yes, no, and how often."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from flask import current_app

from portal.vault.client import VaultClient


def vault() -> VaultClient:
    """Return the current application's way to the vault process."""
    return cast(VaultClient, current_app.extensions["portal_vault"])


def same_person(first_report_id: int, second_report_id: int) -> bool:
    """Say whether two reports come from one person; raises VaultClosed or VaultRefused."""
    return vault().same_person(first_report_id, second_report_id)


def payments_to_same_person(report_id: int, since: datetime) -> list[tuple[str, int]]:
    """Return the kind of matter and the fen of each payment to the person of a report since then."""
    return vault().paid_to_same_person(report_id, since)
