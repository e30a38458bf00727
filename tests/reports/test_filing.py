"""Reading answers into a filing: if it failed, a wrong answer would be kept or a right one refused."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from portal.reports.faults import SENTENCES, FaultCode
from portal.reports.filing import LIMITS, Faults, Filing, read, sector_of, tidy
from portal.reports.models import Channel, DangerNow
from portal.vault.keys import Keyring

AT = datetime(2026, 11, 2, 1, 30, tzinfo=UTC)
TODAY = date(2026, 11, 2)
GOOD = {"narrative": "安全出口被木料堵着。", "consent": "yes"}


def reading(posted: dict[str, str], **others: Any) -> tuple[Filing, Faults]:
    return read(
        tidy(posted),
        submission_id="a" * 32,
        receipt_code="K" * 25,
        today=TODAY,
        districts={1, 2},
        **others,
    )


def codes(posted: dict[str, str], **others: Any) -> dict[str, FaultCode]:
    return {name: fault.code for name, fault in reading(posted, **others)[1].items()}


def test_one_sentence_is_enough() -> None:
    filing, faults = reading(GOOD)
    assert faults == {}
    assert filing.sector == "other"
    assert filing.danger_now is DangerNow.UNKNOWN
    assert filing.district_id is None


def test_every_fault_has_a_sentence() -> None:
    assert set(SENTENCES) == set(FaultCode)


@pytest.mark.parametrize(
    ("posted", "expected"),
    [
        ({"narrative": ""}, {"narrative": FaultCode.NARRATIVE_EMPTY}),
        ({"narrative": " \x00 \r\n "}, {"narrative": FaultCode.NARRATIVE_EMPTY}),
        ({"narrative": "有火"}, {"narrative": FaultCode.NARRATIVE_SHORT}),
        ({"happened": "2026-11-03"}, {"happened": FaultCode.IN_FUTURE}),
        ({"happened": "２０２７年１月１日"}, {"happened": FaultCode.IN_FUTURE}),
        ({"district": "3"}, {"district": FaultCode.DISTRICT_UNKNOWN}),
        ({"district": "-1 OR 1"}, {"district": FaultCode.DISTRICT_UNKNOWN}),
        ({"district": "9" * 30}, {"district": FaultCode.DISTRICT_UNKNOWN}),
        ({"identity": "real"}, {"name": FaultCode.NAME_EMPTY, "telephone": FaultCode.TELEPHONE_EMPTY}),
        ({"identity": "real", "name": "王芳", "telephone": "123"}, {"telephone": FaultCode.TELEPHONE_WRONG}),
        (
            {"identity": "real", "name": "王芳", "telephone": "13812345678", "email": "a@"},
            {"email": FaultCode.EMAIL_WRONG},
        ),
        ({"identity": "anonymous", "name": "王芳"}, {"identity": FaultCode.NAME_BUT_ANONYMOUS}),
        ({"alert_channel": "sms"}, {"alert_address": FaultCode.ALERT_EMPTY}),
        ({"alert_channel": "sms", "alert_address": "x"}, {"alert_address": FaultCode.TELEPHONE_WRONG}),
        ({"alert_channel": "email", "alert_address": "x"}, {"alert_address": FaultCode.EMAIL_WRONG}),
    ],
)
def test_a_wrong_answer_is_named(posted: dict[str, str], expected: dict[str, FaultCode]) -> None:
    assert codes({**GOOD, **posted}) == expected


@pytest.mark.parametrize("name", LIMITS)
def test_a_text_that_is_too_long_says_by_how_much(name: str) -> None:
    posted = {**GOOD, "identity": "real", "name": "王芳", "telephone": "13812345678"}
    posted |= {"alert_channel": "email", "alert_address": "a@example.com", name: "长" * (LIMITS[name] + 7)}
    fault = reading(posted)[1][name]
    assert fault.code is FaultCode.TOO_LONG
    assert fault.facts == {"over": 7, "limit": LIMITS[name]}


@pytest.mark.parametrize("name", ["narrative", "subject_name", "address", "happened"])
def test_the_longest_text_is_taken(name: str) -> None:
    assert codes({**GOOD, name: "长" * LIMITS[name]}) == {}


def test_an_anonymous_report_keeps_no_name_even_where_one_was_typed() -> None:
    posted = {
        **GOOD,
        "identity": "anonymous",
        "name": "王芳",
        "telephone": "13812345678",
        "works_there": "yes",
    }
    filing, _ = reading(posted)
    assert (filing.name, filing.telephone, filing.email, filing.works_there) == ("", "", "", False)


def test_full_width_numbers_and_addresses_are_folded() -> None:
    posted = {
        **GOOD,
        "identity": "real",
        "name": "王芳",
        "telephone": "１３８１２３４５６７８",
        "email": "ｗａｎｇ＠example.com",
        "works_there": "yes",
    }
    filing, faults = reading(posted)
    assert faults == {}
    assert (filing.telephone, filing.email, filing.works_there) == ("13812345678", "wang@example.com", True)


def test_an_officer_can_type_in_a_name_without_a_number() -> None:
    posted = {**GOOD, "identity": "real", "name": "王芳"}
    assert codes(posted, channel=Channel.LETTER) == {}


@pytest.mark.parametrize(
    ("answers", "sector"),
    [
        ({}, "other"),
        ({"category": "welding"}, "welding"),
        ({"category": "fire", "sector": "dust"}, "dust"),
        ({"category": "other", "situation": "ebike_stairwell"}, "fire"),
        ({"category": "no such", "sector": "neither"}, "other"),
    ],
)
def test_the_sector_is_the_most_exact_answer(answers: dict[str, str], sector: str) -> None:
    assert sector_of(answers) == sector


def test_the_body_digest_is_keyed_and_sees_every_difference(tmp_path: Path) -> None:
    one, two = (Keyring.create(tmp_path / name / "keys.json") for name in ("one", "two"))
    filing, _ = reading(GOOD)
    other, _ = reading({**GOOD, "address": "东门"})
    assert filing.body_digest(one) == reading(GOOD)[0].body_digest(one)
    assert filing.body_digest(one) != filing.body_digest(two)
    assert filing.body_digest(one) != other.body_digest(one)


def test_a_filing_does_not_show_who_filed_it() -> None:
    posted = {**GOOD, "identity": "real", "name": "王芳芳", "telephone": "13812345678"}
    shown = repr(reading(posted)[0])
    assert "王芳芳" not in shown
    assert "13812345678" not in shown
    assert "K" * 25 not in shown
