"""Asking the vault process: over its unix socket, with typed answers and sentences for what is refused."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from portal.errors import Refusal, gettext_noop
from portal.vault.refusals import Why
from portal.vault.wire import receive, send

SECONDS = 5.0
# The vault talks to the mail server or gateway itself; the lease of a delivery is a minute.
ALERT_SECONDS = 45.0

Transport = Callable[[bytes, float], bytes]


class VaultClosed(Refusal):
    """The vault process does not answer."""

    message = gettext_noop(
        "The vault is closed, so nothing was opened. Your request stays in the log."
        " Ask the operator to start the vault, then try again."
    )
    status = 503


class VaultRefused(Refusal):
    """The vault answered that it does not open; ``why`` says the reason."""

    message = gettext_noop("The vault did not open this. Nothing was shown; ask the operator to look.")
    status = 409

    def __init__(self, why: Why) -> None:
        super().__init__()
        self.why = why
        self.message = SENTENCES.get(why, type(self).message)


SENTENCES: dict[Why, str] = {
    Why.TOO_OLD: gettext_noop(
        "This request to open is too old, so nothing was opened. Give the reason once more."
    ),
    Why.SERVED: gettext_noop("This was opened once already. Give a reason once more to open it again."),
    Why.NOT_ALLOWED: gettext_noop("Your role does not open this. Nothing was shown."),
    Why.QUOTA: gettext_noop(
        "You have opened as many sealed entries today as one person may."
        " A second person has to agree to this one; nothing was opened yet."
    ),
    Why.EMPTY: gettext_noop("Nothing is sealed here any more."),
    Why.DAMAGED: gettext_noop(
        "What is sealed here does not open: it was changed or its key is missing. Tell the operator."
    ),
    Why.BUSY: gettext_noop("The vault is busy. Nothing was opened; try again in a minute."),
}


@dataclass(frozen=True, slots=True)
class Revealed:
    """What the vault opened, for one page; never shown by repr. ``facts`` are yes or no."""

    fields: Mapping[str, str] = field(repr=False)
    facts: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AlertOutcome:
    """What became of an alert: sent, or why not; ``final`` means never try again."""

    sent: bool
    code: str = ""
    final: bool = False
    not_before: datetime | None = None


class VaultClient:
    """The portal's end of the socket. Holds no key and keeps nothing of what it hears."""

    def __init__(self, path: Path, transport: Transport | None = None) -> None:
        self._path = path
        self._transport = transport or self._over_socket

    def reveal(self, opening_id: str) -> Revealed:
        """Open what a committed row asks for, once; raises VaultClosed or VaultRefused."""
        answer = self._ask({"do": "reveal", "opening": opening_id})
        facts = {str(name): bool(value) for name, value in answer["facts"].items()}
        return Revealed({str(name): str(value) for name, value in answer["fields"].items()}, facts)

    def open_original(self, opening_id: str) -> bytes:
        """Return the data key of the file that a committed row asks for, once; raises as ``reveal`` does."""
        return base64.b64decode(self._ask({"do": "open_original", "opening": opening_id})["key"])

    def send_alert(self, delivery_id: int) -> AlertOutcome:
        """Let the vault deliver one row of the outbox; raises VaultClosed or VaultRefused."""
        answer = self._ask({"do": "send_alert", "delivery": delivery_id}, ALERT_SECONDS)
        later = answer.get("not_before")
        return AlertOutcome(
            bool(answer["sent"]),
            str(answer["code"]),
            bool(answer["final"]),
            datetime.fromisoformat(later) if later else None,
        )

    def same_person(self, first_id: int, second_id: int) -> bool:
        """Say whether two reports come from one person, as far as the sealed fields tell."""
        return bool(self._ask({"do": "same_person", "first": first_id, "second": second_id})["same"])

    def paid_to_same_person(self, report_id: int, since: datetime) -> list[tuple[str, int]]:
        """Return the kind of matter and the fen of each payment to the person of a report since then."""
        asked = {"do": "paid_to_same_person", "report": report_id, "since": since.isoformat()}
        return [(str(kind), int(fen)) for kind, fen in self._ask(asked, 30)["paid"]]

    def health(self) -> Mapping[str, Any]:
        """Return the ids of the keys it holds; raises VaultClosed."""
        return self._ask({"do": "health"}, 2.0)

    def _ask(self, request: Mapping[str, object], seconds: float = SECONDS) -> dict[str, Any]:
        try:
            answer = json.loads(self._transport(json.dumps(request).encode(), seconds))
        except (OSError, ValueError):
            raise VaultClosed from None
        if not isinstance(answer, dict):
            raise VaultClosed
        if answer.get("ok") is not True:
            raise VaultRefused(_why(answer.get("why")))
        return answer

    def _over_socket(self, request: bytes, seconds: float) -> bytes:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(seconds)
            connection.connect(str(self._path))
            send(connection, request)
            return receive(connection)


def _why(code: object) -> Why:
    return next((why for why in Why if why.value == code), Why.FAULT)
