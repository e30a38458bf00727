"""Bad rule files are refused at once, every fault named: one let in would pay wrong amounts for years."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from portal.rewards.rules.faults import Fault, FaultCode, Hint, RulesRefused
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
