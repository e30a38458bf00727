"""Pages that are the same for everybody but for a few values: drawn once, and given to each with his own.

The form and the receipt are by far the most expensive pages to draw, so each is kept in the process for
half a minute, with a mark in place of everything that belongs to one visitor.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Hashable, Sequence

from flask import current_app, session
from flask_wtf.csrf import generate_csrf
from markupsafe import escape

FRESH_SECONDS = 30.0
MOST = 64  # pages; the receipt has one for each minute and kind
_MARK = re.compile("\ue000([0-9]+)\ue001")


def page_for(key: Hashable, own: Sequence[str], draw: Callable[[Sequence[str]], str]) -> bytes:
    """Return the page of this key for one visitor.

    ``draw`` makes it with the values that it is given, in the order of the visitor's ``own``: the page that
    is kept has never seen them. Only the token of the session is taken out of it afterwards.
    """
    if current_app.debug or "_flashes" in session:  # a page with somebody's message is nobody else's
        return draw(own).encode()
    token = generate_csrf()
    pages = current_app.extensions.setdefault("portal_drawn_once", {})
    kept = pages.get(key)
    if kept is None or time.monotonic() - kept[0] > FRESH_SECONDS:
        marks = [_mark(place) for place in range(1, len(own) + 1)]
        kept = (time.monotonic(), _cut(draw(marks).replace(token, _mark(0))))
        if len(pages) >= MOST:
            pages.clear()
        pages[key] = kept
    values = [escape(value).encode() for value in (token, *own)]
    return b"".join(piece if isinstance(piece, bytes) else values[piece] for piece in kept[1])


def _cut(page: str) -> list[bytes | int]:
    """Cut a page at its marks, which become the number of the value in their place."""
    return [int(piece) if odd % 2 else piece.encode() for odd, piece in enumerate(_MARK.split(page))]


def _mark(place: int) -> str:
    """What stands in the kept page for one of the visitor's own values; nobody can type it."""
    return f"\ue000{place}\ue001"
