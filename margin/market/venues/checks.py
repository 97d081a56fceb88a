"""The checks that every figure of a venue must pass; they are the same for all venues."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from margin.errors import FieldError, listed, number
from margin.market.source import Candles, Checked, FundingHistory, Quote, Unavailable
from margin.market.venues.fields import LATEST, Entry, entry, figure, optional_figure
from margin.model.symbols import RENAMED, token
from margin.venues import TierTable

Value = TypeVar("Value")

OFF_INDEX = 0.5
"""Largest difference of a mark from its index price, as a fraction: beyond, one is wrong."""
MOST_LEVERAGE = 1000
LONGEST_INTERVAL = 168
"""Most hours between two funding payments: a week, far beyond any known interval."""
_PRICES = ("open", "high", "low", "close")


def token_of(base: str) -> str | None:
    """Return our name of a venue's base asset.

    None for a name that is no valid token or one that merged into another.
    """
    try:
        name = token(base, "symbol")
    except FieldError:
        return None
    return name if name == RENAMED.get(base, base) else None


def listed_token(name: str) -> str:
    """Return the token if it may be sent in a request. Raises Unavailable for an invalid name."""
    if token_of(name) != name:
        raise Unavailable("absent", "does not list a token of that name")
    return name


def today() -> str:
    """Return today's ISO date in UTC."""
    return datetime.now(UTC).date().isoformat()


def parse_rows(
    rows: Iterable[object],
    base: Callable[[Entry], str | None],
    parse: Callable[[Entry], Value | None],
) -> Checked[Value]:
    """Return the rows' values by token; a faulty or repeated row is refused without the others.

    `base` returns a row's base asset; rows for which it or `parse` returns None are ignored, and so
    are rows of unknown tokens. Of a renamed token the row under its new name counts. Raises
    FieldError where no row is good.
    """
    good: dict[str, Value] = {}
    refused: dict[str, str] = {}
    for renamed, name, row in _rows_of_tokens(rows, base):
        known = name in good or name in refused
        if known and renamed:
            continue
        try:
            value = parse(row)
        except FieldError as error:
            refused.setdefault(name, str(error))
            continue
        if value is not None and known:
            refused.setdefault(name, "is given twice; the first row stands")
        elif value is not None:
            good[name] = value
    if not good:
        raise FieldError("", "no row of the answer can be used")
    return Checked(good, refused)


def _rows_of_tokens(
    rows: Iterable[object], base: Callable[[Entry], str | None]
) -> list[tuple[bool, str, Entry]]:
    """Return whether a row is under a former name, its token and the row; former names last."""
    named: list[tuple[bool, str, Entry]] = []
    for row in rows:
        with suppress(FieldError):
            fields = entry(row)
            asset = base(fields)
            name = token_of(asset) if asset is not None else None
            if name is not None:
                named.append((asset in RENAMED, name, fields))
    return sorted(named, key=lambda row: row[0])


def checked_quote(
    mark: float,
    index_price: float | None = None,
    funding_rate: float | None = None,
    interval_hours: float | None = None,
    next_funding: datetime | None = None,
) -> Quote:
    """Return the quote if its values are possible; an index price of 0 counts as none.

    Raises FieldError with the impossible value.
    """
    number(mark, "mark", above=0)
    if index_price := index_price or None:
        number(index_price, "index price", above=0)
        off = mark / index_price - 1
        if abs(off) > OFF_INDEX:
            raise FieldError(
                "", f"its mark of {mark:g} is {off:+.0%} off its index price of {index_price:g}"
            )
    if funding_rate is not None:
        number(funding_rate, "funding rate", above=-1, below=1)
    if interval_hours is not None:
        number(interval_hours, "funding interval", above=0, at_most=LONGEST_INTERVAL)
    return Quote(mark, index_price, funding_rate, interval_hours, next_funding)


