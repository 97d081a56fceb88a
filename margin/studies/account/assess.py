"""The assessment: every figure of an account as it stands, in cross or isolated mode.

`assess(scenario)` is the one entry; `tables.assessment_json` writes the answer as the README's
contract has it. Ratios and leverages are None where their denominator is not positive; margin
figures are None where a token has no tiers on the venue. Problems and assumptions are codes with
facts; `messages` has their texts.
"""

from collections.abc import Iterable, Sequence
from itertools import repeat
from operator import attrgetter
from typing import NamedTuple, cast

from margin.engine.book import Book, Standing
from margin.engine.leg import Leg
from margin.engine.numbers import ZERO, beyond_rounding, quotient
from margin.engine.tiers import EDGE
from margin.facts import Assumption, Problem
from margin.model.compile import size_in_tiers
from margin.model.prepared import Preparable, PreparedAccount, prepare
from margin.model.scenario import OTHER_SIDE, Position, Scenario, net_quantities
from margin.studies.distance.distances import (
    NOWHERE,
    JointMove,
    LiquidationPrice,
    common_move,
    liquidation_prices,
    unpriced,
)
from margin.venues import TierTable


class MarginRatio(NamedTuple):
    """The venue's own ratio: a fraction, where it liquidates, its direction, its name."""

    value: float | None
    liquidation_at: float
    direction: str
    label: str


class PositionFigures(NamedTuple):
    """One position's figures in the settlement coin.

    `tier` counts from 1; the last four are of isolated mode only.
    """

    symbol: str
    side: str
    quantity: float
    notional: float
    unrealised_pnl: float
    initial_margin: float | None
    maintenance_margin: float | None
    tier: int | None
    maintenance_rate: float | None
    maintenance_amount: float | None
    max_leverage: float | None
    problems: tuple[Problem, ...]
    isolated_margin: float | None = None
    headroom: float | None = None
    margin_ratio: float | None = None
    liquidated: bool | None = None


_NOTIONAL = attrgetter("notional")
_PROFIT = attrgetter("unrealised_pnl")
_INITIAL_MARGIN = attrgetter("initial_margin")
_MAINTENANCE_MARGIN = attrgetter("maintenance_margin")
_LIQUIDATED = attrgetter("liquidated")


class Assessment(NamedTuple):
    """All figures of an account.

    Money in the settlement coin, ratios as fractions; shapes as in the README.
    """

    equity: float
    unrealised_pnl: float
    initial_margin: float | None
    maintenance_margin: float | None
    requirement: float | None
    headroom: float | None
    available_balance: float | None
    margin_ratio: MarginRatio
    equity_to_notional: float | None
    effective_leverage: float | None
    liquidated: bool
    positions: tuple[PositionFigures, ...]
    liquidation_prices: tuple[LiquidationPrice, ...]
    joint_move: JointMove
    problems: tuple[Problem, ...]
    assumptions: tuple[Assumption, ...]

    @property
    def nearest_ratio(self) -> MarginRatio:
        """The venue's ratio of whatever is nearest to its liquidation by it.

        The account, or an isolated position.

        `margin_ratio` is in isolated mode that of the position with the least headroom in money,
        which may be another.
        """
        ratios = [position.margin_ratio for position in self.positions]
        if (
            self.margin_ratio.value is None
            or not self.positions
            or self.positions[0].isolated_margin is None
        ):
            return self.margin_ratio
        known = [ratio for ratio in ratios if ratio is not None]
        nearest = max(known) if self.margin_ratio.direction == "rises" else min(known)
        return self.margin_ratio._replace(value=nearest if len(known) == len(ratios) else None)

    @property
    def requirement_to_equity(self) -> float | None:
        """Margin used at the nearest ratio, on every venue 1.0 at liquidation.

        None where equity is gone.
        """
        ratio = self.nearest_ratio
        if ratio.value is None and self.requirement == 0 and self.equity > 0 and self.positions:
            return 0.0  # Nothing is required, so a falling ratio has no denominator.
        if ratio.value is None or ratio.direction == "rises":
            return ratio.value
        return quotient(ratio.liquidation_at, ratio.value)


