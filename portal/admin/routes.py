"""All pages of the staff desk: importing a module binds its routes."""

from __future__ import annotations

from portal.admin import (  # noqa: F401
    account,
    account_factors,
    audit,
    award,
    boards,
    case,
    code_second,
    conclusions,
    contact,
    cut_out,
    danger,
    declared,
    duty,
    evidence,
    evidence_files,
    evidence_sheet,
    evidence_steps,
    home,
    identity,
    intake,
    invitation,
    login,
    lost_code,
    penalties,
    people,
    people_access,
    queue,
    rectifications,
    register,
    routing,
    rule_steps,
    rules,
    seconds,
    situations,
    standing_aside,
    step_up,
    triage,
    units,
    verification,
    words,
)
from portal.admin.blueprint import desk

__all__ = ["desk"]
