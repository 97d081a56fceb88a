"""A person's own account on the Your positions page: read, compared, taken over, forgotten; the key is nowhere else."""

import gc
import json
import logging
import weakref
from collections.abc import Mapping
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from margin import link
from pages.ui.state import Session
from tests.pages.visitor import APP, PATIENCE, read
from tests.replay.figures import ADDRESS, KEY, Book, Leg
from tests.replay.server import Fault, Replay, Reply

Venues = tuple[Replay, Book]
SECRETS = (KEY.api_key, KEY.secret, KEY.passphrase, ADDRESS)
FIELDS = {"secret_key": KEY.api_key, "secret_secret": KEY.secret, "secret_phrase": KEY.passphrase}


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
        [field] = [each for each in self.at.selectbox if each.key and each.key.startswith("account_venue")]
        field.set_value(venue)
        return self.run()

    def give(self, **values: str) -> "PositionsPage":
        """Fills the form and sends it."""
        for field in self.at.text_input:
            if field.key in values:
                field.set_value(values[field.key])
        return self.press("Read the account")

    def press(self, label: str) -> "PositionsPage":
        [button] = [each for each in self.at.button if each.label == label]
        button.click()
        return self.run()

    def settle(self) -> "PositionsPage":
        """Waits for the answer, and lets the page look again as it does by itself."""
        self.session.account_read.answer.exception(PATIENCE)
        return self.run()

    def read(self, venue: str) -> "PositionsPage":
        """Reads the replayed account."""
        self.choose(venue)
        self.give(secret_address=ADDRESS) if venue == "hyperliquid" else self.give(**FIELDS)
        return self.settle()

    def compared(self) -> list[Mapping[str, str]]:
        """The rows of the comparison."""
        [frame] = [each.value for each in self.at.table if "Difference" in each.value.columns]
        return [{name: read(cell) for name, cell in row.items()} for row in frame.to_dict("records")]

    def said(self, kind: str) -> list[str]:
        return [read(each.value).replace("\u2060", "") for each in getattr(self.at, kind)]


@pytest.mark.parametrize("venue", ["binance", "bybit", "okx", "hyperliquid"])
def test_an_account_is_compared_and_taken_over(venues: Venues, venue: str) -> None:
    _, book = venues
    page = PositionsPage().read(venue)
    assert page.said("error") == []
    assert {row["Difference"] for row in page.compared()} <= {"0.00 %", "+0.00 %", "−0.00 %", "–"}
    assert page.said("success") == ["Every figure agrees within 1 %."]
    page.press("Take this account over")
    taken = page.session.working
    assert (taken.account.venue, taken.account.wallet_balance) == (venue, book.wallet)
    assert [(each.symbol, each.side, each.quantity) for each in taken.positions] == [
        (leg.token, leg.side, leg.quantity) for leg in book.legs
    ]
    assert taken.market.marks["RENDER"] == book.marks["RENDER"]
    assert page.session.baseline == taken


def test_a_figure_that_differs_is_named(venues: Venues) -> None:
    _, book = venues
    for rows in book.tiers["okx"].values():
        rows[0]["maintenance_rate"] /= 2
    page = PositionsPage().read("okx")
    [warning] = [each for each in page.said("warning") if each.startswith("More than 1 % apart")]
    assert "Maintenance margin" in warning


def test_a_key_that_can_do_more_than_read_draws_a_warning(venues: Venues) -> None:
    _, book = venues
    book.may_trade = book.may_withdraw = True
    page = PositionsPage().read("bybit")
    assert page.said("warning")[0].startswith("This key can trade and withdraw. Tandem only reads")


def test_what_cannot_be_taken_over_is_listed_with_its_reason(venues: Venues) -> None:
    _, book = venues
    book.legs.append(Leg("WLD", "long", 100, 0.5, 5, isolated_margin=12.0))
    page = PositionsPage().read("binance")
    assert any(each.startswith("Left out: ") and "isolated" in each for each in page.said("warning"))
    assert "WLD" not in {position.symbol for position in page.press("Take this account over").session.working.positions}


