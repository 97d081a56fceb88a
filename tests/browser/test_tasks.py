"""Ten things that people come for, each within as many clicks as it may take."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page

from tests.browser.conftest import Visit, drawn, idle, metric, until
from tests.pages.visitor import WORKED_EXAMPLE


class Hand:
    """A hand on the mouse that counts its clicks."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0

    def click(self, what: Locator) -> None:
        what.click()
        self.clicks += 1
        idle(self.page)

    def button(self, name: str) -> None:
        self.click(self.page.get_by_role("button", name=name, exact=True))

    def replace(self, text: str) -> None:
        """Types over what the field holds."""
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text, delay=20)
        self.page.keyboard.press("Enter")
        idle(self.page)


def change_a_size(hand: Hand) -> None:
    hand.click(hand.page.get_by_label("Size, row 1", exact=True))
    hand.replace("20k")
    assert "p=RENDER_long_20000_1.75_10" in hand.page.url


def change_leverage(hand: Hand) -> None:
    hand.click(hand.page.get_by_label("Leverage, row 1", exact=True))
    hand.replace("20")
    assert metric(hand.page, "Available") == "$3,500.00"


def change_the_exchange(hand: Hand) -> None:
    hand.click(hand.page.get_by_role("combobox", name="Exchange"))
    hand.click(hand.page.get_by_role("option", name="Hyperliquid"))
    assert "venue=hyperliquid" in hand.page.url


def change_the_mode(hand: Hand) -> None:
    hand.click(hand.page.get_by_role("radio", name="Isolated"))
    assert "margin_mode=isolated" in hand.page.url


def move_everything_by_ten_per_cent(hand: Hand) -> None:
    hand.button("−10%")
    assert "move=-0.1" in hand.page.url
    assert hand.page.get_by_role("status").inner_text().startswith("Liquidated")


def see_a_crash_day(hand: Hand) -> None:
    hand.click(hand.page.get_by_role("link", name="Stress tests"))
    hand.click(hand.page.get_by_role("radio", name="Crash days"))
    until(hand.page, "text=2025-10-10")


def see_what_funding_costs(hand: Hand) -> None:
    hand.click(hand.page.get_by_role("link", name="Market data"))
    until(hand.page, "text=a day at Binance's median rate")


def share(hand: Hand) -> None:
    hand.button("−5%")
    hand.clicks = 0
    hand.click(hand.page.get_by_text("Share and save"))
    assert hand.page.locator("[data-testid=stCode]").first.inner_text() == hand.page.url


def undo(hand: Hand) -> None:
    hand.button("−10%")
    hand.clicks = 0
    hand.button("Reset")
    assert metric(hand.page, "Margin used") == "16.50%"
    assert hand.page.locator(".st-key-verdict").inner_text() == WORKED_EXAMPLE


def import_positions(hand: Hand) -> None:
    hand.click(hand.page.get_by_role("link", name="Import / export"))
    hand.click(hand.page.get_by_role("textbox", name="Paste a table"))
    hand.page.keyboard.insert_text("Symbol,Side,Size,Entry,Leverage\nTAOUSDT,sell,10,255,5x")
    hand.page.keyboard.press("Control+Enter")
    idle(hand.page)
    hand.button("Import positions")
    hand.page.wait_for_url("**/?*")
    drawn(hand.page)
    assert metric(hand.page, "Margin balance") == "$9,822.90"


@pytest.mark.parametrize(
    ("task", "most"),
    [
        (change_a_size, 1),
        (change_leverage, 1),
        (change_the_exchange, 2),
        (change_the_mode, 1),
        (move_everything_by_ten_per_cent, 1),
        (see_a_crash_day, 2),
        (see_what_funding_costs, 2),
        (share, 1),
        (undo, 1),
        (import_positions, 3),
    ],
)
def test_a_common_task_takes_few_clicks(
    visit: Visit, task: Callable[[Hand], None], most: int
) -> None:
    hand = Hand(visit())
    task(hand)
    assert hand.clicks <= most
