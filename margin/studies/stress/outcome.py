"""The account after a price move, shared by market moves, crash days and shocks.

All prices move in a straight line and in step. Isolated positions are liquidated one by one, each
with its own margin.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from margin.engine.book import Book, Standing
from margin.engine.crossing import first_crossing
from margin.model.prepared import Preparable, PreparedAccount, prepare
from margin.model.scenario import Scenario

Moves = Mapping[str, float]
"""Price changes by token, as fractions of the mark.

A token that is not named does not move; no price falls below 0.
"""


class Outcome(NamedTuple):
    """An account after a move, in the settlement coin.

    The figures count every position as open, even a liquidated isolated one. `ratio` is the
    venue's own margin ratio; it and margin used are None where their denominator is not positive.
    In isolated mode both are those of the worst position, and `headroom` is the smallest of any.
    `liquidated`: the path crosses the liquidation point, wherever it ends; in isolated mode that
    of some position. `positions_liquidated` and `equity_left`, what remains when each liquidated
    position has lost its margin and no more, are None in cross. Where tiers are missing, all but
    equity is None, unless something is liquidated whatever its tiers are; then those three are
    given, and other positions without tiers count as open.
    """

    equity: float
    requirement: float | None
    requirement_to_equity: float | None
    ratio: float | None
    headroom: float | None
    liquidated: bool | None
    positions_liquidated: int | None
    equity_left: float | None

    @property
    def remaining(self) -> float:
        """What the account is worth: `equity_left` in isolated mode, equity in cross."""
        return self.equity if self.equity_left is None else self.equity_left


def after(account: PreparedAccount, moves: Moves) -> Outcome:
    """Return the outcome of one move from the marks."""
    return after_book_moves(account, [moves] * len(account.books))


def worth(account: Preparable) -> float:
    """Return what the account is worth at its marks: a liquidation takes what stands behind it.

    That is an isolated position's margin, and in cross all there is, so never less than nothing.
    """
    account = prepare(account)
    remaining = after(account, {}).remaining
    return remaining if account.scenario.account.isolated else max(0.0, remaining)


def after_book_moves(
    account: PreparedAccount, moves: Sequence[Moves], before: Sequence[bool] | None = None
) -> Outcome:
    """Return the outcome where each book has its own moves, in the order of the books.

    `before` marks the books that are already liquidated.
    """
    scenario, books = account.scenario, account.books
    ends = [_ends(book, book_moves) for book, book_moves in zip(books, moves, strict=True)]
    liquidated = liquidations(books, moves)
    # A liquidated position stays so, wherever prices go afterwards.
    if before:
        liquidated = [any(pair) for pair in zip(before, liquidated, strict=True)]
    profits = [
        book.equity_at(prices) - book.wallet for book, prices in zip(books, ends, strict=True)
    ]
    # From the account's wallet, not the books': isolated books leave out what no position ties up.
    equity = scenario.account.counted_wallet + sum(profits)
    standings = [
        book.standing(prices) for book, prices in zip(books, ends, strict=True) if book.complete
    ]
    count, equity_left = None, None
    if scenario.account.isolated:
        count, equity_left = sum(liquidated), _equity_left(scenario, profits, liquidated)
    # A sum or a worst over only some of the books would look safer than the account is.
    if len(standings) < len(books):
        known = (True, count, equity_left) if any(liquidated) else (None, None, None)
        return Outcome(equity, None, None, None, None, *known)
    requirement = sum(standing.requirement for standing in standings)
    headroom = min((standing.headroom for standing in standings), default=equity)
    ratios = _ratios(scenario, standings)
    return Outcome(equity, requirement, *ratios, headroom, any(liquidated), count, equity_left)


def liquidations(books: Sequence[Book], moves: Sequence[Moves]) -> list[bool]:
    """Return for each book whether its moves liquidate it on the straight path to their end.

    A book without tiers counts only if it is liquidated whatever its tiers are.
    """
    return [_liquidated(book, book_moves) for book, book_moves in zip(books, moves, strict=True)]


def _ends(book: Book, moves: Moves) -> tuple[float, ...]:
    pairs = zip(book.tokens, book.marks, strict=True)
    return tuple([max(0.0, mark * (1 + moves.get(token, 0.0))) for token, mark in pairs])


def _liquidated(book: Book, moves: Moves) -> bool:
    """Return whether the straight path liquidates the book, taking missing tiers as 0."""
    direction = [
        mark * moves.get(token, 0.0) for token, mark in zip(book.tokens, book.marks, strict=True)
    ]
    # The whole path, not its end alone: equity can recover after the liquidation point.
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
    # No load means no equity, which is worse than any number.
    loads = [standing.load for standing in standings]
    worst = max(range(len(loads)), key=lambda index: (loads[index] is None, loads[index] or 0.0))
    return loads[worst], scenario.account.rules.ratio.of(standings[worst])


def _equity_left(scenario: Scenario, profits: Sequence[float], liquidated: Sequence[bool]) -> float:
    """Return the isolated account's equity; a liquidated position costs its margin and no more."""
    equity = scenario.account.wallet_balance
    for position, profit, is_liquidated in zip(
        scenario.positions, profits, liquidated, strict=True
    ):
        equity += -position.posted_margin if is_liquidated else profit
    return equity
