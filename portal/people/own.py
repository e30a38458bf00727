"""What somebody of the staff changes in his own account."""

from __future__ import annotations

from datetime import datetime

from portal.audit import events
from portal.errors import Refusal, gettext_noop
from portal.people import accounts, sessions
from portal.people.actor import Actor
from portal.people.models import Account

LOCALES = ("zh_Hans", "en")


class WrongPassword(Refusal):
    """The current password is not right."""

    message = gettext_noop("The current password is not right. Nothing was changed.")
    status = 422


class SamePassword(Refusal):
    """The new password is the old one."""

    message = gettext_noop("The new password is the one you have now. Please choose another.")
    status = 422


def change_password(
    account: Account, current: str, new: str, *, token: str, actor: Actor, at: datetime
) -> None:
    """Set another password and end the account's other sessions."""
    if not accounts.password_matches(account, current):
        raise WrongPassword
    if current == new:
        raise SamePassword
    account.password_hash = accounts.hash_password(new, account.username)
    account.must_change_password = False
    sessions.end_all(account.id, at, besides=token)
    events.record("password_changed", at=at, actor=actor, facts={"account": account.id})


def choose_language(account: Account, locale: str) -> str:
    """Set the language of the account's pages and return it; an unknown one becomes Chinese."""
    account.locale = locale if locale in LOCALES else LOCALES[0]
    return account.locale


def set_telephone(account: Account, number: str, *, actor: Actor, at: datetime) -> None:
    """Set the account's mobile number for alarms; empty for none."""
    if account.telephone != number:
        account.telephone = number
        events.record("telephone_changed", at=at, actor=actor, facts={"account": account.id})


def end_session(account: Account, mark: str, *, actor: Actor, at: datetime) -> None:
    """End one of the account's own sessions."""
    sessions.end_own(account.id, mark, at)
    events.record("session_ended", at=at, actor=actor, facts={"account": account.id})
