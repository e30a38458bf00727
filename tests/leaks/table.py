"""Who reads what, on which pages: everything else that is found anywhere is a leak."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from portal.people.permissions import Role
from tests.leaks.canaries import SEALED, Group

INTAKE, VERIFIER, SUPERVISOR = Role.INTAKE_OFFICER, Role.VERIFIER, Role.SUPERVISOR
IDENTITY, FINANCE, CASHIER = Role.IDENTITY_OFFICER, Role.FINANCE, Role.CASHIER
AUDITOR = Role.AUDITOR
CASE_ROLES = frozenset({INTAKE, VERIFIER, SUPERVISOR})

# The pages of one case; the list of cases; what stands in the log for an auditor.
CASE = (
    "desk.case",
    "desk.case_accept",
    "desk.case_answer",
    "desk.case_ask",
    "desk.case_assign",
    "desk.case_award",
    "desk.case_close",
    "desk.case_conclude",
    "desk.case_contact",
    "desk.case_extend",
    "desk.case_facts",
    "desk.case_merge",
    "desk.case_refuse",
    "desk.case_transfer",
    "desk.case_unmerge",
    "desk.finding_change",
    "desk.finding_facts",
    "desk.finding_new",
    "desk.finding_remove",
    "desk.no_penalty",
    "desk.penalty_change",
    "desk.penalty_new",
    "desk.penalty_remove",
    "desk.rectification_order",
    "desk.rectification_step",
    "desk.site_check",
    "desk.award_stage",
    "POST desk.award_try",
)
LISTS = ("desk.queue", "desk.home", "desk.hand_over", "desk.evidence", "desk.evidence_sheet")
MONEY = ("finance.awards", "finance.award", "finance.fund")


@dataclass(frozen=True)
class Cell:
    """These roles read these groups on these pages."""

    groups: Collection[Group]
    roles: Collection[Role]
    pages: Collection[str]


OPEN = (
    # group                  readers                        pages
    Cell([Group.TEXT], CASE_ROLES, CASE),
    Cell([Group.FIRM], CASE_ROLES, [*CASE, *LISTS]),
    Cell([Group.FIRM], [IDENTITY], ["desk.identity_question"]),
    Cell([Group.ANSWER_REASON], [IDENTITY], ["desk.identity_question"]),
    Cell([Group.MONEY], CASE_ROLES, CASE),
    Cell([Group.MONEY], [FINANCE, CASHIER, AUDITOR], MONEY),
    Cell([Group.MONEY], [CASHIER], ["finance.payouts", "finance.payout"]),
    Cell([Group.MONEY], [AUDITOR], ["desk.deviations", "desk.dossier"]),
)
REVEALED = (
    # Opened once, by a POST that is in the log before it is answered; the text stands on its answer alone.
    Cell([Group.TELEPHONE, Group.MAIL], [INTAKE], ["POST desk.case_contact"]),
    Cell([Group.NAME], [IDENTITY], ["POST desk.identity_open"]),
    Cell([Group.NAME], [IDENTITY], ["POST desk.lost_code_name"]),
    Cell([Group.TOLD], [IDENTITY], ["POST desk.cut_out_open"]),
    Cell([Group.NAME, Group.BANK, Group.ACCOUNT], [CASHIER], ["POST finance.payout_payee"]),
)
NOBODY = (Group.ALERT, Group.CODE, Group.FILE_NAME)
"""Read by nobody at all, on no page."""


def may_read(group: str, roles: Collection[Role], page: str) -> bool:
    """Say whether the table lets somebody with these roles read a group on a page."""
    return any(
        group in cell.groups and page in cell.pages and not set(roles).isdisjoint(cell.roles)
        for cell in OPEN + REVEALED
    )


def check_table() -> None:
    """No sealed group is read on an open page, and what nobody reads is in no cell."""
    for cell in OPEN:
        assert not set(cell.groups) & set(SEALED)
    for cell in OPEN + REVEALED:
        assert not set(cell.groups) & set(NOBODY)
