"""If these fail evidence is lost that was acknowledged, or lies readable on a stolen disk."""

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

from portal.evidence.store import CHUNK_BYTES, LocalStore, Store, StoreError, StoreFault
from portal.vault.keys import Keyring

AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
SEALED = CHUNK_BYTES + 16
SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 3 * CHUNK_BYTES + 77]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


@pytest.fixture
def store(root: Path, tmp_path: Path) -> LocalStore:
    return LocalStore(root, Keyring.create(tmp_path / "keys.json"))


def put(store: Store, content: bytes) -> str:
    return store.put(io.BytesIO(content)).digest


def read(store: Store, digest: str) -> bytes:
    with store.open(digest) as file:
        return file.read()


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def fault_of(call: Callable[[], object]) -> StoreFault:
    with pytest.raises(StoreError) as caught:
        call()
    return caught.value.code


@pytest.mark.parametrize("size", SIZES)
def test_what_is_put_comes_back_under_its_digest(store: LocalStore, root: Path, size: int) -> None:
    content = os.urandom(size)
    stored = store.put(io.BytesIO(content))
    assert (stored.digest, stored.size) == (hashlib.sha256(content).hexdigest(), size)
    assert store.exists(stored.digest)
    assert read(store, stored.digest) == content
    assert [path.name for path in files(root)] == [stored.digest]


def test_a_stream_that_gives_small_pieces_is_stored_whole(store: LocalStore) -> None:
    content = os.urandom(CHUNK_BYTES + 500)

    class Socket(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 1000))

    digest = store.put(Socket(content)).digest
    assert read(store, digest) == content


def test_nothing_of_the_original_is_readable_on_the_disk(store: LocalStore, root: Path) -> None:
    canary = b"CANARY GPSLatitude 36.0976"
    digest = put(store, canary * 1000)
    (path,) = files(root)
    assert b"CANARY" not in path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert read(store, digest).startswith(canary)


def test_the_same_file_twice_is_one_file_and_mends_a_damaged_one(store: LocalStore, root: Path) -> None:
    digest = put(store, b"same" * 100)
    (path,) = files(root)
    path.write_bytes(b"rot")
    assert fault_of(lambda: read(store, digest)) is StoreFault.DAMAGED
    assert put(store, b"same" * 100) == digest
    assert read(store, digest) == b"same" * 100
    assert len(files(root)) == 1


def test_a_stream_beyond_its_limit_is_refused_and_leaves_nothing(store: LocalStore, root: Path) -> None:
    content = bytes(CHUNK_BYTES * 2)
    assert store.put(io.BytesIO(content), limit=len(content)).size == len(content)
    store.delete(hashlib.sha256(content).hexdigest())
    assert fault_of(lambda: store.put(io.BytesIO(content), limit=len(content) - 1)) is StoreFault.TOO_LARGE
    assert files(root) == []


@pytest.mark.parametrize("place", ["magic", "key", "first", "last"])
def test_a_flipped_bit_anywhere_is_found(store: LocalStore, root: Path, place: str) -> None:
    digest = put(store, os.urandom(2 * CHUNK_BYTES + 100))
    (path,) = files(root)
    content = bytearray(path.read_bytes())
    content[{"magic": 2, "key": 40, "first": 1000, "last": -1}[place]] ^= 1
    path.write_bytes(content)
    assert fault_of(lambda: read(store, digest)) is StoreFault.DAMAGED


def head_of(path: Path) -> int:
    return path.stat().st_size - 3 * SEALED


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
    store: LocalStore, root: Path, change: Callable[[bytes, bytes, bytes, bytes], bytes]
) -> None:
    digest = put(store, os.urandom(3 * CHUNK_BYTES))
    (path,) = files(root)
    content, head = path.read_bytes(), head_of(path)
    chunks = [content[head + n * SEALED : head + (n + 1) * SEALED] for n in range(3)]
    path.write_bytes(change(content[:head], *chunks))
    assert fault_of(lambda: read(store, digest)) is StoreFault.DAMAGED


def test_a_file_put_in_anothers_place_does_not_open(store: LocalStore, root: Path) -> None:
    first, second = put(store, b"first"), put(store, b"second")
    (root / first[:2] / first).replace(root / second[:2] / second)
    assert fault_of(lambda: store.open(second)) is StoreFault.DAMAGED


def test_another_keyring_does_not_open_it_and_an_earlier_key_does(root: Path, tmp_path: Path) -> None:
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
def test_what_is_no_digest_is_no_path(store: LocalStore, root: Path, name: str) -> None:
    for call in (store.open, store.exists, store.delete):
        assert fault_of(lambda call=call: call(name)) is StoreFault.BAD_DIGEST  # type: ignore[misc]
    assert files(root) == []


def test_a_directory_that_leads_out_of_the_store_is_not_followed(store: LocalStore, root: Path) -> None:
    (root.parent / "outside").mkdir()
    (root / "ab").symlink_to(root.parent / "outside")
    assert fault_of(lambda: store.exists("ab" + "0" * 62)) is StoreFault.BAD_DIGEST


def test_deleting_says_whether_it_was_there(store: LocalStore) -> None:
    digest = put(store, b"x")
    assert store.delete(digest)
    assert not store.delete(digest)
    assert not store.exists(digest)
    assert fault_of(lambda: store.open(digest)) is StoreFault.ABSENT


def test_the_store_lists_its_digests_and_those_written_before_a_time(store: LocalStore, root: Path) -> None:
    old, new = put(store, b"old"), put(store, b"new")
    os.utime(root / old[:2] / old, (AT.timestamp(), AT.timestamp()))
    (root / old[:2] / "stray").write_bytes(b"")
    assert list(store.digests()) == sorted([old, new])
    assert list(store.digests(AT + timedelta(seconds=1))) == [old]


def test_a_reader_that_fails_leaves_nothing(store: LocalStore, root: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > CHUNK_BYTES:
                raise ConnectionResetError
            return super().read(1000)

    with pytest.raises(ConnectionResetError):
        store.put(Broken(bytes(CHUNK_BYTES * 2)))
    assert files(root) == []


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_is_said_and_leaves_nothing(
    store: LocalStore, root: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(*((os, "fsync", full) if call == "fsync" else (Path, "replace", full)))
    assert fault_of(lambda: put(store, b"x")) is StoreFault.NO_SPACE
    assert files(root) == []


def test_the_file_is_synced_before_and_the_directory_after_it_gets_its_name(
    store: LocalStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, b"x")
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
    put(store, b"x")
    assert steps == ["file", "rename", "directory"]


def test_sweeping_removes_old_leavings_and_nothing_else(store: LocalStore, root: Path) -> None:
    digest = put(store, b"kept")
    for name, at in (("old", AT - timedelta(hours=25)), ("young", AT)):
        (root / "tmp" / name).write_bytes(b"half")
        os.utime(root / "tmp" / name, (at.timestamp(), at.timestamp()))
    assert store.sweep(AT - timedelta(hours=24)) == 1
    assert [path.name for path in (root / "tmp").iterdir()] == ["young"]
    assert read(store, digest) == b"kept"


def test_memory_does_not_grow_with_the_size_of_a_file(store: LocalStore) -> None:
    class Zeros:
        left = 64 * 1024 * 1024

        def read(self, size: int, /) -> bytes:
            taken = min(size, self.left)
            self.left -= taken
            return bytes(taken)

    tracemalloc.start()
    digest = store.put(Zeros()).digest
    with store.open(digest) as file:
        while file.read(CHUNK_BYTES):
            pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 * CHUNK_BYTES
