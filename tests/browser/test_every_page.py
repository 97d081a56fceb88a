"""What holds on every page and in every section.

The rules of accessibility, and room on a phone.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import DARK, App, Visit, axe_finds_nothing, drawn, fits, idle

SECTIONS: dict[str, tuple[str, ...]] = {
    "What if": (),
    "Stress tests": ("Two-token map", "Crash days", "Custom stress"),
    "Liquidation": (),
    "Compare": ("By exchange",),
    "Import / export": (),
    "Market data": (),
}
STREAMLITS_OWN = {"rules": {"presentation-role-conflict": {"enabled": False}}}
"""What axe finds in Streamlit's file uploader, whose drop zone is only that."""


def each(page: Page, names: list[str]) -> Iterator[str]:
    """Goes from page to page and through their sections, as a person does."""
    for name in names:
        page.get_by_role("link", name=name, exact=True).click()
        page.wait_for_function("name => document.title.startsWith(name)", arg=name)
        idle(page)
        yield name
        for section in SECTIONS[name]:
            page.get_by_role("radio", name=section).click()
            idle(page)
            yield f"{name}, {section}"


@pytest.mark.parametrize("names", [list(SECTIONS)[:2], list(SECTIONS)[2:]], ids=" and ".join)
def test_axe_finds_nothing(visit: Visit, names: list[str]) -> None:
    page = visit()
    for _ in each(page, names):
        axe_finds_nothing(page, options=STREAMLITS_OWN)
    axe_finds_nothing(page, DARK)


def test_nothing_needs_sideways_scrolling_on_a_phone(app: App, phone: Page) -> None:
    phone.goto(app.url)
    drawn(phone)
    assert [name for name in each(phone, list(SECTIONS)) if not fits(phone)] == []
