"""A scenario as the engine's books.

Which leg a position is under its venue's rules, and which books stand alone.
"""

from collections.abc import Sequence

from margin.engine.book import Book
from margin.engine.leg import Leg
from margin.engine.tiers import locate
from margin.model.scenario import Market, Position, Scenario

Legs = tuple[Leg, ...]


def compile_legs(scenario: Scenario, tokens: Sequence[str]) -> Legs:
    """Return the positions as legs, in their order, on the price axes of `tokens`.

    `tokens` are the scenario's.
    """
    axis = {token: index for index, token in enumerate(tokens)}
    return tuple(
        [_compile_leg(position, axis[position.symbol], scenario) for position in scenario.positions]
    )


def _compile_leg(position: Position, token: int, scenario: Scenario) -> Leg:
    account, market = scenario.account, scenario.market
    rules, quantity = account.rules, position.quantity
    exposure = position.sign * quantity
    offset = -exposure * position.entry_price
    if rules.own_fraction:
        return Leg(token, exposure, offset, quantity, quantity, rates=(account.margin_fraction,))
    table = market.table(position.symbol)
    size = size_in_tiers(position, market, flat=True) if rules.flat_tiers else 0.0
    if table is None or size is None:
        return Leg(token, exposure, offset, quantity, quantity, rates=())
    if rules.flat_tiers:
        tier = locate(table.floors, size)
        extra_rate = account.fee if rules.liquidation_fee_required else 0.0
        rates = (table.rates[tier],)
        return Leg(
            token,
            exposure,
            offset,
            quantity,
            quantity,
            rates=rates,
            extra_rate=extra_rate,
            first_tier=tier,
        )
    constant = fee = 0.0
    if rules.closing_fee_in_margins:
        fee = rules.closing_fee(
            position.sign, quantity, position.entry_price, position.leverage, account.fee
        )
        constant = 0.0 if account.isolated else fee
    # By position, for naming the fields would take longer than all the rest.
    return Leg(
        token,
        exposure,
        offset,
        quantity,
        quantity,
        table.floors,
        table.rates,
        table.amounts,
        0.0,
        constant,
        0,
        fee,
        table.jumps,
    )


def size_in_tiers(position: Position, market: Market, *, flat: bool) -> float | None:
    """Return the size that the position's tier is found by.

    Notional at mark, or contracts where the tiers are flat.

    None where a contract's value is not known, except for a table of one tier, which takes any
    size.
    """
    if not flat:
        return position.quantity * market.marks[position.symbol]
    value = market.contract_value(position.symbol)
    if value is not None:
        return position.quantity / value
    table = market.table(position.symbol)
    return 0.0 if table is not None and len(table.floors) == 1 else None


def _cross_book(scenario: Scenario, tokens: tuple[str, ...], legs: Legs) -> Book:
    """Return the whole account as one book.

    Wallet and profit count at the settlement coin's rate, requirements in full.
    """
    account, marks = scenario.account, scenario.market.marks
    rate = account.counted_rate
    if rate != 1:
        legs = tuple(
            [leg._replace(exposure=leg.exposure * rate, offset=leg.offset * rate) for leg in legs]
        )
    if account.collateral and account.rules.counts_collateral:
        legs += tuple(
            [
                Leg(tokens.index(item.asset), item.amount * item.ratio, 0.0)
                for item in account.collateral
            ]
        )
    return Book(tokens, tuple([marks[token] for token in tokens]), account.counted_wallet, legs)


def _isolated_book(scenario: Scenario, position: Position, leg: Leg) -> Book:
    account = scenario.account
    wallet = account.rules.isolated_wallet(
        position.sign, position.opening_margin, position.posted_margin, account.fee
    )
    return Book(
        (position.symbol,),
        (scenario.market.marks[position.symbol],),
        wallet,
        (leg._replace(token=0),),
    )


def compile_account(scenario: Scenario) -> tuple[Legs, list[Book]]:
    """Return the positions as legs, and the books that stand or fall on their own.

    There is one book in cross mode, the account, and one per position in isolated mode. Not all
    need be complete: distances and requirements can be told only where they are. The legs' profits
    are in units of the settlement coin, a cross book's in what those count.
    """
    tokens = scenario.tokens
    legs = compile_legs(scenario, tokens)
    if scenario.account.isolated:
        pairs = zip(scenario.positions, legs, strict=True)
        return legs, [_isolated_book(scenario, position, leg) for position, leg in pairs]
    return legs, [_cross_book(scenario, tokens, legs)]
