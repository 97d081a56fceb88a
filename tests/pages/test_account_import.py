"""A person's own account on the Import / export page: read, compared, taken over, forgotten.

The key is nowhere else.
"""

import gc
import json
import logging
import weakref
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import BoundedSemaphore, Event
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from margin import formatting as wording
from margin.market.venues.connection import Key
from margin.market.venues.readers import read_all
from margin.market.venues.sites import GLOBAL
from margin.model import link
from margin.studies.comparison.venues import at_venue
from margin.text.venues import venue_change
from pages.ui.components import secret_form
from pages.ui.import_export import account_import
from pages.ui.session import live
from pages.ui.session.session import Session
from tests.market.any_source import settles
from tests.pages.visitor import APP, PATIENCE, read
from tests.replay import hyperliquid, okx
from tests.replay.figures import ADDRESS, KEY, Book, Leg
from tests.replay.server import Fault, Replay, Reply

Venues = tuple[Replay, Book]
SECRETS = (KEY.api_key, KEY.secret, KEY.passphrase, ADDRESS)
FIELDS = {"key": KEY.api_key, "secret": KEY.secret, "passphrase": KEY.passphrase}


class PositionsPage:
    """One session on the page. No run of it may end in a traceback."""

    def __init__(self) -> None:
        self.at = AppTest.from_file(APP, default_timeout=PATIENCE)
        self.at.switch_page("pages/positions.py")
        self.run()

    def run(self) -> "PositionsPage":
        self.at.run()
        assert [each.value for each in self.at.exception] == []
        return self

    @property
    def session(self) -> Session:
        held: Session = self.at.session_state["tandem"]
        return held

    def choose(self, venue: str) -> "PositionsPage":
        [field] = [
            each for each in self.at.selectbox if each.key and each.key.startswith("account_venue")
        ]
        field.set_value(venue)
        return self.run()

    def give(self, **values: str) -> "PositionsPage":
        """Fills the form and sends it."""
        chosen = {each.label: each.value for each in self.at.selectbox}
        account_import.ask(
            self.session, chosen["Your exchange"], chosen.get("Site", GLOBAL), values
        )
        return self.run()

    @property
    def form(self) -> dict[str, Any]:
        """What the form for key or address is drawn from."""
        [sent] = [
            each.proto.json
            for each in self.at.get("bidi_component")
            if each.proto.component_name == secret_form.COMPONENT
        ]
        drawn: dict[str, Any] = json.loads(sent)
        return drawn

    def press(self, label: str) -> "PositionsPage":
        [button] = [each for each in self.at.button if each.label == label]
        button.click()
        return self.run()

    def settle(self) -> "PositionsPage":
        """Waits for the answer, and lets the page look again as it does by itself."""
        self.session.reading.result.answer.exception(PATIENCE)
        return self.run()

    def read(self, venue: str) -> "PositionsPage":
        """Reads the replayed account."""
        self.choose(venue)
        self.give(address=ADDRESS) if venue == "hyperliquid" else self.give(**FIELDS)
        return self.settle()

    def tabled(self, column: str) -> list[Mapping[str, str]]:
        """The rows of the table with that column."""
        [frame] = [each.value for each in self.at.table if column in each.value.columns]
        return [
            {name: read(cell) for name, cell in row.items()} for row in frame.to_dict("records")
        ]

    @property
    def buttons(self) -> set[str]:
        return {each.label for each in self.at.button}

    def compared(self) -> list[Mapping[str, str]]:
        """The rows of the comparison."""
        return self.tabled("Difference")

    def said(self, kind: str) -> list[str]:
        return [read(each.value).replace("\u2060", "") for each in getattr(self.at, kind)]


@pytest.mark.parametrize("venue", ["binance", "bybit", "okx", "hyperliquid"])
def test_an_account_is_compared_and_taken_over(venues: Venues, venue: str) -> None:
    _, book = venues
    page = PositionsPage().read(venue)
    assert page.said("error") == []
    assert {row["Difference"] for row in page.compared()} <= {"0.00%", "+0.00%", "−0.00%", "–"}
    assert page.said("success") == ["Every figure agrees within 1%."]
    page.press("Import account")
    taken = page.session.working
    assert (taken.account.venue, taken.account.wallet_balance) == (venue, book.wallet)
    assert [(each.symbol, each.side, each.quantity) for each in taken.positions] == [
        (leg.token, leg.side, leg.quantity) for leg in book.legs
    ]
    assert taken.market.marks["RENDER"] == book.marks["RENDER"]
    assert page.session.baseline == taken


