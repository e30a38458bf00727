"""If these fail a reporter types her code as printed and is turned away, or a slip of the finger opens
nothing without saying why; at worst codes can be guessed and a stranger reads the case."""

from __future__ import annotations

import math
from collections import Counter
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.reports import receipt
from portal.reports.receipt import ALPHABET, LENGTH, ReceiptError, ReceiptFault

bodies = st.text(alphabet=ALPHABET, min_size=24, max_size=24)
codes = bodies.map(lambda body: body + receipt.check_character(body))
FULL_WIDTH = {ord(c): ord(c) + 0xFEE0 for c in ALPHABET + ALPHABET.lower()}


def test_a_new_code_is_twenty_five_characters_and_normalises_to_itself() -> None:
    for _ in range(200):
        code = receipt.mint()
        assert len(code) == LENGTH
        assert receipt.normalise(code) == code


def test_a_code_holds_at_least_112_random_bits_and_every_place_uses_the_whole_alphabet() -> None:
    assert receipt.RANDOM_LENGTH * math.log2(len(set(ALPHABET))) >= 112
    sample = [receipt.mint() for _ in range(4000)]
    assert len(set(sample)) == len(sample)
    for place in range(LENGTH):
        counts = Counter(code[place] for code in sample)
        expected = len(sample) / 32
        chi_square = sum((counts[c] - expected) ** 2 / expected for c in ALPHABET)
        assert chi_square < 90, place  # 31 degrees of freedom: p about 1e-7, times 25 places


def test_the_check_character_is_the_published_one() -> None:
    assert receipt.check_character("0" * 23 + "1") == "2"
    assert receipt.check_character("0" * 22 + "10") == "4"
    assert receipt.check_character("0" * 19 + "10000") == "5"
    assert receipt.check_character("7K3QM9XYZ0ABCDEFGHJKMNPQ") == "E"


@given(codes)
def test_a_code_is_shown_as_five_groups_of_five(code: str) -> None:
    shown = receipt.groups(code)
    assert [len(group) for group in shown] == [5] * 5
    assert receipt.normalise("-".join(shown)) == code


@given(codes, st.sampled_from([" ", "-", "\u3000", "－", "—", "\n", "\u200b", " - "]))
def test_spaces_hyphens_case_and_full_width_are_folded(code: str, separator: str) -> None:
    assert receipt.normalise(separator.join(receipt.groups(code.lower()))) == code
    assert receipt.normalise(separator.join(code.translate(FULL_WIDTH))) == code
    assert receipt.normalise("\t" + code.lower().translate(FULL_WIDTH) + "\r\n") == code


@given(codes, st.sampled_from("OoＯ"), st.sampled_from("IiLlＩｌ"))
def test_letters_that_look_like_digits_are_read_as_digits(code: str, zero: str, one: str) -> None:
    assert receipt.normalise(code.replace("0", zero).replace("1", one)) == code


@given(codes, st.integers(0, 24), st.sampled_from(ALPHABET))
def test_every_single_wrong_character_is_detected(code: str, place: int, wrong: str) -> None:
    mistyped = code[:place] + wrong + code[place + 1 :]
    if wrong == code[place]:
        assert receipt.normalise(mistyped) == code
    else:
        assert fault_of(mistyped) is ReceiptFault.BAD_CHECK


@given(codes, st.integers(0, 24), st.integers(0, 24))
def test_every_exchange_of_two_characters_is_detected(code: str, first: int, second: int) -> None:
    exchanged = list(code)
    exchanged[first], exchanged[second] = exchanged[second], exchanged[first]
    if code[first] != code[second]:
        assert fault_of("".join(exchanged)) is ReceiptFault.BAD_CHECK


def test_every_substitution_and_exchange_of_one_code_is_detected_without_exception() -> None:
    code = receipt.mint()
    for place in range(LENGTH):
        for wrong in set(ALPHABET) - {code[place]}:
            assert fault_of(code[:place] + wrong + code[place + 1 :]) is ReceiptFault.BAD_CHECK


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", ReceiptFault.EMPTY),
        ("  \u3000-\u200b", ReceiptFault.EMPTY),
        ("7K3QM", ReceiptFault.WRONG_LENGTH),
        ("0" * 26, ReceiptFault.WRONG_LENGTH),
        ("0" * 100_000, ReceiptFault.WRONG_LENGTH),
        ("0" * 24 + "U", ReceiptFault.BAD_CHARACTER),
        ("查询码", ReceiptFault.BAD_CHARACTER),
        ("0" * 24 + "1", ReceiptFault.BAD_CHECK),
    ],
)
def test_a_wrong_code_is_refused_with_what_is_wrong(text: str, fault: ReceiptFault) -> None:
    assert fault_of(text) is fault


@given(st.text())
def test_any_text_is_either_a_code_or_refused(text: str) -> None:
    with suppress(ReceiptError):
        assert len(receipt.normalise(text)) == LENGTH


@given(codes)
def test_the_refusal_never_repeats_what_was_typed(code: str) -> None:
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
    with pytest.raises(ReceiptError) as caught:
        receipt.normalise(wrong)
    assert wrong not in repr(caught.value)
    assert wrong not in str(caught.value)


def test_the_digest_is_a_keyed_hash_with_a_known_answer() -> None:
    code = receipt.normalise("7K3QM-9XYZ0-ABCDE-FGHJK-MNPQE")
    assert receipt.digest(code, bytes(32)).hex() == (
        "528f12ace454b2a8013d9f0045d32a6abf81a723c2ad2697b1d1591b2715bedd"
    )
    assert receipt.digest(code, bytes(32)) != receipt.digest(code, b"\x01" * 32)


@given(codes, st.text(max_size=40), st.text(max_size=40))
def test_a_message_that_holds_the_code_is_found_whatever_its_spaces(
    code: str, before: str, after: str
) -> None:
    for shape in (code, "-".join(receipt.groups(code)), "、 ".join(code.lower()), code.translate(FULL_WIDTH)):
        assert receipt.mentions(f"{before} {shape} {after}", code)


@given(codes)
def test_a_message_without_the_code_is_not_refused(code: str) -> None:
    assert not receipt.mentions("车间里的消防通道被堵住了，编号 AQ-2026-00017", code)
    assert not receipt.mentions(code[:24], code)


def fault_of(text: str) -> ReceiptFault:
    """Return why a text is refused."""
    with pytest.raises(ReceiptError) as caught:
        receipt.normalise(text)
    return caught.value.code
