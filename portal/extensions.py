"""Flask's extensions, made once and bound to each application by the factory."""

from __future__ import annotations

from typing import cast

from flask import current_app
from flask_babel import Babel
from flask_limiter import Limiter
from flask_login import LoginManager
from flask_wtf import CSRFProtect

from portal.config import Settings
from portal.visitor import visitor_key

babel = Babel()
csrf = CSRFProtect()
login_manager = LoginManager()
limiter = Limiter(
    key_func=visitor_key, in_memory_fallback_enabled=True, headers_enabled=False, swallow_errors=True
)

# The visitor's address must not be part of a log-in: it changes on a telephone, and it is not kept.
login_manager.session_protection = None


def settings() -> Settings:
    """Return the settings of the current application."""
    return cast(Settings, current_app.extensions["portal_settings"])
