"""The funding cost of one perpetual: its payments over time, and their distribution.

Rates are fractions of the notional per payment; positive: longs pay shorts. A sum of them is what a
long of constant notional has paid, as a fraction of it.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from margin import formatting as wording
from margin.charts.layout import rows, style
from margin.engine.numbers import Array

PANELS, AXIS = 300, 50
"""Pixels: the two panels together, and the axis."""
UPPER, LOWER = [0.56, 0.93], [0.0, 0.37]
"""What the panels take of the height; above each stand its words."""
FEW = 40
"""So many payments are drawn as points too."""
REGULAR = 0.05
"""Payments whose distances differ by no more than this (relative) come at one interval."""
HOUR, DAY = 3_600_000, 86_400_000
"""Milliseconds."""
YEAR = 24 * 365
"""Hours."""

Times = npt.NDArray[np.int64]


class Distribution(NamedTuple):
    """The distribution of recorded rates between two days, as fractions of the notional."""

    since: str
    as_of: str
    interval_hours: float
    payments: int
    lowest: float
    percentile_1: float
    median: float
    mean: float
    percentile_99: float
    highest: float


def interval(times: Times, hours: float | None) -> float | None:
    """Return the hours between payments, None if irregular; `hours` for fewer than two payments."""
    if len(times) < 2:
        return hours
    apart = np.diff(times) / HOUR
    usual = float(np.median(apart))
    return usual if np.all(np.abs(apart - usual) <= REGULAR * usual) else None


def _way(rate: float) -> str:
    """Return what longs do at this rate."""
    return "received" if rate < 0 else "paid"


def funding_finding(
    times: Times, rates: Array, interval_hours: float | None, token: str, venue: str
) -> str:
    """Return the title: a long's total funding and its median payment."""
    if not len(rates):
        return f"No funding payment of {token} on {venue} is known here"
    total, median = float(np.sum(rates)), float(np.median(rates))
    if not np.any(rates):
        return f"{token}: no funding was paid {_window(times, interval_hours)} on {venue}"
    if len(rates) == 1:
        return f"{token} longs {_way(total)} {_size(total)} in the one payment known"
    period = _each(interval(times, interval_hours))
    turned = f"{_way(median)} " if median * total < 0 else ""
    return (
        f"{token} longs {_way(total)} {_size(total)} {_window(times, interval_hours)}, "
        f"{turned}{_size(median)} {period} at the median"
    )


def _size(rate: float) -> str:
    """Return a rate without its sign: four significant digits are more than it is good for."""
    return wording.rate(float(f"{abs(rate):.3g}"))


def _each(hours: float | None) -> str:
    return "a payment" if hours is None else f"each {hours:.4g} h"


def _window(times: Times, hours: float | None) -> str:
    """Return how long the payments were for; the first one was for the interval before it."""
    first = (interval(times, hours) or hours or 0.0) * HOUR
    days = (float(times[-1] - times[0]) + first) / DAY
    return f"over {days:.0f} days" if days >= 1.95 else f"over {days * 24:.0f} h"


def funding_history_alt(
    times: Times, rates: Array, interval_hours: float | None, token: str, venue: str
) -> str:
    """Return the chart in words: its finding, the window, the extremes."""
    sentences = [funding_finding(times, rates, interval_hours, token, venue)]
    if len(rates):
        low, high = np.argmin(rates), np.argmax(rates)
        first, last = _stamp(times[0]), _stamp(times[-1])
        sentences.append(
            f"{len(rates)} {'payments' if len(rates) > 1 else 'payment'} on {venue}, {first} to "
            f"{last} UTC"
        )
        for name, at in (("Lowest", low), ("Highest", high)):
            sentences.append(f"{name} rate {_signed(float(rates[at]))} on {_stamp(times[at])} UTC")
    return ". ".join(sentences) + "."


def _stamp(time: np.int64) -> str:
    return str(np.datetime64(int(time), "ms").astype("datetime64[m]")).replace("T", " ")


def _signed(rate: float) -> str:
    text = wording.rate(rate)
    return f"+{text}" if rate > 0 else text


def funding_history(
    times: Times, rates: Array, interval_hours: float | None, token: str, venue: str
) -> style.Spec:
    """Return every payment, and below it what a long has paid so far.

    `times` in ms since 1970 UTC, oldest first.
    """
    title = funding_finding(times, rates, interval_hours, token, venue)
    if not len(rates):
        return style.empty(title)
    start = float(times[0]) - (interval(times, interval_hours) or 0.0) * HOUR
    spare = 0.01 * (float(times[-1]) - start) or HOUR
    zero = {
        "zeroline": True,
        "zerolinecolor": style.QUIET,
        "zerolinewidth": 1,
        "ticksuffix": "%",
        "nticks": 5,
    }
    return style.figure(
        [_payments(times, rates), _so_far(start, times, rates)],
        title,
        PANELS,
        AXIS,
        hovermode="x",
        hoversubplots="axis",
        showlegend=False,
        annotations=_headings(venue),
        xaxis=style.axis(
            title="UTC",
            type="date",
            anchor="y2",
            range=[start - spare, float(times[-1]) + spare],
            nticks=6,
            hoverformat="%Y-%m-%d %H:%M",
        ),
        yaxis=style.axis(domain=UPPER, **zero),
        yaxis2=style.axis(domain=LOWER, **zero),
    )


