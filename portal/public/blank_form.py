"""The empty form, drawn once and given to everybody with his own token and draft.

It is by far the most expensive page to draw and the same for all who read one language, so it is kept in
the process for half a minute.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Sequence

from flask import current_app, session
from flask_wtf.csrf import generate_csrf

FRESH_SECONDS = 30.0


def page_for(key: Hashable, own: Sequence[str], draw: Callable[[], str]) -> str:
    """Return the page of this key for one visitor; ``draw`` makes it with this visitor's ``own`` values."""
    if current_app.debug or "_flashes" in session:  # a page with somebody's message is nobody else's
        return draw()
    values = [generate_csrf(), *own]
    pages = current_app.extensions.setdefault("portal_blank_forms", {})
    kept = pages.get(key)
    if kept is None or time.monotonic() - kept[0] > FRESH_SECONDS:
        page = draw()
        # Wherever the visitor's own values stand, they are taken out before the page is kept.
        common = page
        for place, value in enumerate(values):
            common = common.replace(value, _place(place))
        pages[key] = (time.monotonic(), common)
        return page
    text: str = kept[1]
    for place, value in enumerate(values):
        text = text.replace(_place(place), value)
    return text


def _place(number: int) -> str:
    """What stands in the kept page for one of the visitor's own values; nobody can type it."""
    return f"\ue000{number}\ue001"
