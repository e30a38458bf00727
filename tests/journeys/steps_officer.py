"""What the intake officer does with what comes in."""

from __future__ import annotations

from tests.journeys.steps_staff import Staff


class IntakeOfficer(Staff):
    """The first who looks at a report."""

    def finds_in_queue(self, number: str) -> None:
        """See the case in the queue, and by the beginning of its number."""
        self.tab.goes_to("/desk/cases")
        self.tab.reads(number)
        self.tab.goes_to(f"/desk/cases?q={number[:9]}")
        self.tab.reads(number)
        self.opens(number)

    def looks_at_pictures(self, number: str, count: int) -> None:
        """Wait for the clean copies and open the first."""
        pictures = self.tab.page.locator("main .thumbs img")
        for _try in range(60):
            self.tab.page.goto(f"{self.tab.url}/desk/cases/{number}")
            if pictures.count() == count:
                break
            self.tab.page.wait_for_timeout(250)
        assert pictures.count() == count, f"{pictures.count()} clean pictures of {count}:\n{self.tab.text}"
        self.tab.look()
        pictures.first.click()
        self.tab.look()

    def accepts(self, number: str, **corrections: str) -> None:
        self.takes_step(f"/desk/cases/{number}/accept", **corrections)

    def asks(self, number: str, question: str) -> None:
        self.takes_step(f"/desk/cases/{number}/ask", text=question)
        self.tab.reads(question)

    def refuses(self, number: str, ground: str) -> None:
        self.takes_step(f"/desk/cases/{number}/refuse", ground=ground)

    def assigns(self, number: str, department: str, officer: str) -> None:
        path = f"/desk/cases/{number}/assign"
        self.tab.goes_to(path)
        self.tab.page.select_option('select[name="department"]', label=department)
        self.chooses_person("officer", officer)
        self.tab.sends()
        assert self.tab.path != path, self.tab.text

    def merges(self, number: str, into: str, reason: str) -> None:
        self.takes_step(f"/desk/cases/{number}/merge", into=into, reason=reason)

    def unmerges(self, number: str, report: str, reason: str) -> None:
        self.takes_step(f"/desk/cases/{number}/unmerge/{report}", reason=reason)
