"""The margin balance by use: requirement, initial margin and remainder."""

from typing import Any, NamedTuple

import numpy as np

from margin import formatting as wording
from margin.charts.layout import style
from margin.model.prepared import Preparable, PreparedAccount, prepare
from margin.studies.account.assess import Assessment, assess
from margin.text import findings

REQUIRED, INITIAL = 1.0, 0.0
"""The two bars' places."""
WORDS = 0.36
"""How far above its bar a bar's words stand."""
BAR_WIDTH = 0.4
BARS, AXIS, LEGEND_LINE = 150, 50, 20
"""Pixels."""


class PositionShare(NamedTuple):
    """One position's parts of both bars, in the settlement coin."""

    name: str
    required: float
    initial: float
    colour: str = style.QUIET
    pattern: str = "+"


def finding(account: Preparable) -> str:
    """Return the sentence of the title: how much is required and how much is free."""
    account = prepare(account)
    scenario, assessment = account.scenario, assess(account)
    if not scenario.positions:
        return f"No positions: all of the {wording.money(assessment.equity)} is free"
    if assessment.requirement is None or assessment.initial_margin is None:
        return findings.standing(account) or "Not known"
    free = assessment.available_balance or 0.0
    remainder = (
        f"{wording.money(free)} is free for new positions"
        if free > 0
        else "nothing is free for new positions"
    )
    if findings.isolated(scenario):
        return f"The positions hold {wording.money(_held(assessment))} of margin; {remainder}"
    required, balance = wording.money(assessment.requirement), wording.money(assessment.equity)
    load = assessment.requirement_to_equity
    if assessment.equity <= 0 or load is None:
        return f"Nothing is left, and {required} is required"
    if assessment.liquidated:
        state = findings.standing(account)
        return f"{state}: {required} is required of a margin balance of {balance}"
    return f"{wording.percent(load)} of the margin balance is required; {remainder}"


def _held(assessment: Assessment) -> float:
    return sum(figures.isolated_margin or 0.0 for figures in assessment.positions)


def margin_use_alt(account: Preparable) -> str:
    """Return the chart in words: its finding and both bars."""
    account = prepare(account)
    scenario, assessment = account.scenario, assess(account)
    sentences = [finding(account)]
    if scenario.positions and assessment.requirement is not None:
        parts = _parts(account)
        sentences += _captions(account, parts)
        largest = [f"{part.name} {wording.money(part.required)}" for part in parts]
        sentences.append(f"Required by {wording.listing(largest)}")
    return ". ".join(sentences) + "."


