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
    """A run to draw: its name, its result and the style of its lines."""

    name: str
    result: Waterfall
    equity_dash: str
    requirement_dash: str
    width: float


def waterfall_alt(result: Waterfall, path: PathMove, without: Waterfall | None = None) -> str:
    """Return the chart in words: finding, first steps, and final equity with and without stops."""
    acts = [step for step in result.steps if step.kind not in SILENT]
    sentences = [
        finding(result, path),
        *(f"{path.label(step.t)}: {does(step)}" for step in acts[:TOLD]),
    ]
    if len(acts) > TOLD:
        sentences.append(f"{len(acts) - TOLD} more steps")
    ends = f"At the end equity is {wording.money(result.kept)}"
    sentences.append(
        ends if without is None else f"{ends}, without stops {wording.money(without.kept)}"
    )
    return ". ".join(sentences) + "."


def waterfall(result: Waterfall, path: PathMove, without: Waterfall | None = None) -> style.Spec:
    """Draw equity and requirement along the path, in the settlement coin.

    `without` is the run without stops. In isolated mode both are sums over the positions, and
    equity includes the part of the wallet that no position ties up.
    """
    title = finding(result, path)
    runs = _runs(result, without)
    low, high = _range(runs)
    end = max(_shown(run.result) for run in runs)
    plot = Plot(1.03 * path.scale * end, low, high)
    labels = [*_events(runs, path), *_ends(runs, path.scale * end)]
    places = placed(labels, plot, _drawn(runs, path, plot))
    traces = [
        *(trace for run in reversed(runs) for trace in _lines(run, path, alone=len(runs) == 1)),
        *_steps(result, path),
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
            title=path.name,
            range=[0, plot.end],
            ticksuffix="%",
            nticks=7,
            hoverformat="+.2f" if path.move else ".2f",
        ),
        yaxis=style.axis(range=[low, high], tickformat="$~s", nticks=7),
    )


def _runs(result: Waterfall, without: Waterfall | None) -> list[DrawnRun]:
    """Return the run itself, then the run without stops if there is one."""
    main = DrawnRun("with stops" if without else "", result, "solid", "dot", 3)
    if without is None:
        return [main]
    return [main, DrawnRun("without stops", without, "dash", "dashdot", 1.8)]


def _range(runs: Sequence[DrawnRun]) -> tuple[float, float]:
    """Return the range of all values and 0, with room for labels above."""
    values = np.concatenate(
        [np.concatenate([run.result.equity, run.result.requirement]) for run in runs]
    )
    low, high = min(0.0, float(values.min())), max(0.01, float(values.max()))
    return low - (0.05 * (high - low) if low < 0 else 0.0), high + 0.1 * (high - low)


def _shown(result: Waterfall) -> float:
    """Return the part of the path to show: up to the last step or so once nothing is open."""
    if result.final.positions or not result.steps:
        return 1.0
    last = result.steps[-1].t
    return min(1.0, BEYOND * last) if last else 1.0


def _lines(run: DrawnRun, path: PathMove, *, alone: bool) -> Iterator[style.Trace]:
    t, equity, requirement = _course(run.result)
    suffix = "" if alone else f", {run.name}"
    hover = style.texts(_hover(run, path, t, equity, requirement))
    for name, values, dash, colour, width in (
        ("requirement", requirement, run.requirement_dash, style.LIQUIDATION, run.width * 0.75),
        ("equity", equity, run.equity_dash, style.ACCOUNT, run.width),
    ):
        hover_text = (
            {"text": hover, "hovertemplate": "%{text}<extra></extra>"}
            if name == "equity"
            else {"hoverinfo": "skip"}
        )
        yield {
            "type": "scatter",
            "name": f"{name}{suffix}",
            "x": t * path.scale,
            "y": values,
            "mode": "lines",
            "line": {"color": colour, "width": width, "dash": dash},
            **hover_text,
        }


