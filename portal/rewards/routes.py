"""All pages of finance: importing a module binds its routes."""

from __future__ import annotations

from portal.rewards import award_pages, fund_pages, payout_pages  # noqa: F401
from portal.rewards.blueprint import finance

__all__ = ["finance"]
