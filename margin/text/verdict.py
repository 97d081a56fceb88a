"""The account's danger in words.

The sentence that matters, generated from the assessment's own figures.
"""

from itertools import pairwise
from typing import Literal

from margin import formatting as wording
from margin.messages import message
from margin.model.prepared import Preparable, PreparedAccount, prepare
from margin.model.scenario import Scenario
from margin.studies.account.assess import Assessment, assess
from margin.studies.account.measurable import unknown_tokens
from margin.studies.distance.directions import Direction, against, reach, together
from margin.studies.distance.distances import (
    FURTHEST_DOWN,
    FURTHEST_UP,
    LiquidationPrice,
    away,
    present_move,
)
from margin.text.phrases import COMMON_MOVE, LIQUIDATED_NOW

Status = Literal[
    "no positions", "unknown", "safe", "warning", "danger", "at the liquidation point", "liquidated"
]
AT_THE_POINT = 1e-9
"""Headroom within this part of |wallet| + Σ notional is told as being at the liquidation point."""
NAMED = 3
"""At most this many tokens are named one by one."""


def at_liquidation_point(account: Preparable) -> bool:
    """Return whether the account stands exactly where it is liquidated, to rounding."""
    account = prepare(account)
    scenario, assessment = account.scenario, assess(account)
    if assessment.headroom is None or not assessment.liquidated:
        return False
    size = abs(scenario.account.wallet_balance) + sum(
        position.notional for position in assessment.positions
    )
    return abs(assessment.headroom) <= AT_THE_POINT * size


def status(account: Preparable) -> Status:
    """Return which of the person's levels the account has reached.

    Unknown where the venue's tiers are.
    """
    account = prepare(account)
    scenario, assessment = account.scenario, assess(account)
    if not scenario.positions:
        return "no positions"
    if assessment.liquidated:
        return "at the liquidation point" if at_liquidation_point(account) else "liquidated"
    load = assessment.requirement_to_equity
    return "unknown" if load is None else scenario.levels.reached(load) or "safe"


def verdict(account: Preparable) -> str:
    """Return what a joint move does, a nearer move apart, and each token alone."""
    account = prepare(account)
    scenario, assessment = account.scenario, assess(account)
    if not scenario.positions:
        return (
            "No positions: nothing is required and nothing can be liquidated. Add a position to "
            "begin."
        )
    if assessment.headroom is None:
        return _unknown(assessment)
    if assessment.liquidated:
        return _liquidated(account)
    sentences = (_together(account), _apart(account), _alone(account))
    return " ".join(filter(None, sentences))


def _unknown(assessment: Assessment) -> str:
    problems = [
        problem
        for figures in assessment.positions
        for problem in figures.problems
        if problem.code == "no_tiers"
    ]
    return f"No distance can be told: {message(problems[0])}."


def left_out(account: Preparable) -> str:
    """Return which positions the figures leave out, for their tiers are not known."""
    account = prepare(account)
    tokens = unknown_tokens(account)
    venue = account.scenario.account.rules.name
    have, their = ("have", "their") if len(tokens) > 1 else ("has", "its")
    return (
        f"{wording.listing(wording.capped(tokens))} {have} no tier table at {venue}: the figures "
        f"here leave {their} position out. Remove the row, or enter {their} tiers under “Tier "
        f"tables”."
    )


def beyond_the_account(account: Preparable) -> str:
    """Return whose loss it is where prices took more than the account; empty where they did not."""
    account = prepare(account)
    equity = assess(account).equity
    if account.scenario.account.isolated or equity > -wording.HALF_A_CENT:
        return ""
    return (
        f"Past liquidation you lose what you have and no more: the other {wording.money(-equity)} "
        f"would be borne by the insurance fund."
    )


def _liquidated(account: PreparedAccount) -> str:
    scenario, assessment = account.scenario, assess(account)
    isolated, venue = scenario.account.isolated, scenario.account.rules.name
    if at_liquidation_point(account):
        what = "A position" if isolated else "The account"
        return f"{what} is at the liquidation point: equity equals what {venue} requires."
    if isolated:
        liquidated = [figures for figures in assessment.positions if figures.liquidated]
        margins = wording.money(sum(figures.isolated_margin or 0.0 for figures in liquidated))
        names = wording.listing([f"{figures.symbol} {figures.side}" for figures in liquidated])
        verb = "is" if len(liquidated) == 1 else "are"
        return (
            f"{names} {verb} {LIQUIDATED_NOW}: the isolated margin, {margins}, is lost, and no "
            f"more."
        )
    below = wording.money(-assessment.headroom if assessment.headroom is not None else None)
    below = "less than a cent" if below == wording.money(0.0) else below
    return f"The account is {LIQUIDATED_NOW}: equity is {below} below what {venue} requires."


