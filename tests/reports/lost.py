"""An office with a lost receipt code: officers, a named report with its code, and the steps of a renewal."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import current_app

from portal.cases import renewal
from portal.cases.renewal import NewCode
from portal.database import db
from portal.people.actor import Actor
from portal.people.models import Account
from portal.people.permissions import Role
from portal.reports import receipt
from portal.reports.models import CodeRenewal, RealName, Report
from portal.vault.fields import keep_fields
from portal.vault.groups import FieldGroup
from portal.vault.keys import Purpose
from tests.fixtures.records import make_account
from tests.fixtures.vault import in_process
from tests.rewards.world import AT, actor_of, keyring

NAME = "王芳芳"


def give_code(report: Report) -> str:
    """Give a report a code that opens it."""
    code = receipt.mint()
    key_id, secret = keyring().current(Purpose.RECEIPT)
    report.receipt_digest, report.receipt_key_id = receipt.digest(code, secret), key_id
    db.session.flush()
    return code


def seal_name(report: Report, name: str = NAME) -> None:
    report.real_name = RealName.DECLARED
    fields = {"name": name, "works_there": "no"}
    keep_fields(keyring(), report.id, report.uuid, FieldGroup.LEGAL, fields, AT)
    db.session.flush()


@dataclass
class Office:
    """Two identity officers and a supervisor."""

    accounts: dict[str, Account] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, role in (
            ("first", Role.IDENTITY_OFFICER),
            ("second", Role.IDENTITY_OFFICER),
            ("supervisor", Role.SUPERVISOR),
        ):
            self.accounts[name] = make_account(
                role, name={"first": "周宁", "second": "吴洁"}.get(name, "周建")
            )

    def actor(self, name: str) -> Actor:
        return actor_of(self.accounts[name])


def opened(report: Report, actor: Actor) -> None:
    """Open the sealed name for a lost code, through the vault."""
    opening = renewal.record_opening(report, actor, AT)
    db.session.flush()
    opening.served_at = AT
    db.session.flush()


def asked(report: Report, actor: Actor) -> CodeRenewal:
    """Open the name and ask."""
    opened(report, actor)
    return renewal.ask(report, "resident_id", actor, AT)


def confirmed(report: Report, office: Office, who: str = "supervisor") -> CodeRenewal:
    """Ask, and have a second person agree."""
    return renewal.answer(asked(report, office.actor("first")).id, True, office.actor(who), AT)


def printed(report: Report, office: Office) -> tuple[CodeRenewal, str]:
    """Renew a code; returns the row and the new code."""
    row, code = confirmed(report, office), receipt.mint()
    renewal.print_sheet(NewCode(row.id, code), office.actor("first"), AT, keyring())
    return row, code


def with_vault() -> None:
    """Let the application's vault see what the test wrote."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    app.extensions["portal_vault"] = in_process(app, db.session.connection())
