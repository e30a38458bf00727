"""The channels that there are: one line each."""

from __future__ import annotations

from portal.config import Settings
from portal.channels.channel import Channel
from portal.channels.email import EmailChannel
from portal.channels.sms import SmsChannel


def channels(settings: Settings) -> dict[str, Channel]:
    """Return every channel by its name."""
    every: tuple[Channel, ...] = (
        SmsChannel(settings.sms_gateway_url, settings.sms_gateway_token),
        EmailChannel(settings.smtp_url, settings.smtp_password, settings.mail_from),
    )
    return {channel.name: channel for channel in every}
