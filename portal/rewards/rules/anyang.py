"""The rule set of Anyang that ships: figures as data, each with its document."""

from __future__ import annotations

from fractions import Fraction

from portal.rewards.rules.legacy import (
    AccidentClass,
    Band,
    EmployeeUplift,
    Entry,
    Kind,
    Moment,
    OfficerChoice,
    Overlap,
    Part,
    PercentOfPenalty,
    PerDeath,
    RuleId,
    RuleSet,
    Source,
    Withholding,
)

_YUAN = 100

# 500 to 3,000 and the real name are published; the steps inside the band are not, so the officer chooses.
WELDING = Entry(
    kinds=(Kind.WELDING_VIOLATION,),
    clause=OfficerChoice(Band(500 * _YUAN, 3_000 * _YUAN)),
    source=Source(RuleId.ANYANG_WELDING, 1),
    real_name_by=Moment.CONCLUSION,
)

# 安安委〔2022〕14号 publishes 3,000 to 300,000 and "a share of the penalty"; the 15 % is the national rule's,
# and what is paid without a penalty is not published: both are marked as to be confirmed.
GENERAL = Entry(
    kinds=(Kind.MAJOR_HAZARD, Kind.ILLEGAL_ACT),
    clause=PercentOfPenalty(
        base=(Part.FINE_FIRM, Part.FINE_PERSON),
        rate=Fraction(15, 100),
        band=Band(3_000 * _YUAN, 300_000 * _YUAN),
        rate_source=Source(RuleId.ANYANG_GENERAL_2022, 1, confirmed=False),
    ),
    source=Source(RuleId.ANYANG_GENERAL_2022, 1),
    real_name_by=Moment.CLAIM,
    without_penalty=OfficerChoice(Band(3_000 * _YUAN, 3_000 * _YUAN), default_fen=3_000 * _YUAN),
    without_penalty_source=Source(RuleId.ANYANG_GENERAL_2022, 1, confirmed=False),
)

# 安监总财〔2018〕19号: for each confirmed concealed death, by the confirmed class of the accident.
CONCEALED = Entry(
    kinds=(Kind.CONCEALED_ACCIDENT,),
    clause=PerDeath(
        by_class=(
            (AccidentClass.ORDINARY, 30_000 * _YUAN),
            (AccidentClass.LARGER, 40_000 * _YUAN),
            (AccidentClass.MAJOR, 50_000 * _YUAN),
            (AccidentClass.ESPECIALLY_MAJOR, 60_000 * _YUAN),
        ),
        max_fen=300_000 * _YUAN,
    ),
    source=Source(RuleId.NATIONAL_2018, 1),
    real_name_by=Moment.CLAIM,
)

# Taken over from the Henan rule of 2025. It comes on top of a welding award too: the band bounds what the
# officer chooses, uplift_cap bounds the total.
UPLIFT = EmployeeUplift(
    rate=Fraction(15, 100),
    at_least_fen=1_000 * _YUAN,
    uplift_cap_fen=300_000 * _YUAN,
    source=Source(RuleId.HENAN_2025, 1),
)

# 财税字〔1994〕020号 is read as exempting such rewards; to be confirmed.
NOTHING_WITHHELD = Withholding(withheld_fen=0, source=Source(RuleId.TAX_1994, 1, confirmed=False))

# The special rule stands first: a trade's own rule goes before the general one.
ANYANG = RuleSet(
    id="anyang",
    version=1,
    entries=(WELDING, GENERAL, CONCEALED),
    uplift=UPLIFT,
    overlap=Overlap.HIGHEST,
    withholding=NOTHING_WITHHELD,
)

RULE_SETS: dict[tuple[str, int], RuleSet] = {(ANYANG.id, ANYANG.version): ANYANG}
"""Every rule set that a case may have pinned, by id and version."""