def assess(account: Preparable) -> Assessment:
    """Return every figure of the account at its marks; of a prepared one they are computed once."""
    return prepare(account).once(_assess)


def _assess(account: PreparedAccount) -> Assessment:
    return (
        _assess_isolated(account) if account.scenario.account.isolated else _assess_cross(account)
    )


def _assess_cross(account: PreparedAccount) -> Assessment:
    scenario, [book], [standing] = account.scenario, account.books, account.standings
    positions = _positions(account)
    if standing is None:
        prices = [unpriced(token, "no_tiers") for token in book.tokens]
        return _assessment(scenario, book.equity_at(book.marks), positions, prices)
    prices = liquidation_prices(book, standing)
    joint = NOWHERE if standing.liquidated else common_move([book], scenario, standings=[standing])
    whole = _Whole(standing.requirement, standing, standing.liquidated, joint)
    return _assessment(scenario, standing.equity, positions, prices, whole)


def _assess_isolated(account: PreparedAccount) -> Assessment:
    scenario, books, standings = account.scenario, account.books, account.standings
    positions = _positions(account)
    prices = [
        _alone(position, book, standing)
        for position, book, standing in zip(scenario.positions, books, standings, strict=True)
    ]
    equity = scenario.account.wallet_balance + sum(
        [figures.unrealised_pnl for figures in positions]
    )
    known = [standing for standing in standings if standing is not None]
    if len(known) < len(books):
        return _assessment(scenario, equity, positions, prices)
    worst = min(
        known,
        key=lambda standing: standing.headroom,
        default=Standing(equity, 0.0, 0.0, False, 0.0),
    )
    liquidated = any(standing.liquidated for standing in known)
    joint = NOWHERE if liquidated else common_move(books, scenario, standings=known)
    requirement = sum([standing.requirement for standing in known])
    return _assessment(
        scenario, equity, positions, prices, _Whole(requirement, worst, liquidated, joint)
    )


def _alone(position: Position, book: Book, standing: Standing | None) -> LiquidationPrice:
    """Return an isolated position's own liquidation price."""
    if standing is None:
        return unpriced(position.symbol, "no_tiers", position.side)
    [price] = liquidation_prices(book, standing, position.side)
    return price


class _Whole(NamedTuple):
    """The figures of a whole account whose tiers are all known.

    `worst` is the book with the least headroom.
    """

    requirement: float
    worst: Standing
    liquidated: bool
    joint: JointMove


def _assessment(
    scenario: Scenario,
    equity: float,
    positions: list[PositionFigures],
    prices: list[LiquidationPrice],
    whole: _Whole | None = None,
) -> Assessment:
    notional = sum(map(_NOTIONAL, positions))
    firm = beyond_rounding(equity, abs(scenario.account.counted_wallet) + notional)
    initial = _total(map(_INITIAL_MARGIN, positions))
    return Assessment(
        equity=equity,
        unrealised_pnl=sum(map(_PROFIT, positions)),
        initial_margin=initial,
        maintenance_margin=_total(map(_MAINTENANCE_MARGIN, positions)),
        requirement=whole and whole.requirement,
        headroom=whole and whole.worst.headroom,
        available_balance=_available(scenario, equity, initial),
        margin_ratio=_margin_ratio(scenario, whole),
        equity_to_notional=quotient(firm, notional),
        effective_leverage=quotient(notional, firm),
        liquidated=whole.liquidated if whole else any(map(_LIQUIDATED, positions)),
        positions=tuple(positions),
        liquidation_prices=tuple(prices),
        joint_move=whole.joint if whole else NOWHERE,
        problems=_account_problems(scenario, equity, initial),
        assumptions=(
            *_assumptions(scenario),
            *_of_several_coins(scenario, positions, prices),
            *_beyond(scenario, positions, prices),
        ),
    )


