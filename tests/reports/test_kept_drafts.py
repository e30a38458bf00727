"""Forms kept while they are written: if these fail, a crash costs the text, or the text lies open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.reports import kept_drafts
from portal.reports.draft import Draft
from portal.reports.models import KeptDraft
from portal.vault.keys import Keyring

AT = datetime(2026, 11, 2, 1, 30, tzinfo=UTC)
TEXT = "喷漆车间的东侧安全出口一直用木料堵着。"
TOLD = {"narrative": TEXT, "district": "1", "name": "王芳芳", "telephone": "13812345678", "consent": "yes"}


@pytest.fixture
def ring(app: Flask) -> Keyring:
    return app.extensions["portal_keyring"]  # type: ignore[no-any-return]


def kept(ring: Keyring, token: str) -> Draft:
    draft = Draft.mint(AT).with_answers(TOLD)
    assert kept_drafts.keep(token, draft, at=AT, ring=ring)
    return draft


def test_what_was_written_comes_back_without_who_wrote_it(ring: Keyring) -> None:
    token = kept_drafts.new_token()
    draft = kept(ring, token)
    found = kept_drafts.find(token, at=AT, ring=ring)
    assert found is not None
    assert (found.draft.submission_id, found.draft.receipt_code) == (draft.submission_id, draft.receipt_code)
    assert found.draft.answers == {"narrative": TEXT, "district": "1"}


def test_without_the_token_of_the_cookie_nothing_opens_it(ring: Keyring, session: Session) -> None:
    token, other = kept_drafts.new_token(), kept_drafts.new_token()
    draft = kept(ring, token)
    row = session.scalars(select(KeptDraft)).one()
    stored = bytes(row.sealed)
    for secret in (token, TEXT, draft.submission_id, draft.receipt_code):
        assert secret.encode() not in stored + row.token_digest
    assert kept_drafts.find(other, at=AT, ring=ring) is None
    # Somebody who can write to the table and moves the row under a token of his own.
    session.add(KeptDraft(token_digest=kept_drafts._digest(other), sealed=stored, saved_at=AT))
    session.flush()
    assert kept_drafts.find(other, at=AT, ring=ring) is None


def test_a_short_and_a_longer_text_look_alike(ring: Keyring, session: Session) -> None:
    sizes = set()
    for text in ("门锁了。", "门锁了。" * 5):
        token = kept_drafts.new_token()
        draft = Draft.mint(AT).with_answers({"narrative": text})
        assert kept_drafts.keep(token, draft, at=AT, ring=ring)
        sizes.add(len(session.get_one(KeptDraft, kept_drafts._digest(token)).sealed))
    assert len(sizes) == 1


@pytest.mark.parametrize(
    ("age", "there"), [(timedelta(hours=24), True), (timedelta(hours=24, seconds=1), False)]
)
def test_it_is_kept_for_a_day(ring: Keyring, session: Session, age: timedelta, there: bool) -> None:
    token = kept_drafts.new_token()
    kept(ring, token)
    assert (kept_drafts.find(token, at=AT + age, ring=ring) is not None) is there
    with clock.frozen(AT + age):
        kept_drafts.purge()
    assert bool(session.scalars(select(KeptDraft)).all()) is there


def test_saving_again_takes_the_place_of_what_was_saved(ring: Keyring, session: Session) -> None:
    token = kept_drafts.new_token()
    kept(ring, token)
    draft = Draft.mint(AT).with_answers({"narrative": "又想起一件事。"})
    later = AT + timedelta(seconds=10)
    assert kept_drafts.keep(token, draft, at=later, ring=ring)
    found = kept_drafts.find(token, at=later, ring=ring)
    assert found is not None
    assert found.draft.answers == {"narrative": "又想起一件事。"}
    assert len(session.scalars(select(KeptDraft)).all()) == 1


def test_a_flood_of_forms_is_not_kept_without_end(ring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_drafts, "MOST", 1)
    token = kept_drafts.new_token()
    kept(ring, token)
    assert not kept_drafts.keep(kept_drafts.new_token(), Draft.mint(AT), at=AT, ring=ring)
    assert kept_drafts.keep(token, Draft.mint(AT), at=AT, ring=ring)
    too_long = Draft.mint(AT).with_answers({"narrative": "长" * 30_000})
    assert not kept_drafts.keep(token, too_long, at=AT, ring=ring)
