"""What supposed shocks do to an account: each alone, all together, and how long it lasts on its funding.

They take effect in one order: funding and interest are paid for all days at today's marks and wallet, then prices move
straight to their ends, then the venue's rules change. The shocked account is a scenario like any other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import nextafter
from typing import Any, NamedTuple

from margin.book import compile_books
from margin.errors import LARGEST
from margin.scenario import Account, Position, Scenario
from margin.shocks import NONE, Shocks
from margin.studies.assess import assess
from margin.studies.distances import away
from margin.studies.outcome import WHOLE_WAY, Outcome, after_each, deaths
from margin.venues import TierTable
from margin.venues.tiers import CONTINUITY

DAYS_A_YEAR = 365.0
KEPT = 1e-9
"""The part of an isolated margin that funding leaves: a position without any cannot be written down."""
LEAST_FRACTION = 1e-300
DECIMALS = 10
"""What a record of prices is good for."""


class Part(NamedTuple):
    """The account under one part of the shocks: `before`, each part that is supposed, by itself, and `together`.

    `outcome.liquidated` is also true where the way of the prices, under the old rules, crosses the liquidation point.
    `above_cap` are the positions whose chosen leverage the venue would no longer open.
    """

    key: str
    name: str
    outcome: Outcome
    above_cap: tuple[str, ...]


_PARTS: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    # key, name, the fields that suppose something, those that only say how long
    ("prices", "Prices", ("common", "moves"), ()),
    ("maintenance", "Maintenance rates", ("maintenance", "maintenance_by_token"), ()),
    ("leverage_cap", "Leverage caps", ("leverage_cap",), ()),
    ("haircut", "Collateral haircut", ("haircut",), ()),
    ("funding", "Funding", ("funding",), ("days",)),
    ("interest", "Interest", ("interest",), ("days",)),
)


def breakdown(scenario: Scenario, shocks: Shocks) -> list[Part]:
    """The account before, under each part that is supposed by itself, and under all of them together."""
    chosen = [("before", "Before", NONE)]
    for key, name, fields, durations in _PARTS:
        if any(getattr(shocks, field) != getattr(NONE, field) for field in fields):
            only = {field: getattr(shocks, field) for field in (*fields, *durations)}
            chosen.append((key, name, Shocks(**only)))
    return [_part(scenario, *each) for each in (*chosen, ("together", "All together", shocks))]


def _part(scenario: Scenario, key: str, name: str, shocks: Shocks) -> Part:
    carried, shocked = _carried(scenario, shocks), apply(scenario, shocks)
    books, ends = compile_books(carried), compile_books(shocked)
    fallen = deaths(books, [price_moves(scenario, shocks)] * len(books))
    end = after_each(shocked, ends, [{}] * len(ends), fallen)
    refused = [
        f"{position.symbol} {position.side}"
        for position in assess(shocked).positions
        if any(problem.code == "leverage_above_cap" for problem in position.problems)
    ]
    return Part(key, name, end, tuple(refused))


def apply(scenario: Scenario, shocks: Shocks) -> Scenario:
    """The account under the shocks; it carries none itself.

    A funding payment is quantity · mark · rate · days, from long to short; interest is the wallet's debt · rate ·
    days ÷ 365, without interest on interest. In isolated mode funding goes to or from the position's own margin, of
    which it takes all but a billionth at most. Tier tables are scaled, not replaced by flat ones: rates and amounts by
    the same factor, amounts by continuity where a rate would have gone above 1; a cap on leverage stays at 1× or more.
    Raises FieldError where a balance becomes too large to be read.
    """
    carried = _carried(scenario, shocks)
    marks, moves = scenario.market.marks, price_moves(scenario, shocks)
    moved = carried.with_marks({token: min(LARGEST, max(0.0, marks[token] * (1 + moves[token]))) for token in moves})
    account = replace(moved.account, **_account_rules(moved.account, shocks))
    return replace(_with_scaled_tables(moved, shocks), account=account, shocks=None)


def price_moves(scenario: Scenario, shocks: Shocks) -> dict[str, float]:
    """The price change of every token with a mark, as a fraction of it: its own, or its beta's of the common move."""
    market = scenario.market
    return {token: shocks.moves.get(token, market.beta(token) * shocks.common) for token in market.marks}


