"""If these fail, a visitor of the demonstration finds no accounts or codes, or a stranger sends messages."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pyotp
import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.demo.outside import Mailbox, make_gateway
from portal.run.accounts import account_lines
from portal.safeguards import DEMO_SMS_TOKEN
from tests.fixtures.app import make_settings

AT = datetime(2026, 11, 2, 1, 30, 10, tzinfo=UTC)
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
LISTED = {
    "accounts": [
        {
            "role": "财务审核",
            "name": "陈静",
            "username": "caiwu",
            "password": "abcd-efgh",
            "scope": "全市",
            "totp_seed": SEED,
            "shown": True,
        },
        {
            "role": "出纳",
            "name": "田野",
            "username": "chuna2",
            "password": "ijkl-mnop",
            "scope": "全市",
            "totp_seed": SEED,
            "shown": False,
        },
    ],
    "receipts": [{"number": "AY-2026-000001", "code": "ABCDE 12345", "state": "已撤回"}],
}


@pytest.fixture
def page(tmp_path: Path) -> FlaskClient:
    settings = make_settings(tmp_path, SMS_GATEWAY_TOKEN=DEMO_SMS_TOKEN)
    return make_gateway(settings, Mailbox()).test_client()


def test_the_page_shows_accounts_with_this_half_minutes_codes_and_receipts(
    page: FlaskClient, tmp_path: Path
) -> None:
    (tmp_path / "demo-accounts.json").write_text(json.dumps(LISTED), encoding="utf-8")
    with clock.frozen(AT):
        shown = page.get("/").get_data(as_text=True)
    assert pyotp.TOTP(SEED).at(AT) in shown
    assert "caiwu" in shown
    assert "chuna2" in shown
    assert "ABCDE 12345" in shown
    assert "已撤回" in shown


def test_the_page_works_before_there_is_a_city(page: FlaskClient) -> None:
    assert page.get("/").status_code == 200


def test_a_message_is_shown_once_however_often_it_is_sent(page: FlaskClient) -> None:
    headers = {"Authorization": f"Bearer {DEMO_SMS_TOKEN}", "Idempotency-Key": "one"}
    message = {"to": "13800001234", "text": "您有一条新消息。"}
    assert page.post("/sms", json=message, headers=headers).status_code == 202
    assert page.post("/sms", json=message, headers=headers).status_code == 200
    assert page.get("/").get_data(as_text=True).count("您有一条新消息。") == 1


def test_a_stranger_cannot_send(page: FlaskClient) -> None:
    refused = page.post(
        "/sms", json={"to": "13800001234", "text": "有奖"}, headers={"Authorization": "Bearer x"}
    )
    assert refused.status_code == 401


def test_the_terminal_shows_the_first_accounts_and_where_the_rest_is(tmp_path: Path) -> None:
    path = tmp_path / "demo-accounts.json"
    path.write_text(json.dumps(LISTED), encoding="utf-8")
    told = "\n".join(account_lines(path, "http://localhost:8001/"))
    assert "caiwu" in told
    assert "chuna2" not in told
    assert "(1 more)" in told
    assert "http://localhost:8001/" in told
    assert SEED not in told
