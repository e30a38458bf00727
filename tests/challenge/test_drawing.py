"""If these fail a person cannot read the picture or is refused for a right answer, and gives up."""

from __future__ import annotations

import io
from collections import Counter

import pytest
from PIL import Image

from portal.challenge.answers import answer_mac, fold
from portal.challenge.drawing import ALPHABET, HEIGHT, LENGTH, WIDTH, draw


def luminance(colour: tuple[int, int, int]) -> float:
    """Return the relative luminance of WCAG 2."""
    parts = [value / 255 for value in colour]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_picture_is_a_small_png_of_fixed_size_in_readable_ink() -> None:
    for _ in range(30):
        drawn = draw()
        assert len(drawn.picture) < 8000
        with Image.open(io.BytesIO(drawn.picture)) as image:
            assert (image.format, image.size) == ("PNG", (WIDTH, HEIGHT))
            pixels = image.convert("RGB").tobytes()
        counts = Counter(zip(pixels[::3], pixels[1::3], pixels[2::3], strict=True))
        paper = counts.most_common(1)[0][0]
        # Pixels of full ink, not only of the thin noise: enough for five letters.
        ink = sum(n for c, n in counts.items() if (luminance(paper) + 0.05) / (luminance(c) + 0.05) > 4.5)
        assert ink > 700


def test_no_two_characters_of_the_alphabet_look_alike() -> None:
    assert len(set(ALPHABET)) == len(ALPHABET)
    for alike in ("0OQD", "1IL", "2Z", "5S", "6G", "8B3", "UV"):
        assert sum(character in ALPHABET for character in alike) <= 1


def test_every_character_is_used_and_answers_differ() -> None:
    drawn = [draw() for _ in range(60)]
    assert {len(one.answer) for one in drawn} == {LENGTH}
    assert set("".join(one.answer for one in drawn)) == set(ALPHABET)
    assert len({one.answer for one in drawn}) == 60


@pytest.mark.parametrize(
    "typed", ["A3DKM", "a3dkm", " a3 dkm\n", "Ａ３ＤＫＭ", "ａ３ｄｋｍ", "A-3-D-K-M", "A30KM", "a3okm"]
)
def test_an_answer_is_the_same_in_any_case_width_and_spacing(typed: str) -> None:
    assert fold(typed) == "A3DKM"
    assert answer_mac(b"k", "id", typed) == answer_mac(b"k", "id", "A3DKM")


def test_different_answers_stay_different() -> None:
    assert {fold(character) for character in ALPHABET} == set(ALPHABET)
    assert fold("A3DK") != fold("A3DKM") != fold("A3DKMM")
    assert fold("x" * 100_000) == "X" * 40


def test_one_answer_is_kept_differently_for_each_challenge_and_key() -> None:
    assert len({answer_mac(key, name, "A3DKM") for key in (b"k", b"l") for name in ("one", "two")}) == 4


def test_the_answer_is_not_seen_in_the_drawings_text() -> None:
    drawn = draw()
    assert drawn.answer not in repr(drawn)