def _beyond(
    scenario: Scenario, positions: list[PositionFigures], prices: list[LiquidationPrice]
) -> list[Assumption]:
    """Return which figures lie beyond the venue's table, or past an isolated liquidation."""
    above = {price.symbol: price.above for price in prices if price.above is not None}
    beyond = [
        figures.symbol
        for figures in positions
        # Most positions have neither a problem nor a price above.
        if (figures.problems or figures.symbol in above)
        and _ends(figures, above.get(figures.symbol), scenario)
    ]
    noted = [Assumption.of("last_rate_goes_on", symbol=symbol) for symbol in dict.fromkeys(beyond)]
    if any(map(_LIQUIDATED, positions)):
        noted.append(Assumption.of("isolated_as_if_open"))
    return noted


def _ends(figures: PositionFigures, above: float | None, scenario: Scenario) -> bool:
    """Return whether the table ends below the position, now or at a liquidation price."""
    if any(problem.code == "beyond_last_tier" for problem in figures.problems):
        return True
    if above is None or scenario.account.rules.own_fraction:
        return False
    table = scenario.market.table(figures.symbol)
    return (
        table is not None and table.progressive and table.exceeds_last_cap(figures.quantity * above)
    )


def _total(values: Iterable[float | None]) -> float | None:
    """Return the sum, None where one is not known."""
    known = list(values)
    return None if None in known else sum(cast(list[float], known), 0.0)


def _margin_ratio(scenario: Scenario, whole: _Whole | None) -> MarginRatio:
    rule, value = scenario.account.rules.ratio, None
    if whole and scenario.positions:
        value = rule.of(whole.worst)
    return MarginRatio(
        value, rule.at_level(1.0, scenario.account.margin_fraction), rule.direction, rule.label
    )


def _available(scenario: Scenario, equity: float, initial: float | None) -> float | None:
    if initial is None:
        return None
    if not scenario.account.isolated:
        return _excess(equity, initial)
    return _excess(
        scenario.account.wallet_balance,
        sum([position.posted_margin for position in scenario.positions]),
    )


def _excess(one: float, other: float) -> float:
    """Return how far one sum of money exceeds another, 0 within rounding."""
    return one - other if one - other > ZERO * (abs(one) + abs(other)) else 0.0


def _positions(account: PreparedAccount) -> list[PositionFigures]:
    """Return every position's figures, in their order."""
    scenario, positions = account.scenario, account.scenario.positions
    alone = account.standings if scenario.account.isolated else repeat(None)
    rows = zip(positions, account.legs, _tiers(account), _twins(positions), alone, strict=False)
    return [
        _figures(position, leg, tier, twin, standing, scenario)
        for position, leg, tier, twin, standing in rows
    ]


def _tiers(account: PreparedAccount) -> Sequence[int]:
    """Return the tier that every position lies in, an index into its leg's.

    0 where no table is known.
    """
    if account.scenario.account.isolated:
        return [standing.tiers[0] if standing else 0 for standing in account.standings]
    [book], [standing], legs = account.books, account.standings, account.legs
    return (
        standing.tiers[: len(legs)]
        if standing
        else [leg.tier(book.marks[leg.token]) for leg in legs]
    )


def _twins(positions: Sequence[Position]) -> Iterable[Position | None]:
    """Return, in their order, every position's twin.

    That of the same token on the other side, None without one.
    """
    if len({position.symbol for position in positions}) == len(positions):
        return repeat(None, len(positions))
    by_name = {(position.symbol, position.side): position for position in positions}
    return [by_name.get((position.symbol, OTHER_SIDE[position.side])) for position in positions]


