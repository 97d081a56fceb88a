"""The replayed venues, one book for all of them, and a connection without its pauses."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from socket import socket
from typing import Any

import pytest
from ccxt.async_support.base.exchange import Exchange

from margin.market.venues import connection
from margin.market.venues.readers import Venues, read_account, read_tiers
from tests.replay import binance, bybit, hyperliquid, okx
from tests.replay.figures import ADDRESS, KEY, Book
from tests.replay.server import Replay, no_pause, replaying

INSTALL = {
    "binance": binance.install,
    "bybit": bybit.install,
    "okx": okx.install,
    "hyperliquid": hyperliquid.install,
}

READS: dict[str, Callable[[str], Any]] = {
    "contracts": lambda venue: Venues().contracts(venue),
    "quotes": lambda venue: Venues().quotes(venue),
    "tiers": lambda venue: (
        read_tiers(venue, KEY, "RENDER") if venue == "binance" else Venues().tiers(venue, "RENDER")
    ),
    "funding": lambda venue: Venues().funding(venue, "RENDER"),
    "candles": lambda venue: Venues().candles(venue, "RENDER"),
    "account": lambda venue: read_account(venue, None if venue == "hyperliquid" else KEY, ADDRESS),
}
"""Everything that a venue is asked for, each over a connection of its own."""


@pytest.fixture(scope="module")
def server() -> Iterator[Replay]:
    with replaying() as running:
        yield running


@pytest.fixture
def replay(server: Replay, book: Book, monkeypatch: pytest.MonkeyPatch) -> Replay:
    """The server with every venue's answers from the book, healthy, and nothing asked yet."""
    monkeypatch.setattr(connection, "BACK_OFF", 0.0)
    monkeypatch.setattr(Exchange, "throttle", no_pause)
    server.heal()
    server.asked.clear()
    for install in INSTALL.values():
        install(server, book)
    return server


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def deaf() -> Iterator[int]:
    """A port whose backlog is full: attempts to connect to it hang."""
    with ExitStack() as stack:
        listening = stack.enter_context(socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket())
            filler.setblocking(False)
            filler.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]
