"""`flask rules list | check | explain | diff`: rule files at a terminal, without settings or database.

Each command is read when it is asked for: what lists files does not load the engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from itertools import pairwise

import click

PLACES = {
    "list": "portal.rewards.terminal.listing",
    "check": "portal.rewards.terminal.checking",
    "explain": "portal.rewards.terminal.explaining",
    "diff": "portal.rewards.terminal.comparing",
}
"""The words after ``rules`` that need nothing but files, and the module that answers each."""


class Rules(click.Group):
    """The commands of this package, read one by one, and those that others add."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the words in the order of the alphabet."""
        return sorted({*PLACES, *super().list_commands(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its word."""
        place = PLACES.get(cmd_name)
        if place is None:
            return super().get_command(ctx, cmd_name)
        command: click.Command = import_module(place).command
        return command


@click.group("rules", cls=Rules)
def rules() -> None:
    """The reward rules: files that say what a confirmed report is worth."""


def is_pure(arguments: Sequence[str]) -> bool:
    """Tell whether a command line asks for a command that needs nothing but files."""
    return any(one == "rules" and two in PLACES for one, two in pairwise(arguments))
