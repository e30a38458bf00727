"""A version of a rule set that waits for its second person, so that visitors can put one in force."""

from __future__ import annotations

from datetime import timedelta

from portal.demo.tale import Office
from portal.rewards import rule_versions
from portal.rewards.rule_files import shipped

WAITING = "beijing-tongzhou-2020"
UPLOADED = timedelta(days=2)


def upload_one(office: Office) -> None:
    """Let an administrator have uploaded and checked a rule for dangerous goods two days ago."""
    body = next(head.body for head in shipped() if head.rule_id == WAITING)
    actor, at = office.staff["guanli2"].actor, office.now - UPLOADED
    row = rule_versions.upload(body, f"{WAITING}.toml", actor, at)
    rule_versions.check(row, actor, at + timedelta(hours=1), seen=row.row_version)
