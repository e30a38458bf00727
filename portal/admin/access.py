"""Which permission opens which door: every route stands here, or it stays shut."""

from __future__ import annotations

from enum import StrEnum

from flask import redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.errors import NotAllowed, NotFound
from portal.people.permissions import Permission


class Door(StrEnum):
    """Doors that no permission guards."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"


ACCESS: dict[str, Permission | Door] = {
    "static": Door.PUBLIC,
    # site: for both faces
    "site.healthz": Door.PUBLIC,
    "site.readyz": Door.PUBLIC,
    "site.language": Door.PUBLIC,
    "site.challenge_picture": Door.PUBLIC,
    "site.challenge_new": Door.PUBLIC,
    # public: what a citizen sees; a visit, not an account, opens the receipt pages
    # desk: log-in
    "desk.login": Door.PUBLIC,
    "desk.logout": Door.SIGNED_IN,
    "desk.home": Door.SIGNED_IN,
    # desk: cases
    # desk: identity officer
    # desk: people
    # finance
}


def guard() -> Response | None:
    """Let a request through only as the table says; an endpoint without a row is not found."""
    endpoint = request.endpoint
    if endpoint is None:
        return None
    rule = ACCESS.get(endpoint)
    if rule is None:
        raise NotFound
    if rule is Door.PUBLIC:
        return None
    if not current_user.is_authenticated:
        return redirect(url_for("desk.login"))
    if isinstance(rule, Permission) and not current_user.actor.may(rule):
        raise NotAllowed
    return None
