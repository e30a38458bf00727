"""Notice boards for workplaces: made for a firm, listed, taken out of use."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.audit import events
from portal.database import db
from portal.errors import NotFound, Refusal, gettext_noop
from portal.people.actor import Actor
from portal.people.models import District
from portal.people.permissions import Permission
from portal.subjects.models import Board, Firm

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 10
SHOWN = 200


class BoardWithoutFirm(Refusal):
    """A board needs the name of the firm."""

    message = gettext_noop(
        "Please enter the firm (2 to 120 characters) and an address of 200 characters at most."
    )
    status = 422


@dataclass(frozen=True, slots=True)
class Place:
    """What a board fills into the form."""

    firm_name: str
    address: str = ""
    district_id: int | None = None
    sector: str = ""
    firm_id: int | None = None


def make(place: Place, *, actor: Actor, at: datetime) -> Board:
    """Make a board with a random code; raises BoardWithoutFirm and NotFound."""
    name, address = " ".join(place.firm_name.split()), " ".join(place.address.split())
    if not 2 <= len(name) <= 120 or len(address) > 200:
        raise BoardWithoutFirm
    if place.district_id is not None and db.session.get(District, place.district_id) is None:
        raise NotFound
    if place.firm_id is not None and db.session.get(Firm, place.firm_id) is None:
        raise NotFound
    board = Board(
        code="".join(secrets.choice(ALPHABET) for _ in range(LENGTH)),
        firm_id=place.firm_id,
        firm_name=name,
        address=address,
        district_id=place.district_id,
        sector=place.sector,
        active=True,
        made_at=at,
    )
    db.session.add(board)
    _note("board_made", board, actor, at)
    return board


def end(code: str, *, actor: Actor, at: datetime) -> Board:
    """Take a board out of use: its code fills in nothing any more; raises NotFound."""
    board = find(code)
    if board.active:
        board.active, board.ended_at = False, at
        _note("board_ended", board, actor, at)
    return board


def find(code: str) -> Board:
    """Return a board in use or not; raises NotFound."""
    board = db.session.scalar(select(Board).where(Board.code == code))
    if board is None:
        raise NotFound
    return board


def all_boards() -> list[Board]:
    """Return the boards, those in use first and the newest first."""
    order = (Board.active.desc(), Board.id.desc())
    return list(db.session.scalars(select(Board).order_by(*order).limit(SHOWN)))


def place_of(code: str) -> Place | None:
    """Return what a board's code fills in, None for an unknown or ended one."""
    if not 0 < len(code) <= LENGTH:
        return None
    board = db.session.scalar(select(Board).where(Board.code == code.lower(), Board.active))
    if board is None:
        return None
    return Place(board.firm_name, board.address, board.district_id, board.sector, board.firm_id)


def _note(action: str, board: Board, actor: Actor, at: datetime) -> None:
    role = actor.role_for(Permission.CATALOGUE_MANAGE)
    events.record(action, at=at, actor=actor, role=role, facts={"board": board.code})
