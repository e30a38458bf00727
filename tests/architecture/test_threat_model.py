"""If these fail, the page that says what is safe promises more than anybody has looked at."""

from __future__ import annotations

import re
from pathlib import Path

from tests.seizure.canaries import Kind
from tests.seizure.table import FOUND, READ_AGAIN, Part, Seen, markdown, seen

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(test_[a-z0-9_]+)`")
DEFINED = re.compile(r"^def (test_[a-z0-9_]+)\(", re.M)


def test_every_test_that_the_page_names_exists() -> None:
    defined = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in DEFINED.findall(path.read_text(encoding="utf-8"))
    }
    named = set(NAMED.findall(PAGE))
    assert len(named) > 40
    assert named - defined == set()


def test_the_table_of_the_page_is_the_one_that_is_searched_by() -> None:
    assert markdown() in PAGE
    assert len(Kind) >= 20


def test_the_table_says_where_every_kind_is_found() -> None:
    assert set(FOUND) == set(Kind)
    sealed = set(Kind) - {kind for kind in Kind if seen(kind, Part.DATABASE) is Seen.YES}
    for part, again in READ_AGAIN.items():
        assert again & sealed <= {Kind.RECEIPT}, part


def test_who_reads_about_security_finds_the_page() -> None:
    for name in ("README.md", "SECURITY.md"):
        assert "docs/threat-model.md" in (ROOT / name).read_text(encoding="utf-8")
