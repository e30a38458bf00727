"""The same photo again: if this failed one hazard would be paid twice with one photo, or strangers' reports
would be held up because their photos are said to be copies."""

from __future__ import annotations

import io
import random
from collections.abc import Callable

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy.orm import Session

from portal.evidence import jobs, likeness
from portal.evidence.hashes import CUTS, Hashes
from portal.evidence.hashing import hashes_of
from tests.evidence.samples import film, scene
from tests.evidence.test_jobs import make_evidence

SEED = 20261121
FLIP = Image.Transpose.FLIP_LEFT_RIGHT


def encoded(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


def again(picture: Image.Image, quality: int = 60) -> Image.Image:
    return Image.open(io.BytesIO(encoded(picture, quality))).convert("RGB")


def cut(picture: Image.Image, *sides: float) -> Image.Image:
    """Cut parts of the width or height off: left, upper, right, lower."""
    width, height = picture.size
    return picture.crop(
        (int(width * sides[0]), int(height * sides[1]),
         int(width * (1 - sides[2])), int(height * (1 - sides[3])))
    )  # fmt: skip


CHANGES: dict[str, Callable[[Image.Image, random.Random], Image.Image]] = {
    "encoded again": lambda picture, _: again(picture, 40),
    "half the size": lambda picture, _: again(picture.reduce(2), 70),
    "5 % off one side": lambda picture, chance: again(cut(picture, *chance.sample((0.05, 0.0, 0.0, 0.0), 4))),
    "2.5 % off each side": lambda picture, _: again(cut(picture, *[0.025] * 4)),
    "up to 5 % off each side": lambda picture, chance: again(
        cut(picture, *(chance.random() * 0.05 for _ in range(4)))
    ),
    "flipped": lambda picture, _: again(picture.transpose(FLIP)),
    "flipped, half the size and 5 % off": lambda picture, _: again(
        cut(picture.transpose(FLIP).reduce(2), 0.05, 0, 0, 0)
    ),
}


def distance(one: Hashes, other: Hashes) -> int:
    return min((a ^ b).bit_count() for flipped, _, a in one if not flipped for _, _, b in other)


def found(change: str, count: int) -> float:
    chance = random.Random(SEED)
    hits = 0
    for seed in range(count):
        picture = scene(seed)
        changed = CHANGES[change](picture, chance)
        hits += distance(hashes_of(changed), hashes_of(picture)) <= likeness.NEAR
    return hits / count


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_photo_is_found(change: str) -> None:
    assert found(change, 40) >= 0.95


def test_other_photos_are_not_the_same() -> None:
    hashes = [hashes_of(scene(seed)) for seed in range(60)]
    near = [
        1 for n, one in enumerate(hashes) for other in hashes[:n] if distance(one, other) <= likeness.NEAR
    ]
    assert near == []


def test_a_blank_page_resembles_nothing() -> None:
    assert hashes_of(Image.new("RGB", (800, 600), "white")) == []
    assert len(hashes_of(scene(1))) == 2 * len(CUTS)


def test_the_job_keeps_hashes_and_the_search_finds_the_same_photo(app: Flask, session: Session) -> None:
    first = make_evidence(app, session, encoded(scene(1), 92))
    other = make_evidence(app, session, encoded(scene(2), 92))
    smaller = make_evidence(app, session, encoded(cut(scene(1).reduce(2), 0.05, 0, 0, 0), 60))
    turned = make_evidence(app, session, encoded(scene(1).transpose(FLIP), 60))
    for row in (first, other, smaller, turned):
        jobs.clean(row.id)
    assert {one for one, _ in likeness.similar(first.id)} == {smaller.id, turned.id}
    assert {one for one, _ in likeness.similar(smaller.id)} == {first.id, turned.id}
    assert likeness.similar(other.id) == []
    distances = [far for _, far in likeness.similar(turned.id)]
    assert distances == sorted(distances)
    assert max(distances) <= likeness.NEAR


def panned(seed: int) -> Callable[[float], Image.Image]:
    """What a hand sees that moves a little to the right."""
    wide = scene(seed, (960, 480))
    return lambda second: wide.crop((int(second * 300), 0, int(second * 300) + 640, 480))


def test_the_same_film_coded_anew_is_found_and_another_is_not(app: Flask, session: Session) -> None:
    """Otherwise one hazard is paid twice with one film that a chat program made smaller."""
    first = make_evidence(app, session, film(size=(640, 480), rate=60, drawn=panned(1)))
    smaller = make_evidence(app, session, film(size=(320, 240), rate=25, video="mpeg4", drawn=panned(1)))
    other = make_evidence(app, session, film(size=(640, 480), drawn=panned(2)))
    for row in (first, smaller, other):
        jobs.clean(row.id)
    assert {one for one, _ in likeness.similar(first.id)} == {smaller.id}
    assert {one for one, _ in likeness.similar(smaller.id)} == {first.id}
    assert likeness.similar(other.id) == []


def test_a_film_of_the_dark_and_a_recording_resemble_nothing(app: Flask, session: Session) -> None:
    dark = make_evidence(app, session, film(drawn=lambda _second: Image.new("RGB", (64, 48), "#060606")))
    darker = make_evidence(app, session, film(drawn=lambda _second: Image.new("RGB", (64, 48), "#040404")))
    sound = make_evidence(app, session, film("ipod", video=""))
    for row in (dark, darker, sound):
        jobs.clean(row.id)
        assert likeness.similar(row.id) == []


def test_hashes_kept_twice_are_kept_once(app: Flask, session: Session) -> None:
    row = make_evidence(app, session, encoded(scene(1), 92))
    for _ in range(2):
        likeness.keep(row.id, hashes_of(scene(1)))
        session.flush()
    assert likeness.similar(row.id) == []


def test_a_hash_with_its_differences_spread_over_all_quarters_is_found(app: Flask, session: Session) -> None:
    rows = [make_evidence(app, session, encoded(scene(seed), 92)) for seed in range(3)]
    whole = 0x0123_4567_89AB_CDEF
    near = whole ^ 0x0003_0003_0003_0001  # seven bits, at most two in a quarter
    far = whole ^ 0x0003_0003_0003_0003
    for row, value in zip(rows, (whole, near, far), strict=True):
        likeness.keep(row.id, [(False, 0, value)])
    session.flush()
    assert likeness.similar(rows[0].id) == [(rows[1].id, 7)]


@pytest.mark.assure
@pytest.mark.timeout(1200)
def test_how_often_the_same_is_found_and_others_are_taken_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    rates = {change: found(change, 200) for change in CHANGES}
    hashes = [hashes_of(scene(seed)) for seed in range(2000)]
    pairs = alarms = 0
    touched: set[int] = set()
    for number, one in enumerate(hashes):
        whole = one[0][2]
        for other in range(number):
            pairs += 1
            # Cheap first: no cut moves a hash by more than half of it.
            if (whole ^ hashes[other][0][2]).bit_count() > 32 and (
                whole ^ hashes[other][len(CUTS)][2]
            ).bit_count() > 32:
                continue
            if distance(one, hashes[other]) <= likeness.NEAR:
                alarms += 1
                touched |= {number, other}
    with capsys.disabled():
        print(f"\nSeed {SEED}: 200 pictures, each change:")
        for change, rate in rates.items():
            print(f"  {change:40} found {rate:.1%}")
        print(f"  2,000 pictures, {pairs:,} pairs: {alarms} false alarms ({alarms / pairs:.1e} a pair), ")
        print(f"  {len(touched) / 2000:.2%} of the pictures resemble another one")
    assert min(rates.values()) >= 0.95
    assert alarms / pairs < 1e-4
