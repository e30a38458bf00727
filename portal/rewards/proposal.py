"""Writing an award as the rules give it now: proposed for the first time, or revised while it waits."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import select

from portal.audit.events import record
from portal.cases.models import Case
from portal.clock import city_date
from portal.database import db
from portal.notices.outbox import NoticeKind
from portal.people.actor import Actor
from portal.people.permissions import Permission, Role
from portal.reports.identity import ask_again, checks_of
from portal.reports.models import Report
from portal.rewards import hands, personal, signatures
from portal.rewards.facts import Computation
from portal.rewards.models import Act, Award, Share, Stage
from portal.rewards.moves import move_award
from portal.rewards.rules.derivation import Derivation
from portal.rewards.rules.sharing import split_equally
from portal.rewards.standing import Block, NotReady, pinned, standing
from portal.rewards.steps import AwardAction, AwardStatus, ShareStatus
from portal.rewards.telling import tell_role


def propose(case: Case, computed: Computation, actor: Actor, at: datetime, reason: str = "") -> Award:
    """Propose the award of a case for the first time; raises NotReady where the rules give none."""
    derivation, amount_fen, report = _result(computed)
    award = Award(
        number=_new_number(at),
        case_id=case.id,
        stage=Stage(computed.stage.value),
        status=AwardStatus.PROPOSED,
        rule_id=derivation.rule_set,
        rule_version=str(derivation.rule_set_version),
        facts=computed.stored(),
        derivation=derivation.to_json(),
        computed_fen=computed.computed_fen,
        amount_fen=amount_fen,
        choice_reason=reason,
        proposed_at=at,
        proposed_by=actor.person_id,
    )
    db.session.add(award)
    award.shares = _shares(computed, amount_fen)
    db.session.flush()
    role = actor.role_for(Permission.CASE_VERIFY)
    record("award_propose", at=at, actor=actor, role=role, case_id=case.id, award_id=award.id, reason=reason)
    _note_hands(award, computed, at)
    _tell(award, report, at)
    return award


def revise(
    award: Award,
    computed: Computation,
    actor: Actor,
    at: datetime,
    *,
    case_id: int | None,
    choice_reason: str = "",
    reason: str = "",
) -> None:
    """Put the award as it is computed now in the place of the one that waited."""
    derivation, amount_fen, report = _result(computed)
    role = actor.role_for(Permission.CASE_VERIFY)
    told = choice_reason or reason
    move_award(award, AwardAction.REVISE, actor, at, role=role, reason=told, case_id=case_id)
    award.facts, award.derivation = computed.stored(), derivation.to_json()
    award.rule_id, award.rule_version = derivation.rule_set, str(derivation.rule_set_version)
    award.computed_fen, award.amount_fen = computed.computed_fen, amount_fen
    award.choice_reason = choice_reason or award.choice_reason
    award.decision_reason = ""
    award.proposed_by = actor.person_id or award.proposed_by
    _share_out(award, computed, amount_fen)
    db.session.flush()
    _note_hands(award, computed, at)
    _tell(award, report, at)


def _shares(computed: Computation, amount_fen: int) -> list[Share]:
    """Return the shares that sum to an award; raises NotReady where a fen would have to be split."""
    parts = split_equally(amount_fen, len(computed.sharers))
    if not all(parts):
        raise NotReady(Block.NOT_PAYABLE)
    return [
        Share(report_id=report.id, amount_fen=part, status=ShareStatus.PLANNED)
        for report, part in zip(computed.sharers, parts, strict=True)
    ]


def _share_out(award: Award, computed: Computation, amount_fen: int) -> None:
    """Divide a waiting award anew among those to whom it goes now."""
    planned = _shares(computed, amount_fen)
    if [share.report_id for share in award.shares] == [share.report_id for share in planned]:
        for share, now in zip(award.shares, planned, strict=True):
            share.amount_fen = now.amount_fen
        return
    for share in award.shares:
        db.session.delete(share)
    db.session.flush()
    db.session.expire(award, ["shares"])
    award.shares.extend(planned)


def _note_hands(award: Award, computed: Computation, at: datetime) -> None:
    """Note who verified, and who answered about the reporters before there was an award."""
    hands.note_verifiers(award, at)
    for report in computed.sharers:
        _note_answers(award, report, at)


def _note_answers(award: Award, report: Report, at: datetime) -> None:
    """Give whoever answered about a reporter a hand in the award, or have the question answered anew."""
    for check in checks_of(report.id).values():
        held = hands.held_by(award.id, check.answered_by) if check.answered_by else Act.IDENTIFY
        if held is None:
            hands.take(award, check.answered_by, Act.IDENTIFY, at)
        elif held is not Act.IDENTIFY:
            # Who verified the case may not have answered about its reporter: somebody else is asked.
            ask_again(check, at)
    for fact in personal.answers_of(report.id):
        held = hands.held_by(award.id, fact.confirmed_by)
        if held is None:
            hands.take(award, fact.confirmed_by, Act.IDENTIFY, at)
        elif held is not Act.IDENTIFY:
            personal.ask_again(fact, at)


def _tell(award: Award, report: Report, at: datetime) -> None:
    """Tell those whose turn it is: the identity officer while a question is open, else finance."""
    if Block.IDENTITY in standing(award):
        tell_role(Role.IDENTITY_OFFICER, NoticeKind.IDENTITY_TO_ANSWER, report.number, at)
    else:
        signatures.tell_next(award, at, signatures.profile())


def _result(computed: Computation) -> tuple[Derivation, int, Report]:
    outcome = computed.outcome
    if not outcome.derivation or not outcome.amount_fen or not computed.report:
        raise NotReady(Block.NOT_PAYABLE)
    return outcome.derivation, outcome.amount_fen, computed.report


def differs(award: Award, computed: Computation) -> bool:
    """Tell whether anything the award rests on has changed since it was computed."""
    return (
        award.facts != computed.stored()
        or not pinned(award, computed)
        or [share.report_id for share in award.shares] != [report.id for report in computed.sharers]
    )


def _new_number(at: datetime) -> str:
    """Return a number that no award has; random, so that it says nothing of cases or of other awards."""
    while True:
        number = f"JL-{city_date(at).year}-{secrets.randbelow(1_000_000):06d}"
        if db.session.scalar(select(Award.id).where(Award.number == number)) is None:
            return number
