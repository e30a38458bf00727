"""From the text of a file to a rule set; everything that is wrong with it is said at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence

from portal.rewards.rules.assembly import assemble
from portal.rewards.rules.check import check
from portal.rewards.rules.faults import FaultCode, Faults, Hint, Place, RulesRefused
from portal.rewards.rules.inheritance import Library
from portal.rewards.rules.model import RuleSet
from portal.rewards.rules.outline import MOST_DEEP, Outline, outline
from portal.rewards.rules.questions import called
from portal.rewards.rules.reading import Unquoted, shortened

MOST_BYTES = 256 * 1024
_AT = re.compile(r"\(at line (\d+), column (\d+)\)")
_RATE = re.compile(r"(^|[.])(rate|percent)([.]|$)")
_ENDLESS = re.compile(r"\d[\d_]{1000,}")
_TWICE = ("Cannot overwrite", "Cannot declare", "Cannot mutate", "Duplicate inline")
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')
_WIDE = re.compile("[“”‘’\uff02\uff0c\uff1a\uff1d\uff3b\uff3d\uff5b\uff5d\uff05\u3000、]")
"""Signs that a Chinese keyboard writes where TOML wants those of a Latin one."""


def no_library(rule_id: str, version: int) -> RuleSet:
    """Know no other rule set; raises KeyError."""
    raise KeyError(rule_id, version)


def parse(
    body: bytes | str, *, name: str, library: Library = no_library, existing: Sequence[RuleSet] = ()
) -> RuleSet:
    """Return the rule set of a file; raises RulesRefused with every fault of it.

    ``name``: how the file is called in faults; ``existing``: the versions of this rule that are there.
    """
    faults = Faults(name)
    text = _text(body, faults)
    lines = outline(text)
    data = _tables(text, lines, faults)
    _floats(data, lines, faults)
    rules = assemble(data, lines, faults, library)
    if rules is not None:
        check(rules, data, lines, faults, existing)
    if faults.found or rules is None:
        raise RulesRefused(faults.found)
    return rules


def _text(body: bytes | str, faults: Faults) -> str:
    """Return the text of a file that is fit to be read; raises RulesRefused before anything is parsed."""
    size = len(body) if isinstance(body, bytes) else len(body.encode(errors="surrogatepass"))
    if size > MOST_BYTES:
        facts = {"bytes": size, "most": MOST_BYTES}
        faults.add(FaultCode.TOO_LARGE, Place(), Hint.SPLIT_THE_FILE, **facts)
        raise RulesRefused(faults.found)
    raw = body if isinstance(body, bytes) else body.encode(errors="surrogatepass")
    try:
        text = raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        faults.add(FaultCode.NOT_UTF8, Place("", line), Hint.SAVE_AS_UTF8)
        raise RulesRefused(faults.found) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        faults.add(FaultCode.NUL_BYTE, Place("", line), Hint.SAVE_AS_UTF8)
        raise RulesRefused(faults.found)
    return text.replace("\r\n", "\n")


def _tables(text: str, lines: Outline, faults: Faults) -> dict[str, object]:
    """Return what tomllib reads; raises RulesRefused with the line of a slip in the syntax."""
    if lines.deep > MOST_DEEP:
        faults.add(FaultCode.TOO_DEEP, Place("", lines.deep_line), Hint.WRITE_FLATTER, most=MOST_DEEP)
        raise RulesRefused(faults.found)
    try:
        return tomllib.loads(text, parse_float=Unquoted)
    # Beside its own error: numbers of more digits than Python reads, and depths that the outline missed.
    except (ValueError, RecursionError) as error:
        _slip(str(error), text, faults)
        raise RulesRefused(faults.found) from None


def _slip(said: str, text: str, faults: Faults) -> None:
    """Note a slip in the syntax: what tomllib says of it, in our codes."""
    at = _AT.search(said)
    endless = None if at else _ENDLESS.search(text)
    if endless is not None:
        line = text.count("\n", 0, endless.start()) + 1
        faults.add(FaultCode.NUMBER_TOO_LONG, Place("", line), Hint.WRITE_IN_QUOTES)
        return
    line, column = (int(at[1]), int(at[2])) if at else (text.count("\n") + 1, 0)
    if said.startswith(_TWICE):
        faults.add(FaultCode.KEY_TWICE, Place("", line), Hint.REMOVE_ONE)
        return
    written = text.split("\n")[line - 1 : line]
    chinese = any(_WIDE.search(_QUOTED.sub("", one)) for one in written)
    hint = Hint.PLAIN_SIGNS if chinese else Hint.KEY_AND_VALUE
    faults.add(FaultCode.SYNTAX, Place("", line), hint, column=column)


def _floats(data: dict[str, object], lines: Outline, faults: Faults) -> None:
    """Refuse every number with a point or an exponent, nan and inf: money is written in quotation marks."""
    todo: list[tuple[Place, str, object]] = []
    for key, value in data.items():
        if isinstance(value, list) and key in lines.headers:
            todo += [
                (Place(called(key, row, number), lines.line(key, number)), "", row)
                for number, row in enumerate(value)
                if isinstance(row, dict)
            ]
        elif key in lines.headers:
            todo.append((Place(key, lines.line(key, 0)), "", value))
        else:
            todo.append((Place("", lines.key(key)), key, value))
    while todo:
        place, path, value = todo.pop()
        if isinstance(value, Unquoted):
            written = shortened(str(value))
            hint = Hint.WRITE_PERCENT if _RATE.search(path) else Hint.WRITE_IN_QUOTES
            faults.add(FaultCode.FLOAT, place, hint, key=shortened(path), written=written)
        elif isinstance(value, dict):
            todo += [(place, f"{path}.{key}"[-80:].lstrip("."), one) for key, one in value.items()]
        elif isinstance(value, list):
            todo += [(place, path, one) for one in value]
