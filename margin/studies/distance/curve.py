"""The account along a joint move.

Margin used at every x, and exactly where its levels lie.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from margin.engine.book import Book
from margin.engine.numbers import Array
from margin.model.prepared import Preparable, prepare
from margin.model.scenario import Scenario
from margin.studies.distance.distances import (
    FURTHEST_DOWN,
    FURTHEST_UP,
    JointMove,
    common_move,
    origin,
    present_move,
)

POINTS = 121
"""Steps over the range next to the origin, and as many over all that is shown."""
SHOWN = 0.3
"""At least this much of a move is shown each way."""


class Curve(NamedTuple):
    """A joint move x from `origin` prices, as arrays of shape (points,), x ascending.

    0 is among them.

    `requirement_to_equity` is NaN where equity is not positive; `ratio` is the venue's own figure
    (NaN likewise). In isolated mode all four arrays are those of the position that is worst off
    there. `warning`, `danger` and `liquidation` are the first x each way at those levels; `today`
    is the x of the present marks.
    """

    moves: Array
    requirement_to_equity: Array
    ratio: Array
    equity: Array
    requirement: Array
    origin: dict[str, float]
    today: float
    warning: JointMove
    danger: JointMove
    liquidation: JointMove


def common_move_curve(account: Preparable) -> Curve | None:
    """Return the curve from the baseline marks, or from today's if no joint move leads there.

    None where there is nothing to draw: no positions, or a token without tiers.
    """
    account = prepare(account)
    scenario, books = account.scenario, account.books
    if not account.measurable:
        return None
    start, today = origin(scenario), present_move(scenario) or 0.0
    start = {token: start[token] for token in scenario.tokens}
    levels = [
        common_move(books, scenario, level, start=start)
        for level in (scenario.levels.warning, scenario.levels.danger, 1.0)
    ]
    moves = _moves(levels, today)
    return Curve(moves, *_worst(books, scenario, start, moves), start, today, *levels)


def _moves(levels: list[JointMove], today: float) -> Array:
    """Return even steps over the range worth showing, and the marked points themselves."""
    liquidation = levels[-1]
    low = max(-FURTHEST_DOWN, min(-SHOWN, today * 1.1, 1.25 * (liquidation.down or 0.0)))
    high = min(FURTHEST_UP, max(SHOWN, today * 1.1, 1.25 * (liquidation.up or 0.0)))
    near = np.linspace(max(low, -SHOWN), min(high, SHOWN), POINTS)
    marked = [
        move for level in levels for move in level if move is not None and low <= move <= high
    ]
    return np.unique(np.concatenate([near, np.linspace(low, high, POINTS), [0.0, today], marked]))


def _worst(
    books: Sequence[Book], scenario: Scenario, prices: dict[str, float], moves: Array
) -> tuple[Array, Array, Array, Array]:
    """Return margin used, ratio, equity and requirement of the worst book at each move."""
    rule, market = scenario.account.rules.ratio, scenario.market
    rows = []
    for book in books:
        steps = np.array([market.beta(token) for token in book.tokens])
        start = np.array([prices[token] for token in book.tokens])
        path = np.maximum(0.0, start * (1 + steps * moves[:, None]))
        equity, requirement = book.equity(path), book.requirement(path)
        firm = book.firm_equity(path)
        ratio = _quotient(*rule.terms(firm, requirement, book.notional(path)))
        rows.append((_quotient(requirement, firm), ratio, equity, requirement))
    table = np.array(rows)
    worst = np.argmax(np.nan_to_num(table[:, 0], nan=np.inf), axis=0)
    load, ratio, equity, requirement = table[worst, :, np.arange(len(moves))].T
    return load, ratio, equity, requirement


def _quotient(numerator: Array, denominator: Array) -> Array:
    """Return naN where the denominator is not positive."""
    return np.divide(
        numerator, denominator, out=np.full_like(numerator, np.nan), where=denominator > 0
    )
