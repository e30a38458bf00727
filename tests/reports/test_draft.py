"""The sealed draft: if it failed, a form sent twice would be two reports, or a receipt code could be read."""

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.reports.draft import LIFETIME, Draft, DraftError, open_draft, seal_draft
from portal.vault.keys import Keyring, Purpose
from portal.vault.sealing import seal

AT = datetime(2026, 11, 2, 1, 30, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return Keyring.create(tmp_path_factory.mktemp("keys") / "keys.json")


@given(answers=st.dictionaries(TEXT, TEXT, max_size=8), solved=st.integers(0, 9), staged=st.integers(0, 9))
def test_a_draft_comes_back_as_it_was_sealed(
    ring: Keyring, answers: dict[str, str], solved: int, staged: int
) -> None:
    draft = Draft("a" * 32, "K" * 25, AT, answers, solved, staged)
    assert open_draft(ring, seal_draft(ring, draft)) == draft


@given(place=st.integers(0, 10_000), change=st.integers(1, 255))
def test_a_draft_that_was_touched_anywhere_does_not_open(ring: Keyring, place: int, change: int) -> None:
    blob = bytearray(base64.urlsafe_b64decode(seal_draft(ring, Draft.mint(AT))))
    blob[place % len(blob)] ^= change
    with pytest.raises(DraftError):
        open_draft(ring, base64.urlsafe_b64encode(blob).decode())


@given(text=st.text(max_size=400))
def test_any_text_is_refused_without_another_error(ring: Keyring, text: str) -> None:
    with pytest.raises(DraftError):
        open_draft(ring, text)


def test_the_code_and_the_answers_cannot_be_read_in_the_form(ring: Keyring) -> None:
    draft = Draft.mint(AT).with_answers({"name": "WANGFANG"})
    sealed = seal_draft(ring, draft)
    assert draft.receipt_code not in sealed
    assert "WANGFANG" not in sealed
    assert draft.receipt_code not in repr(draft)
    assert "WANGFANG" not in repr(draft)


def test_a_draft_of_another_form_is_refused_not_misread(ring: Keyring) -> None:
    sealed = seal(ring, Purpose.FORM, b'["a", "b", 1]', ("report form", "1"))
    with pytest.raises(DraftError):
        open_draft(ring, base64.urlsafe_b64encode(sealed).decode())


def test_another_key_opens_nothing(ring: Keyring, tmp_path: Path) -> None:
    other = Keyring.create(tmp_path / "keys.json")
    with pytest.raises(DraftError):
        open_draft(other, seal_draft(ring, Draft.mint(AT)))


def test_a_draft_grows_stale_after_three_days() -> None:
    draft = Draft.mint(AT)
    assert not draft.is_stale(AT + LIFETIME)
    assert draft.is_stale(AT + LIFETIME + timedelta(seconds=1))


def test_two_forms_never_share_an_id_or_a_code() -> None:
    drafts = [Draft.mint(AT) for _ in range(200)]
    assert len({draft.submission_id for draft in drafts}) == 200
    assert len({draft.receipt_code for draft in drafts}) == 200
