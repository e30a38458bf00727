"""Originals as they lie: if these fail whoever takes the web server sees where a photo was taken, or evidence
rots and nobody knows."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portal.evidence import vaulted
from portal.evidence.chunks import CHUNK_BYTES
from portal.evidence.store import StoreError, StoreFault
from portal.evidence.vaulted import Kept, Originals
from portal.vault.file_keys import unwrap_lasting, unwrap_working
from portal.vault.keyfiles import Key
from portal.vault.opening import SealError, SealFault
from portal.vault.pairs import VaultKeys
from portal.vault.working import WorkingKeys
from tests.fixtures.stores import KeptLocally, KeptOriginals

AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
SEALED = CHUNK_BYTES + 16
SIZES = [1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES]


def keys_of(kept: KeptOriginals) -> tuple[VaultKeys, WorkingKeys]:
    return VaultKeys.load(kept.keys / "vault.json"), WorkingKeys.load(kept.keys / "worker.json")


def read(kept: KeptOriginals, file: Kept) -> bytes:
    key = unwrap_lasting(keys_of(kept)[0], file.name, file.digest, file.wraps.vault_wrap)
    with kept.originals.open(file.name, key) as original:
        return original.read()


def fault_of(call: Callable[[], object]) -> StoreFault:
    with pytest.raises(StoreError) as caught:
        call()
    return caught.value.code


@pytest.mark.parametrize("size", SIZES)
def test_an_original_of_any_size_comes_back(originals_locally: KeptOriginals, size: int) -> None:
    content = os.urandom(size)
    kept = originals_locally.originals.put(io.BytesIO(content))
    assert kept.size == originals_locally.originals.size(kept.name) == size
    assert read(originals_locally, kept) == content


@pytest.mark.parametrize("size", [0, 3 * CHUNK_BYTES + 77])
def test_an_original_comes_back_to_the_vault_and_to_the_workers(
    kept_originals: KeptOriginals, size: int
) -> None:
    content = os.urandom(size)
    kept = kept_originals.originals.put(io.BytesIO(content))
    assert (kept.digest, kept.size) == (hashlib.sha256(content).hexdigest(), size)
    assert kept_originals.names() == [kept.name]
    assert kept_originals.originals.size(kept.name) == size
    assert read(kept_originals, kept) == content
    _, workers = keys_of(kept_originals)
    key = unwrap_working(workers, kept.name, kept.digest, kept.wraps.working_wrap)
    with kept_originals.originals.open(kept.name, key) as original:
        assert original.read() == content


def test_the_name_says_nothing_and_the_same_content_twice_is_two_files(kept_originals: KeptOriginals) -> None:
    """Otherwise who has a photo sees in the store that it was sent, and one key would open two files."""
    one, two = (kept_originals.originals.put(io.BytesIO(b"the same photo")) for _ in range(2))
    assert one.digest == two.digest
    assert one.name != two.name
    assert one.digest[:16] not in one.name + two.name
    assert sorted(kept_originals.names()) == sorted([one.name, two.name])
    with pytest.raises(SealError):
        unwrap_lasting(keys_of(kept_originals)[0], two.name, two.digest, one.wraps.vault_wrap)


@pytest.mark.parametrize("pieces", [1000, 64 * 1024, CHUNK_BYTES, CHUNK_BYTES + 1, 5 * CHUNK_BYTES])
def test_however_the_bytes_come_they_lie_in_the_same_form(
    originals_locally: KeptOriginals, pieces: int
) -> None:
    content = os.urandom(3 * CHUNK_BYTES + 500)
    sealing = originals_locally.originals.begin()
    for start in range(0, len(content), pieces):
        sealing.write(content[start : start + pieces])
    with sealing.reader(CHUNK_BYTES + 7) as reader:
        assert reader.read() == content[CHUNK_BYTES + 7 :]
    kept = originals_locally.originals.keep(sealing)
    assert read(originals_locally, kept) == content
    assert len(originals_locally.raw(kept.name)) == 5 + len(content) + 4 * 16


def test_nothing_of_it_is_readable_and_the_key_is_forgotten(kept_originals: KeptOriginals) -> None:
    sealing = kept_originals.originals.begin()
    sealing.write(b"CANARY GPSLatitude 36.0976" * 100)
    key = bytes(sealing.key)
    assert any(key)
    kept = kept_originals.originals.keep(sealing)
    assert not any(sealing.key)
    raw = kept_originals.raw(kept.name)
    assert b"CANARY" not in raw
    assert key not in raw
    with kept_originals.originals.open(kept.name, key) as original:  # it was the key indeed
        assert original.read().startswith(b"CANARY")


@pytest.mark.parametrize("place", ["magic", "first", "last"])
def test_a_flipped_bit_is_found_with_the_key_and_without(kept_originals: KeptOriginals, place: str) -> None:
    """The scrub has no key: without its comparison rot stays unseen until somebody needs the original."""
    kept = kept_originals.originals.put(io.BytesIO(os.urandom(2 * CHUNK_BYTES + 100)))
    before = kept_originals.originals.body_digest(kept.name)
    content = bytearray(kept_originals.raw(kept.name))
    content[{"magic": 2, "first": 1000, "last": -1}[place]] ^= 1
    kept_originals.overwrite(kept.name, bytes(content))
    assert fault_of(lambda: read(kept_originals, kept)) is StoreFault.DAMAGED
    if place == "magic":
        assert fault_of(lambda: kept_originals.originals.body_digest(kept.name)) is StoreFault.DAMAGED
    else:
        assert kept_originals.originals.body_digest(kept.name) != before


@pytest.mark.parametrize(
    "change",
    [
        lambda head, a, b, c: head + a + b,
        lambda head, a, b, c: head + b + a + c,
        lambda head, a, b, c: head + a + c,
        lambda head, a, b, c: head + a + b + c + c,
        lambda head, a, b, c: head,
        lambda head, a, b, c: b"",
    ],
)
def test_chunks_cut_off_exchanged_left_out_or_added_are_found(
    originals_locally: KeptOriginals, change: Callable[[bytes, bytes, bytes, bytes], bytes]
) -> None:
    kept = originals_locally.originals.put(io.BytesIO(os.urandom(3 * CHUNK_BYTES)))
    raw = originals_locally.raw(kept.name)
    head = len(raw) - 3 * SEALED
    originals_locally.overwrite(
        kept.name, change(raw[:head], *(raw[head + n * SEALED : head + (n + 1) * SEALED] for n in range(3)))
    )
    assert fault_of(lambda: read(originals_locally, kept)) is StoreFault.DAMAGED


def test_another_files_key_opens_nothing(kept_originals: KeptOriginals) -> None:
    one, two = (kept_originals.originals.put(io.BytesIO(text)) for text in (b"one", b"two"))
    key = unwrap_lasting(keys_of(kept_originals)[0], one.name, one.digest, one.wraps.vault_wrap)
    assert fault_of(lambda: kept_originals.originals.open(two.name, key).read()) is StoreFault.DAMAGED


def test_a_stream_beyond_its_limit_or_that_breaks_leaves_nothing(kept_originals: KeptOriginals) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > CHUNK_BYTES:
                raise ConnectionResetError
            return super().read(1000)

    originals, content = kept_originals.originals, bytes(2 * CHUNK_BYTES)
    assert (
        fault_of(lambda: originals.put(io.BytesIO(content), limit=len(content) - 1)) is StoreFault.TOO_LARGE
    )
    with pytest.raises(ConnectionResetError):
        originals.put(Broken(content))
    assert kept_originals.names() == []
    assert originals.put(io.BytesIO(content), limit=len(content)).size == len(content)


def test_what_is_no_name_is_no_path_and_what_is_gone_is_absent(kept_originals: KeptOriginals) -> None:
    originals = kept_originals.originals
    for name in ("", "../../x", "a" * 31, "A" * 32, "a" * 64, "a" * 32 + "\n"):
        for call in (originals.exists, originals.size, originals.delete, originals.body_digest):
            assert fault_of(lambda call=call, name=name: call(name)) is StoreFault.BAD_DIGEST  # type: ignore[misc]
    kept = originals.put(io.BytesIO(b"x"))
    assert list(originals.names()) == [kept.name]
    assert originals.delete(kept.name)
    assert not originals.delete(kept.name)
    assert fault_of(lambda: originals.size(kept.name)) is StoreFault.ABSENT


def test_the_bytes_last_before_they_get_their_name(
    originals_locally: KeptOriginals, monkeypatch: pytest.MonkeyPatch
) -> None:
    originals_locally.originals.put(io.BytesIO(b"x"))
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def watched_fsync(descriptor: int) -> None:
        steps.append("directory" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def watched_replace(self: Path, target: Path) -> Path:
        steps.append("rename")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(Path, "replace", watched_replace)
    originals_locally.originals.put(io.BytesIO(b"x"))
    # A new directory is synced before as well.
    assert steps in (["file", "rename", "directory"], ["file", "directory", "rename", "directory"])


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_is_said_and_leaves_nothing(
    originals_locally: KeptOriginals, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(*((os, "fsync", full) if call == "fsync" else (Path, "replace", full)))
    assert fault_of(lambda: originals_locally.originals.put(io.BytesIO(b"x"))) is StoreFault.NO_SPACE
    monkeypatch.undo()
    assert originals_locally.names() == []


@pytest.mark.parametrize("fault", [errno.EIO, errno.EROFS, errno.EACCES, errno.ENOTDIR])
def test_a_disk_that_cannot_be_written_is_said_in_the_log_and_costs_a_report_its_file_alone(
    originals_locally: KeptOriginals,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: int,
) -> None:
    """Otherwise a folder that is not mounted shuts the portal to everybody who adds a photo."""

    def broken(*_: object) -> None:
        raise OSError(fault, "broken", "/srv/evidence/a-name")

    monkeypatch.setattr(os, "fsync", broken)
    assert fault_of(lambda: originals_locally.originals.put(io.BytesIO(b"x"))) is StoreFault.UNREACHABLE
    assert [record.getMessage() for record in caplog.records] == [
        f"evidence cannot be written: {errno.errorcode[fault]}"
    ]
    monkeypatch.undo()
    assert originals_locally.names() == []


def test_memory_does_not_grow_with_the_size_of_a_file(originals_locally: KeptOriginals) -> None:
    class Zeros:
        left = 48 * 1024 * 1024

        def read(self, size: int, /) -> bytes:
            taken = min(size, self.left)
            self.left -= taken
            return bytes(taken)

    tracemalloc.start()
    originals_locally.originals.put(Zeros())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 * CHUNK_BYTES


def test_the_sweep_takes_what_was_never_finished(originals_locally: KeptOriginals) -> None:
    half = originals_locally.originals.begin()
    half.write(bytes(CHUNK_BYTES * 2))
    half._file.close()  # as a killed process leaves it
    os.utime(half.path, (AT.timestamp(), AT.timestamp()))
    assert originals_locally.originals.sweep(AT) == 0
    assert originals_locally.originals.sweep(AT + timedelta(seconds=1)) == 1
    assert originals_locally.names() == []


# Made once with the code as it stands, from the bytes 0 to 31 as data key and private keys of 1 and 2 alone:
# whatever changes the form of today's files changes these.
NAME, DIGEST = "0123456789abcdef" * 2, hashlib.sha256(b"a photo").hexdigest()
BODY = "575045563274f6cf942b805fb730980ccc1b785baeea33238fd387b8"
VAULT_WRAP = bytes.fromhex(
    "021005706169723105441c13b09e8b4ea048993470eaba77d46177d1d714853074e1defd82f4ad58e5121b9e18"
    "2523d32f6720bdae7838d247c16a5ef463f3578b5272b812440c9e0dda0afc2ab054988191f922e5e9c9e7"
)
WORKING_WRAP = bytes.fromhex(
    "0210057061697232d5d8ad43786fec7e0c27109125b50c889d7ff0d63708fb78b398ec11366daa3db740fd3bcb"
    "ae6a6d8eaf0409cac2d053aa2d20c0f54d4020ad6ab27661ae18757941f8ab97a2bba1067e566a6440e038"
)


def test_known_answers_of_the_body_and_of_both_wraps(
    kept_locally: KeptLocally, originals_locally: KeptOriginals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise an upgrade could change the form, and what lies in the store would not open any more."""
    monkeypatch.setattr(vaulted, "_fresh_key", lambda: bytearray(range(32)))
    monkeypatch.setattr(vaulted.secrets, "token_hex", lambda _: NAME)
    kept = originals_locally.originals.put(io.BytesIO(b"a photo"))
    assert kept_locally.raw(kept.name).hex() == BODY
    for unwrap, wrap, number in ((unwrap_lasting, VAULT_WRAP, 1), (unwrap_working, WORKING_WRAP, 2)):
        pairs = WorkingKeys((Key(f"pair{number}", bytes((number,)) * 32, AT),))
        assert unwrap(pairs, NAME, DIGEST, wrap) == bytes(range(32))
        for name, digest in ((NAME[::-1], DIGEST), (NAME, DIGEST[::-1])):
            with pytest.raises(SealError) as caught:
                unwrap(pairs, name, digest, wrap)
            assert caught.value.code is SealFault.NOT_AUTHENTIC
    # Each wrap has its own purpose: in the other's place it does not open.
    with pytest.raises(SealError):
        unwrap_working(WorkingKeys((Key("pair1", bytes((1,)) * 32, AT),)), NAME, DIGEST, VAULT_WRAP)


def test_the_store_itself_holds_no_key_that_opens(originals_locally: KeptOriginals) -> None:
    """The object that every web process has knows public keys alone."""
    held = vars(originals_locally.originals)
    assert set(held) == {"_shelf", "_folder", "_ring"}
    assert isinstance(originals_locally.originals, Originals)
    assert not hasattr(held["_ring"].vault_key(), "secret")
    assert not hasattr(held["_ring"].working_key(), "secret")
