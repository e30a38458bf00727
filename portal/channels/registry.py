"""The channels that there are: one line each."""

from __future__ import annotations

from portal.channels.channel import Channel
from portal.channels.email import EmailChannel
from portal.channels.sms import SmsChannel
from portal.config import Settings


def channels(settings: Settings) -> dict[str, Channel]:
    """Return every channel by its name."""
    return channels_of(
        settings.sms_gateway_url,
        settings.sms_gateway_token,
        settings.smtp_url,
        settings.smtp_password,
        settings.mail_from,
    )


def channels_of(
    sms_url: str, sms_token: str, smtp_url: str, smtp_password: str, mail_from: str
) -> dict[str, Channel]:
    """Return every channel by its name, from the settings it needs."""
    every: tuple[Channel, ...] = (
        SmsChannel(sms_url, sms_token),
        EmailChannel(smtp_url, smtp_password, mail_from),
    )
    return {channel.name: channel for channel in every}
