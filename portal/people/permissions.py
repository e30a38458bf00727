"""Who may do what, to which cases: the one table (pure).

A permission names the roles that hold it and, for each, how far it reaches. Every route of the
desk is bound to one permission (``portal.admin.access``), every query takes the reach from here.
A new role is one entry in ``Role``, its rows in ``TABLE`` and ``FORBIDDEN_PAIRS``, and its two
translations.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Role(StrEnum):
    """The staff's roles."""

    INTAKE_OFFICER = "intake_officer"
    VERIFIER = "verifier"
    SUPERVISOR = "supervisor"
    IDENTITY_OFFICER = "identity_officer"
    FINANCE = "finance"
    CASHIER = "cashier"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Scope(StrEnum):
    """How far a permission reaches.

    ``DISTRICT``: cases of the account's district (all districts when it has none).
    ``UNIT``: cases assigned to the account's department, in its district when it has one.
    ``ALL``: everything.
    """

    DISTRICT = "district"
    UNIT = "unit"
    ALL = "all"


class Permission(StrEnum):
    """What a person of the staff can do."""

    CASE_READ = "case_read"
    CASE_TRIAGE = "case_triage"
    CASE_ASSIGN = "case_assign"
    CASE_EXTEND = "case_extend"
    CASE_HAND_OVER = "case_hand_over"
    REPORT_ENTER = "report_enter"
    CONTACT_OPEN = "contact_open"
    OPENING_SECOND = "opening_second"
    EVIDENCE_ORIGINAL = "evidence_original"
    EVIDENCE_REDACT = "evidence_redact"
    CASE_VERIFY = "case_verify"
    AWARD_CHOOSE = "award_choose"
    IDENTITY_ANSWER = "identity_answer"
    CODE_SECOND = "code_second"
    AWARD_READ = "award_read"
    AWARD_DECIDE = "award_decide"
    AWARD_REVIEW = "award_review"
    FUND_READ = "fund_read"
    PAYOUT_RECORD = "payout_record"
    AUDIT_READ = "audit_read"
    PEOPLE_MANAGE = "people_manage"
    DUTY_MANAGE = "duty_manage"
    CATALOGUE_MANAGE = "catalogue_manage"
    REGISTER_MANAGE = "register_manage"
    RULES_READ = "rules_read"
    RULES_WRITE = "rules_write"
    RULES_ENFORCE = "rules_enforce"
    NOTICE_READ = "notice_read"
    CASE_HOLD = "case_hold"
    RETENTION_READ = "retention_read"


