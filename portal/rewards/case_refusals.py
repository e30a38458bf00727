"""Why a JSON case of the rules cannot be read, as one sentence that names the field."""

from __future__ import annotations

from portal.rewards.rules.case_json import CaseFault, CaseRefused
from portal.rewards.wording.speech import Tongue
from portal.rewards.wording.terms import gettext_noop

SENTENCES = {
    CaseFault.TOO_LARGE: gettext_noop("A case has at most %(max)s bytes."),
    CaseFault.NOT_JSON: gettext_noop("This is not JSON: line %(line)s cannot be read."),
    CaseFault.TOO_DEEP: gettext_noop("This is no case: brackets stand inside brackets without end."),
    CaseFault.TWICE: gettext_noop("This field stands twice in one object. Take one of the two away."),
    CaseFault.NOT_AN_OBJECT: gettext_noop("Write an object in braces here."),
    CaseFault.NOT_A_LIST: gettext_noop("Write a list in brackets here."),
    CaseFault.MISSING: gettext_noop("This field is missing. It may be: %(known)s"),
    CaseFault.UNKNOWN_FIELD: gettext_noop("This field means nothing here. Known are: %(known)s"),
    CaseFault.UNKNOWN_FACT: gettext_noop("The rule does not ask for this fact. It asks for: %(known)s"),
    CaseFault.WRONG_PLACE: gettext_noop("This fact stands in the wrong place: it belongs to “%(about)s”."),
    CaseFault.NOT_YES_NO: gettext_noop("Write true or false, without quotes."),
    CaseFault.NOT_A_NUMBER: gettext_noop('Write a number, such as 300 or "50.5".'),
    CaseFault.NOT_AN_AMOUNT: gettext_noop('Write an amount in yuan as a text, such as "18000.00".'),
    CaseFault.NOT_AN_OPTION: gettext_noop("The rule does not know this answer. It knows: %(known)s"),
    CaseFault.NOT_A_DATE: gettext_noop("Write a day as 2026-01-31."),
    CaseFault.NOT_A_WORD: gettext_noop("This word is not known here. Known are: %(known)s"),
    CaseFault.TOO_MANY_DECIMALS: gettext_noop("This fact has at most %(decimals)s decimals."),
    CaseFault.OUT_OF_RANGE: gettext_noop("This is outside of what is possible: %(range)s"),
    CaseFault.CONTRADICTION: gettext_noop(
        "These facts contradict each other: sums of a penalty stand only where one is recorded,"
        " and no number may be impossible."
    ),
}


BARE = {
    CaseFault.MISSING: gettext_noop("This field is missing."),
    CaseFault.UNKNOWN_FIELD: gettext_noop("This field means nothing here."),
    CaseFault.UNKNOWN_FACT: gettext_noop("The rule asks for no such fact."),
}
"""The same where nothing can be named instead."""


def case_sentence(refused: CaseRefused, tr: Tongue) -> str:
    """Return why a case cannot be read: the field, and what to write there."""
    facts: dict[str, object] = {"known": "", "line": "?", "max": "", **refused.facts}
    if refused.code is CaseFault.OUT_OF_RANGE:
        facts["range"] = _range(refused.facts, tr)
    short = BARE.get(refused.code) if not facts["known"] else None
    said = tr(short) if short else tr(SENTENCES[refused.code], **facts)
    return tr("%(field)s: %(sentence)s", field=refused.field, sentence=said) if refused.field else said


def _range(facts: dict[str, str], tr: Tongue) -> str:
    low, high = facts.get("min"), facts.get("max")
    if low is not None and high is not None:
        return tr("%(low)s to %(high)s", low=low, high=high)
    return tr("%(first)s or more", first=low) if low is not None else tr("at most %(high)s", high=high)