def _figures(
    position: Position,
    leg: Leg,
    tier: int,
    twin: Position | None,
    standing: Standing | None,
    scenario: Scenario,
) -> PositionFigures:
    """Return one position's figures.

    `tier` is an index into its leg's; `twin` the position of the same token on the other side;
    `own` where the position's own book stands, in isolated mode and where its tiers are known.
    """
    account, market = scenario.account, scenario.market
    symbol, quantity = position.symbol, position.quantity
    mark, isolated = market.marks[symbol], account.isolated
    notional, profit = quantity * mark, leg.equity(mark)
    margin = position.posted_margin if isolated else None
    known = (symbol, position.side, quantity, notional, profit)
    if not leg.rates:
        unknown = (None, None, None, None, None, None)
        return PositionFigures(*known, *unknown, (_no_tiers(position, scenario),), margin)
    rules, number = account.rules, leg.first_tier + tier
    rate, amount = leg.rates[tier], leg.amounts[tier]
    table = None if rules.own_fraction else market.table(symbol)
    cap = table.max_leverages[number] if table else None
    opening_price = rules.opening_price(position.entry_price, mark, isolated=isolated)
    # By position, for naming sixteen fields takes longer than all that is computed for them.
    return PositionFigures(
        *known,
        quantity * opening_price / position.leverage + leg.closing_fee,
        leg.maintenance(mark, rate, amount),
        number + 1,
        rate,
        amount,
        cap,
        _position_problems(position, twin, table, cap, scenario, negative=rate * notional < amount),
        margin,
        standing.headroom if standing else None,
        rules.ratio.of(standing) if standing else None,
        standing.liquidated if standing else None,
    )


def _no_tiers(position: Position, scenario: Scenario) -> Problem:
    """Return why nothing can be required of a position.

    No perpetual, no table, or contracts of unknown size.
    """
    symbol = position.symbol
    not_listed = scenario.market.reference.not_listed.get(symbol)
    why = "no_table" if scenario.market.table(symbol) is None else "contract_size"
    return Problem.error(
        "no_tiers",
        why="not_listed" if not_listed else why,
        symbol=symbol,
        venue=scenario.account.rules.name,
        seen=not_listed,
    )


def _position_problems(
    position: Position,
    twin: Position | None,
    table: TierTable | None,
    cap: float | None,
    scenario: Scenario,
    *,
    negative: bool,
) -> tuple[Problem, ...]:
    problems = []
    if negative:
        problems.append(Problem.warning("maintenance_negative"))
    rules = scenario.account.rules
    if cap is not None and position.leverage > cap * (1 + EDGE):
        problems.append(
            Problem.error(
                "leverage_above_cap", leverage=position.leverage, cap=cap, venue=rules.name
            )
        )
    if table is not None and table.last_cap is not None:
        size = size_in_tiers(position, scenario.market, flat=rules.flat_tiers)
        if size is not None and table.exceeds_last_cap(size):
            problems.append(Problem.warning("beyond_last_tier", venue=rules.name))
    if position.isolated_margin is not None and not scenario.account.isolated:
        problems.append(Problem.warning("isolated_margin_ignored"))
    if twin is not None:
        problems += _of_both_sides(position, twin, scenario)
    return tuple(problems)


def _of_both_sides(position: Position, twin: Position, scenario: Scenario) -> list[Problem]:
    """Return what the venue does not keep of hedged tokens, and what is unknown of it."""
    account, rules, symbol = scenario.account, scenario.account.rules, position.symbol
    if not rules.hedges:
        return [Problem.warning("one_position_per_token", venue=rules.name, symbol=symbol)]
    problems = []
    if account.margin_mode in rules.one_leverage_in and position.leverage != twin.leverage:
        problems.append(
            Problem.warning(
                "one_leverage_per_token",
                venue=rules.name,
                symbol=symbol,
                leverage=position.leverage,
                other=twin.leverage,
                side=twin.side,
            )
        )
    if rules.doubts.hedge and not account.isolated and position.quantity <= twin.quantity:
        problems.append(Problem.warning("hedge_not_confirmed", text=rules.doubts.hedge))
    return problems


