"""If these fail, a reporter's own telephone number stands in a text that the verifier takes to the firm."""

from __future__ import annotations

import itertools
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.reports.masking import MASKS, Sort, finds, masked

SEED = 20_260_101
FULL_WIDTH = str.maketrans("0123456789Xx@.", "０１２３４５６７８９Ｘｘ＠．")
NUMERALS = str.maketrans("0123456789", "零一二三四五六七八九")
SENTENCES = (
    "我是{}，晚上有人在锁着的车间里焊接。",
    "请打{}联系我",
    "联系方式：{}。三号库房每天半夜进货，金额 3000 元。",
    "厂里有 12 个气瓶，我的号码 {} ，别让老板知道",
    "{}",
    "Call me at {} after 8 pm, gate 3.",
)


def mobile(chance: random.Random) -> str:
    return f"1{chance.choice('3456789')}{chance.randrange(10**9):09d}"


def identity(chance: random.Random) -> str:
    stem = (
        f"{chance.choice(('4105', '1101', '3702'))}{chance.randrange(1, 90):02d}"
        f"{chance.randrange(1950, 2008)}{chance.randrange(1, 13):02d}{chance.randrange(1, 29):02d}"
        f"{chance.randrange(1000):03d}"
    )
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    rest = sum(int(digit) * weight for digit, weight in zip(stem, weights, strict=True)) % 11
    return stem + "10X98765432"[rest]


def card(chance: random.Random) -> str:
    return f"62{chance.randrange(10 ** (chance.choice((16, 17, 19)) - 2)):0{chance.choice((14, 15, 17))}d}"


def mail(chance: random.Random) -> str:
    name = "".join(chance.choice("abcdefghij0123456789") for _ in range(chance.randrange(3, 12)))
    return f"{name}@{chance.choice(('163.com', 'qq.com', 'mail.example.com.cn'))}"


def written(number: str, sort: Sort, chance: random.Random) -> str:
    """Return a number as people write it."""
    ways = ["plain", "full"]
    if sort is not Sort.EMAIL:
        ways += ["spaced", "grouped", "strokes"]
    if sort is Sort.TELEPHONE:
        ways += ["numerals", "prefix"]
    match chance.choice(ways):
        case "full":
            return number.translate(FULL_WIDTH)
        case "spaced":
            return " ".join(number)
        case "grouped":
            return " ".join((number[:3], number[3:7], number[7:]))
        case "strokes":
            return "-".join((number[:3], number[3:7], number[7:]))
        case "numerals":
            return number.translate(NUMERALS)
        case "prefix":
            return f"+86 {number}"
    return number


def test_nearly_all_of_a_generated_set_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(SEED)
    makers = {
        Sort.TELEPHONE: mobile,
        Sort.IDENTITY: identity,
        Sort.ACCOUNT: card,
        Sort.EMAIL: mail,
    }
    missed: list[str] = []
    total = 2_000
    for _ in range(total):
        sort = chance.choice(list(makers))
        number = written(makers[sort](chance), sort, chance)
        text = chance.choice(SENTENCES).format(number)
        left = masked(text, finds(text), chinese=True)
        if number in left or sum(letter.isdigit() for letter in left) > 6:
            missed.append(text)
    recall = 1 - len(missed) / total
    with capsys.disabled():
        print(f"\nrecall of numbers in texts: {recall:.2%} of {total}, seed {SEED}")
    assert recall >= 0.95, missed[:5]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("电话13800138000。", "电话〔电话〕。"),
        ("电话１３８　００１３　８０００，", "电话〔电话〕，"),
        ("一三八零零一三八零零零", "〔电话〕"),
        ("幺三八零零幺三八零零零", "〔电话〕"),
        ("家里 0372-5112345 找我", "家里 〔电话〕 找我"),
        ("身份证 410502 19900307 123X", "身份证 〔证件号〕"),
        ("410502199003071234是我", "〔证件号〕是我"),
        ("卡号 6222 0202 0011 2233 445", "卡号 〔账号〕"),
        ("zhang.san＠163．com", "〔邮箱〕"),
        ("加我微信：welder_2026", "加我微信：〔联系账号〕"),
        ("QQ 12345678", "QQ 〔联系账号〕"),
        ("13800138000 3000元", "〔电话〕 3000元"),
    ],
)
def test_each_way_of_writing_is_cut_out(text: str, expected: str) -> None:
    assert masked(text, finds(text), chinese=True) == expected


@pytest.mark.parametrize(
    "text",
    [
        "三号库房有 12 个气瓶，罚款 180000 元，2026-11-03 晚上 23:00",
        "工业北路 27 号院 3 号楼",
        "货车豫 E12345，核载 49000 公斤",
        "一二三四号车间都没有门",
        "压力 1.25 MPa，温度 180 度，共 3,000 公斤",
        "焊机编号 20210315",
    ],
)
def test_what_describes_the_danger_stays(text: str) -> None:
    assert finds(text) == []


def test_english_reports_get_english_marks() -> None:
    text = "Call 13800138000."
    assert masked(text, finds(text), chinese=False) == "Call 〔telephone〕."


@given(st.text(alphabet="0123456789０１x-. 一三八零@a微信", max_size=200))
def test_finds_are_in_order_and_never_overlap(text: str) -> None:
    found = finds(text)
    assert all(0 <= find.start < find.end <= len(text) for find in found)
    assert all(first.end <= second.start for first, second in itertools.pairwise(found))
    marks = {mark for pair in MASKS.values() for mark in pair}
    again = masked(text, found, chinese=True)
    assert len(again) >= len(text) - sum(find.end - find.start for find in found)
    assert not found or any(mark in again for mark in marks)


@pytest.mark.parametrize("text", ["1" * 20_000, "1 " * 10_000, "a@" * 10_000, "0" * 20_000, "1-2." * 5_000])
def test_no_text_holds_the_search_up(text: str) -> None:
    started = time.process_time()
    finds(text)
    assert time.process_time() - started < 2