def test_a_person_sees_what_is_taken_over(venues: Venues) -> None:
    _, book = venues
    page = PositionsPage().read("okx")
    [settings] = page.tabled("Margin mode")
    assert list(settings.values()) == ["$6,000.00", "Cross", "0.04%"]
    rows = page.tabled("Entry price")
    assert [(row["Token"], row["Side"]) for row in rows] == [
        (leg.token, leg.side) for leg in book.legs
    ]
    assert list(rows[0].values()) == [
        "RENDER",
        "long",
        "8,000",
        "1.8500",
        "10.00×",
        wording.price(book.marks["RENDER"]),
    ]


def test_both_legs_of_an_isolated_hedge_are_shown_and_agree(venues: Venues) -> None:
    _, book = venues
    book.legs = [
        Leg("TAO", "long", 60, 265.0, 20, 800.0),
        Leg("TAO", "short", 20, 280.0, 20, 900.0),
    ]
    page = PositionsPage().read("okx")
    prices = [row["Figure"] for row in page.compared() if row["Figure"].startswith("Liquidation")]
    assert prices == ["Liquidation price TAO long", "Liquidation price TAO short"]
    assert [row["Isolated margin"] for row in page.tabled("Isolated margin")] == [
        "$800.00",
        "$900.00",
    ]
    assert page.said("success") == ["Every figure agrees within 1%."]


@pytest.mark.parametrize(
    ("given", "kind", "told"),
    [
        pytest.param(
            {("RENDER", None): None},
            "warning",
            "Bybit says that RENDER has no liquidation price and Tandem finds one.",
            id="none at the venue",
        ),
        pytest.param(
            {("RENDER", None): 999.0},
            "warning",
            "Bybit gives a liquidation price for RENDER and Tandem finds none.",
            id="none of ours",
        ),
        pytest.param(
            {},
            "info",
            "Told by one side alone, so not compared: Liquidation price RENDER.",
            id="the venue is silent",
        ),
    ],
)
def test_a_price_on_one_side_alone_is_not_a_difference_in_per_cent(
    venues: Venues,
    monkeypatch: pytest.MonkeyPatch,
    given: dict[tuple[str, None], float | None],
    kind: str,
    told: str,
) -> None:
    _, book = venues
    book.legs = [Leg("RENDER", "long", 8_000, 1.85, 10)]

    def reads(*asked: Any) -> Any:
        account, tiers = read_all(*asked)
        return replace(account, liquidation_prices=given), tiers

    monkeypatch.setattr(account_import, "read_all", reads)
    page = PositionsPage().read("bybit")
    assert told in page.said(kind)
    assert not [each for each in page.said("warning") if "1% apart" in each]


def test_a_figure_that_differs_is_named(venues: Venues) -> None:
    _, book = venues
    for rows in book.tiers["okx"].values():
        rows[0]["maintenance_rate"] /= 2
    page = PositionsPage().read("okx")
    [warning] = [each for each in page.said("warning") if each.startswith("More than 1% apart")]
    assert "Maintenance margin" in warning


@pytest.mark.parametrize("venue", ["binance", "bybit", "okx"])
def test_a_key_that_can_trade_draws_a_warning(venues: Venues, venue: str) -> None:
    _, book = venues
    book.may_trade = True
    page = PositionsPage().read(venue)
    assert page.said("warning")[0].startswith("This key can trade. Tandem only reads")
    assert "Import account" in page.buttons


@pytest.mark.parametrize("venue", ["binance", "bybit", "okx"])
def test_a_key_that_can_withdraw_is_refused_and_not_kept(venues: Venues, venue: str) -> None:
    _, book = venues
    book.may_trade = book.may_withdraw = True
    page = PositionsPage().read(venue)
    [told] = page.said("error")
    assert "lets this key withdraw or transfer your money" in told
    assert "make one that can only read" in told
    assert page.session.reading.result.question.key is None
    assert page.buttons.isdisjoint({"Import account", "Read it again"})


def test_where_the_exchange_does_not_say_what_a_key_can_do_the_page_says_so(venues: Venues) -> None:
    replay, _ = venues
    replay.fail("apiRestrictions", Fault(Reply({"code": -1002, "msg": "not authorized"}, 401)))
    page = PositionsPage().read("binance")
    assert any(
        each.startswith("Binance does not say all that this key can do.")
        for each in page.said("info")
    )
    assert "Import account" in page.buttons


def test_a_key_of_a_regional_site_is_read_there_and_again_there(venues: Venues) -> None:
    replay, book = venues
    for path in (
        "/api/v5/public/time",
        okx.INSTRUMENTS,
        okx.CONFIG,
        okx.BALANCE,
        okx.POSITIONS,
        okx.FEES,
    ):
        replay.serve("eea.okx.com", "GET", path, replay.answer(okx.HOST, "GET", path))
    page = PositionsPage().choose("okx")
    [site] = [each for each in page.at.selectbox if each.label == "Site"]
    site.set_value("eea")
    page.run().give(**FIELDS).settle()
    assert "Import account" in page.buttons
    book.wallet += 500
    page.press("Read it again").settle().press("Import account")
    assert page.session.working.account.wallet_balance == book.wallet
    assert {asked.host for asked in replay.asked} == {"eea.okx.com"}


