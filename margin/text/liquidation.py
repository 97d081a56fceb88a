"""The course of a liquidation in words: what closes and why, what is kept, who is paid."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from margin import formatting as wording
from margin.engine.numbers import quotient
from margin.market.price_moves import betas_to_btc, risk_windows
from margin.model.prepared import PreparedAccount
from margin.model.scenario import Scenario
from margin.studies.account.assess import assess
from margin.studies.distance.directions import BTC, Direction
from margin.studies.distance.distances import JointMove, away
from margin.studies.liquidation.ledger import OF_THE_ACCOUNT, STOPS, Kind, Step, Why
from margin.studies.liquidation.waterfall import Waterfall
from margin.studies.stress.crash_table import CrashDay

NAMED = 4
"""Tokens and positions that are named one by one."""


class PathMove(NamedTuple):
    """How to name points of a path: by their price move, or by their share of the path.

    `name` is the axis title; `move` is the path's final move as a fraction, None or 0 without one.
    """

    name: str
    move: float | None = None

    @property
    def scale(self) -> float:
        """The end of the path on the axis, in %."""
        return 100 * (self.move or 1.0)

    def at(self, t: float) -> str:
        """Return a point of the path, from 0 to 1, as a figure: `−9.47%`."""
        if not t:
            return "at once"
        return wording.percent(self.move * t, sign=True) if self.move else wording.percent(t)

    def label(self, t: float) -> str:
        """Return a point of the path as a phrase: `−9.47%`, `38.20% of the way`."""
        return self.at(t) if self.move or not t else f"{self.at(t)} of the way"


class Runs(NamedTuple):
    """The result of a path, and the result without stops if there are any."""

    scenario: Scenario
    path: PathMove
    result: Waterfall
    without: Waterfall | None = None

    @property
    def point(self) -> str:
        """The title of the column that locates a step on the path."""
        return "Move" if self.path.move else "Of the way"


# The path


def route_ends(start: Mapping[str, float], end: Mapping[str, float]) -> str:
    """Return the final prices of the first tokens: `RENDER 1.4000 (−20.00%)`."""
    changes = [f"{token} {_going(start[token], end[token])}" for token in end]
    more = f" and {len(changes) - NAMED} more" if len(changes) > NAMED else ""
    return (
        f"Prices go from these marks to {', '.join(changes[:NAMED])}{more}."
        if changes
        else "No price moves."
    )


def _going(start: float, end: float) -> str:
    change = away(end, start)
    return (
        wording.price(end)
        if change is None
        else f"{wording.price(end)} ({wording.percent(change, sign=True)})"
    )


def axis_name(direction: Direction) -> str:
    """Return what a direction's moves are moves of."""
    return f"{direction.name}, from these marks"


def day_name(day: CrashDay) -> str:
    """Return a day as it is chosen from a list."""
    return f"{day.date} · {day.event}" if day.date else day.event


def about_betas(
    direction: Direction, tokens: Sequence[str], changed: Collection[str]
) -> Iterator[str]:
    """Yield what the rates of a direction by betas to BTC rest on.

    `own` are the tokens that have the person's own.
    """
    if direction.key != "with_btc":
        return
    moving = [token for token in tokens if direction.rates.get(token) and token not in changed]
    if yours := [token for token in tokens if token in changed]:
        yield f"betas to {BTC} of your own: {', '.join(wording.capped(yours))}"
    for window, measured in risk_windows(moving).items():
        yield f"betas to {BTC} from daily closes of {window}: {', '.join(wording.capped(measured))}"
    if unknown := [token for token in moving if token not in betas_to_btc()]:
        yield f"no beta to {BTC} is known, taken as 1: {', '.join(wording.capped(unknown))}"


def about_gap(scenario: Scenario) -> str:
    """Return what comparing with and without stops rests on where they meet a gap."""
    others = (
        ", and so does every other position"
        if scenario.account.isolated and len(scenario.positions) > 1
        else ""
    )
    return (
        "a gap opens where a stop is reached and nowhere else: "
        f"without stops the account passes every price on the way{others}"
    )


# A step


_DOES: dict[Kind, str] = {
    "orders_cancelled": "open orders are cancelled",
    "netted": "closes against the other side",
    "reduced": "is reduced",
    "closed": "is closed",
    "taken_over": "is taken over",
    "stopped": "liquidation stops",
    "margin_stop": "is closed by your margin stop",
    "price_stop": "is closed by your price stop",
    "settled": "what is owed is settled",
}
"""What a step does, after the name of the position where it is about one."""


