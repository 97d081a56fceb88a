"""An account on its way along a path.

Equity against requirement, the venue's steps and the person's stops marked.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from margin import formatting as wording
from margin.charts.layout import style
from margin.charts.layout.waterfall_labels import Label, Plot, label_trace, leaders, placed
from margin.engine.numbers import Array
from margin.studies.liquidation.ledger import SILENT, STOPS, Kind, Step
from margin.studies.liquidation.waterfall import Waterfall
from margin.text.liquidation import PathMove, does, finding, kept_or_left

EVEN = 61
"""Points along the way that can be pointed at, besides those at which something happens."""
NAMED = 3
"""Steps at one point that the hover text tells one by one."""
TOLD = 5
"""Steps that the text alternative tells one by one."""
BEYOND = 2.0
"""How far beyond the last step the path is shown once nothing is open, relative to the way there.
"""
PLOT, AXIS, LEGEND_LINE = 300, 52, 20
"""Pixels."""


class DrawnRun(NamedTuple):
    """A course to draw: its name, what became of the account, the dashes of its lines."""

    name: str
    found: Waterfall
    equity_dash: str
    requirement_dash: str
    width: float


def waterfall_alt(found: Waterfall, way: PathMove, without: Waterfall | None = None) -> str:
    """Return the chart in words.

    Its finding, the first steps, and how it ends with and without stops.
    """
    acts = [step for step in found.steps if step.kind not in SILENT]
    sentences = [
        finding(found, way),
        *(f"{way.told(step.t)}: {does(step)}" for step in acts[:TOLD]),
    ]
    if len(acts) > TOLD:
        sentences.append(f"{len(acts) - TOLD} more steps")
    ends = f"At the end equity is {wording.money(found.kept)}"
    sentences.append(
        ends if without is None else f"{ends}, without stops {wording.money(without.kept)}"
    )
    return ". ".join(sentences) + "."


def waterfall(found: Waterfall, way: PathMove, without: Waterfall | None = None) -> style.Spec:
    """Return equity and requirement in the settlement coin along the way, left to right.

    `without` is the run without stops.

    In isolated mode both are sums over the positions, what no position ties up included.
    """
    title = finding(found, way)
    runs = _runs(found, without)
    low, high = _range(runs)
    end = max(_shown(run.found) for run in runs)
    plot = Plot(1.03 * way.scale * end, low, high)
    labels = [*_events(runs, way), *_ends(runs, way.scale * end)]
    places = placed(labels, plot, _drawn(runs, way, plot))
    traces = [
        *(trace for run in reversed(runs) for trace in _lines(run, way, alone=len(runs) == 1)),
        *_steps(found, way),
        label_trace(labels, places, plot),
    ]
    bottom = AXIS + LEGEND_LINE * (
        len([trace for trace in traces if trace.get("showlegend", True)]) // 2 + 1
    )
    return style.figure(
        traces,
        title,
        PLOT,
        bottom,
        hovermode="x",
        shapes=leaders(labels, places, plot),
        legend=style.legend(PLOT, AXIS) | {"traceorder": "reversed"},
        xaxis=style.axis(
            title=way.name,
            range=[0, plot.end],
            ticksuffix="%",
            nticks=7,
            hoverformat="+.2f" if way.move else ".2f",
        ),
        yaxis=style.axis(range=[low, high], tickformat="$~s", nticks=7),
    )


def _runs(found: Waterfall, without: Waterfall | None) -> list[DrawnRun]:
    """Return the course itself first, then the one without stops."""
    own = DrawnRun("with stops" if without else "", found, "solid", "dot", 3)
    return (
        [own]
        if without is None
        else [own, DrawnRun("without stops", without, "dash", "dashdot", 1.8)]
    )


def _range(runs: Sequence[DrawnRun]) -> tuple[float, float]:
    """Return everything, and 0, with room for words above."""
    values = np.concatenate(
        [np.concatenate([run.found.equity, run.found.requirement]) for run in runs]
    )
    low, high = min(0.0, float(values.min())), max(0.01, float(values.max()))
    return low - (0.05 * (high - low) if low < 0 else 0.0), high + 0.1 * (high - low)


def _shown(found: Waterfall) -> float:
    """Return the part of the way that is shown.

    All of it, or, where nothing is left open, not far beyond the last step.
    """
    if found.final.positions or not found.steps:
        return 1.0
    last = found.steps[-1].t
    return min(1.0, BEYOND * last) if last else 1.0


def _lines(run: DrawnRun, way: PathMove, *, alone: bool) -> Iterator[style.Trace]:
    t, equity, requirement = _course(run.found)
    suffix = "" if alone else f", {run.name}"
    hover = style.texts(_hover(run, way, t, equity, requirement))
    for name, values, dash, colour, width in (
        ("requirement", requirement, run.requirement_dash, style.LIQUIDATION, run.width * 0.75),
        ("equity", equity, run.equity_dash, style.ACCOUNT, run.width),
    ):
        told = (
            {"text": hover, "hovertemplate": "%{text}<extra></extra>"}
            if name == "equity"
            else {"hoverinfo": "skip"}
        )
        yield {
            "type": "scatter",
            "name": f"{name}{suffix}",
            "x": t * way.scale,
            "y": values,
            "mode": "lines",
            "line": {"color": colour, "width": width, "dash": dash},
            **told,
        }


def _course(found: Waterfall) -> tuple[Array, Array, Array]:
    """Return the study's points, and even ones between them on the same straight lines."""
    even = np.setdiff1d(np.linspace(0, 1, EVEN), found.t)
    order = np.argsort(np.concatenate([found.t, even]), kind="stable")
    columns = [
        np.concatenate([values, np.interp(even, found.t, values)])[order]
        for values in (found.t, found.equity, found.requirement)
    ]
    return columns[0], columns[1], columns[2]