def moves_to(scenario: Scenario, prices: Mapping[str, float]) -> dict[str, float]:
    """The price changes by token that lead from the marks to these prices, to ten decimals; none from a mark of 0."""
    moves = {token: away(price, scenario.market.marks[token]) for token, price in prices.items()}
    return {token: round(move, DECIMALS) for token, move in moves.items() if move is not None}


# What holding on costs


def _carried(scenario: Scenario, shocks: Shocks) -> Scenario:
    """The account after its days of funding and interest."""
    paid = [each * shocks.days for each in _funding_a_day(scenario, shocks.funding)]
    account = scenario.account
    if account.isolated:
        return _from_margins(scenario, paid) if any(paid) else scenario
    wallet = account.wallet_balance - sum(paid) - _interest_a_day(account, shocks.interest) * shocks.days
    return replace(scenario, account=replace(account, wallet_balance=wallet))


def funding_payment(position: Position, mark: float, rate: float) -> float:
    """What a position pays at a funding rate, a fraction of the notional; negative where it is paid."""
    return position.sign * (position.quantity * mark) * rate


def _funding_a_day(scenario: Scenario, funding: Mapping[str, float]) -> list[float]:
    """What each position pays a day."""
    marks = scenario.market.marks
    return [funding_payment(each, marks[each.symbol], funding.get(each.symbol, 0.0)) for each in scenario.positions]


def _interest_a_day(account: Account, rate: float) -> float:
    return max(0.0, -account.wallet_balance) * rate / DAYS_A_YEAR


def _from_margins(scenario: Scenario, paid: Sequence[float]) -> Scenario:
    margins = [
        max(position.own_margin - amount, KEPT * position.own_margin)
        for position, amount in zip(scenario.positions, paid, strict=True)
    ]
    free = scenario.account.wallet_balance - sum(position.own_margin for position in scenario.positions)
    pairs = zip(scenario.positions, margins, strict=True)
    positions = tuple(replace(position, isolated_margin=margin) for position, margin in pairs)
    account = replace(scenario.account, wallet_balance=max(0.0, free) + sum(margins))
    return replace(scenario, account=account, positions=positions)


def days_until_liquidation(scenario: Scenario, funding: Mapping[str, float], interest: float = 0.0) -> float | None:
    """Days that the headroom lasts with prices still: headroom ÷ what a day costs; 0 where it is gone already.

    `funding` by token and day, `interest` a year, as `Shocks` has them. In isolated mode until the first position is
    lost. None where nothing is paid on balance, and where tiers are missing.
    """
    books, account = compile_books(scenario), scenario.account
    if not scenario.positions or not all(book.complete for book in books):
        return None
    costs = _funding_a_day(scenario, funding)
    if account.isolated:
        # A unit of margin need not be one of headroom: Bybit keeps a part of it for the closing fee.
        worth = [account.rules.isolated_wallet(position.sign, 0.0, 1.0, account.fee) for position in scenario.positions]
        costs = [cost * each for cost, each in zip(costs, worth, strict=True)]
    else:
        costs = [sum(costs) + _interest_a_day(account, interest)]
    standings = [book.standing() for book in books]
    if any(standing.liquidated for standing in standings):
        return 0.0
    lasting = [standing.headroom / cost for standing, cost in zip(standings, costs, strict=True) if cost > 0]
    return min(lasting, default=None)


# The venue's rules


def _account_rules(account: Account, shocks: Shocks) -> dict[str, Any]:
    """What changes of the account itself: collateral ratios, and the textbook's one fraction."""
    changed: dict[str, Any] = {}
    if shocks.haircut:
        kept = 1 - shocks.haircut
        changed["collateral"] = tuple(replace(item, ratio=item.ratio * kept) for item in account.collateral)
    if account.rules.own_fraction and shocks.maintenance != 1:
        fraction = account.margin_fraction * shocks.maintenance
        changed["margin_fraction"] = min(max(fraction, LEAST_FRACTION), nextafter(1, 0))
    return changed


