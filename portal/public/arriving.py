"""What is still on its way to a form or a report, as its pages show it."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from flask import current_app, session
from flask_babel import gettext

from portal.evidence import uploads
from portal.evidence.uploads import SECRET_BYTES, Standing
from portal.vault.keys import Keyring, Purpose
from portal.vault.opening import SealError, open_sealed
from portal.vault.sealing import seal

COOKIE = "sending"


@dataclass(frozen=True, slots=True)
class Arriving:
    """The token that lets this page upload, and what began to come and is not whole yet."""

    token: str = field(repr=False)
    files: list[Standing]

    @property
    def texts(self) -> dict[str, str]:
        """The words of the page's script."""
        return upload_texts()


def arriving(submission_id: str, secret: bytes, at: datetime) -> Arriving:
    """Return what a page needs to go on with the uploads of a submission; one query."""
    return Arriving(
        uploads.seal_token(_ring(), submission_id, secret, at), uploads.unfinished(submission_id, at)
    )


def nothing_yet(submission_id: str, secret: bytes, at: datetime) -> Arriving:
    """Return the same for a form that was opened just now."""
    return Arriving(uploads.seal_token(_ring(), submission_id, secret, at), [])


def secret_of(receipt_code: str, submission_id: str) -> bytes:
    """Return what opens unfinished uploads of a submission; only whoever has the receipt code can make it.

    The code has 120 random bits, and what the database keeps of it was made under another label.
    """
    return hmac.digest(
        receipt_code.encode("ascii"), b"upload secret 1\x00" + submission_id.encode(), "sha256"
    )


def remember(receipt_code: str, submission_id: str) -> None:
    """Let this browser go on with uploads after the code was entered: sealed, in its cookie alone."""
    sealed = seal(_ring(), Purpose.FORM, secret_of(receipt_code, submission_id), _context(submission_id))
    session[COOKIE] = base64.urlsafe_b64encode(sealed).decode("ascii")


def remembered(submission_id: str) -> bytes:
    """Return what the cookie holds for this submission, else a secret that opens nothing of before."""
    try:
        sealed = base64.urlsafe_b64decode(str(session.get(COOKIE, "")).encode("ascii"))
        return open_sealed(_ring(), Purpose.FORM, sealed, _context(submission_id))
    except (ValueError, binascii.Error, SealError):
        return secrets.token_bytes(SECRET_BYTES)


def _context(submission_id: str) -> tuple[str, ...]:
    return ("upload secret", submission_id)


def _ring() -> Keyring:
    return cast(Keyring, current_app.extensions["portal_keyring"])


def upload_texts() -> dict[str, str]:
    """Return the words of the page's script; it fills in {name}, {size}, {percent}."""
    return {
        "waiting": gettext("Waiting its turn. {size}."),
        "running": gettext("{percent} % of {size} is here."),
        "offline": gettext("No connection just now. {percent} % is safe here; it goes on by itself."),
        "paused": gettext("Paused. {percent} % of {size} is here."),
        "here": gettext("Here, {size}."),
        "refused": gettext("Not uploaded: {name}. Please try once more; the other files are safe."),
        "with_form": gettext("This one goes with the form when you send it."),
        "summary": gettext("{here} of {total} files are here."),
        "not_sent": gettext(
            "Not sent: there is no connection. Everything is still on this page."
            " Please press the button once more."
        ),
        "pause": gettext("Pause"),
        "go_on": gettext("Go on"),
        "retry": gettext("Try again"),
        "remove": gettext("Take out"),
    }
