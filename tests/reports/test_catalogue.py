"""What citizens choose from: if it failed, nobody would find what he sees."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from portal.audit.models import Event
from portal.database import db
from portal.people.actor import SYSTEM
from portal.reports import cataloguing, questions, situations
from portal.reports.catalogue import QuestionKind, QuestionRow, SituationRow
from portal.reports.cataloguing import (
    Asked,
    BadCatalogueCode,
    BadCatalogueWords,
    BadChoices,
    BadPosition,
    CatalogueStale,
    Words,
)
from portal.reports.faults import FaultCode
from portal.reports.filing import read, sector_of, tidy
from portal.reports.pinyin import spelt
from portal.reports.sectors import SECTORS, SITUATIONS
from portal.reports.shipped import QUESTIONS

AT = datetime(2026, 11, 3, 4, 0, tzinfo=UTC)


def row(session: Session, code: str = "exit_blocked") -> SituationRow:
    return session.scalars(select(SituationRow).where(SituationRow.code == code)).one()


def test_every_sector_ships_four_situations_in_both_languages() -> None:
    for sector in SECTORS:
        found = [item for item in SITUATIONS if item.sector == sector.code]
        assert len(found) >= 4, sector.code
        assert all(item.zh and item.en and len(item.zh) <= 80 for item in found)
    assert len({item.code for item in SITUATIONS}) == len(SITUATIONS)
    assert {item.sector for item in SITUATIONS} == {sector.code for sector in SECTORS}


def test_what_ships_is_in_the_database_after_the_migration(session: Session) -> None:
    known = situations.catalogue()
    assert {item.code: item.zh for item in SITUATIONS} == {
        code: item.zh for code, item in known.situations.items()
    }
    assert set(known.questions) == {item.key for item in QUESTIONS}


def test_characters_are_spelt_with_their_usual_readings() -> None:
    assert spelt("消防通道") == "xiao fang tong dao"
    assert "chang/zhang" in spelt("长期").split(" ")
    assert spelt("3 楼、A座") == "3 lou a zuo"


def test_every_shipped_situation_has_a_reading_for_each_character() -> None:
    for item in SITUATIONS:
        characters = [sign for sign in item.zh if "\u4e00" <= sign <= "\u9fff"]
        spelling = [word for word in spelt(item.zh).split(" ") if not word.isdigit()]
        assert len(spelling) >= len(characters), item.zh


def test_a_situation_that_is_added_is_found_by_its_letters(session: Session) -> None:
    words = Words("楼顶堆放杂物", "Things piled on a roof", "5")
    cataloguing.add_situation("fire", "roof_things", words, "屋面", actor=SYSTEM, at=AT)
    session.commit()
    situations.forget()
    found = situations.catalogue().situation("roof_things")
    assert found is not None
    assert found.pinyin == "lou ding dui fang za wu|wu mian"
    assert situations.catalogue().by_sector()[0][1][0].code == "roof_things"


def test_a_code_is_used_once_and_words_are_needed(session: Session) -> None:
    words = Words("词", "Word")
    for code in ("exit_blocked", "", "A B", "x" * 50):
        with pytest.raises(BadCatalogueCode):
            cataloguing.add_situation("fire", code, words, "", actor=SYSTEM, at=AT)
    for wrong in (Words("", "Word"), Words("词", " "), Words("词" * 81, "Word")):
        with pytest.raises(BadCatalogueWords):
            cataloguing.add_situation("fire", "new_code", wrong, "", actor=SYSTEM, at=AT)
    with pytest.raises(BadPosition):
        cataloguing.add_situation("fire", "new_code", Words("词", "Word", "-1"), "", actor=SYSTEM, at=AT)


def test_two_officers_at_once_are_told_and_nothing_is_overwritten(session: Session) -> None:
    found = row(session)
    version = found.version
    cataloguing.change_situation(
        found.id, Words("新词", "New", "1"), "", version=version, actor=SYSTEM, at=AT
    )
    session.commit()
    with pytest.raises(CatalogueStale):
        cataloguing.change_situation(
            found.id, Words("旧词", "Old", "1"), "", version=version, actor=SYSTEM, at=AT
        )
    assert row(session).zh == "新词"
    assert session.scalars(select(Event.facts).where(Event.action == "situation_changed")).all() == [
        {"entry": "exit_blocked"}
    ]


def test_what_is_switched_off_is_not_offered_but_still_has_its_words(session: Session) -> None:
    found = row(session)
    words = Words(found.zh, found.en, "10", active=False)
    cataloguing.change_situation(found.id, words, "", version=found.version, actor=SYSTEM, at=AT)
    session.commit()
    situations.forget()
    known = situations.catalogue()
    offered = {item.code for _, items in known.by_sector() for item in items}
    assert "exit_blocked" not in offered
    kept = known.situation("exit_blocked")
    assert kept is not None
    assert kept.zh == found.zh
    assert "exit_blocked" in {item.code for _, items in known.by_sector("exit_blocked") for item in items}
    assert sector_of({"situation": "exit_blocked"}, known) == "fire"


def test_the_catalogue_costs_two_queries_and_then_none(session: Session) -> None:
    situations.forget()
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    bind = session.connection().engine
    event.listen(bind, "before_cursor_execute", note)
    try:
        for _ in range(3):
            situations.catalogue()
    finally:
        event.remove(bind, "before_cursor_execute", note)
    assert len([text for text in seen if text.startswith("SELECT")]) == 2


def test_answers_are_kept_with_the_words_of_their_question(app: Flask) -> None:
    answers = tidy(
        {"q_fire_people": " ３０ ", "q_fire_sleep": "yes", "q_fire_building": "居民楼", "q_x": "1"}
    )
    answered, faults = questions.read(answers, situations.catalogue())
    assert faults == {}
    assert answered["fire_people"] == {
        "zh": "里面大约有多少人？",
        "en": "About how many people are inside?",
        "told_zh": "30",
        "told_en": "30",
    }
    assert (
        questions.lines(answered, "en")[1:]
        == [
            ("Do people sleep there at night?", "Yes"),
            ("What kind of building is it?", "Block of flats"),
        ]
        or len(questions.lines(answered, "en")) == 3
    )
    assert "x" not in answered


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("q_fire_people", "很多", FaultCode.NUMBER_WRONG),
        ("q_fire_people", "1234567", FaultCode.NUMBER_WRONG),
        ("q_fire_people", "-3", FaultCode.NUMBER_WRONG),
        ("q_fire_sleep", "perhaps", FaultCode.CHOICE_UNKNOWN),
        ("q_fire_building", "Block of flats", FaultCode.CHOICE_UNKNOWN),
        ("q_weld_hours", "夜" * 201, FaultCode.TOO_LONG),
    ],
)
def test_a_wrong_answer_is_said_beside_its_question(
    app: Flask, name: str, text: str, code: FaultCode
) -> None:
    _, faults = read(
        tidy({"narrative": "这里很危险。", name: text}),
        submission_id="a" * 32,
        receipt_code="K" * 25,
        today=AT.date(),
        districts=(),
        known=situations.catalogue(),
    )
    assert {key: fault.code for key, fault in faults.items()} == {name: code}


def test_a_question_is_added_changed_and_its_old_answers_keep_their_words(session: Session) -> None:
    asked = Asked(QuestionKind.CHOICE, "白天 | Day\n夜里｜Night\n")
    made = cataloguing.add_question(
        "dust", "dust_when", Words("什么时候？", "When?"), asked, actor=SYSTEM, at=AT
    )
    session.commit()
    situations.forget()
    answered, _ = questions.read({"q_dust_when": "夜里"}, situations.catalogue())
    cataloguing.change_question(
        made.id, Words("几点？", "What time?"), Asked(QuestionKind.TEXT), version=1, actor=SYSTEM, at=AT
    )
    session.commit()
    assert questions.lines(answered, "zh_Hans") == [("什么时候？", "夜里")]
    assert session.get_one(QuestionRow, made.id).choices == []


@pytest.mark.parametrize(
    "typed", ["", "只有一个 | One", "没有竖线\n两行", "甲 | A\n甲 | B", "甲 | A | x\n乙 | B"]
)
def test_choices_without_two_languages_or_twice_the_same_are_refused(app: Flask, typed: str) -> None:
    with pytest.raises(BadChoices):
        Asked(QuestionKind.CHOICE, typed).pairs()
    db.session.rollback()
