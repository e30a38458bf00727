"""The empty form, drawn once and given to everybody with his own token and draft.

It is by far the most expensive page to draw and the same for all who read one language, so it is kept in
the process for half a minute.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable

from flask import current_app, session
from flask_wtf.csrf import generate_csrf

FRESH_SECONDS = 30.0
_TOKEN, _DRAFT = "\ue000token\ue001", "\ue000draft\ue001"


def page_for(key: Hashable, draft: str, draw: Callable[[], str]) -> str:
    """Return the page of this key for one visitor; ``draw`` makes it with this visitor's token and draft."""
    if current_app.debug or "_flashes" in session:  # a page with somebody's message is nobody else's
        return draw()
    token = generate_csrf()
    pages = current_app.extensions.setdefault("portal_blank_forms", {})
    kept = pages.get(key)
    if kept is None or time.monotonic() - kept[0] > FRESH_SECONDS:
        page = draw()
        # Wherever the visitor's own values stand, they are taken out before the page is kept.
        pages[key] = (time.monotonic(), page.replace(token, _TOKEN).replace(draft, _DRAFT))
        return page
    text: str = kept[1]
    return text.replace(_TOKEN, token).replace(_DRAFT, draft)
