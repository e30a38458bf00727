"""What officials do with a city's reward rule: upload, check, try, put in force."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from tests.journeys.steps_staff import Staff


class RuleOfficial(Staff):
    """Somebody who may upload rules, or put those of others in force."""

    def uploads(self, file: Path) -> str:
        """Have a file checked, keep it as a draft; returns the address of the version."""
        self.tab.goes_to("/desk/rules/new")
        self.tab.page.set_input_files("#file", str(file))
        self.tab.page.locator('main button[value="check"]').click()
        self.tab.look()
        self.tab.page.locator('main button[value="keep"]').click()
        self.tab.look()
        assert re.fullmatch(r"/desk/rules/\d+", self.tab.path), self.tab.text
        return self.tab.path

    def is_refused(self, text: str, *sentences: str) -> None:
        """Send a text that is not right; the sentences say where, and the text stays."""
        self.tab.goes_to("/desk/rules/new")
        self.tab.page.locator("#text").fill(text)
        with self.tab.refused(422):
            self.tab.page.locator('main button[value="keep"]').click()
            self.tab.look()
        self.tab.reads(*sentences)
        assert self.tab.page.locator("#text").input_value().strip() == text.strip()

    def says_it_is_checked(self, version: str) -> None:
        self.tab.goes_to(version)
        self.tab.page.locator('form[action$="/check"] button').click()
        self.tab.look()

    def compares(self, version: str) -> None:
        self.tab.goes_to(f"{version}/changes")

    def tries(self, version: str) -> None:
        """Try a version on the last year; the page follows the job by itself."""
        self.tab.goes_to(f"{version}/simulation")
        self.tab.page.locator('form[action$="/simulation"] button').click()
        self.tab.look()
        self.tab.page.wait_for_selector("#trial:not(:has(progress)) h2#sums")
        self.tab.look()

    def puts_in_force(self, version: str, sectors: Sequence[str]) -> None:
        """Put a version in force from today, in these sectors and no others."""
        self.tab.goes_to(f"{version}/enforce")
        self.tab.chooses(reach="some")
        for box in self.tab.page.locator('main input[name="sector"]').all():
            box.set_checked(box.get_attribute("value") in sectors)
        self.sends_and_proves()
        assert self.tab.path == version, self.tab.text
