"""Pages that explain: the reporting notice, privacy, accessibility, not being seen, the reward rules."""

from __future__ import annotations

from flask import render_template
from flask_babel import get_locale

from portal import clock
from portal.cases.due import OBJECTION_DAYS
from portal.extensions import settings
from portal.public.blueprint import public
from portal.public.choices import sector_names
from portal.public.notices_versions import CURRENT
from portal.reports.visits import IDLE, LONGEST
from portal.retention.words import passing, rows
from portal.rewards import rulebook, shelf
from portal.rewards.wording.page_tongue import PAGE
from portal.rewards.wording.prose import prose


@public.get("/notice")
def notice() -> str:
    """What a reporter should know before: truthfulness, what happens, who is rewarded."""
    return render_template(
        "public/notice.html",
        deadlines=settings().deadlines,
        objection_days=OBJECTION_DAYS,
        version=CURRENT,
    )


@public.get("/privacy")
def privacy() -> str:
    """Who can open what, and what is kept."""
    periods = settings().retention
    return render_template(
        "public/privacy.html",
        idle=IDLE.seconds // 60,
        longest=LONGEST.seconds // 60,
        version=CURRENT,
        kinds=rows(periods),
        passing=passing(periods),
        backup_days=periods.backup_days,
    )


@public.get("/accessibility")
def accessibility() -> str:
    """What works for whom, and whom to tell when it does not."""
    return render_template("public/accessibility.html")


@public.get("/unseen")
def unseen() -> str:
    """For who does not want to be seen using this site."""
    return render_template("public/unseen.html")


@public.get("/rules")
def rules() -> str:
    """The reward rules in force, drawn from the same data with which awards are computed."""
    names = dict(sector_names(str(get_locale())))
    in_force = rulebook.in_force(clock.city_date(clock.now()))
    return render_template(
        "public/rules.html",
        rule_sets=[
            (one, prose(one, PAGE, shelf.title), [names[code] for code in one.sectors if code in names])
            for one in in_force
        ],
        deadlines=settings().deadlines,
    )
