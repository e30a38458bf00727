"""What a citizen does: files a report, comes back with the code, answers, claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.fixtures.browser import Tab
from tests.fixtures.portal_process import ANSWER


@dataclass(frozen=True)
class Told:
    """What somebody wants to report."""

    category: str
    situation: str
    narrative: str
    subject_name: str
    district: str
    address: str
    happened: str = ""
    danger_now: str = "ongoing"


@dataclass(frozen=True)
class Identity:
    """How somebody wants to report; without a name it is anonymous."""

    name: str = ""
    telephone: str = ""
    email: str = ""
    works_there: bool = False
    alert_channel: str = ""
    alert_address: str = ""

    @property
    def way(self) -> str:
        return "real" if self.name else "anonymous"


@dataclass
class Citizen:
    """Somebody with a browser and, once the report is filed, with a receipt code on paper."""

    tab: Tab
    code: str = ""
    numbers: list[str] = field(default_factory=list)

    def files_a_report(self, told: Told, who: Identity, photos: Sequence[Path] = ()) -> str:
        """Go through the seven screens of the form; returns the number of the report."""
        self.tab.goes_to("/")
        self.tab.goes_to("/report")
        self.says_what(told)
        self.tab.sends()
        self.says_where(told)
        self.tab.sends()
        if photos:
            self.tab.page.set_input_files("#files", [str(photo) for photo in photos])
            self.waits_for_files()
        self.tab.sends()
        self.says_when(told)
        self.tab.sends()
        self.says_who(who)
        self.tab.sends()
        self.wants_alerts(who)
        self.tab.sends()
        self.tab.ticks("consent")
        self.tab.page.wait_for_selector("img.challenge:visible")
        self.tab.fills(challenge_answer=ANSWER.lower())
        self.tab.sends()
        return self.keeps_the_receipt()

    def waits_for_files(self) -> None:
        """Until each chosen file is here."""
        self.tab.page.wait_for_selector("[data-list] .file")
        self.tab.page.wait_for_function(
            "() => [...document.querySelectorAll('[data-list] progress')].every(bar => bar.hidden)"
        )

    def says_all(self, told: Told, who: Identity) -> None:
        """Fill in the long page of a browser without script."""
        self.says_what(told)
        self.says_where(told)
        self.says_when(told)
        self.says_who(who)
        self.wants_alerts(who)

    def says_what(self, told: Told) -> None:
        self.tab.fills(narrative=told.narrative)
        self.tab.chooses(category=told.category, situation=told.situation)

    def says_where(self, told: Told) -> None:
        self.tab.fills(subject_name=told.subject_name, address=told.address)
        self.tab.page.select_option("#district", label=told.district)

    def says_when(self, told: Told) -> None:
        self.tab.chooses(danger_now=told.danger_now)
        self.tab.fills(happened=told.happened)
        if told.danger_now == "now":
            self.tab.ticks("safe")

    def says_who(self, who: Identity) -> None:
        self.tab.chooses(identity=who.way)
        if who.name:
            self.tab.fills(name=who.name, telephone=who.telephone, email=who.email)
        if who.works_there:
            self.tab.ticks("works_there")

    def wants_alerts(self, who: Identity) -> None:
        page = self.tab.page
        page.locator(f'main [name="alert_channel"][value="{who.alert_channel}"]').check()
        if who.alert_channel:
            self.tab.fills(alert_address=who.alert_address)

    def keeps_the_receipt(self) -> str:
        """Note code and number, as they stand on the receipt page."""
        page = self.tab.page
        groups = page.locator("#receipt-code li").all_inner_texts()
        assert [len(group) for group in groups] == [5] * 5, f"no receipt on {self.tab.path}:\n{self.tab.text}"
        self.code = "-".join(groups)
        number = page.locator('main b[translate="no"]').last.inner_text()
        self.numbers.append(number)
        assert self.code not in page.url
        return number

    def copies_the_code(self) -> None:
        """Press the copy button; the clipboard holds the code."""
        self.tab.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=self.tab.url)
        self.tab.page.locator("[data-copy]").click()
        assert self.tab.page.evaluate("() => navigator.clipboard.readText()") == self.code

    def comes_back(self) -> None:
        """Clear everything, come again, type the code in small letters with spaces."""
        self.tab.context.clear_cookies()
        self.tab.speaks()
        self.tab.goes_to("/track")
        self.tab.fills(code=" " + self.code.lower().replace("-", " "))
        self.tab.sends()
        assert self.tab.path.startswith("/track/report"), f"the code did not open:\n{self.tab.text}"

    def answers(self, text: str) -> None:
        """Write to the office."""
        self.tab.fills(message=text)
        self.tab.page.locator('form:has([name="once"]) button[type="submit"]').click()
        self.tab.look()
        self.tab.reads(text)

    def adds_a_file(self, file: Path) -> None:
        """Send one more file."""
        self.tab.goes_to("/track/files")
        self.tab.page.set_input_files("#files", str(file))
        if self.tab.has_script:
            self.tab.page.locator("[data-when-here]:visible").click()
            self.tab.look()
        else:
            self.tab.sends()

    def claims(self, holder: str, bank: str, account: str) -> None:
        """Give the account, with the code once more."""
        self.tab.page.locator('main a.btn-primary[href="/track/claim"]').click()
        self.tab.look()
        self.tab.fills(holder=holder, bank=bank, account=account, code=self.code)
        self.tab.ticks("consent")
        self.tab.sends()
        assert self.tab.path != "/track/claim", f"the claim was not taken:\n{self.tab.text}"

    def withdraws(self) -> None:
        """Take the report back."""
        self.tab.goes_to("/track/withdraw")
        self.tab.page.locator('main form[action="/track/withdraw"] button').click()
        self.tab.look()
