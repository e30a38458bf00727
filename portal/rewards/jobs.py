"""What the schedule does for rewards: each opens and commits its own transaction, and may run twice."""

from __future__ import annotations

from portal import clock
from portal.database import db
from portal.rewards import shares, shipping


def expire() -> None:
    """Give back to the fund what nobody claimed in time."""
    shares.expire_shares(clock.now())
    db.session.commit()


def ship() -> None:
    """Put the rule files of this release into the library."""
    shipping.fill_library(clock.now())
    db.session.commit()
