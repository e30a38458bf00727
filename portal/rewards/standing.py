"""What stands in the way of approving an award, judged from the case as it is now."""

from __future__ import annotations

from enum import StrEnum

from flask_babel import lazy_gettext

from portal.cases.models import Case
from portal.database import db
from portal.errors import Refusal
from portal.reports.identity import checks_of
from portal.reports.models import RealName, Report
from portal.rewards.facts import NOT_TRUE, Computation
from portal.rewards.live import compute_award
from portal.rewards.models import Award
from portal.rewards.personal import open_questions
from portal.rewards.rules.model import RuleSet


class Block(StrEnum):
    """Why an award cannot be approved yet."""

    IDENTITY = "identity"
    OUTDATED = "outdated"
    NOT_PAYABLE = "not_payable"
    NOT_TRUE = "not_true"


SENTENCES = {
    Block.IDENTITY: lazy_gettext("An identity officer has not answered yet. The amount may still change."),
    Block.OUTDATED: lazy_gettext(
        "What this award rests on has changed. Compute it again, then look at it once more."
    ),
    Block.NOT_PAYABLE: lazy_gettext("The rules do not give this award any more. Send it back or refuse it."),
    Block.NOT_TRUE: lazy_gettext("The check did not confirm what was reported. Send it back or refuse it."),
}


class NotReady(Refusal):
    """Something stands in the way of this step."""

    def __init__(self, block: Block) -> None:
        super().__init__(block=block.value)
        self.block = block

    def sentence(self) -> str:
        """Return what stands in the way."""
        return str(SENTENCES[self.block])


def standing(award: Award) -> list[Block]:
    """Return what stands in the way of approving this award; empty when it can be approved."""
    case = db.session.get_one(Case, award.case_id)
    if case.conclusion in NOT_TRUE or case.merged_into_id is not None:
        return [Block.NOT_TRUE]
    computed = compute_award(case, award)
    if not computed.payable or computed.report is None:
        return [Block.NOT_PAYABLE]
    if [share.report_id for share in award.shares] != [report.id for report in computed.sharers]:
        return [Block.OUTDATED]
    # An open question comes first: its answer brings the award up to date by itself.
    if any(identity_open(report, computed.rules) for report in computed.sharers):
        return [Block.IDENTITY]
    return [Block.OUTDATED] if award.facts != computed.stored() or not pinned(award, computed) else []


def pinned(award: Award, computed: Computation) -> bool:
    """Tell whether the award rests on the version that governs its case."""
    governing = computed.rules
    versions = (governing.id, str(governing.version)) if governing else ("", "")
    return (award.rule_id, award.rule_version) == versions


def identity_open(report: Report, governing: RuleSet | None) -> bool:
    """Tell whether a question about a reporter who gave a name still waits for its answer."""
    if report.real_name is RealName.NONE:
        return False
    checks = checks_of(report.id)
    unanswered = not checks or any(check.answer is None for check in checks.values())
    return unanswered or bool(open_questions(report, governing))
