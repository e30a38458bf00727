"""The event log in the reader's language: what each action is called, and a line for each row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext, lazy_gettext
from sqlalchemy import select

from portal.admin.event_log import LogRow, usernames
from portal.admin.words import EVENTS, SHOWN
from portal.audit.models import ActorKind
from portal.badges import BADGES
from portal.database import db
from portal.people.labels import role_label, unit_name
from portal.people.models import Department, District
from portal.reports.models import Shown
from portal.reports.reasons import in_words

ACTIONS = {
    **{action: words for action, (_icon, words) in EVENTS.items()},
    "award_propose": lazy_gettext("Award proposed"),
    "award_revise": lazy_gettext("Award revised"),
    "award_approve": lazy_gettext("Award approved"),
    "award_send_back": lazy_gettext("Award sent back"),
    "award_review": lazy_gettext("Award signed by a supervisor"),
    "award_cosign": lazy_gettext("Award signed by a second person of finance"),
    "award_refuse": lazy_gettext("Award refused"),
    "award_close": lazy_gettext("Award settled"),
    "share_notify": lazy_gettext("Reporter told of a reward"),
    "share_claim": lazy_gettext("Reward claimed"),
    "share_send": lazy_gettext("Payment begun"),
    "share_settle": lazy_gettext("Reward paid"),
    "share_return": lazy_gettext("Payment returned by the bank"),
    "share_lose": lazy_gettext("Outcome of the payment unknown"),
    "share_expire": lazy_gettext("Claim window over"),
    "share_forfeit": lazy_gettext("Reward forfeited"),
    "finding_recorded": lazy_gettext("Finding recorded"),
    "finding_changed": lazy_gettext("Finding changed"),
    "finding_removed": lazy_gettext("Finding removed"),
    "penalty_recorded": lazy_gettext("Penalty recorded"),
    "penalty_removed": lazy_gettext("Penalty removed"),
    "rectification_ordered": lazy_gettext("Rectification ordered"),
    "rectification_start": lazy_gettext("Rectification begun"),
    "rectification_reinspect": lazy_gettext("Inspected again"),
    "rectification_close": lazy_gettext("Rectification signed off"),
    "rectification_extend": lazy_gettext("Term of the rectification extended"),
    "rectification_escalate": lazy_gettext("Rectification under special supervision"),
    "alerts_set": lazy_gettext("The reporter gave a number or address for alerts"),
    "alerts_stopped": lazy_gettext("The reporter stopped the alerts"),
    "payee_opened": lazy_gettext("Payee account opened"),
    "sealed_damaged": lazy_gettext("Something sealed did not open: changed, or its key is missing"),
    "told_opened": lazy_gettext("What was cut out of the text opened"),
    "opening_second_asked": lazy_gettext("Second person asked for"),
    "opening_second_agreed": lazy_gettext("Second person agreed"),
    "identity_opened": lazy_gettext("Identity opened"),
    "code_replaced": lazy_gettext("Receipt code replaced by its owner"),
    "code_renewal_asked": lazy_gettext("New receipt code asked for"),
    "code_renewal_agreed": lazy_gettext("New receipt code confirmed by a second person"),
    "code_renewal_refused": lazy_gettext("New receipt code not confirmed"),
    "code_renewed": lazy_gettext("Lost receipt code renewed, two persons"),
    "identity_answered": lazy_gettext("Question about the reporter answered"),
    "identity_asked_again": lazy_gettext("Question about the reporter asked again"),
    "evidence_cleaned_again": lazy_gettext("Cleaning of a file begun again"),
    "evidence_viewed": lazy_gettext("File looked at"),
    "name_given": lazy_gettext("Reporter sealed a name"),
    "retention_destroyed": lazy_gettext("Destroyed because its time was over"),
    "logged_in": lazy_gettext("Logged in"),
    "login_failed": lazy_gettext("Log-in failed"),
    "password_changed": lazy_gettext("Own password changed"),
    "session_ended": lazy_gettext("Own session ended"),
    "account_created": lazy_gettext("Account made"),
    "account_changed": lazy_gettext("Account changed"),
    "account_disabled": lazy_gettext("Account disabled"),
    "account_enabled": lazy_gettext("Account enabled"),
    "unit_changed": lazy_gettext("Person moved to another unit"),
    "roles_changed": lazy_gettext("Roles changed"),
    "password_reset": lazy_gettext("Link for a new password given out"),
    "factor_reset_asked": lazy_gettext("New factors asked for"),
    "factor_reset": lazy_gettext("Second factor taken away, two administrators"),
    "factor_reset_withdrawn": lazy_gettext("Asking for new factors taken back"),
    "break_glass": lazy_gettext("Factors taken away on the host"),
    "link_issued": lazy_gettext("Invitation or link given out"),
    "link_revoked": lazy_gettext("Link taken back"),
    "link_used": lazy_gettext("Link used"),
    "recovery_used": lazy_gettext("Recovery code used"),
    "recovery_renewed": lazy_gettext("Recovery codes made anew"),
    "totp_set": lazy_gettext("Telephone for codes set up"),
    "passkey_added": lazy_gettext("Passkey added"),
    "passkey_removed": lazy_gettext("Passkey removed"),
    "stepped_up": lazy_gettext("Second factor proved again"),
    "step_up_failed": lazy_gettext("Second proof failed"),
    "sessions_ended": lazy_gettext("Sessions ended by an administrator"),
    "duty_changed": lazy_gettext("Duty roster changed"),
    "telephone_changed": lazy_gettext("Own telephone number changed"),
    "unit_added": lazy_gettext("Unit added"),
    "unit_renamed": lazy_gettext("Unit renamed"),
    "unit_opened": lazy_gettext("Unit in use again"),
    "unit_closed": lazy_gettext("Unit out of use"),
    "situation_added": lazy_gettext("Situation added"),
    "situation_changed": lazy_gettext("Situation changed"),
    "question_added": lazy_gettext("Question for citizens added"),
    "question_changed": lazy_gettext("Question for citizens changed"),
    "register_imported": lazy_gettext("List of firms put in"),
    "rules_upload": lazy_gettext("Rule file uploaded"),
    "rules_check": lazy_gettext("Rule set checked"),
    "rules_enforce": lazy_gettext("Rule set put in force"),
    "rules_replace": lazy_gettext("Rule set replaced"),
    "rules_restore": lazy_gettext("Rule set goes on after all"),
    "rules_withdraw": lazy_gettext("Rule set withdrawn"),
    "rules_simulate": lazy_gettext("Rule set tried on past cases"),
    "board_made": lazy_gettext("Notice board made"),
    "board_ended": lazy_gettext("Notice board out of use"),
    "tie_declared": lazy_gettext("Tie declared"),
    "tie_ended": lazy_gettext("Tie is over"),
    "absence_declared": lazy_gettext("Absence declared"),
    "absence_ended": lazy_gettext("Absence ended"),
    "sample_drawn": lazy_gettext("Sample drawn for an audit"),
}
FACTS = {
    "account": lazy_gettext("account"),
    "second": lazy_gettext("second person"),
    "shown": lazy_gettext("document shown"),
    "roles": lazy_gettext("roles"),
    "before": lazy_gettext("roles before"),
    "after": lazy_gettext("roles after"),
    "department": lazy_gettext("department"),
    "district": lazy_gettext("district"),
    "rule_set": lazy_gettext("rule set"),
    "day": lazy_gettext("first day"),
    "sectors": lazy_gettext("sectors"),
    "week": lazy_gettext("week from"),
    "code": lazy_gettext("unit code"),
    "file": lazy_gettext("file"),
    "version": lazy_gettext("version"),
    "boxes": lazy_gettext("boxes"),
    "days": lazy_gettext("days"),
    "entry": lazy_gettext("entry"),
    "board": lazy_gettext("board"),
    "added": lazy_gettext("new"),
    "changed": lazy_gettext("changed"),
    "same": lazy_gettext("unchanged"),
    "digest": lazy_gettext("digest"),
    "count": lazy_gettext("count"),
}
KINDS = {
    ActorKind.REPORTER: lazy_gettext("The reporter"),
    ActorKind.SYSTEM: lazy_gettext("The system"),
}


Named = dict[str, dict[int, str]]


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the log as it is shown."""

    row: LogRow
    action: str
    who: str
    role: str
    moved: tuple[str, str] | None
    reason: str
    facts: list[tuple[str, str]]


