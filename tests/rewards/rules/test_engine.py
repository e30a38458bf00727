"""What the engine is made of: the standard library, whole numbers, and an answer in good time."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from time import process_time

import pytest

from portal.rewards import rules
from portal.rewards.rules.faults import MOST_FAULTS, RulesRefused
from portal.rewards.rules.load import parse

ENGINE = Path(next(iter(rules.__path__)))
SOURCES = sorted(path for path in ENGINE.rglob("*.py"))


def nodes(path: Path) -> Iterator[ast.AST]:
    """Every node of a module."""
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ENGINE)))
def test_the_engine_knows_nothing_but_the_library_and_money(path: Path) -> None:
    """Else a rule can only be proved where the whole portal runs."""
    for node in nodes(path):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            inside = name == "portal.money" or f"{name}.".startswith("portal.rewards.rules.")
            assert inside or name.partition(".")[0] in sys.stdlib_module_names, name


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ENGINE)))
def test_the_engine_has_no_binary_fraction(path: Path) -> None:
    """Else two machines may differ by a fen."""
    for node in nodes(path):
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float))
        assert not (isinstance(node, ast.Name) and node.id == "float")
        assert not (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "round"
        )


SOUND = """schema = 1
id = "hostile"
version = 1
title = { zh = "示例", en = "Example" }
effective_from = 2024-01-01
kinds = ["illegal_act"]
[[award]]
id = "one"
"""
HOSTILE = {
    "ten megabytes": "a = 1\n" * 1_750_000,
    "brackets": SOUND + "pay = " + "[" * 200_000,
    "braces": SOUND + "pay = " + "{fixed=" * 30_000,
    "dots": SOUND + ".".join(["a"] * 100_000) + " = 1",
    "quoted dots": SOUND + ".".join(['"a"'] * 60_000) + " = 1",
    "header of dots": SOUND + "[" + ".".join(["a"] * 100_000) + "]",
    "open strings": '"""' * 80_000,
    "open quotes": '"' * 200_000,
    "quotes by line": '"\n' * 100_000,
    "unknown keys": SOUND + "".join(f"k{number} = 1\n" for number in range(20_000)),
    "entries of nothing": SOUND + "[[award]]\n" * 20_000,
    "entries with a slip": SOUND + "[[award]]\npya=1\n" * 14_000,
    "facts of nothing": SOUND + "[[fact]]\n" * 20_000,
    "undeclared facts": SOUND + "when = { " + ", ".join(f"f{n} = true" for n in range(15_000)) + " }",
    "numbers": SOUND + "pay = { fixed = [" + "1e400, nan, inf, 1.5, " * 10_000 + "] }",
    "a long number": SOUND + "pay = { fixed = " + "9" * 200_000 + " }",
    "a long exponent": SOUND + "pay = { fixed = 1e" + "9" * 200_000 + " }",
    "a long amount in quotes": SOUND + 'pay = { fixed = "' + "9" * 200_000 + '" }',
    "many tiers": SOUND
    + 'pay = { fixed = { of = "x", tiers = ['
    + "{ from = 1, is = 1 }, " * 9_000
    + "] } }",
    "many alike entries": SOUND
    + "pay = { fixed = 1 }\n"
    + "".join(f"[[award]]\nid = 'e{number}'\npay = {{ fixed = 1 }}\n" for number in range(4_500)),
}
NARROW = "".join(
    f"[[award]]\nid='n{number}'\nwhen={{w={{from={number},below={number + 1}}}}}\npay={{fixed=1}}\n"
    for number in range(3_500)
)
HOSTILE["many narrow entries"] = (
    f"{SOUND}pay = {{ fixed = 1, max = 0 }}\nwhen = {{ w = {{ below = 0 }} }}\n"
    f"[[fact]]\nid = 'w'\ntype = 'number'\nlabel = {{ zh = '数', en = 'N' }}\n{NARROW}"
)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_few_words(name: str) -> None:
    """Else one upload keeps a process busy, or ends it."""
    with pytest.raises(RulesRefused) as refused:
        parse(HOSTILE[name], name="hostile.toml")
    assert 0 < len(refused.value.faults) <= MOST_FAULTS
    assert all(len(str(value)) <= 200 for fault in refused.value.faults for value in fault.facts.values())


REFERENCE = "".join(f"k{number} = {{ a = 1, b = 'x' }}\n" for number in range(6_000))
QUIET = 0.1
"""Seconds of processor time for reading the reference where the bound of one second was set."""


def _a_second() -> float:
    """A second of a quiet machine: longer only while this one takes longer over the reference, too."""
    begun = process_time()
    tomllib.loads(REFERENCE)
    return max(1.0, (process_time() - begun) / QUIET)


@pytest.mark.assure
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_within_a_second(name: str) -> None:
    """Else twenty of them keep a process busy for a minute."""
    begun = process_time()
    with pytest.raises(RulesRefused):
        parse(HOSTILE[name], name="hostile.toml")
    assert process_time() - begun < _a_second()