def _account_problems(
    scenario: Scenario, equity: float, initial: float | None
) -> tuple[Problem, ...]:
    account, rules = scenario.account, scenario.account.rules
    problems = []
    if (
        not account.isolated
        and initial is not None
        and scenario.positions
        and _excess(initial, equity)
    ):
        problems.append(Problem.warning("initial_margin_above_equity"))
    if account.counts_collateral:
        return tuple(problems)
    alone = {
        "isolated": account.isolated,
        "venue": rules.name,
        "coin": rules.settlement,
        "reason": rules.uncounted,
    }
    if account.collateral:
        problems.append(Problem.warning("collateral_not_counted", **alone))
    if account.settlement_rate != 1:
        problems.append(
            Problem.warning("settlement_rate_not_counted", rate=account.settlement_rate, **alone)
        )
    return tuple(problems)


def _of_several_coins(
    scenario: Scenario, positions: list[PositionFigures], prices: list[LiquidationPrice]
) -> list[Assumption]:
    """Return how the settlement coin counts beside collateral, and what is not modelled of debt."""
    account, rules = scenario.account, scenario.account.rules
    if not account.counts_collateral or not (account.collateral or account.settlement_rate != 1):
        return []
    coin, owing = (
        rules.settlement,
        Assumption.of("venue_rule", venue=rules.key, text=rules.doubts.owing),
    )
    counts = Assumption.of("coin_at_rate", coin=coin, rate=account.settlement_rate)
    if account.settlement_rate == 1:
        counts = Assumption.of("coin_in_full", coin=coin, name=rules.name)
    noted = [counts, Assumption.of("venue_rule", venue=rules.key, text=rules.doubts.collateral)]
    balance = account.wallet_balance + sum(figures.unrealised_pnl for figures in positions)
    if balance < 0:
        noted += [Assumption.of("coin_owed", coin=coin, balance=balance), owing]
    elif any(owned < 0 for owned in _at_liquidation(scenario, balance, prices)):
        noted += [Assumption.of("coin_owed_before_liquidation", coin=coin), owing]
    return noted


def _at_liquidation(
    scenario: Scenario, balance: float, prices: list[LiquidationPrice]
) -> list[float]:
    """Return balance and profit at every liquidation price, other marks standing still."""
    net, marks = net_quantities(scenario.positions), scenario.market.marks
    balances = []
    for price in prices:
        levels = [level for level in (price.below, price.above) if level is not None]
        balances += [
            balance + net.get(price.symbol, 0.0) * (level - marks[price.symbol]) for level in levels
        ]
    return balances


def _assumptions(scenario: Scenario) -> tuple[Assumption, ...]:
    """Return what the figures rest on: whose tables of which date, and the venue's known doubts."""
    account, market = scenario.account, scenario.market
    rules, reference = account.rules, market.reference
    venue_rules = [
        Assumption.of("venue_rule", venue=rules.key, text=text) for text in rules.assumptions
    ]
    if rules.own_fraction:
        return tuple(venue_rules)
    symbols = {position.symbol for position in scenario.positions}
    tables = []
    if custom := sorted(symbols & market.tiers.keys()):
        tables.append(
            Assumption.of("own_tiers", tokens=custom, as_of=market.tiers_as_of or "undated")
        )
    if (used := symbols - market.tiers.keys()) & reference.tiers.keys():
        tables.append(Assumption.of("venue_tiers", venue=rules.key, days=reference.days(used)))
    doubtful = sorted((symbols & reference.unconfirmed) - market.contract_values.keys())
    if doubtful:
        tables.append(
            Assumption.of("contract_values_unconfirmed", venue=rules.key, tokens=doubtful)
        )
    if account.isolated and symbols and rules.doubts.isolated:
        tables.append(Assumption.of("venue_rule", venue=rules.key, text=rules.doubts.isolated))
    if rules.doubts.unlisted and scenario.unlisted:
        text = rules.doubts.unlisted
        tables.append(
            Assumption.of("unlisted", venue=rules.key, tokens=scenario.unlisted, text=text)
        )
    return (*tables, *venue_rules)
