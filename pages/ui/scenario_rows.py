"""What the tables and sentences of the Moves-together page say: pure functions, results in, text out."""

from collections.abc import Iterable, Mapping, Sequence

from margin import wording
from margin.charts import findings
from margin.charts.crashes import survived
from margin.charts.risk_map import Cloud
from margin.errors import FieldError, number, text
from margin.market.moves import AI_TOKENS, risk_windows
from margin.scenario import Scenario
from margin.studies.assess import Assessment
from margin.studies.crash_table import CrashDay, CrashRow, TokenMove
from margin.studies.directions import Direction, DirectionResult, custom, every, nearest_danger
from margin.studies.groups import DayPoint
from margin.studies.outcome import WHOLE_WAY, Outcome

NAMES = {"sector": "AI sector only", "against": "Longs down, shorts up", "with_btc": "BTC, the others by beta"}
"""How this page calls directions that a study names more generally."""
LONGEST_NAME = 40
LARGEST_MOVE = 10.0
Texts = dict[str, str]


# Directions


def directions_of(scenario: Scenario, betas: Mapping[str, float], own: Mapping[str, float]) -> list[Direction]:
    """Every direction that moves a token of the account; the person's own where it has rates."""
    found = [each._replace(name=NAMES.get(each.key, each.name)) for each in every(scenario, AI_TOKENS, betas)]
    moving = [each for each in found if set(each.rates) & set(scenario.tokens)]
    return [*moving, custom(own)] if any(own.values()) else moving


def nearest_sentence(results: Sequence[DirectionResult], scenario: Scenario, account: Assessment) -> str:
    """The sentence that the page begins with."""
    if not scenario.positions:
        return "No positions: no move can liquidate anything. Add positions on the first page."
    if too_late := findings.standing(account, scenario):
        return f"{too_late}."
    result = nearest_danger(results)
    move = result.nearest if result else None
    isolated = findings.isolated(scenario)
    if result is None or move is None:
        return f"No direction looked at here {'loses a position' if isolated else 'liquidates this account'}."
    ends = "the first position is lost" if isolated else "the whole account is liquidated"
    return f"Your nearest danger is {_in_words(result.direction, move)}: then {ends}."


def _in_words(direction: Direction, move: float) -> str:
    """A direction at a move, as it is said: `RENDER falling 17.04 % alone`."""
    how_far = f"{'falling' if move < 0 else 'rising'} {wording.percent(abs(move))}"
    by_beta = ", each by its beta" if any(rate != 1 for rate in direction.rates.values()) else ""
    if direction.key == "together":
        return f"everything {how_far} together{by_beta}"
    if direction.key == "sector":
        return f"the AI tokens {how_far} together{by_beta}"
    if direction.key == "with_btc":
        return f"BTC {how_far} and each token following by its beta"
    if direction.key == "against":
        return f"every price going {wording.percent(abs(move))} against you, {_sides(direction)}"
    if direction.key == "custom":
        return f"your own direction at {wording.percent(move, sign=True)}"
    return f"{next(iter(direction.rates))} {how_far} alone"


def _sides(direction: Direction) -> str:
    """What goes against the account, in words."""
    down, up = any(rate > 0 for rate in direction.rates.values()), any(rate < 0 for rate in direction.rates.values())
    return "longs down and shorts up" if down and up else "longs down" if down else "shorts up"


def same_moves(results: Sequence[DirectionResult]) -> str:
    """Which directions come to the same for this account; empty where all differ."""
    alike: dict[frozenset[tuple[str, float]], list[str]] = {}
    for result in results:
        alike.setdefault(frozenset(result.direction.rates.items()), []).append(result.direction.name)
    told = [
        f"{wording.listing(others)} {'comes' if len(others) == 1 else 'come'} to the same as {first}"
        for first, *others in alike.values()
        if others
    ]
    return f"For this account {'; '.join(told)}." if told else ""


def direction_rows(results: Sequence[DirectionResult], scenario: Scenario) -> list[Texts]:
    """Per direction how far each level is each way, and what is left at the moves; a way that none has is left out."""
    rows = [_direction_row(result, scenario) for result in results]
    ways = [key for key in (rows[0] if rows else {}) if key[0] in "↓↑"]
    idle = {key for key in ways if all(row[key] == _NOWHERE for row in rows)}
    return [{key: cell for key, cell in row.items() if key not in idle} for row in rows]


_NOWHERE = "none"
_LEVELS = ("liquidation", "danger", "warning")


def _direction_row(result: DirectionResult, scenario: Scenario) -> Texts:
    ways: list[tuple[str, str]] = [("↓", "down"), ("↑", "up")]
    distances = {
        f"{arrow} {level}": _distance(getattr(getattr(result, level), way)) for arrow, way in ways for level in _LEVELS
    }
    slices = {f"at {wording.step(each.move)}": left(each.outcome, scenario) for each in result.slices}
    hardest = wording.MISSING if result.hardest is None else wording.percent(result.hardest)
    return {"Direction": result.direction.name, **distances, "Largest price change": hardest, **slices}


def _distance(move: float | None) -> str:
    if move is None:
        return _NOWHERE
    return wording.percent(move, sign=True) if move else "passed"


