"""What could my report be worth: with scripts the answer follows, without them a button gives it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.journeys.journey import DESKTOP, PHONE, Journey, journey

pytestmark = [pytest.mark.journey, pytest.mark.timeout(200)]

ANSWER = "#worth-now"


@pytest.fixture(scope="module")
def begun() -> Iterator[Journey]:
    """One portal for both."""
    with journey(viewport=PHONE, locale="zh-CN") as one:
        yield one


def test_the_answer_follows_what_is_typed(begun: Journey) -> None:
    tab = begun.tab()
    tab.goes_to("/calculator")
    tab.page.check("#kind-major_hazard")
    tab.page.locator(ANSWER, has_text="3,000 至 300,000").wait_for()
    # Typed, not filled: the field stays where it is while the answer changes beside it.
    tab.page.locator("#fine_firm").press_sequentially("60000")
    tab.page.locator(ANSWER, has_text="9,000.00").wait_for()
    assert tab.page.evaluate("document.activeElement.id") == "fine_firm"
    assert tab.page.input_value("#fine_firm") == "60000"
    tab.page.locator("label", has_text="是").locator(
        "xpath=preceding-sibling::input[@name='insider']"
    ).check()
    tab.page.locator(ANSWER, has_text="10,350.00").wait_for()
    tab.look()
    assert tab.page.url.endswith("/calculator")
    tab.page.check("#kind-concealed_accident")
    tab.page.locator("#deaths_confirmed").wait_for()
    tab.look()


def test_a_button_gives_the_answer_without_scripts(begun: Journey) -> None:
    tab = begun.tab(viewport=DESKTOP, java_script_enabled=False)
    tab.goes_to("/calculator")
    tab.page.check("#kind-major_hazard")
    tab.page.fill("#fine_firm", "60000")
    tab.page.locator("main button[type=submit]").click()
    tab.look()
    assert "9,000.00" in tab.page.inner_text(ANSWER)
    assert tab.page.url.endswith("/calculator#worth")
