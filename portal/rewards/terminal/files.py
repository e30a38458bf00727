"""Rule sets and cases from files; what cannot be read ends the program with a sentence for each fault."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import click

from portal.rewards import shelf
from portal.rewards.refusals import fault_sentence
from portal.rewards.rules.faults import RulesRefused
from portal.rewards.rules.library import shipped
from portal.rewards.rules.load import MOST_BYTES, parse
from portal.rewards.rules.model import RuleSet
from portal.rewards.wording.speech import Tongue

UNREADABLE = 2
"""The exit status of what a person has to mend."""


def rules_of(name: str, tr: Tongue) -> RuleSet:
    """Return the rule set of a file, or of an id that ships; ends the program with the faults."""
    try:
        if name.endswith(".toml") or "/" in name:
            return parse(body_of(Path(name), MOST_BYTES, tr), name=name, library=shipped())
        return named(name)
    except RulesRefused as refused:
        end([fault_sentence(fault, tr) for fault in refused.faults])
    except LookupError:
        known = ", ".join(dict.fromkeys(card.id for card in shelf.cards().values()))
        end([tr("No rule set is called %(name)s. Known are: %(known)s", name=name, known=known)])


def named(name: str) -> RuleSet:
    """Return a rule set by id (then the newest) or by ``id@version``; raises LookupError."""
    rule, _, version = name.partition("@")
    if version and not version.isdecimal():
        raise LookupError(name)
    return shipped()(rule, int(version) if version else shelf.newest(rule))


def body_of(file: Path, most: int, tr: Tongue) -> bytes:
    """Read a file, and no more than tells that it is too large."""
    try:
        with file.open("rb") as opened:
            return opened.read(most + 1)
    except FileNotFoundError:
        end([tr("There is no file %(file)s.", file=file)])
    except OSError:
        end([tr("The file %(file)s cannot be read.", file=file)])


def end(sentences: list[str]) -> NoReturn:
    """Say what is wrong, and stop."""
    for sentence in sentences:
        click.echo(sentence, err=True)
    raise SystemExit(UNREADABLE)
