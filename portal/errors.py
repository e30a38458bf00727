"""The base of all refusals: a sentence with facts, turned into a page in one place."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext


def gettext_noop(message: str) -> str:
    """Mark an English message id for the catalogue, where it stands; it is translated when shown."""
    return message


class Refusal(Exception):
    """What the portal will not do, as a sentence that says what to do next.

    Subclasses set ``message`` (an English message id with named placeholders) and ``status``
    (HTTP). Facts never hold personal data: they may end in a log.
    """

    message = gettext_noop("This cannot be done.")
    status = 409

    def __init__(self, **facts: object) -> None:
        super().__init__(type(self).__name__)
        self.facts: Mapping[str, object] = facts

    def sentence(self) -> str:
        """Return the sentence in the reader's language."""
        return str(gettext(self.message, **self.facts))


class NotFound(Refusal):
    """Absent, or outside the actor's scope: the two are never told apart."""

    message = gettext_noop("This page does not exist, or is not yours to open.")
    status = 404


class NotAllowed(Refusal):
    """The actor's roles do not include this step."""

    message = gettext_noop("Your role does not include this step. Ask your supervisor who can take it.")
    status = 403


class Stale(Refusal):
    """Somebody changed the record since the form was opened."""

    message = gettext_noop(
        "Somebody changed this case while you were writing. What you wrote is still here:"
        " look at what changed, then send it again."
    )
    status = 409


class NotInThisState(Refusal):
    """The life cycle does not allow this step from here."""

    message = gettext_noop(
        "This step is no longer possible: the state changed. Look at the page as it stands now."
    )
    status = 409
