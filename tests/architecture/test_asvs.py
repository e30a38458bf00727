"""If this fails, the page that promises safety names a test that nobody runs any more."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`(test_[a-z0-9_]+)`")
DEFINED = re.compile(r"^def (test_[a-z0-9_]+)\(", re.M)


def test_every_test_that_is_named_exists() -> None:
    defined = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in DEFINED.findall(path.read_text(encoding="utf-8"))
    }
    named = set(NAMED.findall((ROOT / "docs" / "asvs.md").read_text(encoding="utf-8")))
    assert len(named) > 60
    assert named - defined == set()
