"""Which moves are near, each exactly: together, a sector, with BTC, against, one alone.

A direction says how far every price goes per unit of one move x. From it follow the first x each
way at a level, what stands at chosen x on the way, and how large a price change the direction asks:
the measure by which directions that move by different betas can be compared.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from margin.engine.book import Book, Standing
from margin.errors import join, keyed, number
from margin.model.prepared import Preparable, prepare
from margin.model.scenario import MOST_TOKENS, Scenario
from margin.model.symbols import STABLECOINS, by_token
from margin.studies.distance.distances import (
    FURTHEST_DOWN,
    FURTHEST_UP,
    NOWHERE,
    JointMove,
    first_moves,
)
from margin.studies.stress.outcome import Outcome, after

MOVES = (-0.05, -0.1, -0.2, -0.3, -0.5)
"""The moves that a study shows slices of, unless others are asked for."""
BTC = "BTC"
UNKNOWN_BETA = 1.0
"""What a token without a beta to BTC is taken to move with it."""


class Direction(NamedTuple):
    """A way that prices go: for a move x every price becomes mark · (1 + rate · x), at least 0.

    `rates` by token; one that is not named stands still. Its first crossings are looked for from
    −`furthest_down` on, up to +1000%.
    """

    key: str
    name: str
    rates: Mapping[str, float]
    furthest_down: float = FURTHEST_DOWN

    def moves(self, x: float) -> dict[str, float]:
        """Return the price changes of a move x, by token, as fractions of the mark."""
        return {token: rate * x for token, rate in self.rates.items()}

    def change(self, token: str, x: float) -> float:
        """Return a token's price change at a move x, −1 where it leaves nothing."""
        return max(-1.0, self.rates.get(token, 0.0) * x)


def together(scenario: Scenario) -> Direction:
    """Return every token by its beta: the joint move."""
    return Direction("together", "Everything together", _betas(scenario, scenario.tokens))


def sector(scenario: Scenario, tokens: Collection[str]) -> Direction:
    """Return those of the account's tokens that belong to a sector, by their betas.

    The others stand still.
    """
    return Direction(
        "sector",
        "The sector",
        _betas(scenario, [token for token in scenario.tokens if token in tokens]),
    )


def _betas(scenario: Scenario, tokens: Iterable[str]) -> dict[str, float]:
    return {token: beta for token in tokens if (beta := scenario.market.beta(token))}


def with_btc(scenario: Scenario, betas_to_btc: Mapping[str, float]) -> Direction:
    """Return BTC moves by x and every token by its beta to BTC, known or taken."""
    rates = {token: beta_to_btc(token, betas_to_btc) for token in scenario.tokens}
    return Direction("with_btc", "BTC, the others by their beta to it", {**rates, BTC: 1.0})


def beta_to_btc(token: str, betas_to_btc: Mapping[str, float]) -> float:
    """Return what the token moves when BTC moves by one.

    1 where none is known, 0 for a stablecoin.
    """
    return betas_to_btc.get(token, 0.0 if token in STABLECOINS else UNKNOWN_BETA)


def against(account: Preparable) -> Direction:
    """Return the direction that hurts the account at x < 0, every price by the same part.

    Down for a token held net long, pledged ones among them, and up for one held net short. Up also
    for a hedge of equal legs, which gains nothing on either side but owes more maintenance the
    higher the price: what counts is the slope of profit less requirement. A stablecoin stands
    still. Shorts being hurt beyond a doubling, x reaches to −1000%.
    """
    slopes: dict[str, float] = {}
    for book in prepare(account).books:
        for leg in book.legs:
            token = book.tokens[leg.token]
            slope = leg.slope(leg.tier(book.marks[leg.token]), 1.0) if leg.rates else leg.exposure
            slopes[token] = slopes.get(token, 0.0) + slope
    rates = {
        token: 1.0 if slope > 0 else -1.0
        for token, slope in slopes.items()
        if slope and token not in STABLECOINS
    }
    return Direction("against", "Everything against the account", rates, furthest_down=FURTHEST_UP)


def alone(token: str) -> Direction:
    """Return one token's price, all others standing still."""
    return Direction(f"alone:{token}", f"{token} alone", {token: 1.0})


def custom(rates: Mapping[str, float]) -> Direction:
    """Return a person's own rates by token, each from −100 to 100.

    Raises FieldError with the path `rates.TOKEN`.
    """
    entries = by_token(keyed(rates, "rates", most=MOST_TOKENS), "rates")
    checked = {
        token: number(rate, join("rates", token), at_least=-100, at_most=100)
        for token, rate in entries.items()
    }
    return Direction("custom", "Your own direction", checked)


