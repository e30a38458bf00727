"""The closed words the reward rules are written in."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What was found; finer distinctions are declared facts."""

    MAJOR_HAZARD = "major_hazard"
    ILLEGAL_ACT = "illegal_act"
    ORDINARY_HAZARD = "ordinary_hazard"
    CONCEALED_ACCIDENT = "concealed_accident"
    WELDING_VIOLATION = "welding_violation"


class AccidentClass(StrEnum):
    """The class of the whole accident, as the investigation confirmed it."""

    ORDINARY = "ordinary"
    LARGER = "larger"
    MAJOR = "major"
    ESPECIALLY_MAJOR = "especially_major"


class Part(StrEnum):
    """What a part of a penalty is; each is a standard fact of the same id."""

    FINE_FIRM = "fine_firm"
    FINE_PERSON = "fine_person"
    CONFISCATED = "confiscated"


class PenaltyState(StrEnum):
    """How far the penalty of a finding has come; NONE: it is known that there is none."""

    PENDING = "pending"
    RECORDED = "recorded"
    FINAL = "final"
    COLLECTED = "collected"
    NONE = "none"


class RealName(StrEnum):
    """How far the reporter has given a name."""

    NONE = "none"
    DECLARED = "declared"
    CONFIRMED = "confirmed"


class Moment(StrEnum):
    """The moments at which a rule may ask for the real name, in order; NEVER: it does not ask."""

    FILING = "filing"
    CONCLUSION = "conclusion"
    CLAIM = "claim"
    NEVER = "never"


MOMENTS: tuple[Moment, ...] = tuple(Moment)


class Stage(StrEnum):
    """Which award of a case an entry belongs to."""

    MAIN = "main"
    ADDITIONAL = "additional"
    CORROBORATION = "corroboration"


class FactType(StrEnum):
    """What the answer to a declared question is."""

    YES_NO = "yes_no"
    NUMBER = "number"
    MONEY = "money"
    CHOICE = "choice"
    DATE = "date"


class About(StrEnum):
    """What a fact is about."""

    FINDING = "finding"
    REPORTER = "reporter"
    CASE = "case"


class ConfirmedBy(StrEnum):
    """Who or what confirms a fact."""

    VERIFIER = "verifier"
    IDENTITY_OFFICER = "identity_officer"
    PENALTY_DOCUMENT = "penalty_document"
    INVESTIGATION = "investigation"


class GovernsBy(StrEnum):
    """The date of a case that decides which version governs it."""

    ACCEPTED = "accepted"
    VERIFIED = "verified"
    DECIDED = "decided"


class PayableWhen(StrEnum):
    """From when on an estimate is an award."""

    VERIFIED = "verified"
    PENALTY_RECORDED = "penalty_recorded"
    PENALTY_FINAL = "penalty_final"
    PENALTY_COLLECTED = "penalty_collected"


class RoundMode(StrEnum):
    """Which way a fraction goes."""

    HALF_UP = "half-up"
    HALF_EVEN = "half-even"
    UP = "up"
    DOWN = "down"


class Overlap(StrEnum):
    """What is paid when several findings of one case, or several parts of a clause, earn something."""

    HIGHEST = "highest"
    SUM = "sum"


class Joint(StrEnum):
    """How the parts of one clause are put together."""

    SUM = "sum_of"
    HIGHEST = "highest_of"
    LOWEST = "lowest_of"


class Together(StrEnum):
    """What is added when several uplifts apply."""

    HIGHEST = "highest"
    SUM = "sum"
    FIRST = "first"


class Order(StrEnum):
    """How an uplift and the cap stand to each other."""

    BEFORE_CAP = "before_cap"
    AFTER_CAP = "after_cap"
    LIFTS_CAP = "lifts_cap"


class Payment(StrEnum):
    """How often awards are paid out."""

    EACH = "each"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"


class Period(StrEnum):
    """Over which time a limit counts."""

    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class Anonymous(StrEnum):
    """Whether a reporter without a name may be paid."""

    EXCLUDED = "excluded"
    WITH_PROOF = "with_proof"
    ALLOWED = "allowed"


class KnownBefore(StrEnum):
    """Whether what the firm or the authority already knew is paid."""

    EXCLUDED = "excluded"
    UNLESS_NOT_DEALT_WITH = "unless_not_dealt_with"
    ALLOWED = "allowed"


class Admission(StrEnum):
    """Whether a group of reporters may be paid."""

    EXCLUDED = "excluded"
    ALLOWED = "allowed"


class SharingMode(StrEnum):
    """Who gets the award of a matter that several people reported."""

    FIRST = "first"
    EQUAL = "equal"
