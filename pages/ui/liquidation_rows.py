"""What the sentences and tables of the Liquidation page say: pure functions, values in, text out."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from margin import formatting as wording
from margin.charts.waterfall import STOPS, Way, does, first_liquidation, in_time
from margin.engine.numbers import quotient
from margin.market.price_moves import betas_to_btc, risk_windows
from margin.model.scenario import Scenario
from margin.studies.account.assess import Assessment
from margin.studies.distance.directions import BTC, Direction
from margin.studies.distance.distances import JointMove, away
from margin.studies.liquidation.ledger import Money, Step, Why
from margin.studies.liquidation.waterfall import Waterfall
from margin.studies.stress.crash_table import CrashDay, CrashRow

Texts = dict[str, str]
NAMED = 4
"""Tokens and positions that are named one by one."""


class Runs(NamedTuple):
    """What became of the account on its way, and, where stops stand, what would have become of it without them."""

    scenario: Scenario
    way: Way
    found: Waterfall
    without: Waterfall | None = None

    @property
    def point(self) -> str:
        """What the column is called that says where on the path a step is."""
        return "Move" if self.way.move else "Of the way"


# The path


def hardest_day(rows: Sequence[CrashRow]) -> int:
    """Index of the day whose worst tick costs the account most."""
    return max(range(len(rows)), key=lambda index: rows[index].worst.loss, default=0)


def route_ends(start: Mapping[str, float], end: Mapping[str, float]) -> str:
    """Where the prices go: `RENDER 1.4000 (−20.00 %)`, of many tokens those that come first."""
    told = [f"{token} {_going(start[token], end[token])}" for token in end]
    more = f" and {len(told) - NAMED} more" if len(told) > NAMED else ""
    return f"Prices go from these marks to {', '.join(told[:NAMED])}{more}." if told else "No price moves."


def _going(start: float, end: float) -> str:
    change = away(end, start)
    return wording.price(end) if change is None else f"{wording.price(end)} ({wording.percent(change, sign=True)})"


def axis_name(direction: Direction) -> str:
    """What a direction's moves are moves of."""
    return f"{direction.name}, from these marks"


def day_name(day: CrashDay) -> str:
    """A day as it is chosen from a list."""
    return f"{day.date} · {day.event}" if day.date else day.event


def about_betas(direction: Direction, tokens: Sequence[str], own: Collection[str]) -> Iterator[str]:
    """What the rates of a direction by betas to BTC rest on; `own` are the tokens that have the person's own."""
    if direction.key != "with_btc":
        return
    moving = [token for token in tokens if direction.rates.get(token) and token not in own]
    if yours := [token for token in tokens if token in own]:
        yield f"betas to {BTC} of your own: {', '.join(wording.capped(yours))}"
    for window, held in risk_windows(moving).items():
        yield f"betas to {BTC} from daily closes of {window}: {', '.join(wording.capped(held))}"
    if unknown := [token for token in moving if token not in betas_to_btc()]:
        yield f"no beta to {BTC} is known, taken as 1: {', '.join(wording.capped(unknown))}"


def about_gap(scenario: Scenario) -> str:
    """What the comparison of an account with stops and without rests on where its stops meet a gap."""
    others = ", and so does every other position" if scenario.account.isolated and len(scenario.positions) > 1 else ""
    return (
        "a gap opens where a stop is reached and nowhere else: "
        f"without stops the account passes every price on the way{others}"
    )


# The sentence


def status(found: Waterfall) -> tuple[str, str]:
    """The badge before the sentence: its colour and its words."""
    if found.liquidated:
        return ("orange", "Partly liquidated") if found.final.positions else ("red", "Liquidated")
    if found.steps:
        return ("yellow", "Stopped in time") if in_time(found) else ("red", "Stopped too late")
    return "green", "Not liquidated"


def sentence(runs: Runs, reached: JointMove | None = None) -> str:
    """What is kept and where the rest went; `reached` is where a direction liquidates, told where nothing happens."""
    found = runs.found
    if not found.steps:
        return f"Nothing is liquidated on this path; {_standing(runs)}{_stops(runs)}{_beyond(runs.way, reached)}"
    start = f"{' of' if found.start_equity >= wording.HALF_A_CENT else ', from'} {wording.money(found.start_equity)}"
    kept = f"You would have kept {_amount(found.kept)}{start}: {_costs(found)}."
    fund = f" {_fund(found)}" if found.liquidated or found.fund_took >= wording.HALF_A_CENT else ""
    return f"{_saved(runs)}{kept}{fund} {_open(runs)}{_stops(runs)}"