def _course(result: Waterfall) -> tuple[Array, Array, Array]:
    """Return the study's points, and even ones between them on the same straight lines."""
    even = np.setdiff1d(np.linspace(0, 1, EVEN), result.t)
    order = np.argsort(np.concatenate([result.t, even]), kind="stable")
    columns = [
        np.concatenate([values, np.interp(even, result.t, values)])[order]
        for values in (result.t, result.equity, result.requirement)
    ]
    return columns[0], columns[1], columns[2]


def _hover(run: DrawnRun, path: PathMove, t: Array, equity: Array, requirement: Array) -> list[str]:
    """Return the hover text of every point, the same on both sides of a jump."""
    steps: dict[float, list[Step]] = {}
    for step in run.result.steps:
        steps.setdefault(step.t, []).append(step)
    first, last = np.searchsorted(t, t, side="left"), np.searchsorted(t, t, side="right") - 1
    lines: list[str] = []
    suffix = f", {run.name}" if run.name else ""
    for point, before, after in zip(t.tolist(), first.tolist(), last.tolist(), strict=True):
        figures = [
            f"{name} {_change(float(values[before]), float(values[after]))}"
            for name, values in (("equity", equity), ("requirement", requirement))
        ]
        head = f"<b>{path.label(point) if point else 'the start'}</b>{suffix}"
        lines.append("<br>".join([head, *figures, *_several(steps.get(point, []))]))
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


def _steps(result: Waterfall, path: PathMove) -> Iterator[style.Trace]:
    """Yield the steps on the line of equity, one symbol per kind."""
    kinds: list[tuple[str, str, str, frozenset[Kind]]] = [
        ("liquidation step", "x", style.LIQUIDATION, frozenset({"netted", "reduced", "closed"})),
        ("taken over", "triangle-down", style.DANGER, frozenset({"taken_over"})),
        ("your stop", "diamond", style.WARNING, STOPS),
    ]
    for name, symbol, colour, chosen in kinds:
        t = np.unique([step.t for step in result.steps if step.kind in chosen])
        if len(t):
            yield {
                "type": "scatter",
                "name": name,
                "x": t * path.scale,
                "y": result.equity[np.searchsorted(result.t, t, side="left")],
                "mode": "markers",
                "marker": {"symbol": symbol, "color": colour, "size": 10},
                "cliponaxis": False,
                "hoverinfo": "skip",
            }


def _events(runs: Sequence[DrawnRun], path: PathMove) -> Iterator[Label]:
    """Yield where each run is first liquidated, and where the first stop fills."""
    labelled: set[float] = set()
    for run in runs:
        t = run.result.first_liquidation
        if t is not None and t not in labelled:
            labelled.add(t)
            what = "liquidation" if run is runs[0] else "without stops"
            yield _label(
                run.result, path, t, f"{what} {path.label(t)}", "x-open", style.LIQUIDATION
            )
    stop = next((step.t for step in runs[0].result.steps if step.kind in STOPS), None)
    if stop is not None:
        yield _label(
            runs[0].result, path, stop, f"stop {path.label(stop)}", "diamond-open", style.WARNING
        )


def _label(
    result: Waterfall, path: PathMove, t: float, text: str, symbol: str, colour: str
) -> Label:
    equity = float(result.equity[np.searchsorted(result.t, t, side="left")])
    return Label(t * path.scale, equity, text, symbol, colour)


def _ends(runs: Sequence[DrawnRun], x: float) -> Iterator[Label]:
    """Yield the final equity of each run, once where both end alike."""
    labelled: set[str] = set()
    for run in runs:
        kept = wording.money(run.result.kept)
        if kept not in labelled:
            labelled.add(kept)
            what = kept_or_left(run.result) if run is runs[0] else "without stops"
            yield Label(x, float(run.result.equity[-1]), f"{kept} {what}", "circle", style.ACCOUNT)


def _drawn(runs: Sequence[DrawnRun], path: PathMove, plot: Plot) -> Array:
    """Return points along all lines in parts of the plot; shape (points, 2)."""
    parts = []
    for run in runs:
        t, *lines = _course(run.result)
        parts += [
            np.column_stack([t * path.scale / plot.end, (line - plot.low) / (plot.high - plot.low)])
            for line in lines
        ]
    return np.concatenate(parts)
