"""Where a key goes: to the server once, to the venue, and nowhere once forgotten."""

import os
import signal
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, WebSocket, expect

from tests.browser.conftest import Live, idle
from tests.replay.figures import ADDRESS, KEY
from tests.replay.server import Fault, Reply

SECRETS = {"API key": KEY.api_key, "Secret": KEY.secret, "Passphrase": KEY.passphrase}
WRONG = {
    "API key": "wrong-api-key-1a",
    "Secret": "wrong-secret-2b",
    "Passphrase": "wrong-passphrase-3c",
}
AGREES = "Every figure agrees within 1%."


class Tab:
    """The page of a person's positions, with all that it sends, and what the server holds of it."""

    def __init__(self, page: Page, live: Live, venue: str = "okx") -> None:
        self.page, self.live = page, live
        self.frames: list[bytes] = []
        page.on("websocket", self._listen)
        page.goto(f"{live.app.url}/positions?venue={venue}&margin_mode=cross&wallet_balance=1&v=1")
        self.open_form()

    def open_form(self) -> None:
        self.page.get_by_role("tab", name="API key or address").click(timeout=60_000)
        self.page.get_by_role("button", name="Read the account").wait_for(timeout=60_000)
        idle(self.page)

    def _listen(self, socket: WebSocket) -> None:
        socket.on(
            "framesent",
            lambda sent: self.frames.append(sent if isinstance(sent, bytes) else sent.encode()),
        )

    def fill(self, values: dict[str, str]) -> None:
        for label, value in values.items():
            self.page.get_by_label(label, exact=True).fill(value)

    def send(self, values: dict[str, str], told: str) -> None:
        """Fill the form, send it, and wait until the page says so."""
        self.fill(values)
        self.press("Read the account")
        self.page.get_by_text(told).wait_for(timeout=60_000)
        idle(self.page)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).click()
        idle(self.page)

    def travelled(self, *values: str) -> list[int]:
        """Return in how many frames each of the values was sent."""
        return [sum(value.encode() in frame for frame in self.frames) for value in values]

    def held(self, *values: str) -> list[str]:
        """Return what in the server's process holds one of the values."""
        words = Path(self.live.app.environment["HOLDERS"])
        found = words.with_suffix(".found")
        found.unlink(missing_ok=True)
        words.write_text("\n".join(values))
        os.kill(self.live.app.process.pid, signal.SIGUSR1)
        for _ in range(200):
            self.page.wait_for_timeout(50)
            if found.exists() and found.read_text().endswith("end"):
                return found.read_text().splitlines()[:-1]
        raise TimeoutError("the server does not tell what it holds")


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def test_a_key_travels_once_and_is_forgotten_when_its_owner_says_so(live: Live, page: Page) -> None:
    tab = Tab(page, live)
    tab.send(SECRETS, AGREES)
    assert tab.held(*SECRETS.values()) == ["Key api_key", "Key secret", "Key passphrase"]
    tab.press("Read it again")
    page.get_by_text(AGREES).wait_for()
    tab.press("Import account")
    page.wait_for_selector(".tandem-hero")
    page.get_by_text("Live data").click()
    idle(page)
    page.get_by_role("link", name="Import / export").click()
    page.wait_for_url("**/positions?*")
    tab.open_form()
    tab.press("Forget the account and its key")
    expect(page.get_by_text(AGREES)).to_have_count(0)
    assert tab.held(*SECRETS.values()) == []
    page.get_by_text("Live data").click()
    idle(page)
    assert tab.travelled(*SECRETS.values()) == [1, 1, 1]
    assert tab.held(*SECRETS.values()) == []


def test_a_key_travels_once_whatever_comes_of_the_question(live: Live, page: Page) -> None:
    tab = Tab(page, live)
    tab.send(WRONG, "OKX does not know this key")
    assert tab.held(*WRONG.values()) == []
    live.replay.fail("okx", Fault(Reply("", 451)))
    tab.send(SECRETS, "does not serve this place")
    live.replay.heal()
    tab.press("Read it again")
    page.get_by_text(AGREES).wait_for(timeout=60_000)
    page.get_by_role("combobox", name="Your exchange").click()
    page.get_by_role("option", name="Hyperliquid").click()
    idle(page)
    tab.send({"Wallet address": ADDRESS}, AGREES)
    assert tab.held(*SECRETS.values()) == []
    tab.press("Forget the account and its key")
    assert tab.held(ADDRESS) == []
    assert tab.travelled(*WRONG.values(), *SECRETS.values(), ADDRESS) == [1] * 7


def test_a_form_that_lacks_something_is_not_sent_and_keeps_what_was_typed(
    live: Live, page: Page
) -> None:
    tab = Tab(page, live)
    typed = {"API key": KEY.api_key, "Secret": KEY.secret}
    tab.fill(typed)
    tab.press("Read the account")
    assert page.get_by_label("Secret", exact=True).input_value() == KEY.secret
    assert (tab.travelled(*typed.values()), tab.held(*typed.values())) == ([0, 0], [])


def test_a_key_sent_to_a_server_that_was_just_restarted_travels_once_too(
    live: Live, page: Page
) -> None:
    tab = Tab(page, live)
    tab.fill(SECRETS)
    live.app.stop()
    page.wait_for_selector(
        "[data-testid=stApp]:not([data-test-connection-state=CONNECTED])", timeout=60_000
    )
    live.app.start()
    page.wait_for_selector(
        "[data-testid=stApp][data-test-connection-state=CONNECTED]", timeout=60_000
    )
    idle(page)
    tab.press("Read the account")
    page.get_by_text(AGREES).wait_for(timeout=60_000)
    tab.press("Forget the account and its key")
    assert (tab.travelled(*SECRETS.values()), tab.held(*SECRETS.values())) == ([1, 1, 1], [])
