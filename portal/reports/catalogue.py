"""What the desk offers citizens to choose from and to answer: situations and questions, as rows."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import JSON, Boolean, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Base, Key, choice


class QuestionKind(StrEnum):
    """How a question is answered."""

    YES_NO = "yes_no"
    CHOICE = "choice"
    NUMBER = "number"
    TEXT = "text"


class SituationRow(Base):
    """A situation that can be reported; the code never changes, reports hold it."""

    __tablename__ = "situations"
    __table_args__ = (Index("ix_situations_sector", "sector", "position", "id"),)

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(String(40), unique=True)
    sector: Mapped[str] = mapped_column(String(24))
    zh: Mapped[str] = mapped_column(String(80))
    en: Mapped[str] = mapped_column(String(120))
    aliases: Mapped[str] = mapped_column(String(120), default="")
    pinyin: Mapped[str] = mapped_column(String(2000), default="")
    position: Mapped[int] = mapped_column(Integer, default=0)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  (SQLAlchemy's own name)

    def name(self, locale: str) -> str:
        """Return the words in a language."""
        return self.zh if locale.startswith("zh") else self.en


class QuestionRow(Base):
    """A further question of a sector; the key never changes, answers are kept under it."""

    __tablename__ = "sector_questions"
    __table_args__ = (Index("ix_sector_questions_sector", "sector", "position", "id"),)

    id: Mapped[Key]
    key: Mapped[str] = mapped_column(String(40), unique=True)
    sector: Mapped[str] = mapped_column(String(24))
    kind: Mapped[QuestionKind] = mapped_column(choice(QuestionKind, "question_kind"))
    zh: Mapped[str] = mapped_column(String(80))
    en: Mapped[str] = mapped_column(String(120))
    choices: Mapped[list[list[str]]] = mapped_column(JSON, default=list)
    optional: Mapped[bool] = mapped_column(Boolean, default=True)
    position: Mapped[int] = mapped_column(Integer, default=0)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  (SQLAlchemy's own name)

    def name(self, locale: str) -> str:
        """Return the question in a language."""
        return self.zh if locale.startswith("zh") else self.en
