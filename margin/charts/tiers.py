"""One token's effective maintenance rate and maximum leverage by position size, per venue.

The line is maintenance margin ÷ notional, which is what a position of that size is held to; under
progressive tiers it lies below the tier's own rate, which the last slice alone pays. Fees that a
venue adds to its requirement are not in it.
"""

from collections.abc import Mapping
from math import ceil, floor, inf, log10, nan
from typing import Any, NamedTuple

import numpy as np

from margin import formatting as wording
from margin.charts.layout import style
from margin.engine.book import Book
from margin.engine.leg import Leg
from margin.engine.numbers import Array
from margin.venues import VENUES, TierTable, listing_venues

PANELS, AXIS, LEGEND_LINE = 380, 54, 20
"""Pixels: the two panels together, the axis, one line of the legend."""
UPPER, LOWER = [0.5, 0.93], [0.0, 0.36]
"""What the panels take of the height; above each stand its words."""
ROUND = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
"""The sizes, times a power of ten, at which a curve is computed besides the tiers' edges."""
MARKERS = 5
"""Symbols on a line."""
TYPICAL = (10_000.0, 1_000_000.0)
"""Sizes that are told where the person has none."""
FURTHEST = 1000
"""A position so many times smaller or larger than all edges of the tiers is told, but not drawn."""


class Schedule(NamedTuple):
    """One venue's table of the token.

    `seen` says of when it is; `contract_value` is read for a table by contracts.
    """

    venue: str
    table: TierTable
    seen: str = ""
    contract_value: float | None = None


class Compared(NamedTuple):
    """One token's tables beside each other, at its mark.

    `sizes` are the person's own positions, notional by side, in the settlement coin.
    """

    token: str
    mark: float
    schedules: tuple[Schedule, ...]
    sizes: Mapping[str, float]

    @property
    def own(self) -> dict[str, float]:
        """The sizes that are more than nothing."""
        return {side: size for side, size in self.sizes.items() if size > 0}


class Look(NamedTuple):
    """How a venue is drawn: always the same, whichever others stand beside it."""

    colour: str
    dash: str
    symbol: str


_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "star", "hexagon", "pentagon")


def look_of(venue: str) -> Look:
    """Return how a venue is drawn, by its place among those that list perpetuals.

    The first six differ in colour, dash and symbol alike; of the next ones, the dash and the symbol
    tell two of one colour apart: there are more symbols than dashes, and the dashes are shifted by
    one in every further round.
    """
    place = listing_venues().index(venue)
    shifted = place + place // len(_DASHES)
    return Look(
        colour=style.POSITIONS[place % len(style.POSITIONS)],
        dash=_DASHES[shifted % len(_DASHES)],
        symbol=_SYMBOLS[place % len(_SYMBOLS)],
    )


class TierLine(NamedTuple):
    """A table read by notional.

    `unit` is what one step of its sizes is worth, in the settlement coin.

    `leg` is a position of one token without an entry, so that its price is the notional.
    """

    venue: str
    seen: str
    table: TierTable
    unit: float
    leg: Leg

    @property
    def name(self) -> str:
        """The venue's name."""
        return VENUES[self.venue].name

    @property
    def look(self) -> Look:
        """How the venue is drawn."""
        return look_of(self.venue)

    @property
    def begin(self) -> float:
        """The smallest notional that the table speaks of."""
        return self.table.floors[0] * self.unit

    @property
    def end(self) -> float:
        """The largest notional that the table speaks of."""
        return inf if self.table.last_cap is None else self.table.last_cap * self.unit

    def edges(self, low: float, high: float) -> list[float]:
        """Return the notionals in between at which a tier begins."""
        return [
            floor * self.unit for floor in self.table.floors[1:] if low < floor * self.unit < high
        ]

    def holds(self, notional: float) -> bool:
        """Return whether a tier speaks of a position of this size."""
        return self.begin <= notional and not self.table.exceeds_last_cap(notional / self.unit)

    def shares(self, notionals: Array) -> Array:
        """Return maintenance margin ÷ notional as fractions, of the notionals' shape."""
        shares: Array = (
            Book((self.name,), (0.0,), 0.0, (self.leg,)).requirement(notionals[..., np.newaxis])
            / notionals
        )
        return shares

    def share(self, notional: float) -> float:
        """Return the same of one notional."""
        return float(self.shares(np.array([notional]))[0])

    def told(self, notional: float, share: float) -> str:
        """Return what holds at this size, in words."""
        tier = self.leg.tier(notional)
        most = self.table.max_leverages[tier]
        leverage = "" if most is None else f", up to {most:g}×"
        return (
            f"{wording.percent(share)} (tier {tier + 1} at "
            f"{wording.rate(self.table.rates[tier])}{leverage})"
        )


