"""All pages of the staff desk: importing a module binds its routes."""

from __future__ import annotations

from portal.admin import (  # noqa: F401
    account,
    audit,
    award,
    case,
    contact,
    evidence,
    home,
    identity,
    intake,
    login,
    people,
    queue,
    routing,
    triage,
    units,
    words,
)
from portal.admin.blueprint import desk

__all__ = ["desk"]
