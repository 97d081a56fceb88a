"""How far prices may move: liquidation prices of single tokens, the joint move, and the distance to a warning level.

Every figure is a `first_crossing` of a line in price space; nothing here knows a margin rule.
"""

from collections.abc import Sequence
from math import inf
from typing import Literal, NamedTuple

from margin.book import Book, Leg, Mover, Standing, first_crossing, walk
from margin.scenario import Scenario

FURTHEST_DOWN = 1.0
FURTHEST_UP = 10.0
"""Joint moves are looked for from −100 % to +1000 %."""
NO_PRICE = 1e-12
"""A liquidation price below this part of the mark is rounding around 0: the position is covered down to nothing."""

Reason = Literal["covered", "gains", "flat", "liquidated", "no_tiers"]


class LiquidationPrice(NamedTuple):
    """Where one token's price, all others standing still, liquidates the account; None with its reason where nowhere.

    `side` names the position in isolated mode and is None in cross, where both legs of a token share the price.
    """

    symbol: str
    below: float | None
    above: float | None
    reason_below: Reason | None
    reason_above: Reason | None
    side: str | None = None


class JointMove(NamedTuple):
    """The first common move at which the account is liquidated, as a fraction (−0.0947 is −9.47 %); None: nowhere."""

    down: float | None
    up: float | None


NOWHERE = JointMove(None, None)


def unpriced(symbol: str, reason: Reason, side: str | None = None) -> LiquidationPrice:
    """An entry without prices, for one reason both ways."""
    return LiquidationPrice(symbol, None, None, reason, reason, side)


def liquidation_prices(book: Book, standing: Standing) -> list[LiquidationPrice]:
    """One entry per token of a complete book, which stands as given."""
    if standing.liquidated:
        return [unpriced(token, "liquidated") for token in book.tokens]
    headroom, zero = standing.headroom, book.zero(book.marks)
    legs: list[list[Leg]] = [[] for _ in book.tokens]
    for leg in book.legs:
        legs[leg.token].append(leg)
    return [
        _liquidation_price(token, mark, own, headroom, zero if book.bears_positions else None)
        for token, mark, own in zip(book.tokens, book.marks, legs, strict=True)
    ]


def _liquidation_price(
    token: str, mark: float, legs: list[Leg], headroom: float, zero: float | None
) -> LiquidationPrice:
    """The entry of one token. Without positions (`zero` is None) no price liquidates."""
    below = above = None
    if zero is not None:
        fall = walk(headroom, [Mover(leg, mark, -1.0) for leg in legs], 1.0, mark, zero)
        rise = walk(headroom, [Mover(leg, mark, 1.0) for leg in legs], 1.0, inf, zero)
        below = None if fall is None or mark - fall <= NO_PRICE * mark else mark - fall
        above = None if rise is None else mark + rise
    reason_below = _reason_below(legs, mark) if below is None else None
    reason_above = _reason_above(legs, mark) if above is None else None
    return LiquidationPrice(token, below, above, reason_below, reason_above)


def _slopes(legs: list[Leg], mark: float, tier: int) -> tuple[float, float]:
    """Change of headroom per unit of price: in the outermost tier (0 or −1), and at the mark."""
    here = sum(leg.slope(leg.tier(mark), 1.0) for leg in legs)
    return sum(leg.slope(tier, 1.0) for leg in legs), here


def _reason_below(legs: list[Leg], mark: float) -> Reason:
    """Headroom is concave in one price: it rises all the way down exactly if it does so in the lowest tier."""
    lowest, here = _slopes(legs, mark, 0)
    if lowest == here == 0:
        return "flat"
    return "gains" if lowest <= 0 else "covered"


def _reason_above(legs: list[Leg], mark: float) -> Reason:
    """Upwards there is no end, so headroom that never reaches zero never falls."""
    highest, here = _slopes(legs, mark, -1)
    return "flat" if highest == here == 0 else "gains"


def betas(book: Book, scenario: Scenario) -> list[float]:
    """The scenario's betas in the order of the book's tokens."""
    return [scenario.market.beta(token) for token in book.tokens]


def common_move(books: Sequence[Book], scenario: Scenario, level: float = 1.0) -> JointMove:
    """The first x each way at which some book reaches the level, every mark moving to mark · (1 + β·x), at least 0."""
    down, up = inf, inf
    for book in books:
        rates = [mark * beta for mark, beta in zip(book.marks, betas(book, scenario), strict=True)]
        fall = first_crossing(book, book.marks, [-rate for rate in rates], level=level, limit=FURTHEST_DOWN)
        rise = first_crossing(book, book.marks, rates, level=level, limit=FURTHEST_UP)
        down = min(down, inf if fall is None else fall)
        up = min(up, inf if rise is None else rise)
    return JointMove(None if down == inf else -down, None if up == inf else up)
