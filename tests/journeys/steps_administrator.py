"""What the administrator does: accounts for the others."""

from __future__ import annotations

from collections.abc import Sequence

from tests.fixtures.portal_process import Credentials
from tests.journeys.steps_staff import Staff


class Administrator(Staff):
    """Who makes accounts and sees no report."""

    def makes_account(
        self, name: str, username: str, roles: Sequence[str], department: str, certificate: str = ""
    ) -> Credentials:
        """Make an account; returns the link that is handed over, which is shown once."""
        self.tab.goes_to("/desk/people/new")
        self.tab.fills(name=name, username=username, certificate_number=certificate)
        self.tab.page.select_option('select[name="department_id"]', label=department)
        for role in roles:
            self.tab.chooses(roles=role)
        self.sends_and_proves()
        address = self.tab.page.locator("main #address")
        assert address.count(), f"no account was made:\n{self.tab.text}"
        return Credentials(username, "", link=address.inner_text())

    def gives_role(self, name: str, role: str, instead_of: str) -> None:
        """Give somebody another office."""
        self.tab.goes_to("/desk/people")
        self.tab.page.get_by_role("link", name=name).first.click()
        self.tab.look()
        self.tab.page.locator(f'main input[name="roles"][value="{instead_of}"]').uncheck()
        self.tab.chooses(roles=role)
        self.sends_and_proves()
