"""Mails to the staff about their own accounts, and how news of an account gets into the outbox."""

from __future__ import annotations

from datetime import datetime

from flask_babel import force_locale, gettext, lazy_gettext

from portal.database import db
from portal.notices.models import Notice
from portal.notices.outbox import NoticeKind, tell_staff
from portal.people import links
from portal.people.models import Account
from portal.people.telling import News

# These may say what happened: they speak of the log-in alone, never of a report.
ABOUT_ACCOUNT = {
    NoticeKind.PASSWORD_CHANGED: lazy_gettext("Your password was changed."),
    NoticeKind.FACTORS_CHANGED: lazy_gettext("Your second factors or recovery codes were changed."),
    NoticeKind.RECOVERY_USED: lazy_gettext("Somebody logged in to your account with a recovery code."),
}


class NothingToSend(Exception):
    """What the mail was for is over."""


def tell(account_id: int, news: News, *, at: datetime, reference: str = "") -> None:
    """Put news of an account into the outbox; by mail too where there is an address."""
    account = db.session.get_one(Account, account_id)
    kind = NoticeKind(news.value)
    tell_staff(account_id, kind, reference=reference, by_mail=bool(account.email), at=at)


def letter(notice: Notice, locale: str, at: datetime) -> tuple[str, str] | None:
    """Return subject and text for a kind that has its own, None for the others; raises NothingToSend."""
    kind = NoticeKind(notice.kind)
    if kind is NoticeKind.ACCOUNT_INVITED and notice.account_id is not None:
        return _invitation(notice.account_id, locale, at)
    if kind not in ABOUT_ACCOUNT:
        return None
    with force_locale(locale):
        subject = gettext("About your log-in")
        end = gettext("If that was not you, tell your administrator at once. Do not reply to this message.")
        return subject, f"{ABOUT_ACCOUNT[kind]}\n\n{end}"


def _invitation(account_id: int, locale: str, at: datetime) -> tuple[str, str]:
    token = links.token_for_mail(account_id, at)
    if token is None:
        raise NothingToSend
    with force_locale(locale):
        text = gettext(
            "With this link you choose your password and your second factor. It works once, for 24 hours from"
            " when it was made. Open it where nobody looks over your shoulder, and pass it on to nobody."
        )
        return gettext("Your access"), f"{text}\n\n{links.address(token)}"
