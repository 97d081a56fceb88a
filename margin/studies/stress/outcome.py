"""Where an account ends after prices moved.

What it is worth, what is required, and whether it lived to see it.

Directions, crashes and shocks all ask this of the same compiled books. Each price goes straight to
its end, all in step; in isolated mode positions fall one by one, each with its own margin.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from margin.engine.book import Book, Standing
from margin.engine.crossing import first_crossing
from margin.model.prepared import PreparedAccount
from margin.model.scenario import Scenario

Moves = Mapping[str, float]
"""Price changes by token, as fractions of the mark.

A token that is not named stands still, no price falls below 0.
"""


class Outcome(NamedTuple):
    """An account after a move, in the settlement coin.

    In isolated mode every position as if it were still open.

    `ratio` is the venue's own figure; it and margin used are None where their denominator
    is not positive, and in isolated mode those of the position worst off, as `headroom` is the
    least of any. `liquidated`: the way there crosses the liquidation point, wherever it ends; in
    isolated mode it does for some position. There `positions_lost` counts those, and `equity_left`
    is what remains when each has lost its own margin and no more; None in cross. Where tiers are
    missing, all but the equity is None, unless something is liquidated whatever they are, as no
    tier table asks less than nothing: then that is told, and what might be liquidated besides
    counts as open.
    """

    equity: float
    requirement: float | None
    requirement_to_equity: float | None
    ratio: float | None
    headroom: float | None
    liquidated: bool | None
    positions_lost: int | None
    equity_left: float | None

    @property
    def remaining(self) -> float:
        """What the account is worth: `equity_left` where that is told, else its equity."""
        return self.equity if self.equity_left is None else self.equity_left


def after(account: PreparedAccount, moves: Moves) -> Outcome:
    """Return the outcome of one move from the marks."""
    return after_each(account, [moves] * len(account.books))


def after_each(
    account: PreparedAccount, ways: Sequence[Moves], fallen: Sequence[bool] | None = None
) -> Outcome:
    """Return the outcome where every book has a move of its own, in their order.

    `fallen` says which are dead already.
    """
    scenario, books = account.scenario, account.books
    ends = [_ends(book, moves) for book, moves in zip(books, ways, strict=True)]
    before = fallen or [False] * len(books)
    dead = [gone or dies for gone, dies in zip(before, deaths(books, ways), strict=True)]
    profits = [
        book.equity_at(prices) - book.wallet for book, prices in zip(books, ends, strict=True)
    ]
    equity = scenario.account.counted_wallet + sum(profits)
    standings = [
        book.standing(prices) for book, prices in zip(books, ends, strict=True) if book.complete
    ]
    lost, left = _left(scenario, profits, dead) if scenario.account.isolated else (None, None)
    if len(standings) < len(books):
        known = (True, lost, left) if any(dead) else (None, None, None)
        return Outcome(equity, None, None, None, None, *known)
    requirement = sum(standing.requirement for standing in standings)
    headroom = min((standing.headroom for standing in standings), default=equity)
    return Outcome(
        equity, requirement, *_ratios(scenario, standings), headroom, any(dead), lost, left
    )


def deaths(books: Sequence[Book], ways: Sequence[Moves]) -> list[bool]:
    """Return which books the straight ways of their prices liquidate.

    Where tiers are missing, whatever those may be.
    """
    return [_dies(book, moves) for book, moves in zip(books, ways, strict=True)]


def _ends(book: Book, moves: Moves) -> tuple[float, ...]:
    pairs = zip(book.tokens, book.marks, strict=True)
    return tuple([max(0.0, mark * (1 + moves.get(token, 0.0))) for token, mark in pairs])


def _dies(book: Book, moves: Moves) -> bool:
    """Return whether the straight path liquidates; missing tiers ask nothing."""
    direction = [
        mark * moves.get(token, 0.0) for token, mark in zip(book.tokens, book.marks, strict=True)
    ]
    return (
        first_crossing(book if book.complete else _mildest(book), book.marks, direction, limit=1.0)
        is not None
    )


def _mildest(book: Book) -> Book:
    return replace(
        book, legs=tuple([leg if leg.rates else leg._replace(rates=(0.0,)) for leg in book.legs])
    )


def _ratios(scenario: Scenario, standings: Sequence[Standing]) -> tuple[float | None, float | None]:
    """Return margin used and the venue's own ratio of whatever stands worst.

    None without positions.
    """
    if not scenario.positions:
        return None, None
    loads = [standing.load for standing in standings]
    worst = max(range(len(loads)), key=lambda index: (loads[index] is None, loads[index] or 0.0))
    return loads[worst], scenario.account.rules.ratio.of(standings[worst])


def _left(scenario: Scenario, profits: Sequence[float], dead: Sequence[bool]) -> tuple[int, float]:
    """Return how many isolated positions are liquidated, and the equity then left.

    Each takes its margin and no more.
    """
    left = scenario.account.wallet_balance
    for position, profit, lost in zip(scenario.positions, profits, dead, strict=True):
        left += -position.own_margin if lost else profit
    return sum(dead), left