def _hover(run: DrawnRun, way: PathMove, t: Array, equity: Array, requirement: Array) -> list[str]:
    """Return what stands at every point; both sides of a jump say the same."""
    steps: dict[float, list[Step]] = {}
    for step in run.found.steps:
        steps.setdefault(step.t, []).append(step)
    first, last = np.searchsorted(t, t, side="left"), np.searchsorted(t, t, side="right") - 1
    lines: list[str] = []
    for here, before, after in zip(t.tolist(), first.tolist(), last.tolist(), strict=True):
        figures = [
            f"{name} {_change(float(values[before]), float(values[after]))}"
            for name, values in (("equity", equity), ("requirement", requirement))
        ]
        head = (
            f"<b>{way.told(here) if here else 'the start'}</b>{f', {run.name}' if run.name else ''}"
        )
        lines.append("<br>".join([head, *figures, *_several(steps.get(here, []))]))
    return lines


def _change(before: float, after: float) -> str:
    texts = [wording.money(value) for value in (before, after)]
    return texts[0] if texts[0] == texts[1] else " → ".join(texts)


def _several(steps: Sequence[Step]) -> Iterator[str]:
    """Yield the first steps at a point, and how many more there are."""
    yield from (does(step) for step in steps[:NAMED])
    if len(steps) > NAMED:
        yield f"and {len(steps) - NAMED} more steps"


# Points and words


def _steps(found: Waterfall, way: PathMove) -> Iterator[style.Trace]:
    """Yield the steps on the line of equity, one symbol per kind."""
    kinds: list[tuple[str, str, str, frozenset[Kind]]] = [
        ("liquidation step", "x", style.LIQUIDATION, frozenset({"netted", "reduced", "closed"})),
        ("taken over", "triangle-down", style.DANGER, frozenset({"taken_over"})),
        ("your stop", "diamond", style.WARNING, STOPS),
    ]
    for name, symbol, colour, chosen in kinds:
        t = np.unique([step.t for step in found.steps if step.kind in chosen])
        if len(t):
            yield {
                "type": "scatter",
                "name": name,
                "x": t * way.scale,
                "y": found.equity[np.searchsorted(found.t, t, side="left")],
                "mode": "markers",
                "marker": {"symbol": symbol, "color": colour, "size": 10},
                "cliponaxis": False,
                "hoverinfo": "skip",
            }


def _events(runs: Sequence[DrawnRun], way: PathMove) -> Iterator[Label]:
    """Yield where each run is first liquidated, and where the first stop fills."""
    told: set[float] = set()
    for run in runs:
        t = run.found.first_liquidation
        if t is not None and t not in told:
            told.add(t)
            what = "liquidation" if run is runs[0] else "without stops"
            yield _label(run.found, way, t, f"{what} {way.told(t)}", "x-open", style.LIQUIDATION)
    stop = next((step.t for step in runs[0].found.steps if step.kind in STOPS), None)
    if stop is not None:
        yield _label(
            runs[0].found, way, stop, f"stop {way.told(stop)}", "diamond-open", style.WARNING
        )


def _label(found: Waterfall, way: PathMove, t: float, text: str, symbol: str, colour: str) -> Label:
    equity = float(found.equity[np.searchsorted(found.t, t, side="left")])
    return Label(t * way.scale, equity, text, symbol, colour)


def _ends(runs: Sequence[DrawnRun], x: float) -> Iterator[Label]:
    """Yield the equity that is left at the end; once, where it is the same without stops."""
    told: set[str] = set()
    for run in runs:
        kept = wording.money(run.found.kept)
        if kept not in told:
            told.add(kept)
            what = kept_or_left(run.found) if run is runs[0] else "without stops"
            yield Label(x, float(run.found.equity[-1]), f"{kept} {what}", "circle", style.ACCOUNT)


def _drawn(runs: Sequence[DrawnRun], way: PathMove, plot: Plot) -> Array:
    """Return points along all lines in parts of the plot; shape (points, 2)."""
    parts = []
    for run in runs:
        t, *lines = _course(run.found)
        parts += [
            np.column_stack([t * way.scale / plot.end, (line - plot.low) / (plot.high - plot.low)])
            for line in lines
        ]
    return np.concatenate(parts)
