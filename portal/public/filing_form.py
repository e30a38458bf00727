"""One request to the report form, between what was posted and the page that answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from portal.evidence.staging import Received
from portal.reports.draft import Draft
from portal.reports.faults import Fault
from portal.reports.filing import Faults


@dataclass(slots=True)
class Form:
    """Its draft, what was answered, what is wrong; ``succeeds`` is the submission whose place it takes."""

    draft: Draft
    at: datetime
    answers: dict[str, str] = field(default_factory=dict)
    faults: Faults = field(default_factory=dict)
    file_faults: list[Fault] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    notice: str = ""
    status: int = 200
    retry_after: int = 0
    succeeds: str = ""
    from_review: bool = False
    start: str = ""
    saved_at: datetime | None = None

    @property
    def is_faulty(self) -> bool:
        """Whether anything must be mended before it can be sent."""
        return bool(self.faults or self.file_faults)
