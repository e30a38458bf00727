"""Fixtures for all tests. Those that need the application's models live beside the tests that use them."""

import gc

import pytest
from hypothesis import settings

# The application's objects stay; looking through them again after every 700 new ones is a tenth of the time.
gc.set_threshold(50_000, 20, 50)

# No test judges time: a busy machine must not turn a right answer into a failure.
settings.register_profile("portal", deadline=None)
settings.load_profile("portal")

pytest_plugins = [
    "tests.fixtures.services",
    "tests.fixtures.skips",
    "tests.fixtures.app",
    "tests.fixtures.staff",
    "tests.fixtures.own",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files, the journeys, so that no worker waits for the other at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/journeys/"))
