"""The records of the snapshot: small, frozen, each figure with its unit and its day.

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
"""Figures of a distribution in rising order."""
UNDATED = "undated"
"""In place of the day of a figure without a date."""

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
    """What a venue publishes of one perpetual; None where the figure is not known.

    `tick_size` and `minimum_notional` in the settlement coin, `quantity_step` in tokens,
    `contract_value` in tokens per contract (1 on venues that count in tokens), `taker_fee` as a
    fraction of the notional. `status` is `trading` where the venue reports it. `as_of` is the row's
    day, two days joined by `/` between which it was seen, or `undated`. An unconfirmed contract
    value comes from second-hand lists, not from the venue.
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
    """The distribution of one perpetual's recorded funding rates between two days.

    Rates are fractions of the notional per interval of `interval_hours`; at a positive rate longs
    pay shorts. `payments` counts the recorded rates, which may not be all of the window.
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


def is_definite(matrix: NDArray[np.float64]) -> bool:
    """Return whether a symmetric matrix is positive definite beyond rounding."""
    # Where two prices move as one the least eigenvalue is 0, and comes out as 1e-17 on one machine
    # and −1e-17 on another.
    return bool(np.linalg.eigvalsh(matrix)[0] > 1e-12)


# Compared by identity, for arrays do not compare to one truth value.
@dataclass(frozen=True, slots=True, eq=False)
class Correlations:
    """Linear (Pearson's) correlations of daily log returns between two days.

    `matrix` has the shape (symbols, symbols) in the order of `symbols`; it is symmetric with a unit
    diagonal, and read-only.
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
        """The window as text, `2025-09-29 to 2026-09-29`."""
        return f"{self.since} to {self.as_of}"

    def of(self, symbols: Sequence[str]) -> "Correlations":
        """Return the same figures for some of the symbols, in the order given."""
        rows = [self.symbols.index(symbol) for symbol in symbols]
        matrix = self.matrix[np.ix_(rows, rows)]
        return Correlations(tuple(symbols), matrix, self.source, self.since, self.as_of)


class Move(NamedTuple):
    """One token's day against the previous close, as fractions.

    `low` and `high` are None where only the close is known.
    """

    close: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Crash:
    """A crash day and the move of every token on it.

    The tokens need not have reached their lows at the same instant.
    """

    date: str
    event: str
    source: str
    moves: Mapping[str, Move]


class Marks(NamedTuple):
    """Reference prices by token in the settlement coin, all of one day."""

    prices: Mapping[str, float]
    source: str
    as_of: str
