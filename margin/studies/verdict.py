"""The account's danger in words: the sentence that matters, generated from the assessment's own figures."""

from typing import Literal

from margin import wording
from margin.scenario import Scenario
from margin.studies.assess import Assessment
from margin.studies.distances import LiquidationPrice, present_move

Status = Literal[
    "no positions", "unknown", "below warning", "warning", "danger", "at the liquidation point", "liquidated"
]
AT_THE_POINT = 1e-9
"""Headroom within this part of |wallet| + Σ notional is told as being at the liquidation point."""
NAMED = 3
"""At most this many tokens are named one by one."""


def at_liquidation_point(scenario: Scenario, account: Assessment) -> bool:
    """Whether the account stands exactly where it is liquidated, to rounding."""
    if account.headroom is None or not account.liquidated:
        return False
    size = abs(scenario.account.wallet_balance) + sum(position.notional for position in account.positions)
    return abs(account.headroom) <= AT_THE_POINT * size


def status(scenario: Scenario, account: Assessment) -> Status:
    """Which of the person's levels the account has reached; unknown where the venue's tiers are."""
    if not scenario.positions:
        return "no positions"
    if account.liquidated:
        return "at the liquidation point" if at_liquidation_point(scenario, account) else "liquidated"
    load = account.requirement_to_equity
    if load is None:
        return "unknown"
    if load >= scenario.levels.danger:
        return "danger"
    return "warning" if load >= scenario.levels.warning else "below warning"


def verdict(scenario: Scenario, account: Assessment) -> str:
    """One to two sentences: what a common move does, and what each token alone would have to do."""
    if not scenario.positions:
        return "No positions: nothing is required and nothing can be liquidated. Add a position to begin."
    if account.headroom is None:
        return _unknown(account)
    if account.liquidated:
        return _liquidated(scenario, account)
    return f"{_together(scenario, account)} {_alone(scenario, account)}".strip()


def _unknown(account: Assessment) -> str:
    missing = dict.fromkeys(figures.symbol for figures in account.positions if figures.maintenance_margin is None)
    return f"No distance can be told: the tiers of {wording.listing(list(missing))} are not known on this venue."


def _liquidated(scenario: Scenario, account: Assessment) -> str:
    what = "A position" if scenario.account.margin_mode == "isolated" else "The account"
    if at_liquidation_point(scenario, account):
        return f"{what} is at the liquidation point: equity equals what {scenario.account.rules.name} requires."
    below = wording.money(-account.headroom if account.headroom is not None else None)
    return f"{what} is liquidated at these marks: equity is {below} below what {scenario.account.rules.name} requires."


def _together(scenario: Scenario, account: Assessment) -> str:
    down, up = account.joint_move
    isolated = scenario.account.margin_mode == "isolated"
    if down is None and up is None:
        return f"No common move from −100 % to +1,000 % {'loses a position' if isolated else 'liquidates the account'}."
    moves = []
    if down is not None:
        moves.append(f"{_verb(scenario, 'fall')} {wording.percent(-down)}")
    if up is not None:
        moves.append(f"{_verb(scenario, 'rise')} {wording.percent(up)}")
    tokens = list(dict.fromkeys(position.symbol for position in scenario.positions))
    lost = "the first position is lost" if isolated else _whole(tokens)
    here = " from here" if present_move(scenario) else ""
    if _by_beta(scenario):
        return f"If the market {' or '.join(moves)}{here} ({_betas(scenario)}), {lost}."
    together = (" together" if len(tokens) > 1 else "") + here
    subject = wording.listing(tokens) if len(tokens) <= NAMED else f"all {len(tokens)} tokens"
    return f"If {subject} {' or '.join(moves)}{together}, {lost}."


def _whole(tokens: list[str]) -> str:
    return "the whole account is liquidated" if len(tokens) > 1 else "the account is liquidated"


def _by_beta(scenario: Scenario) -> bool:
    return any(scenario.market.beta(position.symbol) != 1 for position in scenario.positions)


def _verb(scenario: Scenario, verb: str) -> str:
    singular = _by_beta(scenario) or len({position.symbol for position in scenario.positions}) == 1
    return f"{verb}s" if singular else verb


def _betas(scenario: Scenario) -> str:
    shown = [f"{token} moves {scenario.market.beta(token):g} times that" for token in scenario.tokens]
    return ", ".join(shown[:NAMED]) + (", …" if len(shown) > NAMED else "")


def _alone(scenario: Scenario, account: Assessment) -> str:
    """What single tokens would have to do, the nearest first; nothing where only one token could."""
    if len({position.symbol for position in scenario.positions}) < 2:
        return ""
    moves = [move for price in account.liquidation_prices for move in _moves(scenario, price)]
    if not moves:
        return "No token could do it alone."
    moves.sort(key=lambda move: abs(move[1]))
    first, *rest = [
        (symbol, "fall" if move < 0 else "rise", wording.percent(abs(move))) for symbol, move in moves[:NAMED]
    ]
    parts = [f"{first[0]} would have to {first[1]} {first[2]}"]
    parts += [
        f"{symbol} {amount}" if verb == first[1] else f"{symbol} {verb} {amount}" for symbol, verb, amount in rest
    ]
    more = f"; {len(moves) - NAMED} more lie further off" if len(moves) > NAMED else ""
    return f"Alone, {', '.join(parts)}{more}."


def _moves(scenario: Scenario, price: LiquidationPrice) -> list[tuple[str, float]]:
    mark = scenario.market.marks[price.symbol]
    return [(price.symbol, level / mark - 1) for level in (price.below, price.above) if level is not None and mark > 0]
