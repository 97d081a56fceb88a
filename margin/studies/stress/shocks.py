"""The account under supposed shocks, one by one and together, and how long funding can be paid.

They take effect in one order: funding and interest are paid for all days at today's marks and
wallet, then prices move straight to their ends, then the venue's rules change. A cross account pays
from its wallet, an isolated position out of its margin and then its profit, so that a position may
have paid more than a margin that a scenario can hold.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from math import nextafter
from typing import Any, Literal, NamedTuple

from margin.engine.book import Book
from margin.engine.leg import Leg
from margin.engine.tiers import CONTINUITY
from margin.errors import LARGEST, SMALLEST, number, or_zero
from margin.facts import Assumption
from margin.model.prepared import Preparable, PreparedAccount, prepare
from margin.model.scenario import Account, Position, Scenario
from margin.model.shocks import NONE, Shocks
from margin.studies.account.assess import assess
from margin.studies.distance.distances import away, common_move, nearest
from margin.studies.stress.outcome import Outcome, after_book_moves, liquidations
from margin.venues import TierTable

DAYS_A_YEAR = 365.0
DECIMALS = 10
"""What a record of prices is good for."""


ShockKey = Literal[
    "before", "prices", "maintenance", "leverage_cap", "haircut", "funding", "interest", "together"
]


class ShockResult(NamedTuple):
    """The account under the shocks named by `key`: `before`, a single one, or `together`.

    `outcome.liquidated` is also true where the way of the prices, under the old rules, crosses the
    liquidation point. What holding on costs counts in full: beyond an isolated position's margin it
    takes the profit, and a position left without headroom is lost. `above_cap` are the positions
    whose chosen leverage the venue would no longer open. `nearest` is the joint move that would
    liquidate the account from there; None where none does, where it is liquidated, and where tiers
    are missing.
    """

    key: ShockKey
    outcome: Outcome
    above_cap: tuple[str, ...]
    nearest: float | None


_PARTS: tuple[tuple[ShockKey, tuple[str, ...], tuple[str, ...]], ...] = (
    # key, the fields that suppose something, those that only say how long
    ("prices", ("common", "moves"), ()),
    ("maintenance", ("maintenance", "maintenance_by_token"), ()),
    ("leverage_cap", ("leverage_cap",), ()),
    ("haircut", ("haircut",), ()),
    ("funding", ("funding",), ("days",)),
    ("interest", ("interest",), ("days",)),
)


def breakdown(account: Preparable, shocks: Shocks) -> list[ShockResult]:
    """Return the account before, under each shock by itself, and under all together.

    Raises FieldError where a balance becomes too large to be read.
    """
    chosen: list[tuple[ShockKey, Shocks]] = [("before", NONE)]
    for key, fields, durations in _PARTS:
        if any(getattr(shocks, field) != getattr(NONE, field) for field in fields):
            only = {field: getattr(shocks, field) for field in (*fields, *durations)}
            chosen.append((key, Shocks(**only)))
    chosen.append(("together", shocks))
    account = prepare(account)
    return [_part(account.scenario, key, supposed) for key, supposed in chosen]


def _part(scenario: Scenario, key: ShockKey, shocks: Shocks) -> ShockResult:
    paid = [cost * shocks.days for cost in _costs_a_day(scenario, shocks.funding, shocks.interest)]
    carried = _after_paying(scenario, paid)
    shocked = prepare(repriced(carried, shocks))
    before, end_account = _paid(prepare(carried), paid), _paid(shocked, paid)
    liquidated = liquidations(before.books, [price_moves(scenario, shocks)] * len(before.books))
    end = after_book_moves(end_account, [{}] * len(end_account.books), liquidated)
    refused = [
        f"{position.symbol} {position.side}"
        for position in assess(shocked).positions
        if any(problem.code == "leverage_above_cap" for problem in position.problems)
    ]
    move = (
        nearest(common_move(end_account.books, shocked.scenario))
        if end.liquidated is False
        else None
    )
    return ShockResult(key, end, tuple(refused), move)


def repriced(scenario: Scenario, shocks: Shocks) -> Scenario:
    """Return the account at shocked prices and rules, without shocks and before carry is paid.

    Tier tables are scaled, not replaced by flat ones; see `scaled`.
    """
    marks, moves = scenario.market.marks, price_moves(scenario, shocks)
    moved = scenario.with_marks(
        {token: min(LARGEST, max(0.0, marks[token] * (1 + moves[token]))) for token in moves}
    )
    account = replace(moved.account, **_account_rules(moved.account, shocks))
    return replace(_with_scaled_tables(moved, shocks), account=account, shocks=None)


def price_moves(scenario: Scenario, shocks: Shocks) -> dict[str, float]:
    """Return every marked token's price change: its own, or its beta times the joint move."""
    market = scenario.market
    return {
        token: shocks.moves.get(token, market.beta(token) * shocks.common) for token in market.marks
    }


