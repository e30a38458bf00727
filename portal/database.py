"""The database: base class and column types."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, Enum, Integer, MetaData, String
from sqlalchemy.orm import DeclarativeBase, mapped_column

from portal.dialects import UTCDateTime, is_read_only, reading, set_read_only, writing

__all__ = [
    "KEY_DIGITS",
    "Base",
    "BigKey",
    "Code",
    "Fen",
    "Instant",
    "Key",
    "MaybeInstant",
    "Ref",
    "UTCDateTime",
    "choice",
    "db",
    "is_read_only",
    "reading",
    "row_key",
    "set_read_only",
    "writing",
]

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Declarative base with one naming convention for every constraint."""

    metadata = MetaData(naming_convention=NAMING)


db = SQLAlchemy(
    model_class=Base,
    session_options={"expire_on_commit": False},
    engine_options={"hide_parameters": True, "pool_pre_ping": False},
)


BigKey = BigInteger().with_variant(Integer, "sqlite")
KEY_DIGITS = 18
"""The longest number that is taken for a row's key: it fits into 64 bits, whatever its digits are."""

Key = Annotated[int, mapped_column(BigKey, primary_key=True)]
Ref = Annotated[int, mapped_column(BigKey)]
Instant = Annotated[datetime, mapped_column(UTCDateTime())]
MaybeInstant = Annotated[datetime | None, mapped_column(UTCDateTime())]
Fen = Annotated[int, mapped_column(BigInteger)]
Code = Annotated[str, mapped_column(String(40))]


def row_key(text: str) -> int:
    """Read a row's key out of an address or a form; ValueError for what no row can have."""
    if not (text.isascii() and text.isdigit() and len(text) <= KEY_DIGITS):
        raise ValueError("no key of a row")
    return int(text)


def choice(values: type[StrEnum], name: str) -> Enum:
    """Column type for a ``StrEnum``: short text with a CHECK over its values."""
    return Enum(
        values,
        native_enum=False,
        create_constraint=True,
        length=32,
        name=name,
        values_callable=lambda members: [member.value for member in members],
    )
