"""The text of a cell: one line without control characters, and never a formula."""

from __future__ import annotations

MAX_CELL = 500
END = "end"  # what the unpacking child says last
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def plain(cell: str) -> str:
    """Return a cell as text: an apostrophe that kept it from being a formula is taken off."""
    text = " ".join("".join(sign for sign in cell if sign.isprintable() or sign.isspace()).split())[:MAX_CELL]
    return text[1:].strip() if text.startswith("'") and text[1:].lstrip().startswith(FORMULA_SIGNS) else text


def safe(cell: str) -> str:
    """Return a cell that no spreadsheet program takes for a formula."""
    return f"'{cell}" if cell.lstrip(" ").startswith(FORMULA_SIGNS) else cell