def moves_to(scenario: Scenario, prices: Mapping[str, float]) -> dict[str, float]:
    """Return the price changes by token that lead from the marks to these prices, to ten decimals.

    None from a mark of 0.
    """
    moves = {token: away(price, scenario.market.marks[token]) for token, price in prices.items()}
    return {token: round(move, DECIMALS) for token, move in moves.items() if move is not None}


# What holding on costs


def _costs_a_day(scenario: Scenario, funding: Mapping[str, float], interest: float) -> list[float]:
    """Return what each book pays a day at today's marks and debt, in the settlement coin.

    A funding payment is quantity · mark · rate, from long to short; interest is the debt · rate ÷
    365, without interest on interest.
    """
    marks, account = scenario.market.marks, scenario.account
    costs = [
        funding_payment(position, marks[position.symbol], funding.get(position.symbol, 0.0))
        for position in scenario.positions
    ]
    if account.isolated:
        return costs
    return [sum(costs) + debt(scenario) * interest / DAYS_A_YEAR]


def debt(scenario: Scenario) -> float:
    """Return what a cross account owes in the settlement coin, at least 0.

    That is its wallet balance and unrealised PnL where they are below 0 together. An isolated
    position owes nothing: it can lose its margin and no more.
    """
    if scenario.account.isolated:
        return 0.0
    marks = scenario.market.marks
    profits = [
        position.sign * position.quantity * (marks[position.symbol] - position.entry_price)
        for position in scenario.positions
    ]
    return max(0.0, -scenario.account.wallet_balance - sum(profits))


def funding_payment(position: Position, mark: float, rate: float) -> float:
    """Return a position's payment at a funding rate; negative if it is received."""
    return position.sign * (position.quantity * mark) * rate


def _after_paying(scenario: Scenario, paid: Sequence[float]) -> Scenario:
    """Return the account after its wallet has paid; isolated positions pay in their books."""
    account = scenario.account
    wallet = number(or_zero(account.wallet_balance - sum(paid)), "wallet_balance")
    return (
        scenario
        if account.isolated
        else replace(scenario, account=replace(account, wallet_balance=wallet))
    )


def _paid(account: PreparedAccount, paid: Sequence[float]) -> PreparedAccount:
    """Return the account after its books paid; in cross its wallet has paid already."""
    if not account.scenario.account.isolated:
        return account
    books = [
        _less(book, amount, worth) if amount else book
        for book, amount, worth in zip(account.books, paid, _worth(account.scenario), strict=True)
    ]
    return account.with_books(books)


def _less(book: Book, amount: float, worth: float) -> Book:
    """Return an isolated book with a payment taken from its profit; its margin stays at risk."""
    payment = Leg(token=0, exposure=0.0, offset=-amount)
    return replace(book, wallet=book.wallet - amount * (worth - 1), legs=(*book.legs, payment))


def _worth(scenario: Scenario) -> list[float]:
    """Return how much headroom each book loses per unit paid.

    That is the coin's rate, on Bybit isolated also a part for the closing fee.
    """
    account = scenario.account
    if not account.isolated:
        return [account.counted_rate]
    return [
        1 / account.rules.isolated_price(position.sign, account.fee)
        for position in scenario.positions
    ]


