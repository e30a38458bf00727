"""Reading [[fact]]: the questions a rule set asks, and which standard ones it uses."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from portal.rewards.rules.faults import FaultCode, Hint, Place
from portal.rewards.rules.model import Fact, Option, Text
from portal.rewards.rules.outline import Outline
from portal.rewards.rules.reading import ENTRY_ID, FACT_ID, Table, near, shortened
from portal.rewards.rules.registry import ALWAYS, STANDARD
from portal.rewards.rules.values import Number
from portal.rewards.rules.vocabulary import About, ConfirmedBy, FactType


def declared(head: Table, rows: list[Table], lines: Outline) -> dict[str, Fact]:
    """Return the standard facts that are used and those declared here, by id."""
    facts: dict[str, Fact] = {}
    for fact_id in head.strings("uses"):
        if fact_id in STANDARD:
            facts[fact_id] = STANDARD[fact_id]
        elif not any(row.data.get("id") == fact_id for row in rows) and not head.faults.full:
            close = near(fact_id, STANDARD)
            hint = Hint.DID_YOU_MEAN if close else Hint.DECLARE_THE_FACT
            head.fault(FaultCode.UNDECLARED_FACT, hint, key="uses", fact=shortened(fact_id), near=close)
    own: set[str] = set()
    for number, row in enumerate(rows):
        if row.faults.full:
            break
        fact = _fact(row, number, lines)
        if fact is None:
            continue
        if fact.id in own or fact.id in ALWAYS:
            row.fault(FaultCode.DUPLICATE_ID, Hint.REMOVE_ONE, id=fact.id)
        own.add(fact.id)
        facts[fact.id] = fact
    return facts


def _fact(table: Table, number: int, lines: Outline) -> Fact | None:
    """Read one question; None where it is wrong, which is noted."""
    fact_id = table.id("id", FACT_ID)
    standard = STANDARD.get(fact_id)
    if "type" not in table.data and standard is None:
        table.missing("type")
    kind = table.word("type", FactType, standard.type if standard else FactType.YES_NO)
    if standard and kind is not standard.type:
        table.fault(FaultCode.FACT_TYPE, Hint.SEE_REFERENCE, fact=fact_id, expected=standard.type.value)
    about = table.word("about", About, standard.about if standard else About.FINDING)
    by = ConfirmedBy.IDENTITY_OFFICER if about is About.REPORTER else ConfirmedBy.VERIFIER
    label = table.text("label", needed=standard is None) or (standard.label if standard else Text("", ""))
    options = _options(table, number, lines) if kind is FactType.CHOICE else ()
    if kind is FactType.CHOICE and not options and standard is None:
        table.missing("option")
    found = Fact(
        id=fact_id,
        type=kind,
        label=label,
        about=about,
        confirmed_by=table.word("confirmed_by", ConfirmedBy, standard.confirmed_by if standard else by),
        help=table.text("help"),
        unit=table.text("unit") or (standard.unit if standard else None),
        decimals=table.whole("decimals", 0, most=3) or 0,
        min=_bound(table, "min", kind, standard),
        max=_bound(table, "max", kind, standard),
        public=table.flag("public", default=False),
        options=options or (standard.options if standard else ()),
    )
    if found.min is not None and found.max is not None and found.min > found.max:
        table.fault(
            FaultCode.MIN_OVER_MAX,
            Hint.SWAP_BOUNDS,
            key="min",
            other="max",
            low=int(found.min),
            high=int(found.max),
        )
    table.rest()
    return found if fact_id else None


def _bound(table: Table, key: str, kind: FactType, standard: Fact | None) -> Number | None:
    """Return the least or the most an answer may be; money in fen."""
    raw = table.get(key)
    if raw is None:
        return getattr(standard, key, None) if standard else None
    if kind is FactType.MONEY:
        return table.as_amount(key, raw)
    if kind is not FactType.NUMBER:
        table.wrong(key, "number_or_money")
        return None
    return table.as_number(key, raw)


def _options(table: Table, fact_number: int, lines: Outline) -> tuple[Option, ...]:
    """Read the answers of a choice."""
    found: dict[str, Option] = {}
    for number, row in enumerate(table.tables("option")):
        if row.faults.full:
            break
        option_id = row.data.get("id")
        name = f'option "{shortened(option_id)}"' if isinstance(option_id, str) else f"option {number + 1}"
        place = Place(f"{table.place.entry}, {name}", lines.option(fact_number, number))
        option = _option(Table(row.data, place, table.faults))
        if option is None:
            continue
        if option.id in found:
            table.faults.add(FaultCode.DUPLICATE_ID, place, Hint.REMOVE_ONE, id=option.id)
        found[option.id] = option
    return tuple(found.values())


def _option(table: Table) -> Option | None:
    option_id = table.id("id", ENTRY_ID)
    label = table.text("label", needed=True)
    group = table.text("group")
    values: dict[str, int | Fraction] = {}
    named = table.table("values")
    if named is not None:
        for key, raw in named.data.items():
            rate = isinstance(raw, str) and raw.endswith("%")
            number = named.as_rate(key, raw) if rate else named.as_amount(key, raw)
            if number is not None:
                values[key] = number
        low, high = values.get("min"), values.get("max")
        if isinstance(low, int) and isinstance(high, int) and low > high:
            table.fault(
                FaultCode.MIN_OVER_MAX, Hint.SWAP_BOUNDS, key="values.min", other="max", low=low, high=high
            )
    table.rest()
    return Option(option_id, label, group, values) if option_id and label else None


def called(table: str, row: Mapping[str, object], number: int) -> str:
    """Return how a part of the file is called in a fault: by its id, else by its place."""
    entry_id = row.get("id")
    if isinstance(entry_id, str) and entry_id:
        return f'{table} "{shortened(entry_id)}"'
    return f"{table} {number + 1}"