def _with_scaled_tables(scenario: Scenario, shocks: Shocks) -> Scenario:
    """The held tokens' tables scaled where they stand: the scenario's own, or the venue's beside it."""
    market = scenario.market
    own, reference = dict(market.tiers), dict(market.reference.tiers)
    for token in {position.symbol for position in scenario.positions}:
        tables = own if token in own else reference
        factor = shocks.maintenance_by_token.get(token, shocks.maintenance)
        if token in tables:
            tables[token] = scaled(tables[token], factor, shocks.leverage_cap)
    return replace(scenario, market=replace(market, tiers=own, reference=replace(market.reference, tiers=reference)))


def scaled(table: TierTable, factor: float, leverage_cap: float = 1.0) -> TierTable:
    """The table with all maintenance rates times a factor, at most 1, and all leverage caps times another, at least 1.

    Amounts follow the rates, so that margins are as continuous as they were.
    """
    rates = tuple([min(1.0, rate * factor) for rate in table.rates])
    caps = tuple([most and max(min(1.0, most), most * leverage_cap) for most in table.max_leverages])
    return replace(table, rates=rates, amounts=_amounts(table, rates, factor), max_leverages=caps)


def _amounts(table: TierTable, rates: Sequence[float], factor: float) -> tuple[float, ...]:
    """Each amount times the factor, or where that no longer continues the tier below, as continuity asks."""
    if not table.progressive:
        return table.amounts
    amounts = [table.amounts[0] * (rates[0] / table.rates[0] if table.rates[0] else factor)]
    for index in range(1, len(rates)):
        floor, rate = table.floors[index], rates[index]
        continuous = amounts[-1] + floor * (rate - rates[index - 1])
        alike = table.amounts[index] * factor
        fits = abs(alike - continuous) <= CONTINUITY * max(1.0, floor * rate)
        amounts.append(alike if fits else continuous)
    return tuple(amounts)


# What it rests on


def assumptions(scenario: Scenario, shocks: Shocks) -> tuple[str, ...]:
    """What the shocked figures rest on, and which of the shocks have nothing to act on here."""
    whole_way = (WHOLE_WAY,) if shocks.common or shocks.moves else ()
    return (*whole_way, *_of_carry(scenario, shocks), *_without_effect(scenario, shocks))


def _of_carry(scenario: Scenario, shocks: Shocks) -> Iterator[str]:
    account = scenario.account
    if not shocks.days or not (shocks.funding or shocks.interest):
        return
    yield "funding and interest run at today's marks and debt for all their days, before prices move"
    if account.isolated and shocks.funding:
        yield "funding takes an isolated position's margin at most, whatever profit stands beside it"
    if account.venue == "okx":
        yield "on OKX a funding charge alone does not liquidate; here it counts like any other loss"


def _without_effect(scenario: Scenario, shocks: Shocks) -> Iterator[str]:
    account = scenario.account
    held = {position.symbol for position in scenario.positions}
    if shocks.leverage_cap != 1:
        yield "a lower leverage cap refuses new orders; it changes no requirement of what is open"
    if account.rules.own_fraction and shocks.maintenance_by_token:
        yield "the textbook has one maintenance fraction for everything: multipliers of single tokens do nothing"
    if shocks.haircut and not (account.collateral and account.rules.counts_collateral and not account.isolated):
        yield "no collateral counts here: the haircut does nothing"
    if shocks.interest and account.wallet_balance >= 0:
        yield "the wallet owes nothing: interest does nothing"
    idle = [(shocks.moves, scenario.tokens), (shocks.maintenance_by_token, held), (shocks.funding, held)]
    if named := sorted({token for given, used in idle for token in given.keys() - set(used)}):
        yield f"not held, so what is supposed of them does nothing: {', '.join(named)}"