@pytest.mark.parametrize(
    ("venue", "sites"), [("binance", 0), ("bybit", 5), ("okx", 3), ("hyperliquid", 0)]
)
def test_a_site_is_asked_for_where_there_are_several(
    venues: Venues, venue: str, sites: int
) -> None:
    del venues
    page = PositionsPage().choose(venue)
    assert [len(each.options) for each in page.at.selectbox if each.label == "Site"] == (
        [sites] if sites else []
    )


def test_a_key_that_the_site_does_not_know_is_told_of_the_other_sites(venues: Venues) -> None:
    replay, _ = venues
    replay.fail("okx.com", Fault(okx.failure("50119", "API key doesn't exist", 401)))
    page = PositionsPage().read("okx")
    [told] = page.said("error")
    assert "another regional site" in told
    assert len(replay.asked) == 1


def test_a_unified_account_comes_with_the_word_on_its_own_limit(venues: Venues) -> None:
    replay, book = venues
    hyperliquid.serve(replay, hyperliquid.unified(book))
    page = PositionsPage().read("hyperliquid")
    assert any("liquidation above 95%" in each for each in page.said("info"))


def test_a_coin_that_is_owed_is_said_and_lowers_the_wallet(venues: Venues) -> None:
    _, book = venues
    book.other_coins = {"SOL": -2.0}
    page = PositionsPage().read("bybit")
    assert any(
        each.startswith("Left out: -2 SOL: it is owed, and counts against")
        for each in page.said("warning")
    )
    taken = page.press("Import account").session.working
    assert taken.account.wallet_balance == pytest.approx(book.wallet - 2 * book.marks["SOL"])
    assert taken.account.collateral == ()


def test_what_cannot_be_taken_over_is_listed_with_its_reason(venues: Venues) -> None:
    _, book = venues
    book.legs.append(Leg("WLD", "long", 100, 0.5, 5, isolated_margin=12.0))
    page = PositionsPage().read("binance")
    assert any(
        each.startswith("Left out: ") and "isolated" in each for each in page.said("warning")
    )
    assert "WLD" not in {
        position.symbol for position in page.press("Import account").session.working.positions
    }


def test_binance_gives_its_tiers_to_the_key_for_this_session_alone(venues: Venues) -> None:
    _, book = venues
    book.tiers["binance"]["RENDER"][0]["max_leverage"] = 60
    page = PositionsPage().read("binance")
    assert page.said("success") == ["Every figure agrees within 1%."]
    assert (page.session.live_data.keyed_tiers, page.session.live_data.view) == ({}, None)
    page.press("Import account")
    assert page.session.working.market.reference.tiers["RENDER"].max_leverages[0] == 60
    assert PositionsPage().session.working.market.reference.tiers["RENDER"].max_leverages[0] == 75
    page.press("Forget the account and its key")
    assert page.session.working.market.reference.tiers["RENDER"].max_leverages[0] == 75


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param(None, "Binance refused the signature", id="a wrong key"),
        pytest.param(
            Fault(Reply("", 451)), "Binance does not serve this place (HTTP 451)", id="geo-block"
        ),
        pytest.param(
            Fault(Reply({"assets": 3})),
            "Binance gave an answer that cannot be used",
            id="wrong types",
        ),
        pytest.param(Fault(cut=True), "Binance cannot be reached", id="a cut connection"),
    ],
)
def test_an_account_that_cannot_be_read_is_one_sentence(
    venues: Venues, fault: Fault | None, reason: str
) -> None:
    replay, _ = venues
    if fault:
        replay.fail("binance", fault)
    page = (
        PositionsPage()
        .choose("binance")
        .give(**{**FIELDS, **({} if fault else {"secret": "another"})})
    )
    [told] = page.settle().said("error")
    assert told.startswith(reason)
    assert told.endswith("Nothing was imported.")


def test_an_empty_form_asks_nobody(venues: Venues) -> None:
    replay, _ = venues
    page = PositionsPage().choose("binance").give(key="only the key")
    assert page.said("error") == ["Not sent. Fill in every field first."]
    assert replay.asked == []


def test_a_form_that_is_not_sent_does_not_show_the_former_answer(venues: Venues) -> None:
    del venues
    page = PositionsPage().read("okx").give(key="only the key")
    assert page.said("error") == ["Not sent. Fill in every field first."]
    assert "Import account" not in page.buttons


