"""The interface of dated figures: its values, and how a source says that it has none.

Two things implement it: the embedded snapshot (`snapshot_source`) and the venues themselves
(`live`). Every value is checked before it leaves a source; what failed its checks is named beside
the good ones, with its reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Generic, Literal, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from margin.market.records import Contract
from margin.venues import TierTable

Value = TypeVar("Value")
Trouble = Literal["blocked", "busy", "silent", "broken", "key", "absent"]
"""Why a source has no answer.

It does not serve this place (`blocked`), asks for patience (`busy`), does not answer (`silent`),
answers what cannot be used (`broken`), wants a key or refuses the one given (`key`), or does not
hold such a figure (`absent`).
"""


class Unavailable(Exception):  # noqa: N818 (it is an answer: "unavailable")
    """A source has no answer.

    `reason` goes on after its name: `Binance …`; it never holds a key or an address.
    """

    def __init__(self, trouble: Trouble, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.trouble: Trouble = trouble
        self.reason = reason
        self.retry_after = retry_after
        """Seconds for which the source asked to be left alone, where it said so."""


@dataclass(frozen=True, slots=True)
class Checked(Generic[Value]):
    """What an answer held per token.

    The good values, and why others were refused (a clause after the token).
    """

    good: Mapping[str, Value]
    refused: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "good", MappingProxyType(dict(self.good)))
        object.__setattr__(self, "refused", MappingProxyType(dict(self.refused)))


class Quote(NamedTuple):
    """One perpetual now. Prices in the settlement coin.

    The rate is a fraction of the notional per interval.
    """

    mark: float
    index_price: float | None = None
    funding_rate: float | None = None
    interval_hours: float | None = None
    next_funding: datetime | None = None
    """In UTC."""


# Identity is their equality: arrays do not compare to one truth value.
@dataclass(frozen=True, slots=True, eq=False)
class FundingHistory:
    """Past funding, oldest first.

    `times` in ms since 1970 UTC, `rates` as fractions per interval; shape (payments,).

    Positive: longs pay shorts.
    """

    times: NDArray[np.int64]
    rates: NDArray[np.float64]

    def __post_init__(self) -> None:
        _make_read_only(self.times, self.rates)


@dataclass(frozen=True, slots=True, eq=False)
class Candles:
    """Prices per day, oldest first, in the settlement coin; shape (days,).

    `times` are the days' beginnings, midnight UTC, in ms since 1970; the last day may be running
    still.
    """

    times: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]

    def __post_init__(self) -> None:
        _make_read_only(self.times, self.open, self.high, self.low, self.close)


def _make_read_only(*columns: NDArray[Any]) -> None:
    """Sessions share these values."""
    for column in columns:
        column.setflags(write=False)


class MarketSource(Protocol):
    """Where figures come from. Tokens are ours (`RENDER`), venues keys of `VENUES`.

    Every method raises `Unavailable` where the source has no answer at all.
    """

    def contracts(self, venue: str) -> Checked[Contract]:
        """Return every linear perpetual that trades on the venue, in its settlement coin."""

    def quotes(self, venue: str) -> Checked[Quote]:
        """Return marks and present funding of those perpetuals."""

    def tiers(self, venue: str, token: str) -> Checked[TierTable]:
        """Return verified tier tables.

        That token's at least, every one's where the venue gives them in one answer.
        """

    def funding(self, venue: str, token: str) -> FundingHistory:
        """Return the latest funding payments of a perpetual, at least 100 where there are."""

    def candles(self, venue: str, token: str) -> Candles:
        """Return traded prices of the latest 500 days at least, where there were so many."""
