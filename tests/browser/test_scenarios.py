"""A person's way through the Stress tests page in a real browser, shared shocks among it."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, drawn, idle, sentence, type_at

ACCOUNT = (
    "venue=binance&margin_mode=cross&wallet_balance=10000&p=RENDER_long_28571.4_1.75_10&p=FET_long_179291.8_0.2231_10"
    "&marks=RENDER_1.75~FET_0.2231"
)
SHOCKED = f"{ACCOUNT}&shocks=common_-0.05~maintenance_1.5&v=1"


def open_section(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name).click()
    idle(page)


def bottom(page: Page, part: str) -> float:
    """Where the last such part of the page ends, in pixels from the top of the screen."""
    box = page.locator(part).last.bounding_box()
    assert box is not None
    return box["y"] + box["height"]


def test_shared_shocks_are_there_are_edited_and_undone(visit: Visit) -> None:
    page = visit(f"scenarios?{SHOCKED}", chart=False)
    together = page.locator("strong", has_text="All together")
    expect(together).to_contain_text("margin used 16.50% → 42.55%")
    page.get_by_role("spinbutton", name="Joint move, %").fill("-20")
    page.keyboard.press("Enter")
    expect(together).to_contain_text("liquidates the account", timeout=20_000)
    idle(page)
    assert "shocks=common_-0.2~maintenance_1.5" in page.url
    page.go_back()
    expect(together).to_contain_text("42.55%", timeout=20_000)
    idle(page)
    assert "shocks=common_-0.05~maintenance_1.5" in page.url


def test_a_beta_is_typed_and_emptied_it_is_the_snapshots_again(visit: Visit) -> None:
    page = visit(f"scenarios?{ACCOUNT}&v=1")
    drawn(page)
    beta = page.get_by_test_id("glide-cell-1-0").first
    known = beta.text_content() or ""
    assert known.startswith("1.66")
    x, y = first_beta(page)
    type_at(page, x, y, "3")
    expect(beta).to_have_text("3", timeout=20_000)
    idle(page)
    page.mouse.click(x, y)
    page.wait_for_timeout(150)
    page.keyboard.press("Delete")
    expect(beta).to_have_text(known, timeout=20_000)


def first_beta(page: Page) -> tuple[float, float]:
    """Where the first token's beta to BTC stands."""
    box = page.locator("[data-testid=stDataFrame] canvas").first.bounding_box()
    assert box is not None
    return box["x"] + 140, box["y"] + 46


def test_the_first_screen_shows_the_ranking_and_the_map_answers_in_words(visit: Visit) -> None:
    page = visit(f"scenarios?{ACCOUNT}&v=1")
    assert sentence(page).startswith("Your nearest danger is everything falling 9.47% together")
    assert all(
        bottom(page, part) <= 900
        for part in ("strong", ".js-plotly-plot", "[data-testid=stDataFrame]")
    )
    open_section(page, "Two-token map")
    plot = page.locator(".js-plotly-plot .nsewdrag").first
    plot.wait_for(timeout=30_000)
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.3)
    page.mouse.move(box["x"] + box["width"] * 0.5 + 3, box["y"] + box["height"] * 0.3 + 3)
    hover = page.locator(".hoverlayer .hovertext").first
    expect(hover).to_contain_text("of equity required", timeout=10_000)
    assert re.search(r"RENDER [+−]\d", hover.text_content() or "")
