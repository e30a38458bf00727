"""What the identity officer, finance and the cashier do; none of them sees the report."""

from __future__ import annotations

from tests.journeys.steps_staff import Staff


class IdentityOfficer(Staff):
    """Who says yes or no about a reporter."""

    def answers(self, number: str, *, real_name: str, employee: str, reason: str) -> None:
        """Open the name and answer both questions."""
        self.tab.goes_to("/desk/identity")
        self.tab.reads(number)
        self.tab.goes_to(f"/desk/identity/{number}")
        self.tab.page.locator('form[action$="/name"] button').click()
        self.tab.look()
        self.proves_if_asked()
        self.tab.chooses(real_name=real_name, employee=employee)
        self.tab.fills(real_name_reason=reason, employee_reason=reason)
        self.sends_and_proves()


class Finance(Staff):
    """Who approves."""

    def finds_award(self) -> str:
        """The number of the only award that waits."""
        self.tab.goes_to("/desk/awards")
        return self.tab.page.locator("main table.grid a.num").first.inner_text()

    def opens_award(self, award: str) -> None:
        self.tab.goes_to(f"/desk/awards/{award}")

    def approves(self, award: str) -> None:
        self.opens_award(award)
        self.tab.page.locator('main button[value="approve"]').click()
        self.tab.look()
        self.proves_if_asked()

    def fund_figures(self) -> list[str]:
        """Total, paid out, reserved, available."""
        self.tab.goes_to("/desk/fund")
        return self.tab.page.locator("main dl.figs dd").all_inner_texts()


class Cashier(Staff):
    """Who pays."""

    def opens_payee(self, award: str) -> None:
        self.tab.goes_to("/desk/payouts")
        self.tab.reads(award)
        self.tab.goes_to(f"/desk/payouts/{award}")
        self.tab.page.locator('form[action$="/payee"] button').click()
        self.tab.look()
        self.proves_if_asked()

    def records_payment(self, reference: str, day: str) -> None:
        self.tab.chooses(state="paid")
        self.tab.fills(reference=reference, paid_on=day)
        self.tab.page.locator('main form:has([name="reference"]) button[type="submit"]:visible').click()
        self.tab.look()
        self.proves_if_asked()
