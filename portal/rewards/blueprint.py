"""The blueprint of finance: awards, fund, payouts."""

from __future__ import annotations

from flask import Blueprint

finance = Blueprint("finance", "portal.rewards")
