"""If these fail evidence is lost that was acknowledged, or lies readable on a stolen disk.

What every store promises is tried on the local disk and on a service that speaks S3.
"""

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
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.evidence.chunks import TAG_BYTES, Layout
from portal.evidence.store import CHUNK_BYTES, LocalStore, Store, StoreError, StoreFault
from portal.vault.keys import Keyring
from tests.fixtures.stores import Kept, KeptLocally

AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
SEALED = CHUNK_BYTES + 16
SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 3 * CHUNK_BYTES + 77]


@pytest.fixture
def store(kept: Kept) -> Store:
    return kept.store


@pytest.fixture
def local(kept_locally: KeptLocally) -> LocalStore:
    return kept_locally.store


@pytest.fixture
def root(kept_locally: KeptLocally) -> Path:
    return kept_locally.root


def put(store: Store, content: bytes) -> str:
    return store.put(io.BytesIO(content)).digest


def read(store: Store, digest: str) -> bytes:
    with store.open(digest) as file:
        return file.read()


def part(store: Store, digest: str, start: int, length: int | None = None) -> bytes:
    with store.open_range(digest, start, length) as file:
        return file.read()


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def fault_of(call: Callable[[], object]) -> StoreFault:
    with pytest.raises(StoreError) as caught:
        call()
    return caught.value.code


@pytest.mark.parametrize("size", SIZES)
def test_what_is_put_comes_back_under_its_digest(store: Store, kept: Kept, size: int) -> None:
    content = os.urandom(size)
    stored = store.put(io.BytesIO(content))
    assert (stored.digest, stored.size) == (hashlib.sha256(content).hexdigest(), size)
    assert store.exists(stored.digest)
    assert store.size(stored.digest) == size
    assert read(store, stored.digest) == content
    assert kept.names() == [stored.digest]


def test_a_stream_that_gives_small_pieces_is_stored_whole(store: Store) -> None:
    content = os.urandom(CHUNK_BYTES + 500)

    class Socket(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 1000))

    digest = store.put(Socket(content)).digest
    assert read(store, digest) == content


def test_nothing_of_the_original_is_readable_where_it_lies(store: Store, kept: Kept) -> None:
    canary = b"CANARY GPSLatitude 36.0976"
    digest = put(store, canary * 1000)
    assert b"CANARY" not in kept.raw(digest)
    assert read(store, digest).startswith(canary)


def test_nobody_else_on_the_machine_reads_the_files(local: LocalStore, root: Path) -> None:
    put(local, b"x")
    (path,) = files(root)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_same_file_twice_is_one_file_and_mends_a_damaged_one(store: Store, kept: Kept) -> None:
    digest = put(store, b"same" * 100)
    kept.overwrite(digest, b"rot")
    assert fault_of(lambda: read(store, digest)) is StoreFault.DAMAGED
    assert put(store, b"same" * 100) == digest
    assert read(store, digest) == b"same" * 100
    assert kept.names() == [digest]


def test_a_stream_beyond_its_limit_is_refused_and_leaves_nothing(store: Store, kept: Kept) -> None:
    content = bytes(CHUNK_BYTES * 2)
    assert store.put(io.BytesIO(content), limit=len(content)).size == len(content)
    store.delete(hashlib.sha256(content).hexdigest())
    assert fault_of(lambda: store.put(io.BytesIO(content), limit=len(content) - 1)) is StoreFault.TOO_LARGE
    assert kept.names() == []


@pytest.mark.parametrize("place", ["magic", "key", "first", "last"])
def test_a_flipped_bit_anywhere_is_found(store: Store, kept: Kept, place: str) -> None:
    digest = put(store, os.urandom(2 * CHUNK_BYTES + 100))
    content = bytearray(kept.raw(digest))
    content[{"magic": 2, "key": 40, "first": 1000, "last": -1}[place]] ^= 1
    kept.overwrite(digest, bytes(content))
    assert fault_of(lambda: read(store, digest)) is StoreFault.DAMAGED


