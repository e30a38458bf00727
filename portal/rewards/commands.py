"""`flask rules recompute | simulate`: the commands on reward rules that need the database."""

from __future__ import annotations

import sys

import click
from flask.cli import with_appcontext
from flask_babel import force_locale

from portal import clock
from portal.clock import city_date
from portal.database import db
from portal.money import format_yuan
from portal.rewards import simulation
from portal.rewards.recomputation import Difference, Fault, recompute_all
from portal.rewards.simulation import Sums
from portal.rewards.terminal.files import rules_of
from portal.rewards.terminal.group import rules
from portal.rewards.terminal.spoken import spoken
from portal.rewards.wording.page_tongue import PAGE as tr
from portal.rewards.wording.speech import CHINESE
from portal.rewards.wording.terms import gettext_noop

DIFFERENT = 1
reward_rules = rules
"""All commands on reward rules: those on files, and those of this module."""
LOCALES = {CHINESE: "zh_Hans"}
FAULTS = {
    Fault.STEPS: gettext_noop("%(number)s: the stored steps do not lead to the stored amount."),
    Fault.AMOUNT: gettext_noop("%(number)s: stored %(stored)s yuan, computed %(computed)s."),
    Fault.DERIVATION: gettext_noop("%(number)s: the same amount, by other steps."),
    Fault.RULES_MISSING: gettext_noop("%(number)s: its version of the rules is not there."),
}


@rules.command("recompute")
@spoken
@with_appcontext
def recompute(lang: str) -> None:
    """Compute every stored award anew, from its stored facts and its version, and name those that differ."""
    with click.progressbar(length=1, file=sys.stderr, label="awards") as bar:

        def show(done: int, total: int) -> None:
            bar.length = max(total, 1)
            bar.update(done - bar.pos)

        found = recompute_all(show)
    with force_locale(LOCALES.get(lang, lang)):
        for one in found.differences:
            click.echo(_difference(one))
        counts = {"checked": found.checked, "different": found.different}
        click.echo(tr("%(checked)s awards computed anew, %(different)s differences.", **counts))
    if found.different:
        raise SystemExit(DIFFERENT)


@rules.command("simulate")
@click.argument("named", metavar="ID_OR_FILE")
@spoken
@with_appcontext
def simulate(named: str, lang: str) -> None:
    """Say what ID_OR_FILE would have given for the cases of the last year. Writes nothing."""
    with force_locale(LOCALES.get(lang, lang)):
        found = rules_of(named, tr)
        sums = simulation.trial(found, city_date(clock.now()))
        db.session.rollback()
        for line in _outcome(sums):
            click.echo(line)


def _difference(one: Difference) -> str:
    computed = tr("nothing") if one.computed_fen is None else format_yuan(one.computed_fen)
    stored = format_yuan(one.stored_fen)
    return tr(FAULTS[one.fault], number=one.number, stored=stored, computed=computed)


def _outcome(sums: Sums) -> list[str]:
    """Return what a trial run found; sums and award numbers, no case and no person."""
    return [
        tr("Cases that it would govern: %(count)s.", count=sums.governed),
        tr(
            "The same: %(same)s. More: %(more)s. Less: %(less)s. New: %(new)s. None any more: %(lost)s."
            " Not settled: %(unknown)s.",
            same=sums.same,
            more=sums.more,
            less=sums.less,
            new=sums.new,
            lost=sums.lost,
            unknown=sums.unknown,
        ),
        tr(
            "Now %(now)s yuan, with it %(then)s yuan.",
            now=format_yuan(sums.now_fen),
            then=format_yuan(sums.then_fen),
        ),
        *(
            tr(
                "%(number)s: %(now)s yuan, with it %(then)s yuan.",
                number=n,
                now=format_yuan(a),
                then=format_yuan(b),
            )
            for n, a, b in sums.largest
        ),
    ]