TABLE: dict[Permission, dict[Role, Scope]] = {
    Permission.CASE_READ: {
        Role.INTAKE_OFFICER: Scope.DISTRICT,
        Role.VERIFIER: Scope.UNIT,
        Role.SUPERVISOR: Scope.DISTRICT,
    },
    Permission.CASE_TRIAGE: {Role.INTAKE_OFFICER: Scope.DISTRICT, Role.SUPERVISOR: Scope.DISTRICT},
    Permission.CASE_ASSIGN: {Role.INTAKE_OFFICER: Scope.DISTRICT, Role.SUPERVISOR: Scope.DISTRICT},
    Permission.CASE_EXTEND: {Role.SUPERVISOR: Scope.DISTRICT},
    Permission.CASE_HAND_OVER: {Role.SUPERVISOR: Scope.DISTRICT},
    Permission.REPORT_ENTER: {Role.INTAKE_OFFICER: Scope.DISTRICT},
    Permission.CONTACT_OPEN: {Role.INTAKE_OFFICER: Scope.DISTRICT},
    # Beyond a person's day another one who opens the same, or a supervisor, has to agree.
    Permission.OPENING_SECOND: {
        Role.INTAKE_OFFICER: Scope.ALL,
        Role.IDENTITY_OFFICER: Scope.ALL,
        Role.CASHIER: Scope.ALL,
        Role.SUPERVISOR: Scope.ALL,
    },
    Permission.EVIDENCE_ORIGINAL: {Role.INTAKE_OFFICER: Scope.DISTRICT, Role.VERIFIER: Scope.UNIT},
    Permission.EVIDENCE_REDACT: {
        Role.INTAKE_OFFICER: Scope.DISTRICT,
        Role.VERIFIER: Scope.UNIT,
        Role.SUPERVISOR: Scope.DISTRICT,
    },
    Permission.CASE_VERIFY: {Role.VERIFIER: Scope.UNIT},
    Permission.AWARD_CHOOSE: {Role.VERIFIER: Scope.UNIT},
    Permission.IDENTITY_ANSWER: {Role.IDENTITY_OFFICER: Scope.ALL},
    # A lost receipt code is renewed by two; the verb asks for another person than who asked.
    Permission.CODE_SECOND: {Role.IDENTITY_OFFICER: Scope.ALL, Role.SUPERVISOR: Scope.ALL},
    Permission.AWARD_READ: {Role.FINANCE: Scope.ALL, Role.CASHIER: Scope.ALL, Role.AUDITOR: Scope.ALL},
    Permission.AWARD_DECIDE: {Role.FINANCE: Scope.ALL},
    Permission.AWARD_REVIEW: {Role.SUPERVISOR: Scope.DISTRICT},
    Permission.FUND_READ: {Role.FINANCE: Scope.ALL, Role.CASHIER: Scope.ALL, Role.AUDITOR: Scope.ALL},
    Permission.PAYOUT_RECORD: {Role.CASHIER: Scope.ALL},
    Permission.AUDIT_READ: {Role.AUDITOR: Scope.ALL},
    Permission.PEOPLE_MANAGE: {Role.ADMINISTRATOR: Scope.ALL},
    Permission.DUTY_MANAGE: {Role.ADMINISTRATOR: Scope.ALL, Role.SUPERVISOR: Scope.DISTRICT},
    # What citizens may choose from, and the notice boards; the register of firms is the operator's.
    Permission.CATALOGUE_MANAGE: {Role.ADMINISTRATOR: Scope.ALL, Role.SUPERVISOR: Scope.ALL},
    Permission.REGISTER_MANAGE: {Role.ADMINISTRATOR: Scope.ALL},
    # Everybody reads the rules in force on their public page; these read drafts and earlier versions too.
    Permission.RULES_READ: {
        Role.INTAKE_OFFICER: Scope.ALL,
        Role.VERIFIER: Scope.ALL,
        Role.SUPERVISOR: Scope.ALL,
        Role.FINANCE: Scope.ALL,
        Role.AUDITOR: Scope.ALL,
        Role.ADMINISTRATOR: Scope.ALL,
    },
    Permission.RULES_WRITE: {Role.ADMINISTRATOR: Scope.ALL, Role.SUPERVISOR: Scope.ALL},
    # The verb asks for another person than who uploaded the version.
    Permission.RULES_ENFORCE: {Role.ADMINISTRATOR: Scope.ALL, Role.SUPERVISOR: Scope.ALL},
    Permission.NOTICE_READ: dict.fromkeys(Role, Scope.ALL),
    # While an appeal or a criminal referral runs, nothing of a case is destroyed by its time.
    Permission.CASE_HOLD: {Role.SUPERVISOR: Scope.DISTRICT, Role.AUDITOR: Scope.ALL},
    Permission.RETENTION_READ: {Role.ADMINISTRATOR: Scope.ALL, Role.AUDITOR: Scope.ALL},
}

# Opening what is sealed, deciding about money, changing who may do what: a session that was left open is not
# enough for these, the second factor must have been proved within the last minutes.
STEP_UP: frozenset[Permission] = frozenset(
    {
        Permission.CONTACT_OPEN,
        Permission.OPENING_SECOND,
        Permission.EVIDENCE_ORIGINAL,
        Permission.IDENTITY_ANSWER,
        Permission.CODE_SECOND,
        Permission.AWARD_DECIDE,
        Permission.AWARD_REVIEW,
        Permission.PAYOUT_RECORD,
        Permission.PEOPLE_MANAGE,
        Permission.RULES_ENFORCE,
    }
)

_CASE_ROLES = (Role.INTAKE_OFFICER, Role.VERIFIER, Role.SUPERVISOR)
_MONEY_ROLES = (Role.FINANCE, Role.CASHIER)

FORBIDDEN_PAIRS: frozenset[frozenset[Role]] = frozenset(
    frozenset(pair)
    for pair in (
        *((case, money) for case in _CASE_ROLES for money in _MONEY_ROLES),
        (Role.FINANCE, Role.CASHIER),
        (Role.IDENTITY_OFFICER, Role.VERIFIER),
        *((Role.IDENTITY_OFFICER, money) for money in _MONEY_ROLES),
        *((Role.AUDITOR, other) for other in Role if other is not Role.AUDITOR),
        *((Role.ADMINISTRATOR, other) for other in Role if other is not Role.ADMINISTRATOR),
    )
)


def scope_of(roles: Iterable[Role], permission: Permission) -> Scope | None:
    """Return the widest scope in which these roles hold the permission, or None."""
    order = (Scope.ALL, Scope.DISTRICT, Scope.UNIT)
    held = {TABLE[permission][role] for role in roles if role in TABLE[permission]}
    return next((scope for scope in order if scope in held), None)


def forbidden_pairs(roles: Iterable[Role]) -> list[tuple[Role, Role]]:
    """Return the pairs among these roles that one person may not hold."""
    held = sorted(set(roles))
    return [
        (first, second)
        for i, first in enumerate(held)
        for second in held[i + 1 :]
        if frozenset((first, second)) in FORBIDDEN_PAIRS
    ]
