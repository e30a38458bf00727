"""Destroying kinds of data of one report; the caller holds its lock, writes the event and commits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, select, update

from portal.cases.models import Case
from portal.database import db
from portal.evidence import original_keys
from portal.evidence.models import CleanState, Evidence, EvidenceHash, EvidencePage, Redaction
from portal.notices.models import Delivery, Notice
from portal.reports import codes
from portal.reports.models import IdentityCheck, Message, Report
from portal.reports.sectors import sector
from portal.retention.kinds import GROUP_OF, Kind
from portal.retention.originals import destroy_original
from portal.rewards.rule_models import ReporterFact
from portal.vault.fields import destroy_fields


@dataclass
class Destroyed:
    """Which kinds were there and are gone, and which stored files nobody may need any more."""

    kinds: list[Kind] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)


def lock(report_id: int) -> Report:
    """Return a report for destruction: whoever claims, names, seals or proposes an award meanwhile waits.

    No stronger lock than that of the other steps of a reporter: to strengthen one is to wait for each other.
    """
    report = codes.lock_report(report_id)
    db.session.execute(select(Case.id).where(Case.id == report.case_id).with_for_update())
    return report


def destroy(report: Report, kinds: Iterable[Kind], at: datetime) -> Destroyed:
    """Destroy these kinds of a report; what is not there is passed over."""
    gone = Destroyed()
    for kind in kinds:
        if kind is Kind.TEXT:
            found = _text(report, at, gone)
        elif kind is Kind.ORIGINALS:
            found = _originals(report, at, gone)
        else:
            found = destroy_fields(report.id, [GROUP_OF[kind]]) > 0
            if found:
                _beside(report, kind)
        if found:
            gone.kinds.append(kind)
    db.session.flush()
    return gone


def originals_of(report_id: int) -> list[Evidence]:
    """Return the files of a report whose originals are still there."""
    return list(
        db.session.scalars(
            select(Evidence)
            .where(Evidence.report_id == report_id, Evidence.original_destroyed_at.is_(None))
            .order_by(Evidence.position, Evidence.id)
        )
    )


def _beside(report: Report, kind: Kind) -> None:
    """Take along what was written beside a sealed group, in the clear."""
    if kind is Kind.ALERT:
        report.alert_channel = ""
    if kind is Kind.NAME:
        # On what a yes or no rests may tell who it was about; that it was answered stays for the award.
        for table in (IdentityCheck, ReporterFact):
            db.session.execute(
                update(table).where(table.report_id == report.id, table.reason != "").values(reason="")
            )


def _originals(report: Report, at: datetime, gone: Destroyed) -> bool:
    """Destroy the originals of files that have a clean copy, or never will."""
    ready = [item for item in originals_of(report.id) if item.clean_state is not CleanState.PENDING]
    gone.digests += [destroy_original(item, at) for item in ready]
    return bool(ready)


def _text(report: Report, at: datetime, gone: Destroyed) -> bool:
    """Remove what was told and everything made of it; the row stays, for the figures and the awards."""
    if report.text_removed_at is not None:
        return False
    gone.digests += _forget_files(report.id)
    db.session.execute(delete(Message).where(Message.report_id == report.id))
    notices = select(Notice.id).where(Notice.report_id == report.id)
    db.session.execute(delete(Delivery).where(Delivery.notice_id.in_(notices)))
    db.session.execute(delete(Notice).where(Notice.report_id == report.id))
    report.narrative, report.happened, report.position, report.extra = "", "", "", {}
    report.subject_name, report.address = "", ""
    report.text_removed_at = at
    _rename_case(report)
    return True


def _forget_files(report_id: int) -> list[str]:
    """Delete the rows of all files of a report; returns what was stored for them, by name and by digest."""
    mine = select(Evidence.id).where(Evidence.report_id == report_id)
    columns = (Evidence.original, Evidence.digest, Evidence.clean_digest, Evidence.thumb_digest)
    rows = db.session.execute(select(*columns).where(Evidence.report_id == report_id))
    found = [name for row in rows for name in row]
    originals = select(Evidence.original).where(Evidence.report_id == report_id, Evidence.original != "")
    original_keys.destroy(db.session.scalars(originals).all())
    for table in (EvidencePage, Redaction):
        found += db.session.scalars(select(table.digest).where(table.evidence_id.in_(mine)))
        db.session.execute(delete(table).where(table.evidence_id.in_(mine)))
    db.session.execute(delete(EvidenceHash).where(EvidenceHash.evidence_id.in_(mine)))
    db.session.execute(delete(Evidence).where(Evidence.report_id == report_id))
    return [digest for digest in found if digest]


def _rename_case(report: Report) -> None:
    """A case without a chosen situation is named by the first words of a text that is gone now."""
    if not report.situation:
        name = sector(report.sector).name("zh_Hans")
        db.session.execute(
            update(Case)
            .where(Case.id == report.origin_case_id)
            .values(title=name)
            .execution_options(synchronize_session="fetch")
        )
