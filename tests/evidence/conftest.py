"""Files shared by the tests of this slice."""

from __future__ import annotations

import pytest

from tests.evidence.samples import one_of_each


@pytest.fixture(scope="session")
def samples() -> dict[str, bytes]:
    """One good file of each accepted type."""
    return one_of_each()
