"""`flask rules explain`: an award from a case in a file, with how it comes about."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import click

from portal.money import format_yuan
from portal.rewards import shelf
from portal.rewards.case_refusals import case_sentence
from portal.rewards.rules import case_json
from portal.rewards.rules.case_json import Case, CaseRefused
from portal.rewards.rules.compute import compute
from portal.rewards.rules.estimate import estimate
from portal.rewards.rules.model import RuleSet
from portal.rewards.rules.outcome import Outcome, Verdict
from portal.rewards.terminal.files import body_of, end, rules_of
from portal.rewards.terminal.spoken import spoken
from portal.rewards.verdicts import estimate_sentence, ineligible_sentence, need_sentence, not_yet_payable
from portal.rewards.wording.explain import Audience, Line, Reading, explain
from portal.rewards.wording.speech import CatalogueTongue, Tongue, text
from portal.rewards.wording.terms import gettext_noop

WIDTH = 76
VERDICTS = {
    Verdict.AWARD: gettext_noop("An award."),
    Verdict.WAITING: gettext_noop("Not settled yet."),
    Verdict.NOT_COVERED: gettext_noop("Nothing is paid."),
    Verdict.INELIGIBLE: gettext_noop("This reporter is not paid."),
}


@click.command("explain")
@click.option(
    "--rules", "named", required=True, metavar="ID_OR_FILE", help="Such as anyang, anyang@1 or a file."
)
@click.option("--case", "case_file", required=True, type=click.Path(path_type=Path), help="A case as JSON.")
@click.option("--json", "as_json", is_flag=True, help="Print amount and derivation as JSON.")
@spoken
def command(named: str, case_file: Path, lang: str, *, as_json: bool) -> None:
    """Compute an award from a case and print how it comes about."""
    tr = CatalogueTongue(lang)
    found = rules_of(named, tr)
    case = _case_of(case_file, found, tr)
    outcome = compute(
        case.facts, found, moment=case.moment, stage=case.stage, main_award_fen=case.main_award_fen
    )
    if as_json:
        click.echo(json.dumps(_as_json(outcome), ensure_ascii=False, indent=2, sort_keys=True))
        return
    for line in _told(case, outcome, Reading(tr, found, shelf.title)):
        click.echo(line)


def _case_of(file: Path, found: RuleSet, tr: Tongue) -> Case:
    """Return the case of a file; ends the program with the field that is wrong."""
    try:
        return case_json.read(body_of(file, case_json.MAX_BYTES, tr), found)
    except CaseRefused as refused:
        said = case_sentence(refused, tr)
        end([tr("%(field)s: %(sentence)s", field=file, sentence=said)])


# Telling -------------------------------------------------------------------------------------------------


def _told(case: Case, outcome: Outcome, reading: Reading) -> list[str]:
    """Return an outcome as lines of text."""
    tr, found = reading.tr, reading.rules
    title = (
        tr("%(title)s: version %(version)s.", title=text(found.title, tr), version=found.version)
        if found
        else ""
    )
    lines = [title, tr(VERDICTS[outcome.verdict])]
    if outcome.derivation is not None:
        lines += [
            part for line in explain(outcome.derivation, Audience.FINANCE, reading) for part in _line(line)
        ]
        if outcome.estimate_only and found:
            lines.append(not_yet_payable(found.payable_when, reading))
    lines += [ineligible_sentence(why, reading) for why in outcome.reasons]
    lines += [need_sentence(missing, reading) for missing in outcome.needs]
    if outcome.verdict is Verdict.WAITING and found:
        guess = estimate(case.facts, found)
        lines += [estimate_sentence(guess, reading)] if guess else []
    return lines


def _line(line: Line) -> list[str]:
    """Return a line of a derivation: its title left, its result right, how it came about below."""
    mark = "=" if line.sum else "·" if line.idle else "-"
    left = f"{mark} {line.title}"
    room = max(WIDTH - _width(left) - _width(line.result), 1)
    return [f"{left}{' ' * room}{line.result}", *([f"    {line.how}"] if line.how else [])]


def _width(said: str) -> int:
    """Return how many columns a text takes: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in said)


def _as_json(outcome: Outcome) -> dict[str, object]:
    """Return an outcome as codes and numbers, with its derivation."""
    amount = outcome.amount_fen
    return {
        "verdict": outcome.verdict.value,
        "amount_fen": amount,
        "amount": None if amount is None else format_yuan(amount),
        "payable": outcome.payable,
        "second_approver": outcome.chosen_beyond,
        "needs": [
            {"need": one.need.value, "finding": one.finding, "fact": one.fact or None}
            for one in outcome.needs
        ],
        "reasons": [
            {"reason": one.code.value, "finding": one.finding, "facts": dict(one.facts)}
            for one in outcome.reasons
        ],
        "derivation": outcome.derivation.to_json() if outcome.derivation else None,
    }
