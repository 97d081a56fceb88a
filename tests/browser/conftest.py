"""A real server process and a real Chromium for the tests of this folder.

Without a Chromium the tests are skipped with that reason, and fail where CI is set.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

from tests.replay import binance, bybit, hyperliquid, okx
from tests.replay.figures import Book
from tests.replay.server import Replay, replaying

ROOT = Path(__file__).parents[2]
PHONE = 390
Visit = Callable[..., Page]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


class App:
    """The app as a process of its own on a free port of this machine.

    `log` notes what it asks of other machines.
    """

    def __init__(self, log: Path, **environment: str) -> None:
        self.log = log
        self.environment = environment
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://localhost:{self.port}"
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={self.port}"]
        guard = {
            "PYTHONPATH": str(Path(__file__).parent / "guard"),
            "OUTBOUND_LOG": str(self.log),
            "TANDEM_CACHE": "",
        }
        guarded = {**os.environ, **guard, **self.environment}
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=guarded, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1).read()
                return
            except OSError:
                time.sleep(0.1)
        raise TimeoutError("the app did not start")

    def stop(self) -> str:
        """Ends the process and gives what it printed."""
        self.process.terminate()
        return self.process.communicate(timeout=20)[0].decode()


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    running = App(tmp_path_factory.mktemp("app") / "outbound")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium on this machine, and CI must not skip the browser tests")
        pytest.skip(
            "no Chromium on this machine: apt-get install chromium, or name one in CHROMIUM"
        )
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    fresh = browser.new_context(viewport={"width": 1440, "height": 900})
    yield fresh
    fresh.close()


@pytest.fixture
def visit(app: App, context: BrowserContext) -> Visit:
    """Opens an address of the app in a new tab and waits until it is drawn."""

    def open_page(query: str = "", *, chart: bool = True) -> Page:
        page = context.new_page()
        page.goto(f"{app.url}/{query}")
        drawn(page, chart=chart)
        return page

    return open_page


class Live(NamedTuple):
    """An app whose venues are replayed, what they are asked, and the figures they answer from."""

    app: App
    replay: Replay
    book: Book


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    book = Book()
    with replaying() as replay:
        for venue in (binance, bybit, okx, hyperliquid):
            venue.install(replay, book)
        folder = tmp_path_factory.mktemp("live")
        app = App(folder / "outbound", REPLAY_PORT=str(replay.port), HOLDERS=str(folder / "words"))
        yield Live(app, replay, book)
        app.stop()


@pytest.fixture
def visit_live(live: Live, context: BrowserContext) -> Visit:
    def open_page(path: str = "") -> Page:
        page = context.new_page()
        page.goto(f"{live.app.url}/{path}")
        page.wait_for_selector(
            ".stBadge, [data-testid=stMarkdown] .stMarkdownBadge", timeout=60_000
        )
        idle(page)
        return page

    return open_page


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A tab on a phone 390 px wide."""
    context = browser.new_context(
        viewport={"width": PHONE, "height": 844}, is_mobile=True, has_touch=True
    )
    yield context.new_page()
    context.close()


def fits(page: Page) -> bool:
    """Whether the page needs no sideways scrolling on a phone."""
    return bool(
        page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= PHONE
    )


def drawn(page: Page, *, chart: bool = True) -> None:
    """Waits until the script has run and the first table stands, and the first chart."""
    page.wait_for_selector(
        "[data-testid=stDataFrame] canvas, .tandem-positions table", timeout=60_000
    )
    if chart:
        page.wait_for_selector(".js-plotly-plot .main-svg", timeout=60_000)
    idle(page)


def idle(page: Page) -> None:
    """Waits until the app has nothing to do, and still has not a moment later."""
    for _ in range(2):
        page.wait_for_timeout(200)
        page.wait_for_selector(
            "[data-testid=stApp][data-test-script-state=notRunning]", timeout=30_000
        )


def until(page: Page, selector: str) -> None:
    """Waits until something stands on the page and the app has nothing to do."""
    page.wait_for_selector(selector, timeout=30_000)
    idle(page)


LIGHT, DARK = "rgb(255, 255, 255)", "rgb(14, 20, 32)"
"""The page's background in either scheme."""


def axe_finds_nothing(
    page: Page, background: str = LIGHT, options: dict[str, Any] | None = None
) -> None:
    """Holds what stands on the page to the rules of accessibility.

    In the dark scheme to those of colours alone.
    """
    if background == DARK:
        page.emulate_media(color_scheme="dark")  # The theme follows the system's.
        options = {"runOnly": ["color-contrast"]}
    page.wait_for_function(
        "colour => getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor "
        "=== colour",
        arg=background,
    )
    page.wait_for_timeout(400)  # Colours of buttons fade over.
    results = Axe().run(page, options=options)
    assert results.violations_count == 0, results.generate_report()


def sentence(page: Page) -> str:
    """The sentence that matters, as the person reads it."""
    words = "[data-testid=stMarkdownContainer]"
    return page.locator(f".st-key-verdict {words}, {words} strong").first.inner_text()


def metric(page: Page, label: str) -> str:
    """A headline figure."""
    return (
        page.locator("[data-testid=stMetric]", has_text=label)
        .locator("[data-testid=stMetricValue]")
        .inner_text()
    )


def cell(page: Page, column: str, row: int) -> str:
    """What a field of the positions table holds, row from 0."""
    return _field(page, column, row).input_value()


def type_cell(page: Page, column: str, row: int, text: str) -> None:
    """Types into a field of the positions table as a person does."""
    _field(page, column, row).click()
    page.keyboard.press("Control+a")
    page.keyboard.type(text, delay=40)
    page.keyboard.press("Enter")


def _field(page: Page, column: str, row: int) -> Locator:
    return page.get_by_label(f"{column}, row {row + 1}", exact=True)


def type_at(page: Page, x: float, y: float, text: str) -> None:
    """Types into whatever cell stands there, over what it holds."""
    page.mouse.click(x, y)
    page.wait_for_timeout(100)
    page.keyboard.press("Enter")
    page.wait_for_selector("#portal .gdg-input", timeout=30_000)
    page.keyboard.press("Control+a")
    page.keyboard.type(text, delay=40)
    page.wait_for_timeout(150)
    page.keyboard.press("Enter")
