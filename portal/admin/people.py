"""The administrator's pages: people, their accounts and roles."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import clock
from portal.admin.blueprint import desk
from portal.admin.people_forms import ChangeForm, NewForm
from portal.database import db, row_key
from portal.errors import Refusal
from portal.people import administration, links, listing, loss, sessions
from portal.people.administration import Handover
from portal.people.labels import ROLE_NOTES
from portal.people.listing import Wanted
from portal.people.permissions import Role
from portal.rewards import signatures, staffing

ACTIVE = {"yes": True, "no": False}


@desk.get("/people")
def people() -> str:
    """List accounts by key, with filters."""
    role = request.args.get("role", "")
    wanted = Wanted(
        text=request.args.get("q", "").strip()[:60],
        role=Role(role) if role in set(Role) else None,
        active=ACTIVE.get(request.args.get("active", "")),
        before=request.args.get("before", type=row_key),
    )
    return render_template(
        "admin/people.html",
        page=listing.accounts(wanted),
        wanted=wanted,
        roles=Role,
        staff_gaps=staffing.gaps(signatures.profile(), clock.city_date(clock.now())),
    )


@desk.route("/people/new", methods=["GET", "POST"])
def person_new() -> str | Response | tuple[str, int]:
    """Make an account, for a new person or (``?of=``) as another one of somebody known."""
    other = request.args.get("of", type=row_key)
    known = administration.find(other) if other else None
    form = NewForm(obj=known.person if known else None)
    if not form.is_submitted():
        return _new_page(form, known)
    if not form.validate():
        return _new_page(form, known), 422
    new = replace(form.command(), person_id=known.person_id if known else None)
    try:
        given = administration.open_account(new, actor=current_user.actor, at=clock.now())
    except Refusal as refusal:
        db.session.rollback()
        return _new_page(form, known, refusal.sentence()), refusal.status
    db.session.commit()
    return handover_page(given)


def _new_page(form: NewForm, known: Any, refused: str = "") -> str:  # noqa: ANN401
    return render_template(
        "admin/people_new.html", form=form, known=known, refused=refused, role_notes=ROLE_NOTES
    )


def handover_page(given: Handover) -> str:
    """Show the link that is handed over; it stands nowhere else and is never shown again."""
    return render_template("admin/people_handover.html", given=given)


@desk.route("/people/<int:account_id>", methods=["GET", "POST"])
def person(account_id: int) -> str | Response | tuple[str, int]:
    """Show an account; change name, unit, address and roles."""
    account = administration.find(account_id)
    form = ChangeForm.of(account)
    if not form.is_submitted():
        return person_page(account_id, form)
    if not form.validate():
        return person_page(account_id, form), 422
    try:
        administration.change(account, form.command(), actor=current_user.actor, at=clock.now())
    except Refusal as refusal:
        db.session.rollback()
        return person_page(account_id, form, refusal.sentence()), refusal.status
    db.session.commit()
    flash(gettext("Saved. It holds from the next click on."), "message")
    return redirect(url_for("desk.person", account_id=account_id))


def person_page(account_id: int, form: ChangeForm | None = None, refused: str = "") -> str:
    """Show an account, its way in, and its open sessions."""
    account, at = administration.find(account_id), clock.now()
    reset = loss.open_for(account.id)
    return render_template(
        "admin/people_person.html",
        account=account,
        form=form or ChangeForm.of(account),
        refused=refused,
        own=account.person_id == current_user.actor.person_id,
        others=listing.others_of(account),
        role_notes=ROLE_NOTES,
        joined=administration.has_joined(account),
        waiting=links.open_of(account.id, at),
        reset=reset,
        asked_self=reset is not None and reset.asked_person_id == current_user.actor.person_id,
        opened=sessions.open_of(account.id, at),
    )


@desk.post("/people/<int:account_id>/disable")
def person_disable(account_id: int) -> Response | tuple[str, int]:
    """Disable an account; its sessions end."""
    return _switch(
        account_id, administration.disable, gettext("The account is disabled, its sessions are ended.")
    )


@desk.post("/people/<int:account_id>/enable")
def person_enable(account_id: int) -> Response | tuple[str, int]:
    """Enable an account again."""
    return _switch(account_id, administration.enable, gettext("The account is enabled again."))


def _switch(account_id: int, verb: Any, done: str) -> Response | tuple[str, int]:  # noqa: ANN401
    account = administration.find(account_id)
    try:
        verb(account, actor=current_user.actor, at=clock.now())
    except Refusal as refusal:
        db.session.rollback()
        return person_page(account_id, refused=refusal.sentence()), refusal.status
    db.session.commit()
    flash(done, "message")
    return redirect(url_for("desk.person", account_id=account_id))
