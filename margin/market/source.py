"""The interface of market figures: its values, and the error of a source that has none.

Two classes implement it: `SnapshotSource` and `Venues`, the live venues. A source checks every
value before it returns it, and reports those that fail beside the good ones, with the reason.
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

It does not serve this location (`blocked`), limits the request rate (`busy`), does not answer
(`silent`), gives an unusable answer (`broken`), needs a key or rejects the one given (`key`), or
does not have such a figure (`absent`).
"""


class Unavailable(Exception):  # noqa: N818 (it is an answer: "unavailable")
    """A source has no answer.

    `reason` is a clause that follows the venue's name (`Binance …`), without a key or an address.
    """

    def __init__(self, trouble: Trouble, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.trouble: Trouble = trouble
        self.reason = reason
        self.retry_after = retry_after
        """Seconds to wait before the next request, where the source gave them."""


@dataclass(frozen=True, slots=True)
class Checked(Generic[Value]):
    """The values of an answer by token, and why others were refused (a clause after the token)."""

    good: Mapping[str, Value]
    refused: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "good", MappingProxyType(dict(self.good)))
        object.__setattr__(self, "refused", MappingProxyType(dict(self.refused)))


class Quote(NamedTuple):
    """A perpetual's mark price and funding now.

    Prices are in the settlement coin, the rate is a fraction of the notional per interval.
    """

    mark: float
    index_price: float | None = None
    funding_rate: float | None = None
    interval_hours: float | None = None
    next_funding: datetime | None = None
    """In UTC."""


# Compared by identity, for arrays do not compare to one truth value.
@dataclass(frozen=True, slots=True, eq=False)
class FundingHistory:
    """Past funding, oldest first.

    `times` are in ms since 1970 UTC, `rates` fractions of the notional per interval; shape
    (payments,). At a positive rate longs pay shorts.
    """

    times: NDArray[np.int64]
    rates: NDArray[np.float64]

    def __post_init__(self) -> None:
        _make_read_only(self.times, self.rates)


@dataclass(frozen=True, slots=True, eq=False)
class Candles:
    """Daily prices, oldest first, in the settlement coin; shape (days,).

    `times` are the days' beginnings, midnight UTC, in ms since 1970; the last day may not be over.
    """

    times: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]

    def __post_init__(self) -> None:
        _make_read_only(self.times, self.open, self.high, self.low, self.close)


def _make_read_only(*columns: NDArray[Any]) -> None:
    """Lock the arrays, for sessions share them."""
    for column in columns:
        column.setflags(write=False)


class MarketSource(Protocol):
    """A source of market figures; tokens are named as ours (`RENDER`), venues as in `VENUES`.

    Every method raises `Unavailable` where the source has no answer at all.
    """

    def contracts(self, venue: str) -> Checked[Contract]:
        """Return every linear perpetual that trades on the venue, in its settlement coin."""

    def quotes(self, venue: str) -> Checked[Quote]:
        """Return mark prices and current funding of those perpetuals."""

    def tiers(self, venue: str, token: str) -> Checked[TierTable]:
        """Return the token's verified tier table, with all others where one answer has them."""

    def funding(self, venue: str, token: str) -> FundingHistory:
        """Return the latest funding payments of a perpetual, at least 100 where it has them."""

    def candles(self, venue: str, token: str) -> Candles:
        """Return traded prices of at least the latest 500 days, where it has them."""
