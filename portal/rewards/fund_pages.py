"""The fund's page: four figures, the proof that they agree with the ledger, and its lines by key."""

from __future__ import annotations

from flask import render_template, request, url_for

from portal import clock
from portal.database import row_key
from portal.errors import NotFound
from portal.rewards import fund, queries
from portal.rewards.blueprint import finance
from portal.rewards.words import ENTRIES


@finance.get("/fund", endpoint="fund")
def fund_page() -> str:
    """Show the fund of a year (by default this one's) with its ledger."""
    every = queries.funds()
    year = request.args.get("year", default=clock.city_date(clock.now()).year, type=int)
    shown = next((one for one in every if one.year == year), None)
    if shown is None:
        if every and "year" in request.args:
            raise NotFound
        return render_template("rewards/fund_none.html", year=year, every=every)
    after = request.args.get("after", type=row_key)
    page = queries.ledger_page(shown, after)
    return render_template(
        "rewards/fund.html",
        fund=shown,
        every=every,
        proof=fund.verify(shown),
        page=page,
        entries=ENTRIES,
        next_url=url_for("finance.fund", year=year, after=page.after) if page.after else "",
        first_url=url_for("finance.fund", year=year) if after else "",
    )
