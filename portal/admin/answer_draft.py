"""The draft of the answer to a reporter: made from the records, neutral, in the reporter's language.

Every reporter of a case reads the same answer, so it says nothing of how many there are or who is paid.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import force_locale, gettext

from portal.cases.conclusion import CONFIRMED
from portal.cases.findings import findings_of
from portal.cases.models import Case, Finding, PenaltyState, SiteCheck
from portal.cases.site_checks import checks_of
from portal.cases.steps import Conclusion, RectificationStatus
from portal.cases.telling import live_reports
from portal.presentation import day
from portal.rewards.live import live_award


def draft(case: Case) -> str:
    """Return conclusion, account of the check, handling, and whether the conditions of a reward are met."""
    reports = live_reports(case)
    found = findings_of(case)
    with force_locale(reports[0].locale if reports else "zh_Hans"):
        paragraphs = [
            _conclusion(case.conclusion),
            _account(checks_of(case)),
            case.conclusion_note,
            *_handling(found),
            _reward(case, found),
        ]
        return "\n\n".join(part for part in paragraphs if part)


def _conclusion(conclusion: Conclusion | None) -> str:
    said = {
        Conclusion.TRUE: gettext("We checked what you reported. It is confirmed."),
        Conclusion.PARTLY_TRUE: gettext("We checked what you reported. A part of it is confirmed."),
        Conclusion.FALSE: gettext("We checked what you reported. We could not confirm it."),
        Conclusion.CANNOT_BE_CLEARED_UP: gettext(
            "We checked what you reported. It could not be cleared up whether it is so."
        ),
    }
    return str(said[conclusion]) if conclusion else ""


def _account(checks: Sequence[SiteCheck]) -> str:
    if not checks:
        return ""
    days = gettext(", ").join(day(one) for one in sorted({check.checked_on for check in checks}))
    return str(gettext("Our officers were on site on %(days)s.", days=days))


def _handling(found: Sequence[Finding]) -> list[str]:
    states = {one.penalty_state for one in found}
    said = []
    if PenaltyState.PENALISED in states:
        said.append(gettext("A penalty has been imposed according to law."))
    if PenaltyState.PENDING in states:
        said.append(gettext("Whether a penalty is imposed is still being decided."))
    if states == {PenaltyState.NONE}:
        said.append(gettext("No penalty was imposed."))
    orders = [one.rectification for one in found if one.rectification]
    if orders and all(one.status is RectificationStatus.CLOSED for one in orders):
        said.append(gettext("The danger has been put right, and we have looked at it again."))
    elif orders:
        last = max(one.deadline for one in orders)
        said.append(gettext("It has to be put right by %(day)s. We will look at it again.", day=day(last)))
    return [str(one) for one in said]


def _reward(case: Case, found: Sequence[Finding]) -> str:
    if case.conclusion not in CONFIRMED:
        return str(gettext("The conditions of a reward are not met, because nothing was confirmed."))
    if live_award(case.id) is not None:
        return str(
            gettext(
                "The matter meets the conditions of a reward. If there is one for you, this page tells you."
            )
        )
    if any(one.penalty_state is PenaltyState.PENDING for one in found):
        return str(
            gettext(
                "Whether the conditions of a reward are met is decided once the penalty is."
                " If there is one for you, this page tells you."
            )
        )
    return str(gettext("Whether the conditions of a reward are met is still being checked."))
