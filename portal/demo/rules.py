"""A version of a rule set that waits for its second person, so that visitors can put one in force."""

from __future__ import annotations

from portal.demo.tale import Office
from portal.rewards import rule_versions
from portal.rewards.rule_files import shipped

WAITING = "beijing-tongzhou-2020"


def upload_one(office: Office) -> None:
    """Let an administrator have uploaded and checked a rule for dangerous goods just now."""
    body = next(head.body for head in shipped() if head.rule_id == WAITING)
    actor, at = office.staff["guanli2"].actor, office.now
    row = rule_versions.upload(body, f"{WAITING}.toml", actor, at)
    rule_versions.check(row, actor, at, seen=row.row_version)
