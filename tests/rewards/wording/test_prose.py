"""If these fail, a published rule cannot be read: an id, a placeholder or a foreign word stands in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from portal.rewards import shelf
from portal.rewards.rules.library import shipped
from portal.rewards.rules.model import RuleSet
from portal.rewards.wording.prose import Prose, prose
from portal.rewards.wording.speech import CatalogueTongue

LIBRARY = shipped()
ENGLISH, CHINESE = CatalogueTongue("en"), CatalogueTongue("zh")
SHIPPED = list(shelf.cards())


def texts(read: Prose) -> Iterator[str]:
    """Everything of a rule set that stands on a page."""
    yield read.title
    yield read.document
    for line in read.lead:
        yield line.text
    for part in (*read.paid, *read.rest):
        yield from (part.title, part.when, part.note, *part.sources)
        for line in part.lines:
            yield line.text
            for row in line.rows:
                yield from (row.label, row.value, row.group)


def read(rule: str, tongue: CatalogueTongue = ENGLISH, version: int = 1) -> Prose:
    return prose(LIBRARY(rule, version), tongue, shelf.title)


def provision(rule: str, title: str) -> list[str]:
    """The sentences under a title."""
    found = read(rule)
    part = next(one for one in (*found.paid, *found.rest) if one.title == title)
    return [line.text for line in part.lines]


def ids(rules: RuleSet) -> set[str]:
    """Ids of the file that are no words of a language."""
    named = {rules.id, *rules.facts, *(one.id for one in (*rules.entries, *rules.uplifts, *rules.limits))}
    named |= {option.id for fact in rules.facts.values() for option in fact.options}
    return {one for one in named if re.search(r"[_0-9-]", one)}


@pytest.mark.parametrize(("rule", "version"), SHIPPED)
def test_every_file_that_ships_reads_in_both_languages(rule: str, version: int) -> None:
    rules = LIBRARY(rule, version)
    for tongue in (CHINESE, ENGLISH):
        said = list(texts(prose(rules, tongue, shelf.title)))
        whole = "\n".join(said)
        assert "%(" not in whole
        assert [one for one in ids(rules) if re.search(rf"(?<![\w-]){re.escape(one)}(?![\w-])", whole)] == []
        if tongue is CHINESE:
            assert re.findall(r"[A-Za-z]{2,}", whole) == []
        else:
            # The number of a Chinese document and its article stay as they are printed.
            assert [one for one in said if re.search(r"[\u4e00-\u9fff]", one) and "条" not in one] == []


def test_a_share_says_of_what_and_its_bounds() -> None:
    assert provision("taizhou-2020", "Illegal acts") == [
        "15% of: fine on the firm, fine on a person.",
        "At least 2,000 yuan, at most 100,000 yuan.",
        "Without a penalty nothing is paid.",
    ]


def test_what_is_paid_by_class_stands_in_a_table() -> None:
    part = next(one for one in read("anyang").paid if "accidents" in one.title)
    table = part.lines[0]
    assert table.text == "For each of “Confirmed concealed deaths”, by “Class of the accident”:"
    assert [(row.label, row.value) for row in table.rows][:2] == [
        ("Ordinary accident", "30,000 yuan"),
        ("Larger accident", "40,000 yuan"),
    ]


def test_tiers_of_a_quantity_carry_their_unit() -> None:
    part = read("beijing-tongzhou-2020").paid[0]
    assert part.when == "If “What was seized” is dangerous chemicals." or part.when.startswith("If “")
    assert [(row.label, row.value) for row in part.lines[0].rows] == [
        ("from 50 kg to below 200 kg", "5,000 yuan"),
        ("from 200 kg to below 1,000 kg", "10,000 yuan"),
        ("1,000 kg or more", "30,000 yuan"),
    ]


def test_a_catalogue_stays_readable_under_the_headings_of_its_trades() -> None:
    band = next(line for line in read("example-catalogue").paid[0].lines if line.rows)
    assert band.long
    assert sum(len(rows) for _title, rows in band.groups) >= 40
    assert len(band.groups) >= 5
    assert all(title for title, _rows in band.groups[:5])


def test_a_ceiling_in_principle_says_who_may_pass_it() -> None:
    assert (
        "In principle at most 300,000 yuan; more needs a written reason and a second approval."
        in provision("shenzhen", "Illegal acts")
    )


def test_what_was_not_seen_is_marked() -> None:
    """Else a guess of ours reads as the law of a city."""
    general = next(one for one in read("anyang").paid if "illegal acts" in one.title)
    assert [line.confirmed for line in general.lines][:2] == [False, True]
    assert not read("anyang").certain


def test_an_invented_example_says_so() -> None:
    invented = [key for key, card in shelf.cards().items() if card.invented]
    assert invented
    for rule, version in invented:
        assert read(rule, CHINESE, version).invented
        assert "示例" in read(rule, CHINESE, version).title


def test_a_part_that_was_taken_over_names_where_it_is_written() -> None:
    henan = shelf.title("henan-2025", 1)
    assert henan is not None
    uplift = next(one for one in read("anyang").rest if "employee" in one.title)
    assert uplift.sources[0].startswith(henan.en)
