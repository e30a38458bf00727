"""Facts written in yuan for the tests of the rules."""

from __future__ import annotations

from hypothesis import strategies as st

from portal.money import parse_yuan
from portal.rewards.rules.given import (
    Choice,
    Facts,
    FactValue,
    FindingFacts,
    PenaltyPart,
    ReporterFacts,
    penalty_values,
)
from portal.rewards.rules.vocabulary import AccidentClass, Kind, Part, PenaltyState, RealName


def fined(
    firm: str = "0", person: str = "0", confiscated: str = "0", kind: Kind = Kind.ILLEGAL_ACT
) -> FindingFacts:
    """A finding with a recorded penalty."""
    amounts = {Part.FINE_FIRM: firm, Part.FINE_PERSON: person, Part.CONFISCATED: confiscated}
    parts = tuple(PenaltyPart(part, parse_yuan(yuan)) for part, yuan in amounts.items() if yuan != "0")
    return FindingFacts(kind, PenaltyState.RECORDED, penalty_values(parts))


def unpunished(choice: str = "", *, reasoned: bool = True, kind: Kind = Kind.ILLEGAL_ACT) -> FindingFacts:
    """A finding without a penalty."""
    chosen = Choice(parse_yuan(choice), reasoned) if choice else None
    return FindingFacts(kind, PenaltyState.NONE, choice=chosen)


def pending(kind: Kind = Kind.ILLEGAL_ACT) -> FindingFacts:
    """A finding whose penalty is not recorded yet."""
    return FindingFacts(kind)


def deaths(count: int | None, accident: AccidentClass | None = AccidentClass.ORDINARY) -> FindingFacts:
    """A concealed accident."""
    values: dict[str, FactValue] = {}
    if count is not None:
        values["deaths_confirmed"] = count
    if accident is not None:
        values["accident_class"] = accident.value
    return FindingFacts(Kind.CONCEALED_ACCIDENT, values=values)


def welding(choice: str = "", *, reasoned: bool = True) -> FindingFacts:
    """A welding violation."""
    chosen = Choice(parse_yuan(choice), reasoned) if choice else None
    return FindingFacts(Kind.WELDING_VIOLATION, choice=chosen)


def case(
    *findings: FindingFacts,
    name: RealName = RealName.CONFIRMED,
    employee: bool | None = None,
    declared: bool = False,
) -> Facts:
    """The facts of a case."""
    return Facts(findings, reporter(name, employee, asked=declared))


def reporter(name: RealName, employee: bool | None, *, asked: bool) -> ReporterFacts:
    """What is known about a reporter."""
    values: dict[str, FactValue] = {} if employee is None else {"insider": employee}
    return ReporterFacts(name, values=values, asked=frozenset({"insider"} if asked else ()))


fen = st.integers(0, 3_000_000_00) | st.integers(0, 10**12)
parts = st.builds(PenaltyPart, st.sampled_from(Part), fen)
choices = st.none() | st.builds(Choice, st.integers(0, 4_000_00), st.booleans())


reporters = st.builds(
    lambda name, employee, asked: reporter(name, employee, asked=asked),
    st.sampled_from(RealName),
    st.sampled_from([None, True, False]),
    st.booleans(),
)
named = st.builds(
    lambda name, employee, asked: reporter(name, employee, asked=asked),
    st.sampled_from([RealName.DECLARED, RealName.CONFIRMED]),
    st.sampled_from([None, True, False]),
    st.booleans(),
)


@st.composite
def finding_facts(draw: st.DrawFn) -> FindingFacts:
    """Any finding that the model allows."""
    penalty = draw(st.sampled_from(PenaltyState))
    recorded = penalty not in {PenaltyState.PENDING, PenaltyState.NONE}
    values = penalty_values(draw(st.lists(parts, max_size=4))) if recorded else {}
    values |= deaths(
        draw(st.none() | st.integers(0, 40)), draw(st.none() | st.sampled_from(AccidentClass))
    ).values
    return FindingFacts(draw(st.sampled_from(Kind)), penalty, values, draw(choices))


findings = finding_facts()
any_facts = st.builds(Facts, st.lists(findings, max_size=4).map(tuple), reporters)

settled = st.one_of(
    st.builds(
        lambda kind, penalty: FindingFacts(kind, PenaltyState.RECORDED, penalty_values(penalty)),
        st.sampled_from([Kind.ILLEGAL_ACT, Kind.MAJOR_HAZARD]),
        st.lists(parts, max_size=4),
    ),
    st.sampled_from([unpunished(), unpunished("3000")]),
    st.builds(deaths, st.integers(1, 40), st.sampled_from(AccidentClass)),
    st.builds(
        lambda fen: FindingFacts(Kind.WELDING_VIOLATION, choice=Choice(fen, reasoned=True)),
        st.integers(500_00, 3_000_00),
    ),
)
paid_facts = st.builds(Facts, st.lists(settled, min_size=1, max_size=4).map(tuple), named)
