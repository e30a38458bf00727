"""Finding by pinyin in the browser: if it failed, "xftd" would find nothing and people would give up."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from portal.reports.cataloguing import spelling
from portal.reports.sectors import SITUATIONS

SCRIPT = Path(__file__).parents[2] / "portal" / "static" / "js" / "suggest.js"
PROGRAM = """
import { readFileSync } from "node:fs";
const source = readFileSync(process.argv[1], "utf8");
const { isSpelt } = await import("data:text/javascript," + encodeURIComponent(source));
const asked = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(asked.map(([find, typed]) => isSpelt(find, typed))));
"""

pytestmark = [
    pytest.mark.allowed_skip,
    pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed (apt install nodejs)."),
]


def spelt(*asked: tuple[str, str]) -> list[bool]:
    """Ask the page's own script whether readings fit what was typed."""
    done = subprocess.run(
        ["node", "--input-type=module", "-e", PROGRAM, str(SCRIPT)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return list(json.loads(done.stdout))


@pytest.mark.parametrize(
    ("words", "typed", "fits"),
    [
        ("安全出口、消防通道被堵", "xftd", True),
        ("安全出口、消防通道被堵", "aqck", True),
        ("安全出口、消防通道被堵", "xiaofangtong", True),
        ("安全出口、消防通道被堵", "xiaoftd", True),
        ("安全出口、消防通道被堵", "xfdt", False),
        ("粉尘长期不清扫", "cq", True),
        ("粉尘长期不清扫", "zhangqi", True),
        ("电梯常出故障、没检验", "dtcc", True),
        ("电梯常出故障、没检验", "xftd", False),
    ],
)
def test_first_letters_and_whole_readings_find_a_situation(words: str, typed: str, fits: bool) -> None:
    assert spelt((spelling(words, ""), typed)) == [fits]


def test_other_words_for_it_are_found_and_do_not_run_into_each_other() -> None:
    find = spelling("车间里住人", "三合一 宿舍")
    assert spelt((find, "shy"), (find, "ss"), (find, "yss")) == [True, True, False]


def test_every_situation_is_found_by_the_first_letters_of_its_first_words() -> None:
    asked = []
    for item in SITUATIONS:
        find = spelling(item.zh, "")
        asked.append((find, "".join(word[0] for word in find.split(" ")[:4])))
    assert all(spelt(*asked))
