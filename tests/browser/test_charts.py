"""Charts as a person has them.

Drawn in place, kept while they are zoomed, in the theme of the page, as a PNG.
"""

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PHONE, App, Visit, drawn, idle

PLOT = ".js-plotly-plot"


def shown(page: Page, what: str) -> Any:
    """What the first chart has in its full layout."""
    return page.locator(PLOT).first.evaluate(f"plot => plot._fullLayout.{what}")


def slide(page: Page) -> None:
    """Moves the joint move one step down, and waits until the chart says so."""
    title = page.locator(f"{PLOT} .gtitle").first
    before = title.text_content() or ""
    page.get_by_role("slider").first.focus()
    page.keyboard.press("ArrowLeft")
    expect(title).not_to_have_text(before, timeout=30_000)
    idle(page)


def test_every_chart_is_a_figure_that_says_its_finding(visit: Visit) -> None:
    page = visit()
    figures = page.get_by_role("figure")
    expect(figures).to_have_count(3)
    for alt, title in zip(
        figures.evaluate_all("all => all.map(each => each.ariaLabel)"),
        figures.evaluate_all("all => all.map(each => each.querySelector('.gtitle').textContent)"),
        strict=True,
    ):
        words = "".join(title.split())
        assert "".join(alt.split()).startswith(words)
        assert len(alt) > len(title)


def test_a_zoom_outlasts_a_move_of_the_slider_and_a_double_click_ends_it(visit: Visit) -> None:
    page = visit()
    whole = shown(page, "xaxis.range")
    page.locator(PLOT).first.hover()
    page.locator(f"{PLOT} [data-title='Zoom in']").first.click()
    page.wait_for_function(
        "width => {const [low, high] = "
        "document.querySelector('.js-plotly-plot')._fullLayout.xaxis.range; "
        "return high - low < 0.9 * width}",
        arg=whole[1] - whole[0],
    )
    zoomed = shown(page, "xaxis.range")
    page.locator(PLOT).first.evaluate("plot => plot.dataset.mine = 'yes'")
    slide(page)
    assert shown(page, "xaxis.range") == zoomed
    assert page.locator(PLOT).first.get_attribute("data-mine") == "yes", (
        "the chart is not built anew"
    )


def test_the_ink_follows_the_theme_without_a_run_of_the_page(visit: Visit) -> None:
    page = visit()
    assert shown(page, "font.color") == "#262730"
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        "document.querySelector('.js-plotly-plot')._fullLayout.font.color === '#fafafa'"
    )
    assert shown(page, "paper_bgcolor") == "#0E1420"


def test_the_toolbar_takes_a_chart_along_and_zooms_and_sends_it_to_nobody(visit: Visit) -> None:
    page = visit()
    buttons = page.locator(PLOT).first.locator(".modebar-btn")
    assert buttons.evaluate_all("all => all.map(each => each.dataset.title)") == [
        "Download plot as a PNG",
        "Zoom in",
        "Zoom out",
        "Reset axes",
        "Fullscreen",
    ]


def test_a_chart_fills_the_screen_and_returns_to_its_place(visit: Visit) -> None:
    page = visit()
    before = [shown(page, "width"), shown(page, "height")]
    size = "const {width, height} = document.querySelector('.js-plotly-plot')._fullLayout; return"
    for expected in ([1440, 900], before):
        page.locator(PLOT).first.hover()
        page.locator(f"{PLOT} [data-title=Fullscreen]").first.click()
        page.wait_for_function(
            f"([wide, high]) => {{{size} width === wide && height === high}}",
            arg=expected,
            timeout=10_000,
        )


def test_a_chart_is_taken_along_as_a_png(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    page.locator(PLOT).first.hover()
    with page.expect_download() as download:
        page.locator(f"{PLOT} [data-title^='Download plot']").first.click()
    download.value.save_as(tmp_path / "chart.png")
    assert download.value.suggested_filename == "tandem.png"
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")


def test_a_chart_is_as_wide_as_its_place_whatever_that_becomes(visit: Visit) -> None:
    page = visit()
    for width in (PHONE, 800):
        page.set_viewport_size({"width": width, "height": 844})
        page.wait_for_function(
            """() => [...document.querySelectorAll('.js-plotly-plot')].every((plot) =>
            Math.abs(plot._fullLayout.width - plot.parentElement.getBoundingClientRect().width) < 1)"""
        )
        assert page.locator(PLOT).first.bounding_box()["width"] <= width  # type: ignore[index]


def test_the_place_of_a_chart_is_kept_free_until_it_is_there(app: App, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    held: list[Any] = []
    page.route("**/plotly.min.js*", lambda route: held.append(route))  # noqa: PLW0108
    page.goto(app.url)
    drawn(page, chart=False)
    place = page.get_by_role("figure").first
    expect(place).to_have_attribute("aria-label", re.compile("^A joint fall of 9.47%"))
    below = page.get_by_role("button", name="Move to liquidation")
    waiting = place.bounding_box(), below.bounding_box()
    for route in held:
        route.continue_()
    page.wait_for_selector(f"{PLOT} .main-svg")
    idle(page)
    assert (place.bounding_box(), below.bounding_box()) == waiting
    assert place.bounding_box()["height"] == shown(page, "height")  # type: ignore[index]
    context.close()


def test_a_second_visit_does_not_fetch_the_library_again(visit: Visit) -> None:
    page = visit()
    page.wait_for_function(
        "async () => (await (await caches.open('tandem-plotly')).keys()).length === 1"
    )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    drawn(page)
    assert not [url for url in asked if "plotly.min.js" in url and not url.startswith("blob:")]
