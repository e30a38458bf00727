"""All pages of finance: importing a module binds its routes."""

from __future__ import annotations

from portal.rewards.blueprint import finance

__all__ = ["finance"]
