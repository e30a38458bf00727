"""Files shared by the tests of this slice."""

from __future__ import annotations

import pytest

from tests.evidence.samples import one_of_each

# A server that speaks S3 is loaded for these tests only.
from tests.fixtures.stores import (  # noqa: F401
    kept,
    kept_in_bucket,
    kept_locally,
    kept_originals,
    originals_in_bucket,
    originals_locally,
    s3_url,
)


@pytest.fixture(scope="session")
def samples() -> dict[str, bytes]:
    """One good file of each accepted type."""
    return one_of_each()
