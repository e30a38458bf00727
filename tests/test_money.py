"""Money is exact: a slip here pays a reporter the wrong sum or prints a voucher that the bank refuses."""

from __future__ import annotations

import re
from contextlib import suppress
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.money import (
    MAX_FEN,
    MoneyError,
    MoneyFault,
    capital,
    format_yuan,
    format_yuan_brief,
    parse_yuan,
    percent,
)

amounts = st.integers(0, MAX_FEN) | st.integers(0, 200_000)

TYPED = [
    ("0", 0),
    ("0.00", 0),
    ("1", 100),
    ("0.01", 1),
    ("0.1", 10),
    ("007", 700),
    ("18000", 1_800_000),
    ("18,000.00", 1_800_000),
    ("18 000.00", 1_800_000),
    ("18，000.00", 1_800_000),
    ("１８，０００．５０", 1_800_050),
    ("  18000  ", 1_800_000),
    ("\u300018000\u3000", 1_800_000),
    ("12\n", 1_200),
    ("18000元", 1_800_000),
    ("18,000.5 元", 1_800_050),
    ("¥18,000", 1_800_000),
    ("￥ 18,000.05", 1_800_005),
    ("¥18,000.00元", 1_800_000),
    ("1,234,567.89", 123_456_789),
    ("100,000,000,000", MAX_FEN),
    ("100000000000.00", MAX_FEN),
]

REFUSED = [
    ("", MoneyFault.EMPTY),
    ("   ", MoneyFault.EMPTY),
    ("\u3000", MoneyFault.EMPTY),
    ("-1", MoneyFault.NEGATIVE),
    ("－１", MoneyFault.NEGATIVE),
    ("\u22121", MoneyFault.NEGATIVE),
    ("¥-5", MoneyFault.NEGATIVE),
    ("-¥5", MoneyFault.NEGATIVE),
    ("- 5", MoneyFault.NEGATIVE),
    ("1.234", MoneyFault.TOO_MANY_DECIMALS),
    ("1.000", MoneyFault.TOO_MANY_DECIMALS),
    ("100,000,000,000.01", MoneyFault.TOO_LARGE),
    ("999999999999999999999999", MoneyFault.TOO_LARGE),
    ("9" * 5_000, MoneyFault.NOT_AN_AMOUNT),
    ("1e5", MoneyFault.NOT_AN_AMOUNT),
    ("1E5", MoneyFault.NOT_AN_AMOUNT),
    ("NaN", MoneyFault.NOT_AN_AMOUNT),
    ("nan", MoneyFault.NOT_AN_AMOUNT),
    ("inf", MoneyFault.NOT_AN_AMOUNT),
    ("Infinity", MoneyFault.NOT_AN_AMOUNT),
    ("+5", MoneyFault.NOT_AN_AMOUNT),
    ("元", MoneyFault.NOT_AN_AMOUNT),
    ("¥", MoneyFault.NOT_AN_AMOUNT),
    ("1.8万", MoneyFault.NOT_AN_AMOUNT),
    ("1,00", MoneyFault.NOT_AN_AMOUNT),
    ("1,0000", MoneyFault.NOT_AN_AMOUNT),
    ("1,000 000", MoneyFault.NOT_AN_AMOUNT),
    ("1..2", MoneyFault.NOT_AN_AMOUNT),
    ("1.2.3", MoneyFault.NOT_AN_AMOUNT),
    (".5", MoneyFault.NOT_AN_AMOUNT),
    ("5.", MoneyFault.NOT_AN_AMOUNT),
    ("1_000", MoneyFault.NOT_AN_AMOUNT),
    ("٣", MoneyFault.NOT_AN_AMOUNT),
    ("②", MoneyFault.NOT_AN_AMOUNT),
    ("0x10", MoneyFault.NOT_AN_AMOUNT),
    ("壹佰元", MoneyFault.NOT_AN_AMOUNT),
    ("1\x002", MoneyFault.NOT_AN_AMOUNT),
]

