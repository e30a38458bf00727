"""What is still on its way to a form or a report, as its pages show it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from flask import current_app
from flask_babel import gettext

from portal.evidence import uploads
from portal.evidence.uploads import Standing


@dataclass(frozen=True, slots=True)
class Arriving:
    """The token that lets this page upload, and what began to come and is not whole yet."""

    token: str = field(repr=False)
    files: list[Standing]

    @property
    def texts(self) -> dict[str, str]:
        """The words of the page's script."""
        return upload_texts()


def arriving(submission_id: str, at: datetime) -> Arriving:
    """Return what a page needs to go on with the uploads of a submission; one query."""
    token = uploads.seal_token(current_app.extensions["portal_keyring"], submission_id, at)
    return Arriving(token, uploads.unfinished(submission_id, at))


def nothing_yet(submission_id: str, at: datetime) -> Arriving:
    """Return the same for a form that was opened just now."""
    return Arriving(uploads.seal_token(current_app.extensions["portal_keyring"], submission_id, at), [])


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
