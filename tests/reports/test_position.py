"""Positions as they come from a browser: if these fail, officers drive to a wrong place or read garbage."""

from __future__ import annotations

import pytest

from portal.reports import position


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("36.0977, 114.39251", "36.09770, 114.39251"),
        (" 36.0977,114.39251 ±12 m ", "36.09770, 114.39251 ±12 m"),
        ("-33.86, -70.5 ± 3 m", "-33.86000, -70.50000 ±3 m"),
        ("90, 180", "90.00000, 180.00000"),
        ("90.1, 10", ""),
        ("10, 180.5", ""),
        ("36.0977", ""),
        ("the yard behind the school", ""),
        ("36.0977, 114.39251 <script>", ""),
        ("", ""),
    ],
)
def test_a_position_is_two_numbers_on_the_globe_or_nothing(text: str, kept: str) -> None:
    assert position.read(text) == kept


def test_what_was_read_reads_the_same_again() -> None:
    once = position.read("36.0977, 114.39251 ±12 m")
    assert position.read(once) == once
