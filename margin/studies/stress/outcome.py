"""Where an account ends after prices moved.

Directions, crashes and shocks all ask this of the same compiled books. Prices go straight to their
ends, all in step; isolated positions are liquidated one by one, each with its own margin.
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

A token that is not named does not move; no price falls below 0.
"""


class Outcome(NamedTuple):
    """An account after a move, in the settlement coin.

    In isolated mode the figures count every position as if it were still open.

    `ratio` is the venue's own figure; it and margin used are None where their denominator
    is not positive, and in isolated mode those of the worst position, as `headroom` is the
    least of any. `liquidated`: the path crosses the liquidation point, wherever it ends; in
    isolated mode that of some position. There `positions_lost` counts those, and `equity_left`
    is what remains when each has lost its own margin and no more; None in cross. Where tiers are
    missing, all but the equity is None, unless something is liquidated whatever they are, as no
    tier table requires less than nothing: then that is given, and other positions without tiers
    count as open.
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
        """What the account is worth: `equity_left` where there is one, else its equity."""
        return self.equity if self.equity_left is None else self.equity_left


def after(account: PreparedAccount, moves: Moves) -> Outcome:
    """Return the outcome of one move from the marks."""
    return after_book_moves(account, [moves] * len(account.books))


def after_book_moves(
    account: PreparedAccount, moves: Sequence[Moves], before: Sequence[bool] | None = None
) -> Outcome:
    """Return the outcome where every book has moves of its own, in the order of the books.

    `before` marks the books that are liquidated already.
    """
    scenario, books = account.scenario, account.books
    ends = [_ends(book, book_moves) for book, book_moves in zip(books, moves, strict=True)]
    liquidated = liquidations(books, moves)
    if before:
        liquidated = [any(pair) for pair in zip(before, liquidated, strict=True)]
    profits = [
        book.equity_at(prices) - book.wallet for book, prices in zip(books, ends, strict=True)
    ]
    equity = scenario.account.counted_wallet + sum(profits)
    standings = [
        book.standing(prices) for book, prices in zip(books, ends, strict=True) if book.complete
    ]
    count, equity_left = None, None
    if scenario.account.isolated:
        count, equity_left = sum(liquidated), _equity_left(scenario, profits, liquidated)
    if len(standings) < len(books):
        known = (True, count, equity_left) if any(liquidated) else (None, None, None)
        return Outcome(equity, None, None, None, None, *known)
    requirement = sum(standing.requirement for standing in standings)
    headroom = min((standing.headroom for standing in standings), default=equity)
    ratios = _ratios(scenario, standings)
    return Outcome(equity, requirement, *ratios, headroom, any(liquidated), count, equity_left)


def liquidations(books: Sequence[Book], moves: Sequence[Moves]) -> list[bool]:
    """Return which books are liquidated as their prices go straight to the ends of their moves.

    A book without tiers counts only if it is liquidated whatever its tiers are.
    """
    return [_liquidated(book, book_moves) for book, book_moves in zip(books, moves, strict=True)]


def _ends(book: Book, moves: Moves) -> tuple[float, ...]:
    pairs = zip(book.tokens, book.marks, strict=True)
    return tuple([max(0.0, mark * (1 + moves.get(token, 0.0))) for token, mark in pairs])


def _liquidated(book: Book, moves: Moves) -> bool:
    """Return whether the straight path liquidates the book; missing tiers require nothing."""
    direction = [
        mark * moves.get(token, 0.0) for token, mark in zip(book.tokens, book.marks, strict=True)
    ]
    known = book if book.complete else _mildest(book)
    return first_crossing(known, book.marks, direction, limit=1.0) is not None


def _mildest(book: Book) -> Book:
    """Return the book with missing tiers at 0, the least that any tier table can require."""
    legs = [leg if leg.rates else leg._replace(rates=(0.0,)) for leg in book.legs]
    return replace(book, legs=tuple(legs))


def _ratios(scenario: Scenario, standings: Sequence[Standing]) -> tuple[float | None, float | None]:
    """Return the worst book's margin used and venue ratio; None without positions."""
    if not scenario.positions:
        return None, None
    loads = [standing.load for standing in standings]
    worst = max(range(len(loads)), key=lambda index: (loads[index] is None, loads[index] or 0.0))
    return loads[worst], scenario.account.rules.ratio.of(standings[worst])


def _equity_left(scenario: Scenario, profits: Sequence[float], liquidated: Sequence[bool]) -> float:
    """Return the isolated account's equity, a liquidated position costing its margin, no more."""
    equity = scenario.account.wallet_balance
    for position, profit, is_liquidated in zip(
        scenario.positions, profits, liquidated, strict=True
    ):
        equity += -position.own_margin if is_liquidated else profit
    return equity
