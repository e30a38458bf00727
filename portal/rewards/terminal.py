"""`flask rules list | check | explain | diff`: rule files at a terminal, without settings or database."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NoReturn, TypeVar

import click
from flask import Flask

from portal.money import format_yuan
from portal.rewards import shelf
from portal.rewards.case_refusals import case_sentence
from portal.rewards.changes import change_sentences
from portal.rewards.explain import Audience, Line, Reading, explain
from portal.rewards.refusals import fault_sentence
from portal.rewards.rules import case_json
from portal.rewards.rules.case_json import Case, CaseRefused
from portal.rewards.rules.compute import compute
from portal.rewards.rules.differences import diff
from portal.rewards.rules.estimate import estimate
from portal.rewards.rules.faults import RulesRefused
from portal.rewards.rules.load import MOST_BYTES, parse
from portal.rewards.rules.model import RuleSet
from portal.rewards.rules.outcome import Outcome, Verdict
from portal.rewards.speech import CatalogueTongue, terminal_language, text
from portal.rewards.terms import gettext_noop
from portal.rewards.verdicts import estimate_sentence, ineligible_sentence, need_sentence, not_yet_payable

PURE = frozenset({"list", "check", "explain", "diff"})
"""The words after ``rules`` that need nothing but files."""
UNREADABLE = 2
WIDTH = 76
VERDICTS = {
    Verdict.AWARD: gettext_noop("An award."),
    Verdict.WAITING: gettext_noop("Not settled yet."),
    Verdict.NOT_COVERED: gettext_noop("Nothing is paid."),
    Verdict.INELIGIBLE: gettext_noop("This reporter is not paid."),
}

Command = TypeVar("Command", bound=Callable[..., None])


def is_pure(arguments: Sequence[str]) -> bool:
    """Tell whether a command line asks for a command of this module."""
    return any(one == "rules" and two in PURE for one, two in pairwise(arguments))


def bare_app() -> Flask:
    """Return an application that serves nothing and knows the rules alone; the settings are not read."""
    app = Flask("portal", static_folder=None)
    app.cli.add_command(rules)
    return app


def spoken(command: Command) -> Command:
    """Give a command its language."""
    words = click.Choice(["zh", "en"])
    return click.option("--lang", type=words, default=terminal_language, help="Language of what is printed.")(
        command
    )


@click.group("rules")
def rules() -> None:
    """The reward rules: files that say what a confirmed report is worth."""


@rules.command("list")
@spoken
def list_rules(lang: str) -> None:
    """List the rule files that ship: id, version, title."""
    tr = CatalogueTongue(lang)
    widest = max(len(card.id) for card in shelf.cards().values())
    for card in shelf.cards().values():
        click.echo(f"{card.id:{widest}}  {card.version:>3}  {text(card.title, tr)}")


@rules.command("check")
@click.argument("file", type=click.Path(path_type=Path))
@spoken
def check_file(file: Path, lang: str) -> None:
    """Say whether FILE can be used as it is; every fault with its line, reason and hint."""
    tr = CatalogueTongue(lang)
    found = _rules_of(str(file), tr)
    counts = {"entries": len(found.entries), "facts": len(found.facts)}
    click.echo(tr("%(title)s: version %(version)s.", title=text(found.title, tr), version=found.version))
    click.echo(tr("The file can be used. Provisions: %(entries)s, facts: %(facts)s.", **counts))


@rules.command("explain")
@click.option(
    "--rules", "named", required=True, metavar="ID_OR_FILE", help="Such as anyang, anyang@1 or a file."
)
@click.option("--case", "case_file", required=True, type=click.Path(path_type=Path), help="A case as JSON.")
@click.option("--json", "as_json", is_flag=True, help="Print amount and derivation as JSON.")
@spoken
def explain_case(named: str, case_file: Path, lang: str, *, as_json: bool) -> None:
    """Compute an award from a case and print how it comes about."""
    tr = CatalogueTongue(lang)
    found = _rules_of(named, tr)
    case = _case_of(case_file, found, tr)
    outcome = compute(
        case.facts, found, moment=case.moment, stage=case.stage, main_award_fen=case.main_award_fen
    )
    if as_json:
        click.echo(json.dumps(_as_json(outcome), ensure_ascii=False, indent=2, sort_keys=True))
        return
    for line in _told(case, outcome, Reading(tr, found, shelf.title)):
        click.echo(line)


@rules.command("diff")
@click.argument("old")
@click.argument("new")
@spoken
def compare(old: str, new: str, lang: str) -> None:
    """Say in sentences what changes from OLD to NEW (ids or files)."""
    tr = CatalogueTongue(lang)
    one, two = _rules_of(old, tr), _rules_of(new, tr)
    said = change_sentences(diff(one, two), one, two, tr)
    for sentence in said or [tr("Nothing changes.")]:
        click.echo(sentence)


# Reading -------------------------------------------------------------------------------------------------


def _rules_of(named: str, tr: CatalogueTongue) -> RuleSet:
    """Return the rule set of a file or of an id that ships; ends the program with the faults."""
    try:
        if named.endswith(".toml") or "/" in named:
            return parse(_body(Path(named), MOST_BYTES, tr), name=named, library=shelf.LIBRARY)
        return shelf.named(named)
    except RulesRefused as refused:
        _end([fault_sentence(fault, tr) for fault in refused.faults])
    except LookupError:
        known = ", ".join(dict.fromkeys(card.id for card in shelf.cards().values()))
        _end([tr("No rule set is called %(name)s. Known are: %(known)s", name=named, known=known)])


def _case_of(file: Path, found: RuleSet, tr: CatalogueTongue) -> Case:
    """Return the case of a file; ends the program with the field that is wrong."""
    try:
        return case_json.read(_body(file, case_json.MAX_BYTES, tr), found)
    except CaseRefused as refused:
        said = case_sentence(refused, tr)
        _end([tr("%(field)s: %(sentence)s", field=file, sentence=said)])


def _body(file: Path, most: int, tr: CatalogueTongue) -> bytes:
    """Read a file, and no more than tells that it is too large."""
    try:
        with file.open("rb") as opened:
            return opened.read(most + 1)
    except FileNotFoundError:
        _end([tr("There is no file %(file)s.", file=file)])
    except OSError:
        _end([tr("The file %(file)s cannot be read.", file=file)])


def _end(sentences: list[str]) -> NoReturn:
    for sentence in sentences:
        click.echo(sentence, err=True)
    raise SystemExit(UNREADABLE)


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
