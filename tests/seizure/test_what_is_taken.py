"""If these fail, who takes away one part of the portal learns from it who reported.

Two rounds of people do everything there is, one before the web processes are started and one through them,
with forced errors in between. Then every part is searched for every kind of secret, in every encoding that
somebody may have used; docs/threat-model.md shows the table.
"""

from __future__ import annotations

import json
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from bench.servers import wait_for
from tests.backup.conftest import need_dump_program
from tests.fixtures.services import own_database, postgres_programs
from tests.seizure.asking import OverHttp
from tests.seizure.canaries import Kind
from tests.seizure.installation import installed
from tests.seizure.seeking import Search
from tests.seizure.table import READ_AGAIN, Part, Seen, kinds
from tests.seizure.taken import Taken

HIDDEN = "This system lets nobody look into the memory of another process."
REPLACED_SECONDS = 90

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.assure])])
def taken(request: pytest.FixtureRequest) -> Iterator[Taken]:
    """A portal in which everybody did everything."""
    with ExitStack() as stack:
        # Short on purpose: the name of a unix socket may have about a hundred bytes.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wp-")))
        address = ""
        if request.param == "postgresql":
            need_dump_program()
            address = stack.enter_context(own_database(request.getfixturevalue("postgres_server")))
            paths = stack.enter_context(pytest.MonkeyPatch.context())
            paths.setenv("PATH", str(postgres_programs()), prepend=os.pathsep)
        made = Taken(stack.enter_context(installed(folder, address)))
        made.lives()
        yield made


def searched(taken: Taken, part: Part) -> Search:
    """What a part gives away."""
    try:
        return taken.search(part)
    except PermissionError:
        pytest.skip(HIDDEN)


@pytest.mark.allowed_skip
@pytest.mark.parametrize("part", Part)
def test_a_part_gives_away_what_the_table_says_and_nothing_else(taken: Taken, part: Part) -> None:
    search = searched(taken, part)
    found = search.kinds()
    assert found - kinds(part, Seen.YES, Seen.LATELY) == set()
    assert kinds(part, Seen.YES) - found == set()  # else the search is blind
    looked_at = f"{search.looked_at / 1e6:.1f} MB for {len(taken.everything())} canaries"
    print(f"{part.value}: {len(found)} kinds found in {looked_at}")


@pytest.mark.allowed_skip
@pytest.mark.parametrize("part", READ_AGAIN)
def test_nothing_that_was_sealed_before_a_web_process_started_is_in_it(taken: Taken, part: Part) -> None:
    """Not even after the old report was read again on it, by its reporter and by an officer."""
    old = searched(taken, part).kinds("before")
    assert old - READ_AGAIN[part] == set()
    assert Kind.TEXT in old


def test_the_errors_were_real_and_left_their_traces(taken: Taken) -> None:
    """Else nothing was tried."""
    assert {met: status for met, status in taken.faults.items() if status >= 500} == {
        "no table sealed_keys": 500,
        "no table cases": 500,
        "no table openings": 500,
        "no table events": 500,
        "no vault": 503,
    }
    assert len(taken.faults) == 13
    for name, times in (("public", 2), ("desk", 2)):
        lines = (taken.place.folder / "logs" / f"{name}.log").read_text().splitlines()
        broke = [json.loads(line) for line in lines if "A page broke." in line]
        assert len(broke) == times
        assert all(line["places"] for line in broke)


def test_no_process_leaves_its_memory_in_a_core_file(taken: Taken) -> None:
    parts = ("public", "desk", "worker", "evidence worker", "schedule")
    for process in taken.place.of(*parts):
        assert process.rlimit(psutil.RLIMIT_CORE) == (0, 0), process.cmdline()


def test_everything_planted_is_unlike_everything_else(taken: Taken) -> None:
    """Two that are alike would hide that one is missing."""
    values = [value for canary in taken.everything() for value in canary.values]
    assert len(set(values)) == len(values)
    assert {canary.kind for canary in taken.now.all()} | {key.kind for key in taken.own_keys()} == set(Kind)


@pytest.mark.assure
@pytest.mark.allowed_skip
def test_nothing_that_was_typed_is_left_when_the_web_workers_have_been_replaced(taken: Taken) -> None:
    """As happens by itself every few hours; meanwhile somebody always answers."""
    searched(taken, Part.PUBLIC)
    first, *old = taken.place.of("public")
    first.send_signal(signal.SIGHUP)
    end = time.monotonic() + REPLACED_SECONDS
    while any(one.is_running() for one in old):
        assert time.monotonic() < end
        assert OverHttp(taken.place.port).get("/readyz").status == 200
        time.sleep(0.1)
    wait_for(taken.place.port, "/readyz")
    taken.searches.pop(Part.PUBLIC)
    assert taken.search(Part.PUBLIC).kinds() == kinds(Part.PUBLIC, Seen.YES)
