"""Every example of the documents is run: an example that lies makes somebody write a wrong rule."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import pytest

from portal.money import format_yuan
from portal.rewards.rules.case_json import FIELDS, FIELDS_OF_A_FINDING, FIELDS_OF_A_REPORTER, read
from portal.rewards.rules.compute import compute
from portal.rewards.rules.load import parse
from portal.rewards.rules.outcome import Verdict
from portal.rewards.rules.registry import STANDARD
from portal.rewards.rules.vocabulary import (
    About,
    Admission,
    Anonymous,
    ConfirmedBy,
    FactType,
    GovernsBy,
    Kind,
    KnownBefore,
    Moment,
    Order,
    Overlap,
    PayableWhen,
    Payment,
    PenaltyState,
    Period,
    RealName,
    RoundMode,
    SharingMode,
    Stage,
    Together,
)
from tests.rewards.rules.editor import SCHEMA, marked
from tests.rewards.rules.shipped import FOLDER, every_shipped

DOCS = Path(__file__).parents[3] / "docs" / "rules"
_BLOCK = re.compile(
    r"^```(?P<language>toml|json)\n(?P<body>.*?)^```$"
    r"|^→ (?P<verb>pays|应发|nothing:|waits:) \*\*(?P<value>.+?)\*\*$",
    re.MULTILINE | re.DOTALL,
)
_VERBS = {"应发": "pays"}
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
            found.append(
                Example(
                    document, line, rule, case, f"{_VERBS.get(block['verb'], block['verb'])} {block['value']}"
                )
            )
            case = ""
    return found


def _whole(fragment: str) -> str:
    """Return an example with the head that the page leaves out."""
    given = set(re.findall(r"^(\w+) *=", fragment.partition("[[")[0], re.MULTILINE))
    head = [f"{key} = {value}" for key, value in _HEAD.items() if key not in given]
    return fragment if "schema" in given else "\n".join([*head, fragment])


PAGES = ("reference.md", "writing-a-rule.md", "writing-a-rule.zh.md", "case.md")
EXAMPLES = [example for page in PAGES for example in _examples(page)]


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{one.document}:{one.line}" for one in EXAMPLES])
def test_the_page_says_what_the_portal_pays(example: Example) -> None:
    # A page without a rule of its own speaks of the one that ships.
    body = _whole(example.rule) if example.rule else (FOLDER / "anyang.toml").read_bytes()
    rules = parse(body, name="reference.toml", library=every_shipped())
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


@pytest.mark.parametrize("rule", sorted({_whole(one.rule) for one in EXAMPLES if one.rule}))
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


def test_pages_and_schema_know_the_words_that_the_engine_knows() -> None:
    """A word that only the engine knows is never used; one that only the page knows is refused."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    head, kinds = schema["properties"], schema["$defs"]["kind"]["enum"]
    award, fact = (schema["$defs"][name]["properties"] for name in ("award", "fact"))
    uplift, who = schema["$defs"]["uplift"]["properties"], head["eligibility"]["properties"]
    limit = head["limit"]["items"]["properties"]
    words: list[tuple[list[str], type[StrEnum]]] = [
        (kinds, Kind),
        (head["governs_by"]["enum"], GovernsBy),
        (head["payable_when"]["enum"], PayableWhen),
        (head["rounding"]["properties"]["mode"]["enum"], RoundMode),
        (head["overlap"]["enum"], Overlap),
        (head["uplifts"]["enum"], Together),
        (head["payment"]["enum"], Payment),
        (head["sharing"]["properties"]["mode"]["enum"], SharingMode),
        (who["real_name_by"]["enum"], Moment),
        (who["anonymous"]["enum"], Anonymous),
        (who["known_before"]["enum"], KnownBefore),
        (who["principal"]["enum"], Admission),
        (award["stage"]["enum"], Stage),
        (award["real_name_by"]["enum"], Moment),
        (fact["type"]["enum"], FactType),
        (fact["about"]["enum"], About),
        (fact["confirmed_by"]["enum"], ConfirmedBy),
        (uplift["order"]["enum"], Order),
        (limit["period"]["enum"], Period),
    ]
    reference = (DOCS / "reference.md").read_text(encoding="utf-8")
    for known, engine in words:
        assert set(known) == {word.value for word in engine}, engine
        assert all(f"`{word}`" in reference or f'`"{word}"`' in reference for word in known), engine
    assert set(head["uses"]["items"]["enum"]) == set(STANDARD)
    keys = [*STANDARD, *head, *who, *award, *fact, *uplift, *limit]
    assert [key for key in keys if not re.search(rf"`\[*(fact\.)?{key}\b", reference)] == []


def test_the_page_of_cases_names_every_field_and_word() -> None:
    page = (DOCS / "case.md").read_text(encoding="utf-8")
    for words in (Kind, PenaltyState, RealName, Stage, (Moment.FILING, Moment.CONCLUSION, Moment.CLAIM)):
        assert all(f"`{word}`" in page for word in words)
    assert all(f"`{name}`" in page for name in (*FIELDS, *FIELDS_OF_A_FINDING, *FIELDS_OF_A_REPORTER))