CAPITALS = [
    ("0", "零元整"),
    ("0.01", "壹分"),
    ("0.10", "壹角"),
    ("0.05", "伍分"),
    ("0.35", "叁角伍分"),
    ("1", "壹元整"),
    ("1.05", "壹元零伍分"),
    ("1.50", "壹元伍角"),
    ("1.55", "壹元伍角伍分"),
    ("10", "壹拾元整"),
    ("10.05", "壹拾元零伍分"),
    ("11", "壹拾壹元整"),
    ("20", "贰拾元整"),
    ("100", "壹佰元整"),
    ("101", "壹佰零壹元整"),
    ("110", "壹佰壹拾元整"),
    ("111", "壹佰壹拾壹元整"),
    ("500", "伍佰元整"),
    ("1000", "壹仟元整"),
    ("1001", "壹仟零壹元整"),
    ("1010", "壹仟零壹拾元整"),
    ("1100", "壹仟壹佰元整"),
    ("1500", "壹仟伍佰元整"),
    ("3000", "叁仟元整"),
    # The six examples that the rule itself prints (支付结算办法, annex 1), in the form it prints first.
    ("1409.50", "壹仟肆佰零玖元伍角"),
    ("6007.14", "陆仟零柒元壹角肆分"),
    ("1680.32", "壹仟陆佰捌拾元零叁角贰分"),
    ("107000.53", "壹拾万柒仟元零伍角叁分"),
    ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
    ("325.04", "叁佰贰拾伍元零肆分"),
    ("10000", "壹万元整"),
    ("10001", "壹万零壹元整"),
    ("10010", "壹万零壹拾元整"),
    ("10100", "壹万零壹佰元整"),
    ("11000", "壹万壹仟元整"),
    ("18000", "壹万捌仟元整"),
    ("20700", "贰万零柒佰元整"),
    ("15300", "壹万伍仟叁佰元整"),
    ("126500", "壹拾贰万陆仟伍佰元整"),
    ("100000", "壹拾万元整"),
    ("100001", "壹拾万零壹元整"),
    ("101000", "壹拾万壹仟元整"),
    ("110000", "壹拾壹万元整"),
    ("300000", "叁拾万元整"),
    ("1000000", "壹佰万元整"),
    ("1000500", "壹佰万零伍佰元整"),
    ("1010000", "壹佰零壹万元整"),
    ("5000000", "伍佰万元整"),
    ("10000000", "壹仟万元整"),
    ("10000001", "壹仟万零壹元整"),
    ("12345678.90", "壹仟贰佰叁拾肆万伍仟陆佰柒拾捌元玖角"),
    ("90900909.09", "玖仟零玖拾万零玖佰零玖元零玖分"),
    ("100000000", "壹亿元整"),
    ("100000001", "壹亿零壹元整"),
    ("100000700", "壹亿零柒佰元整"),
    ("100007000", "壹亿零柒仟元整"),
    ("100050000", "壹亿零伍万元整"),
    ("105000000", "壹亿零伍佰万元整"),
    ("1050000000", "壹拾亿伍仟万元整"),
    ("110000000", "壹亿壹仟万元整"),
    ("1000000000", "壹拾亿元整"),
    ("1000000000.01", "壹拾亿元零壹分"),
    ("10203040506.07", "壹佰零贰亿零叁佰零肆万零伍佰零陆元零柒分"),
    ("99999999999.99", "玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"),
    ("100000000000", "壹仟亿元整"),
]


@pytest.mark.parametrize(("typed", "fen"), TYPED)
def test_an_amount_is_read_however_it_is_typed(typed: str, fen: int) -> None:
    """Else an officer types a true amount and is refused, or worse, another amount is stored."""
    assert parse_yuan(typed) == fen


@pytest.mark.parametrize(("typed", "code"), REFUSED)
def test_what_is_not_clearly_an_amount_is_refused_with_its_reason(typed: str, code: MoneyFault) -> None:
    """Else a slip of the keyboard becomes a penalty."""
    with pytest.raises(MoneyError) as refused:
        parse_yuan(typed)
    assert refused.value.code is code
    # What was typed may be anything, even a name pasted into the wrong field.
    assert str(refused.value) == code.value


def test_a_refusal_carries_the_bound_as_a_fact() -> None:
    """Else the sentence cannot say how large is too large."""
    with pytest.raises(MoneyError) as refused:
        parse_yuan("999999999999")
    assert refused.value.facts == {"max_fen": 10**13}


@given(amounts)
def test_what_is_written_reads_back_as_the_same_fen(fen: int) -> None:
    """Else a figure copied from one page to another changes."""
    assert parse_yuan(format_yuan(fen)) == fen
    assert parse_yuan(format_yuan_brief(fen) + "元") == fen


@given(st.text(max_size=80))
def test_any_text_is_an_amount_in_bounds_or_refused(text: str) -> None:
    """Else a strange text ends in a fault page."""
    with suppress(MoneyError):
        assert 0 <= parse_yuan(text) <= MAX_FEN


