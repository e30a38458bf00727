"""Fixtures for all tests. Those that need the application's models live beside the tests that use them."""

pytest_plugins = [
    "tests.fixtures.services",
    "tests.fixtures.skips",
    "tests.fixtures.app",
    "tests.fixtures.staff",
]
