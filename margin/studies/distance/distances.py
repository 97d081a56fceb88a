"""How far prices may move.

Liquidation prices of single tokens, the joint move, and the distance to a warning level.

Every figure is a `first_crossing` of a line in price space; nothing here knows a margin rule.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf
from typing import Literal, NamedTuple

from margin.engine.book import Book, Standing
from margin.engine.crossing import first_crossings, walk
from margin.engine.leg import Leg
from margin.engine.numbers import quotient
from margin.errors import LARGEST
from margin.model.prepared import Preparable, prepare
from margin.model.scenario import Rates, Scenario

FURTHEST_DOWN = 1.0
FURTHEST_UP = 10.0
"""Joint moves are looked for from −100% to +1000%."""
NO_PRICE = 1e-12
"""A liquidation price below this part of the mark is rounding around 0.

The position is covered down to nothing.
"""

Reason = Literal["covered", "gains", "flat", "liquidated", "no_tiers"]


class LiquidationPrice(NamedTuple):
    """Where one token's price, all others standing still, liquidates the account.

    None with its reason where nowhere.

    `side` names the position in isolated mode and is None in cross, where both legs of a token
    share the price.
    """

    symbol: str
    below: float | None
    above: float | None
    reason_below: Reason | None
    reason_above: Reason | None
    side: str | None = None


class JointMove(NamedTuple):
    """The first joint move that liquidates, as a fraction (−0.0947 is −9.47%) or None."""

    down: float | None
    up: float | None


NOWHERE = JointMove(None, None)


def unpriced(symbol: str, reason: Reason, side: str | None = None) -> LiquidationPrice:
    """Return an entry without prices, for one reason both ways."""
    return LiquidationPrice(symbol, None, None, reason, reason, side)


def liquidation_prices(
    book: Book, standing: Standing, side: str | None = None
) -> list[LiquidationPrice]:
    """Return one entry per token of a complete book, which stands as given.

    `side` is that of an isolated position.
    """
    if standing.liquidated:
        return [unpriced(token, "liquidated", side) for token in book.tokens]
    legs: list[list[tuple[Leg, int]]] = [[] for _ in book.tokens]
    for leg, tier in zip(book.legs, standing.tiers, strict=True):
        legs[leg.token].append((leg, tier))
    headroom = standing.headroom if book.bears_positions else inf
    return [
        _liquidation_price(token, mark, token_legs, headroom, standing.zero, side)
        for token, mark, token_legs in zip(book.tokens, book.marks, legs, strict=True)
    ]


def _liquidation_price(
    token: str,
    mark: float,
    legs: list[tuple[Leg, int]],
    headroom: float,
    zero: float,
    side: str | None,
) -> LiquidationPrice:
    """Return the entry of one token, from its legs with their tiers at the mark.

    An account that nothing can liquidate has endless headroom. Rates rise with the size, so
    headroom is concave in one price: it gains all the way down exactly if it does so in the lowest
    tier, and all the way up exactly if it does so in the highest.
    """
    slope = lowest = highest = 0.0
    for leg, tier in legs:
        slope += leg.slope(tier, 1.0)
        lowest += leg.slope(0, 1.0)
        highest += leg.slope(-1, 1.0)
    below = above = None
    reason_below: Reason | None
    reason_above: Reason | None
    reason_below = reason_above = "flat" if lowest == highest == 0 else "gains"
    if lowest > 0:
        reason_below = "covered"
        fall = walk(
            headroom, -slope, [(leg, mark, -1.0, tier) for leg, tier in legs], 1.0, mark, zero
        )
        if fall is not None and mark - fall > NO_PRICE * mark:
            below, reason_below = mark - fall, None
    if highest < 0:
        reason_above = "covered"
        rise = walk(headroom, slope, [(leg, mark, 1.0, tier) for leg, tier in legs], 1.0, inf, zero)
        if rise is not None and mark + rise <= LARGEST:
            above, reason_above = mark + rise, None
    return LiquidationPrice(token, below, above, reason_below, reason_above, side)


def first_moves(
    books: Sequence[Book],
    rates: Mapping[str, float],
    level: float = 1.0,
    *,
    standings: Sequence[Standing | None] | None = None,
    start: Mapping[str, float] | None = None,
    furthest_down: float = FURTHEST_DOWN,
) -> JointMove:
    """Return the first x each way at which some book reaches the level.

    Prices move to price · (1 + rate · x).

    At least 0.

    `rates` by token; one that is not named stands still. It starts from the marks, where the books
    stand as `standings` says if that is known already, or from other prices. 0.0 means that the
    start is at the level or past it.
    """
    down, up = inf, inf
    for book, standing in zip(books, standings or [None] * len(books), strict=True):
        prices = book.marks if start is None else tuple([start[token] for token in book.tokens])
        rises = [
            price * rates.get(token, 0.0) for token, price in zip(book.tokens, prices, strict=True)
        ]
        limits = (furthest_down, FURTHEST_UP)
        fall, rise = first_crossings(
            book, prices, rises, limits=limits, level=level, standing=standing
        )
        down = down if fall is None else min(down, fall)
        up = up if rise is None else min(up, rise)
    return JointMove(None if down == inf else 0.0 - down, None if up == inf else up)


def common_move(
    books: Sequence[Book],
    scenario: Scenario,
    level: float = 1.0,
    *,
    standings: Sequence[Standing | None] | None = None,
    start: Mapping[str, float] | None = None,
) -> JointMove:
    """Return the first x each way at which some book reaches the level, by betas.

    See `first_moves`.
    """
    betas = {token: scenario.market.beta(token) for token in scenario.tokens}
    return first_moves(books, betas, level, standings=standings, start=start)


def away(price: float, mark: float) -> float | None:
    """Return how far a price lies from a mark, as a fraction of it; None from a mark of 0."""
    return quotient(price - mark, mark)


def present_move(scenario: Scenario, rates: Rates | None = None) -> float | None:
    """Return the move that took the account's baseline marks to its marks, a joint one by default.

    None where no single one did.
    """
    return scenario.market.present_move(scenario.tokens, rates)


def origin(scenario: Scenario, rates: Rates | None = None) -> dict[str, float]:
    """Return the prices that a move is measured from, by token.

    The baseline marks, or the marks themselves where no such move leads from those to these.
    """
    market = scenario.market
    if present_move(scenario, rates) is None:
        return dict(market.marks)
    return {token: market.baseline_mark(token) for token in market.marks}


def at_move(
    scenario: Scenario,
    move: float,
    start: Mapping[str, float] | None = None,
    rates: Rates | None = None,
) -> Scenario:
    """Return the scenario after a move from `start`, its origin unless given.

    `start` becomes the baseline marks. A joint move unless `rates` are given.
    """
    start = origin(scenario, rates) if start is None else start
    baseline_marks = {token: price for token, price in start.items() if price > 0} if move else {}
    marks = scenario.market.moved(start, move, rates)
    market = replace(scenario.market, marks=marks, baseline_marks=baseline_marks)
    return replace(scenario, market=market)


def before_move(scenario: Scenario) -> Scenario:
    """Return the scenario at its baseline marks."""
    start = {token: scenario.market.baseline_mark(token) for token in scenario.market.marks}
    return at_move(scenario, 0.0, start)


def brink(account: Preparable) -> float | None:
    """Return the nearest joint move from its origin to the exact liquidation point."""
    account = prepare(account)
    if not account.complete:
        return None
    return nearest(common_move(account.books, account.scenario, start=origin(account.scenario)))


def nearest(move: JointMove) -> float | None:
    """Return the smaller of the two moves, None where there is none."""
    return min((x for x in move if x is not None), key=abs, default=None)