def margin_use(account: Preparable) -> style.Spec:
    """Draw requirement and initial margin as bars beside the margin balance, in the coin."""
    account = prepare(account)
    scenario, assessment = account.scenario, assess(account)
    title = finding(account)
    if (
        not scenario.positions
        or assessment.requirement is None
        or assessment.initial_margin is None
    ):
        return style.empty(title)
    parts = _parts(account)
    isolated = findings.isolated(scenario)
    low, high = _range(assessment, parts)
    captions = _captions(account, parts)
    bottom = AXIS + LEGEND_LINE * (len(parts) // 3 + 1)
    return style.figure(
        [*map(_bar, parts), *_free(assessment, parts)],
        title,
        BARS,
        bottom,
        barmode="stack",
        hovermode="closest",
        legend=style.legend(BARS, AXIS) | {"traceorder": "normal"},
        shapes=[] if isolated else [_balance_line(assessment, bar) for bar in (REQUIRED, INITIAL)],
        annotations=[_caption(REQUIRED, captions[0]), _caption(INITIAL, captions[1])],
        xaxis=style.axis(
            title=scenario.account.rules.settlement
            + ("" if isolated else "; the line is the margin balance"),
            range=[low, high],
            tickprefix="$",
            tickformat="~s",
            nticks=6,
        ),
        yaxis=style.hidden_axis(range=[INITIAL - 0.3, REQUIRED + 0.55]),
    )


def _parts(account: PreparedAccount) -> list[PositionShare]:
    """Return the positions by requirement, largest first, many small ones combined."""
    scenario, assessment = account.scenario, assess(account)
    extra = _beyond_maintenance(assessment)
    notional = sum(figures.notional for figures in assessment.positions) or 1.0
    isolated = findings.isolated(scenario)
    places = style.token_looks(scenario.tokens)
    parts = [
        PositionShare(
            f"{figures.symbol} {figures.side}",
            (figures.maintenance_margin or 0.0) + extra * figures.notional / notional,
            (figures.isolated_margin if isolated else figures.initial_margin) or 0.0,
            *style.look(places[figures.symbol], figures.side),
        )
        for figures in assessment.positions
    ]
    parts.sort(key=lambda part: (part.required, part.initial), reverse=True)
    most = len(style.POSITIONS)
    if len(parts) <= most:
        return parts
    rest = parts[most:]
    required, initial = sum(part.required for part in rest), sum(part.initial for part in rest)
    return [*parts[:most], PositionShare(f"{len(rest)} others", required, initial)]


def _beyond_maintenance(assessment: Assessment) -> float:
    """Return the requirement beyond maintenance margin: a venue's fee on the notional."""
    return max(0.0, (assessment.requirement or 0.0) - (assessment.maintenance_margin or 0.0))


def _captions(account: PreparedAccount, parts: list[PositionShare]) -> tuple[str, str]:
    """Return what stands above the bars."""
    scenario, assessment = account.scenario, assess(account)
    required, initial = (
        sum(amounts)
        for amounts in zip(*((part.required, part.initial) for part in parts), strict=True)
    )
    spare = assessment.equity - required
    free = assessment.available_balance or 0.0
    isolated = findings.isolated(scenario)
    remainder = (
        f"{'the rest' if isolated else 'headroom'} {wording.money(spare)}"
        if spare >= 0
        else f"{wording.money(-spare)} short"
    )
    return (
        f"Required {wording.money(required)} · {remainder}",
        f"{'Isolated' if isolated else 'Initial'} margin {wording.money(initial)} · available "
        f"{wording.money(free)}",
    )


def _range(assessment: Assessment, parts: list[PositionShare]) -> tuple[float, float]:
    initial = sum(part.initial for part in parts) + max(0.0, assessment.available_balance or 0.0)
    widest = max(assessment.equity, sum(part.required for part in parts), initial, 0.01)
    low = min(0.0, assessment.equity)
    margin = 0.02 * (widest - low)
    return low - margin if low < 0 else 0.0, widest + margin


def _bar(part: PositionShare) -> style.Trace:
    """Return one position's part of both bars, told apart by colour and by pattern."""
    sizes = (part.required, part.initial)
    words = (f"requires {wording.money(part.required)}", f"margin {wording.money(part.initial)}")
    return {
        "type": "bar",
        "name": part.name,
        "x": np.array(sizes),
        "y": np.array([REQUIRED, INITIAL]),
        "width": BAR_WIDTH,
        "orientation": "h",
        "marker": {
            "color": part.colour,
            "pattern": style.hatching(part.pattern),
            "line": {"width": 0},
        },
        "hovertext": style.texts([f"<b>{part.name}</b><br>{line}" for line in words]),
        "hovertemplate": "%{hovertext}<extra></extra>",
    }


def _free(assessment: Assessment, parts: list[PositionShare]) -> list[style.Trace]:
    """Return what is left on both bars, hollow; nothing where nothing is."""
    spare = max(0.0, assessment.equity - sum(part.required for part in parts))
    free = max(0.0, assessment.available_balance or 0.0)
    words = (
        f"<b>not required</b><br>{wording.money(spare)}",
        f"<b>available</b><br>{wording.money(free)}",
    )
    if not spare and not free:
        return []
    return [
        {
            "type": "bar",
            "name": "free",
            "x": np.array([spare, free]),
            "y": np.array([REQUIRED, INITIAL]),
            "width": BAR_WIDTH,
            "orientation": "h",
            "marker": {
                "color": "rgba(122,135,152,0.12)",
                "line": {
                    "width": np.array([1.5 if visible else 0.0 for visible in (spare, free)]),
                    "color": style.QUIET,
                },
            },
            "hovertext": style.texts(list(words)),
            "hovertemplate": "%{hovertext}<extra></extra>",
        }
    ]


def _balance_line(assessment: Assessment, bar: float) -> dict[str, Any]:
    line = {"color": style.INK, "width": 2}
    return {
        "type": "line",
        "x0": assessment.equity,
        "x1": assessment.equity,
        "y0": bar - 0.26,
        "y1": bar + 0.26,
        "line": line,
    }


def _caption(bar: float, words: str) -> dict[str, Any]:
    place = {
        "xref": "paper",
        "x": 0,
        "xanchor": "left",
        "xshift": -3,
        "y": bar + WORDS,
        "yanchor": "middle",
    }
    return {"text": words, "showarrow": False, "font": {"color": style.INK, "size": 12}, **place}
