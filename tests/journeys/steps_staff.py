"""What everybody of the staff does: log in, and take steps on a case."""

from __future__ import annotations

import time
from dataclasses import dataclass

from tests.fixtures.browser import Tab
from tests.fixtures.portal_process import Credentials


@dataclass
class Staff:
    """Somebody of the staff, with a browser and what it takes to log in."""

    tab: Tab
    known: Credentials

    def logs_in(self) -> None:
        """Enter with user name, password and one-time code."""
        self.tab.goes_to("/desk/login")
        code, wait = self.known.next_code()
        time.sleep(wait)
        self.tab.fills(username=self.known.username, password=self.known.password, code=code)
        self.tab.sends()
        assert not self.tab.path.startswith("/desk/login"), self.tab.text

    def chooses_english(self) -> None:
        """Set the language of the account."""
        self.tab.goes_to("/desk/account")
        self.tab.page.locator('main button[name="language"][value="en"]').click()
        self.tab.look()

    def joins(self, password: str) -> None:
        """Follow the link that the administrator handed over; choose a password and set up the telephone."""
        self.tab.page.goto(self.known.link)
        # The script takes the code out of the address and sends the form by itself.
        self.tab.page.wait_for_selector('input[name="new"]')
        self.tab.look()
        assert self.tab.path == "/desk/invitation", "the code of the link stays in the address"
        self.known.secret = self.tab.page.locator("main [data-secret]").inner_text().replace(" ", "")
        code, wait = self.known.next_code()
        time.sleep(wait)
        self.tab.fills(new=password, again=password, code=code)
        self.tab.sends()
        assert self.tab.page.locator("#codes li").count() == 10, self.tab.text
        self.known.password = password
        self.tab.page.locator("main a.btn-primary").click()
        self.tab.look()

    def sends_and_proves(self) -> None:
        """Press the primary button; prove the second factor again where the step asks for it."""
        self.tab.sends()
        self.proves_if_asked()

    def proves_if_asked(self) -> None:
        """Type a new code where the portal asks for the second factor once more; the step then goes on."""
        if self.tab.page.locator('main input[name="step_up_code"]').count():
            code, wait = self.known.next_code()
            time.sleep(wait)
            self.tab.fills(step_up_code=code)
            self.tab.sends()

    def logs_out(self) -> None:
        self.tab.page.locator("form.logout button").click()
        self.tab.look()

    def opens(self, number: str) -> None:
        """Open a case."""
        self.tab.goes_to(f"/desk/cases/{number}")

    def takes_step(self, path: str, **fields: str) -> None:
        """Open a step's page, fill it in and send it; the case stands there again."""
        self.tab.goes_to(path)
        self._fills_in(fields)
        self.sends_and_proves()
        assert self.tab.path != path, f"{path} was not taken:\n{self.tab.text}"

    def _fills_in(self, fields: dict[str, str]) -> None:
        for name, value in fields.items():
            control = self.tab.page.locator(f'main [name="{name}"]:not([type="hidden"])').first
            kind = control.evaluate("c => c.localName === 'select' ? 'select' : c.type")
            if kind in ("select", "radio"):
                self.tab.chooses(**{name: value})
            else:
                control.fill(value)

    def chooses_person(self, name: str, person: str) -> None:
        """Choose somebody from a list by what it begins with."""
        option = self.tab.page.locator(f'main select[name="{name}"] option', has_text=person).first
        self.tab.chooses(**{name: str(option.get_attribute("value"))})
