"""What addresses and forms bring, in a shape that both databases can hold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import IntegerConverter

from portal.database import KEY_DIGITS


class KeyConverter(IntegerConverter):
    """A row's key in an address: a number that no database can hold is an address that does not exist."""

    regex = f"[0-9]{{1,{KEY_DIGITS}}}"


class Fields(ImmutableMultiDict[str, Any]):
    """What an address or a form brings, without the one sign that PostgreSQL cannot hold."""

    def __init__(self, pairs: Iterable[tuple[str, Any]] | None = None) -> None:
        super().__init__(pairs)
        for values in cast(Iterable[list[Any]], dict.values(self)):
            values[:] = [_holdable(value) for value in values]


def _holdable(value: Any) -> Any:  # noqa: ANN401  (a text or a file)
    return value.replace("\0", "") if isinstance(value, str) else value
