"""Printing the demonstration's accounts."""

import json
from pathlib import Path
from typing import Any

COLUMNS = ("role", "name", "username", "password", "scope")


def account_lines(path: Path, page: str) -> list[str]:
    """A table of the first accounts in demo-accounts.json, and where the rest is; empty without the file."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    rows = content.get("accounts", []) if isinstance(content, dict) else content
    everybody = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    accounts = [row for row in everybody if row.get("shown", True)]
    shown = [column for column in COLUMNS if any(column in row for row in accounts)]
    table = [shown, *([_text(row.get(column, "")) for column in shown] for row in accounts)]
    widths = [max(map(_width, column)) for column in zip(*table, strict=True)]
    lines = [
        "  " + "  ".join(_padded(cell, size) for cell, size in zip(row, widths, strict=True)) for row in table
    ]
    others = len(everybody) - len(accounts)
    return [
        *lines,
        f"\n  All accounts ({others} more) with one-time codes, and all messages: {page}",
        f"  Second-factor seeds, and receipt codes to look at: {path}\n",
    ]


def _text(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    """A value in one line."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _width(text: str) -> int:
    """Columns on a terminal: Chinese characters take two."""
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)


def _padded(text: str, width: int) -> str:
    """The text with blanks up to the width."""
    return text + " " * (width - _width(text))
