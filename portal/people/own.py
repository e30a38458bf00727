"""What somebody of the staff changes in his own account."""

from __future__ import annotations

from datetime import datetime

from portal.audit import events
from portal.errors import NotFound, Refusal, gettext_noop
from portal.people import accounts, factors, passkeys, recovery, sessions
from portal.people.actor import Actor
from portal.people.factors import Offer
from portal.people.models import Account
from portal.people.passkeys import Answer
from portal.people.sessions import SignedIn
from portal.people.telling import News, tell
from portal.vault.keys import Keyring

LOCALES = ("zh_Hans", "en")


class WrongPassword(Refusal):
    """The current password is not right."""

    message = gettext_noop("The current password is not right. Nothing was changed.")
    status = 422


class SamePassword(Refusal):
    """The new password is the old one."""

    message = gettext_noop("The new password is the one you have now. Please choose another.")
    status = 422


def change_password(signed: SignedIn, current: str, new: str, *, at: datetime) -> SignedIn:
    """Set another password, end the account's other sessions, and go on under another token.

    Raises WrongPassword or SamePassword.
    """
    account = signed.account
    if not accounts.password_matches(account, current):
        raise WrongPassword
    if current == new:
        raise SamePassword
    accounts.set_password(account, new, at)
    events.record("password_changed", at=at, actor=signed.actor, facts={"account": account.id})
    tell(account.id, News.PASSWORD_CHANGED, at=at)
    return _alone(signed, at)


def accept_totp(ring: Keyring, signed: SignedIn, offer: Offer, code: str, *, at: datetime) -> SignedIn:
    """Put a new one-time-code secret in the place of the old one."""
    factors.accept(ring, offer, code, at)
    return _factors_changed("totp_set", signed, at)


def add_passkey(signed: SignedIn, answer: Answer, name: str, *, at: datetime) -> SignedIn:
    """Add a passkey."""
    passkeys.add(signed.account, answer, name, at)
    return _factors_changed("passkey_added", signed, at)


def remove_passkey(signed: SignedIn, passkey_id: int, *, at: datetime) -> SignedIn:
    """Remove a passkey, but never the last factor."""
    passkeys.remove(signed.account, passkey_id)
    return _factors_changed("passkey_removed", signed, at)


def renew_recovery(ring: Keyring, signed: SignedIn, *, at: datetime) -> tuple[SignedIn, list[str]]:
    """Make ten new recovery codes, shown once; those from before do not work any more."""
    codes = recovery.renew(ring, signed.account, at)
    return _factors_changed("recovery_renewed", signed, at), codes


def _factors_changed(action: str, signed: SignedIn, at: datetime) -> SignedIn:
    events.record(action, at=at, actor=signed.actor, facts={"account": signed.account.id})
    tell(signed.account.id, News.FACTORS_CHANGED, at=at)
    return _alone(signed, at)


def _alone(signed: SignedIn, at: datetime) -> SignedIn:
    """End the account's other sessions and go on under another token."""
    sessions.end_all(signed.account.id, at, besides=signed.token)
    renewed = sessions.renew(signed, at)
    if renewed is None:
        raise NotFound
    return renewed


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
    if not sessions.end_own(account.id, mark, at):
        return
    events.record("session_ended", at=at, actor=actor, facts={"account": account.id})
