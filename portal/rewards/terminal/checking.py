"""`flask rules check FILE`: whether a file can be used."""

from __future__ import annotations

import click

from portal.rewards.terminal.files import rules_of
from portal.rewards.terminal.spoken import spoken
from portal.rewards.wording.speech import CatalogueTongue, text


@click.command("check")
@click.argument("file")
@spoken
def command(file: str, lang: str) -> None:
    """Say whether FILE can be used as it is; every fault with its line, reason and hint."""
    tr = CatalogueTongue(lang)
    found = rules_of(file, tr)
    click.echo(tr("%(title)s: version %(version)s.", title=text(found.title, tr), version=found.version))
    counts = {"entries": len(found.entries), "facts": len(found.facts)}
    click.echo(tr("The file can be used. Provisions: %(entries)s, facts: %(facts)s.", **counts))
