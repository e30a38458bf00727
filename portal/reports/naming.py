"""Sealing the name of a reporter later than with the report, and what the identity officer is asked then."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from portal.database import db
from portal.errors import gettext_noop
from portal.reports import codes
from portal.reports.identity import ask, ask_again, checks_of
from portal.reports.models import RealName, Report
from portal.vault.fields import keep_fields
from portal.vault.groups import FieldGroup
from portal.vault.keys import Keyring


class CodeSeenByStaff(codes.CodeKnownToStaff):
    """Who has the code may not be the reporter: nothing sealed is given or erased with it."""

    message = gettext_noop(
        "An officer has seen the receipt code of this report. Please replace it first with one that only you"
        " know; that takes a minute."
    )


class CodeJustRenewed(codes.ClaimOnHold):
    """The true owner may still object to a code that an office renewed."""

    message = gettext_noop(
        "An office renewed the receipt code of this report. For your protection no personal details can be"
        " given or erased before %(when)s."
    )


def check_owner(report: Report, at: datetime) -> None:
    """Refuse whoever may not be the reporter, as a claim does."""
    try:
        codes.check_claimable(report, at)
    except codes.CodeKnownToStaff:
        raise CodeSeenByStaff from None
    except codes.ClaimOnHold as held:
        raise CodeJustRenewed(held.until) from None


def seal_name(report: Report, fields: Mapping[str, str], at: datetime, ring: Keyring) -> None:
    """Seal a name in the place of any earlier one, and have both questions answered for it."""
    keep_fields(ring, report.id, report.uuid, FieldGroup.LEGAL, dict(fields), at)
    report.real_name = RealName.DECLARED
    ask(report, at)
    for check in checks_of(report.id).values():
        if check.answer is not None:
            ask_again(check, at)
    db.session.flush()
