"""The values that the snapshot hands out.

Small, frozen, each figure with its unit and the day it was seen.

Rates, moves and correlations are fractions (0.01 is 1%); days are ISO dates (`2026-03-18`).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray

from margin import errors
from margin.errors import FieldError
from margin.validation import Check, number, optional, record, text, whole

RISING_RATES = ("lowest", "percentile_1", "median", "percentile_99", "highest")
"""Figures of a distribution, none of which is below the one before."""


UNDATED = "undated"
"""Stands for the day of a figure that was seen without its date."""
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_SIGHTING = re.compile(rf"{_DAY}(?:/{_DAY})?|{UNDATED}")


def _sighting(value: object) -> str:
    if not isinstance(value, str) or not _SIGHTING.fullmatch(value):
        raise FieldError("", "must be a day, two of them, or undated")
    return value


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise FieldError("", "must be true or false")
    return value


Size = Annotated[float | None, optional(number(above=0))]
Rate = Annotated[float, number(above=-1, below=1)]
Words = Annotated[str, text(longest=500)]


@record
class Contract:
    """What a venue says of one perpetual; None where the figure was not seen.

    `tick_size` and `minimum_notional` in the settlement coin, `quantity_step` in tokens,
    `contract_value` in tokens per contract (1 on venues that count in tokens), `taker_fee` as a
    fraction of the notional. `status` is `trading` where the venue said so. `as_of` is a day, two
    days joined by `/` between which the row was seen, or `undated`. An unconfirmed contract value
    comes from second-hand lists, not from the venue.
    """

    tick_size: Size
    quantity_step: Size
    minimum_notional: Size
    contract_value: Annotated[float, number(above=0)]
    contract_value_confirmed: Annotated[bool, Check(_truth, {"type": "boolean"})]
    taker_fee: Annotated[float, number(at_least=0, below=1)]
    status: Annotated[str | None, optional(text(longest=500))]
    as_of: Annotated[str, Check(_sighting, {"type": "string"})]


@record
class Funding:
    """How one perpetual's recorded funding rates were distributed between two days.

    Rates are fractions of the notional per interval of `interval_hours`; positive means that longs
    pay shorts. `payments` counts the rates recorded, which need not be every one of the window.
    """

    venue: Words
    since: Words
    as_of: Words
    interval_hours: Annotated[int, whole(at_least=1)]
    payments: Annotated[int, whole(at_least=1)]
    mean: Rate
    median: Rate
    percentile_1: Rate
    percentile_99: Rate
    lowest: Rate
    highest: Rate

    def __post_init__(self) -> None:
        for lower, higher in pairwise(RISING_RATES):
            if getattr(self, higher) < getattr(self, lower):
                rate = getattr(self, higher)
                raise FieldError(higher, f"must not be below {lower}, got {rate:g}")
        errors.number(self.mean, "mean", at_least=self.lowest, at_most=self.highest)


@record
class Risk:
    """How one token's price moved between two days, from daily closes.

    Volatility is that of daily log returns times √365; the beta is of daily log returns too.
    """

    source: Words
    since: Words
    as_of: Words
    annual_volatility: Annotated[float, number(above=0)]
    beta_btc: Annotated[float, number()]


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
    """A crash day and what each token did on it.

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
