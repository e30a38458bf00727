"""Only a slice's moves change a status: anywhere else a step would leave no event and skip its life cycle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "portal"
# Where a life cycle's table is applied, with its event beside it.
MOVES = {"cases/moves.py", "cases/rectification.py", "rewards/moves.py"}


def targets_of(node: ast.AST) -> list[ast.expr]:
    """What a statement assigns to, tuples taken apart."""
    found: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        found = list(node.targets)
    elif isinstance(node, ast.AnnAssign | ast.AugAssign):
        found = [node.target]
    return [part for target in found for part in (target.elts if isinstance(target, ast.Tuple) else [target])]


def assigns_status(node: ast.AST) -> bool:
    """Whether a node sets a status: by assignment, ``setattr`` or an UPDATE; HTTP's numbers are no status."""
    value = getattr(node, "value", None)
    if isinstance(value, ast.Constant) and isinstance(value.value, int):
        return False
    if any(isinstance(target, ast.Attribute) and target.attr == "status" for target in targets_of(node)):
        return True
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name == "values":
        return any(keyword.arg == "status" for keyword in node.keywords)
    constants = [one.value for one in node.args if isinstance(one, ast.Constant)]
    return name == "setattr" and "status" in constants


def assignments(source: str) -> Iterator[int]:
    """The lines on which a source sets a status."""
    for node in ast.walk(ast.parse(source)):
        if assigns_status(node):
            yield getattr(node, "lineno", 0)


def test_nothing_but_the_moves_assigns_a_status() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted(ROOT.rglob("*.py"))
        if str(path.relative_to(ROOT)) not in MOVES
        for line in assignments(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize("path", sorted(MOVES))
def test_each_of_the_moves_really_is_one(path: str) -> None:
    source = (ROOT / path).read_text(encoding="utf-8")
    assert list(assignments(source))
    assert "record(" in source


@pytest.mark.parametrize(
    "source",
    [
        "case.status = new",
        "case.status = 'closed'",
        "a, case.status = 1, new",
        "setattr(case, 'status', new)",
        "update(Case).values(status=new)",
    ],
)
def test_every_way_to_set_a_status_is_seen(source: str) -> None:
    assert list(assignments(source)) == [1]


def test_reading_a_status_is_no_assignment() -> None:
    assert (
        list(assignments("x = case.status\nCase(status=new)\nif case.status == new: pass\nform.status = 422"))
        == []
    )
