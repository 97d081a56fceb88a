"""A scenario as the engine's books: which leg a position is under its venue's rules, and which books stand alone."""

from margin.engine.book import Book
from margin.engine.leg import Leg
from margin.engine.tiers import locate
from margin.model.scenario import Market, Position, Scenario

Legs = tuple[Leg, ...]


def compile_legs(scenario: Scenario) -> Legs:
    """The positions as legs, in their order, on the price axes of `scenario.tokens`."""
    axis = {token: index for index, token in enumerate(scenario.tokens)}
    return tuple(_compile_leg(position, axis[position.symbol], scenario) for position in scenario.positions)


def _compile_leg(position: Position, token: int, scenario: Scenario) -> Leg:
    account, market = scenario.account, scenario.market
    rules, quantity = account.rules, position.quantity
    exposure = position.sign * quantity
    known = (token, exposure, -exposure * position.entry_price, quantity, quantity)
    if rules.own_fraction:
        return Leg(*known, rates=(account.margin_fraction,))
    table = market.table(position.symbol)
    size = size_in_tiers(position, market, flat=True) if rules.flat_tiers else 0.0
    if table is None or size is None:
        return Leg(*known, rates=())
    if rules.flat_tiers:
        tier = locate(table.floors, size)
        extra_rate = account.fee if rules.liquidation_fee_required else 0.0
        return Leg(*known, rates=(table.rates[tier],), extra_rate=extra_rate, first_tier=tier)
    if not rules.closing_fee_in_margins:
        return Leg(*known, table.floors, table.rates, table.amounts, jumps=table.jumps)
    fee = rules.closing_fee(position.sign, quantity, position.entry_price, position.leverage, account.fee)
    constant = fee if not account.isolated else 0.0
    return Leg(*known, table.floors, table.rates, table.amounts, constant=constant, closing_fee=fee, jumps=table.jumps)


def size_in_tiers(position: Position, market: Market, *, flat: bool) -> float | None:
    """The size that the position's tier is found by: notional at mark, or contracts where the tiers are flat.

    None where a contract's value is not known, except for a table of one tier, which takes any size.
    """
    if not flat:
        return position.quantity * market.marks[position.symbol]
    value = market.contract_value(position.symbol)
    if value is not None:
        return position.quantity / value
    table = market.table(position.symbol)
    return 0.0 if table is not None and len(table.floors) == 1 else None


def cross_book(scenario: Scenario, legs: Legs) -> Book:
    """The whole account as one book; wallet and profit count at the settlement coin's rate, requirements in full."""
    tokens, account = scenario.tokens, scenario.account
    rate = account.counted_rate
    if rate != 1:
        legs = tuple([leg._replace(exposure=leg.exposure * rate, offset=leg.offset * rate) for leg in legs])
    if account.rules.counts_collateral and account.collateral:
        legs += tuple(Leg(tokens.index(item.asset), item.amount * item.ratio, 0.0) for item in account.collateral)
    marks = scenario.market.marks
    return Book(tokens, tuple([marks[token] for token in tokens]), account.counted_wallet, legs)


def isolated_books(scenario: Scenario, legs: Legs) -> list[Book]:
    """Every position as a book of its own, in their order."""
    return [_isolated_book(scenario, *pair) for pair in zip(scenario.positions, legs, strict=True)]


def _isolated_book(scenario: Scenario, position: Position, leg: Leg) -> Book:
    account = scenario.account
    wallet = account.rules.isolated_wallet(position.sign, position.opening_margin, position.own_margin, account.fee)
    return Book((position.symbol,), (scenario.market.marks[position.symbol],), wallet, (leg._replace(token=0),))


def compile_books(scenario: Scenario) -> list[Book]:
    """The books that stand or fall on their own: the account in cross mode, each position in isolated mode.

    Not all need be complete: distances and requirements can be told only where they are.
    """
    legs = compile_legs(scenario)
    if scenario.account.isolated:
        return isolated_books(scenario, legs)
    return [cross_book(scenario, legs)]