def every(
    account: Preparable, sector_tokens: Collection[str], betas_to_btc: Mapping[str, float]
) -> list[Direction]:
    """Return every direction that needs no further figures, each token alone among them."""
    account = prepare(account)
    scenario = account.scenario
    chosen = [
        together(scenario),
        sector(scenario, sector_tokens),
        with_btc(scenario, betas_to_btc),
        against(account),
    ]
    return [*chosen, *(alone(token) for token in scenario.tokens if token not in STABLECOINS)]


def reach(
    books: Sequence[Book],
    direction: Direction,
    level: float = 1.0,
    *,
    standings: Sequence[Standing | None] | None = None,
    start: Mapping[str, float] | None = None,
) -> JointMove:
    """Return the first x each way at which some book reaches the level, as `first_moves` says.

    Nowhere without tiers.
    """
    if not all(book.complete for book in books):
        return NOWHERE
    down = direction.furthest_down
    return first_moves(
        books, direction.rates, level, standings=standings, start=start, furthest_down=down
    )


class Slice(NamedTuple):
    """A direction at one of its moves."""

    move: float
    outcome: Outcome


class DirectionResult(NamedTuple):
    """How near a direction is, from the present marks.

    All None where tiers are missing or nothing is held.

    In isolated mode the first position that reaches a level counts. `hardest` is the largest price
    change, as a positive fraction of the mark, that a liquidation point asks of any token held: of
    a direction by betas it is that of the token with the largest beta. x itself does not compare
    across directions (BTC −6% may be RENDER −10%); this does, and it cannot be made small by
    spreading a move over more tokens. Of the two points `nearest` is the one that asks less, and
    `token` is whom it asks that of, the first of several.
    """

    direction: Direction
    liquidation: JointMove
    danger: JointMove
    warning: JointMove
    nearest: float | None
    hardest: float | None
    token: str | None
    slices: tuple[Slice, ...]


def study(
    account: Preparable, directions: Iterable[Direction], moves: Sequence[float] = MOVES
) -> list[DirectionResult]:
    """Return every direction's distances and slices, in the order given."""
    account = prepare(account)
    scenario, books, standings = account.scenario, account.books, account.standings
    exposed = dict.fromkeys(
        book.tokens[leg.token] for book in books for leg in book.legs if leg.exposure
    )
    levels = (1.0, scenario.levels.danger, scenario.levels.warning)
    results = []
    for direction in directions:
        liquidation, danger, warning = [
            reach(books, direction, level, standings=standings) for level in levels
        ]
        slices = tuple([Slice(move, after(account, direction.moves(move))) for move in moves])
        nearest, hardest, token = _asked(direction, liquidation, list(exposed))
        results.append(
            DirectionResult(
                direction, liquidation, danger, warning, nearest, hardest, token, slices
            )
        )
    return results


def _asked(
    direction: Direction, liquidation: JointMove, tokens: Sequence[str]
) -> tuple[float, float, str] | tuple[None, None, None]:
    """Return the liquidation point that asks the smaller change, that change, its token."""
    points = [x for x in liquidation if x is not None]
    changes = [
        (max(abs(direction.change(token, x)) for token in tokens), abs(x), x) for x in points
    ]
    if not changes:
        return None, None, None
    hardest, _, nearest = min(changes)
    return nearest, hardest, max(tokens, key=lambda token: abs(direction.change(token, nearest)))


def ranked(results: Iterable[DirectionResult]) -> list[DirectionResult]:
    """Return those that ask the smallest price change first; those that liquidate nowhere last.

    Like ones as they came.
    """
    return sorted(
        results, key=lambda result: (result.hardest is None, round(result.hardest or 0.0, 12))
    )


def distinct(results: Iterable[DirectionResult]) -> list[DirectionResult]:
    """Return one result of those that move every price alike, the first."""
    first: dict[frozenset[tuple[str, float]], DirectionResult] = {}
    for result in results:
        first.setdefault(frozenset(result.direction.rates.items()), result)
    return list(first.values())


def nearest_danger(results: Iterable[DirectionResult]) -> DirectionResult | None:
    """Return the direction that liquidates by the smallest price change; None where none does."""
    first = next(iter(ranked(results)), None)
    return None if first is None or first.hardest is None else first
