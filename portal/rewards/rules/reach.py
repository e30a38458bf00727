"""Whether an entry can ever be reached behind those before it."""

from __future__ import annotations

from collections.abc import Sequence

from portal.rewards.rules.conditions import Between, Bound, OneOf, Test
from portal.rewards.rules.given import KIND
from portal.rewards.rules.model import Entry
from portal.rewards.rules.vocabulary import Kind


def covered_by(entry: Entry, before: Sequence[Entry]) -> str:
    """Return the ids of the earlier entries that leave this one nothing, or an empty text."""
    named: list[str] = []
    for kind in entry.kinds:
        by = next((one.id for one in before if kind in one.kinds and _leaves_nothing(one, entry, kind)), "")
        if not by:
            return ""
        named.append(by)
    return ", ".join(dict.fromkeys(named))


def _leaves_nothing(earlier: Entry, later: Entry, kind: Kind) -> bool:
    """Tell whether the earlier entry holds for this kind whenever the later one does."""
    return all(
        _says(test, kind) or any(_implies(own, test) for own in later.when.tests)
        for test in earlier.when.tests
    )


def _says(test: Test, kind: Kind) -> bool:
    return isinstance(test, OneOf) and test.fact == KIND and kind.value in test.answers


def _implies(one: Test, other: Test) -> bool:
    """Tell whether the other test holds wherever this one does; in doubt no."""
    if one == other:
        return True
    if isinstance(one, OneOf) and isinstance(other, OneOf):
        return one.fact == other.fact and one.answers <= other.answers
    if isinstance(one, Between) and isinstance(other, Between) and one.fact == other.fact:
        return _at_least(one.low, other.low) and _at_least(other.below, one.below)
    return False


def _at_least(one: Bound | None, other: Bound | None) -> bool:
    """Tell whether a bound is at least as tight; no bound is the widest."""
    if other is None or one is None:
        return other is None
    return bool(one >= other)  # type: ignore[operator]
