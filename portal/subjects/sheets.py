"""Reading the operator's list of firms from CSV or a spreadsheet: lines of text, never a formula."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from portal.errors import Refusal, gettext_noop
from portal.subjects.cells import END, plain, safe

MAX_BYTES = 10 * 1024 * 1024
CHILD_SECONDS = 35
LONGEST_LINE = 512 * 1024  # bytes; a child that was taken over shall not fill the memory here
ENCODINGS = ("utf-8-sig", "gb18030")
_ROOT = Path(__file__).resolve().parents[2]

# A cell of the header, in small letters, to the column that it names.
HEADERS = {
    "name": ("name", "企业名称", "单位名称", "名称", "公司名称"),
    "credit_code": ("credit_code", "统一社会信用代码", "社会信用代码", "信用代码"),
    "district": ("district", "区县", "所在区县", "区", "县区"),
    "address": ("address", "地址", "住所", "生产经营地址", "注册地址"),
}


class NoSheet(Refusal):
    """The file cannot be read as a list."""

    message = gettext_noop(
        "This file cannot be read as a list. Please save it as CSV or as a spreadsheet (xlsx), 10 MB at most."
    )
    status = 422


class NoColumns(Refusal):
    """The header does not name the columns that are needed."""

    message = gettext_noop("The first line must name the columns: at least 企业名称 and 统一社会信用代码.")
    status = 422


Line = dict[str, str]


def read(content: bytes) -> Iterator[tuple[int, Line]]:
    """Yield the number of each line in the file and its cells by column; raises NoSheet and NoColumns."""
    if len(content) > MAX_BYTES:
        raise NoSheet
    rows = _workbook(content) if content.startswith(b"PK\x03\x04") else _csv(content)
    columns: dict[int, str] = {}
    for number, cells in enumerate(rows, start=1):
        if not any(cells):
            continue
        if not columns:
            columns = _columns(cells)
            continue
        yield number, {name: cells[place] if place < len(cells) else "" for place, name in columns.items()}
    if not columns:
        raise NoColumns


def _columns(cells: list[str]) -> dict[int, str]:
    names = {word: column for column, words in HEADERS.items() for word in words}
    found = {
        place: names[cell.strip().lower()]
        for place, cell in enumerate(cells)
        if cell.strip().lower() in names
    }
    if not {"name", "credit_code"} <= set(found.values()):
        raise NoColumns
    return found


def _csv(content: bytes) -> Iterator[list[str]]:
    text = _decoded(content)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        for row in csv.reader(io.StringIO(text), delimiter=delimiter):
            yield [plain(cell) for cell in row]
    except csv.Error:
        raise NoSheet from None


def _decoded(content: bytes) -> str:
    for encoding in ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise NoSheet


def _workbook(content: bytes) -> Iterator[list[str]]:
    """Yield the cells of the first sheet, which a child of limited memory and time unpacks."""
    child = subprocess.Popen(
        [sys.executable, "-m", "portal.subjects.workbook"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=_ROOT,
        env={"PYTHONDONTWRITEBYTECODE": "1", "MALLOC_ARENA_MAX": "1"},
        start_new_session=True,
    )
    late = threading.Timer(CHILD_SECONDS, child.kill)  # should it no longer keep its own limits
    late.start()
    try:
        yield from _lines_of(child, content)
    finally:  # also when nobody wants more lines
        late.cancel()
        child.kill()
        child.communicate()


def _lines_of(child: subprocess.Popen[bytes], content: bytes) -> Iterator[list[str]]:
    """Give the child its file and yield its lines; raises NoSheet unless it came to the end."""
    assert child.stdin is not None  # noqa: S101 - both are pipes
    assert child.stdout is not None  # noqa: S101
    with suppress(BrokenPipeError), child.stdin:
        child.stdin.write(content)
    child.stdin = None
    while line := child.stdout.readline(LONGEST_LINE):
        try:
            cells = json.loads(line)
        except ValueError:
            break
        if cells == END:
            return
        yield [str(cell) for cell in cells]
    raise NoSheet


def written(rows: list[list[str]]) -> str:
    """Return rows as CSV with a mark by which spreadsheet programs know UTF-8."""
    out = io.StringIO()
    out.write("\ufeff")
    csv.writer(out).writerows([[safe(cell) for cell in row] for row in rows])
    return out.getvalue()