def _lines(compared: Compared) -> list[TierLine]:
    """Return the tables that can be read by notional.

    A table by contracts needs the contract's value and a mark.
    """
    lines = []
    for venue, table, source, value in compared.schedules:
        unit = 1.0 if table.progressive else (value or 0.0) * compared.mark
        if unit > 0:
            leg = Leg(0, 0.0, 0.0, 1.0, 1 / unit, table.floors, table.rates, table.amounts)
            lines.append(TierLine(venue, source, table, unit, leg))
    return lines


def finding(compared: Compared) -> str:
    """Return the title: the requirement at the person's size, or the venue that requires least."""
    token, lines = compared.token, _lines(compared)
    if not lines:
        return f"Not known: no tier table of {token} can be read"
    if compared.own:
        return f"{token} at {_at(max(compared.own.values()), lines)}"
    small, large = _told_sizes(lines)
    if len(lines) == 1:
        differing = [
            f"{wording.percent(lines[0].share(size))} at {wording.money(size)}"
            for size in (small, large)
        ]
        return f"{token} on {lines[0].name}: {' and '.join(differing)}"
    (first, low), (second, high) = _least(small, lines), _least(large, lines)
    between = ", " if first == second else f"), by {second} ("
    low, high = f"{low} at {wording.money(small)}", f"{high} at {wording.money(large)}"
    return f"{token}: least is asked by {first} ({low}{between}{high})"


def _told_sizes(lines: list[TierLine]) -> tuple[float, float]:
    """Return a small and a large size that some table speaks of."""
    if all(any(line.holds(size) for line in lines) for size in TYPICAL):
        return TYPICAL
    return _ends(lines[0], lines)


def _at(size: float, lines: list[TierLine]) -> str:
    """Return what each venue asks of this size, the least first."""
    lines_by_share = sorted((line.share(size), line.name) for line in lines if line.holds(size))
    outside = [line.name for line in lines if not line.holds(size)]
    parts = [
        f"{name} {'' if place else 'asks '}{wording.percent(share)}"
        for place, (share, name) in enumerate(lines_by_share)
    ]
    sentences = [", ".join(parts)] if parts else []
    sentences += [f"no tier of {wording.listing(outside)} holds it"] if outside else []
    return f"{wording.money(size)}: {'; '.join(sentences)}"


def _least(size: float, lines: list[TierLine]) -> tuple[str, str]:
    """Return who asks the least of this size, and how much."""
    shares = {line.name: line.share(size) for line in lines if line.holds(size)}
    least = min(shares.values())
    names = [name for name, share in shares.items() if share <= least * (1 + 1e-12)]
    return wording.listing(names), wording.percent(least)


def tier_steps_alt(compared: Compared) -> str:
    """Return the chart in words.

    Its finding, then each venue at the person's sizes, or at a small and a large one.
    """
    sentences = [finding(compared)]
    lines = _lines(compared)
    for line in lines:
        sizes = [size for size in compared.own.values() or _told_sizes(lines) if line.holds(size)]
        figures = [
            f"{line.told(size, line.share(size))} at {wording.money(size)}" for size in sizes
        ] or ["no such tier"]
        sentences.append(
            f"{line.name}{f', {line.seen}' if line.seen else ''}: {'; '.join(figures)}"
        )
    return ". ".join([*sentences, *_notes(compared)]) + "."


def _ends(line: TierLine, lines: list[TierLine]) -> tuple[float, float]:
    """Return the smallest and the largest notional at which a line is drawn."""
    low, high = _range(lines, {})
    return max(low, line.begin), min(high, line.end)


def _range(lines: list[TierLine], sizes: Mapping[str, float]) -> tuple[float, float]:
    """Return the notionals drawn.

    All edges of the tiers, and the person's sizes where they are not far outside.
    """
    edges = [
        end
        for line in lines
        for end in (line.begin, *line.edges(0, inf), line.end)
        if 0 < end < inf
    ]
    low, high = min(edges, default=10_000.0), max(edges, default=1_000_000.0)
    near = [size for size in sizes.values() if low / FURTHEST < size < high * FURTHEST]
    low = 10.0 ** floor(log10(min([low, *near]) / 2))
    return low, max([high, 100 * low, *near])


def _notes(compared: Compared) -> list[str]:
    """Return how tables by contracts came to stand against notional, or why they do not."""
    notes = []
    for venue, table, _, value in compared.schedules:
        name = VENUES[venue].name
        if table.progressive:
            continue
        if value and compared.mark:
            contract = f"{wording.quantity(value)} {compared.token} each"
            notes.append(
                f"{name}'s contracts at the mark of {wording.price(compared.mark)} ({contract})"
            )
        else:
            notes.append(f"{name}'s table is by contracts, of unknown value")
    return notes


