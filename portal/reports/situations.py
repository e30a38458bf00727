"""Situations and further questions as the pages offer them, kept in the process for half a minute."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import select

from portal.database import db
from portal.reports.catalogue import QuestionKind, QuestionRow, SituationRow
from portal.reports.sectors import SECTORS, SITUATIONS

FRESH_SECONDS = 30.0
YES_NO = {"yes": ("是", "Yes"), "no": ("否", "No")}


@dataclass(frozen=True, slots=True)
class Situation:
    """A situation as it is offered; ``pinyin`` holds the readings of its characters."""

    code: str
    sector: str
    zh: str
    en: str
    aliases: str = ""
    pinyin: str = ""
    active: bool = True

    def name(self, locale: str) -> str:
        """Return the words in a language."""
        return self.zh if locale.startswith("zh") else self.en


@dataclass(frozen=True, slots=True)
class Question:
    """A further question; ``choices`` in Chinese and English, the Chinese words are what is sent."""

    key: str
    sector: str
    kind: QuestionKind
    zh: str
    en: str
    choices: tuple[tuple[str, str], ...] = ()
    optional: bool = True

    @property
    def field(self) -> str:
        """Return the name of its control on the form."""
        return f"q_{self.key}"

    def name(self, locale: str) -> str:
        """Return the question in a language."""
        return self.zh if locale.startswith("zh") else self.en

    def options(self, locale: str) -> list[tuple[str, str]]:
        """Return what can be chosen: the value that is sent and its words in a language."""
        place = 0 if locale.startswith("zh") else 1
        if self.kind is QuestionKind.YES_NO:
            return [(value, pair[place]) for value, pair in YES_NO.items()]
        return [(pair[0], pair[place]) for pair in self.choices]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All situations by code, those out of use too, and the questions that are asked, by key."""

    situations: Mapping[str, Situation] = field(default_factory=dict)
    questions: Mapping[str, Question] = field(default_factory=dict)
    mark: int = 0
    """Differs when any word differs: pages that are kept are kept by it."""

    def situation(self, code: str) -> Situation | None:
        """Return a situation, None for an unknown code."""
        return self.situations.get(code)

    def by_sector(self, chosen: str = "") -> list[tuple[str, list[Situation]]]:
        """Return the situations in use, and the one chosen before, under their sectors in order."""
        groups: dict[str, list[Situation]] = {item.code: [] for item in SECTORS}
        for item in self.situations.values():
            if (item.active or item.code == chosen) and item.sector in groups:
                groups[item.sector].append(item)
        return [(sector, items) for sector, items in groups.items() if items]

    def questions_by_sector(self) -> list[tuple[str, list[Question]]]:
        """Return the questions under the codes of their sectors, in the sectors' order."""
        groups: dict[str, list[Question]] = {item.code: [] for item in SECTORS}
        for item in self.questions.values():
            if item.sector in groups:
                groups[item.sector].append(item)
        return [(sector, items) for sector, items in groups.items() if items]


SHIPPED = Catalogue({row.code: Situation(row.code, row.sector, row.zh, row.en) for row in SITUATIONS})
"""The situations as they ship, for whoever reads a form without a database."""

# By engine: two applications in one process have two databases.
_known: WeakKeyDictionary[Any, tuple[float, Catalogue]] = WeakKeyDictionary()


def catalogue() -> Catalogue:
    """Return situations and questions; two queries at most, every half minute."""
    engine = db.engine
    kept = _known.get(engine)
    if kept is not None and time.monotonic() - kept[0] < FRESH_SECONDS:
        return kept[1]
    inside = db.session().in_transaction()
    found = _load()
    if not inside:
        # What follows may open a transaction of its own: SQLite must not be left with one open here.
        db.session.rollback()
    _known[engine] = (time.monotonic(), found)
    return found


def forget() -> None:
    """Read again at the next page: the desk changed something."""
    _known.pop(db.engine, None)


def _load() -> Catalogue:
    situations = db.session.execute(
        select(
            SituationRow.code,
            SituationRow.sector,
            SituationRow.zh,
            SituationRow.en,
            SituationRow.aliases,
            SituationRow.pinyin,
            SituationRow.active,
        ).order_by(SituationRow.position, SituationRow.id)
    )
    questions = db.session.execute(
        select(
            QuestionRow.key,
            QuestionRow.sector,
            QuestionRow.kind,
            QuestionRow.zh,
            QuestionRow.en,
            QuestionRow.choices,
            QuestionRow.optional,
        )
        .where(QuestionRow.active)
        .order_by(QuestionRow.position, QuestionRow.id)
    )
    offered = {row.code: Situation(*row) for row in situations}
    asked = {
        row.key: Question(
            row.key,
            row.sector,
            row.kind,
            row.zh,
            row.en,
            tuple((zh, en) for zh, en in row.choices),
            row.optional,
        )
        for row in questions
    }
    return Catalogue(offered, asked, hash((*offered.values(), *asked.values())))
