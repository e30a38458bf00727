"""Text as people type it: if it failed, a pasted character would cost a report or a number stay unread."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.reports import wording


def test_control_characters_and_direction_marks_disappear() -> None:
    assert wording.line("出\x00口\u202e被\x1b堵\ufeff") == "出口被堵"


def test_blanks_are_folded_and_line_ends_kept_in_long_text() -> None:
    assert wording.lines("  一  楼\r\n\r\n\r\n\r\n二\u3000楼\t门 \x00") == "一 楼\n\n二 楼 门"


@given(text=st.text())
def test_whatever_is_typed_can_be_stored_and_stays_the_same_when_tidied_again(text: str) -> None:
    tidy = wording.lines(text)
    assert "\x00" not in tidy
    tidy.encode()
    assert wording.lines(tidy) == tidy
    assert wording.line(wording.line(text)) == wording.line(text)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("13812345678", "13812345678"),
        ("１３８ １２３４ ５６７８", "13812345678"),
        ("+86 138-1234-5678", "13812345678"),
        ("0372-5123456", "03725123456"),
        ("（0372）５１２３４５６", "03725123456"),
        ("4008123456", "4008123456"),
        ("+44 20 7946 0958", "+442079460958"),
        ("0044 20 7946 0958", "+442079460958"),
        ("12345", None),
        ("不知道", None),
        ("1381234567", None),
        ("138123456789", None),
    ],
)
def test_telephone_numbers_are_read_as_people_write_them(typed: str, number: str | None) -> None:
    assert wording.telephone(typed) == number


def test_only_a_number_that_takes_messages_is_taken_for_alerts() -> None:
    assert wording.mobile("138 1234 5678") == "13812345678"
    assert wording.mobile("0372-5123456") is None


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("2026-10-12", [date(2026, 10, 12)]),
        ("２０２６年１０月１２日晚上", [date(2026, 10, 12)]),
        ("2026/2/30", []),
        ("上周四晚上", []),
        ("从 2026.1.2 到 2026.1.5", [date(2026, 1, 2), date(2026, 1, 5)]),
    ],
)
def test_dates_are_found_in_free_words(typed: str, found: list[date]) -> None:
    assert wording.dates(typed) == found


def test_a_title_is_the_first_words_without_anybodys_number() -> None:
    assert wording.title("出口被堵。我叫张三") == "出口被堵"
    assert "13812345678" not in wording.title("我的电话13812345678出口被堵")
    assert len(wording.title("堵" * 300)) == wording.TITLE_LENGTH
