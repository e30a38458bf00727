"""One-time links: how somebody comes to his account without an administrator ever knowing his password.

A link lives 24 hours and works once. It carries 256 random bits behind the ``#`` of its address, which
browsers send to nobody; the page posts them. The database holds digests only. The mail carries a token of its
own, made when it is sent, so that none has to lie in the outbox.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, or_, select, update

from portal.audit import events
from portal.database import db
from portal.errors import Refusal, gettext_noop
from portal.extensions import settings
from portal.people.actor import Actor
from portal.people.credentials import Link, LinkKind
from portal.people.models import Account
from portal.people.permissions import Permission
from portal.people.telling import News, tell

LIFETIME = timedelta(hours=24)
PATH = "/desk/invitation"


class LinkUnknown(Refusal):
    """No link carries this token."""

    message = gettext_noop(
        "This link is not known. Was all of it copied? Otherwise ask your administrator for a new one."
    )
    status = 422


class LinkUsed(Refusal):
    """The link did its work before."""

    message = gettext_noop(
        "This link was used already. If that was you, log in with what you chose. If it was not, tell your"
        " administrator at once."
    )
    status = 422


class LinkExpired(Refusal):
    """The link is older than a day."""

    message = gettext_noop(
        "This link was good for 24 hours and is over. Ask your administrator for a new one."
    )
    status = 422


class LinkRevoked(Refusal):
    """The link was taken back, or a later one took its place."""

    message = gettext_noop(
        "This link does not work any more: there is a newer one, or it was taken back. Use the newest, or ask"
        " your administrator."
    )
    status = 422


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def address(token: str) -> str:
    """Return the link itself; what stands behind the ``#`` never reaches a log."""
    return f"{settings().origin}{PATH}#{token}"


def issue(account: Account, kind: LinkKind, *, actor: Actor, at: datetime, reason: str = "") -> str:
    """Make a link for an account, in place of any earlier one, and mail it; returns the token, shown once."""
    _revoke_open(account.id, at)
    token = secrets.token_urlsafe(32)
    db.session.add(
        Link(
            account=account,
            kind=kind,
            token_digest=_digest(token),
            issued_by=actor.account_id,
            issued_at=at,
            expires_at=at + LIFETIME,
        )
    )
    if account.email:
        tell(account.id, News.INVITED, at=at)
    _note("link_issued", account, actor, at, reason=reason, kind=kind.value)
    return token


def token_for_mail(account_id: int, at: datetime) -> str | None:
    """Make the token of the mail, when the mail goes out; None when there is no open link any more."""
    link = open_of(account_id, at)
    if link is None:
        return None
    token = secrets.token_urlsafe(32)
    link.mail_digest = _digest(token)
    return token


def open_of(account_id: int, at: datetime) -> Link | None:
    """Return the link of an account that still works."""
    return db.session.scalar(
        select(Link)
        .where(
            Link.account_id == account_id,
            Link.used_at.is_(None),
            Link.revoked_at.is_(None),
            Link.expires_at > at,
        )
        .order_by(Link.id.desc())
        .limit(1)
    )


def look_up(token: str, at: datetime) -> Link:
    """Return the link that a token opens; raises a sentence that says what to do next."""
    digest = _digest(token.strip())
    link = db.session.scalar(select(Link).where(or_(Link.token_digest == digest, Link.mail_digest == digest)))
    if link is None:
        raise LinkUnknown
    if link.used_at is not None:
        raise LinkUsed
    if link.revoked_at is not None or not link.account.active:
        raise LinkRevoked
    if link.expires_at <= at:
        raise LinkExpired
    return link


def use(link: Link, at: datetime) -> None:
    """Use a link up; of two uses at the same moment one raises LinkUsed."""
    result = db.session.execute(
        update(Link)
        .where(Link.id == link.id, Link.used_at.is_(None), Link.revoked_at.is_(None), Link.expires_at > at)
        .values(used_at=at)
        .execution_options(synchronize_session=False)
    )
    if cast("CursorResult[Any]", result).rowcount != 1:
        raise LinkUsed
    db.session.expire(link)


def revoke(account: Account, *, actor: Actor, at: datetime) -> None:
    """Take an open link back."""
    if _revoke_open(account.id, at):
        _note("link_revoked", account, actor, at)


def _revoke_open(account_id: int, at: datetime) -> bool:
    result = db.session.execute(
        update(Link)
        .where(Link.account_id == account_id, Link.used_at.is_(None), Link.revoked_at.is_(None))
        .values(revoked_at=at)
    )
    return bool(cast("CursorResult[Any]", result).rowcount)


def _note(
    action: str, account: Account, actor: Actor, at: datetime, reason: str = "", **facts: object
) -> None:
    role = actor.role_for(Permission.PEOPLE_MANAGE)
    events.record(
        action, at=at, actor=actor, role=role, reason=reason, facts={"account": account.id, **facts}
    )