def tier_steps(compared: Compared) -> style.Spec:
    """Draw maintenance margin ÷ notional, and below it the maximum leverage, over the notional.

    Each line ends where its table does.
    """
    title, lines = finding(compared), _lines(compared)
    if not lines:
        return style.empty(title)
    low, high = _range(lines, compared.own)
    upper = [_maintenance(line, place / len(lines), low, high) for place, line in enumerate(lines)]
    lower = [_leverage(line, place / len(lines), low, high) for place, line in enumerate(lines)]
    notes = _notes(compared)
    bottom = AXIS + LEGEND_LINE * (len(lines) + len(notes))
    return style.figure(
        [*upper, *lower, _hover(lines, compared.own, low, high)],
        title,
        PANELS,
        bottom,
        hovermode="x",
        hoversubplots="axis",
        legend=style.legend(PANELS, AXIS + LEGEND_LINE * len(notes)) | {"itemsizing": "constant"},
        shapes=_size_lines(compared.own, low, high),
        annotations=[*_headings(), *_size_words(compared.own, low, high)],
        xaxis=style.axis(
            title="<br>".join(["Notional", *notes]), anchor="y2", **_money_axis(low, high)
        ),
        yaxis=style.axis(domain=UPPER, **_scale(upper, "%")),
        yaxis2=style.axis(domain=LOWER, **_scale(lower, "×")),
    )


def _maintenance(line: TierLine, shift: float, low: float, high: float) -> style.Trace:
    """Return maintenance margin ÷ notional in %: a curve for progressive tiers, else steps."""
    between = _round_sizes(low, high) if line.table.progressive else np.array([])
    x, marked = _places(line, shift, low, high, between)
    shares = line.shares(x) if line.table.progressive else line.shares(_just_beyond(x))
    return _trace(line, x, shares * 100, marked) | {
        "name": f"{line.name}{f', {line.seen}' if line.seen else ''}",
        "line": _stroke(line) | {"shape": "linear" if line.table.progressive else "hv"},
    }


def _leverage(line: TierLine, shift: float, low: float, high: float) -> style.Trace:
    """Return the maximum leverage in steps; a gap where the venue names none."""
    x, marked = _places(line, shift, low, high, np.array([]))
    most = [line.table.max_leverages[line.leg.tier(size)] for size in _just_beyond(x).tolist()]
    y = np.array([np.nan if cap is None else cap for cap in most])
    return _trace(line, x, y, marked) | {
        "yaxis": "y2",
        "showlegend": False,
        "line": _stroke(line) | {"shape": "hv"},
    }


def _round_sizes(low: float, high: float) -> Array:
    powers = 10.0 ** np.arange(round(log10(low)), floor(log10(high)) + 1)
    sizes: Array = np.outer(powers, ROUND).ravel()
    return sizes[sizes <= high]


def _just_beyond(sizes: Array) -> Array:
    """Return a size at an edge belongs to the tier below; a step is drawn from its edge on."""
    return sizes * (1 + 1e-9)


def _places(
    line: TierLine, shift: float, low: float, high: float, between: Array
) -> tuple[Array, Array]:
    """Return the notionals of a line's points, and which of them carry a symbol.

    `shift` keeps those of the lines apart.
    """
    begin, end = max(low, line.begin), min(high, line.end)
    marked = np.geomspace(low, high, MARKERS, endpoint=False) * (high / low) ** (shift / MARKERS)
    marked = marked[(marked > begin) & (marked < end)]
    inner = between[(between > begin) & (between < end)]
    return np.unique(np.concatenate([[begin, end], line.edges(begin, end), marked, inner])), marked


def _stroke(line: TierLine) -> dict[str, Any]:
    return {"color": line.look.colour, "width": 2, "dash": line.look.dash}


def _trace(line: TierLine, x: Array, y: Array, marked: Array) -> style.Trace:
    """Return a line with its venue's symbol here and there, and a cross where its table ends."""
    look, symbols = line.look, np.isin(x, marked)
    sizes, shapes = np.where(symbols, 8.0, 0.0), [look.symbol] * len(x)
    if line.end <= x[-1]:
        sizes[-1], shapes[-1] = 8.0, "x"
    return {
        "type": "scatter",
        "x": x,
        "y": y,
        "mode": "lines+markers",
        "marker": {
            "color": look.colour,
            "symbol": style.texts(shapes),
            "size": sizes,
            "opacity": 1,
        },
        "hoverinfo": "skip",
    }


