"""A person's way through the Liquidation page in a real browser.

A stop typed, a crash chosen, what is left opened.
"""

import re

from playwright.sync_api import Page

from tests.browser.conftest import (
    App,
    Visit,
    drawn,
    fits,
    idle,
    metric,
    sentence,
    type_at,
    type_cell,
)


def enter(page: Page, label: str, value: str) -> None:
    """Types a number and sends it."""
    field = page.get_by_role("spinbutton", name=label)
    field.fill(value)
    field.press("Enter")
    idle(page)


def stop_at(page: Page, row: int, price: str) -> None:
    """Types into the table of price stops."""
    box = page.locator("[data-testid=stDataFrame] canvas").first.bounding_box()
    assert box is not None
    type_at(page, box["x"] + box["width"] - 40, box["y"] + 32 + 31 * row + 15, price)
    idle(page)


def test_a_stop_is_typed_and_what_is_left_goes_on_to_what_if(visit: Visit) -> None:
    page = visit("liquidation")
    assert sentence(page).startswith(
        "You would have kept nothing of $10,000.00: prices took $8,658.26"
    )
    stop_at(page, 0, "1.65")
    enter(page, "Price move (%)", "-10")
    assert sentence(page).startswith("Your stops close in time, nothing is liquidated.")
    kept = re.search(r"You would have kept (\$[\d,.]+) of", sentence(page))
    assert kept is not None
    said = sentence(page)
    page.get_by_role("link", name="Continue in What if").click()
    page.wait_for_url(re.compile(r"/\?.*p=FET_long"))
    drawn(page)
    assert metric(page, "Margin balance") == kept[1]
    assert page.get_by_text("The baseline is the account before.").is_visible()
    page.go_back()
    page.wait_for_url(re.compile(r"/liquidation$"))
    drawn(page)
    assert sentence(page) == said, "one step back is the account before, with its stop"
    page.go_forward()
    page.wait_for_url(re.compile(r"/\?.*p=FET_long"))
    drawn(page)
    assert metric(page, "Margin balance") == kept[1]


def test_an_edited_account_goes_through_a_past_day_and_comes_back_as_it_was(visit: Visit) -> None:
    page = visit()
    type_cell(page, "Size", 0, "20000")
    idle(page)
    edited = sentence(page)
    page.get_by_role("link", name="Liquidation").click()
    page.wait_for_url(re.compile(r"/liquidation\?"))
    drawn(page)
    page.get_by_text("A crash day").click()
    idle(page)
    title = page.locator(".js-plotly-plot .gtitle").text_content()
    assert re.search(r"Liquidation from [\d.]+% of the\s?way on", title or "")
    page.get_by_role("link", name="What if", exact=True).click()
    page.wait_for_url(re.compile(r":\d+/\?"))
    drawn(page)
    assert sentence(page) == edited


def test_on_a_phone_it_needs_no_sideways_scrolling_and_the_chart_stands_before_the_settings(
    app: App, phone: Page
) -> None:
    phone.goto(f"{app.url}/liquidation")
    drawn(phone)
    assert fits(phone)
    selectors = (
        "[data-testid=stMarkdownContainer] strong",
        ".js-plotly-plot",
        "[data-testid=stDataFrame]",
    )
    tops = [
        phone.locator(each).first.evaluate("found => found.getBoundingClientRect().top")
        for each in selectors
    ]
    assert tops == sorted(tops)
