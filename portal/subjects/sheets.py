"""Reading the operator's list of firms from CSV or a spreadsheet: lines of text, never a formula."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

from openpyxl import load_workbook

from portal.errors import Refusal, gettext_noop

MAX_BYTES = 10 * 1024 * 1024
MAX_UNPACKED = 200 * 1024 * 1024
MAX_CELL = 500
ENCODINGS = ("utf-8-sig", "gb18030")
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

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
            yield [_plain(cell) for cell in row]
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
    """Yield the cells of the first sheet; what unpacks to too much is not unpacked."""
    file: BinaryIO = io.BytesIO(content)
    try:
        with zipfile.ZipFile(file) as packed:
            if sum(item.file_size for item in packed.infolist()) > MAX_UNPACKED:
                raise NoSheet
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        try:
            for row in book.worksheets[0].iter_rows(values_only=True):
                yield [_plain("" if cell is None else str(cell)) for cell in row[:50]]
        finally:
            book.close()
    except Refusal:
        raise
    except Exception:  # a hostile or broken workbook fails in as many ways as there are
        raise NoSheet from None


def _plain(cell: str) -> str:
    """Return a cell as text: an apostrophe that kept it from being a formula is taken off."""
    text = " ".join("".join(sign for sign in cell if sign.isprintable() or sign.isspace()).split())[:MAX_CELL]
    return text[1:].strip() if text.startswith("'") and text[1:].lstrip().startswith(FORMULA_SIGNS) else text


def safe(cell: str) -> str:
    """Return a cell that no spreadsheet program takes for a formula."""
    return f"'{cell}" if cell.lstrip(" ").startswith(FORMULA_SIGNS) else cell


def written(rows: list[list[str]]) -> str:
    """Return rows as CSV with a mark by which spreadsheet programs know UTF-8."""
    out = io.StringIO()
    out.write("\ufeff")
    csv.writer(out).writerows([[safe(cell) for cell in row] for row in rows])
    return out.getvalue()