@pytest.mark.parametrize(
    "change",
    [
        lambda head, a, b, c: head + a + b,
        lambda head, a, b, c: head + a,
        lambda head, a, b, c: head,
        lambda head, a, b, c: head + a + b + c[:-1],
        lambda head, a, b, c: head + a + b + c[:10],
        lambda head, a, b, c: head + b + a + c,
        lambda head, a, b, c: head + a + c,
        lambda head, a, b, c: head + a + a + b + c,
        lambda head, a, b, c: head + a + b + c + c,
        lambda head, a, b, c: head + a + b + c + b"x",
        lambda head, a, b, c: head[:-1],
        lambda head, a, b, c: head[:6],
        lambda head, a, b, c: b"",
    ],
)
def test_chunks_cut_off_exchanged_left_out_or_added_are_found(
    store: Store, kept: Kept, change: Callable[[bytes, bytes, bytes, bytes], bytes]
) -> None:
    digest = put(store, os.urandom(3 * CHUNK_BYTES))
    content = kept.raw(digest)
    head = len(content) - 3 * SEALED
    chunks = [content[head + n * SEALED : head + (n + 1) * SEALED] for n in range(3)]
    kept.overwrite(digest, change(content[:head], *chunks))
    assert fault_of(lambda: read(store, digest)) is StoreFault.DAMAGED


def test_a_file_put_in_anothers_place_does_not_open(store: Store, kept: Kept) -> None:
    first, second = put(store, b"first"), put(store, b"second")
    kept.overwrite(second, kept.raw(first))
    assert fault_of(lambda: store.open(second)) is StoreFault.DAMAGED
    assert fault_of(lambda: store.open_range(second, 1, 1)) is StoreFault.DAMAGED
    assert fault_of(lambda: store.size(second)) is StoreFault.DAMAGED


def test_another_keyring_does_not_open_it_and_an_earlier_key_does(tmp_path: Path) -> None:
    root = tmp_path / "evidence"
    path = tmp_path / "keys.json"
    digest = put(LocalStore(root, Keyring.create(path)), b"kept")
    assert read(LocalStore(root, Keyring.rotate(path, "evidence")), digest) == b"kept"
    stranger = LocalStore(root, Keyring.create(tmp_path / "other.json"))
    assert fault_of(lambda: stranger.open(digest)) is StoreFault.DAMAGED


@pytest.mark.parametrize(
    "name",
    [
        "",
        "../../x",
        "a" * 63,
        "A" * 64,
        "g" * 64,
        "a" * 64 + "\n",
        "..%2f" + "a" * 59,
        "/" + "a" * 63,
        "\x00" * 64,
    ],
)
def test_what_is_no_digest_is_no_path(store: Store, kept: Kept, name: str) -> None:
    for call in (store.open, store.exists, store.delete, store.size):
        assert fault_of(lambda call=call: call(name)) is StoreFault.BAD_DIGEST  # type: ignore[misc]
    assert kept.names() == []


def test_a_directory_that_leads_out_of_the_store_is_not_followed(local: LocalStore, root: Path) -> None:
    (root.parent / "outside").mkdir()
    (root / "ab").symlink_to(root.parent / "outside")
    assert fault_of(lambda: local.exists("ab" + "0" * 62)) is StoreFault.BAD_DIGEST


def test_deleting_says_whether_it_was_there(store: Store) -> None:
    digest = put(store, b"x")
    assert store.delete(digest)
    assert not store.delete(digest)
    assert not store.exists(digest)
    for call in (store.open, store.size, lambda name: store.open_range(name, 0, 1)):
        assert fault_of(lambda call=call: call(digest)) is StoreFault.ABSENT  # type: ignore[misc]


def test_the_store_lists_its_digests_and_those_written_before_a_time(store: Store, kept: Kept) -> None:
    old, new = put(store, b"old"), put(store, b"new")
    kept.date(old, AT)
    kept.stray(f"{old[:2]}/stray")
    assert list(store.digests()) == sorted([old, new])
    assert list(store.digests(AT + timedelta(seconds=1))) == [old]