def _amount(money: float) -> str:
    return "nothing" if money < wording.HALF_A_CENT else wording.money(money)


def _saved(runs: Runs) -> str:
    """What the stops did, where the venue did nothing."""
    if runs.found.liquidated or runs.without is None:
        return ""
    if not in_time(runs.found):
        if runs.scenario.account.isolated:
            return "A stop fills too late, beyond what the margin of its position holds. "
        return "Your stops fill too late, beyond what the account holds. "
    if runs.without.liquidated:
        return "Your stops close in time, nothing is liquidated. "
    return "Your stops close on the way; nothing is liquidated, and without them nothing would be. "


def _stops(runs: Runs) -> str:
    """What stands against the run without stops."""
    if runs.without is None:
        return ""
    if not any(step.kind in STOPS for step in runs.found.steps):
        return " None of your stops is reached."
    return f" Without stops you would have kept {_amount(runs.without.kept)}."


def _standing(runs: Runs) -> str:
    """Where an untouched account ends."""
    found = runs.found
    kept = f"equity ends at {wording.money(found.kept)}, from {wording.money(found.start_equity)}"
    if (load := quotient(float(found.requirement[-1]), float(found.equity[-1]))) is None:
        return f"{kept}."
    required = "the positions together require" if runs.scenario.account.isolated else "the venue requires"
    return f"{kept}, and {required} {wording.percent(load)} of it."


def _beyond(way: Way, reached: JointMove | None) -> str:
    """How far the direction would have to go on to liquidate."""
    if reached is None or not way.move:
        return ""
    at = reached.down if way.move < 0 else reached.up
    if at is None:
        return " No move this way liquidates anything."
    return f" Liquidation would begin at {wording.percent(at, sign=True)}."


def _costs(found: Waterfall) -> str:
    """What prices, fees and slippage took of it."""
    prices = found.from_prices
    parts = [f"prices {'took' if prices < wording.HALF_A_CENT else 'brought'} {wording.money(abs(prices))}"]
    parts += [f"fees {wording.money(found.fees)}", f"slippage {wording.money(found.slippage)}"]
    if found.forfeited >= wording.HALF_A_CENT:
        parts.append(f"the venue's vault kept {wording.money(found.forfeited)} of margin")
    return wording.listing(parts)


def _fund(found: Waterfall) -> str:
    if found.fund_took < wording.HALF_A_CENT:
        return "The insurance fund bore nothing."
    before = (
        f", {wording.money(found.lost_before)} of it lost before the start"
        if found.lost_before >= wording.HALF_A_CENT
        else ""
    )
    # A debt that stood at the start is in none of the losses told, and other positions' gains hide some of them.
    told = found.fees + found.slippage - min(0.0, found.from_prices)
    part = " of that" if not before and found.fund_took < told + wording.HALF_A_CENT else ""
    return f"The insurance fund bore {wording.money(found.fund_took)}{part}{before}."


def _open(runs: Runs) -> str:
    left, held = runs.found.final.positions, runs.scenario.positions
    if not left:
        return "No position is left open."
    names = [f"{position.symbol} {position.side}" for position in left]
    named = wording.listing(names) if len(names) <= NAMED else f"{len(names)} of {len(held)} positions"
    sizes = {(position.symbol, position.side): position.quantity for position in held}
    cut = any(position.quantity < sizes[position.symbol, position.side] for position in left)
    return f"{named} {'stays' if len(left) == 1 else 'stay'} open{', smaller than before' if cut else ''}."


def left(final: Scenario, account: Assessment) -> str:
    """What the account holds at the end: its equity, and the wallet, open profit and collateral that make it up."""
    wallet, profit = final.account.wallet_balance, account.unrealised_pnl
    parts = [f"{wording.money(wallet)} in the wallet"]
    if abs(profit) >= wording.HALF_A_CENT:
        parts.append(f"an open {'profit' if profit > 0 else 'loss'} of {wording.money(abs(profit))}")
    rate = final.account.counted_rate
    if rate != 1:
        parts.append(f"both at {wording.rate(rate)}" if len(parts) > 1 else f"at {wording.rate(rate)}")
    if (counted := account.equity - rate * (wallet + profit)) >= wording.HALF_A_CENT:
        parts.append(f"collateral counted at {wording.money(counted)}")
    none = "" if final.positions else "No position is left open. "
    if len(parts) == 1 and rate == 1:
        return f"{none}The wallet holds {wording.money(wallet)}."
    return f"{none}Equity is {wording.money(account.equity)}: {wording.listing(parts)}."


