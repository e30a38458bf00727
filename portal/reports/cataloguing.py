"""Changing what citizens are offered: situations and questions are added, worded anew, switched off."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute

from portal.audit import events
from portal.database import db
from portal.errors import NotFound, Refusal, gettext_noop
from portal.people.actor import Actor
from portal.people.permissions import Permission
from portal.reports.catalogue import QuestionKind, QuestionRow, SituationRow
from portal.reports.pinyin import spelt
from portal.reports.sectors import SECTORS

CODE = re.compile(r"[a-z][a-z0-9_]{1,38}")
GREATEST = 9_999


class BadCatalogueCode(Refusal):
    """The code has other signs than it may have, or is taken."""

    message = gettext_noop(
        "Please choose another code: 2 to 39 small letters, digits or underscores, used only once."
    )
    status = 422


class BadCatalogueWords(Refusal):
    """Words are missing or too long."""

    message = gettext_noop(
        "Please enter the words in Chinese (80 characters at most) and in English (120 at most)."
    )
    status = 422


class BadAliases(Refusal):
    """The other words are too long."""

    message = gettext_noop("Other words for it: 120 characters at most.")
    status = 422


class BadPosition(Refusal):
    """The place in the list is no number."""

    message = gettext_noop("The place in the list is a number from 0 to 9999.")
    status = 422


class BadChoices(Refusal):
    """A question with choices needs two at least."""

    message = gettext_noop(
        "Please enter 2 to 12 choices, one on each line: Chinese, a vertical bar, English;"
        " 60 characters at most."
    )
    status = 422


class CatalogueStale(Refusal):
    """Somebody changed the row since the page was opened."""

    message = gettext_noop(
        "Somebody changed this entry while you were writing. What you wrote is still here:"
        " compare it with the entry as it stands now, then save again."
    )


@dataclass(frozen=True, slots=True)
class Words:
    """What both kinds of entries have: words, place, and whether they are offered."""

    zh: str
    en: str
    position: str = "0"
    active: bool = True

    def checked(self) -> Words:
        """Return them without blanks around; raises BadCatalogueWords and BadPosition."""
        zh, en, position = self.zh.strip(), self.en.strip(), self.position.strip() or "0"
        if not (0 < len(zh) <= 80 and 0 < len(en) <= 120 and zh.isprintable() and en.isprintable()):
            raise BadCatalogueWords
        if not (position.isascii() and position.isdigit() and int(position) <= GREATEST):
            raise BadPosition
        return Words(zh, en, position, self.active)


@dataclass(frozen=True, slots=True)
class Asked:
    """How a question is answered; ``choices`` as typed, one on each line."""

    kind: QuestionKind
    choices: str = ""
    optional: bool = True

    def pairs(self) -> list[list[str]]:
        """Return the choices in Chinese and English; raises BadChoices."""
        if self.kind is not QuestionKind.CHOICE:
            return []
        parts = [line.replace("｜", "|").split("|") for line in self.choices.splitlines() if line.strip()]
        pairs = [[word.strip() for word in line] for line in parts]
        whole = all(len(pair) == 2 and all(0 < len(word) <= 60 for word in pair) for pair in pairs)
        if not (whole and 2 <= len({pair[0] for pair in pairs if pair}) == len(pairs) <= 12):
            raise BadChoices
        return pairs


def situations_of(sector: str) -> list[SituationRow]:
    """Return the situations of a sector, those in use first."""
    order = (SituationRow.active.desc(), SituationRow.position, SituationRow.id)
    return list(
        db.session.scalars(select(SituationRow).where(SituationRow.sector == sector).order_by(*order))
    )


def questions_of(sector: str) -> list[QuestionRow]:
    """Return the questions of a sector, those in use first."""
    order = (QuestionRow.active.desc(), QuestionRow.position, QuestionRow.id)
    return list(db.session.scalars(select(QuestionRow).where(QuestionRow.sector == sector).order_by(*order)))


def counts() -> dict[str, tuple[int, int]]:
    """Return how many situations and questions in use each sector has."""
    found: dict[str, list[int]] = {item.code: [0, 0] for item in SECTORS}
    queries = (
        select(SituationRow.sector, func.count()).where(SituationRow.active).group_by(SituationRow.sector),
        select(QuestionRow.sector, func.count()).where(QuestionRow.active).group_by(QuestionRow.sector),
    )
    for place, query in enumerate(queries):
        for sector, count in db.session.execute(query):
            found.setdefault(sector, [0, 0])[place] = count
    return {sector: (first, second) for sector, (first, second) in found.items()}


def add_situation(
    sector: str, code: str, words: Words, aliases: str, *, actor: Actor, at: datetime
) -> SituationRow:
    """Add a situation under a code that never changes."""
    words, aliases = words.checked(), _aliases(aliases)
    row = SituationRow(
        code=_free_code(code, SituationRow.code),
        sector=_sector(sector),
        zh=words.zh,
        en=words.en,
        aliases=aliases,
        pinyin=spelling(words.zh, aliases),
        position=int(words.position),
        active=True,
    )
    db.session.add(row)
    _note("situation_added", row.code, actor, at)
    return row


def change_situation(
    row_id: int, words: Words, aliases: str, *, version: int, actor: Actor, at: datetime
) -> SituationRow:
    """Word a situation anew, move it, switch it off or on; raises NotFound and CatalogueStale."""
    row = db.session.get(SituationRow, row_id, with_for_update=True)
    if row is None:
        raise NotFound
    if row.version != version:
        raise CatalogueStale
    words, aliases = words.checked(), _aliases(aliases)
    row.zh, row.en, row.aliases = words.zh, words.en, aliases
    row.pinyin = spelling(words.zh, aliases)
    row.position, row.active = int(words.position), words.active
    if db.session.is_modified(row):
        _note("situation_changed", row.code, actor, at)
    return row


def add_question(
    sector: str, key: str, words: Words, asked: Asked, *, actor: Actor, at: datetime
) -> QuestionRow:
    """Add a question under a key that never changes."""
    words = words.checked()
    row = QuestionRow(
        key=_free_code(key, QuestionRow.key),
        sector=_sector(sector),
        kind=asked.kind,
        zh=words.zh,
        en=words.en,
        choices=asked.pairs(),
        optional=asked.optional,
        position=int(words.position),
        active=True,
    )
    db.session.add(row)
    _note("question_added", row.key, actor, at)
    return row


def change_question(
    row_id: int, words: Words, asked: Asked, *, version: int, actor: Actor, at: datetime
) -> QuestionRow:
    """Word a question anew, move it, switch it off or on; what was answered keeps its old words.

    Raises NotFound or CatalogueStale.
    """
    row = db.session.get(QuestionRow, row_id, with_for_update=True)
    if row is None:
        raise NotFound
    if row.version != version:
        raise CatalogueStale
    words, pairs = words.checked(), asked.pairs()
    row.zh, row.en, row.kind, row.optional = words.zh, words.en, asked.kind, asked.optional
    row.position, row.active = int(words.position), words.active
    if row.choices != pairs:
        row.choices = pairs
    if db.session.is_modified(row):
        _note("question_changed", row.key, actor, at)
    return row


def spelling(zh: str, aliases: str) -> str:
    """Return the readings of the words and of each alias, lines apart so that none runs into the next."""
    return "|".join(spelt(part) for part in [zh, *aliases.split()])[:2000]


def _aliases(text: str) -> str:
    aliases = " ".join(text.split())
    if len(aliases) > 120 or not aliases.isprintable():
        raise BadAliases
    return aliases


def _sector(code: str) -> str:
    if code not in {item.code for item in SECTORS}:
        raise NotFound
    return code


def _free_code(text: str, column: InstrumentedAttribute[str]) -> str:
    code = text.strip().lower()
    if not CODE.fullmatch(code) or db.session.scalar(select(func.count()).where(column == code)):
        raise BadCatalogueCode
    return code


def _note(action: str, entry: str, actor: Actor, at: datetime) -> None:
    role = actor.role_for(Permission.CATALOGUE_MANAGE)
    events.record(action, at=at, actor=actor, role=role, facts={"entry": entry})