_WHY: dict[Why, str] = {
    "requirement_reached": "equity is no more than the requirement",
    "requirement_met": "equity exceeds the requirement again",
    "long_and_short": "long and short of one token stand against each other",
    "beyond_bankruptcy": "equity does not cover the order",
    "below_backstop": "equity is below two thirds of the requirement",
    "level_reached": "your level of margin used is reached",
    "price_reached": "your price is reached",
    "debt_left": "the wallet is below zero and no position is left",
}


def does(step: Step) -> str:
    """Return a step in a few words."""
    if step.kind == "margin_stop" and step.remaining:
        return f"{step.symbol} {step.side} is reduced by your margin stop"
    if not step.symbol:
        return _DOES[step.kind]
    return (
        f"{step.symbol} {step.side}{':' if step.kind in OF_THE_ACCOUNT else ''} {_DOES[step.kind]}"
    )


def why(step: Step, relief: float) -> str:
    """Return why it happens.

    `relief` is the margin used at which the venue's orders end.
    """
    if step.why == "requirement_met" and relief < 1:
        return f"margin used is at most {wording.percent(relief)} again"
    return _WHY[step.why]


# What is kept


def in_time(result: Waterfall) -> bool:
    """Return whether stops kept money without any liquidation or loss of the insurance fund."""
    return (
        bool(result.steps)
        and not result.liquidated
        and result.kept >= wording.HALF_A_CENT > result.fund_took
    )


def finding(result: Waterfall, path: PathMove) -> str:
    """Return the sentence of the title: where liquidation begins, and what is kept."""
    kept_amount, start, verb = (
        wording.money(result.kept),
        wording.money(result.start_equity),
        kept_or_left(result),
    )
    kept = (
        f"{kept_amount} of {start} {verb}"
        if result.start_equity >= wording.HALF_A_CENT
        else f"{kept_amount} {verb}, from {start}"
    )
    first = result.first_liquidation
    if first is not None:
        return f"Liquidation {'at once' if not first else f'from {path.label(first)} on'}: {kept}"
    if result.steps:
        how = "close in time, nothing is liquidated" if in_time(result) else "fill too late"
        return f"The stops {how}: {kept}"
    return f"Nothing is liquidated on this path: {kept}"


def kept_or_left(result: Waterfall) -> str:
    """Return what is said of the equity at the end: `left` where nothing happened."""
    return "kept" if result.steps else "left"


def status(result: Waterfall) -> tuple[str, str]:
    """Return the badge before the sentence: its colour and its words."""
    if result.liquidated:
        return ("orange", "Partly liquidated") if result.final.positions else ("red", "Liquidated")
    if result.steps:
        return ("yellow", "Stopped in time") if in_time(result) else ("red", "Stopped too late")
    return "green", "Not liquidated"


def sentence(runs: Runs, reached: JointMove | None = None) -> str:
    """Return what is kept and where the rest went.

    `reached` is where a direction liquidates, told where nothing happens.
    """
    result = runs.result
    if not result.steps:
        return (
            f"Nothing is liquidated on this path; "
            f"{_standing(runs)}{_stops(runs)}{_beyond(runs.path, reached)}"
        )
    start = (
        f"{' of' if result.start_equity >= wording.HALF_A_CENT else ', from'} "
        f"{wording.money(result.start_equity)}"
    )
    kept = f"You would have kept {_amount(result.kept)}{start}: {_costs(result)}."
    fund = (
        f" {_fund(result)}" if result.liquidated or result.fund_took >= wording.HALF_A_CENT else ""
    )
    return f"{_saved(runs)}{kept}{fund} {_open(runs)}{_stops(runs)}"


def _amount(money: float) -> str:
    return "nothing" if money < wording.HALF_A_CENT else wording.money(money)


def _saved(runs: Runs) -> str:
    """Return what the stops did, where the venue did nothing."""
    if runs.result.liquidated or runs.without is None:
        return ""
    if not in_time(runs.result):
        if runs.scenario.account.isolated:
            return "A stop fills too late, beyond what the margin of its position holds. "
        return "Your stops fill too late, beyond what the account holds. "
    if runs.without.liquidated:
        return "Your stops close in time, nothing is liquidated. "
    return "Your stops close on the way; nothing is liquidated, and without them nothing would be. "


