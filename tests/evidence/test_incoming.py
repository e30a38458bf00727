"""Files that come with a form: if these fail photos lie readable on a disk, or a full one costs a report."""

from __future__ import annotations

import hashlib
import io
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from portal.evidence import incoming, staging
from portal.evidence.incoming import IN_MEMORY, Incoming
from portal.evidence.shelves import NAME, LocalShelf
from portal.evidence.store import StoreError, StoreFault
from portal.evidence.vaulted import Originals
from portal.vault.keys import Keyring
from tests.evidence.samples import CANARY, jpeg


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """No file may grow beyond so many bytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def kept_in(folder: Path) -> Originals:
    ring = Keyring.create(folder.parent / f"keys-{folder.name}")
    folder.mkdir(exist_ok=True)
    return Originals(LocalShelf(folder, NAME), folder / "tmp", ring)


@examples(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pieces=st.lists(st.integers(0, IN_MEMORY // 2), max_size=5),
    looks=st.lists(st.tuples(st.integers(0, 2 * IN_MEMORY), st.integers(-1, IN_MEMORY)), max_size=5),
)
def test_what_was_written_is_read_from_any_place(
    tmp_path: Path, pieces: list[int], looks: list[tuple[int, int]]
) -> None:
    model = io.BytesIO()
    with Incoming(tmp_path, 0) as file:
        for size in pieces:
            piece = os.urandom(size)
            assert file.write(piece) == model.write(piece) == size
        for place, size in looks:
            assert file.seek(place) == model.seek(place)
            assert file.read(size) == model.read(size)
            assert file.read(7) == model.read(7)
        assert file.seek(0, os.SEEK_END) == model.seek(0, os.SEEK_END)
        assert (file.seek(0), file.read()) == (0, model.getvalue())


def test_on_the_disk_is_nothing_readable_and_nothing_stays(tmp_path: Path) -> None:
    content = CANARY.encode() * (IN_MEMORY // 8)
    with Incoming(tmp_path, 0) as file:
        file.write(content)
        (path,) = tmp_path.iterdir()
        assert CANARY.encode() not in path.read_bytes()
        file.seek(0)
        assert file.read() == content
        assert CANARY.encode() not in path.read_bytes()
    assert list(tmp_path.iterdir()) == []


def test_each_byte_is_encrypted_once_and_the_file_only_gets_its_name(tmp_path: Path) -> None:
    """Otherwise a photograph costs its encryption twice, and the disk its room twice."""
    originals = kept_in(tmp_path / "store")
    content = jpeg() + os.urandom(3 * IN_MEMORY)
    file = Incoming(tmp_path / "store" / "tmp", 0)
    file.write(content)
    (path,) = (tmp_path / "store" / "tmp").iterdir()
    inode = path.stat().st_ino
    received = staging.receive(file, originals)
    kept = tmp_path / "store" / received.original[:2] / received.original
    assert kept.stat().st_ino == inode
    assert (received.size, received.digest) == (len(content), hashlib.sha256(content).hexdigest())
    file.close()
    assert kept.exists()


def test_a_file_in_memory_is_taken_whole(tmp_path: Path) -> None:
    content = jpeg()
    with Incoming(tmp_path / "none", 0) as file:
        file.write(content)
        received = staging.receive(file, kept_in(tmp_path / "store"))
    assert (received.size, received.digest) == (len(content), hashlib.sha256(content).hexdigest())


def test_a_small_file_never_touches_the_disk(tmp_path: Path) -> None:
    with Incoming(tmp_path / "none", 0) as file:
        file.write(bytes(IN_MEMORY))
        file.seek(0)
        assert len(file.read()) == IN_MEMORY
    assert not (tmp_path / "none").exists()


def test_a_disk_that_fills_up_gives_up_the_file_and_raises_nothing(tmp_path: Path) -> None:
    originals = kept_in(tmp_path / "store")
    with Incoming(tmp_path, 0) as file, files_of_at_most(2 << 20):
        for _ in range(5):
            assert file.write(bytes(1 << 20)) == 1 << 20
        assert file.is_full
        assert file.seek(0, os.SEEK_END) == 5 << 20
        file.seek(0)
        assert file.read() == b""
        with pytest.raises(StoreError) as caught:
            staging.receive(file, originals)
    assert caught.value.code is StoreFault.NO_SPACE


@pytest.mark.parametrize("free", [0, (1 << 30) + 100])
def test_below_the_floor_no_file_is_taken_however_small(
    tmp_path: Path, free: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    originals = kept_in(tmp_path)
    monkeypatch.setattr(incoming, "shutil", SimpleNamespace(disk_usage=lambda _: SimpleNamespace(free=free)))
    with Incoming(tmp_path, 1 << 30) as file:
        file.write(jpeg())
        file.seek(0)
        with pytest.raises(StoreError) as caught:
            staging.receive(file, originals)
    assert caught.value.code is StoreFault.NO_SPACE
