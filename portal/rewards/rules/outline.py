"""The outline of a TOML text before it is parsed: how deep it nests, and on which line what begins."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MOST_DEEP = 12
"""Deeper than any rule; tomllib answers a thousand brackets with a RecursionError."""

# Unclosed strings run to the end of the line or file: so every text is read once, whatever it holds.
_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?(?:"""|\Z)'
    r"|'''.*?(?:'''|\Z)"
    r'|"(?:\\.|[^"\\\n])*"?'
    r"|'[^'\n]*'?"
    r"|\#[^\n]*"
    r"|(?P<line>\n)"
    r"|(?P<open>[\[{])"
    r"|(?P<close>[\]}])"
    r"|(?P<key>[A-Za-z0-9_.-]+)"
    r"|(?P<next>[=,])"
    r"|[^\n\"'\#\[\]{}A-Za-z0-9_.,=-]+",
    re.DOTALL,
)
_HEADER = re.compile(r"\[\[?\s*([^\]\n]*?)\s*\]")


@dataclass(slots=True)
class Outline:
    """Lines of headers by table name, lines of keys by header, and how deep the text nests."""

    headers: dict[str, list[int]] = field(default_factory=dict)
    keys: dict[tuple[str, str], int] = field(default_factory=dict)
    options: list[list[int]] = field(default_factory=list)
    deep: int = 0
    deep_line: int = 1

    def dig(self, deep: int, line: int) -> None:
        """Note how deep a line goes."""
        if deep > self.deep:
            self.deep, self.deep_line = deep, line

    def line(self, table: str, number: int) -> int:
        """Return the line of the header of the table's so-manieth part (from 0)."""
        lines = self.headers.get(table, [])
        return lines[number] if number < len(lines) else self.key(table)

    def option(self, fact: int, number: int) -> int:
        """Return the line of an option's header."""
        lines = self.options[fact] if fact < len(self.options) else []
        return lines[number] if number < len(lines) else self.line("fact", fact)

    def key(self, key: str, header: str = "") -> int:
        """Return the line of a key under a header (empty: the head, or a header of this name)."""
        named = self.headers.get(key) if not header else None
        return self.keys.get((header, key)) or (named[0] if named else 1)


def outline(text: str) -> Outline:
    """Read the outline of any text, in one pass."""
    found = Outline()
    line, depth, dots, fresh, header = 1, 0, 0, True, ""
    for token in _TOKEN.finditer(text):
        kind, written = token.lastgroup, token.group()
        if kind == "key":
            # tomllib takes a time that grows with the square of a dotted key's parts, in quotes or not.
            dots += written.count(".")
            found.dig(dots, line)
            if fresh and depth == 0:
                found.keys.setdefault((header, written), line)
        elif kind == "line":
            line, dots, fresh = line + 1, 0, True
            continue
        elif kind == "open":
            if fresh and depth == 0:
                header = _header(found, text, token.start(), line)
            depth, dots = depth + 1, 0
            found.dig(depth, line)
        elif kind == "close":
            depth, dots = max(depth - 1, 0), 0
        else:
            line += written.count("\n")
            dots = 0 if kind == "next" else dots
        if not written.isspace():
            fresh = False
    return found


def _header(found: Outline, text: str, start: int, line: int) -> str:
    """Note a header and return its name."""
    match = _HEADER.match(text, start)
    name = re.sub(r"\s", "", match.group(1)) if match else ""
    found.headers.setdefault(name, []).append(line)
    if name == "fact":
        found.options.append([])
    elif name == "fact.option" and found.options:
        found.options[-1].append(line)
    return name
