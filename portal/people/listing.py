"""Lists of accounts, by key."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import or_, select

from portal.database import db
from portal.people.models import Account, Person, RoleGrant
from portal.people.permissions import Role

PAGE = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which accounts to list; empty means all."""

    text: str = ""
    role: Role | None = None
    active: bool | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Accounts, the newest first, and the key of the next page when there is one."""

    accounts: list[Account]
    next_before: int | None


def accounts(wanted: Wanted) -> Page:
    """Return one page of accounts whose name or user name begins with the text."""
    query = select(Account).join(Account.person).order_by(Account.id.desc()).limit(PAGE + 1)
    if wanted.text:
        text = wanted.text.strip()
        query = query.where(
            or_(
                Person.name.startswith(text, autoescape=True),
                Account.username.startswith(text.lower(), autoescape=True),
            )
        )
    if wanted.role is not None:
        query = query.where(Account.grants.any(RoleGrant.role == wanted.role.value))
    if wanted.active is not None:
        query = query.where(Account.active == wanted.active)
    if wanted.before is not None:
        query = query.where(Account.id < wanted.before)
    found = list(db.session.scalars(query))
    return Page(found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None)


def others_of(account: Account) -> list[Account]:
    """Return the other accounts of the account's person."""
    query = select(Account).where(Account.person_id == account.person_id, Account.id != account.id)
    return list(db.session.scalars(query.order_by(Account.id)))
