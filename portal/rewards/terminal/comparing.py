"""`flask rules diff OLD NEW`: what changes."""

from __future__ import annotations

import click

from portal.rewards.changes import change_sentences
from portal.rewards.rules.differences import diff
from portal.rewards.terminal.files import rules_of
from portal.rewards.terminal.spoken import spoken
from portal.rewards.wording.speech import CatalogueTongue


@click.command("diff")
@click.argument("old")
@click.argument("new")
@spoken
def command(old: str, new: str, lang: str) -> None:
    """Say in sentences what changes from OLD to NEW (ids or files)."""
    tr = CatalogueTongue(lang)
    one, two = rules_of(old, tr), rules_of(new, tr)
    for sentence in change_sentences(diff(one, two), one, two, tr) or [tr("Nothing changes.")]:
        click.echo(sentence)