def _stops(runs: Runs) -> str:
    """Return what stands against the run without stops."""
    if runs.without is None:
        return ""
    if not any(step.kind in STOPS for step in runs.result.steps):
        return " None of your stops is reached."
    return f" Without stops you would have kept {_amount(runs.without.kept)}."


def _standing(runs: Runs) -> str:
    """Return where an untouched account ends."""
    result = runs.result
    kept = f"equity ends at {wording.money(result.kept)}, from {wording.money(result.start_equity)}"
    if (load := quotient(float(result.requirement[-1]), float(result.equity[-1]))) is None:
        return f"{kept}."
    required = (
        "the positions together require" if runs.scenario.account.isolated else "the venue requires"
    )
    return f"{kept}, and {required} {wording.percent(load)} of it."


def _beyond(path: PathMove, reached: JointMove | None) -> str:
    """Return how far the direction would have to go on to liquidate."""
    if reached is None or not path.move:
        return ""
    at = reached.down if path.move < 0 else reached.up
    if at is None:
        return " This direction never liquidates you."
    return f" Liquidation would begin at {wording.percent(at, sign=True)}."


def _costs(result: Waterfall) -> str:
    """Return what prices, fees and slippage took of it."""
    prices = result.from_prices
    parts = [
        f"prices {'took' if prices < wording.HALF_A_CENT else 'brought'} "
        f"{wording.money(abs(prices))}"
    ]
    parts += [f"fees {wording.money(result.fees)}", f"slippage {wording.money(result.slippage)}"]
    if result.forfeited >= wording.HALF_A_CENT:
        parts.append(f"the venue's vault kept {wording.money(result.forfeited)} of margin")
    return wording.listing(parts)


def _fund(result: Waterfall) -> str:
    if result.fund_took < wording.HALF_A_CENT:
        return "The insurance fund bore nothing."
    before = (
        f", {wording.money(result.prior_loss)} of it lost before the start"
        if result.prior_loss >= wording.HALF_A_CENT
        else ""
    )
    # A debt that stood at the start is in none of the losses told, and other positions' gains hide
    # some of them.
    costs = result.fees + result.slippage - min(0.0, result.from_prices)
    part = " of that" if not before and result.fund_took < costs + wording.HALF_A_CENT else ""
    return f"The insurance fund bore {wording.money(result.fund_took)}{part}{before}."


def _open(runs: Runs) -> str:
    remaining, positions = runs.result.final.positions, runs.scenario.positions
    if not remaining:
        return "No position is left open."
    names = [f"{position.symbol} {position.side}" for position in remaining]
    named = (
        wording.listing(names)
        if len(names) <= NAMED
        else f"{len(names)} of {len(positions)} positions"
    )
    sizes = {(position.symbol, position.side): position.quantity for position in positions}
    cut = any(position.quantity < sizes[position.symbol, position.side] for position in remaining)
    return (
        f"{named} {'stays' if len(remaining) == 1 else 'stay'} "
        f"open{', smaller than before' if cut else ''}."
    )


def left(account: PreparedAccount) -> str:
    """Return what the account holds at the end.

    Its equity, and the wallet, open profit and collateral that make it up.
    """
    final, assessment = account.scenario, assess(account)
    wallet, profit = final.account.wallet_balance, assessment.unrealised_pnl
    parts = [f"{wording.money(wallet)} in the wallet"]
    if abs(profit) >= wording.HALF_A_CENT:
        parts.append(
            f"an open {'profit' if profit > 0 else 'loss'} of {wording.money(abs(profit))}"
        )
    rate = final.account.counted_rate
    if rate != 1:
        parts.append(
            f"both at {wording.rate(rate)}" if len(parts) > 1 else f"at {wording.rate(rate)}"
        )
    if (counted := assessment.equity - rate * (wallet + profit)) >= wording.HALF_A_CENT:
        parts.append(f"collateral counted at {wording.money(counted)}")
    all_closed = "" if final.positions else "No position is left open. "
    if len(parts) == 1 and rate == 1:
        return f"{all_closed}The wallet holds {wording.money(wallet)}."
    return f"{all_closed}Equity is {wording.money(assessment.equity)}: {wording.listing(parts)}."
