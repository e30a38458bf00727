"""All pages of the staff desk: importing a module binds its routes."""

from __future__ import annotations

from portal.admin import (  # noqa: F401
    account,
    audit,
    award,
    boards,
    case,
    conclusions,
    contact,
    danger,
    duty,
    evidence,
    evidence_files,
    evidence_sheet,
    evidence_steps,
    home,
    identity,
    intake,
    login,
    penalties,
    people,
    queue,
    rectifications,
    register,
    routing,
    situations,
    triage,
    units,
    verification,
    words,
)
from portal.admin.blueprint import desk

__all__ = ["desk"]
