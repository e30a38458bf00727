"""One request in, one answer out: strict about what is asked, silent about what goes wrong."""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from portal import clock
from portal.dialects import reading
from portal.vault.alerts import Alerts
from portal.vault.indexing import Index
from portal.vault.opener import Opener
from portal.vault.original_opener import OriginalOpener
from portal.vault.pace import EQUALITY_A_MINUTE, Pace
from portal.vault.refusals import Refused, Why
from portal.vault.serving import Begin, Keys

log = logging.getLogger("portal.vault")

OPENING_ID = re.compile(r"[0-9a-f]{32}")
LARGEST_ID = 2**63 - 1

Answer = dict[str, Any]


class Handler:
    """Answers requests; the same code behind the socket and in a test without one."""

    def __init__(
        self,
        begin: Begin,
        keys: Keys,
        opener: Opener,
        originals: OriginalOpener,
        alerts: Alerts,
        index: Index,
    ) -> None:
        self._begin = begin
        self._keys = keys
        self._opener = opener
        self._originals = originals
        self._alerts = alerts
        self._index = index
        self._pace = Pace(EQUALITY_A_MINUTE)
        self._table: dict[str, tuple[frozenset[str], Callable[[dict[str, Any]], Answer]]] = {
            "reveal": (frozenset({"opening"}), self._reveal),
            "open_original": (frozenset({"opening"}), self._open_original),
            "send_alert": (frozenset({"delivery"}), self._send_alert),
            "same_person": (frozenset({"first", "second"}), self._same_person),
            "paid_to_same_person": (frozenset({"report", "since"}), self._paid),
            "health": (frozenset(), self._health),
        }

    def answer(self, message: bytes) -> bytes:
        """Return the answer to any bytes at all; never raises, never repeats what it was sent."""
        try:
            request, verb = self._read(message)
            reply = {"ok": True, **verb(request)}
        except Refused as refused:
            log.warning("refused: %s", refused.why.value)
            reply = {"ok": False, "why": refused.why.value}
        except SQLAlchemyError as error:
            log.error("the database does not answer: %s", type(error).__name__)
            reply = {"ok": False, "why": Why.FAULT.value}
        except Exception as error:  # whatever goes wrong, its text may hold what was opened
            log.error("fault: %s", type(error).__name__)
            reply = {"ok": False, "why": Why.FAULT.value}
        return json.dumps(reply, ensure_ascii=False).encode()

    def _read(self, message: bytes) -> tuple[dict[str, Any], Callable[[dict[str, Any]], Answer]]:
        try:
            request = json.loads(message)
        except (ValueError, RecursionError):
            raise Refused(Why.MALFORMED) from None
        if not isinstance(request, dict):
            raise Refused(Why.MALFORMED)
        verb = request.pop("do", None)
        if not isinstance(verb, str) or verb not in self._table or set(request) != self._table[verb][0]:
            raise Refused(Why.MALFORMED)
        return request, self._table[verb][1]

    def _reveal(self, request: dict[str, Any]) -> Answer:
        fields, facts = self._opener.reveal(self._begin, _opening(request), clock.now())
        return {"fields": fields, "facts": facts}

    def _open_original(self, request: dict[str, Any]) -> Answer:
        key = self._originals.data_key(self._begin, _opening(request), clock.now())
        return {"key": base64.b64encode(key).decode("ascii")}

    def _send_alert(self, request: dict[str, Any]) -> Answer:
        sent = self._alerts.send(self._begin, _id(request["delivery"]), clock.now())
        later = sent.not_before.isoformat() if sent.not_before else None
        return {"sent": sent.sent, "code": sent.code, "final": sent.final, "not_before": later}

    def _same_person(self, request: dict[str, Any]) -> Answer:
        first, second = _id(request["first"]), _id(request["second"])
        self._slowly()
        return {"same": self._index.same_person(self._begin, first, second)}

    def _paid(self, request: dict[str, Any]) -> Answer:
        report_id, since = _id(request["report"]), _instant(request["since"])
        self._slowly()
        return {"paid": self._index.paid_to_same_person(self._begin, report_id, since)}

    def _slowly(self) -> None:
        if not self._pace.take():
            raise Refused(Why.BUSY)

    def _health(self, _request: dict[str, Any]) -> Answer:
        keys = self._keys()
        with reading(), self._begin() as connection:
            connection.exec_driver_sql("SELECT 1")
        return {"key": keys.current().id, "keys": [pair.id for pair in keys.pairs]}


def _opening(request: dict[str, Any]) -> str:
    opening_id = request["opening"]
    if not isinstance(opening_id, str) or not OPENING_ID.fullmatch(opening_id):
        raise Refused(Why.MALFORMED)
    return opening_id


def _id(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= LARGEST_ID:
        raise Refused(Why.MALFORMED)
    return value


def _instant(value: object) -> datetime:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        raise Refused(Why.MALFORMED) from None
    if found.tzinfo is None:
        raise Refused(Why.MALFORMED)
    return found
