"""All pages of the staff desk: importing a module binds its routes."""

from __future__ import annotations

from portal.admin import account, home, login  # noqa: F401
from portal.admin.blueprint import desk

__all__ = ["desk"]
