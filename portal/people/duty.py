"""The duty roster: who is called when people are in danger, by week and district."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.audit import events
from portal.database import db
from portal.errors import NotAllowed, Refusal, gettext_noop
from portal.people.actor import Actor
from portal.people.models import Account, District, DutyWeek, RoleGrant
from portal.people.permissions import TABLE, Permission, Role, Scope

# Who sees a case before a unit has it: a verifier on duty could not open what he is called for.
ON_DUTY_ROLES = frozenset(
    role for role, scope in TABLE[Permission.CASE_READ].items() if scope is not Scope.UNIT
)
WEEK = timedelta(days=7)


class PastWeek(Refusal):
    """What was is not changed afterwards."""

    message = gettext_noop("This week is over. Its roster stays as it was.")


class NotForDuty(Refusal):
    """The chosen account cannot be called for that place."""

    message = gettext_noop("Somebody you chose does not work for that place any more. Please choose again.")
    status = 422


@dataclass(frozen=True, slots=True)
class Pair:
    """Account ids of officer and supervisor on duty; None: nobody."""

    officer_id: int | None = None
    supervisor_id: int | None = None


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Who can be called now: active, with a mobile number, and able to open the case."""

    officer: Account | None = None
    supervisor: Account | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the roster: a district (None: the whole city), who is entered, who would be called."""

    district: District | None
    entered: Pair
    called: OnDuty

    @property
    def key(self) -> int:
        """The id of the district; 0 for the whole city."""
        return self.district.id if self.district else 0

    @property
    def is_covered_by_city(self) -> bool:
        """Say whether an officer is called who stands in the line of the whole city."""
        officer = self.called.officer
        return self.district is not None and officer is not None and officer.id != self.entered.officer_id


def week_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def can_be_called(account: Account | None, district_id: int | None) -> bool:
    """Say whether an account is open, has a mobile number, and reads the cases of a district."""
    return account is not None and bool(account.telephone) and fits(account, district_id)


def fits(account: Account, district_id: int | None, roles: frozenset[Role] = ON_DUTY_ROLES) -> bool:
    """Say whether an account may be on duty for a district; None is the whole city."""
    in_reach = account.person.district_id is None or account.person.district_id == district_id
    return account.active and in_reach and bool(account.roles & roles)


def on_duty(district_id: int | None, week: date) -> OnDuty:
    """Return who is called for a district in a week: its own line first, then that of the whole city."""
    return _called(district_id, _lines(week))


def supervisors_of(district_id: int | None) -> list[Account]:
    """Return every supervisor who can be called for a district."""
    found = _holders(frozenset({Role.SUPERVISOR}))
    return [account for account in found if can_be_called(account, district_id)]


def roster(week: date) -> list[Place]:
    """Return the roster of a week: the whole city first, then every district in use."""
    lines = _lines(week)
    districts = db.session.scalars(select(District).where(District.active).order_by(District.id))
    return [_place(district, lines) for district in (None, *districts)]


def gaps(week: date) -> list[Place]:
    """Return the places for which no officer on duty can be called in a week."""
    return [place for place in roster(week) if place.called.officer is None]


def candidates() -> list[Account]:
    """Return every account that may stand in the roster, by name."""
    return sorted(_holders(ON_DUTY_ROLES), key=lambda account: (account.person.name, account.id))


def may_change(actor: Actor, district_id: int | None) -> bool:
    """Say whether somebody may change the line of a district; None is the whole city."""
    scope = actor.scope(Permission.DUTY_MANAGE)
    in_reach = actor.district_id is None or actor.district_id == district_id
    return scope is Scope.ALL or (scope is Scope.DISTRICT and in_reach)


def enter(week: date, chosen: Mapping[int | None, Pair], *, actor: Actor, at: datetime, today: date) -> int:
    """Write who is on duty in a week, by district; return how many lines changed.

    Raises PastWeek or NotAllowed.
    """
    if week < week_of(today):
        raise PastWeek
    lines = _lines(week)
    changed = 0
    for district_id, pair in chosen.items():
        if not may_change(actor, district_id):
            raise NotAllowed
        if pair != _pair(lines.get(district_id)):
            _check(pair, district_id)
            _write(week, district_id, pair)
            _note(week, district_id, pair, actor, at)
            changed += 1
    return changed


def copy_last(week: date, *, actor: Actor, at: datetime, today: date) -> int:
    """Take over the week before where nobody is entered yet; return how many lines changed."""
    before, lines = _lines(week - WEEK), _lines(week)
    wanted: dict[int | None, Pair] = {}
    for district_id, line in before.items():
        pair = _still_fit(_pair(line), district_id)
        if may_change(actor, district_id) and _pair(lines.get(district_id)) == Pair() and pair != Pair():
            wanted[district_id] = pair
    return enter(week, wanted, actor=actor, at=at, today=today)


def _lines(week: date) -> dict[int | None, DutyWeek]:
    found = db.session.scalars(select(DutyWeek).where(DutyWeek.week == week).order_by(DutyWeek.id))
    return {line.district_id: line for line in found}


def _place(district: District | None, lines: Mapping[int | None, DutyWeek]) -> Place:
    district_id = district.id if district else None
    return Place(district, _pair(lines.get(district_id)), _called(district_id, lines))


def _called(district_id: int | None, lines: Mapping[int | None, DutyWeek]) -> OnDuty:
    wanted = [line for key in dict.fromkeys((district_id, None)) if (line := lines.get(key))]
    return OnDuty(
        _first((line.officer for line in wanted), district_id),
        _first((line.supervisor for line in wanted), district_id),
    )


def _first(accounts: Iterable[Account | None], district_id: int | None) -> Account | None:
    return next((account for account in accounts if can_be_called(account, district_id)), None)


def _holders(roles: frozenset[Role]) -> list[Account]:
    held = select(RoleGrant.account_id).where(RoleGrant.role.in_(sorted(role.value for role in roles)))
    query = select(Account).where(Account.active, Account.id.in_(held)).order_by(Account.id)
    return list(db.session.scalars(query))


def _pair(line: DutyWeek | None) -> Pair:
    return Pair(line.officer_id, line.supervisor_id) if line else Pair()


def _check(pair: Pair, district_id: int | None) -> None:
    if _still_fit(pair, district_id) != pair:
        raise NotForDuty


def _still_fit(pair: Pair, district_id: int | None) -> Pair:
    """Return the pair without those who cannot be on duty there any more."""
    officer = db.session.get(Account, pair.officer_id) if pair.officer_id else None
    supervisor = db.session.get(Account, pair.supervisor_id) if pair.supervisor_id else None
    leads = frozenset({Role.SUPERVISOR})
    return Pair(
        officer.id if officer and fits(officer, district_id) else None,
        supervisor.id if supervisor and fits(supervisor, district_id, leads) else None,
    )


def _write(week: date, district_id: int | None, pair: Pair) -> None:
    """Write one line; somebody else may have written it at the same moment."""
    savepoint = db.session.begin_nested()
    try:
        _line(week, district_id, pair)
        savepoint.commit()
    except IntegrityError:
        savepoint.rollback()
        _line(week, district_id, pair)
        db.session.flush()


def _line(week: date, district_id: int | None, pair: Pair) -> None:
    line = db.session.scalar(
        select(DutyWeek).where(DutyWeek.week == week, DutyWeek.district_id.is_not_distinct_from(district_id))
    )
    if line is None:
        line = DutyWeek(week=week, district_id=district_id)
        db.session.add(line)
    line.officer_id, line.supervisor_id = pair.officer_id, pair.supervisor_id
    db.session.flush()
    db.session.expire(line, ["officer", "supervisor"])


def _note(week: date, district_id: int | None, pair: Pair, actor: Actor, at: datetime) -> None:
    facts = {
        "week": week.isoformat(),
        "district": district_id,
        "account": pair.officer_id,
        "supervisor": pair.supervisor_id,
    }
    role = actor.role_for(Permission.DUTY_MANAGE)
    events.record("duty_changed", at=at, actor=actor, role=role, facts=facts)
