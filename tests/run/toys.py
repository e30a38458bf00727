"""Jobs and tasks that leave a mark, for the tests of the worker and the schedule."""

import os
from pathlib import Path

from flask import current_app

DONE: list[str] = []


def mark(number: int) -> None:
    """Leave a file whose name says which application ran it."""
    Path(os.environ["TOY_FOLDER"], f"{current_app.name}-{number}").touch()


def note() -> None:
    """Remember that it ran."""
    DONE.append(current_app.name)


def fail() -> None:
    """Always raise."""
    raise RuntimeError("on purpose")
