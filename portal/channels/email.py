"""E-mail over SMTP, with TLS where the address asks for it."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate
from urllib.parse import parse_qs, unquote, urlsplit

from portal.channels.channel import ChannelError, Parcel

TIMEOUT_SECONDS = 15


class EmailChannel:
    """The city's mail server: ``smtp://user@host:port``, ``smtps://...`` or ``smtp://...?starttls=1``."""

    name = "email"

    def __init__(self, url: str, password: str, sender: str) -> None:
        self._parts = urlsplit(url)
        self._password = password
        self._sender = sender

    def ready(self) -> bool:
        """Say whether a mail server is set."""
        return bool(self._parts.hostname)

    def send(self, parcel: Parcel) -> None:
        """Hold the SMTP conversation; the message id is the idempotency key."""
        if any(mark in parcel.address for mark in "\r\n,; "):
            raise ChannelError("email_address", final=True)
        try:
            with self._connection() as server:
                server.send_message(self._message(parcel))
        except smtplib.SMTPRecipientsRefused:
            raise ChannelError("email_recipient_refused", final=True) from None
        except (smtplib.SMTPException, OSError) as error:
            raise ChannelError(f"email_{type(error).__name__}") from None

    def _message(self, parcel: Parcel) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = parcel.address
        message["Subject"] = parcel.subject
        message["Date"] = formatdate()
        message["Message-ID"] = f"<{parcel.key}@{self._sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(parcel.text)
        return message

    def _connection(self) -> smtplib.SMTP:
        host, port = self._parts.hostname or "", self._parts.port or 0
        context = ssl.create_default_context()
        if self._parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=context)
        else:
            server = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
            if parse_qs(self._parts.query).get("starttls") == ["1"]:
                server.starttls(context=context)
        if self._parts.username:
            server.login(unquote(self._parts.username), self._password)
        return server
