"""Why sealed things are opened: a short list whose sentences the reporter reads in her own language.

A reason is kept as ``code``, as ``code: words``, or, where none of the list fits, as words alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from flask_babel import gettext, lazy_gettext
from flask_babel.speaklater import LazyString

from portal.errors import Refusal, gettext_noop
from portal.reports import masking

SHORTEST_WORDS = 5
LONGEST_WORDS = 300
_BETWEEN = ": "


class Because(StrEnum):
    """The codes among which an officer chooses."""

    PLACE = "to_ask_the_place"
    MATTER = "to_ask_what_happened"
    DANGER = "people_in_danger"
    CALL = "asked_to_be_called"
    CHECK = "to_check_the_text"
    UNCLEAR = "copy_not_clear_enough"
    PROOF = "needed_as_proof"
    OTHER = "other_reason"


FOR_CONTACT = (Because.PLACE, Because.MATTER, Because.DANGER, Because.CALL, Because.OTHER)
FOR_TOLD = (Because.CHECK, Because.DANGER, Because.OTHER)
FOR_ORIGINAL = (Because.UNCLEAR, Because.PROOF, Because.DANGER, Because.OTHER)

# After "because:"; also the reasons that are the same each time, which nobody chooses.
REASONS: Mapping[str, LazyString] = {
    Because.PLACE.value: lazy_gettext("to ask where exactly the place is"),
    Because.MATTER.value: lazy_gettext("to ask about what happened"),
    Because.DANGER.value: lazy_gettext("people are in danger now"),
    Because.CALL.value: lazy_gettext("you asked to be called"),
    Because.CHECK.value: lazy_gettext("the check needs what was cut out"),
    Because.UNCLEAR.value: lazy_gettext("the cleaned copy does not show enough, or there is none"),
    Because.PROOF.value: lazy_gettext("the original is needed as proof"),
    "to_answer_identity_questions": lazy_gettext("to answer whether the name is real"),
    "to_pay_the_reward": lazy_gettext("to pay your reward"),
    "to_renew_a_lost_code": lazy_gettext("somebody said that the receipt code was lost"),
    "code_lost": lazy_gettext("the code was said to be lost"),
}
_CHOSEN = frozenset({*FOR_CONTACT, *FOR_TOLD, *FOR_ORIGINAL} - {Because.OTHER})
# What the officer chooses, where the reporter's sentence would speak to the wrong person.
CHOICES: Mapping[Because, LazyString] = {
    Because.PLACE: lazy_gettext("To ask where exactly the place is"),
    Because.MATTER: lazy_gettext("To ask about what happened"),
    Because.DANGER: lazy_gettext("People are in danger now"),
    Because.CALL: lazy_gettext("The reporter asked to be called"),
    Because.CHECK: lazy_gettext("The check needs what was cut out"),
    Because.UNCLEAR: lazy_gettext("The clean copy does not show enough, or there is none"),
    Because.PROOF: lazy_gettext("The original is needed as proof"),
    Because.OTHER: lazy_gettext("Another reason, in my own words"),
}


class NoReason(Refusal):
    """Sealed things are opened for a reason that others can read later."""

    field = "because"
    message = gettext_noop("Please choose why. The reporter reads it.")
    status = 422


class WordsTooShort(Refusal):
    """Another reason needs words."""

    field = "reason"
    message = gettext_noop("Please write why, in at least %(least)d characters. The reporter reads it.")
    status = 422


class NumberInWords(Refusal):
    """The reason stands in the log and on a page for ever, so nothing personal may get in."""

    field = "reason"
    message = gettext_noop(
        "A telephone number, an ID number, an account or an address stands in your words. Please take it"
        " out: the reason stays in the log and the reporter reads it."
    )
    status = 422


def reason_of(because: str, words: str, offered: tuple[Because, ...]) -> str:
    """Return the reason as it is kept; raises a Refusal. Words without a choice are another reason."""
    said = " ".join(words.split())[:LONGEST_WORDS]
    chosen = Because(because) if because in offered else Because.OTHER if said else None
    if chosen is None:
        raise NoReason
    if chosen is Because.OTHER and len(said) < SHORTEST_WORDS:
        raise WordsTooShort(least=SHORTEST_WORDS)
    if masking.finds(said):
        raise NumberInWords
    if chosen is Because.OTHER:
        return said
    return f"{chosen.value}{_BETWEEN}{said}" if said else chosen.value


def in_words(reason: str) -> str:
    """Return a kept reason as a reader sees it: the sentence of its code, then the officer's own words."""
    code, between, words = reason.partition(_BETWEEN)
    if not between:
        return str(REASONS.get(code, reason))
    if code not in _CHOSEN:
        return reason
    return str(gettext("%(reason)s (%(words)s)", reason=REASONS[code], words=words))
