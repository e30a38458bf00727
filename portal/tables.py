"""All tables: importing this module makes the metadata whole, whatever routes are served."""

from __future__ import annotations

from portal.audit import models as audit
from portal.cases import models as cases
from portal.challenge import models as challenge
from portal.evidence import models as evidence
from portal.evidence import uploads
from portal.notices import models as notices
from portal.people import credentials, declared, role_rows
from portal.people import models as people
from portal.reports import catalogue
from portal.reports import models as reports
from portal.retention import models as retention
from portal.rewards import models as rewards
from portal.rewards import rule_models
from portal.subjects import models as subjects
from portal.vault import models as vault

SLICES = (
    audit,
    people,
    credentials,
    declared,
    role_rows,
    vault,
    notices,
    evidence,
    uploads,
    challenge,
    subjects,
    reports,
    catalogue,
    cases,
    rewards,
    rule_models,
    retention,
)
