"""Every example of the documents is run: an example that lies makes somebody write a wrong rule."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from portal.money import format_yuan
from portal.rewards.rules.case_json import read
from portal.rewards.rules.compute import compute
from portal.rewards.rules.load import parse
from portal.rewards.rules.outcome import Verdict
from tests.rewards.rules.editor import marked
from tests.rewards.rules.shipped import every_shipped

DOCS = Path(__file__).parents[3] / "docs" / "rules"
_BLOCK = re.compile(
    r"^```(?P<language>toml|json)\n(?P<body>.*?)^```$"
    r"|^→ (?P<verb>pays|nothing:|waits:) \*\*(?P<value>.+?)\*\*$",
    re.MULTILINE | re.DOTALL,
)
_HEAD = {
    "schema": "1",
    "id": '"reference"',
    "version": "1",
    "title": '{ zh = "示例", en = "An example" }',
    "invented": "true",
    "effective_from": "2026-01-01",
    "payable_when": '"verified"',
}


@dataclass(frozen=True, slots=True)
class Example:
    """A rule, a case and what the page says about them, with the line where it says so."""

    document: str
    line: int
    rule: str
    case: str
    answer: str


def _examples(document: str) -> list[Example]:
    """Return the examples of a page; a rule stands until the next, a case until its answer."""
    text = (DOCS / document).read_text(encoding="utf-8")
    found: list[Example] = []
    rule = case = ""
    for block in _BLOCK.finditer(text):
        line = text.count("\n", 0, block.start()) + 1
        if block["language"] == "toml":
            rule = block["body"]
        elif block["language"] == "json":
            assert not case, f"{document}:{line}: the case before has no answer"
            case = block["body"]
        else:
            assert case, f"{document}:{line}: an answer without a case"
            found.append(Example(document, line, rule, case, f"{block['verb']} {block['value']}"))
            case = ""
    return found


def _whole(fragment: str) -> str:
    """Return an example with the head that the page leaves out."""
    given = set(re.findall(r"^(\w+) *=", fragment.partition("[[")[0], re.MULTILINE))
    head = [f"{key} = {value}" for key, value in _HEAD.items() if key not in given]
    return fragment if "schema" in given else "\n".join([*head, fragment])


EXAMPLES = [*_examples("reference.md"), *_examples("writing-a-rule.md")]


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{one.document}:{one.line}" for one in EXAMPLES])
def test_the_page_says_what_the_portal_pays(example: Example) -> None:
    rules = parse(_whole(example.rule), name="reference.toml", library=every_shipped())
    case = read(example.case, rules)
    outcome = compute(
        case.facts, rules, moment=case.moment, stage=case.stage, main_award_fen=case.main_award_fen
    )
    if outcome.verdict is Verdict.AWARD:
        answer = f"pays {format_yuan(outcome.amount_fen or 0)}"
    elif outcome.verdict is Verdict.WAITING:
        answer = f"waits: {outcome.needs[0].need}"
    else:
        answer = f"nothing: {outcome.reason}"
    assert answer == example.answer, f"{example.document}, line {example.line}"


@pytest.mark.parametrize("rule", sorted({_whole(one.rule) for one in EXAMPLES}))
def test_the_schema_for_editors_knows_every_example(rule: str) -> None:
    assert marked(rule) == []


def test_the_reference_has_every_shape_and_every_clause() -> None:
    """A shape without an example is one that nobody finds."""
    text = (DOCS / "reference.md").read_text(encoding="utf-8")
    assert [int(number) for number in re.findall(r"^### S(\d+) ", text, re.MULTILINE)] == list(range(1, 24))
    for section in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        title = section.partition("\n")[0]
        if re.match(r"S\d+ |fixed|percent_of|each|choose|sum_of|min, max", title):
            assert "```toml" in section, title
            assert re.search(r"^→ ", section, re.MULTILINE), title
