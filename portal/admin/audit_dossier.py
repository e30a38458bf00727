"""One case as a dossier for an auditor: an index of all its records, each with its digest.

A text that somebody wrote (a report, a message, what was found) stands there only as its SHA-256, so that a
copy can be compared without being read here; identities are not part of it. The digest of the dossier is
taken over the digests of its records in order: one sheet of paper proves later whether anything changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from portal.admin.event_log import LogRow, rows_where
from portal.audit.models import Event
from portal.cases.models import Case, Finding, SiteCheck
from portal.database import db
from portal.evidence.models import Evidence
from portal.reports.models import Message, Report
from portal.rewards.hands import hands_of
from portal.rewards.models import Act, Award, Payout

EVENTS_LONGEST = 2_000

Value = str | int | bool | None | date | datetime | StrEnum | bytes | dict[str, object]


Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Record(Generic[Row]):
    """One record of the case and the SHA-256 of what the dossier covers of it."""

    row: Row
    digest: str


@dataclass(frozen=True, slots=True)
class Paid:
    """An award with who had a hand in it and what was transferred."""

    award: Record[Award]
    hands: Sequence[tuple[str, Act]]
    payouts: Sequence[Record[Payout]]


@dataclass(frozen=True, slots=True)
class Dossier:
    """All records of one case in the order of the printed index."""

    case: Record[Case]
    reports: Sequence[Record[Report]]
    files: Sequence[Record[Evidence]]
    messages: Sequence[Record[Message]]
    checks: Sequence[Record[SiteCheck]]
    findings: Sequence[Record[Finding]]
    awards: Sequence[Paid]
    events: Sequence[Record[LogRow]]
    events_left_out: bool

    @property
    def digest(self) -> str:
        """Return the SHA-256 over the digests of all records, one a line."""
        parts: list[Record[Any]] = [self.case]
        for section in (self.reports, self.files, self.messages, self.checks, self.findings):
            parts += section
        for paid in self.awards:
            parts += [paid.award, *paid.payouts]
        parts += self.events
        return _sha256("".join(f"{part.digest}\n" for part in parts).encode())


def dossier_of(number: str) -> Dossier | None:
    """Return the dossier of the case with this number; a fixed number of queries but one for each award."""
    case = db.session.scalar(select(Case).where(Case.number == number))
    if case is None:
        return None
    reports = _all(Report, Report.case_id == case.id, Report.id)
    ids = [report.id for report in reports]
    awards = _all(Award, Award.case_id == case.id, Award.id)
    rows = rows_where(
        or_(
            Event.case_id == case.id,
            Event.report_id.in_(ids),
            Event.award_id.in_([award.id for award in awards]),
        ),
        EVENTS_LONGEST + 1,
    )
    return Dossier(
        case=_case(case),
        reports=[_report(one) for one in reports],
        files=[_file(one) for one in _all(Evidence, Evidence.report_id.in_(ids), Evidence.id)],
        messages=[_message(one) for one in _all(Message, Message.report_id.in_(ids), Message.id)],
        checks=[_check(one) for one in _all(SiteCheck, SiteCheck.case_id == case.id, SiteCheck.id)],
        findings=[_finding(one) for one in _all(Finding, Finding.case_id == case.id, Finding.id)],
        awards=[_paid(award) for award in awards],
        events=[_event(row) for row in rows[:EVENTS_LONGEST]],
        events_left_out=len(rows) > EVENTS_LONGEST,
    )


def _all(model: type[Row], condition: ColumnElement[bool], order: InstrumentedAttribute[int]) -> list[Row]:
    query = select(model).where(condition).order_by(order)
    return list(db.session.scalars(query).unique())


def _case(case: Case) -> Record[Case]:
    return _sealed(
        case,
        number=case.number,
        status=case.status,
        sector=case.sector,
        opened_at=case.opened_at,
        accepted_at=case.accepted_at,
        concluded_at=case.concluded_at,
        answered_at=case.answered_at,
        closed_at=case.closed_at,
        district=case.district_id,
        department=case.department_id,
        conclusion=case.conclusion,
        conclusion_note=_text(case.conclusion_note),
        refusal_reason=_text(case.refusal_reason),
        answer=_text(case.answer),
        extended_days=case.extended_days,
    )


def _report(report: Report) -> Record[Report]:
    return _sealed(
        report,
        number=report.number,
        received_at=report.received_at,
        channel=report.channel,
        text=_text(report.narrative),
        body=report.body_digest,
        withdrawn_at=report.withdrawn_at,
    )


def _file(item: Evidence) -> Record[Evidence]:
    return _sealed(
        item,
        report=item.report_id,
        position=item.position,
        type=item.media_type,
        size=item.size,
        original=item.digest,
        copy=item.clean_digest,
        received_at=item.received_at,
    )


def _message(message: Message) -> Record[Message]:
    return _sealed(
        message,
        report=message.report_id,
        side=message.side,
        account=message.account_id,
        text=_text(message.text),
        sent_at=message.sent_at,
    )


def _check(check: SiteCheck) -> Record[SiteCheck]:
    return _sealed(
        check,
        on=check.checked_on,
        officer_one=check.officer_one_id,
        certificate_one=check.certificate_one,
        officer_two=check.officer_two_id,
        certificate_two=check.certificate_two,
        found=_text(check.found),
        recorded_at=check.recorded_at,
    )


def _finding(finding: Finding) -> Record[Finding]:
    penalties: dict[str, object] = {
        str(place): [
            one.decision_number,
            one.decided_on.isoformat(),
            one.part.value,
            one.amount_fen,
        ]
        for place, one in enumerate(finding.penalties, start=1)
    }
    return _sealed(
        finding,
        kind=finding.kind,
        description=_text(finding.description),
        accident_class=finding.accident_class,
        deaths=finding.deaths_confirmed,
        penalty=finding.penalty_state,
        no_penalty=_text(finding.no_penalty_reason),
        penalties=penalties,
        recorded_at=finding.recorded_at,
    )


def _paid(award: Award) -> Paid:
    hands = [(person.name, hand.act) for hand, person in hands_of(award.id)]
    payouts = [one for share in award.shares for one in share.payouts]
    return Paid(_award(award, hands), hands, [_payout(one) for one in payouts])


def _award(award: Award, hands: Iterable[tuple[str, Act]]) -> Record[Award]:
    return _sealed(
        award,
        number=award.number,
        stage=award.stage,
        status=award.status,
        rule=f"{award.rule_id} {award.rule_version}",
        computed_fen=award.computed_fen,
        amount_fen=award.amount_fen,
        derivation=dict(award.derivation),
        choice_reason=award.choice_reason,
        decision_reason=award.decision_reason,
        approved_at=award.approved_at,
        hands={name: act.value for name, act in hands},
    )


def _payout(payout: Payout) -> Record[Payout]:
    return _sealed(
        payout,
        amount_fen=payout.amount_fen,
        state=payout.state,
        bank_reference=payout.bank_reference,
        paid_on=payout.paid_on,
        recorded_at=payout.recorded_at,
    )


def _event(row: LogRow) -> Record[LogRow]:
    event = row.event
    return _sealed(
        row,
        at=event.at,
        action=event.action,
        by=event.actor_account_id,
        kind=event.actor_kind,
        role=event.actor_role,
        moved=f"{event.from_status}>{event.to_status}",
        reason=event.reason,
        facts=dict(event.facts),
    )


def _sealed(row: Row, **covered: Value) -> Record[Row]:
    """Return a record with the SHA-256 of its canonical JSON: sorted keys, no spaces, UTC."""
    plain = {name: _plain(value) for name, value in covered.items()}
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return Record(row, _sha256(text.encode()))


def _plain(value: Value) -> object:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else value


def _text(text: str) -> str:
    """Return the digest that stands for a text; empty for none."""
    return _sha256(text.encode()) if text else ""


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
