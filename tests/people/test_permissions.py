"""The one table of permissions: if this fails, one person holds both ends of a payment."""

from __future__ import annotations

from itertools import combinations

import pytest

from portal.people.labels import ROLE_NOTES, ROLES
from portal.people.permissions import (
    FORBIDDEN_PAIRS,
    TABLE,
    Permission,
    Role,
    Scope,
    forbidden_pairs,
    scope_of,
)

MONEY = {Permission.AWARD_DECIDE, Permission.PAYOUT_RECORD}
REPORTS = {Permission.CASE_READ, Permission.CASE_TRIAGE, Permission.CASE_VERIFY, Permission.AWARD_CHOOSE}


def allowed(*roles: Role) -> bool:
    return not forbidden_pairs(roles)


@pytest.mark.parametrize("roles", list(combinations(Role, 2)))
def test_no_allowed_pair_holds_reports_and_money(roles: tuple[Role, Role]) -> None:
    held = {permission for permission in Permission if scope_of(roles, permission)}
    if allowed(*roles):
        assert not (held & REPORTS and held & MONEY)
        assert not held >= MONEY
        assert not {Permission.AUDIT_READ, Permission.PEOPLE_MANAGE} <= held


@pytest.mark.parametrize("role", [Role.FINANCE, Role.CASHIER, Role.AUDITOR, Role.ADMINISTRATOR])
def test_these_roles_read_no_report(role: Role) -> None:
    assert all(scope_of((role,), permission) is None for permission in REPORTS)


@pytest.mark.parametrize("other", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_administrator_and_auditor_stand_alone(other: Role) -> None:
    assert not allowed(Role.ADMINISTRATOR, other)
    if other is not Role.AUDITOR:
        assert not allowed(Role.AUDITOR, other)


def test_a_verifier_neither_confirms_the_reporter_nor_pays() -> None:
    for other in (Role.IDENTITY_OFFICER, Role.FINANCE, Role.CASHIER):
        assert frozenset((Role.VERIFIER, other)) in FORBIDDEN_PAIRS


def test_the_widest_scope_counts() -> None:
    assert scope_of((Role.VERIFIER,), Permission.CASE_READ) is Scope.UNIT
    assert scope_of((Role.VERIFIER, Role.SUPERVISOR), Permission.CASE_READ) is Scope.DISTRICT
    assert scope_of((Role.CASHIER,), Permission.CASE_READ) is None


def test_every_permission_has_a_holder_and_every_role_its_words() -> None:
    assert set(TABLE) == set(Permission)
    assert all(TABLE.values())
    assert set(ROLES) == set(Role)
    assert set(ROLE_NOTES) == {role.value for role in Role}
