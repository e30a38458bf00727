"""Why a rule file is refused, as sentences: file and line, entry, reason, and what to do about it."""

from __future__ import annotations

import re

from portal.rewards.rules.faults import Fault, FaultCode, Hint
from portal.rewards.wording.speech import CHINESE, Tongue, listed, yuan
from portal.rewards.wording.terms import gettext_noop

REASONS = {
    FaultCode.TOO_LARGE: gettext_noop("The file is larger than %(most)s bytes."),
    FaultCode.NOT_UTF8: gettext_noop("The file is not UTF-8."),
    FaultCode.NUL_BYTE: gettext_noop("The file holds a byte that no text has."),
    FaultCode.TOO_DEEP: gettext_noop("Brackets stand inside brackets more than %(most)s deep."),
    FaultCode.SYNTAX: gettext_noop("This line is not TOML."),
    FaultCode.KEY_TWICE: gettext_noop("This key or heading stands in the file twice."),
    FaultCode.NUMBER_TOO_LONG: gettext_noop("This number has more digits than any amount."),
    FaultCode.UNKNOWN_KEY: gettext_noop("The key “%(key)s” is not known here."),
    FaultCode.MISSING_KEY: gettext_noop("The key “%(key)s” is missing."),
    FaultCode.WRONG_TYPE: gettext_noop("“%(key)s” has the wrong form; expected: %(expected)s."),
    FaultCode.OUT_OF_RANGE: gettext_noop(
        "“%(key)s” has to be a whole number from %(least)s to %(most)s; found: %(written)s."
    ),
    FaultCode.UNKNOWN_WORD: gettext_noop(
        "“%(key)s” does not know the word “%(word)s”; it knows: %(allowed)s."
    ),
    FaultCode.BAD_ID: gettext_noop("“%(id)s” cannot be an id."),
    FaultCode.DUPLICATE_ID: gettext_noop("The id “%(id)s” stands there twice."),
    FaultCode.BAD_TEXT: gettext_noop(
        "The text of “%(key)s” is empty, too long, in one language only, or holds a control character."
    ),
    FaultCode.BAD_CITE: gettext_noop(
        "“%(key)s” names the number of a document and an article, and no other words."
    ),
    FaultCode.FLOAT: gettext_noop(
        "“%(key)s” is written as %(written)s, which a computer cannot keep exactly."
    ),
    FaultCode.BAD_AMOUNT: gettext_noop("“%(key)s” is no amount of money: %(written)s."),
    FaultCode.NEGATIVE_AMOUNT: gettext_noop("The amount of “%(key)s” is below zero."),
    FaultCode.BAD_RATE: gettext_noop("“%(key)s” is no rate: %(written)s."),
    FaultCode.RATE_OVER_100: gettext_noop(
        "The rate of “%(key)s” has to be above 0%% and at most %(most)s; found: %(written)s."
    ),
    FaultCode.BAD_NUMBER: gettext_noop("“%(key)s” is no number: %(written)s."),
    FaultCode.DATE_IN_QUOTES: gettext_noop("The day of “%(key)s” stands in quotes or is no day."),
    FaultCode.ONE_CLAUSE: gettext_noop("“%(key)s” has to hold exactly one of %(allowed)s; found: %(found)s."),
    FaultCode.MIN_OVER_MAX: gettext_noop("“%(key)s” is above “%(other)s”: %(low)s over %(high)s."),
    FaultCode.FIXED_OUTSIDE_BOUNDS: gettext_noop(
        "The fixed amount %(amount)s lies outside of its own bounds, %(low)s to %(high)s."
    ),
    FaultCode.TIERS_OVERLAP: gettext_noop("The tiers of “%(key)s” overlap at %(at)s."),
    FaultCode.TIERS_GAP: gettext_noop("The tiers of “%(key)s” leave a gap at %(at)s."),
    FaultCode.TIER_EMPTY: gettext_noop("A tier of “%(key)s” ends where it begins, at %(at)s."),
    FaultCode.UNDECLARED_FACT: gettext_noop("The fact “%(fact)s” is used and declared nowhere."),
    FaultCode.FACT_TYPE: gettext_noop("The fact “%(fact)s” has another type; expected: %(expected)s."),
    FaultCode.OPTION_UNKNOWN: gettext_noop("The fact “%(fact)s” has no answer “%(option)s”."),
    FaultCode.OPTION_NOT_NAMED: gettext_noop("Nothing is said for the answer “%(option)s” of “%(fact)s”."),
    FaultCode.OPTION_WITHOUT_VALUE: gettext_noop(
        "The answer “%(option)s” of “%(fact)s” does not have the value “%(name)s” that is taken from it."
    ),
    FaultCode.REPORTER_FACT: gettext_noop(
        "“%(fact)s” is about the reporter. Who checks on site would learn it from this amount."
    ),
    FaultCode.KIND_NOT_DECLARED: gettext_noop(
        "The kind “%(kind)s” is used, and the file does not say it covers it."
    ),
    FaultCode.KIND_WITHOUT_ENTRY: gettext_noop(
        "The file says it covers “%(kind)s”, and nothing pays for it."
    ),
    FaultCode.UNREACHABLE_ENTRY: gettext_noop("This is never reached: “%(by)s” before it always fits first."),
    FaultCode.MANY_CHOICES: gettext_noop("An officer would have to choose several amounts at once."),
    FaultCode.UPLIFT_CONTRADICTORY: gettext_noop("What is added contradicts itself."),
    FaultCode.LIMIT_EMPTY: gettext_noop("The limit names neither an amount nor a count."),
    FaultCode.INVENTED_UNMARKED: gettext_noop("The figures are invented, and the titles do not say so."),
    FaultCode.EFFECTIVE_BEFORE_EXISTING: gettext_noop(
        "It would hold from a day before that of version %(version)s, which is there already:"
        " %(effective_from)s."
    ),
    FaultCode.VERSION_NOT_RISING: gettext_noop(
        "Version %(version)s is there already; a version never changes."
    ),
    FaultCode.INHERITED_UNKNOWN: gettext_noop("“%(rule)s”, version %(version)s, is not known."),
    FaultCode.INHERITED_PART_UNKNOWN: gettext_noop("There is no part “%(part)s” to take over."),
    FaultCode.INHERITED_CIRCLE: gettext_noop(
        "“%(rule)s”, version %(version)s, takes parts from itself in a circle."
    ),
}
CONTRADICTIONS = {
    "percent_or_fixed": gettext_noop(
        "“add” has to hold either “percent”, with “at_least” or without, or “fixed”."
    ),
    "lifts_without_cap": gettext_noop(
        "“lifts_cap” puts another ceiling in place of the rule's, and this addition names no “cap”."
    ),
    "lifts_nothing": gettext_noop("“lifts_cap” says that more is possible, and its “cap” allows no more."),
    "before_no_cap": gettext_noop(
        "“before_cap” says that a “cap” bounds the reward with this addition, and there is none:"
        " “max” in an award bounds it before anything is added."
    ),
    "cap_over_cap": gettext_noop("Its “cap” is above that of the rule, which “before_cap” keeps."),
    "on_top_below_cap": gettext_noop(
        "“after_cap” comes on top of the rule's “cap”, and its own “cap” is below that one."
    ),
    "same_condition": gettext_noop("An addition before it has the same condition and is always taken first."),
}
"""Why what is added contradicts itself."""
HINTS = {
    Hint.SPLIT_THE_FILE: gettext_noop("Make two files of it, one inheriting from the other."),
    Hint.SAVE_AS_UTF8: gettext_noop("Save it as UTF-8."),
    Hint.WRITE_FLATTER: gettext_noop("Write it flatter."),
    Hint.DID_YOU_MEAN: gettext_noop("Did you mean “%(near)s”?"),
    Hint.SEE_REFERENCE: gettext_noop("See the reference of the rule language."),
    Hint.PLAIN_SIGNS: gettext_noop(
        'Outside of texts write the signs of the Latin keyboard: " , = [ ] { }'
        " instead of “ ” ， ＝ ［ ］ ｛ ｝."
    ),
    Hint.KEY_AND_VALUE: gettext_noop(
        'A line is written as key = value: texts and rates in "quotation marks", each bracket closed.'
    ),
    Hint.WRITE_ONE: gettext_noop("Keep one of them and write it as the reference shows."),
    Hint.WRITE_A_CLAUSE: gettext_noop("Write it in braces, such as { fixed = 500 }."),
    Hint.ADD_THE_KEY: gettext_noop("Add it."),
    Hint.WRITE_IN_QUOTES: gettext_noop(
        'Write a whole number without commas, or the amount in quotes, such as "1000.50".'
    ),
    Hint.WRITE_WITHOUT_QUOTES: gettext_noop("Write the day without quotes, such as 2026-01-31."),
    Hint.WRITE_PERCENT: gettext_noop('Write it in quotes with its sign and without spaces, such as "15%%".'),
    Hint.WRITE_ID: gettext_noop("An id has small letters a to z, digits and hyphens, 40 at most."),
    Hint.WRITE_BOTH_LANGUAGES: gettext_noop('Write it in both languages: { zh = "…", en = "…" }.'),
    Hint.SWAP_BOUNDS: gettext_noop("Swap the two."),
    Hint.MAKE_TIERS_MEET: gettext_noop("Let each tier begin where the one before it ends."),
    Hint.DECLARE_THE_FACT: gettext_noop("Declare it as a fact, or name it among the standard facts used."),
    Hint.NAME_EVERY_OPTION: gettext_noop("Name every answer, or say what holds for all others."),
    Hint.MOVE_TO_UPLIFT: gettext_noop("Write it as something that is added, as a limit or as eligibility."),
    Hint.ADD_AN_ENTRY: gettext_noop("Add what is paid for it, or take the kind away."),
    Hint.ADD_TO_KINDS: gettext_noop("Add it to the kinds that the file covers."),
    Hint.PUT_IT_FIRST: gettext_noop("Put it before the other one, or narrow the other one."),
    Hint.SPLIT_THE_ENTRY: gettext_noop("Make several entries of it."),
    Hint.CAP_OR_AFTER: gettext_noop(
        'Write the “cap” here or at the head; if nothing bounds it, write order = "after_cap".'
    ),
    Hint.NAME_A_CAP: gettext_noop("Name the cap that holds with it."),
    Hint.RAISE_THE_CAP: gettext_noop("Raise its cap, or choose another order."),
    Hint.REMOVE_ONE: gettext_noop("Take one of the two away."),
    Hint.MARK_THE_TITLE: gettext_noop("Put 示例 into the Chinese title and “example” into the English one."),
    Hint.RAISE_THE_VERSION: gettext_noop("Raise the version."),
    Hint.LATER_DATE: gettext_noop("Choose a later day."),
    Hint.BREAK_THE_CIRCLE: gettext_noop("Copy the part into one of the files."),
}
EXPECTED = {
    "text": gettext_noop("a text in quotes"),
    "amount": gettext_noop("an amount in yuan"),
    "number": gettext_noop("a number"),
    "whole_number": gettext_noop("a whole number"),
    "table": gettext_noop("keys in braces"),
    "list_of_texts": gettext_noop("a list of texts"),
    "true_or_false": gettext_noop("true or false"),
    "yes_no": gettext_noop("yes or no"),
    "date": gettext_noop("a day"),
    "choice": gettext_noop("a choice"),
    "money": gettext_noop("money"),
    "rate": gettext_noop("a rate"),
    "list_of_facts": gettext_noop("a list of facts"),
    "fact": gettext_noop("the id of a fact"),
    "clause": gettext_noop("what is paid"),
    "both_languages": gettext_noop("a text in both languages"),
    "from_and_below": gettext_noop("a range such as { from = 10, below = 20 }"),
    "number_or_money": gettext_noop("nothing: only numbers and money have bounds"),
    "list_of_tables": gettext_noop("a list of keys in braces"),
}
MONEY = frozenset({"low", "high", "amount"})
PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def fault_sentence(fault: Fault, tr: Tongue) -> str:
    """Return one fault: where it is, what is wrong, what to do."""
    where = tr("%(file)s:%(line)s", file=fault.file, line=fault.line)
    gap = "" if tr.language == CHINESE else " "
    said = gap.join(part for part in (reason(fault, tr), hint(fault, tr)) if part)
    if not fault.entry:
        return tr("%(where)s: %(said)s", where=where, said=said)
    return tr("%(where)s, %(entry)s: %(said)s", where=where, entry=fault.entry, said=said)


def reason(fault: Fault, tr: Tongue) -> str:
    """Return what is wrong."""
    why = CONTRADICTIONS.get(str(fault.facts.get("why", "")))
    return _said(why or REASONS[fault.code], fault, tr)


def hint(fault: Fault, tr: Tongue) -> str:
    """Return what to do about it; empty where the reason says it."""
    message = HINTS.get(fault.hint)
    return _said(message, fault, tr) if message else ""


def _said(message: str, fault: Fault, tr: Tongue) -> str:
    # A fact that a fault does not carry is a question mark: a refusal must never end in an error of its own.
    unknown = dict.fromkeys(PLACEHOLDER.findall(message), "?")
    shown = {key: _fact(key, value, tr) for key, value in fault.facts.items()}
    return tr(message, **{**unknown, **shown, "file": fault.file})


def _fact(key: str, value: str | int, tr: Tongue) -> str | int:
    if key in MONEY and isinstance(value, int):
        return tr("%(amount)s yuan", amount=yuan(value))
    if key != "expected":
        return value
    return listed([tr(EXPECTED[one]) if one in EXPECTED else one for one in str(value).split(", ")], tr)
