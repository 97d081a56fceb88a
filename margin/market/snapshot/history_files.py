"""The files of recorded prices: marks, funding, risk figures, correlations and crashes."""

from collections.abc import Collection, Mapping, Sequence
from importlib.resources.abc import Traversable
from itertools import combinations
from types import MappingProxyType

import numpy as np

from margin.errors import FieldError
from margin.market.records import (
    RISING_RATES,
    Correlations,
    Crash,
    Funding,
    Marks,
    Move,
    Risk,
    is_definite,
)
from margin.market.snapshot.csv_reader import (
    CsvRow,
    common,
    group_rows,
    read_rows,
    refuse_repeats,
    require_all,
)
from margin.venues import listing_venues

_MARKS = "symbol,source,as_of,price"
_FUNDING = (
    "symbol,venue,since,as_of,interval_hours,payments,"
    "mean,median,percentile_1,percentile_99,lowest,highest"
)
_RISK = "symbol,source,since,as_of,annual_volatility,beta_btc"
_CORRELATIONS = "source,since,as_of,first,second,value"
_CRASHES = "date,event,source,symbol,close,low,high"


def read_marks(folder: Traversable) -> Marks:
    """Read the marks; every symbol of the snapshot has one."""
    rows = read_rows(folder, "marks.csv", _MARKS)
    refuse_repeats(rows, lambda row: row.cells["symbol"])
    prices = {row.symbol("symbol"): row.number("price", above=0) for row in rows}
    rows[0].date("as_of")
    return Marks(
        MappingProxyType(prices), source=common(rows, "source"), as_of=common(rows, "as_of")
    )


def _by_symbol(
    folder: Traversable, file: str, header: str, symbols: Collection[str]
) -> dict[str, CsvRow]:
    """Read a file that has exactly one row for every symbol."""
    rows = read_rows(folder, file, header)
    refuse_repeats(rows, lambda row: row.cells["symbol"])
    by_symbol = {row.choice("symbol", symbols): row for row in rows}
    require_all(file, by_symbol, symbols)
    return by_symbol


def read_funding(folder: Traversable, symbols: Collection[str]) -> Mapping[str, Funding]:
    """Read the recorded funding rates by symbol."""
    rows = _by_symbol(folder, "funding.csv", _FUNDING, symbols)
    return MappingProxyType({symbol: _funding(row) for symbol, row in rows.items()})


def _funding(row: CsvRow) -> Funding:
    since, as_of = row.span("since", "as_of")
    figures = ("interval_hours", "payments", "mean", *RISING_RATES)
    return row.record(
        Funding,
        venue=row.choice("venue", listing_venues()),
        since=since,
        as_of=as_of,
        **{column: row.value(column) for column in figures},
    )


def read_risk(folder: Traversable, symbols: Collection[str]) -> Mapping[str, Risk]:
    """Read volatility and beta by symbol."""
    rows = _by_symbol(folder, "risk.csv", _RISK, symbols)
    return MappingProxyType({symbol: _risk(row) for symbol, row in rows.items()})


def _risk(row: CsvRow) -> Risk:
    since, as_of = row.span("since", "as_of")
    return row.record(
        Risk,
        source=row.text("source"),
        since=since,
        as_of=as_of,
        annual_volatility=row.value("annual_volatility"),
        beta_btc=row.value("beta_btc"),
    )


def read_correlations(folder: Traversable, symbols: Collection[str]) -> tuple[Correlations, ...]:
    """Read the correlations of every window, the longest window first."""
    rows = read_rows(folder, "correlations.csv", _CORRELATIONS)
    groups = group_rows(rows, lambda row: (row.cells["since"], row.cells["as_of"]))
    windows = [_correlations(group, symbols) for group in groups.values()]
    covered = set[str]().union(*(window.symbols for window in windows))
    require_all("correlations.csv", covered, symbols, "in a window")
    return tuple(sorted(windows, key=lambda window: window.since))


def _correlations(rows: Sequence[CsvRow], symbols: Collection[str]) -> Correlations:
    source = common(rows, "source")
    since, as_of = rows[0].span("since", "as_of")
    refuse_repeats(rows, _pair)
    values = {_pair(row): _correlation(row, symbols) for row in rows}
    paired: dict[str, None] = {}  # An ordered set.
    for row in rows:
        paired |= {row.cells["first"]: None, row.cells["second"]: None}
    matrix = np.eye(len(paired))
    for (i, first), (j, second) in combinations(enumerate(paired), 2):
        pair = frozenset({first, second})
        if pair not in values:
            raise FieldError(
                "correlations.csv", f"must have {first} with {second} in {since} to {as_of}"
            )
        matrix[i, j] = matrix[j, i] = values[pair]
    return _verified(Correlations(tuple(paired), matrix, source, since, as_of))


def _pair(row: CsvRow) -> frozenset[str]:
    return frozenset({row.cells["first"], row.cells["second"]})


def _correlation(row: CsvRow, symbols: Collection[str]) -> float:
    first, second = row.choice("first", symbols), row.choice("second", symbols)
    if first == second:
        raise FieldError(row.path("second"), f"must not be {first} again")
    return row.number("value", at_least=-1, at_most=1)


def _verified(correlations: Correlations) -> Correlations:
    # Figures within bounds can still contradict each other, and joint moves can only be drawn from
    # a definite matrix.
    if not is_definite(correlations.matrix):
        raise FieldError("correlations.csv", f"must be positive definite in {correlations.window}")
    return correlations


def read_crashes(folder: Traversable, symbols: Collection[str]) -> tuple[Crash, ...]:
    """Read the crash days, oldest first."""
    rows = read_rows(folder, "crashes.csv", _CRASHES)
    refuse_repeats(rows, lambda row: (row.cells["date"], row.cells["symbol"]))
    days = group_rows(rows, lambda row: row.date("date"))
    return tuple(_crash(day, days[day], symbols) for day in sorted(days))


def _crash(day: str, rows: Sequence[CsvRow], symbols: Collection[str]) -> Crash:
    moves = {row.choice("symbol", symbols): _move(row) for row in rows}
    return Crash(day, common(rows, "event"), common(rows, "source"), MappingProxyType(moves))


def _move(row: CsvRow) -> Move:
    """Return the row's move. Raises FieldError unless low ≤ close ≤ high."""
    # Low and high may be on the same side of 0: the day may open with a gap from the last close.
    close = row.number("close", above=-1)
    if not row.cells["low"] and not row.cells["high"]:
        return Move(close, None, None)
    low, high = row.number("low", above=-1), row.number("high", above=-1)
    if low > close:
        raise FieldError(row.path("low"), f"must not be above the close, got {low:g}")
    if high < close:
        raise FieldError(row.path("high"), f"must not be below the close, got {high:g}")
    return Move(close, low, high)