@pytest.mark.parametrize(
    ("fen", "long", "brief"),
    [
        (0, "0.00", "0"),
        (5, "0.05", "0.05"),
        (99_999, "999.99", "999.99"),
        (100_000, "1,000.00", "1,000"),
        (1_800_000, "18,000.00", "18,000"),
        (-270_050, "-2,700.50", "-2,700.50"),
        (-1, "-0.01", "-0.01"),
        (MAX_FEN, "100,000,000,000.00", "100,000,000,000"),
    ],
)
def test_yuan_have_commas_and_two_decimals(fen: int, long: str, brief: str) -> None:
    """Else columns of figures cannot be compared by eye."""
    assert (format_yuan(fen), format_yuan_brief(fen)) == (long, brief)


@pytest.mark.parametrize(("yuan", "written"), CAPITALS)
def test_capital_characters_follow_the_bank_rule(yuan: str, written: str) -> None:
    """Else the bank sends the voucher back and the reporter waits."""
    assert capital(parse_yuan(yuan)) == "人民币" + written


DIGITS = {character: value for value, character in enumerate("零壹贰叁肆伍陆柒捌玖")}


def read_capital(written: str) -> int:
    """A reader of its own: every digit counts by the unit behind it, 零 counts nothing."""
    match = re.fullmatch(r"人民币(?:(.+)元)?(?:零?(.)角)?(?:零?(.)分)?整?", written)
    assert match is not None, written
    fen = 0
    yuan, jiao, cent = match.groups()
    for section in re.findall(r"[^亿万]+[亿万]?", yuan or ""):
        unit = {"亿": 10**8, "万": 10**4}.get(section[-1], 1)
        for digit, place in re.findall(r"([壹贰叁肆伍陆柒捌玖])([仟佰拾]?)", section):
            fen += 100 * unit * DIGITS[digit] * {"仟": 1000, "佰": 100, "拾": 10, "": 1}[place]
    return fen + 10 * DIGITS.get(jiao or "零", 0) + DIGITS.get(cent or "零", 0)


@given(amounts)
def test_capital_characters_read_back_as_the_same_fen(fen: int) -> None:
    """Else a voucher says another sum in words than in figures."""
    assert read_capital(capital(fen)) == fen


@given(amounts)
def test_capital_characters_keep_the_form_of_the_rule(fen: int) -> None:
    """Else something could be written into a gap: no double 零, none before a unit, 整 only after 元."""
    written = capital(fen)
    assert "零零" not in written
    assert not re.search("零[万亿角分整]", written)
    assert fen == 0 or not re.search("零元", written)
    assert written.endswith("整") == (fen % 100 == 0)


@pytest.mark.parametrize("fen", [-1, MAX_FEN + 1])
def test_capital_characters_stop_at_the_stated_bounds(fen: int) -> None:
    """Else an amount is written with a unit that does not exist."""
    with pytest.raises(ValueError, match="capital"):
        capital(fen)


@pytest.mark.parametrize(
    ("base", "rate", "expected"),
    [
        (1, Fraction(1, 2), 1),
        (3, Fraction(1, 2), 2),
        (10, Fraction(15, 100), 2),
        (9, Fraction(15, 100), 1),
        (10_000_010, Fraction(15, 100), 1_500_002),
        (10_000_009, Fraction(15, 100), 1_500_001),
        (0, Fraction(15, 100), 0),
        # In binary floating point this is 31.499999999999996.
        (90, Fraction(35, 100), 32),
        (MAX_FEN, Fraction(1), MAX_FEN),
        (1_999_993, Fraction(15, 100), 299_999),
    ],
)
def test_half_a_fen_is_rounded_up(base: int, rate: Fraction, expected: int) -> None:
    """Else the sum differs by a fen from what anybody reckons by hand."""
    assert percent(base, rate) == expected


# Whole percentages of round amounts fall on half a fen often, where binary floating point goes astray.
halves = st.tuples(
    st.integers(0, 1_000).map(lambda n: n * 10), st.integers(0, 100).map(lambda n: Fraction(n, 100))
)
any_share = st.tuples(amounts, st.fractions(0, 3, max_denominator=10_000))


@given(halves | any_share)
@example((90, Fraction(35, 100)))
def test_a_percentage_is_the_nearest_fen_with_halves_up(share: tuple[int, Fraction]) -> None:
    """Else large sums drift as floating point does."""
    base, rate = share
    error = percent(base, rate) - base * rate
    assert -Fraction(1, 2) < error <= Fraction(1, 2)


def test_a_percentage_refuses_floats_and_negatives() -> None:
    """Else 0.15 sneaks in, which is not fifteen hundredths."""
    with pytest.raises(TypeError, match="Fraction"):
        percent(100, 0.15)  # type: ignore[arg-type]  # that is what is refused
    with pytest.raises(ValueError, match="negative"):
        percent(-1, Fraction(1, 2))
    with pytest.raises(ValueError, match="negative"):
        percent(1, Fraction(-1, 2))
