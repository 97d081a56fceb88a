"""A person's way through the app, in a real browser against a real server process."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import App, Visit, cell, drawn, fits, idle, metric, sentence, type_cell

WORKED_EXAMPLE = (
    "If RENDER and FET fall 9.47% together, the whole account is liquidated. "
    "Alone, RENDER would have to fall 17.04%, FET 21.30%."
)


def slide(page: Page, steps: int) -> None:
    """Moves the common-move slider by the keyboard."""
    thumb = page.get_by_role("slider").first
    thumb.focus()
    for _ in range(abs(steps)):
        page.keyboard.press("ArrowLeft" if steps < 0 else "ArrowRight")
    idle(page)


def test_a_newcomer_reads_the_worked_example_without_scrolling(visit: Visit) -> None:
    page = visit()
    assert sentence(page) == WORKED_EXAMPLE
    shown = [metric(page, label) for label in ("Margin used", "Margin balance", "Available")]
    assert shown == ["16.50%", "$10,000.00", "$1,000.00"]
    assert page.get_by_role("status").inner_text().startswith("−9.47%")
    for selector in (".tandem-positions table", ".js-plotly-plot .gtitle"):
        box = page.locator(selector).first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 900
    assert page.url.endswith("/"), "an untouched page does not write its address"


def test_on_a_phone_the_order_is_answer_figures_positions_slider_chart(
    app: App, phone: Page
) -> None:
    phone.goto(app.url)
    drawn(phone)
    tops = [
        phone.locator(selector).first.evaluate("element => element.getBoundingClientRect().top")
        for selector in (
            ".tandem-hero b",
            "[data-testid=stMetric]",
            ".tandem-positions",
            "[data-testid=stMain] input[type=range]",
            ".js-plotly-plot",
        )
    ]
    assert tops == sorted(tops)
    assert fits(phone)


def test_an_edited_size_and_a_moved_slider_change_the_figures_and_the_link_carries_them(
    visit: Visit, browser: Browser
) -> None:
    page = visit()
    type_cell(page, "Size", 0, "20000")
    idle(page)
    after_edit = sentence(page)
    assert after_edit != WORKED_EXAMPLE
    assert metric(page, "Margin used") != "16.50%"
    slide(page, -4)
    assert "from here" in sentence(page)
    page.get_by_text("Share and save").click()
    idle(page)
    link = page.locator("[data-testid=stCode]").first.inner_text()
    assert link == page.url
    stranger = browser.new_context()
    received = stranger.new_page()
    received.goto(link)
    drawn(received)
    assert sentence(received) == sentence(page)
    assert metric(received, "Margin balance") == metric(page, "Margin balance")
    stranger.close()


def test_four_quick_edits_are_all_kept(visit: Visit) -> None:
    page = visit()
    edits = [
        ("Size", 0, "20000"),
        ("Entry", 1, "0.25"),
        ("Size", 1, "100000"),
        ("Leverage", 0, "12"),
    ]
    for column, row, text in edits:
        type_cell(page, column, row, text)
    idle(page)
    assert [cell(page, column, row) for column, row, _ in edits] == [text for _, _, text in edits]
    assert "p=RENDER_long_20000_1.75_12&p=FET_long_100000_0.25_10" in page.url


def test_a_slider_moved_faster_than_the_app_answers_keeps_every_step(visit: Visit) -> None:
    page = visit()
    slide(page, -5)
    page.wait_for_timeout(1_000)
    idle(page)
    assert page.get_by_role("slider").first.get_attribute("aria-valuetext") == "−1.25%"
    assert "move=-0.0125&" in page.url
    assert "8.32% together from here" in sentence(page)


def test_back_undoes_and_forward_redoes(visit: Visit) -> None:
    page = visit()
    type_cell(page, "Size", 0, "20000")
    idle(page)
    edited = sentence(page)
    page.go_back()
    idle(page)
    assert sentence(page) == WORKED_EXAMPLE
    assert cell(page, "Size", 0).startswith("28571.4")
    page.go_forward()
    idle(page)
    assert sentence(page) == edited
    assert cell(page, "Size", 0) == "20000"


def test_back_brings_the_baseline_and_the_lesson_along(visit: Visit) -> None:
    page = visit()
    for name in ("Lesson: cross against isolated", "Lesson: leverage changes nothing"):
        page.get_by_role("button", name="Examples").click()
        page.get_by_role("button", name=name).click()
        idle(page)
    assert page.get_by_text("Leverage changes nothing here").is_visible()
    page.go_back()
    idle(page)
    expect(page.get_by_text("Cross against isolated: the same positions")).to_be_visible()
    page.go_back()
    idle(page)
    assert sentence(page) == WORKED_EXAMPLE
    assert page.get_by_text("unchanged").count() == 3


def test_the_brink_is_the_liquidation_point_and_reset_leads_back(visit: Visit) -> None:
    page = visit()
    page.get_by_role("button", name="Move to liquidation", exact=True).click()
    idle(page)
    assert "at the liquidation point" in sentence(page)
    assert metric(page, "Margin used") == "100.00%"
    page.get_by_role("button", name="Reset", exact=True).click()
    idle(page)
    assert sentence(page) == WORKED_EXAMPLE


def test_a_row_that_makes_no_sense_is_told_and_nothing_typed_is_lost(visit: Visit) -> None:
    page = visit()
    type_cell(page, "Size", 1, "-5")
    idle(page)
    told = page.locator(".tandem-positions .fault:visible")
    assert told.inner_text() == "Size must be a positive number, got -5."
    assert page.get_by_label("Size, row 2").get_attribute("aria-invalid") == "true"
    assert cell(page, "Size", 1) == "-5"
    assert sentence(page).startswith("If RENDER falls")


def test_a_hostile_link_is_one_clear_sentence(visit: Visit) -> None:
    page = visit(
        "?v=1&venue=binance&margin_mode=cross&wallet_balance=%3Cscript%3Ealert(1)%3C/script%3E&p=x"
    )
    assert (
        "This link cannot be read. wallet_balance: must be a number"
        in page.get_by_role("alert").first.inner_text()
    )
    assert sentence(page) == WORKED_EXAMPLE


def test_title_and_note_of_a_link_are_plain_text_and_load_nothing(
    visit: Visit, context: BrowserContext
) -> None:
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    markup = "![x](http://example.invalid/x) <img src=http://example.invalid/y> :red[z]"
    query = f"?v=1&venue=binance&margin_mode=cross&wallet_balance=100&title={markup}&note={markup}"
    page = context.new_page()
    page.goto(visit().url.split("?")[0] + query)
    page.wait_for_selector("[data-testid=stText]")
    assert page.locator("[data-testid=stText]").first.inner_text() == markup
    assert not [url for url in asked if "example.invalid/" in url and "title=" not in url]


def test_no_request_leaves_for_another_host(app: App, browser: Browser) -> None:
    context = browser.new_context()
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.goto(app.url)
    drawn(page)
    slide(page, -2)
    page.get_by_role("button", name="Move to liquidation", exact=True).click()
    idle(page)
    hosts = {
        re.sub(r"^\w+://([^/]*).*", r"\1", url)
        for url in asked
        if not url.startswith(("data:", "blob:"))
    }
    assert hosts == {f"localhost:{app.port}"}
    assert not app.log.exists(), app.log.read_text()
    context.close()


def test_a_server_restart_under_an_open_page_keeps_the_scenario(
    browser: Browser, tmp_path: Path
) -> None:
    own = App(tmp_path / "outbound")
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    try:
        page.goto(own.url)
        drawn(page)
        type_cell(page, "Size", 0, "20000")
        idle(page)
        edited = sentence(page)
        own.stop()
        page.wait_for_selector(
            "[data-testid=stApp]:not([data-test-connection-state=CONNECTED])", timeout=60_000
        )
        own.start()
        page.wait_for_selector(
            "[data-testid=stApp][data-test-connection-state=CONNECTED]", timeout=60_000
        )
        idle(page)
        slide(page, -1)  # The new process meets this page for the first time and reads its address.
        assert sentence(page) == edited
        assert cell(page, "Size", 0) == "20000"
        slide(page, -1)
        assert "from here" in sentence(page)
        assert "p=RENDER_long_20000_" in page.url
        context.close()
    finally:
        own.stop()


def test_a_link_opened_as_the_first_thing_in_a_fresh_process_is_read(
    browser: Browser, tmp_path: Path
) -> None:
    own = App(tmp_path / "outbound")
    context = browser.new_context()
    page = context.new_page()
    try:
        page.goto(
            f"{own.url}/?v=1&venue=okx&margin_mode=cross&wallet_balance=10000"
            "&p=RENDER_long_10000_1.75_5&marks=RENDER_1.75"
        )
        drawn(page)
        assert sentence(page).startswith("If RENDER falls")
        assert page.get_by_role(
            "combobox", name="Exchange"
        ).first.input_value() == "OKX" or "OKX" in page.inner_text("body")
        context.close()
    finally:
        own.stop()


def test_tabs_opened_at_once_each_keep_their_own_scenario(
    app: App, context: BrowserContext
) -> None:
    sizes = (1, 2, 3)
    pages = {size: context.new_page() for size in sizes}
    for size, page in pages.items():
        page.goto(
            f"{app.url}/?v=1&venue=binance&margin_mode=cross&wallet_balance={size}000"
            "&p=RENDER_long_1000_1.75_5&marks=RENDER_1.75",
            wait_until="commit",
        )
    for page in pages.values():
        drawn(page)
    assert [metric(page, "Margin balance") for page in pages.values()] == [
        f"${size},000.00" for size in sizes
    ]


@pytest.mark.parametrize("delay", [0, 100], ids=["at once", "slow"])
def test_nothing_typed_is_lost_after_a_click_from_a_number_field(visit: Visit, delay: int) -> None:
    page = visit()
    for size in ("1001", "1002", "1003"):
        page.get_by_role("spinbutton", name="Wallet balance").fill("9000")
        page.get_by_label("Size, row 2").click()
        page.keyboard.type(size, delay=delay)
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.type("0.3", delay=delay)
        page.get_by_role("spinbutton", name="Wallet balance").fill("9500")
        page.keyboard.press("Tab")
        assert (cell(page, "Size", 1), cell(page, "Entry", 1)) == (size, "0.3")
    idle(page)
    assert "p=FET_long_1003_0.3_10" in page.url
    assert "wallet_balance=9500" in page.url


def test_fifty_rows_are_typed_in_by_the_keyboard_and_each_has_its_results(visit: Visit) -> None:
    page = visit("?venue=textbook&margin_mode=cross&wallet_balance=100000&v=1")
    for row in range(50):
        page.get_by_role("button", name="Add position").click()
        page.keyboard.type(f"T{row}")
        for text in ("", "10", "", "2", "2", "5"):
            page.keyboard.press("Tab")
            if text:
                page.keyboard.type(text)
    page.keyboard.press("Tab")
    page.wait_for_function("() => location.search.split('&p=T').length === 51")
    page.wait_for_selector(".tandem-positions tr.stale", state="detached")
    assert page.locator(".tandem-positions .value").all_inner_texts() == ["$20.00"] * 50


def test_a_row_is_flipped_duplicated_and_removed_where_it_stands(visit: Visit) -> None:
    page = visit()
    page.get_by_role("button", name="Flip row 2").click()
    idle(page)
    assert "p=FET_short_" in page.url
    page.get_by_role("button", name="Duplicate row 1").click()
    idle(page)
    told = page.locator(".tandem-positions .fault:visible").first
    assert "RENDER long is in row 1 already" in told.inner_text()
    page.get_by_role("button", name="Remove row 2").click()
    idle(page)
    assert page.locator(".tandem-positions .fault:visible").count() == 0
    assert page.url.count("&p=") == 2


def test_unfinished_rows_outlast_another_page_and_back(visit: Visit) -> None:
    page = visit()
    page.get_by_role("button", name="Add position").click()
    page.keyboard.type("TAO")
    page.keyboard.press("Tab")
    idle(page)
    page.get_by_role("link", name="Compare").click()
    page.wait_for_url("**/compare*")
    idle(page)
    page.get_by_role("link", name="What if").click()
    drawn(page)
    assert cell(page, "Token", 2) == "TAO"
    type_cell(page, "Size", 0, "20000")
    idle(page)
    page.go_back()
    idle(page)
    assert cell(page, "Size", 0).startswith("28571.4")
    assert cell(page, "Token", 2) == "TAO"


def test_isolated_margin_gets_its_column_in_the_table_and_loses_it_again(visit: Visit) -> None:
    page = visit()
    page.get_by_text("Isolated", exact=True).click()
    page.wait_for_selector("[aria-label='Isolated margin, row 2']")
    type_cell(page, "Isolated margin", 0, "4800")
    idle(page)
    assert "p=RENDER_long_28571.428571428572_1.75_10_4800" in page.url
    page.get_by_text("Cross", exact=True).click()
    page.wait_for_selector("[aria-label='Isolated margin, row 2']", state="detached")
    assert cell(page, "Size", 1).startswith("179291.7")


def test_what_was_typed_before_the_token_stays_and_another_token_begins_with_its_own_price(
    visit: Visit,
) -> None:
    page = visit()
    page.get_by_role("button", name="Add position").click()
    type_cell(page, "Entry", 2, "250")
    type_cell(page, "Token", 2, "TAO")
    assert cell(page, "Entry", 2) == "250"
    type_cell(page, "Token", 2, "NEAR")
    assert cell(page, "Entry", 2) == "1.385"