def _payments(times: Times, rates: Array) -> style.Trace:
    """Return payments as stems from zero, one line with gaps; a few also carry points."""
    stems = np.column_stack([np.zeros_like(rates), rates * 100, np.full_like(rates, np.nan)])
    few = len(rates) <= FEW
    points = {"color": style.ACCOUNT, "size": np.tile([0.0, 7.0, 0.0], len(rates))}
    return {
        "type": "scatter",
        "x": np.repeat(times.astype(np.float64), 3),
        "y": stems.ravel(),
        "mode": "lines+markers" if few else "lines",
        "line": {"color": style.ACCOUNT, "width": 2 if few else 1},
        "marker": points if few else {},
        "hoverinfo": "skip",
    }


def _so_far(start: float, times: Times, rates: Array) -> style.Trace:
    """Return the sum of the rates up to each payment, from 0 on; it also carries the hover text."""
    sums = np.cumsum(rates)
    texts = [
        f"rate {_signed(rate)}<br>longs {_way(total)} {_size(total)} so far"
        for rate, total in zip(rates.tolist(), sums.tolist(), strict=True)
    ]
    return {
        "type": "scatter",
        "x": np.concatenate([[start], times]),
        "y": np.concatenate([[0.0], sums * 100]),
        "yaxis": "y2",
        "mode": "lines",
        "line": {"color": style.DANGER, "width": 2, "shape": "hv"},
        "text": style.texts(["before the first payment known", *texts]),
        "hovertemplate": "%{text}<extra></extra>",
    }


def _headings(venue: str) -> list[dict[str, Any]]:
    """Return what stands above the panels."""
    place = {
        "xref": "paper",
        "x": 0,
        "xanchor": "left",
        "yref": "paper",
        "yanchor": "bottom",
        "showarrow": False,
    }
    words = (
        f"{venue}: rate of each payment (above 0 longs pay)",
        "Paid by a long so far, of its notional (below 0 received)",
    )
    font = {"color": style.INK, "size": 12}
    return [
        {"text": text, "y": y[1], "font": font, **place}
        for text, y in zip(words, (UPPER, LOWER), strict=True)
    ]


class _FundingRow(NamedTuple):
    """One figure of a distribution, a fraction per interval."""

    name: str
    rate: float
    symbol: str
    colour: str


def distribution_finding(recorded: Distribution, token: str, venue: str) -> str:
    """Return the sentence of the title: what longs paid at the median, and when that was."""
    when = f"{recorded.since} to {recorded.as_of}"
    if not recorded.median:
        return f"{token}: the median payment on {venue} was 0, {when}"
    period = _each(recorded.interval_hours)
    return (
        f"{token} longs {_way(recorded.median)} {_size(recorded.median)} {period} at the median, "
        f"{venue} {when}"
    )


def _rows(recorded: Distribution) -> list[_FundingRow]:
    plain = ("line-ns", style.QUIET)
    return [
        _FundingRow("highest", recorded.highest, *plain),
        _FundingRow("99 of 100 below", recorded.percentile_99, *plain),
        _FundingRow("mean", recorded.mean, "circle", style.DANGER),
        _FundingRow("median", recorded.median, "diamond", style.ACCOUNT),
        _FundingRow("1 of 100 below", recorded.percentile_1, *plain),
        _FundingRow("lowest", recorded.lowest, *plain),
    ]


def _told(row: _FundingRow, hours: float) -> str:
    """Return a row in words; a year at that pace only for what could last a year."""
    pace = (
        f" · {wording.percent(row.rate * YEAR / hours, sign=True)} a year"
        if row.name in ("mean", "median")
        else ""
    )
    return f"{row.name} {_signed(row.rate)}{pace}"


def funding_distribution_alt(recorded: Distribution, token: str, venue: str) -> str:
    """Return the chart in words: its finding and every figure."""
    figures = "; ".join(_told(row, recorded.interval_hours) for row in _rows(recorded))
    return (
        f"{distribution_finding(recorded, token, venue)}. {recorded.payments} payments recorded: "
        f"{figures}."
    )


def funding_distribution(recorded: Distribution, token: str, venue: str) -> style.Spec:
    """Return one row per figure of the distribution, from zero to the rate in % per interval."""
    title, shown = distribution_finding(recorded, token, venue), _rows(recorded)
    low, high = (pick(0.0, *(row.rate * 100 for row in shown)) for pick in (min, max))
    room = 0.06 * (high - low) or 0.001
    words = [_told(row, recorded.interval_hours) for row in shown]
    axis = style.axis(
        title=f"Rate {_each(recorded.interval_hours)}; {recorded.payments:,} payments",
        range=[low - room, high + room],
        ticksuffix="%",
        nticks=6,
        zeroline=True,
        zerolinecolor=style.QUIET,
    )
    traces = [_bars(shown), _points(shown), rows.names(words, low - room)]
    return rows.figure(traces, title, len(shown), axis, AXIS, hovermode=False, showlegend=False)


def _bars(shown: list[_FundingRow]) -> style.Trace:
    """Return from zero to each rate."""
    return rows.bars(
        [rows.Bar(0.0, row.rate * 100, place) for place, row in enumerate(shown)], style.QUIET, 4
    )


def _points(shown: list[_FundingRow]) -> style.Trace:
    points = [rows.Point(row.rate * 100, place, row.name) for place, row in enumerate(shown)]
    looks = (style.texts([row.symbol for row in shown]), style.texts([row.colour for row in shown]))
    return rows.symbols("rate", points, *looks, width=2)
