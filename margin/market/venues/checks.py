"""What every venue's answers must hold to before a figure leaves this package.

The venues' modules read the fields; here stand the checks that are the same for all of them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from margin.errors import FieldError, listed, number
from margin.market.source import Candles, Checked, FundingHistory, Quote, Unavailable
from margin.market.venues.fields import LATEST, Entry, entry, figure, optional
from margin.model.symbols import RENAMED, token
from margin.venues import TierTable

Value = TypeVar("Value")

OFF_INDEX = 0.5
"""How far a mark may stand from its index price, as a fraction of it.

Beyond, one of the two is wrong.
"""
MOST_LEVERAGE = 1000
LONGEST_INTERVAL = 168
"""Hours between two funding payments, a week: far beyond any that is known."""
_PRICES = ("open", "high", "low", "close")


def token_of(base: str) -> str | None:
    """Return our name of a venue's base asset.

    None for what is no token of ours: another script, or one that merged away.
    """
    try:
        name = token(base, "symbol")
    except FieldError:
        return None
    return name if name == RENAMED.get(base, base) else None


def listed_token(name: str) -> str:
    """Return the token as it may stand in a request.

    Raises Unavailable for what no venue lists under such a name.
    """
    if token_of(name) != name:
        raise Unavailable("absent", "does not list a token of that name")
    return name


def today() -> str:
    """Return the ISO date of today in UTC."""
    return datetime.now(UTC).date().isoformat()


def gather(
    rows: Iterable[object],
    base: Callable[[Entry], str | None],
    read: Callable[[Entry], Value | None],
) -> Checked[Value]:
    """Return the rows' values per token.

    A row that cannot be read, or repeats a token, is refused without the others.

    `base` gives a row's base asset; None there, and from `read`, says that the row does not count.
    What names no token of ours is passed over, and a token's old name yields to its new one. Raises
    FieldError where no row is good.
    """
    good: dict[str, Value] = {}
    refused: dict[str, str] = {}
    for former, name, held in _named(rows, base):
        known = name in good or name in refused
        if known and former:
            continue
        try:
            value = read(held)
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


def _named(
    rows: Iterable[object], base: Callable[[Entry], str | None]
) -> list[tuple[bool, str, Entry]]:
    """Return the rows of tokens: whether under a former name, these last, the token, the row."""
    named: list[tuple[bool, str, Entry]] = []
    for row in rows:
        with suppress(FieldError):
            held = entry(row)
            asset = base(held)
            name = token_of(asset) if asset is not None else None
            if name is not None:
                named.append((asset in RENAMED, name, held))
    return sorted(named, key=lambda row: row[0])


def sane_quote(
    mark: float,
    index_price: float | None = None,
    funding_rate: float | None = None,
    interval_hours: float | None = None,
    next_funding: datetime | None = None,
) -> Quote:
    """Return the quote, if it can be true.

    An index price of 0 counts as none. Raises FieldError naming what cannot be.
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
    """Return the quote; of what `funding` reads, impossible values are None.

    It reads rate, interval in hours and next payment.

    Raises FieldError for the mark and the index price alone: no funding takes a mark with it.
    """
    quote = sane_quote(mark, index_price)
    with suppress(FieldError):
        quote = sane_quote(mark, index_price, *funding())
    return quote


def tier_table(rows: Sequence[Mapping[str, float | None]], *, progressive: bool) -> TierTable:
    """Return a verified table from rows of the scenario JSON, lowest tier first.

    Amounts may be left to continuity.

    Beyond what any table must hold to: 0 < rate < 1, leverage from 1 to 1000, and a maintenance
    margin never above the initial one. Raises FieldError with the row's path
    (`[2].maintenance_rate`).
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
    """Return the maintenance amounts under this key, lowest tier first.

    In the settlement coin.

    None, so that they follow from continuity, where no row above the first gives one. Where some
    do, one that is left out is 0: an answer in which that is wrong may have lost more than this
    field, and is refused. Raises FieldError.
    """
    amounts = [optional(row, key) for row in rows]
    if all(amount is None for amount in amounts[1:]):
        return amounts
    return [amount or 0.0 for amount in amounts]


def candles(rows: Iterable[object]) -> Candles:
    """Return candles from arrays that begin with time, open, high, low, close; oldest first.

    Raises FieldError naming the row (`[3].low`) where prices contradict each other or times do not
    rise.
    """
    table = [_candle(row, f"[{index}]") for index, row in enumerate(rows)]
    if not table:
        raise FieldError("", "no period is given")
    columns = np.array(table, dtype=np.float64).T
    return Candles(_rising(columns[0]), *columns[1:])


def _candle(row: object, path: str) -> tuple[float, ...]:
    held = dict(zip(("time", *_PRICES), listed(row, path, most=100), strict=False))
    try:
        time = figure(held, "time", at_least=0, at_most=LATEST)
        opened, high, low, close = (figure(held, name, above=0) for name in _PRICES)
    except FieldError as error:
        raise error.within(path) from None
    if not low <= min(opened, close) <= max(opened, close) <= high:
        raise FieldError(
            path,
            f"its low {low:g} and high {high:g} do not hold its open {opened:g} and close "
            f"{close:g}",
        )
    return time, opened, high, low, close


def funding_history(rows: Iterable[object], time: str, rate: str) -> FundingHistory:
    """Return funding payments from objects of a time in ms and a rate, in any order.

    Raises FieldError naming the row, or the time that is given twice.
    """
    payments = sorted(_payment(row, f"[{index}]", time, rate) for index, row in enumerate(rows))
    if not payments:
        raise FieldError("", "no payment is given")
    times, rates = np.array(payments, dtype=np.float64).T
    return FundingHistory(_rising(times), rates)


def _payment(row: object, path: str, time: str, rate: str) -> tuple[float, float]:
    try:
        held = entry(row)
        return figure(held, time, at_least=0, at_most=LATEST), figure(held, rate, above=-1, below=1)
    except FieldError as error:
        raise error.within(path) from None


def _rising(times: NDArray[np.float64]) -> NDArray[np.int64]:
    whole = times.astype(np.int64)
    for index, (before, after) in enumerate(pairwise(whole.tolist()), 1):
        if after <= before:
            raise FieldError(f"[{index}].time", f"must be after {before}, got {after}")
    return whole