def test_one_account_is_read_at_a_time(venues: Venues, monkeypatch: pytest.MonkeyPatch) -> None:
    del venues
    go_on, asked = Event(), []

    def reads(*given: Any) -> Any:
        asked.append(given[0])
        assert go_on.wait(PATIENCE)
        return read_all(*given)

    monkeypatch.setattr(account_import, "read_all", reads)
    page = PositionsPage().choose("okx").give(**FIELDS)
    told = "Not sent. The account before is still being read: try again in a moment."
    assert page.form["disabled"]
    assert page.press("Stop waiting").give(**FIELDS).said("error") == [told]
    go_on.set()
    assert page.session.reading.busy.wait(PATIENCE)
    page.press("Read it again").settle()
    assert ("Import account" in page.buttons, asked) == (True, ["okx", "okx"])


def test_a_thread_that_cannot_start_leaves_room_for_others(
    venues: Venues, monkeypatch: pytest.MonkeyPatch
) -> None:
    del venues
    pool, room = ThreadPoolExecutor(1), BoundedSemaphore(1)
    pool.shutdown()
    monkeypatch.setattr(account_import, "_readers", lambda: (pool, room))
    page = PositionsPage().choose("okx").give(**FIELDS)
    assert page.said("error")[0].startswith("Not sent. Too many accounts are being read")
    assert room.acquire(blocking=False)


def test_a_fault_nobody_thought_of_is_one_sentence_and_logged_by_its_type(
    venues: Venues, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    del venues

    def breaks(_venue: str, key: Key, _address: str) -> Any:
        raise ZeroDivisionError(key.secret)

    monkeypatch.setattr(account_import, "read_all", breaks)
    page = PositionsPage().read("okx")
    assert page.said("error") == ["OKX gave an answer that cannot be used. Nothing was imported."]
    assert "ZeroDivisionError" in caplog.text
    assert KEY.secret not in caplog.text


@pytest.mark.parametrize("address", ["0x12", "my wallet", "<script>", "0x" + "z" * 40])
def test_what_is_no_address_is_refused_before_anybody_is_asked(
    venues: Venues, address: str
) -> None:
    replay, _ = venues
    page = PositionsPage().choose("hyperliquid").give(address=address).settle()
    assert len(page.said("error")) == 1
    assert replay.asked == []


def test_an_account_can_be_read_again_without_its_key_being_typed_again(venues: Venues) -> None:
    _, book = venues
    page = PositionsPage().read("okx")
    book.wallet += 500
    page.press("Read it again").settle().press("Import account")
    assert page.session.working.account.wallet_balance == book.wallet


def test_a_fee_of_ones_own_stays_at_its_venue(venues: Venues) -> None:
    del venues
    before = PositionsPage().read("okx").press("Import account").session.working
    after = at_venue(before, "bybit")
    assert after.account.taker_fee is None
    assert "taker fee 0.055%, the venue's (before: 0.04%, your own)" in venue_change(before, after)
    assert at_venue(before, "okx") is before


# Secrets


@pytest.mark.parametrize("venue", ["binance", "okx", "hyperliquid"])
def test_a_secret_is_in_no_link_no_file_no_log_and_no_widget(
    venues: Venues,
    venue: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    del venues
    monkeypatch.setenv("TANDEM_CACHE", str(tmp_path))
    live.cache.clear()
    caplog.set_level(logging.DEBUG)
    page = PositionsPage().read(venue).press("Import account")
    [toggle] = [each for each in page.at.toggle if each.key == "live"]
    toggle.set_value(True)
    page.run()
    assert settles(live.cache(), live.wanted(page.session), PATIENCE)
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert kept
    written = [
        json.dumps(link.encode(page.session.working).parameters),
        json.dumps(page.session.working.to_json()),
        json.dumps({key: str(value) for key, value in page.at.query_params.items()}),
        repr(page.session),
        repr(page.session.address.widgets),
        caplog.text,
        *(path.read_bytes().decode(errors="replace") for path in kept),
    ]
    for secret in SECRETS:
        assert [text for text in written if secret in text] == []


def test_a_forgotten_key_is_held_by_nobody(venues: Venues) -> None:
    del venues
    page = PositionsPage().read("okx")
    held = weakref.ref(page.session.reading.result.question)
    page.press("Forget the account and its key")
    gc.collect()
    assert held() is None


def test_a_refused_key_is_not_in_the_sentence_that_says_so(venues: Venues) -> None:
    del venues
    page = (
        PositionsPage()
        .choose("okx")
        .give(**{**FIELDS, "passphrase": "wrong-passphrase-55aa"})
        .settle()
    )
    assert page.session.reading.result.question.key is None
    assert "Read it again" not in page.buttons
    assert not [
        text
        for text in page.said("error")
        for secret in (*SECRETS, "wrong-passphrase")
        if secret in text
    ]
