"""docs/records.md draws each life cycle as its table is: who reads it instead of the code is told no less."""

from __future__ import annotations

import re
from pathlib import Path

from portal.cases.steps import CASE_STEPS, RECTIFICATION_STEPS
from portal.rewards.rule_steps import STEPS as RULE_STEPS
from portal.rewards.steps import AWARD_STEPS, SHARE_STEPS

PAGE = Path(__file__).parents[2] / "docs" / "records.md"
TABLES = {
    "case": CASE_STEPS,
    "rectification": RECTIFICATION_STEPS,
    "award": AWARD_STEPS,
    "share": SHARE_STEPS,
    "version of a rule": RULE_STEPS,
}


def test_every_life_cycle_is_drawn_as_its_table_is() -> None:
    drawn = {
        name: set(re.findall(r"^ +(\w+) --> (\w+) : (.+)$", body, re.MULTILINE))
        for name, body in re.findall(r'state "([\w ]+)" as \w \{\n(.*?)\n    \}', PAGE.read_text(), re.DOTALL)
    }
    assert drawn == {
        name: {
            (before.value, after.value, action.value.replace("_", " "))
            for (before, action), after in table.items()
        }
        for name, table in TABLES.items()
    }
