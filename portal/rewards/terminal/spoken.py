"""The language of a command."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from portal.rewards.wording.speech import CHINESE, ENGLISH, terminal_language

Command = TypeVar("Command", bound=Callable[..., None])


def spoken(command: Command) -> Command:
    """Give a command its language: as asked, else as the terminal's."""
    words = click.Choice([CHINESE, ENGLISH])
    text = "Language of what is printed; default: the terminal's, Chinese unless it is English."
    return click.option("--lang", type=words, default=terminal_language, help=text)(command)