# The tables


_WHY: dict[Why, str] = {
    "requirement_reached": "equity is no more than the requirement",
    "requirement_met": "equity exceeds the requirement again",
    "long_and_short": "long and short of one token stand against each other",
    "beyond_bankruptcy": "equity does not cover the order",
    "below_backstop": "equity is below two thirds of the requirement",
    "level_reached": "your level of requirement ÷ equity is reached",
    "price_reached": "your price is reached",
    "debt_left": "the wallet is below zero and no position is left",
}


def step_rows(runs: Runs) -> list[Texts]:
    """The steps in their order; what only some venues have stands where there is any of it."""
    steps = runs.found.steps
    optional = {
        "Fund bore": [step.fund_loss for step in steps],
        "Vault kept": [step.forfeited for step in steps],
        "Collateral sold": [step.collateral_sold for step in steps],
    }
    shown = {name: values for name, values in optional.items() if any(values)}
    return [
        {**_step_row(step, runs), **{name: _money(values[index]) for name, values in shown.items()}}
        for index, step in enumerate(steps)
    ]


def _step_row(step: Step, runs: Runs) -> Texts:
    said = does(step)
    return {
        runs.point: runs.way.at(step.t),
        "What happens": said[:1].upper() + said[1:],
        "Requirement ÷ equity": f"{_load(step.before)} → {_load(step.after)}",
        "Closed": wording.quantity(step.quantity) if step.quantity else wording.MISSING,
        "Left": wording.quantity(step.left) if step.symbol else wording.MISSING,
        "Mark": wording.price(step.mark),
        "Filled at": wording.price(step.fill),
        "Realised": wording.money(step.realised) if step.quantity else wording.MISSING,
        "Fee": _money(step.fee),
        "Slippage": _money(step.slippage),
        "Equity after": wording.money(step.after.equity),
        "Why": _why(step, runs.scenario.account.rules.liquidation.relief),
    }


def _why(step: Step, relief: float) -> str:
    if step.why == "requirement_met" and relief < 1:
        return f"requirement ÷ equity is at most {wording.percent(relief)} again"
    return _WHY[step.why]


def _load(money: Money) -> str:
    """Requirement ÷ equity, `gone` where no equity is left for it."""
    if not money.requirement:
        return wording.percent(0.0)
    load = quotient(money.requirement, money.equity)
    return "equity gone" if load is None else wording.percent(load)


def _money(amount: float) -> str:
    """An amount, a dash where there is none."""
    return wording.money(amount) if abs(amount) >= wording.HALF_A_CENT else wording.MISSING


def money_rows(runs: Runs) -> list[Texts]:
    """Where the money went, and where the venue first acted; with stops and without where there are any."""
    columns = {"Amount": runs.found}
    if runs.without is not None:
        columns = {"With stops": runs.found, "Without stops": runs.without}
    told = {name: _account_of(found, runs.way) for name, found in columns.items()}
    first = next(iter(told.values()))
    some = [line for line in first if any(column[line] != wording.MISSING for column in told.values())]
    return [{"What": line, **{name: column[line] for name, column in told.items()}} for line in some]


def _account_of(found: Waterfall, way: Way) -> Texts:
    first = first_liquidation(found)
    stop = next((step.t for step in found.steps if step.kind in STOPS), None)
    return {
        "At the start": wording.money(found.start_equity),
        "Lost before, beyond margin": _money(0.0 - found.lost_before),
        "From prices": wording.money(found.from_prices),
        "Fees": wording.money(0.0 - found.fees),
        "Slippage": wording.money(0.0 - found.slippage),
        "Vault kept": _money(0.0 - found.forfeited),
        "Insurance fund bore": wording.money(found.fund_took),
        "Kept": wording.money(found.kept),
        "First liquidation": "none" if first is None else way.told(first),
        "First stop": wording.MISSING if stop is None else way.told(stop),
        "Positions left": str(len(found.final.positions)),
    }
