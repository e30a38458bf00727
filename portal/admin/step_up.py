"""Grave steps need a second factor proved less than five minutes ago: asked for here, then the step goes on.

The page that asks posts to the very address that was posted to, with everything that was typed and the proof
beside it. So nothing is lost, nothing leads elsewhere, and it works without a script.
"""

from __future__ import annotations

from typing import Any

from flask import current_app, redirect, render_template, request, url_for
from werkzeug.routing import BuildError
from werkzeug.wrappers import Response

from portal import clock
from portal.admin.blueprint import desk
from portal.admin.signing_in import go_on, keyring, me, proof
from portal.database import db
from portal.errors import NotFound
from portal.extensions import limiter
from portal.people import entry, passkeys
from portal.people.entry import StepUpRefused
from portal.people.passkeys import Purpose
from portal.people.permissions import STEP_UP
from portal.visitor import session_key

PREFIX = "step_up_"
# Steps on one's own account that ask for no permission.
DOORS = frozenset(
    {
        "desk.account_telephone",
        "desk.account_totp",
        "desk.account_totp_confirm",
        "desk.account_recovery",
        "desk.passkey_add",
        "desk.passkey_remove",
        "desk.step_up",
    }
)
# Pages that hand out a file with much in it; opened by following a link.
EXPORTS = frozenset({"desk.register_export", "desk.dossier"})
PART = "part_"


def is_needed(endpoint: str, rule: str, method: str) -> bool:
    """Say whether a request is a grave step: by its permission, or by its own name."""
    if endpoint in EXPORTS:
        return True
    return method == "POST" and (rule in STEP_UP or endpoint in DOORS)


def pass_or_ask() -> tuple[str, int] | None:
    """Let a grave step through when the factor is fresh or proved now; else return the page that asks."""
    at = clock.now()
    if me().is_fresh(at):
        return None
    if not any(request.form.get(f"{PREFIX}{name}") for name in ("code", "passkey")):
        return _ask(), 200
    try:
        renewed = entry.step_up(keyring(), me(), proof(PREFIX), at)
    except StepUpRefused as refusal:
        return _ask(refusal.sentence()), refusal.status
    go_on(renewed)
    return None


def _ask(refused: str = "") -> str:
    if request.method == "POST":
        action, kept = request.full_path.rstrip("?"), _typed()
    else:
        action, kept = url_for("desk.step_up"), _export()
    account = me().account
    return render_template(
        "admin/step_up.html",
        action=action,
        kept=kept,
        refused=refused,
        passkey_only=passkeys.is_required(account) and account.has_passkey,
        has_passkey=account.has_passkey,
    )


def _export() -> list[tuple[str, str]]:
    """Return what names the page that was asked for: its endpoint and the parts of its address."""
    parts = [(f"{PART}{name}", str(value)) for name, value in (request.view_args or {}).items()]
    return [("export", request.endpoint or ""), *parts]


def _typed() -> list[tuple[str, str]]:
    """Return every field that was sent, but for the proof and the token, which the page has anew."""
    return [
        (name, value)
        for name, values in request.form.lists()
        for value in values
        if name != "csrf_token" and not name.startswith(PREFIX)
    ]


@desk.post("/step-up")
def step_up() -> Response:
    """Go on to an export, now that the guard has seen the proof; to nothing else."""
    export = request.form.get("export", "")
    if export not in EXPORTS:
        raise NotFound
    # An address is built out of the parts that its rule has, never taken over: it leads to these pages alone.
    rule = next(current_app.url_map.iter_rules(export))
    parts: dict[str, Any] = {name: request.form.get(f"{PART}{name}", "") for name in rule.arguments}
    if any(not part or "/" in part or "\\" in part for part in parts.values()):
        raise NotFound
    try:
        return redirect(url_for(export, **parts))
    except BuildError:
        raise NotFound from None


@desk.post("/step-up/passkey")
@limiter.limit("300 per 10 minutes")
def step_up_passkey() -> Response:
    """Ask the browser for one of the account's passkeys."""
    options = passkeys.ask_to_prove(session_key(), Purpose.STEP_UP, me().account, clock.now())
    db.session.commit()
    return Response(options, mimetype="application/json")