def left(outcome: Outcome, scenario: Scenario) -> str:
    """What is left of the account: `$5,350.00 · 36.21 %`, or what is lost."""
    if outcome.positions_lost:
        of_all = f"{outcome.positions_lost} of {len(scenario.positions)} lost"
        return f"{of_all} · {wording.money(outcome.remaining)}"
    if outcome.liquidated:
        return "liquidated"
    load = outcome.requirement_to_equity
    return f"{wording.money(outcome.equity)} · {wording.percent(load)}"


# The map


def map_day_rows(points: Sequence[DayPoint], scenario: Scenario, first: Direction, second: Direction) -> list[Texts]:
    """The days of a map in words by their numbers: how the account ends there and on the whole day, and the moves."""
    rows = [
        {
            "No.": str(number),
            "Day": f"{point.row.day.date} {point.row.day.event}".strip(),
            "At its point": _ends(point.here, scenario),
            "Whole day": _ends(point.whole, scenario),
            first.name: wording.percent(point.first, sign=True),
            second.name: wording.percent(point.second, sign=True),
            "Made up": point.whole_made_up,
        }
        for number, point in enumerate(points, 1)
    ]
    idle = set() if any(row["Made up"] for row in rows) else {"Made up"}
    idle |= {"Whole day"} if all(row["Whole day"] == row["At its point"] for row in rows) else set()
    return [{key: cell for key, cell in row.items() if key not in idle} for row in rows]


def cloud_words(cloud: Cloud | None, first: Direction, second: Direction) -> list[str]:
    """What the ellipses are and rest on."""
    if cloud is None:
        return ["No ellipses: the snapshot knows no volatility of one of the two."]
    one, two = (wording.percent(volatility) for volatility in cloud.risk.volatilities)
    lines = [
        f"Ellipses: daily log returns {cloud.window}, correlation {cloud.risk.correlation:.2f}; volatility a year "
        f"{one} ({first.name}) and {two} ({second.name}).",
        "39, 86 and 99 % of normal log returns end within 1, 2 and 3 σ; real ones have fatter tails.",
    ]
    windows = risk_windows([*first.rates, *second.rates])
    if windows.keys() - {cloud.window}:
        lines.append(f"Volatilities: {'; '.join(f'{wording.listing(held)} {when}' for when, held in windows.items())}.")
    if cloud.risk.left_out:
        lines.append(f"Without figures, left out of the ellipses: {wording.listing(list(cloud.risk.left_out))}.")
    return lines


# Named days


def crash_sentence(rows: Sequence[CrashRow], scenario: Scenario, account: Assessment) -> str:
    """How many of the days the account would have survived."""
    if not scenario.positions or findings.missing(account) or account.liquidated or not rows:
        return ""
    worst, close = survived(rows)
    what = "no position would have been lost on" if findings.isolated(scenario) else "this account would have survived"
    return f"Of {len(rows)} named days {what} {worst} at the worst tick; at the day's close it looks like {close}."


def crash_rows_told(rows: Iterable[CrashRow], scenario: Scenario) -> list[Texts]:
    """Per day how the account ends it, at the close and at the worst tick."""
    return [
        {
            "Day": row.day.date or "yours",
            "Event": row.day.event,
            "At the close": _ends(row.close.outcome, scenario),
            "At the worst tick": _ends(row.worst.outcome, scenario),
            "Equity change": f"{'+' if row.worst.loss < 0 else ''}{wording.money(-row.worst.loss)}",
            "Survived or failed by": wording.money(row.worst.outcome.headroom),
            "Made up": row.made_up(),
        }
        for row in rows
    ]


def _ends(outcome: Outcome, scenario: Scenario) -> str:
    """Whether the account survives, and what part of equity is then required."""
    if outcome.requirement is None:
        return wording.MISSING if outcome.liquidated is None else "liquidated"
    if outcome.positions_lost:
        return f"{outcome.positions_lost} of {len(scenario.positions)} lost"
    load = outcome.requirement_to_equity
    told = "no equity left" if load is None else wording.percent(load)
    return f"{'liquidated' if outcome.liquidated else 'survived'} · {told}"


def crash_assumptions(rows: Iterable[CrashRow]) -> list[str]:
    """Everything that some row rests on, each once, with the number of days it holds for where not for all."""
    counted: dict[str, int] = {}
    every_row = list(rows)
    for row in every_row:
        for assumption in row.assumptions:
            counted[assumption] = counted.get(assumption, 0) + 1
    told = [
        assumption if count == len(every_row) else f"{assumption} (on {count} {'day' if count == 1 else 'days'})"
        for assumption, count in counted.items()
    ]
    return [WHOLE_WAY, *told] if told else []


def own_day(name: object, moves: Mapping[str, object]) -> CrashDay:
    """A day that a person makes up, every token closing where it traded worst. `moves` in per cent, None: not said.

    Raises FieldError with the field's name.
    """
    words = text(name, "name", longest=LONGEST_NAME).strip()
    if not words:
        raise FieldError("name", "is missing")
    said = {
        token: number(move, f"move of {token}", at_least=-100, at_most=LARGEST_MOVE * 100) / 100
        for token, move in moves.items()
        if move is not None
    }
    if not said:
        raise FieldError("moves", "are missing: give at least one token a move")
    return CrashDay("", words, {token: TokenMove(move, move, move) for token, move in said.items()})