def action_label(action: str) -> str:
    """Return the words for an action; an unknown one shows its code."""
    return str(ACTIONS.get(action, action))


def lines_of(rows: list[LogRow]) -> list[Line]:
    """Return the rows as they are shown; accounts in the facts by their user names."""
    wanted = [row.event.facts.get(name) for row in rows for name in ("account", "second")]
    accounts = usernames({one for one in wanted if isinstance(one, int)})
    named = {
        "account": accounts,
        "second": accounts,
        "department": _units(Department),
        "district": _units(District),
    }
    return [_line(row, named) for row in rows]


def _units(model: type[Department] | type[District]) -> dict[int, str]:
    return {unit.id: unit_name(unit) for unit in db.session.scalars(select(model))}


def _line(row: LogRow, named: Named) -> Line:
    event = row.event
    who = row.person or str(KINDS.get(event.actor_kind, gettext("Somebody")))
    cycles = _cycles(event.action)
    moved = (
        (_status(event.from_status, cycles), _status(event.to_status, cycles)) if event.to_status else None
    )
    return Line(
        row=row,
        action=action_label(event.action),
        who=who,
        role=role_label(event.actor_role) if event.actor_role else "",
        moved=moved,
        reason=in_words(event.reason),
        facts=list(_facts(event.facts, named)),
    )


def _facts(facts: dict[str, Any], named: Named) -> Iterator[tuple[str, str]]:
    for name, value in facts.items():
        # What is kept as an id is shown by its name.
        if name == "shown" and value in set(Shown):
            shown = str(SHOWN[Shown(value)])
        else:
            shown = named[name].get(value, "") if name in named and isinstance(value, int) else _fact(value)
        if name in FACTS and shown:
            yield str(FACTS[name]), shown


def _cycles(action: str) -> tuple[str, ...]:
    return tuple(cycle for cycle in BADGES if action.startswith(cycle)) or ("case", "rectification")


def _status(status: str, cycles: tuple[str, ...]) -> str:
    found = next((BADGES[cycle][status] for cycle in cycles if status in BADGES[cycle]), None)
    return str(found.label) if found else status


def _fact(value: Any) -> str:  # noqa: ANN401  (facts are JSON)
    """Return a fact in words; what is no plain value is left to the case's own page."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return str(gettext(", ")).join(role_label(item) for item in value) or str(gettext("none"))
    return str(value) if isinstance(value, str | int) else ""
