"""All pages of the staff desk: importing a module binds its routes."""

from __future__ import annotations

from portal.admin.blueprint import desk

__all__ = ["desk"]
