"""Reading and writing lists of firms: if it failed, a formula would run on an officer's computer."""

from __future__ import annotations

import io
import resource
import subprocess
import sys
import time
import zipfile

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from portal.subjects import sheets
from portal.subjects.cells import FORMULA_SIGNS, safe
from portal.subjects.sheets import NoColumns, NoSheet

HEAD = "企业名称,统一社会信用代码,区县,地址\n"


def read(text: str, encoding: str = "utf-8") -> list[tuple[int, dict[str, str]]]:
    return list(sheets.read(text.encode(encoding)))


def workbook(*rows: tuple[object, ...]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_lists_of_both_usual_encodings_are_read_with_their_line_numbers(encoding: str) -> None:
    found = read(f"{HEAD}甲公司,A,文峰区,东路\n\n乙公司,B,,\n", encoding)
    assert [number for number, _ in found] == [2, 4]
    assert found[0][1] == {"name": "甲公司", "credit_code": "A", "district": "文峰区", "address": "东路"}


@pytest.mark.parametrize("sign", [";", "\t"])
def test_other_separators_and_an_order_of_columns_of_its_own_are_read(sign: str) -> None:
    text = f"信用代码{sign}备注{sign}单位名称\nX1{sign}no{sign}丙厂\n"
    assert read(text) == [(2, {"credit_code": "X1", "name": "丙厂"})]


def test_a_spreadsheet_is_read_like_a_csv() -> None:
    content = workbook(
        ("企业名称", "统一社会信用代码", "地址"), ("丁公司", "Y", None), ("戊公司", 12, "=1+1")
    )
    found = list(sheets.read(content))
    assert found[0] == (2, {"name": "丁公司", "credit_code": "Y", "address": ""})
    assert found[1][1]["credit_code"] == "12"


def test_a_list_without_its_columns_is_refused() -> None:
    for text in ("", "甲公司,A\n", "企业名称,地址\n甲,乙\n"):
        with pytest.raises(NoColumns):
            read(text)


def test_what_is_no_list_is_refused_and_not_unpacked() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/workbook.xml", "0" * 5000)
    for content in (b"PK\x03\x04broken", packed.getvalue(), b"\x00\x01\x02", b"\xff\xff\xff"):
        with pytest.raises((NoSheet, NoColumns)):
            list(sheets.read(content))


def bomb(size: int, *, in_a_cell: bool) -> bytes:
    """A good workbook with so many bytes more, packed to less than a thousandth."""
    out, more = io.BytesIO(), b"a" * size
    with (
        zipfile.ZipFile(io.BytesIO(workbook(("企业名称", "统一社会信用代码"), ("FIRM", "A")))) as good,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for item in good.infolist():
            content = good.read(item)
            if in_a_cell and item.filename == "xl/worksheets/sheet1.xml":
                assert b"FIRM" in content
                content = content.replace(b"FIRM", more)
            made.writestr(item.filename, content)
        if not in_a_cell:
            made.writestr("xl/media/image1.png", more)
    return out.getvalue()


@pytest.mark.parametrize(
    ("size", "in_a_cell"),
    [(200 << 20, False), (190 << 20, True)],
    ids=["unpacks to too much", "fills the memory"],
)
def test_a_bomb_costs_a_child_and_not_the_portal(size: int, in_a_cell: bool) -> None:
    """Otherwise one spreadsheet of a few hundred kilobytes stops the pages of everybody."""
    content = bomb(size, in_a_cell=in_a_cell)
    assert len(content) < sheets.MAX_BYTES
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()
    with pytest.raises(NoSheet):
        list(sheets.read(content))
    assert time.monotonic() - started < sheets.CHILD_SECONDS + 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 << 10  # kilobytes


def test_lines_that_nobody_wants_are_not_unpacked() -> None:
    """A list that is too long is left after its 20,000th line: the child must not stay behind."""
    content = workbook(("企业名称", "统一社会信用代码"), *((f"公司{n}", "A") for n in range(3000)))
    lines = sheets.read(content)
    assert next(lines)[1]["name"] == "公司0"
    lines.close()  # type: ignore[attr-defined]  # a generator has it
    left = [child.cmdline() for child in psutil.Process().children(recursive=True)]
    assert not [line for line in left if "portal.subjects.workbook" in line]


def test_the_web_process_never_loads_what_unpacks() -> None:
    program = "import sys, portal.factory; print(sorted({'openpyxl'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_list_over_ten_megabytes_is_refused() -> None:
    with pytest.raises(NoSheet):
        list(sheets.read(b"a" * (sheets.MAX_BYTES + 1)))


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12), min_size=2, max_size=4)
    )
)
def test_no_cell_that_is_written_begins_like_a_formula(rows: list[list[str]]) -> None:
    for row in sheets._csv(sheets.written(rows).encode()):
        assert all(isinstance(cell, str) for cell in row)
    for row in rows:
        for cell in row:
            assert not safe(cell).startswith(FORMULA_SIGNS)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@a", "＝1", " =1", "'=1"])
def test_what_is_written_is_read_as_it_was(cell: str) -> None:
    rows = [["企业名称", "统一社会信用代码"], [cell, "X"]]
    (_, line), *_ = sheets.read(sheets.written(rows).encode())
    assert line["name"] == cell.strip() or cell.startswith("'")
