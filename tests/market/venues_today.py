"""A source that speaks for four venues on one day.

The packaged snapshot's figures, a little on, for tests to alter.

`SMALL` is the packaged snapshot with the lowest tiers alone, which is read much sooner.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from margin.market.records import Contract
from margin.market.snapshot.embedded import Snapshot
from margin.market.snapshot_update.rewrite import DATA
from margin.market.source import Candles, Checked, FundingHistory, Quote, Unavailable
from margin.venues import TierTable

TODAY = date(2026, 11, 22)
VENUES = ("binance", "bybit", "okx", "hyperliquid")
HOUR = 3_600_000
DAY = 24 * HOUR
_EPOCH = date(1970, 1, 1)
_LOWEST = 4
_HELD = TemporaryDirectory(prefix="small-snapshot-")


def _small(folder: Path) -> Path:
    copytree(DATA, folder)
    header, *lines = (DATA / "tiers.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    seen: Counter[str] = Counter()
    kept = [header]
    for line in lines:
        table = ",".join(line.split(",")[:2])
        seen[table] += 1
        if seen[table] <= _LOWEST:
            kept.append(line)
    (folder / "tiers.csv").write_text("".join(kept), encoding="utf-8")
    return folder


SMALL = _small(Path(_HELD.name) / "data")


def midnight(day: date) -> int:
    """In ms since 1970."""
    return (day - _EPOCH).days * DAY


def candles(closes: np.ndarray[Any, np.dtype[np.float64]], today: date = TODAY) -> Candles:
    """Days in a row, the last of them running today."""
    closes = np.asarray(closes, dtype=np.float64)
    times = midnight(today) - DAY * np.arange(len(closes) - 1, -1, -1, dtype=np.int64)
    return Candles(times, *(closes.copy() for _ in range(4)))


def payments(
    rates: np.ndarray[Any, np.dtype[np.float64]], hours: int = 8, today: date = TODAY
) -> FundingHistory:
    """Funding at one interval, the last at midnight."""
    times = midnight(today) - hours * HOUR * np.arange(len(rates) - 1, -1, -1, dtype=np.int64)
    return FundingHistory(times, np.asarray(rates, dtype=np.float64))


def walk(token: str, days: int, mark: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Closes that end at the mark: a market all share, and a way of each token's own."""
    market = np.random.default_rng(1).normal(scale=0.03, size=days)
    own = np.random.default_rng([ord(letter) for letter in token]).normal(scale=0.02, size=days)
    path = np.cumsum(market + own)
    return mark * np.exp(path - path[-1])


class VenuesToday:
    """A `MarketSource`; `asked` records (question, venue, token).

    An exception among the answers is raised.
    """

    def __init__(self, today: date = TODAY) -> None:
        snapshot = Snapshot(SMALL)
        self.asked: list[tuple[str, str, str]] = []
        self.down: dict[str, Unavailable] = {}
        self.marks = {token: mark * 1.25 for token, mark in snapshot.marks().items()}
        self.listed: dict[str, dict[str, Contract]] = {
            venue: {
                token: replace(
                    contract,
                    contract_value_confirmed=True,
                    status="trading",
                    as_of=today.isoformat(),
                )
                for token, contract in snapshot.contracts(venue).items()
            }
            for venue in VENUES
        }
        self.tables: dict[str, dict[str, TierTable]] = {
            venue: dict(snapshot.tables(venue).tiers) for venue in VENUES
        }
        self.refused: dict[tuple[str, str], str] = {}
        """Reasons by question and token."""
        self.refused_too: dict[tuple[str, str], str] = {}
        """The same, given beside the good values."""
        self.days = {token: 400 if token == "VIRTUAL" else 500 for token in self.marks}
        self.histories: dict[tuple[str, str], Any] = {}
        """Funding by venue and token, where it is not the usual."""
        self.paths: dict[tuple[str, str], Any] = {}
        """Candles by venue and token, where they are not the usual."""
        self._today = today

    def listing(self, token: str) -> None:
        """Lists a token on Binance with all that a snapshot needs."""
        self.marks[token], self.days[token] = 2.0, 450
        self.listed["binance"][token] = self.listed["binance"]["RENDER"]
        self.tables["binance"][token] = self.tables["binance"]["RENDER"]

    def delist(self, venue: str, *tokens: str) -> None:
        for token in tokens:
            del self.listed[venue][token]

    def contracts(self, venue: str) -> Checked[Contract]:
        self._record("contracts", venue)
        return self._checked("contracts", self.listed[venue])

    def quotes(self, venue: str) -> Checked[Quote]:
        self._record("quotes", venue)
        return self._checked(
            "quotes",
            {
                token: Quote(self.marks[token])
                for token in self.listed[venue]
                if token in self.marks
            },
        )

    def tiers(self, venue: str, token: str) -> Checked[TierTable]:
        self._record("tiers", venue, token)
        return self._checked("tiers", {token: self.tables[venue][token]})

    def funding(self, venue: str, token: str) -> FundingHistory:
        self._record("funding", venue, token)
        return self._answer(
            self.histories,
            venue,
            token,
            lambda: payments(np.linspace(-1e-3, 1e-3, 201), 8, self._today),
        )

    def candles(self, venue: str, token: str) -> Candles:
        self._record("candles", venue, token)
        usual = lambda: candles(walk(token, self.days[token], self.marks[token]), self._today)  # noqa: E731
        return self._answer(self.paths, venue, token, usual)

    def _record(self, question: str, venue: str, token: str = "") -> None:
        self.asked.append((question, venue, token))
        for scope in (venue, f"{venue} {question}"):
            if scope in self.down:
                raise self.down[scope]

    def _checked(self, question: str, values: dict[str, Any]) -> Checked[Any]:
        refused = {token: why for (asked, token), why in self.refused.items() if asked == question}
        good = {token: value for token, value in values.items() if token not in refused}
        refused |= {
            token: why
            for (asked, token), why in self.refused_too.items()
            if asked == question and token in good
        }
        return Checked(good, refused)

    def _answer(
        self, answers: dict[tuple[str, str], Any], venue: str, token: str, usual: Callable[[], Any]
    ) -> Any:
        answer = answers.get((venue, token)) or usual()
        if isinstance(answer, BaseException):
            raise answer
        return answer
