"""What could my report be worth? A few questions, a band and why; nothing is stored, nobody is asked who."""

from __future__ import annotations

from flask import render_template, request
from flask_babel import get_locale

from portal import clock
from portal.public.blueprint import public
from portal.public.choices import sector_names
from portal.public.worth import kinds, questions, worth
from portal.rewards import rulebook
from portal.rewards.bands import rule_set_for
from portal.rewards.rules.vocabulary import Kind
from portal.rewards.wording.page_tongue import PAGE, page_reading
from portal.rewards.wording.terms import KIND_NOTES, KINDS

UNSURE = "other"
LONGEST = 60


@public.route("/calculator", methods=["GET", "POST"])
def calculator() -> str:
    """Show the questions and what they come to. Answers travel in the body, so no address tells them."""
    rule_sets = rulebook.in_force(clock.city_date(clock.now()))
    names = sector_names(str(get_locale()))
    sector = _one_of("sector", [code for code, _ in names], UNSURE)
    open_kinds = kinds(rule_sets, sector)
    kind = _kind(open_kinds)
    rules = rule_set_for(rule_sets, sector, kind) if kind else None
    answers = {name: value.strip()[:LONGEST] for name, value in request.form.items()}
    reading = page_reading(rules)
    return render_template(
        "public/calculator.html",
        sectors=names,
        sector=sector,
        kinds=[(one.value, PAGE(KINDS[one]), PAGE(KIND_NOTES[one])) for one in open_kinds],
        kind=kind.value if kind else "",
        questions=questions(rules, kind, answers, reading) if rules and kind else [],
        worth=worth(rules, kind, answers, reading) if rules and kind else None,
    )


def _kind(known: list[Kind]) -> Kind | None:
    """Return the kind chosen, or the first that is rewarded; None where nothing is."""
    return Kind(_one_of("kind", [one.value for one in known], known[0].value)) if known else None


def _one_of(name: str, known: list[str], default: str) -> str:
    chosen = request.form.get(name, "")
    return chosen if chosen in known else default
