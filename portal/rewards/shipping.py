"""The files that ship with a release, as rows of the library."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from portal.database import db
from portal.rewards.rule_files import Head, shipped
from portal.rewards.rule_models import RuleVersion
from portal.rewards.rule_steps import RuleStatus


def fill_library(at: datetime) -> int:
    """Add the files that are not here yet; returns how many. Safe to run twice, changes nothing."""
    rows = db.session.execute(select(RuleVersion.rule_id, RuleVersion.version).where(RuleVersion.shipped))
    known = {(rule_id, version) for rule_id, version in rows}
    new = [head for head in shipped() if (head.rule_id, head.version) not in known]
    db.session.add_all(_row(head, at) for head in new)
    db.session.flush()
    return len(new)


def _row(head: Head, at: datetime) -> RuleVersion:
    return RuleVersion(
        rule_id=head.rule_id,
        version=head.version,
        title_zh=head.title_zh,
        title_en=head.title_en,
        body=head.body,
        digest=head.digest,
        sectors=list(head.sectors),
        governs_by=head.governs_by,
        invented=head.invented,
        effective_from=head.effective_from,
        status=RuleStatus.LIBRARY,
        shipped=True,
        uploaded_at=at,
    )