def cost_a_day(scenario: Scenario, funding: Mapping[str, float], interest: float = 0.0) -> float:
    """Return the account's daily cost at constant prices, in the coin; negative if received."""
    return sum(_costs_a_day(scenario, funding, interest))


def days_until_liquidation(
    account: Preparable, funding: Mapping[str, float], interest: float = 0.0
) -> float | None:
    """Return the days until carry uses up the headroom at constant prices, 0 if liquidated.

    `funding` is by token and day, `interest` a year, as in `Shocks`. In isolated mode it counts to
    the first liquidation. None where nothing is paid on balance, and where tiers are missing.
    """
    account = prepare(account)
    if not account.measurable:
        return None
    scenario = account.scenario
    pairs = zip(_costs_a_day(scenario, funding, interest), _worth(scenario), strict=True)
    costs = [cost * worth for cost, worth in pairs]
    standings = [standing for standing in account.standings if standing is not None]
    if any(standing.liquidated for standing in standings):
        return 0.0
    lasting = [
        standing.headroom / cost
        for standing, cost in zip(standings, costs, strict=True)
        if cost > 0
    ]
    return min(lasting, default=None)


# The venue's rules


def _account_rules(account: Account, shocks: Shocks) -> dict[str, Any]:
    """Return changed account fields: collateral ratios, and the textbook's margin fraction."""
    changed: dict[str, Any] = {}
    if shocks.haircut:
        kept = 1 - shocks.haircut
        changed["collateral"] = tuple(
            replace(item, ratio=or_zero(item.ratio * kept)) for item in account.collateral
        )
    if account.rules.own_fraction and shocks.maintenance != 1:
        fraction = account.margin_fraction * shocks.maintenance
        changed["margin_fraction"] = min(max(fraction, SMALLEST), nextafter(1, 0))
    return changed


def _with_scaled_tables(scenario: Scenario, shocks: Shocks) -> Scenario:
    """Return the scenario with its tokens' tables scaled, its own or the venue's."""
    market, follow = scenario.market, scenario.account.rules.maintenance_from_leverage
    custom, reference = dict(market.tiers), dict(market.reference.tiers)
    for token in {position.symbol for position in scenario.positions}:
        tables = custom if token in custom else reference
        factor = shocks.maintenance_by_token.get(token, shocks.maintenance)
        if token in tables:
            tables[token] = scaled(tables[token], factor, shocks.leverage_cap, rates_follow=follow)
    return replace(
        scenario,
        market=replace(market, tiers=custom, reference=replace(market.reference, tiers=reference)),
    )


def scaled(
    table: TierTable, factor: float, leverage_cap: float = 1.0, *, rates_follow: bool = False
) -> TierTable:
    """Return the table with rates (at most 1) and leverage caps (at least 1) multiplied.

    Where `rates_follow` the caps, a tier's rate also grows by as much as its cap shrinks; that of a
    tier without a cap does not, though no rate falls below the one before it. Amounts follow the
    rates, so that margins are as continuous as they were.
    """
    caps = tuple(
        [most and max(min(1.0, most), most * leverage_cap) for most in table.max_leverages]
    )
    pairs = zip(table.max_leverages, caps, strict=True)
    factors = [
        factor * most / cap if rates_follow and most and cap else factor for most, cap in pairs
    ]
    risen = [
        or_zero(min(1.0, rate * factor)) for rate, factor in zip(table.rates, factors, strict=True)
    ]
    rates = tuple(accumulate(risen, max))
    return replace(table, rates=rates, amounts=_amounts(table, rates, factors), max_leverages=caps)


def _amounts(
    table: TierTable, rates: Sequence[float], factors: Sequence[float]
) -> tuple[float, ...]:
    """Return each amount times its factor, or as continuity asks where that breaks it."""
    if not table.progressive:
        return table.amounts
    amounts = [
        or_zero(table.amounts[0] * (rates[0] / table.rates[0] if table.rates[0] else factors[0]))
    ]
    for index in range(1, len(rates)):
        floor, rate = table.floors[index], rates[index]
        continuous = amounts[-1] + floor * (rate - rates[index - 1])
        alike = table.amounts[index] * factors[index]
        fits = abs(alike - continuous) <= CONTINUITY * max(1.0, floor * rate)
        amounts.append(or_zero(alike if fits else continuous))
    return tuple(amounts)


