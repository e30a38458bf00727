"""If these fail one visitor reads another's receipt code, or posts with another's token."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from portal.public import drawn_once

ANSWERS = {
    "narrative": "喷漆车间的东侧安全出口一直用木料堵着。",
    "consent": "yes",
    "situation": "exit_blocked",
}
CODE = re.compile(r"<li>([0-9A-Z]{5})</li>")
NUMBER = re.compile(r"[A-Z]{2}-20\d\d-\d{6}")
TOKENS = re.compile(r'(?:name="(?:csrf_token|draft|code)" value|data-token)="([^"]+)"')


def visit(app: Flask) -> tuple[str, str]:
    """Somebody new opens the form and sends it: both pages."""
    client = app.test_client()
    form = client.get("/report").text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    sent = client.post("/report", data={**hidden, **ANSWERS, "action": "send"})
    assert sent.status_code == 200
    return form, sent.text


def secrets_of(page: str) -> set[str]:
    return {*CODE.findall(page), *NUMBER.findall(page), *TOKENS.findall(page)}


def test_pages_drawn_once_give_each_visitor_his_own_values_and_keep_nobodys(app: Flask) -> None:
    app.extensions.pop("portal_drawn_once", None)
    seen: set[str] = set()
    for _ in range(3):
        form, receipt = visit(app)
        assert len(CODE.findall(receipt)) == 5
        assert "".join(CODE.findall(receipt)) in TOKENS.findall(receipt)
        own = secrets_of(form) | secrets_of(receipt)
        assert not own & seen
        assert "\ue000" not in form + receipt
        seen |= own
    pages = [page for _, page in app.extensions["portal_drawn_once"].values()]
    kept = b"".join(piece for page in pages for piece in page if isinstance(piece, bytes))
    assert kept
    assert not [value for value in seen if value.encode() in kept]


def test_the_kept_pages_do_not_grow_without_end(app: Flask) -> None:
    app.extensions.pop("portal_drawn_once", None)
    with app.test_request_context("/report"):
        for number in range(3 * drawn_once.MOST):
            assert drawn_once.page_for(number, ["<&"], lambda own: f"[{own[0]}]") == b"[&lt;&amp;]"
    assert len(app.extensions["portal_drawn_once"]) <= drawn_once.MOST


def test_a_page_with_a_message_for_somebody_is_not_kept(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    app.extensions.pop("portal_drawn_once", None)
    with app.test_request_context("/report"):
        monkeypatch.setattr(drawn_once, "session", {"_flashes": [("message", "Sent.")]})
        assert drawn_once.page_for("x", ["mine"], lambda own: own[0]) == b"mine"
    assert "portal_drawn_once" not in app.extensions
