"""What moves in a direction and crash days do to the account, in words.

The nearest danger, and what survives.
"""

from collections.abc import Iterable, Mapping, Sequence

from margin import formatting as wording
from margin.messages import WHOLE_WAY, message
from margin.model.prepared import Preparable, prepare
from margin.model.scenario import Scenario
from margin.studies.account.assess import assess
from margin.studies.account.measurable import unknown_tokens
from margin.studies.distance.directions import Direction, DirectionResult, nearest_danger
from margin.studies.stress.crash_table import CrashRow, Gap, survived
from margin.text import findings


def made_up(gaps: Mapping[str, Gap]) -> str:
    """Return what of a day is not on record: `TAO by beta, NEAR still`; empty where all is."""
    return ", ".join(f"{token} {gap}" for token, gap in gaps.items())


# Directions


def nearest_sentence(results: Sequence[DirectionResult], account: Preparable) -> str:
    """Return the sentence that the page begins with."""
    account = prepare(account)
    scenario = account.scenario
    if not scenario.positions:
        return "No positions: no move can liquidate anything. Add positions on the first page."
    if too_late := findings.standing(account):
        return f"{too_late}."
    result = nearest_danger(results)
    move = result.nearest if result else None
    isolated = findings.isolated(scenario)
    if result is None or move is None:
        return (
            f"No direction looked at here "
            f"{'liquidates a position' if isolated else 'liquidates this account'}."
        )
    ends = "the first position is liquidated" if isolated else "the whole account is liquidated"
    return f"Your nearest danger is {_in_words(result.direction, move, scenario)}: then {ends}."


def _in_words(direction: Direction, move: float, scenario: Scenario) -> str:
    """Return a direction at a move, as it is said.

    `RENDER falling 17.04% alone`, without `alone` where no other is there.
    """
    if len(direction.rates) == 1 and direction.key != "custom":
        [token] = direction.rates
        alone = " alone" if len(scenario.tokens) > 1 else ""
        return f"{token} {_how_far(direction.change(token, move))}{alone}"
    by_beta = ", each by its beta" if any(rate != 1 for rate in direction.rates.values()) else ""
    if direction.key == "together":
        return f"everything {_how_far(move)} together{by_beta}"
    if direction.key == "sector":
        return f"the AI tokens {_how_far(move)} together{by_beta}"
    if direction.key == "with_btc":
        return f"BTC {_how_far(move)} and each token following by its beta"
    if direction.key == "against":
        return f"every price going {wording.percent(abs(move))} against you, {_sides(direction)}"
    return f"your own direction at {wording.percent(move, sign=True)}"


def _how_far(move: float) -> str:
    return f"{'falling' if move < 0 else 'rising'} {wording.percent(abs(move))}"


def _sides(direction: Direction) -> str:
    """Return what goes against the account, in words."""
    down, up = (
        any(rate > 0 for rate in direction.rates.values()),
        any(rate < 0 for rate in direction.rates.values()),
    )
    return "longs down and shorts up" if down and up else "longs down" if down else "shorts up"


def same_moves(results: Sequence[DirectionResult]) -> str:
    """Return which directions come to the same for this account; empty where all differ."""
    alike: dict[frozenset[tuple[str, float]], list[str]] = {}
    for result in results:
        alike.setdefault(frozenset(result.direction.rates.items()), []).append(
            result.direction.name
        )
    lines = [
        f"{wording.listing(others)} {'comes' if len(others) == 1 else 'come'} to the same as "
        f"{first}"
        for first, *others in alike.values()
        if others
    ]
    return f"For this account {'; '.join(lines)}." if lines else ""


# Crash days


def again(row: CrashRow) -> str:
    """Return what the close alone would spare, though the day did not."""
    if row.worst.outcome.positions_liquidated is None:
        return "would stand again, had it not been liquidated before"
    count = row.standing_again
    subject = "1 position" if count == 1 else f"{count} positions"
    return f"{subject} would stand again, had {'it' if count == 1 else 'they'} not been lost before"


def crash_sentence(rows: Sequence[CrashRow], account: Preparable) -> str:
    """Return how many of the days the account would have survived."""
    account = prepare(account)
    scenario, assessment = account.scenario, assess(account)
    if not scenario.positions or unknown_tokens(account) or assessment.liquidated or not rows:
        return ""
    worst, close = survived(rows)
    what = (
        "no position would have been lost on"
        if findings.isolated(scenario)
        else "this account would have survived"
    )
    closes = (
        f"; by their closes alone it looks like {close}, which hides the danger"
        if close != worst
        else ""
    )
    return f"Of {len(rows)} crash days {what} {worst} at the worst tick{closes}."


def crash_assumptions(rows: Iterable[CrashRow]) -> list[str]:
    """Return everything that rows rest on, once, with the days it holds for if not all."""
    counted: dict[str, int] = {}
    every_row = list(rows)
    for row in every_row:
        for clause in map(message, row.assumptions):
            counted[clause] = counted.get(clause, 0) + 1
    lines = [
        clause
        if count == len(every_row)
        else f"{clause} (on {count} {'day' if count == 1 else 'days'})"
        for clause, count in counted.items()
    ]
    return [WHOLE_WAY, *lines] if lines else []