# What it rests on


def assumptions(scenario: Scenario, shocks: Shocks) -> tuple[Assumption, ...]:
    """Return what the shocked figures rest on, and which shocks act on nothing here."""
    noted = [Assumption.of("whole_way")] if shocks.common or shocks.moves else []
    for study in (_of_carry, _of_caps, _idle_carry, _idle_rules, _idle_tokens):
        noted += study(scenario, shocks)
    return tuple(noted)


def _of_carry(scenario: Scenario, shocks: Shocks) -> Iterator[Assumption]:
    account = scenario.account
    if not shocks.days or not (shocks.funding or shocks.interest):
        return
    yield Assumption.of("carried_to_the_end")
    if account.isolated and shocks.funding:
        yield Assumption.of("isolated_pays_funding")
    if shocks.funding:
        yield Assumption.of("hourly_at_the_cap")
    if shocks.interest and debt(scenario):
        yield Assumption.of("interest_on_debt")
        if account.rules.free_of_interest:
            yield Assumption.of("free_of_interest", text=account.rules.free_of_interest)


def _of_caps(scenario: Scenario, shocks: Shocks) -> Iterator[Assumption]:
    rules = scenario.account.rules
    if shocks.leverage_cap == 1:
        return
    if not rules.maintenance_from_leverage:
        yield Assumption.of("cap_refuses_orders")
        return
    yield Assumption.of("cap_raises_rates", name=rules.name)
    yield Assumption.of("cap_at_once", name=rules.name)
    if capless := [
        token for token in _position_tokens(scenario) if _capless(scenario.market.table(token))
    ]:
        yield Assumption.of("no_cap_known", tokens=capless)


def _position_tokens(scenario: Scenario) -> list[str]:
    return sorted({position.symbol for position in scenario.positions})


def _capless(table: TierTable | None) -> bool:
    return table is not None and None in table.max_leverages


def _idle_carry(scenario: Scenario, shocks: Shocks) -> Iterator[Assumption]:
    if (shocks.funding or shocks.interest) and not shocks.days:
        kinds = [name for name in ("funding", "interest") if getattr(shocks, name)]
        yield Assumption.of("no_days", kinds=kinds)
    if shocks.days and not (shocks.funding or shocks.interest):
        yield Assumption.of("days_alone")
    if shocks.interest and not debt(scenario):
        yield Assumption.of("nothing_owed")


def _idle_rules(scenario: Scenario, shocks: Shocks) -> Iterator[Assumption]:
    rules, tokens = scenario.account.rules, set(_position_tokens(scenario))
    if rules.own_fraction and shocks.maintenance_by_token:
        yield Assumption.of("one_fraction")
    elif shocks.maintenance != 1 and tokens and shocks.maintenance_by_token.keys() >= tokens:
        yield Assumption.of("all_have_their_own")
    if shocks.haircut and not _pledged(scenario):
        yield Assumption.of("no_collateral")


def _pledged(scenario: Scenario) -> set[str]:
    """Return the tokens of the collateral that counts."""
    account = scenario.account
    counts = account.rules.counts_collateral and not account.isolated
    return {item.asset for item in account.collateral} if counts else set()


def _idle_tokens(scenario: Scenario, shocks: Shocks) -> Iterator[Assumption]:
    tokens = set(_position_tokens(scenario))
    priced = tokens | _pledged(scenario)
    if shocks.common and not any(
        scenario.market.beta(token) for token in priced - shocks.moves.keys()
    ):
        yield Assumption.of("common_move_idle")
    idle = [(shocks.moves, priced), (shocks.maintenance_by_token, tokens), (shocks.funding, tokens)]
    if named := sorted({token for given, used in idle for token in given.keys() - used}):
        yield Assumption.of("tokens_not_held", tokens=named)
