"""What it takes to survive a chosen common move: money to add, or a part of every position to cut; solved exactly."""

from collections.abc import Mapping
from math import floor
from typing import NamedTuple

from margin import wording
from margin.book import Book, Leg, Mover, compile_books, size_in_tiers, walk
from margin.scenario import Position, Scenario

ASSUMPTION = "closing costs neither fee nor slippage, and sizes are not rounded to lots"
"""What the cut rests on, to be said where it is shown."""


class Advice(NamedTuple):
    """How to live through a common `move` (−0.2: every price falls 20 % times its beta).

    `deposit`: money in the settlement coin that has to be exceeded, 0 where the account survives as it is; in isolated
    mode the sum over positions. `spare`: the lowest headroom on the way, where it survives. `cut`: the part (0 to 1)
    of every position that has to be closed now; None where even closing everything would not do, and in isolated
    mode, where a position's margin shrinks with it.
    """

    move: float
    deposit: float
    spare: float
    cut: float | None
    survives: bool


def survive(scenario: Scenario, move: float) -> Advice | None:
    """The advice for a common move from the present marks; None without positions or where tiers are missing."""
    books = compile_books(scenario)
    if not scenario.positions or not all(book.complete for book in books):
        return None
    depths = [_lowest_on_the_way(book, scenario, move) for book in books]
    if scenario.account.isolated:
        pairs = zip(scenario.positions, depths, strict=True)
        deposit = sum(_isolated_deposit(position, depth, scenario) for position, depth in pairs)
        survives = all(depth > book.standing().zero for book, depth in zip(books, depths, strict=True))
        return Advice(move, deposit, min(depths), None, survives)
    depth = depths[0]
    survives = depth > books[0].standing().zero
    cut = 0.0 if survives else _cut(books[0], scenario, move)
    return Advice(move, max(0.0, -depth), depth, cut, survives)


def _isolated_deposit(position: Position, depth: float, scenario: Scenario) -> float:
    """Margin to add to one position: on Bybit a part of it goes to the closing fee."""
    account, margin = scenario.account, position.own_margin
    held = [
        account.rules.isolated_wallet(position.sign, position.opening_margin, margin + extra, account.fee)
        for extra in (0.0, 1.0)
    ]
    return max(0.0, -depth) / (held[1] - held[0])


def _lowest_on_the_way(book: Book, scenario: Scenario, move: float) -> float:
    """The lowest headroom of the book from here to the end of the move; here counts too."""
    marks = dict(zip(book.tokens, book.marks, strict=True))
    ways = [scenario.market.moved(marks, stop) for stop in (0.0, *_stops(scenario, move))]
    return min(book.standing(tuple(prices[token] for token in book.tokens)).headroom for prices in ways)


def _cut(book: Book, scenario: Scenario, move: float) -> float | None:
    """The part to close now so that what is left survives every stop of the move."""
    scales = []
    for stop in (0.0, *_stops(scenario, move)):
        prices = scenario.market.moved(scenario.market.marks, stop)
        value, movers = _by_size(book, scenario, prices)
        scale = walk(value, movers, 1.0, 1.0, book.standing().zero)
        scales.append(1.0 if scale is None else scale)
    return 1 - min(scales) if min(scales) > 0 else None


def _stops(scenario: Scenario, move: float) -> list[float]:
    """The end of the move, and where on the way a price reaches 0: between them headroom is concave.

    So it is lowest at one of them, or at the start.
    """
    zeros = [-1 / beta for token in scenario.tokens if (beta := scenario.market.beta(token))]
    return [move, *(zero for zero in zeros if min(0.0, move) < zero < max(0.0, move))]


def _by_size(book: Book, scenario: Scenario, prices: Mapping[str, float]) -> tuple[float, list[Mover]]:
    """Headroom after the move as a function of the part of every position that was kept.

    What is closed leaves at the mark, so with nothing kept headroom is today's profit and the collateral after the
    move. A leg's price axis becomes the part kept: from 0 on, its notional growing to that of the whole.
    """
    kept_nothing = book.wallet
    movers = []
    for index, leg in enumerate(book.legs):
        mark, price = book.marks[leg.token], prices[book.tokens[leg.token]]
        if not leg.quantity:
            kept_nothing += leg.equity(price)
            continue
        kept_nothing += leg.equity(mark)
        movers.append(Mover(_sized(leg, scenario.positions[index], scenario, price - mark, price), 0.0, 1.0))
    return kept_nothing, movers


def _sized(leg: Leg, position: Position, scenario: Scenario, change: float, price: float) -> Leg:
    """The leg as a function of the part kept, at fixed prices; flat tiers come back whole, for size decides there."""
    exposure, notional = leg.exposure * change - leg.constant, leg.quantity * price
    by_size = leg._replace(exposure=exposure, offset=0.0, constant=0.0, quantity=notional, size=notional or 1.0)
    table = scenario.market.table(position.symbol)
    if table is None or not scenario.account.rules.flat_tiers:
        return by_size
    contracts = size_in_tiers(position, scenario.market, flat=True) or 1.0
    return by_size._replace(
        size=contracts, floors=table.floors, rates=table.rates, amounts=table.amounts, first_tier=0, jumps=True
    )


def in_words(advice: Advice, scenario: Scenario) -> str:
    """The advice as one line. Amounts are rounded to the safe side: up to the next cent, up to the next 0.01 %."""
    move = wording.step(advice.move)
    if advice.survives:
        return f"A common move of {move} is survived, with {wording.money(advice.spare)} of headroom to spare."
    add = f"add {wording.money(_above(advice.deposit, 100))}"
    if scenario.account.isolated:
        return f"To survive {move} together: {add} of isolated margin in all, to each position what it lacks itself."
    if advice.cut is None:
        return f"To survive {move} together: {add}; closing everything now would not do."
    cut = wording.percent(_above(advice.cut, 10_000))
    return f"To survive {move} together: {add}, or cut every position by {cut} ({ASSUMPTION})."


def _above(value: float, parts: int) -> float:
    """The next whole part of one that lies above the value by more than rounding."""
    return (floor(value * parts + 1e-6) + 1) / parts
