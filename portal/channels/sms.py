"""SMS through a gateway: one POST of JSON with a bearer token and an idempotency key."""

from __future__ import annotations

import json
from http import HTTPStatus
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from portal.channels.channel import ChannelError, Parcel

TIMEOUT_SECONDS = 10


class _NoRedirect(HTTPRedirectHandler):
    """Redirects are refused: a message goes to the configured gateway or nowhere."""

    def redirect_request(self, *_args: object, **_named: object) -> None:
        """Follow nothing."""


class SmsChannel:
    """The city's SMS gateway."""

    name = "sms"

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._token = token
        self._opener = build_opener(_NoRedirect)

    def ready(self) -> bool:
        """Say whether a gateway is set."""
        return bool(self._url)

    def send(self, parcel: Parcel) -> None:
        """Hand the message to the gateway; it answers 2xx once it has taken it."""
        body = json.dumps({"to": parcel.address, "text": parcel.text}).encode()
        request = Request(  # noqa: S310 - the address is a setting, checked to be http or https
            self._url,
            data=body,
            method="POST",
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {self._token}",
                "Idempotency-Key": parcel.key,
            },
        )
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
                    raise ChannelError(f"sms_status_{answer.status}")
        except HTTPError as error:
            refused = error.code in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}
            raise ChannelError(f"sms_status_{error.code}", final=refused) from None
        except (URLError, OSError) as error:
            raise ChannelError(f"sms_{type(error).__name__}") from None