def test_a_reader_that_fails_leaves_nothing(store: Store, kept: Kept) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > CHUNK_BYTES:
                raise ConnectionResetError
            return super().read(1000)

    with pytest.raises(ConnectionResetError):
        store.put(Broken(bytes(CHUNK_BYTES * 2)))
    assert kept.names() == []


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_is_said_and_leaves_nothing(
    local: LocalStore, root: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(*((os, "fsync", full) if call == "fsync" else (Path, "replace", full)))
    assert fault_of(lambda: put(local, b"x")) is StoreFault.NO_SPACE
    assert files(root) == []


def test_the_file_is_synced_before_and_the_directory_after_it_gets_its_name(
    local: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(local, b"x")
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
    put(local, b"x")
    assert steps == ["file", "rename", "directory"]


def test_sweeping_removes_old_leavings_and_nothing_else(store: Store, kept: Kept) -> None:
    root = kept.root
    digest = put(store, b"kept")
    for name, at in (("old", AT - timedelta(hours=25)), ("young", AT)):
        (root / "tmp" / name).write_bytes(b"half")
        os.utime(root / "tmp" / name, (at.timestamp(), at.timestamp()))
    assert store.sweep(AT - timedelta(hours=24)) == 1
    assert [path.name for path in (root / "tmp").iterdir()] == ["young"]
    assert read(store, digest) == b"kept"


def test_memory_does_not_grow_with_the_size_of_a_file(local: LocalStore) -> None:
    class Zeros:
        left = 64 * 1024 * 1024

        def read(self, size: int, /) -> bytes:
            taken = min(size, self.left)
            self.left -= taken
            return bytes(taken)

    tracemalloc.start()
    digest = local.put(Zeros()).digest
    with local.open(digest) as file:
        while file.read(CHUNK_BYTES):
            pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 * CHUNK_BYTES


CONTENT = bytes(range(256)) * (3 * CHUNK_BYTES // 256) + b"the end"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.one_of(
        st.integers(0, len(CONTENT) + 5),
        st.sampled_from([n * CHUNK_BYTES + d for n in range(4) for d in (-1, 0, 1)]),
    ).filter(lambda n: n >= 0),
    length=st.one_of(st.none(), st.integers(0, 40), st.integers(0, len(CONTENT) + 5)),
)
def test_any_range_is_what_a_slice_is(store: Store, start: int, length: int | None) -> None:
    """Otherwise a film skips or repeats where somebody jumps to."""
    digest = hashlib.sha256(CONTENT).hexdigest()
    if not store.exists(digest):
        assert put(store, CONTENT) == digest
    end = None if length is None else start + length
    assert part(store, digest, start, length) == CONTENT[start:end]


@given(size=st.integers(0, 5 * CHUNK_BYTES))
def test_the_size_of_the_original_follows_from_the_length_of_its_chunks(size: int) -> None:
    chunks = max(1, -(-size // CHUNK_BYTES))
    layout = Layout(size + chunks * TAG_BYTES)
    assert (layout.size, layout.chunks) == (size, chunks)
    assert sum(layout.sealed(number) for number in range(chunks)) == layout.body


@given(start=st.integers(0, 4 * CHUNK_BYTES), length=st.integers(0, 4 * CHUNK_BYTES))
def test_a_span_holds_the_range_and_no_chunk_more(start: int, length: int) -> None:
    """Otherwise each jump in a film costs its decryption from the beginning."""
    layout = Layout(3 * CHUNK_BYTES + 500 + 4 * TAG_BYTES)
    span = layout.span(start, length)
    assert span.length == max(0, min(length, layout.size - start))
    if span.length:
        assert span.first * CHUNK_BYTES + span.skip == start
        assert 0 <= span.skip < CHUNK_BYTES
        last_byte = start + span.length - 1
        assert span.end == last_byte // CHUNK_BYTES + 1


@pytest.mark.parametrize(("start", "length"), [(-1, 1), (0, -1)])
def test_a_range_before_the_beginning_is_a_mistake_of_the_caller(
    store: Store, start: int, length: int
) -> None:
    digest = put(store, b"x")
    with pytest.raises(ValueError, match="range"):
        store.open_range(digest, start, length)


def test_a_range_needs_only_its_own_chunks_to_be_sound(store: Store, kept: Kept) -> None:
    """Otherwise the sound part of a damaged film could not be shown, or the rotten part could."""
    content = os.urandom(3 * CHUNK_BYTES)
    digest = put(store, content)
    raw = bytearray(kept.raw(digest))
    raw[len(raw) - 2 * SEALED + 5] ^= 1  # in the second chunk
    kept.overwrite(digest, bytes(raw))
    assert part(store, digest, 0, CHUNK_BYTES) == content[:CHUNK_BYTES]
    assert part(store, digest, 2 * CHUNK_BYTES) == content[2 * CHUNK_BYTES :]
    assert fault_of(lambda: part(store, digest, CHUNK_BYTES - 1, 2)) is StoreFault.DAMAGED


def test_a_range_of_a_file_that_was_cut_between_chunks_has_no_last_chunk(store: Store, kept: Kept) -> None:
    """Otherwise a film that lost its end would seem whole."""
    digest = put(store, os.urandom(3 * CHUNK_BYTES))
    kept.overwrite(digest, kept.raw(digest)[:-SEALED])
    assert fault_of(lambda: part(store, digest, CHUNK_BYTES, 1)) is StoreFault.DAMAGED
