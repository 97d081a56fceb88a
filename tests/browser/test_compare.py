"""A person's way through the Compare page in a real browser."""

import re

from playwright.sync_api import Page

from tests.browser.conftest import App, Visit, drawn, idle, sentence, type_at


def type_margin(page: Page, row: int, text: str) -> None:
    """Types into the isolated margin of a position: the second table of the page."""
    box = (
        page.locator("[data-testid=stDataFrame] canvas[data-testid=data-grid-canvas]")
        .nth(1)
        .bounding_box()
    )
    assert box is not None
    type_at(page, box["x"] + 0.5 * box["width"], box["y"] + 32 + 35 * row + 15, text)
    idle(page)


def test_a_margin_is_typed_the_mode_taken_over_and_back_undoes_it(visit: Visit) -> None:
    page = visit("compare")
    assert sentence(page).startswith("Cross is liquidated by a joint fall of 9.47%")
    type_margin(page, 0, "5800")
    assert "at most $9,800.00 from here: $200.00 stays safe" in sentence(page)
    assert "p=RENDER_long_28571.428571428572_1.75_10_5800" in page.url
    page.get_by_role("button", name="Switch to isolated").click()
    page.wait_for_selector("text=The baseline stays as it was")
    idle(page)
    assert "margin_mode=isolated" in page.url
    page.get_by_role("link", name="What if").click()
    drawn(page)
    assert sentence(page).startswith(
        "If RENDER and FET fall 8.35% together, the first position is liquidated."
    )
    page.go_back()
    page.wait_for_url(re.compile("/compare"))
    idle(page)
    assert "margin_mode=isolated" in page.url


def test_the_venues_are_compared_and_one_is_taken_over(visit: Visit) -> None:
    page = visit(
        "compare?venue=binance&margin_mode=cross&wallet_balance=10000&p=RENDER_long_20000_1.75_5&marks=RENDER_1.75&v=1"
    )
    page.get_by_text("By exchange", exact=True).click()
    page.wait_for_selector("text=Take this venue over")
    idle(page)
    assert "274 days apart" in sentence(page)
    page.get_by_role("button", name="OKX", exact=True).click()
    page.wait_for_selector("text=Binance → OKX")
    idle(page)
    assert "venue=okx" in page.url
    assert page.get_by_text("Take this venue over").is_visible()


def test_on_a_phone_a_tables_tools_cover_no_words(app: App, phone: Page) -> None:
    phone.goto(f"{app.url}/compare")
    drawn(phone)
    phone.get_by_text("By exchange", exact=True).click()
    phone.wait_for_selector("text=Take this venue over")
    idle(phone)
    tools = phone.get_by_test_id("stElementToolbar").first.bounding_box()
    said = phone.locator("[data-testid=stMarkdownContainer] strong").first.bounding_box()
    assert tools
    assert said
    assert tools["y"] >= said["y"] + said["height"], "a table's tools cover no words"