def test_binance_gives_its_tiers_to_the_key_for_this_session_alone(venues: Venues) -> None:
    _, book = venues
    book.tiers["binance"]["RENDER"][0]["max_leverage"] = 60
    page = PositionsPage().read("binance").press("Take this account over")
    assert page.session.working.market.reference.tiers["RENDER"].max_leverages[0] == 60
    assert PositionsPage().session.working.market.reference.tiers["RENDER"].max_leverages[0] == 75
    page.press("Forget the account and its key")
    assert page.session.working.market.reference.tiers["RENDER"].max_leverages[0] == 75


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param(None, "Binance refused the key, or what it was used for", id="a wrong key"),
        pytest.param(Fault(Reply("", 451)), "Binance does not serve this place (HTTP 451)", id="geo-block"),
        pytest.param(Fault(Reply({"assets": 3})), "Binance gave an answer that cannot be used", id="wrong types"),
        pytest.param(Fault(cut=True), "Binance cannot be reached", id="a cut connection"),
    ],
)
def test_an_account_that_cannot_be_read_is_one_sentence(venues: Venues, fault: Fault | None, reason: str) -> None:
    replay, _ = venues
    if fault:
        replay.fail("binance", fault)
    page = PositionsPage().choose("binance").give(**{**FIELDS, **({} if fault else {"secret_secret": "another"})})
    [told] = page.settle().said("error")
    assert told.startswith(reason)
    assert told.endswith("Nothing was taken over.")


def test_an_empty_form_asks_nobody(venues: Venues) -> None:
    replay, _ = venues
    page = PositionsPage().choose("binance").give(secret_key="only the key")
    assert page.said("error") == ["Nothing was asked: fill in every field first."]
    assert replay.asked == []


@pytest.mark.parametrize("address", ["0x12", "my wallet", "<script>", "0x" + "z" * 40])
def test_what_is_no_address_is_refused_before_anybody_is_asked(venues: Venues, address: str) -> None:
    replay, _ = venues
    page = PositionsPage().choose("hyperliquid").give(secret_address=address).settle()
    assert len(page.said("error")) == 1
    assert replay.asked == []


def test_an_account_can_be_read_again_without_its_key_being_typed_again(venues: Venues) -> None:
    _, book = venues
    page = PositionsPage().read("okx")
    book.wallet += 500
    page.press("Read it again").settle().press("Take this account over")
    assert page.session.working.account.wallet_balance == book.wallet


# Secrets


@pytest.mark.parametrize("venue", ["binance", "okx", "hyperliquid"])
def test_a_secret_is_in_no_link_no_file_no_log_and_no_widget(
    venues: Venues, venue: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    del venues
    monkeypatch.setenv("TANDEM_CACHE", str(tmp_path))
    caplog.set_level(logging.DEBUG)
    page = PositionsPage().read(venue).press("Take this account over")
    written = [
        json.dumps(link.encode(page.session.working).parameters),
        json.dumps(page.session.working.to_json()),
        json.dumps({key: str(value) for key, value in page.at.query_params.items()}),
        repr(page.session),
        repr(page.session.widgets),
        caplog.text,
        *(path.read_text() for path in tmp_path.rglob("*") if path.is_file()),
    ]
    for secret in SECRETS:
        assert [text for text in written if secret in text] == []


def test_a_forgotten_key_is_held_by_nobody(venues: Venues) -> None:
    del venues
    page = PositionsPage().read("okx")
    held = weakref.ref(page.session.account_read)
    page.press("Forget the account and its key")
    gc.collect()
    assert held() is None


def test_a_refused_key_is_not_in_the_sentence_that_says_so(venues: Venues) -> None:
    del venues
    page = PositionsPage().choose("okx").give(**{**FIELDS, "secret_phrase": "wrong-passphrase-55aa"}).settle()
    assert not [text for text in page.said("error") for secret in (*SECRETS, "wrong-passphrase") if secret in text]
