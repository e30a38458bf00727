"""If these fail, a reporter reads a code instead of a reason, or a sealed number stands in the log."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_babel import force_locale

from portal.reports import reasons
from portal.reports.reasons import FOR_CONTACT, FOR_ORIGINAL, FOR_TOLD, Because


@pytest.mark.parametrize("offered", [FOR_CONTACT, FOR_TOLD, FOR_ORIGINAL])
def test_every_reason_has_a_choice_for_the_officer_and_a_sentence_for_the_reporter(
    app: Flask, offered: tuple[Because, ...]
) -> None:
    with app.test_request_context(), force_locale("zh_Hans"):
        for code in offered:
            assert str(reasons.CHOICES[code]).strip()
            if code is Because.OTHER:
                continue
            kept = reasons.reason_of(code.value, "", offered)
            assert reasons.in_words(kept) == str(reasons.REASONS[code])
            with_words = reasons.in_words(reasons.reason_of(code.value, " 东门 ", offered))
            assert with_words == f"{reasons.REASONS[code]}（东门）"


def test_words_of_earlier_times_stay_as_they_were(app: Flask) -> None:
    for said in ("确认大门位置", "time: 10:30", "to_pay_the_reward: x", "nonsense", ""):
        assert reasons.in_words(said) == said
    assert reasons.reason_of("", "确认大门位置", FOR_CONTACT) == "确认大门位置"
    assert reasons.reason_of("other_reason", "确认大门位置", FOR_CONTACT) == "确认大门位置"


@pytest.mark.parametrize(
    ("because", "words", "refusal"),
    [
        ("", "", reasons.NoReason),
        ("nonsense", "", reasons.NoReason),
        ("to_check_the_text", "", reasons.NoReason),  # of another page
        ("other_reason", "问一下", reasons.WordsTooShort),
        ("", "问", reasons.WordsTooShort),
        ("to_ask_the_place", "她的电话是１３８ ００１３ ８０００", reasons.NumberInWords),
    ],
)
def test_what_is_no_reason_is_refused(because: str, words: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        reasons.reason_of(because, words, FOR_CONTACT)
