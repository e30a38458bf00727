"""What the verifier does on site and at the desk."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests.journeys.steps_staff import Staff

CITY = ZoneInfo("Asia/Shanghai")


def today(days: int = 0) -> str:
    """The day in the city, some days on."""
    return (datetime.now(CITY) + timedelta(days=days)).date().isoformat()


def this_minute() -> str:
    """Day and time in the city, as a browser's field for both holds it."""
    return datetime.now(CITY).strftime("%Y-%m-%dT%H:%M")


class Verifier(Staff):
    """Who goes and looks."""

    def undertakes(self, number: str) -> None:
        self.opens(number)
        self.tab.page.locator('form[action$="/undertake"] button').click()
        self.tab.look()

    def records_check(self, number: str, officers: Sequence[tuple[str, str]], found: str) -> None:
        """Record a check on site by two officers with certificate numbers."""
        self.tab.goes_to(f"/desk/cases/{number}/site-checks/new")
        self.tab.fills(checked_on=today())
        for which, (name, certificate) in zip(("one", "two"), officers, strict=True):
            self.chooses_person(f"officer_{which}", name)
            self.tab.fills(**{f"certificate_{which}": certificate})
        self.tab.fills(found=found)
        self.tab.sends()
        self.tab.reads(found, *(certificate for _name, certificate in officers))

    def records_finding(self, number: str, kind: str, description: str) -> str:
        """Record one finding; returns its address."""
        self.takes_step(f"/desk/cases/{number}/findings/new", kind=kind, description=description)
        anchor = self.tab.page.locator("main [id^=finding-]").last.get_attribute("id") or ""
        return f"/desk/cases/{number}/findings/{re.sub(r'[^0-9]', '', anchor)}"

    def answers_the_rules_questions(self, finding: str, worth: str, **answers: str) -> None:
        """Answer what the rule set asks about a finding; the amount follows what is typed."""
        self.tab.goes_to(f"{finding}/facts")
        for name, value in answers.items():
            control = self.tab.page.locator(f'main [name$="fact-{name}"]')
            kind = control.first.evaluate("c => c.localName === 'select' ? 'select' : c.type")
            if kind == "select":
                control.first.select_option(value)
            elif kind == "radio":
                self.tab.page.locator(f'main [name$="fact-{name}"][value="{value}"]').check()
            else:
                control.first.fill(value)
        self.tab.page.wait_for_selector(f'#award-now:has-text("{worth}")')
        self.tab.sends()
        assert self.tab.path != f"{finding}/facts", self.tab.text

    def records_penalty(self, finding: str, decision: str, **parts: str) -> None:
        """Record the parts of one penalty, on firm, person, confiscated."""
        path = f"{finding}/penalties"
        self.tab.goes_to(path)
        for index, (part, amount) in enumerate(parts.items()):
            self.tab.chooses(**{f"row{index}-part": part})
            self.tab.fills(**{f"row{index}-amount": amount})
        self.tab.fills(**{"row0-decision_number": decision, "row0-decided_on": today()})
        self.tab.sends()
        assert self.tab.path != path, self.tab.text

    def records_no_penalty(self, finding: str, reason: str) -> None:
        self.takes_step(f"{finding}/no-penalty", reason=reason)

    def orders_rectification(
        self, finding: str, *, responsible: str, measures: str, funds: str, plan: str
    ) -> None:
        self.takes_step(
            f"{finding}/rectification",
            responsible=responsible,
            measures=measures,
            funds=funds,
            deadline=today(20),
            contingency=plan,
        )

    def carries_rectification(self, finding: str, action: str, **fields: str) -> None:
        self.takes_step(f"{finding}/rectification/{action}", **fields)

    def concludes(self, number: str, conclusion: str, note: str) -> None:
        self.takes_step(f"/desk/cases/{number}/conclude", conclusion=conclusion, note=note)

    def answers(self, number: str, text: str = "") -> None:
        """Answer the reporter, with the draft as it stands or with words of one's own."""
        path = f"/desk/cases/{number}/answer"
        self.tab.goes_to(path)
        if text:
            self.tab.fills(answer=text)
        self.tab.sends()
        assert self.tab.path != path, self.tab.text

    def chooses_amount(self, number: str, amount: str, reason: str) -> None:
        """Choose an amount inside the band, with a reason."""
        path = f"/desk/cases/{number}/award"
        self.tab.goes_to(path)
        self.tab.page.locator('main input[name^="amount_"]').fill(amount)
        self.tab.fills(reason=reason)
        self.tab.sends()
        assert self.tab.path != path, self.tab.text
