"""What staff declare about themselves: ties to firms and people, and absences with a deputy."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.database import Base, BigKey, Instant, Key, MaybeInstant, choice
from portal.people.models import Person


class TieKind(StrEnum):
    """To whom somebody is tied."""

    FIRM = "firm"
    PERSON = "person"


class Tie(Base):
    """A firm or a person that somebody of the staff is tied to; kept when it is over."""

    __tablename__ = "ties"
    __table_args__ = (Index("ix_ties_person", "person_id", "ended_at"),)

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(BigKey, ForeignKey("people.id"))
    kind: Mapped[TieKind] = mapped_column(choice(TieKind, "tie_kind"))
    name: Mapped[str] = mapped_column(String(120))
    key: Mapped[str] = mapped_column(String(120))
    """The name as it is compared: see ``portal.people.ties.key_of``."""
    declared_at: Mapped[Instant]
    ended_at: Mapped[MaybeInstant]


class Absence(Base):
    """Days on which somebody is away, both included, and who sees to his cases meanwhile."""

    __tablename__ = "absences"
    __table_args__ = (
        Index("ix_absences_person", "person_id", "until"),
        Index("ix_absences_deputy", "deputy_id", "until"),
        CheckConstraint("since <= until", name="days_in_order"),
        CheckConstraint("deputy_id <> person_id", name="deputy_is_another"),
    )

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(BigKey, ForeignKey("people.id"))
    deputy_id: Mapped[int] = mapped_column(BigKey, ForeignKey("people.id"))
    since: Mapped[date] = mapped_column(Date)
    until: Mapped[date] = mapped_column(Date)
    declared_at: Mapped[Instant]
    ended_at: Mapped[MaybeInstant]

    person: Mapped[Person] = relationship(foreign_keys=person_id, lazy="joined", innerjoin=True)
    deputy: Mapped[Person] = relationship(foreign_keys=deputy_id, lazy="joined", innerjoin=True)
