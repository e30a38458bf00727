"""One journey: a portal, a browser, the people with their windows, and what was found wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from playwright.sync_api import Browser

from portal.people.permissions import Role
from tests.fixtures.browser import Findings, Tab, chromium
from tests.fixtures.portal_process import RunningPortal, running_portal
from tests.journeys.steps_staff import Staff

Kind = TypeVar("Kind", bound=Staff)
PHONE = {"width": 360, "height": 800}
DESKTOP = {"width": 1280, "height": 900}


class Journey:
    """What people of one journey share."""

    def __init__(self, portal: RunningPortal, browser: Browser, **window: Any) -> None:
        self.portal, self.browser = portal, browser
        self.window = window
        self.findings = Findings()
        self.tabs: list[Tab] = []
        self.names: set[str] = set()

    def tab(self, url: str = "", **options: Any) -> Tab:
        """A browser window of somebody else."""
        opened = Tab(self.browser, url or self.portal.url, self.findings, **{**self.window, **options})
        opened.names = self.names
        self.tabs.append(opened)
        return opened

    def member(
        self, kind: type[Kind], username: str, name: str, role: Role, department: str = "", **more: str
    ) -> Kind:
        """Somebody of the staff, logged in."""
        self.names.add(username)
        staff = kind(self.tab(), self.portal.hire(username, name, role, department=department, **more))
        staff.logs_in()
        return staff

    def where_everybody_stands(self) -> str:
        """What every window shows, and the end of the portal's log: for the report of a failure."""
        shown = [
            f"--- {tab.path}\n{tab.page.inner_text('body')}" for tab in self.tabs if tab.path != "about:blank"
        ]
        log = self.portal.log.read_text(encoding="utf-8")[-3000:]
        return "\n".join([*shown, "--- log", log, "--- faults", *self.findings.lines])


@contextmanager
def journey(database_url: str = "", **window: Any) -> Iterator[Journey]:
    """Start everything for one journey; at its end every fault on any page is told."""
    with chromium() as browser, running_portal(database_url) as portal:
        portal.has_budget()
        begun = Journey(portal, browser, **window)
        try:
            yield begun
        except Exception:
            print(begun.where_everybody_stands())
            raise
        begun.findings.tell()
