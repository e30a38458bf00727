"""How an administrator helps somebody back in: links, lost factors, sessions. He never learns a password."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, request, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import clock
from portal.admin.blueprint import desk
from portal.admin.people import handover_page, person_page
from portal.database import db
from portal.errors import NotFound, Refusal
from portal.people import administration, loss
from portal.people.administration import Handover
from portal.people.models import Account

Answer = str | Response | tuple[str, int]


def _do(account_id: int, verb: Callable[[Account], Handover | None], done: str = "") -> Answer:
    """Take a step for an account: show the link that it gives out, or say that it is done."""
    account = administration.find(account_id)
    try:
        given = verb(account)
    except NotFound:
        raise
    except Refusal as refusal:
        db.session.rollback()
        return person_page(account_id, refused=refusal.sentence()), refusal.status
    db.session.commit()
    if given is not None:
        return handover_page(given)
    flash(done, "message")
    return redirect(url_for("desk.person", account_id=account_id))


@desk.post("/people/<int:account_id>/invite")
def person_invite(account_id: int) -> Answer:
    """Give out a new invitation; the earlier one ends."""
    actor, at = current_user.actor, clock.now()
    return _do(account_id, lambda account: administration.invite_again(account, actor=actor, at=at))


@desk.post("/people/<int:account_id>/link/revoke")
def person_link_revoke(account_id: int) -> Answer:
    """Take an open link back."""
    actor, at = current_user.actor, clock.now()
    done = gettext("The link does not work any more.")
    return _do(account_id, lambda account: administration.revoke_link(account, actor=actor, at=at), done)


@desk.post("/people/<int:account_id>/password")
def person_password(account_id: int) -> Answer:
    """Give out a link with which the person sets another password."""
    actor, at = current_user.actor, clock.now()
    return _do(account_id, lambda account: administration.renew_password(account, actor=actor, at=at))


@desk.post("/people/<int:account_id>/loss")
def person_loss(account_id: int) -> Answer:
    """Say that somebody lost the second factor; another administrator has to confirm it."""
    actor, at, reason = current_user.actor, clock.now(), request.form.get("reason", "")
    done = gettext("Asked. Nothing changes until another administrator confirms it.")
    return _do(account_id, lambda account: loss.ask(account, reason, actor=actor, at=at), done)


@desk.post("/people/<int:account_id>/loss/confirm")
def person_loss_confirm(account_id: int) -> Answer:
    """Confirm what another administrator asked for, and give out a link to set all anew."""
    actor, at = current_user.actor, clock.now()
    return _do(account_id, lambda account: loss.confirm(account, actor=actor, at=at))


@desk.post("/people/<int:account_id>/loss/withdraw")
def person_loss_withdraw(account_id: int) -> Answer:
    """Take back what was asked for."""
    actor, at = current_user.actor, clock.now()
    done = gettext("Taken back. Nothing has changed for the person.")
    return _do(account_id, lambda account: loss.withdraw(account, actor=actor, at=at), done)


@desk.post("/people/<int:account_id>/sessions/end")
def person_sessions_end(account_id: int) -> Answer:
    """End every session of another person's account."""
    actor, at = current_user.actor, clock.now()
    done = gettext("All sessions of this account are ended.")
    return _do(account_id, lambda account: administration.end_sessions(account, actor=actor, at=at), done)
