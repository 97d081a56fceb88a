"""Risk figures, correlations and funding distributions from recorded prices and rates.

Prices are daily closes of complete UTC days, moves their log returns. A window ends yesterday and
has consecutive days with a close of every token: it begins after the last day that one of them
lacks, so that no move spans a gap and all figures of a window are of the same days. Variances and
covariances divide by n − 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from margin.errors import FieldError
from margin.market.records import Correlations, Funding, Risk
from margin.market.source import Candles, FundingHistory

AI_BASKET = (
    "RENDER",
    "FET",
    "TAO",
    "AKT",
    "GRT",
    "NEAR",
    "WLD",
    "ICP",
    "FIL",
    "AR",
    "THETA",
    "IO",
    "ATH",
)
"""The AI basket, without the youngest token VIRTUAL, so that it is the same in every window."""
YEAR = 365
"""Moves in the short window, and the fewest that a token needs."""
FEWEST_PAYMENTS = 90
"""Fewest funding payments of a distribution: a month of them at 8 h."""
_EPOCH = date(1970, 1, 1)
_HOUR = 3_600_000
_DAY = 24 * _HOUR
_LATEST_PAYMENT = timedelta(days=2)

Closes = NDArray[np.float64]
"""Closes of consecutive days up to yesterday, oldest first; shape (days,)."""


def daily_closes(candles: Candles, today: date) -> Closes:
    """Return the closes of consecutive days up to yesterday from daily UTC candles.

    Raises FieldError for fewer than `YEAR` moves, and for a price that never moved.
    """
    usable = (candles.times % _DAY == 0) & np.isfinite(candles.close) & (candles.close > 0)
    days = candles.times[usable] // _DAY - (today - _EPOCH).days
    complete = days < 0
    days, closes = days[complete], candles.close[usable][complete]
    # Counted back from yesterday, a day before a gap is not at its place.
    misplaced = np.flatnonzero(days != np.arange(-len(days), 0))
    run: Closes = closes[misplaced[-1] + 1 :] if len(misplaced) else closes
    if len(run) <= YEAR:
        raise FieldError(
            "", f"has daily closes of {len(run)} days on end up to yesterday, {YEAR + 1} are needed"
        )
    if not np.ptp(run[-YEAR - 1 :]) > 0:
        raise FieldError("", "has a price that did not move for a year")
    return run


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """Daily log returns of several tokens over the same days up to `as_of`.

    `returns` has the shape (days, tokens).
    """

    tokens: tuple[str, ...]
    as_of: date
    returns: NDArray[np.float64]

    @property
    def days(self) -> int:
        """The number of moves in the window."""
        return len(self.returns)

    @property
    def since(self) -> date:
        """The day of the first move."""
        return self.day(0)

    def day(self, index: int) -> date:
        """Return the day of the move at this index."""
        return self.as_of - timedelta(days=self.days - 1 - index)

    def moves(self, tokens: Sequence[str]) -> NDArray[np.float64]:
        """Return the returns of some tokens; shape (days, these tokens)."""
        return self.returns[:, [self.tokens.index(token) for token in tokens]]


def windows(closes: Mapping[str, Closes], today: date) -> list[Window]:
    """Return the long window, and the last year too if there are tokens too young for it.

    The long window has all days on which BTC and the whole AI basket have closes. Raises FieldError
    with the token where one of these is missing.
    """
    for token in ("BTC", *AI_BASKET):
        if token not in closes:
            raise FieldError(
                token, "has no daily closes, and the window is that of BTC and the whole AI basket"
            )
    length = min(len(closes[token]) for token in ("BTC", *AI_BASKET))
    tokens = [token for token in closes if len(closes[token]) >= length]
    long_window = _window(closes, tokens, length, today)
    if len(tokens) == len(closes):
        return [long_window]
    return [long_window, _window(closes, list(closes), YEAR + 1, today)]


def _window(
    closes: Mapping[str, Closes], tokens: Sequence[str], length: int, today: date
) -> Window:
    returns = np.diff(
        np.log(np.column_stack([closes[token][-length:] for token in tokens])), axis=0
    )
    return Window(tuple(tokens), today - timedelta(days=1), returns)


def risk(window: Window, token: str, source: str) -> Risk:
    """Return one token's risk figures in a window that has it and BTC."""
    returns, btc_returns = window.moves([token, "BTC"]).T
    (_, covariance), (_, btc_variance) = np.cov(returns, btc_returns)
    return Risk(
        source=source,
        since=window.since.isoformat(),
        as_of=window.as_of.isoformat(),
        annual_volatility=float(returns.std(ddof=1) * YEAR**0.5),
        beta_btc=float(covariance / btc_variance),
    )


def correlations(window: Window, source: str) -> Correlations:
    """Return the window's linear correlations, exactly symmetric with ones on the diagonal."""
    centred = window.returns - window.returns.mean(axis=0)
    products = centred.T @ centred
    roots = np.sqrt(products.diagonal())
    matrix: NDArray[np.float64] = np.clip(
        (products + products.T) / (2 * np.outer(roots, roots)), -1, 1
    )
    np.fill_diagonal(matrix, 1.0)
    return Correlations(
        window.tokens, matrix, source, window.since.isoformat(), window.as_of.isoformat()
    )


def funding(venue: str, history: FundingHistory, today: date) -> Funding:
    """Return the distribution of the funding rates since the interval last changed.

    Percentiles interpolate linearly. Raises FieldError for fewer than `FEWEST_PAYMENTS` and for
    payments that are not recent.
    """
    hours, first = _last_interval(history.times)
    rates = history.rates[first:]
    if len(rates) < FEWEST_PAYMENTS:
        raise FieldError(
            "", f"has {len(rates)} funding payments at one interval, {FEWEST_PAYMENTS} are needed"
        )
    since, as_of = _day(history.times[first]), _day(history.times[-1])
    if as_of < today - _LATEST_PAYMENT:
        raise FieldError("", f"was last paid funding on {as_of}")
    lowest, highest = float(rates.min()), float(rates.max())
    figures = [*np.percentile(rates, (1, 50, 99)), rates.mean()]
    # By rounding, the mean of equal rates may be outside of their range.
    low, median, high, mean = np.clip(figures, lowest, highest).tolist()
    return Funding(
        venue=venue,
        since=since.isoformat(),
        as_of=as_of.isoformat(),
        interval_hours=hours,
        payments=len(rates),
        mean=mean,
        median=median,
        percentile_1=low,
        percentile_99=high,
        lowest=lowest,
        highest=highest,
    )


def _day(time: np.int64) -> date:
    return datetime.fromtimestamp(int(time) / 1000, UTC).date()


def _last_interval(times: NDArray[np.int64]) -> tuple[int, int]:
    """Return the current interval in hours, and the index of the first payment for it."""
    hours = np.rint(np.diff(times) / _HOUR).astype(int)
    if not len(hours):
        return 0, 0
    others = np.flatnonzero(hours != hours[-1])
    # A payment is for the interval before it.
    return int(hours[-1]), int(others[-1]) + 2 if len(others) else 0
