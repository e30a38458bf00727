"""The city with canaries, once on each database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fixtures.services import own_database
from tests.leaks.city import City, planted


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.assure])])
def canary_city(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """The city with canaries; whoever changes it does so for all."""
    folder = tmp_path_factory.mktemp("canaries")
    if request.param == "sqlite":
        with planted(folder) as made:
            yield made
        return
    with (
        own_database(request.getfixturevalue("postgres_server")) as url,
        planted(folder, DATABASE_URL=url) as made,
    ):
        yield made
