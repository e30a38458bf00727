"""The golden table: rows of golden/*.toml, read into cases as the command line reads them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal.rewards.rules.case_json import Case, from_document
from portal.rewards.rules.model import RuleSet

FOLDER = Path(__file__).parent / "golden"
_OF_A_FINDING = ("kind", "penalty", "choose", "reason")
_OF_A_REPORTER = ("real_name", "order", "claim_window_over", "proof", "asked")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the rule set, the row as written, and what is expected."""

    rules: str
    content: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Return how a failure names the row."""
        return f"{self.rules}: {self.content['name']}"

    def case(self, rules: RuleSet) -> Case:
        """Return the case of this row."""
        content = self.content
        findings = content.get("findings") or [content["finding"]]
        document: dict[str, Any] = {
            "findings": [_finding(one) for one in findings],
            "reporter": _reporter(content.get("reporter", {}), rules, findings[0]["kind"]),
            "case": content.get("case", {"known_before": "no"}),
        }
        document.update({key: content[key] for key in ("stage", "moment", "main_award") if key in content})
        return from_document(document, rules)


def rows() -> list[Row]:
    """Return every row of every file."""
    return [
        Row(path.stem, content)
        for path in sorted(FOLDER.glob("*.toml"))
        for content in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
    ]


def _finding(written: Mapping[str, Any]) -> dict[str, Any]:
    """Return a finding as the JSON case has it: whatever is no key of its own is a fact."""
    finding: dict[str, Any] = {key: written[key] for key in ("kind", "penalty") if key in written}
    finding["facts"] = {key: value for key, value in written.items() if key not in _OF_A_FINDING}
    if "choose" in written:
        finding["choice"] = {"amount": written["choose"], "reasoned": written.get("reason", True)}
    return finding


def _reporter(written: Mapping[str, Any], rules: RuleSet, kind: str) -> dict[str, Any]:
    """Return a reporter as the JSON case has him; ``earlier_LIMIT_count`` and ``_sum`` are earlier awards."""
    reporter: dict[str, Any] = {key: written[key] for key in _OF_A_REPORTER if key in written}
    reporter["earlier"] = {
        (f"{limit.id}:{kind}" if limit.by_kind else limit.id): {
            "count": written[f"earlier_{limit.id}_count"],
            "sum": written[f"earlier_{limit.id}_sum"],
        }
        for limit in rules.limits
        if f"earlier_{limit.id}_count" in written
    }
    reporter["facts"] = {
        key: value
        for key, value in written.items()
        if key not in _OF_A_REPORTER and not key.startswith("earlier_")
    }
    return reporter
