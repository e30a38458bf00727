"""How the rules speak on a page: in the language of the request, from the application's catalogue."""

from __future__ import annotations

from flask_babel import get_locale, gettext

from portal.rewards import shelf
from portal.rewards.rules.model import RuleSet
from portal.rewards.wording.reading import Reading
from portal.rewards.wording.speech import CHINESE, ENGLISH


class PageTongue:
    """Says message ids in the language of the page."""

    @property
    def language(self) -> str:
        """The language, zh or en."""
        locale = get_locale()
        return ENGLISH if locale is not None and locale.language == ENGLISH else CHINESE

    def __call__(self, message: str, /, **facts: object) -> str:
        """Return the sentence with its facts."""
        return str(gettext(message, **facts))


PAGE = PageTongue()


def page_reading(rules: RuleSet | None = None) -> Reading:
    """Return how a derivation of this rule set is read on this page."""
    return Reading(PAGE, rules, shelf.title)