def venue_quote(
    mark: float,
    index_price: float | None,
    funding: Callable[[], tuple[float | None, float | None, datetime | None]],
) -> Quote:
    """Return the quote, without its funding where `funding` fails or gives impossible values.

    `funding` reads the rate, the interval in hours and the next payment. Raises FieldError for the
    mark and the index price alone, so that a fault in the funding does not cost the mark.
    """
    quote = checked_quote(mark, index_price)
    with suppress(FieldError):
        quote = checked_quote(mark, index_price, *funding())
    return quote


def tier_table(rows: Sequence[Mapping[str, float | None]], *, progressive: bool) -> TierTable:
    """Return a verified table from rows of the scenario JSON, lowest tier first.

    Amounts may be missing: they follow from continuity. Besides the checks of every table, the rate
    must be between 0 and 1, the leverage from 1 to 1000, and the maintenance margin at most the
    initial one. Raises FieldError with the row's path (`[2].maintenance_rate`).
    """
    for index, row in enumerate(rows):
        rate = number(row["maintenance_rate"], f"[{index}].maintenance_rate", above=0, below=1)
        leverage = number(
            row["max_leverage"], f"[{index}].max_leverage", at_least=1, at_most=MOST_LEVERAGE
        )
        if rate * leverage > 1 + 1e-9:
            raise FieldError(
                f"[{index}].maintenance_rate",
                f"asks for more than the initial margin at {leverage:g}×",
            )
    return TierTable.from_rows(rows, progressive=progressive)


def published_amounts(rows: Sequence[Entry], key: str) -> list[float | None]:
    """Return the maintenance amounts under this key in the settlement coin, lowest tier first.

    All are None, so that they follow from continuity, where no row above the first gives one.
    """
    # Where only some rows give one, a missing amount is 0: if that is wrong, the answer is
    # incomplete, and the table's own check refuses it.
    amounts = [optional_figure(row, key) for row in rows]
    if all(amount is None for amount in amounts[1:]):
        return amounts
    return [amount or 0.0 for amount in amounts]


def candles(rows: Iterable[object]) -> Candles:
    """Parse arrays that begin with time, open, high, low, close; oldest first.

    Raises FieldError with the row's path (`[3].low`) where prices contradict each other or times
    do not rise.
    """
    table = [_candle(row, f"[{index}]") for index, row in enumerate(rows)]
    if not table:
        raise FieldError("", "no period is given")
    columns = np.array(table, dtype=np.float64).T
    return Candles(_rising(columns[0]), *columns[1:])


def _candle(row: object, path: str) -> tuple[float, ...]:
    fields = dict(zip(("time", *_PRICES), listed(row, path, most=100), strict=False))
    try:
        time = figure(fields, "time", at_least=0, at_most=LATEST)
        opened, high, low, close = (figure(fields, name, above=0) for name in _PRICES)
    except FieldError as error:
        raise error.within(path) from None
    if not low <= min(opened, close) <= max(opened, close) <= high:
        raise FieldError(
            path,
            f"its low {low:g} and high {high:g} do not hold its open {opened:g} and close "
            f"{close:g}",
        )
    return time, opened, high, low, close


def funding_history(rows: Iterable[object], time_key: str, rate_key: str) -> FundingHistory:
    """Parse funding payments from objects in any order, by the keys of the time in ms and the rate.

    Raises FieldError with the row, or with a time that is given twice.
    """
    payments = sorted(
        _payment(row, f"[{index}]", time_key, rate_key) for index, row in enumerate(rows)
    )
    if not payments:
        raise FieldError("", "no payment is given")
    times, rates = np.array(payments, dtype=np.float64).T
    return FundingHistory(_rising(times), rates)


def _payment(row: object, path: str, time_key: str, rate_key: str) -> tuple[float, float]:
    try:
        fields = entry(row)
        time = figure(fields, time_key, at_least=0, at_most=LATEST)
        return time, figure(fields, rate_key, above=-1, below=1)
    except FieldError as error:
        raise error.within(path) from None


def _rising(times: NDArray[np.float64]) -> NDArray[np.int64]:
    milliseconds = times.astype(np.int64)
    for index, (earlier, later) in enumerate(pairwise(milliseconds.tolist()), 1):
        if later <= earlier:
            raise FieldError(f"[{index}].time", f"must be after {earlier}, got {later}")
    return milliseconds
