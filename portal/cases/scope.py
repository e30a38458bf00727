"""Which cases somebody reaches: the same answer as a condition of a query and for one case in hand."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, and_, false, not_, true

from portal.cases.models import Case
from portal.errors import NotAllowed, NotFound
from portal.people import ties
from portal.people.actor import Actor
from portal.people.permissions import Permission, Scope


def within(actor: Actor, permission: Permission) -> ColumnElement[bool]:
    """Return the condition on ``Case`` that the actor's permission sets; nothing when it is not held."""
    barred = ties.barring(actor.ties, Case.subject_name)
    reach = _reach(actor, permission)
    return reach if barred is None else and_(reach, not_(barred))


def _reach(actor: Actor, permission: Permission) -> ColumnElement[bool]:
    scope = actor.scope(permission)
    if scope is None:
        return false()
    if scope is Scope.ALL:
        return true()
    district = true() if actor.district_id is None else Case.district_id == actor.district_id
    if scope is Scope.DISTRICT:
        return district
    if actor.department_id is None:
        return false()
    return and_(Case.department_id == actor.department_id, district)


def reaches(case: Case, actor: Actor, permission: Permission) -> bool:
    """Say whether this case is within the actor's permission."""
    scope = actor.scope(permission)
    if scope is None or ties.is_barred(actor.ties, case.subject_name):
        return False
    in_district = actor.district_id in (None, case.district_id)
    in_unit = actor.department_id is not None and case.department_id == actor.department_id
    return scope is Scope.ALL or (in_district and (scope is Scope.DISTRICT or in_unit))


def require(case: Case, actor: Actor, permission: Permission) -> None:
    """Refuse who may not: a case that cannot be read does not exist; another step is not this role's."""
    require_any(case, actor, (permission,))


def require_any(case: Case, actor: Actor, permissions: Iterable[Permission]) -> Permission:
    """Return the first of these permissions that reaches the case, or refuse."""
    for permission in permissions:
        if reaches(case, actor, permission):
            return permission
    if not reaches(case, actor, Permission.CASE_READ):
        raise NotFound
    raise NotAllowed
