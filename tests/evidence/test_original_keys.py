"""Who opens an original and for how long: if these fail the workers keep the keys of everything ever sent, or
a file waits for a key that was thrown away."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from portal import clock
from portal.cases import additions
from portal.cases.filing import find_filed
from portal.database import db
from portal.evidence import given_up, jobs, original_keys, scrub, staging, sweeper
from portal.evidence.cleaning import CleaningError
from portal.evidence.cleaning_faults import CleaningFault
from portal.evidence.commands import evidence
from portal.evidence.models import CleanState, Evidence, OriginalKey, StagedFile
from portal.evidence.original_keys import NoKey, NotOurs
from portal.evidence.scanning import ScannerDown
from portal.vault.keyfiles import KeyFileError
from portal.vault.keys import Holder, Keyring, Purpose, complete, file_of, holds_earlier, take_from_web
from portal.vault.working import WorkingKeys
from tests.evidence.test_jobs import AT, make_evidence
from tests.fixtures.evidence import make_evidence as made_evidence
from tests.fixtures.evidence import picture, read_original
from tests.fixtures.records import make_report

SUBMISSION = "c" * 32


def key_of(item: Evidence) -> OriginalKey:
    return db.session.get_one(OriginalKey, item.original, populate_existing=True)


def test_cleaning_for_good_destroys_the_workers_key_and_leaves_the_vaults(
    app: Flask, session: Session, samples: dict[str, bytes]
) -> None:
    row = make_evidence(app, session, samples["image/jpeg"])
    before = key_of(row)
    assert (before.working_wrap is not None, before.body_digest) == (True, "")
    jobs.clean(row.id)
    after = key_of(row)
    assert (after.working_wrap, after.working_key_id) == (None, "")
    assert after.body_digest == app.extensions["portal_originals"].body_digest(row.original)
    with pytest.raises(NoKey):
        original_keys.open_working(app.extensions["portal_keyring"].directory, row.original)
    assert read_original(app, row.original) == samples["image/jpeg"]
    assert scrub.verify(session.get_one(Evidence, row.id), app.extensions["portal_store"], AT) == ""


@pytest.mark.parametrize("trouble", ["crash", "scanner down"])
def test_a_file_that_is_tried_again_keeps_its_key_also_when_it_is_given_up_for_now(
    app: Flask,
    session: Session,
    samples: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
    trouble: str,
) -> None:
    """Otherwise a minute without the virus scanner costs a photo its clean copy for ever."""
    row = make_evidence(app, session, samples["image/png"])

    def fails(*_: object) -> None:
        raise CleaningError(CleaningFault.CRASHED) if trouble == "crash" else ScannerDown("x")

    monkeypatch.setattr(jobs, "clean_stream" if trouble == "crash" else "_scan", fails)
    for _ in range(jobs.ATTEMPTS):
        jobs.clean(row.id)
        assert key_of(row).working_wrap is not None
    monkeypatch.undo()
    jobs.clean(row.id)
    state = session.get_one(Evidence, row.id, populate_existing=True).clean_state
    assert state is (CleanState.FAILED if trouble == "crash" else CleanState.CLEAN)


def test_what_was_given_up_for_now_is_tried_once_a_day_and_after_two_weeks_no_more(
    app: Flask, session: Session, samples: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a bad hour of the machine costs photos their copies, or workers keep keys for ever."""
    row = make_evidence(app, session, samples["image/png"])
    row.attempts, row.received_at = jobs.ATTEMPTS, clock.now()
    session.commit()
    jobs.clean(row.id)
    broken = make_evidence(app, session, samples["image/jpeg"][:200])
    jobs.clean(broken.id)
    assert key_of(broken).working_wrap is None  # its own fault: no try can help

    def a_day_later() -> CleanState:
        row.cleaned_at = clock.now() - given_up.EVERY - timedelta(minutes=1)
        broken.cleaned_at = row.cleaned_at
        session.commit()
        given_up.work()
        session.refresh(broken)
        assert broken.clean_state is CleanState.FAILED
        return session.get_one(Evidence, row.id, populate_existing=True).clean_state

    given_up.work()
    assert session.get_one(Evidence, row.id, populate_existing=True).clean_state is CleanState.FAILED
    assert a_day_later() is CleanState.PENDING

    def fails(*_: object) -> None:
        raise CleaningError(CleaningFault.CRASHED)

    with monkeypatch.context() as patched:
        patched.setattr(jobs, "clean_stream", fails)
        jobs.clean(row.id)  # the one try of the day
    assert session.get_one(Evidence, row.id, populate_existing=True).clean_state is CleanState.FAILED
    assert a_day_later() is CleanState.PENDING
    jobs.clean(row.id)
    assert session.get_one(Evidence, row.id, populate_existing=True).clean_state is CleanState.CLEAN

    old = make_evidence(app, session, samples["image/webp"])
    old.attempts, old.received_at = jobs.ATTEMPTS, clock.now() - given_up.KEPT - timedelta(days=1)
    session.commit()
    jobs.clean(old.id)
    assert given_up.can_begin_again(session.get_one(Evidence, old.id, populate_existing=True))
    row = old
    assert a_day_later() is CleanState.FAILED
    assert (key_of(old).working_wrap, bool(key_of(old).body_digest)) == (None, True)
    assert not given_up.can_begin_again(old)


