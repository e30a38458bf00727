"""`flask rules list`: what ships."""

from __future__ import annotations

import click

from portal.rewards import shelf
from portal.rewards.terminal.spoken import spoken
from portal.rewards.wording.speech import CHINESE


@click.command("list")
@spoken
def command(lang: str) -> None:
    """List the rule files that ship: id, version, title."""
    cards = shelf.cards().values()
    widest = max(len(card.id) for card in cards)
    for card in cards:
        title = card.title.zh if lang == CHINESE else card.title.en
        click.echo(f"{card.id:{widest}}  {card.version:>3}  {title}")
