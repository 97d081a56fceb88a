"""A source, a clock and values for the tests of what lies above a source."""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from queue import Queue
from threading import Event
from typing import Any

import numpy as np

from margin.market.cache.memory import MarketCache
from margin.market.cache.query import Kind, Query
from margin.market.records import Contract
from margin.market.source import Candles, Checked, FundingHistory, Quote
from margin.venues import TierTable

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
PATIENCE = 10.0
"""Seconds after which a test that waits for another thread has failed."""


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time

    def forward(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def settles(cache: MarketCache, queries: Iterable[Query], timeout: float) -> bool:
    """Wait until nothing of this is waiting or being fetched.

    Whether that came about within so many seconds.
    """
    wanted, end = tuple(queries), time.monotonic() + timeout
    while cache.is_fetching(wanted):
        if time.monotonic() >= end:
            return False
        time.sleep(0.001)
    return True


class Scripted:
    """A `MarketSource` that answers as a test says, and puts on record what it was asked.

    `answers` holds, per question, a value, or an exception to raise. While a venue is among
    `hanging`, its questions wait for that event. `asked` and the queue `begun` tell each question
    as it arrives.
    """

    def __init__(self) -> None:
        self.asked: list[Query] = []
        self.begun: Queue[Query] = Queue()
        self.answers: dict[Query, Any] = {}
        self.hanging: dict[str, Event] = {}

    def contracts(self, venue: str) -> Checked[Contract]:
        return self._answer(Query(venue, "contracts"))

    def quotes(self, venue: str) -> Checked[Quote]:
        return self._answer(Query(venue, "quotes"))

    def tiers(self, venue: str, token: str) -> Checked[TierTable]:
        return self._answer(Query(venue, "tiers", token))

    def funding(self, venue: str, token: str) -> FundingHistory:
        return self._answer(Query(venue, "funding", token))

    def candles(self, venue: str, token: str) -> Candles:
        return self._answer(Query(venue, "candles", token))

    def _answer(self, query: Query) -> Any:
        self.asked.append(query)
        self.begun.put(query)
        if gate := self.hanging.get(query.venue):
            assert gate.wait(PATIENCE)
        answer = self.answers.get(query, VALUES[query.kind]())
        if isinstance(answer, BaseException):
            raise answer
        return answer


def table(rate: float = 0.01) -> TierTable:
    """A progressive table of two tiers."""
    rows = [
        {"floor": 0, "maintenance_rate": rate, "max_leverage": 50},
        {"floor": 10_000, "maintenance_rate": 2 * rate, "max_leverage": 20, "cap": 50_000},
    ]
    return TierTable.from_rows(rows, progressive=True)


def flat_table(rate: float = 0.01) -> TierTable:
    """The same by contracts."""
    rows = [
        {"floor": 0, "maintenance_rate": rate, "max_leverage": 50},
        {"floor": 10_000, "maintenance_rate": 2 * rate, "max_leverage": 20, "cap": 50_000},
    ]
    return TierTable.from_rows(rows, progressive=False)


def contract(value: float = 1.0) -> Contract:
    """A contract as a venue tells it today."""
    return Contract(0.001, 0.1, 5.0, value, True, 0.0005, "trading", "2026-11-22")


def quote(mark: float = 2.0) -> Quote:
    """A quote with all that a venue says."""
    return Quote(mark, mark * 1.001, 0.0001, 4.0, datetime(2026, 11, 22, 16, tzinfo=UTC))


def history() -> FundingHistory:
    """Three payments."""
    return FundingHistory(
        np.array([1000, 2000, 3000], dtype=np.int64), np.array([1e-4, -2e-4, 0.0])
    )


def candles() -> Candles:
    """Two periods."""
    times = np.array([0, 3_600_000], dtype=np.int64)
    return Candles(
        times,
        np.array([2.0, 2.1]),
        np.array([2.2, 2.3]),
        np.array([1.9, 2.0]),
        np.array([2.1, 2.05]),
    )


VALUES: dict[Kind, Callable[[], Any]] = {
    "quotes": lambda: Checked({"RENDER": quote(), "FET": quote(0.3)}),
    "contracts": lambda: Checked({"RENDER": contract(), "FET": contract()}),
    "tiers": lambda: Checked(
        {"RENDER": table()}, {"FET": "[1].floor: must be above the floor before it, got 0"}
    ),
    "funding": history,
    "candles": candles,
}
"""An answer of each kind; that on tiers suits venues whose tables are progressive."""
