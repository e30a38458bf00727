"""The session's cookie belongs to pages: a static file neither reads it nor may differ by it."""

from __future__ import annotations

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface


class SessionsOfPages(SecureCookieSessionInterface):
    """Flask's own sessions, but none for static files: caches on the way may keep those for everybody."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session of a page, and nothing for a static file."""
        is_file = app.has_static_folder and request.path.startswith(f"{app.static_url_path}/")
        return None if is_file else super().open_session(app, request)
