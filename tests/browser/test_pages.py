"""A person's way through the further pages and live data, in a real browser."""

import re

import pytest
from playwright.sync_api import Page

from margin import formatting as wording
from margin.studies.account.assess import assess
from tests.browser.conftest import Live, Visit, drawn, idle, metric, sentence, type_cell, until
from tests.replay.figures import ADDRESS

PAGES = {"What if": "", "Import / export": "positions", "Market data": "data"}


def badge(page: Page) -> str:
    """Which data the page says it shows."""
    return page.locator(".stMarkdownBadge", has_text="Marks:").first.inner_text()


def test_live_data_is_switched_on_and_todays_marks_are_taken_when_asked(
    live: Live, visit_live: Visit
) -> None:
    page = visit_live()
    assert live.replay.asked == []
    live.book.marks.update(RENDER=1.8, FET=0.23)
    page.get_by_text("Live data").click()
    until(page, "button:has-text('Refresh mark prices')")
    assert metric(page, "Margin balance") == "$10,000.00"
    page.get_by_role("button", name="Refresh mark prices").click()
    until(page, "text=The baseline is the account before")
    assert badge(page).startswith("Marks: Binance, live, ")
    assert metric(page, "Margin balance") == "$12,665.68"
    assert {asked.host for asked in live.replay.asked} == {"fapi.binance.com"}
    assert not live.app.log.exists() or "binance" not in live.app.log.read_text()


def test_an_edited_account_goes_along_from_page_to_page_and_back(visit_live: Visit) -> None:
    page = visit_live()
    drawn(page)
    type_cell(page, "Size", 0, "20000")
    idle(page)
    edited = sentence(page)
    for name in ("Market data", "Import / export", "What if"):
        page.get_by_role("link", name=name).click()
        page.wait_for_url(re.compile(rf"/{PAGES[name]}\?"))
        idle(page)
    drawn(page)
    assert sentence(page) == edited
    type_cell(page, "Size", 1, "100000")
    idle(page)
    assert "p=RENDER_long_20000_1.75_10&p=FET_long_100000" in page.url


@pytest.mark.parametrize("path", ["positions", "data"])
def test_a_further_page_opens_first_in_a_new_tab_with_its_scenario(
    visit_live: Visit, path: str
) -> None:
    page = visit_live(
        f"{path}?venue=okx&margin_mode=cross&wallet_balance=10000&p=TAO_long_100_255_5&marks=TAO_255&title=Mine&v=1"
    )
    assert page.get_by_text("Mine", exact=True).is_visible()
    page.get_by_role("link", name="What if").click()
    drawn(page)
    assert sentence(page).startswith("If TAO falls")


def test_a_pasted_table_becomes_the_positions(visit_live: Visit) -> None:
    page = visit_live("positions")
    page.get_by_role("textbox", name="Paste a table").fill(
        "Symbol,Side,Size,Entry,Leverage\nTAOUSDT,sell,10,255,5x"
    )
    page.keyboard.press("Control+Enter")
    idle(page)
    page.get_by_role("button", name="Import positions").click()
    page.wait_for_url("**/?*")
    drawn(page)
    assert page.get_by_text("Imported 1 position.").is_visible()
    assert sentence(page).startswith("If TAO rises")


def test_a_wallet_is_read_compared_and_taken_over(live: Live, visit_live: Visit) -> None:
    page = visit_live("positions?venue=hyperliquid&margin_mode=cross&wallet_balance=1&v=1")
    page.get_by_role("tab", name="API key or address").click()
    page.get_by_label("Wallet address").fill(ADDRESS)
    page.get_by_role("button", name="Read the account").click()
    until(page, "text=Every figure agrees within 1%")
    page.get_by_role("button", name="Import account").click()
    until(page, "text=Imported from Hyperliquid: 4 positions.")
    assert ADDRESS not in page.url
    drawn(page)
    equity = assess(live.book.scenario("hyperliquid")).equity
    assert metric(page, "Margin balance") == wording.money(equity)
