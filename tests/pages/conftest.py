"""The venues as tests of the pages meet them.

Replayed on this machine, asked by the real client, nothing kept.
"""

from collections.abc import Iterator

import pytest
import streamlit as st
from ccxt.async_support.base.exchange import Exchange

from margin.market.venues import connection
from pages.ui.session import live
from tests.replay import binance, bybit, hyperliquid, okx
from tests.replay.figures import Book
from tests.replay.server import Replay, no_pause, replaying


@pytest.fixture
def venues(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Replay, Book]]:
    """The replay and the book it answers from, beside an empty cache."""
    monkeypatch.setenv("TANDEM_CACHE", "")
    monkeypatch.setattr(connection, "BACK_OFF", 0.0)
    monkeypatch.setattr(Exchange, "throttle", no_pause)
    live.cache.clear()
    book = Book()
    with replaying() as replay:
        for venue in (binance, bybit, okx, hyperliquid):
            venue.install(replay, book)
        yield replay, book
        live.cache().close()
    live.cache.clear()


@pytest.fixture(autouse=True)
def same_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest runs one page and knows no other: what leaves it runs it again instead.

    That one lands on the other page is tried in a browser.
    """
    monkeypatch.setattr(st, "switch_page", lambda *_, **__: st.rerun())
