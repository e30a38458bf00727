"""The register of firms: put in by credit code, and searched by what somebody types."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice

from sqlalchemy import delete, func, insert, select
from stdnum.cn import uscc
from stdnum.exceptions import ValidationError

from portal.audit import events
from portal.database import db
from portal.errors import NotFound, Refusal, gettext_noop
from portal.people.actor import Actor
from portal.people.models import District
from portal.people.permissions import Permission
from portal.subjects import sheets
from portal.subjects.models import Firm, FirmGram, RegisterImport

NAME_LONGEST = 120
ADDRESS_LONGEST = 200
CHUNK = 400
MOST_LINES = 20_000
LEAST_TYPED = 2
MOST_TYPED = 40
SUGGESTED = 8
SHOWN = 50
IMPORT_LIFE = timedelta(days=1)
# They stand in so many names that they find nothing.
COMMON = frozenset(
    {"有限", "限公", "公司", "责任", "任公", "限责", "股份", "份有", "安阳", "阳市", "河南", "南省"}
)


class LineFault(StrEnum):
    """Why a line of the list is not put in."""

    NAME = "name"
    CREDIT_CODE = "credit_code"
    DISTRICT = "district"
    ADDRESS = "address"
    TWICE = "twice"


class TooManyLines(Refusal):
    """The list is longer than what is put in at once."""

    message = gettext_noop(
        "The list has more than 20,000 lines. Please split it, or let whoever runs the portal put it in."
    )
    status = 422


class ImportGone(Refusal):
    """The list that was shown is not there any more, or was put in already."""

    message = gettext_noop(
        "This list was put in already, or was shown more than a day ago. Please choose it again."
    )


@dataclass(slots=True)
class Preview:
    """What putting a list in would do."""

    rows: list[list[str | int | None]] = field(default_factory=list)
    faults: list[tuple[int, LineFault]] = field(default_factory=list)
    lines: int = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """How many firms are new, changed and the same."""

    new: int = 0
    changed: int = 0
    same: int = 0


def preview(content: bytes, *, most: int | None = MOST_LINES) -> Preview:
    """Read a list and say line by line what is wrong; raises NoSheet, NoColumns, TooManyLines."""
    found = Preview()
    districts = _districts()
    seen: set[str] = set()
    for number, line in sheets.read(content):
        found.lines += 1
        if most is not None and found.lines > most:
            raise TooManyLines
        row = _row(line, districts)
        if not isinstance(row, LineFault) and row[0] in seen:
            row = LineFault.TWICE
        if isinstance(row, LineFault):
            found.faults.append((number, row))
        else:
            seen.add(str(row[0]))
            found.rows.append(row)
    return found


def _row(line: Mapping[str, str], districts: Mapping[str, int]) -> list[str | int | None] | LineFault:
    """Return credit code, name, district and address of a line, or why it is not taken."""
    name, address, place = line["name"], line.get("address", ""), line.get("district", "")
    if not 2 <= len(name) <= NAME_LONGEST:
        return LineFault.NAME
    try:
        code = str(uscc.validate(line["credit_code"]))
    except ValidationError:
        return LineFault.CREDIT_CODE
    if len(address) > ADDRESS_LONGEST:
        return LineFault.ADDRESS
    if place and place not in districts:
        return LineFault.DISTRICT
    return [code, name, districts.get(place), address]


def _districts() -> dict[str, int]:
    """Return the districts by name and by code."""
    found: dict[str, int] = {}
    for row in db.session.execute(select(District.id, District.code, District.name_zh, District.name_en)):
        found.update({row.code: row.id, row.name_zh: row.id, row.name_en: row.id})
    return found


def compare(rows: Sequence[Sequence[str | int | None]]) -> Counts:
    """Say what putting rows in would do to the register as it stands."""
    new = changed = same = 0
    for chunk in _chunks(rows):
        known = _known(chunk)
        for code, name, district, address in chunk:
            firm = known.get(str(code))
            if firm is None:
                new += 1
            elif (firm.name, firm.district_id, firm.address) == (name, district, address):
                same += 1
            else:
                changed += 1
    return Counts(new, changed, same)


def put_in(rows: Sequence[Sequence[str | int | None]], *, actor: Actor, at: datetime) -> Counts:
    """Add firms that are new and change those whose line differs; nothing is taken out."""
    total = compare(rows)
    for chunk in _chunks(rows):
        _put_chunk(chunk, at)
    facts = {"added": total.new, "changed": total.changed, "same": total.same}
    role = actor.role_for(Permission.REGISTER_MANAGE)
    events.record("register_imported", at=at, actor=actor, role=role, facts=facts)
    return total


def _put_chunk(chunk: Sequence[Sequence[str | int | None]], at: datetime) -> None:
    known = _known(chunk)
    spelt: list[Firm] = []
    for code, name, district, address in chunk:
        firm = known.get(str(code))
        if firm is None:
            firm = Firm(credit_code=code, name=name, district_id=district, address=address, updated_at=at)
            db.session.add(firm)
            spelt.append(firm)
        elif (firm.name, firm.district_id, firm.address) != (name, district, address):
            if firm.name != name:
                spelt.append(firm)
            firm.name, firm.district_id, firm.address = str(name), district, str(address)  # type: ignore[assignment]
            firm.updated_at = at
    db.session.flush()
    if spelt:
        db.session.execute(delete(FirmGram).where(FirmGram.firm_id.in_([firm.id for firm in spelt])))
        grams = [{"gram": gram, "firm_id": firm.id} for firm in spelt for gram in sorted(grams_of(firm.name))]
        db.session.execute(insert(FirmGram), grams)


def _known(chunk: Sequence[Sequence[str | int | None]]) -> dict[str, Firm]:
    codes = [str(row[0]) for row in chunk]
    return {
        firm.credit_code: firm for firm in db.session.scalars(select(Firm).where(Firm.credit_code.in_(codes)))
    }


def _chunks(rows: Iterable[Sequence[str | int | None]]) -> Iterator[list[Sequence[str | int | None]]]:
    source = iter(rows)
    while chunk := list(islice(source, CHUNK)):
        yield chunk


def grams_of(text: str) -> set[str]:
    """Return each two neighbouring characters of a text, in small letters."""
    small = text.lower()
    return {small[place : place + 2] for place in range(len(small) - 1)}


def suggestions(typed: str) -> list[Firm]:
    """Return at most eight firms of the register whose name holds what was typed, beginnings first."""
    return search(" ".join(typed.split())[:MOST_TYPED], SUGGESTED) if typed.strip() else []


def search(typed: str, most: int) -> list[Firm]:
    """Return firms whose name holds what was typed, two characters at least; beginnings first."""
    small = typed.lower()
    if len(small) < LEAST_TYPED:
        return []
    pairs = [small[place : place + 2] for place in range(len(small) - 1)]
    gram = next((pair for pair in pairs if pair not in COMMON), pairs[-1])
    escaped = small.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    base = (
        select(Firm)
        .join(FirmGram, FirmGram.firm_id == Firm.id)
        .where(FirmGram.gram == gram)
        .order_by(FirmGram.firm_id)
        .limit(most)
    )
    name = func.lower(Firm.name)
    first = list(db.session.scalars(base.where(name.like(f"{escaped}%", escape="\\"))))
    if len(first) < most:
        known = {firm.id for firm in first}
        others = db.session.scalars(base.where(name.like(f"%{escaped}%", escape="\\")))
        first += [firm for firm in others if firm.id not in known]
    return first[:most]


def page(typed: str = "") -> tuple[list[Firm], int]:
    """Return firms for the desk and how many the register holds."""
    total = db.session.scalar(select(func.count(Firm.id))) or 0
    if len(typed.strip()) >= LEAST_TYPED:
        return search(" ".join(typed.split())[:MOST_TYPED], SHOWN), total
    return list(db.session.scalars(select(Firm).order_by(Firm.id.desc()).limit(SHOWN))), total


def keep(found: Preview, *, actor: Actor, at: datetime) -> RegisterImport:
    """Keep what was read until it is put in; sweep what was kept for longer than a day."""
    db.session.execute(delete(RegisterImport).where(RegisterImport.read_at < at - IMPORT_LIFE))
    kept = RegisterImport(
        uuid=uuid.uuid4().hex,
        account_id=actor.account_id,
        read_at=at,
        lines=found.lines,
        rows=found.rows,
        faults=[[number, fault.value] for number, fault in found.faults],
    )
    db.session.add(kept)
    return kept


def kept_import(token: str, actor: Actor, at: datetime) -> RegisterImport:
    """Return what this person read within a day; raises NotFound."""
    query = select(RegisterImport).where(
        RegisterImport.uuid == token,
        RegisterImport.account_id == actor.account_id,
        RegisterImport.read_at >= at - IMPORT_LIFE,
    )
    found = db.session.scalar(query)
    if found is None:
        raise NotFound
    return found


def finish(token: str, *, actor: Actor, at: datetime) -> Counts:
    """Put in what was shown, once; raises ImportGone."""
    query = select(RegisterImport).where(
        RegisterImport.uuid == token, RegisterImport.account_id == actor.account_id
    )
    kept = db.session.scalar(query.with_for_update())
    if kept is None or kept.done_at is not None or kept.read_at < at - IMPORT_LIFE:
        raise ImportGone
    counts = put_in(kept.rows, actor=actor, at=at)
    kept.done_at, kept.rows, kept.faults = at, [], []
    return counts


def exported() -> str:
    """Return the whole register as CSV, in the columns in which it is read."""
    query = (
        select(Firm.name, Firm.credit_code, District.name_zh, Firm.address)
        .outerjoin(District, District.id == Firm.district_id)
        .order_by(Firm.id)
    )
    rows = [[row.name, row.credit_code, row.name_zh or "", row.address] for row in db.session.execute(query)]
    return sheets.written([["企业名称", "统一社会信用代码", "区县", "地址"], *rows])
