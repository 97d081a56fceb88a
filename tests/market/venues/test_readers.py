"""The dispatch: who asks which venue, by how many connections, and bad answers."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from margin.errors import FieldError
from margin.market.source import MarketSource, Unavailable
from margin.market.venues import readers as venues
from margin.market.venues.connection import Connection
from margin.market.venues.readers import READERS, Venues, read_account, read_tiers
from margin.venues import listing_venues
from tests.market.venues.conftest import READS
from tests.replay.figures import ADDRESS, KEY, Book
from tests.replay.server import Replay


def count_connections(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    made: list[str] = []

    class Counted(Connection):
        def __init__(self, venue: str, *key: Any) -> None:
            made.append(f"{venue} with a key" if key and key[0] else venue)
            super().__init__(venue, *key)

    monkeypatch.setattr(venues, "Connection", Counted)
    return made


def test_every_venue_that_lists_perpetuals_has_its_reader() -> None:
    assert set(READERS) == set(listing_venues())


def test_the_venues_are_a_market_source() -> None:
    source: MarketSource = Venues()
    for name in ("contracts", "quotes", "tiers", "funding", "candles"):
        assert callable(getattr(source, name))


@pytest.mark.parametrize("what", READS)
@pytest.mark.parametrize("venue", READERS)
@pytest.mark.usefixtures("replay")
def test_everything_can_be_asked_of_every_venue(venue: str, what: str) -> None:
    answer = READS[what](venue)
    if what in ("contracts", "quotes", "tiers"):
        assert "RENDER" in answer.good
    elif what in ("funding", "candles"):
        assert answer.times.size >= {"funding": 100, "candles": 500}[what]
    else:
        assert answer.venue == venue
        assert len(answer.imported.positions) > 1


@pytest.mark.usefixtures("replay")
def test_a_venue_has_one_connection_without_a_key_from_the_first_question_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = count_connections(monkeypatch)
    source = Venues()
    assert made == []
    source.quotes("binance")
    source.contracts("binance")
    source.quotes("bybit")
    assert made == ["binance", "bybit"]


@pytest.mark.usefixtures("replay")
def test_threads_that_ask_at_once_share_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    made = count_connections(monkeypatch)
    source, answers = Venues(), []
    threads = [
        threading.Thread(target=lambda: answers.append(source.quotes("binance"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == ["binance"]
    assert [set(answer.good) for answer in answers] == [set(answers[0].good)] * 8


@pytest.mark.parametrize(
    "venue", ["kraken", "textbook", "", "Binance", "binance/../okx", "__class__"]
)
@pytest.mark.parametrize(
    "ask",
    [
        lambda venue: Venues().quotes(venue),
        lambda venue: read_account(venue, KEY),
        lambda venue: read_tiers(venue, KEY, "RENDER"),
    ],
)
def test_an_unknown_venue_is_refused(ask: Callable[[str], object], venue: str) -> None:
    with pytest.raises(Unavailable) as caught:
        ask(venue)
    assert (caught.value.trouble, caught.value.reason) == ("absent", "is not asked from here")


def test_a_venue_outside_the_allow_list_is_not_asked(replay: Replay) -> None:
    source = Venues(allowed=["binance"])
    source.quotes("binance")
    asked = len(replay.asked)
    with pytest.raises(Unavailable, match="is not asked from here"):
        source.quotes("bybit")
    assert len(replay.asked) == asked


@pytest.mark.parametrize("ask", ["contracts", "quotes", "tiers", "funding", "candles"])
def test_an_answer_that_cannot_be_used_says_which_field(
    monkeypatch: pytest.MonkeyPatch, ask: str
) -> None:
    class Broken:
        def __init__(self, _: object) -> None: ...

        def __getattr__(self, name: str) -> Callable[..., object]:
            def read(*_: object) -> object:
                raise FieldError(f"{name}[3]", "must be a number")

            return read

    monkeypatch.setitem(READERS, "binance", Broken)
    arguments = {"tiers": ["RENDER"], "funding": ["RENDER"], "candles": ["RENDER"]}.get(ask, [])
    with pytest.raises(Unavailable) as caught:
        getattr(Venues(), ask)("binance", *arguments)
    assert caught.value.trouble == "broken"
    assert caught.value.reason == f"gave an answer that cannot be used: {ask}[3]: must be a number"


@pytest.mark.parametrize("venue", ["binance", "bybit", "okx"])
def test_an_account_asks_for_a_key(replay: Replay, venue: str) -> None:
    for ask in (
        lambda: read_account(venue, None, ADDRESS),
        lambda: read_tiers(venue, None, "RENDER"),
    ):
        with pytest.raises(Unavailable, match=r"^asks for a key") as caught:
            ask()
        assert caught.value.trouble == "key"
    assert replay.asked == []


@pytest.mark.usefixtures("replay")
def test_a_key_lives_for_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []
    monkeypatch.setattr(Connection, "close", lambda self: closed.append(self._client.apiKey))
    made = count_connections(monkeypatch)
    read_account("binance", KEY)
    read_tiers("binance", KEY, "RENDER")
    with pytest.raises(Unavailable):
        read_account("bybit", type(KEY)("unknown", "unknown"))
    assert made == ["binance with a key"] * 2 + ["bybit with a key"]
    assert closed == [KEY.api_key, KEY.api_key, "unknown"]


def test_an_account_on_hyperliquid_is_read_by_its_address_and_never_with_a_key(
    replay: Replay, book: Book
) -> None:
    account = read_account("hyperliquid", KEY, ADDRESS)
    assert account.wallet_balance == pytest.approx(book.wallet)
    assert KEY.api_key not in str(replay.asked)