def test_without_the_workers_private_file_files_wait_and_are_not_given_up(
    app: Flask, session: Session, samples: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a wrong key file turns a day's photos into files that could not be cleaned."""
    row = make_evidence(app, session, samples["image/png"])
    real = original_keys.open_working
    for directory in (tmp_path / "nothing", Keyring.create(tmp_path / "others").directory):
        monkeypatch.setattr(original_keys, "open_working", lambda _, name, at=directory: real(at, name))
        for _ in range(jobs.ATTEMPTS + 1):
            jobs.clean(row.id)
        found = session.get_one(Evidence, row.id, populate_existing=True)
        assert (found.clean_state, found.attempts) == (CleanState.PENDING, 0)
        assert key_of(row).working_wrap is not None
    with pytest.raises(NotOurs):
        real(tmp_path / "others", row.original)
    monkeypatch.undo()
    jobs.clean(row.id)
    assert session.get_one(Evidence, row.id, populate_existing=True).clean_state is CleanState.CLEAN


def test_the_same_photo_in_two_reports_is_two_files_and_one_does_not_touch_the_other(
    app: Flask, session: Session
) -> None:
    """Otherwise the second sending of a photo breaks the one that waits for its cleaning."""
    content = picture(kind="JPEG")
    rows = []
    for _ in range(2):
        received = staging.receive(io.BytesIO(content), app.extensions["portal_originals"])
        (row,) = additions.add_files(make_report(), [received], AT)
        session.commit()
        rows.append(row)
    first, second = rows
    assert (first.digest, first.original != second.original) == (second.digest, True)
    jobs.clean(first.id)
    original_keys.destroy([first.original])
    session.commit()
    jobs.clean(second.id)
    assert session.get_one(Evidence, second.id, populate_existing=True).clean_state is CleanState.CLEAN
    assert read_original(app, second.original) == content


def test_keys_go_with_the_rows_that_named_their_files(app: Flask, session: Session) -> None:
    """Otherwise what somebody took out of the form again could still be opened."""
    originals = app.extensions["portal_originals"]
    one, two = (staging.receive(io.BytesIO(picture()), originals) for _ in range(2))
    staging.stage(SUBMISSION, [one, two], AT)
    session.commit()
    assert original_keys.forget_unnamed() == 0
    row = session.query(StagedFile).filter_by(digest=one.digest).one()
    staging.remove(SUBMISSION, [row.uuid])
    assert original_keys.forget_unnamed() == 1
    session.commit()
    assert original_keys.lacking([one.original, two.original]) == [one.original]
    (taken,) = staging.take(SUBMISSION)
    assert taken.original == two.original
    additions.add_files(make_report(), [taken], AT)
    assert original_keys.forget_unnamed() == 0
    assert find_filed(SUBMISSION) is None


def test_bytes_without_a_key_are_swept_and_others_stay(app: Flask, session: Session) -> None:
    item = made_evidence(app, make_report())
    session.commit()
    originals = app.extensions["portal_originals"]
    alone = originals.put(io.BytesIO(b"whose row was never committed"))
    later = AT.replace(year=2100)
    sweeper.remove_orphans(app.extensions["portal_store"], originals, later)
    assert (originals.exists(item.original), originals.exists(alone.name)) == (True, False)


# what an earlier version left


def as_before(app: Flask, item: Evidence, content: bytes) -> None:
    """Put a file where an earlier version put it: beside the copies, under the key of files."""
    app.extensions["portal_store"].put(io.BytesIO(content))
    original_keys.destroy([item.original])
    item.original = ""
    db.session.commit()


def calls(app: Flask, name: str) -> str:
    done = app.test_cli_runner().invoke(evidence, [name])
    assert done.exit_code == 0, done.output
    return done.output


def test_files_of_an_earlier_version_open_and_are_resealed(
    app: Flask, session: Session, samples: dict[str, bytes]
) -> None:
    """Otherwise an upgrade loses the evidence of years, or leaves it open to the web server for ever."""
    contents = [samples["image/jpeg"] + bytes((number,)) for number in range(3)]
    clean, waiting, lost = (made_evidence(app, make_report(), original=one) for one in contents)
    waiting.clean_state = CleanState.PENDING
    for item, content in zip((clean, waiting, lost), contents, strict=True):
        as_before(app, item, content)
    app.extensions["portal_store"].delete(lost.digest)
    store = app.extensions["portal_store"]
    assert scrub.verify(session.get_one(Evidence, clean.id), store, AT) == ""
    done = app.test_cli_runner().invoke(evidence, ["reseal"])
    assert (done.exit_code, "1 files do not open" in done.output) == (1, True)
    for item, content in zip((clean, waiting), contents, strict=False):
        session.refresh(item)
        assert read_original(app, item.original) == content
        assert (key_of(item).working_wrap is None) is (item is clean)
    session.refresh(lost)
    assert lost.original == ""
    session.delete(lost)
    session.commit()
    calls(app, "reseal")
    assert staging.unknown([clean.digest]) == [clean.digest]  # its former bytes go with the sweep
    jobs.clean(waiting.id)
    assert session.get_one(Evidence, waiting.id, populate_existing=True).clean_state is CleanState.CLEAN


def former_directory(tmp_path: Path) -> tuple[Path, tuple[str, bytes]]:
    """Key files as an earlier version left them: the key of files in web.json."""
    directory = tmp_path / "keys"
    ring = Keyring.create(directory)
    key = ring.current(Purpose.EVIDENCE)
    files, web = (file_of(directory, holder) for holder in (Holder.FILES, Holder.WEB))
    entry = files.read_text().partition('"evidence"')[2].rpartition("}\n}")[0]
    web.write_text(web.read_text().replace('"form"', f'"evidence"{entry.rstrip()},\n  "form"'))
    for path in (files, directory / "worker.json", directory / "worker.pub"):
        path.unlink()
    return directory, key


def test_key_files_of_an_earlier_version_are_completed_and_none_is_lost(tmp_path: Path) -> None:
    directory, old = former_directory(tmp_path)
    assert Keyring.load(directory, {Holder.FILES}).all(Purpose.EVIDENCE) == [old]
    complete(directory)
    ring = Keyring.load(directory)
    (fresh, second) = ring.all(Purpose.EVIDENCE)
    assert (second, fresh != old) == (old, True)
    assert ring.working_key().id == WorkingKeys.load(directory / "worker.json").current().id
    before = {path.name: path.read_bytes() for path in directory.iterdir()}
    complete(directory)
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == before
    assert "evidence" in before["web.json"].decode()


def test_the_old_key_leaves_the_web_servers_file_only_when_another_file_holds_it(tmp_path: Path) -> None:
    directory, old = former_directory(tmp_path)
    complete(directory)
    files = file_of(directory, Holder.FILES)
    good = files.read_text()
    files.write_text(file_of(Keyring.create(tmp_path / "others").directory, Holder.FILES).read_text())
    with pytest.raises(KeyFileError):
        take_from_web(directory)
    assert holds_earlier(directory)
    files.write_text(good)
    assert take_from_web(directory)
    assert not holds_earlier(directory)
    assert not take_from_web(directory)
    web = Keyring.load(directory, {Holder.WEB})
    assert web.current(Purpose.RECEIPT) == Keyring.load(directory).current(Purpose.RECEIPT)
    assert old in Keyring.load(directory).all(Purpose.EVIDENCE)


def test_a_completion_that_was_broken_off_goes_on_with_the_pair_it_made(tmp_path: Path) -> None:
    directory, old = former_directory(tmp_path)
    complete(directory)
    pair = WorkingKeys.load(directory / "worker.json").current().id
    for name in ("worker.pub", "files.json"):
        (directory / name).unlink()
        complete(directory)
        assert Keyring.load(directory).working_key().id == pair
        assert old in Keyring.load(directory).all(Purpose.EVIDENCE)


def test_a_directory_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise an upgrade ends in a page of Python's own words."""
    directory, _ = former_directory(tmp_path)

    def refused(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(KeyFileError, match="cannot be written"):
        complete(directory)


def test_a_machine_without_the_desk_makes_no_keys_of_its_own(tmp_path: Path) -> None:
    """Otherwise the public face would seal to a pair that no worker has."""
    directory, _ = former_directory(tmp_path)
    file_of(directory, Holder.DESK).unlink()
    complete(directory)
    assert not (directory / "worker.json").exists()


def test_the_working_pair_is_rotated_and_goes_a_day_later_when_nothing_needs_it(
    app: Flask, session: Session, samples: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = app.extensions["portal_keyring"].directory
    row = make_evidence(app, session, samples["image/png"])
    old = WorkingKeys.load(directory / "worker.json").current().id
    calls(app, "rotate")
    assert app.extensions["portal_keyring"].working_key().id != old
    assert "Still kept" in calls(app, "rotate")
    monkeypatch.setattr("portal.evidence.commands.RETIRE_AFTER", AT - AT)
    assert old in calls(app, "rotate")  # a file still waits for it
    jobs.clean(row.id)
    assert session.get_one(Evidence, row.id, populate_existing=True).clean_state is CleanState.CLEAN
    assert "Still kept" not in calls(app, "rotate")
    assert [pair.id for pair in WorkingKeys.load(directory / "worker.json").pairs] != [old]
