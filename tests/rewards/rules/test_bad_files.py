"""Bad rule files are refused at once, every fault named: one let in would pay wrong amounts for years."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from portal.rewards.rules.faults import Fault, FaultCode, Hint, RulesRefused
from portal.rewards.rules.library import Library
from portal.rewards.rules.load import parse
from tests.rewards.rules.shipped import FOLDER, every_shipped

BAD = sorted((Path(__file__).parent / "bad").glob("*.toml"))
_EXPECTS = re.compile(r"^# expects: (.+) \| (\d+) \| (\w+)$", re.MULTILINE)
MOST_BYTES = 256 * 1024


def _faults(body: str | bytes) -> tuple[Fault, ...]:
    """Return what is wrong with a file."""
    with pytest.raises(RulesRefused) as refused:
        parse(body, name="bad.toml", library=every_shipped())
    return refused.value.faults


@pytest.mark.parametrize("path", BAD, ids=[path.stem for path in BAD])
def test_a_bad_file_is_refused_with_entry_line_and_reason(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    expected = {(entry, int(line), FaultCode(code)) for entry, line, code in _EXPECTS.findall(text)}
    assert expected, "a bad file says what is expected"
    found = {(fault.entry or "head", fault.line, fault.code) for fault in _faults(text)}
    assert found == expected


@pytest.mark.parametrize("path", BAD, ids=[path.stem for path in BAD])
def test_every_fault_names_the_file_and_most_say_what_to_do(path: Path) -> None:
    for fault in _faults(path.read_text(encoding="utf-8")):
        assert fault.file == "bad.toml"
        unhelped = {FaultCode.RATE_OVER_100, FaultCode.NEGATIVE_AMOUNT, FaultCode.SYNTAX}
        assert fault.hint is not Hint.NONE or fault.code in unhelped


def test_what_the_owner_asked_for_is_in_the_table() -> None:
    """Each sort of fault that an official was promised a sentence for has a file here."""
    codes = {FaultCode(code) for path in BAD for _, _, code in _EXPECTS.findall(path.read_text("utf-8"))}
    assert codes >= {
        FaultCode.UNKNOWN_KEY,
        FaultCode.MIN_OVER_MAX,
        FaultCode.TIERS_OVERLAP,
        FaultCode.TIERS_GAP,
        FaultCode.RATE_OVER_100,
        FaultCode.UNREACHABLE_ENTRY,
        FaultCode.KIND_WITHOUT_ENTRY,
        FaultCode.UPLIFT_CONTRADICTORY,
        FaultCode.UNDECLARED_FACT,
        FaultCode.TOO_DEEP,
    }


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"\xff\xfe", FaultCode.NOT_UTF8),
        ("title = '示例'".encode("gb18030"), FaultCode.NOT_UTF8),
        (b"# " + b"x" * MOST_BYTES, FaultCode.TOO_LARGE),
        (b"a = 1\n" * 2_000_000, FaultCode.TOO_LARGE),
        (b"x = " + b"[" * 100_000, FaultCode.TOO_DEEP),
        (b"x = " + b"{a = " * 20_000, FaultCode.TOO_DEEP),
        (b".".join([b"a"] * 10_000) + b" = 1", FaultCode.TOO_DEEP),
        (b"schema = 1\0", FaultCode.NUL_BYTE),
    ],
    ids=["utf-16", "gb18030", "one byte too many", "10 MB", "brackets", "braces", "dotted", "nul"],
)
def test_a_hostile_file_is_refused_before_it_is_read(body: bytes, code: FaultCode) -> None:
    assert code in {fault.code for fault in _faults(body)}


def test_the_largest_file_is_still_read() -> None:
    sound = (FOLDER / "tianjin-2021.toml").read_bytes()
    filled = sound + b"# " + b"x" * (MOST_BYTES - len(sound) - 2)
    assert len(filled) == MOST_BYTES
    assert parse(filled, name="large.toml", library=every_shipped()).id == "tianjin-2021"


SMALL = """schema         = 1
id             = "%(id)s"
version        = %(version)d
title          = { zh = "示例", en = "An example" }
invented       = true
effective_from = %(day)s
kinds          = ["illegal_act"]
%(inherits)s
[[award]]
id   = "share"
when = { kind = ["illegal_act"] }
pay  = { fixed = 500 }
"""


def _small(rule_id: str, version: int = 1, day: str = "2026-01-01", parent: str = "") -> str:
    """Return a small rule that is right but for what is asked for."""
    inherits = f'inherits = [{{ from = "{parent}", version = 1, parts = ["eligibility"] }}]' if parent else ""
    return SMALL % {"id": rule_id, "version": version, "day": day, "inherits": inherits}


def test_rules_that_inherit_from_each_other_are_refused() -> None:
    """A circle would turn for ever, and which part goes first nobody could say."""
    parents = {"one": "two", "two": "three", "three": "one"}
    circle = Library(lambda rule_id, _version: _small(rule_id, parent=parents[rule_id]).encode())
    with pytest.raises(RulesRefused) as refused:
        circle("one", 1)
    assert {fault.code for fault in refused.value.faults} == {FaultCode.INHERITED_CIRCLE}


def test_a_rule_that_inherits_from_itself_is_refused() -> None:
    with pytest.raises(RulesRefused) as refused:
        parse(_small("one", parent="one"), name="one.toml", library=every_shipped())
    assert [(fault.code, fault.line) for fault in refused.value.faults] == [(FaultCode.INHERITED_CIRCLE, 8)]


@pytest.mark.parametrize(
    ("version", "day", "faults"),
    [
        (3, "2026-05-01", []),
        (3, "2026-06-01", []),
        (3, "2026-04-30", [(FaultCode.EFFECTIVE_BEFORE_EXISTING, 6)]),
        (2, "2026-06-01", [(FaultCode.VERSION_NOT_RISING, 3)]),
        (1, "2026-01-01", [(FaultCode.VERSION_NOT_RISING, 3), (FaultCode.EFFECTIVE_BEFORE_EXISTING, 6)]),
    ],
)
def test_a_new_version_comes_after_those_that_are_there(
    version: int, day: str, faults: list[tuple[FaultCode, int]]
) -> None:
    """Otherwise a case of last month would change its rule."""
    existing = [parse(_small("one", 1), name="one"), parse(_small("one", 2, "2026-05-01"), name="one-v2")]
    found: list[tuple[FaultCode, int]] = []
    try:
        parse(_small("one", version, day), name="one-new", existing=existing)
    except RulesRefused as refused:
        found = [(fault.code, fault.line) for fault in refused.faults]
    assert found == faults
