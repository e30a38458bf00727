"""Files that come with a form: if these fail photos lie readable on a disk, or a full one costs a report."""

from __future__ import annotations

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
from portal.evidence.store import LocalStore, StoreError, StoreFault
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


def test_on_the_disk_is_nothing_readable_and_nothing_with_a_name(tmp_path: Path) -> None:
    content = CANARY.encode() * (IN_MEMORY // 8)
    with Incoming(tmp_path, 0) as file:
        file.write(content)
        assert file._file is not None
        on_disk = Path(f"/proc/self/fd/{file._file.fileno()}").read_bytes()
        assert len(on_disk) == len(content)
        assert CANARY.encode() not in on_disk
        assert list(tmp_path.iterdir()) == []
        file.seek(0)
        assert file.read() == content
    assert file._file is None


def test_a_small_file_never_touches_the_disk(tmp_path: Path) -> None:
    with Incoming(tmp_path / "none", 0) as file:
        file.write(bytes(IN_MEMORY))
        file.seek(0)
        assert len(file.read()) == IN_MEMORY
    assert not (tmp_path / "none").exists()


def test_a_disk_that_fills_up_gives_up_the_file_and_raises_nothing(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    store = LocalStore(tmp_path / "store", Keyring.create(tmp_path / "keys.json"))
    with Incoming(tmp_path, 0) as file, files_of_at_most(2 << 20):
        for _ in range(5):
            assert file.write(bytes(1 << 20)) == 1 << 20
        assert file.is_full
        assert file.seek(0, os.SEEK_END) == 5 << 20
        file.seek(0)
        assert file.read() == b""
        with pytest.raises(StoreError) as caught:
            staging.receive(file, store)
    assert caught.value.code is StoreFault.NO_SPACE


@pytest.mark.parametrize("free", [0, (1 << 30) + 100])
def test_below_the_floor_no_file_is_taken_however_small(
    tmp_path: Path, free: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LocalStore(tmp_path, Keyring.create(tmp_path / "keys.json"))
    monkeypatch.setattr(incoming, "shutil", SimpleNamespace(disk_usage=lambda _: SimpleNamespace(free=free)))
    with Incoming(tmp_path, 1 << 30) as file:
        file.write(jpeg())
        file.seek(0)
        with pytest.raises(StoreError) as caught:
            staging.receive(file, store)
    assert caught.value.code is StoreFault.NO_SPACE
