"""The questions that ship: examples for five sectors, all of them optional; the desk changes them (pure)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShippedQuestion:
    """A question before it is a row; ``choices`` in Chinese and English."""

    key: str
    sector: str
    kind: str
    zh: str
    en: str
    choices: tuple[tuple[str, str], ...] = ()


QUESTIONS: tuple[ShippedQuestion, ...] = (
    ShippedQuestion(
        "fire_people", "fire", "number", "里面大约有多少人？", "About how many people are inside?"
    ),
    ShippedQuestion("fire_sleep", "fire", "yes_no", "夜里有人住吗？", "Do people sleep there at night?"),
    ShippedQuestion(
        "fire_building",
        "fire",
        "choice",
        "是什么样的房子？",
        "What kind of building is it?",
        (
            ("居民楼", "Block of flats"),
            ("厂房、仓库", "Workshop or store"),
            ("商场、饭店", "Shop or restaurant"),
            ("别的", "Something else"),
        ),
    ),
    ShippedQuestion("weld_now", "welding", "yes_no", "现在还在焊吗？", "Are they welding now?"),
    ShippedQuestion("weld_hours", "welding", "text", "一般什么时候焊？", "When do they usually weld?"),
    ShippedQuestion(
        "chem_what",
        "hazchem",
        "text",
        "看得到是什么东西吗？桶上写着什么？",
        "Which stuff is it? What is written on it?",
    ),
    ShippedQuestion(
        "chem_amount",
        "hazchem",
        "choice",
        "大约有多少？",
        "About how much is there?",
        (
            ("几桶以内", "A few drums"),
            ("一间屋子", "A room full"),
            ("一个仓库，或更多", "A store full or more"),
            ("说不清", "Hard to say"),
        ),
    ),
    ShippedQuestion(
        "chem_houses", "hazchem", "yes_no", "旁边有住户、学校吗？", "Are there homes or a school beside it?"
    ),
    ShippedQuestion(
        "site_floors", "construction", "number", "盖到第几层了？", "Up to which storey is it built?"
    ),
    ShippedQuestion("site_working", "construction", "yes_no", "现在还在施工吗？", "Is work going on now?"),
    ShippedQuestion(
        "accident_when", "accident", "text", "大概哪天出的事？", "About which day did it happen?"
    ),
    ShippedQuestion("accident_people", "accident", "number", "伤亡了几个人？", "How many were hurt or died?"),
    ShippedQuestion(
        "accident_known",
        "accident",
        "choice",
        "您是怎么知道的？",
        "How do you know of it?",
        (("亲眼看到", "I saw it"), ("听人说的", "I was told"), ("从别处知道的", "In another way")),
    ),
)
