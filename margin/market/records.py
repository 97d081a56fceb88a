"""The values that the snapshot hands out.

Small, frozen, each figure with its unit and the day it was seen.

Rates, moves and correlations are fractions (0.01 is 1%); days are ISO dates (`2026-03-18`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Contract:
    """What a venue says of one perpetual; None where the figure was not seen.

    `tick_size` and `minimum_notional` in the settlement coin, `quantity_step` in tokens,
    `contract_value` in tokens per contract (1 on venues that count in tokens), `taker_fee` as a
    fraction of the notional. `status` is `trading` where the venue said so. `as_of` is a day, two
    days joined by `/` between which the row was seen, or `undated`. An unconfirmed contract value
    comes from second-hand lists, not from the venue.
    """

    tick_size: float | None
    quantity_step: float | None
    minimum_notional: float | None
    contract_value: float
    contract_value_confirmed: bool
    taker_fee: float
    status: str | None
    as_of: str


@dataclass(frozen=True, slots=True)
class Funding:
    """How one perpetual's recorded funding rates were distributed between two days.

    Rates are fractions of the notional per interval of `interval_hours`; positive means that longs
    pay shorts. `payments` counts the rates recorded, which need not be every one of the window.
    """

    venue: str
    since: str
    as_of: str
    interval_hours: int
    payments: int
    mean: float
    median: float
    percentile_1: float
    percentile_99: float
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class Risk:
    """How one token's price moved between two days, from daily closes.

    Volatility is that of daily log returns times √365; the beta is of daily log returns too.
    """

    source: str
    since: str
    as_of: str
    annual_volatility: float
    beta_btc: float


# Identity is its equality: arrays do not compare to one truth value.
def is_definite(matrix: NDArray[np.float64]) -> bool:
    """Return whether a symmetric matrix is positive definite beyond rounding.

    Where two prices move as one the least eigenvalue is 0, and comes out as 1e-17 on one machine
    and −1e-17 on another.
    """
    return bool(np.linalg.eigvalsh(matrix)[0] > 1e-12)


@dataclass(frozen=True, slots=True, eq=False)
class Correlations:
    """Linear (Pearson's) correlations of daily log returns between two days.

    `matrix` has the shape (symbols, symbols), is symmetric with a unit diagonal, read-only, in the
    order of `symbols`.
    """

    symbols: tuple[str, ...]
    matrix: NDArray[np.float64]
    source: str
    since: str
    as_of: str

    def __post_init__(self) -> None:
        self.matrix.setflags(write=False)

    @property
    def window(self) -> str:
        """The window as a person reads it."""
        return f"{self.since} to {self.as_of}"

    def of(self, symbols: Sequence[str]) -> "Correlations":
        """Return the same figures for some of the symbols, in the order given."""
        at = [self.symbols.index(symbol) for symbol in symbols]
        chosen = self.matrix[np.ix_(at, at)]
        return Correlations(tuple(symbols), chosen, self.source, self.since, self.as_of)


class Move(NamedTuple):
    """One token's day against the previous close, as fractions.

    Extremes are None where only the close is known.
    """

    close: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Crash:
    """A named day and what each token did on it.

    Lows of different tokens need not have come at the same instant.
    """

    date: str
    event: str
    source: str
    moves: Mapping[str, Move]


class Marks(NamedTuple):
    """Reference prices in the settlement coin per token, all of one day."""

    prices: Mapping[str, float]
    source: str
    as_of: str