def _together(account: PreparedAccount) -> str:
    scenario, assessment = account.scenario, assess(account)
    down, up = assessment.joint_move
    if down is None and up is None:
        outcome = "liquidates a position" if scenario.account.isolated else "liquidates the account"
        return f"No {COMMON_MOVE} {outcome}."
    tokens = _moving(scenario)
    by_beta = any(scenario.market.beta(token) != 1 for token in tokens)
    ending = "s" if by_beta or len(tokens) == 1 else ""
    moves = [] if down is None else [f"fall{ending} {wording.percent(-down)}"]
    moves += [] if up is None else [f"rise{ending} {wording.percent(up)}"]
    origin = " from here" if present_move(scenario) else ""
    outcome = "the first position is liquidated" if scenario.account.isolated else _whole(tokens)
    if by_beta:
        return (
            f"If the market {' or '.join(moves)}{origin} ({_betas(scenario, tokens)}), {outcome}."
        )
    together = (" together" if len(tokens) > 1 else "") + origin
    subject = wording.listing(tokens) if len(tokens) <= NAMED else f"all {len(tokens)} tokens"
    return f"If {subject} {' or '.join(moves)}{together}, {outcome}."


def _apart(account: PreparedAccount) -> str:
    """Return the move apart that liquidates, where it is nearer than the joint move.

    Longs down and shorts up by the same part.

    Nearer by the price change asked, to the digits shown, down to −100%. Nothing where all held is
    hurt the same way.
    """
    scenario = account.scenario
    direction = against(account)._replace(furthest_down=FURTHEST_DOWN)
    if len(set(direction.rates.values())) < 2:
        return ""
    move = reach(account.books, direction).down
    change = _asked(account)
    if move is None or (change is not None and round(-move, 4) >= round(change, 4)):
        return ""
    origin = " from here" if present_move(scenario) else ""
    return f"Moving apart ({apart(direction)}), {wording.percent(-move)} each{origin} is enough."


def _asked(account: PreparedAccount) -> float | None:
    """Return the largest price change that the nearer of the joint moves asks of any token."""
    scenario, assessment = account.scenario, assess(account)
    common, tokens = together(scenario), _moving(scenario)
    changes = [
        [abs(common.change(token, x)) for token in tokens]
        for x in assessment.joint_move
        if x is not None
    ]
    return min([max(moves) for moves in changes if moves], default=None)


def apart(direction: Direction) -> str:
    """Return which tokens fall and which rise: `RENDER down, FET up`."""
    if len(direction.rates) > NAMED:
        return "longs down, shorts up"
    falling = [token for token, rate in direction.rates.items() if rate > 0]
    rising = [token for token, rate in direction.rates.items() if rate < 0]
    return f"{wording.listing(falling)} down, {wording.listing(rising)} up"


def _moving(scenario: Scenario) -> list[str]:
    """Return the tokens that a joint move moves and whose price counts.

    Those held, and counted collateral.
    """
    counts = scenario.account.rules.counts_collateral and not scenario.account.isolated
    tokens = {position.symbol for position in scenario.positions}
    return [
        token
        for token in scenario.tokens
        if scenario.market.beta(token) and (counts or token in tokens)
    ]


def _whole(tokens: list[str]) -> str:
    return "the whole account is liquidated" if len(tokens) > 1 else "the account is liquidated"


def _betas(scenario: Scenario, tokens: list[str]) -> str:
    betas = [(token, scenario.market.beta(token)) for token in tokens]
    shown = [
        f"{token} as much"
        if beta == 1
        else f"{token} {'−' if beta < 0 else ''}{abs(beta):g} times that"
        for token, beta in betas
    ]
    return ", ".join(shown[:NAMED]) + (", …" if len(shown) > NAMED else "")


def _alone(account: PreparedAccount) -> str:
    """Return what single tokens would have to do, the nearest first.

    Nothing where only one token could.

    As with joint moves, what lies beyond +1,000% is not told.
    """
    scenario, assessment = account.scenario, assess(account)
    if len(assessment.liquidation_prices) < 2:
        return ""
    every = [move for price in assessment.liquidation_prices for move in _moves(scenario, price)]
    moves = sorted(
        [move for move in every if move[1] <= FURTHEST_UP], key=lambda move: abs(move[1])
    )
    if not moves:
        return f"No token could do it alone{', up to +1,000%' if every else ''}."
    lines = [
        (symbol, "fall" if move < 0 else "rise", wording.percent(abs(move)))
        for symbol, move in moves[:NAMED]
    ]
    symbol, verb, amount = lines[0]
    parts = [f"{symbol} would have to {verb} {amount}"]
    for (_, before, _), (symbol, verb, amount) in pairwise(lines):
        parts.append(f"{symbol} {amount}" if verb == before else f"{symbol} {verb} {amount}")
    return f"Alone, {', '.join(parts)}{_further(len(moves) - NAMED)}."


def _further(count: int) -> str:
    """Return how many more there are than are named."""
    return f"; {count} more {'lies' if count == 1 else 'lie'} further off" if count > 0 else ""


def _moves(scenario: Scenario, price: LiquidationPrice) -> list[tuple[str, float]]:
    mark = scenario.market.marks[price.symbol]
    name = f"{price.symbol} {price.side}" if price.side else price.symbol
    moves = [away(level, mark) for level in (price.below, price.above) if level is not None]
    return [(name, move) for move in moves if move is not None]
