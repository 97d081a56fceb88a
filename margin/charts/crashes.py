"""The account's headroom on crash days, at the worst tick and at the close."""

from collections.abc import Sequence
from html import escape
from typing import Literal, NamedTuple

from margin import formatting as wording
from margin.charts.layout import rows, style
from margin.model.prepared import Preparable, prepare
from margin.studies.account.assess import assess
from margin.studies.account.measurable import unknown_tokens
from margin.studies.stress.crash_table import CrashRow, Instant, survived
from margin.text import findings
from margin.text.stress import again

SPOKEN = 8
"""Days that the text alternative tells one by one."""
LONGEST = 34
"""Characters of an event that are shown."""


class Day(NamedTuple):
    """A day as drawn: headroom in the coin at both instants, and whether each liquidates."""

    row: CrashRow
    close: float
    worst: float

    @property
    def died(self) -> bool:
        """Whether the worst tick liquidates."""
        return bool(self.row.worst.outcome.liquidated)


def finding(days: Sequence[CrashRow], account: Preparable) -> str:
    """Return the sentence of the title: how many of the days are survived."""
    account = prepare(account)
    scenario, assessment = account.scenario, assess(account)
    if not scenario.positions:
        return "No positions: no day can liquidate"
    if unknown := unknown_tokens(account):
        return (
            f"Not known: {scenario.account.rules.name} has no tier table for "
            f"{wording.listing([*unknown])}"
        )
    if assessment.liquidated and (too_late := findings.standing(account)):
        return too_late
    if not days:
        return "No day is chosen"
    count, seeming = survived(days)
    without = " without losing a position" if findings.isolated(scenario) else ""
    closes = f"; by their closes alone it looks like {seeming}" if seeming != count else ""
    return f"{count} of {len(days)} days survived{without}{closes}"


def crashes_alt(days: Sequence[CrashRow], account: Preparable) -> str:
    """Return the chart in words: its finding, then the worst days."""
    sentences, shown = ([finding(days, account)], _ranked(days))
    sentences += [f"{_day(day.row)}: {_figures(day)} at the worst tick" for day in shown[:SPOKEN]]
    if len(shown) > SPOKEN:
        sentences.append(f"{len(shown) - SPOKEN} more")
    return ". ".join(sentences) + "."


def _ranked(days: Sequence[CrashRow]) -> list[Day]:
    """Return the days whose headroom is known, the worst first."""
    shown = [
        Day(row, row.close.outcome.headroom, row.worst.outcome.headroom)
        for row in days
        if row.close.outcome.headroom is not None and row.worst.outcome.headroom is not None
    ]
    return sorted(shown, key=lambda day: day.worst)


def _day(row: CrashRow) -> str:
    event = row.day.event if len(row.day.event) <= LONGEST else f"{row.day.event[: LONGEST - 1]}…"
    return f"{row.day.date} {event}".strip()


def _figures(day: Day) -> str:
    """Return whether the worst tick is survived, and by how much."""
    return f"{_ends(day.row.worst)}, {wording.money(day.worst, sign=True)}"


def _ends(instant: Instant) -> str:
    """Return what becomes of the account, or of its isolated positions."""
    if count := instant.outcome.positions_liquidated:
        return "1 position lost" if count == 1 else f"{count} positions lost"
    return "liquidated" if instant.outcome.liquidated else "survived"


def crashes(days: Sequence[CrashRow], account: Preparable) -> style.Spec:
    """Draw one row per day, worst first: the worst tick as a bar, the close as a point.

    In isolated mode headroom is that of the position worst off.
    """
    account = prepare(account)
    scenario = account.scenario
    title, shown = (finding(days, account), _ranked(days))
    if not shown or not scenario.positions:
        return style.empty(title)
    ends = [0.0, *(day.worst for day in shown), *(day.close for day in shown)]
    room = 0.06 * (max(ends) - min(ends)) or 1.0
    low, high, isolated = min(ends) - room, max(ends) + room, findings.isolated(scenario)
    alive, liquidated = (
        [place for place, day in enumerate(shown) if day.died is is_liquidated]
        for is_liquidated in (False, True)
    )
    traces = [
        rows.bars(
            [rows.Bar(0.0, day.worst, place) for place, day in enumerate(shown)], style.QUIET, 5
        ),
        _zeros(len(shown)),
        rows.symbols("close", _points(shown), "circle-open", style.ACCOUNT, width=2),
        rows.symbols("worst tick, survived", _points(shown, alive), "circle", style.ACCOUNT),
        rows.symbols(
            f"worst tick, {'position lost' if isolated else 'liquidated'}",
            _points(shown, liquidated),
            "x",
            style.LIQUIDATION,
        ),
        rows.names(
            [f"<b>{escape(_day(day.row))}</b>  {escape(_figures(day))}" for day in shown], low
        ),
    ]
    axis = style.axis(
        title=f"Headroom {'of the position worst off' if isolated else 'left'}, below 0 it has "
        f"failed",
        range=[low, high],
        tickformat="$,.3~s",
        nticks=5,
    )
    return rows.figure(traces, title, len(shown), axis)


def _zeros(count: int) -> style.Trace:
    """Return where headroom is 0, beside the bars only: no line through the words."""
    points = [rows.Point(0.0, place, "0: the liquidation point") for place in range(count)]
    return {
        **rows.symbols("0", points, "line-ns", style.QUIET, width=2, size=14),
        "showlegend": False,
    }


def _points(shown: list[Day], places: Sequence[int] | None = None) -> list[rows.Point]:
    """Return the closes of all days, or the worst ticks of those in the rows given."""
    if places is None:
        return [
            rows.Point(day.close, place, _hover(day.row, "close"))
            for place, day in enumerate(shown)
        ]
    return [
        rows.Point(shown[place].worst, place, _hover(shown[place].row, "worst tick"))
        for place in places
    ]


def _hover(row: CrashRow, name: Literal["close", "worst tick"]) -> str:
    instant = row.close if name == "close" else row.worst
    outcome, load = instant.outcome, instant.outcome.requirement_to_equity
    worst_off = "" if outcome.positions_liquidated is None else ", position worst off"
    used = "no equity left" if load is None else f"margin used {wording.percent(load)}"
    return "<br>".join(
        [
            f"<b>{escape(_day(row))}</b>",
            f"{name}: {again(row) if name == 'close' and row.standing_again else _ends(instant)}",
            f"margin balance {wording.money(outcome.remaining)}"
            f"{', were nothing closed' * (outcome.remaining < 0)}",
            f"{used}{worst_off}",
            f"headroom {wording.money(outcome.headroom)}{worst_off}",
        ]
    )
