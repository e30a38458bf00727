"""Answers to what a rule set asks: as text in their tables, as values for the rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction

from sqlalchemy import select

from portal.cases.models import Case, Finding
from portal.database import db
from portal.rewards.rule_models import CaseFact, FindingFact, ReporterFact
from portal.rewards.rules.given import FactValue
from portal.rewards.rules.model import Fact
from portal.rewards.rules.vocabulary import FactType

YES, NO = "yes", "no"
TEN_THOUSANDTHS = 10**4

Texts = Mapping[str, str]


def text_of(value: FactValue) -> str:
    """Return a value as its table holds it: yes or no, whole fen, exact decimals, an id, a day."""
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Fraction):
        whole, rest = divmod(value * TEN_THOUSANDTHS, TEN_THOUSANDTHS)
        return f"{whole}.{int(rest):04d}".rstrip("0").rstrip(".")
    return str(value)


def value_of(fact: Fact, text: str) -> FactValue | None:
    """Return a kept text as a value; None for one that this fact's type or list does not know."""
    if fact.type is FactType.YES_NO:
        return {YES: True, NO: False}.get(text)
    if fact.type is FactType.CHOICE:
        return text if fact.option(text) else None
    try:
        if fact.type is FactType.DATE:
            return date.fromisoformat(text)
        number = Fraction(text)
    except ValueError:
        return None
    return number.numerator if number.denominator == 1 else number


def values_of(facts: Mapping[str, Fact], texts: Texts) -> dict[str, FactValue]:
    """Return the kept texts that these facts ask for, as values."""
    found = {fact_id: value_of(facts[fact_id], text) for fact_id, text in texts.items() if fact_id in facts}
    return {fact_id: value for fact_id, value in found.items() if value is not None}


def of_findings(findings: Sequence[Finding]) -> dict[int, dict[str, str]]:
    """Return what was answered about each of these findings."""
    if not findings:
        return {}
    ids = [one.id for one in findings]
    rows = db.session.execute(
        select(FindingFact.finding_id, FindingFact.fact_id, FindingFact.value)
        .where(FindingFact.finding_id.in_(ids))
        .order_by(FindingFact.fact_id)
    )
    return _grouped((key, fact, value) for key, fact, value in rows)


def of_case(case: Case) -> dict[str, str]:
    """Return what was answered about a case as a whole."""
    rows = db.session.execute(
        select(CaseFact.fact_id, CaseFact.value).where(CaseFact.case_id == case.id).order_by(CaseFact.fact_id)
    )
    return {fact: value for fact, value in rows}


def of_reports(report_ids: Iterable[int]) -> dict[int, dict[str, str]]:
    """Return what the identity officer answered about each of these reporters beyond name and employment."""
    ids = tuple(report_ids)
    if not ids:
        return {}
    rows = db.session.execute(
        select(ReporterFact.report_id, ReporterFact.fact_id, ReporterFact.value)
        .where(ReporterFact.report_id.in_(ids))
        .order_by(ReporterFact.fact_id)
    )
    return _grouped((key, fact, value) for key, fact, value in rows)


def _grouped(rows: Iterable[tuple[int, str, str]]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    for key, fact, value in rows:
        found.setdefault(key, {})[fact] = value
    return found
