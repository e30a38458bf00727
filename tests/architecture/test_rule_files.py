"""The rule files that ship: readable by the engine, in both languages, honest about what is not known."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from portal.rewards.rules.vocabulary import Kind
from tests.rewards.rules.editor import marked
from tests.rewards.rules.shipped import FOLDER, PATHS, shipped

IDS = [path.stem for path in PATHS]
MUST_SHIP = [
    "national-2018",
    "henan-2022",
    "henan-2025",
    "anyang-general-2022",
    "anyang-welding",
    "anyang",
    "shandong-2021",
    "xiamen",
    "shenzhen",
    "zhangzhou",
    "chongqing-2021",
    "beijing-tongzhou-2020",
    "nanchang-xihu",
    "shanxi-2022",
    "hubei-2019",
    "taizhou-2020",
]
ARTICLES_SEEN: frozenset[str] = frozenset()
"""No article of any document was seen; whoever has read one adds it here with the rule's file."""
DOCUMENTS_SEEN = {"安监总财〔2018〕19号", "安安委〔2022〕14号", "财税字〔1994〕020号", "应急〔2020〕69号"}


@cache
def _content(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def _tables(content: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Return every table of a file with its place."""
    if isinstance(content, dict):
        yield place, content
    items = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in items:
        if isinstance(value, (dict, list)):
            yield from _tables(value, f"{place}.{key}")


@pytest.mark.parametrize("name", MUST_SHIP)
def test_every_promised_rule_ships(name: str) -> None:
    assert name in IDS


@pytest.mark.parametrize("name", IDS)
def test_every_file_loads_and_is_called_as_its_id(name: str) -> None:
    """A city that starts with a broken file has no rules at all."""
    rules = shipped(name, _content(name)["version"])
    assert rules.id == name
    assert {kind for entry in rules.entries for kind in entry.kinds} >= set(rules.kinds) <= set(Kind)


@pytest.mark.parametrize("name", IDS)
def test_every_text_stands_in_both_languages(name: str) -> None:
    """A Chinese page without Chinese words, or an English one without English, helps nobody."""
    texts = [(place, table) for place, table in _tables(_content(name)) if {"zh", "en"} & set(table)]
    assert ".title" in dict(texts)
    for place, table in texts:
        assert set(table) == {"zh", "en"}, place
        assert re.search(r"[\u4e00-\u9fff]", table["zh"]), place
        assert table["en"].strip(), place
        assert not re.search(r"[\u4e00-\u9fff\u3000-\u303f\uff00-\uffef]", table["en"]), place
    for entry in ("award", "uplift", "limit"):
        assert all("title" in one or entry == "limit" for one in _content(name).get(entry, [])), entry


@pytest.mark.parametrize("name", IDS)
def test_an_invented_file_says_so_and_no_other_does(name: str) -> None:
    """Invented figures that look like law would be paid."""
    content = _content(name)
    says_so = "示例" in content["title"]["zh"] and "example" in content["title"]["en"].lower()
    assert content.get("invented", False) == says_so == name.startswith("example-")
    first = (FOLDER / f"{name}.toml").read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# EXAMPLE: ") == says_so


@pytest.mark.parametrize("name", IDS)
def test_every_file_begins_with_what_was_seen_and_what_is_to_be_confirmed(name: str) -> None:
    lines = (FOLDER / f"{name}.toml").read_text(encoding="utf-8").splitlines()
    opening = " ".join(lines[: lines.index("")])
    assert all(line.startswith("#") for line in lines[: lines.index("")])
    assert 3 <= lines.index("") <= 7
    if not _content(name).get("invented"):
        assert re.search(r"Seen: |was\n?# seen|was seen", opening)
        assert re.search(r"[Tt]o be confirmed|to be# confirmed", opening)


@pytest.mark.parametrize("name", IDS)
def test_no_file_names_an_article_or_a_document_that_nobody_has_seen(name: str) -> None:
    """A reporter who looks an invented article up believes nothing afterwards."""
    for place, table in _tables(_content(name)):
        cite = table.get("cite")
        assert cite is None or f"{name} {cite}" in ARTICLES_SEEN, place
    assert _content(name).get("withhold_cite", "财税字〔1994〕020号") in DOCUMENTS_SEEN
    assert _content(name).get("document", {"zh": "安安委〔2022〕14号"})["zh"] in DOCUMENTS_SEEN
    written = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    assert not re.search(r"第[一二三四五六七八九十百]+[条款项]", written)
    assert set(re.findall(r"[\u4e00-\u9fff]+〔\d{4}〕\d+号", written)) <= DOCUMENTS_SEEN


@pytest.mark.parametrize("name", IDS)
def test_the_schema_for_editors_knows_every_file(name: str) -> None:
    """An editor that marks a right file as wrong is switched off."""
    assert marked((FOLDER / f"{name}.toml").read_text(encoding="utf-8")) == []


BROKEN = {
    "an unknown key": ("cap", 'colour = "red"\ncap'),
    "an amount as a decimal number": ('cap     = "800"', "cap = 800.5"),
    "a rate without its sign": ('rate = "15%"', 'rate = "15"'),
    "a rate as a number": ('rate = "15%"', "rate = 15"),
    "an unknown clause": ("percent_of", "share_of"),
    "two clauses in one": ("percent_of", "fixed = 500, percent_of"),
    "a title in one language": ('title   = { zh = "示例", en = "An example" }', 'title = { zh = "示例" }'),
    "an unknown kind": ('kinds   = ["illegal_act"]', 'kinds = ["noise"]'),
    "no kinds": ('kinds   = ["illegal_act"]\n', ""),
    "no schema": ("schema  = 1\n", ""),
    "an unknown standard question": ('uses    = ["fine_firm"]', 'uses = ["mood"]'),
    "an award without pay": ("pay  = ", "note = "),
    "an id with capitals": ('id      = "reference"', 'id = "Reference"'),
    "an unknown order": ('order = "before_cap"', 'order = "later"'),
    "an unknown part": ("award:concealed", "awards:concealed"),
}
SOUND = """
schema  = 1
id      = "reference"
version = 1
title   = { zh = "示例", en = "An example" }
effective_from = 2026-01-01
cap     = "800"
kinds   = ["illegal_act"]
uses    = ["fine_firm"]
inherits = [{ from = "national-2018", version = 1, parts = ["award:concealed"] }]

[[award]]
id   = "share"
when = { kind = ["illegal_act"] }
pay  = { percent_of = ["fine_firm"], rate = "15%" }

[[uplift]]
id    = "insider"
when  = { insider = true }
add   = { percent = "15%" }
order = "before_cap"
"""


@pytest.mark.parametrize("slip", BROKEN)
def test_the_schema_for_editors_marks_a_slip(slip: str) -> None:
    before, after = BROKEN[slip]
    assert before in SOUND
    assert not marked(SOUND)
    assert marked(SOUND.replace(before, after, 1))