def _hover(
    lines: list[TierLine], sizes: Mapping[str, float], low: float, high: float
) -> style.Trace:
    """Return all venues at one size, side by side: points that are only pointed at."""
    sizes_shown = [size for size in sizes.values() if low <= size <= high]
    x = np.unique(np.concatenate([_round_sizes(low, high), sizes_shown]))
    shares = [line.shares(x).tolist() for line in lines]
    texts, y = [], []
    for place, size in enumerate(x.tolist()):
        texts_by_size = [
            f"{line.name} "
            f"{line.told(size, shares_of_line[place]) if line.holds(size) else 'has no such tier'}"
            for line, shares_of_line in zip(lines, shares, strict=True)
        ]
        texts.append("<br>".join([f"<b>{wording.money(size)}</b>", *texts_by_size]))
        y.append(
            min(
                (
                    shares_of_line[place]
                    for line, shares_of_line in zip(lines, shares, strict=True)
                    if line.holds(size)
                ),
                default=nan,
            )
        )
    return {
        "type": "scatter",
        "x": x,
        "y": np.array(y) * 100,
        "mode": "markers",
        "marker": {"size": 10, "opacity": 0},
        "text": style.texts(texts),
        "hovertemplate": "%{text}<extra></extra>",
        "showlegend": False,
    }


def _size_lines(sizes: Mapping[str, float], low: float, high: float) -> list[dict[str, Any]]:
    """Return the person's own sizes through both panels; between them is room for their words."""
    line = {"color": style.INK, "width": 1.5, "dash": "dot"}
    return [
        {
            "type": "line",
            "x0": size,
            "x1": size,
            "yref": "paper",
            "y0": panel[0],
            "y1": panel[1],
            "line": line,
        }
        for size in sizes.values()
        for panel in (UPPER, LOWER)
        if low <= size <= high
    ]


def _size_words(sizes: Mapping[str, float], low: float, high: float) -> list[dict[str, Any]]:
    """Return what the lines of the person's sizes are, one under the other between the panels."""
    words: list[dict[str, Any]] = []
    for side, size in sizes.items():
        if low <= size <= high:
            left_half = log10(size / low) < 0.5 * log10(high / low)
            place = {
                "xanchor": "left" if left_half else "right",
                "yref": "paper",
                "y": UPPER[0],
                "yanchor": "top",
            }
            shift = {"xshift": 4 if left_half else -4, "yshift": -16 * len(words)}
            words.append(
                _text(f"your {side}, {wording.money(size)}") | {"x": log10(size), **place, **shift}
            )
    return words


def _headings() -> list[dict[str, Any]]:
    """Return what stands above the panels."""
    place = {"xref": "paper", "x": 0, "xanchor": "left", "yref": "paper", "yanchor": "bottom"}
    first = "Maintenance ÷ notional, without fees (✕ the table ends)"
    return [
        _text(first) | {"y": UPPER[1], **place},
        _text("Maximum leverage") | {"y": LOWER[1], **place},
    ]


def _text(words: str) -> dict[str, Any]:
    return {"text": words, "showarrow": False, "font": {"color": style.INK, "size": 12}}


def _money_axis(low: float, high: float) -> dict[str, Any]:
    """Return powers of ten in $, as many as a narrow screen takes."""
    first, last = round(log10(low)), floor(log10(high))
    powers = list(range(first, last + 1, ceil((last - first + 1) / 7)))
    words = style.texts([_short_money(power) for power in powers])
    ticks = {"tickmode": "array", "tickvals": 10.0 ** np.array(powers), "ticktext": words}
    return {
        "type": "log",
        "range": [log10(low), log10(high * 1.1)],
        "hoverformat": "$,.6~g",
        **ticks,
    }


def _short_money(power: int) -> str:
    """Return a power of ten: `$100k`, `$1M`."""
    for exponent, unit in ((12, "T"), (9, "B"), (6, "M"), (3, "k")):
        if power >= exponent:
            return f"${10 ** (power - exponent):,}{unit}"
    return f"${10.0**power:g}"


def _scale(traces: list[style.Trace], unit: str) -> dict[str, Any]:
    """Return a logarithmic axis with ticks at 1, 2 and 5, or a linear one if a value is 0."""
    shown = np.concatenate([trace["y"] for trace in traces])
    shown = shown[np.isfinite(shown)]
    if not len(shown) or shown.min() <= 0:
        return {"rangemode": "tozero", "nticks": 6, "ticksuffix": unit}
    low, high = float(shown.min()) / 1.25, float(shown.max()) * 1.25
    ticks = [
        digit * 10.0**power
        for power in range(floor(log10(low)), ceil(log10(high)) + 1)
        for digit in (1, 2, 5)
    ]
    if high > 1000 * low:
        ticks = ticks[::3]
    words = style.texts([f"{tick:,.6g}{unit}" for tick in ticks])
    return {
        "type": "log",
        "range": [log10(low), log10(high)],
        "tickvals": np.array(ticks),
        "ticktext": words,
    }
