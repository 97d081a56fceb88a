"""The account along a path of prices, liquidated step by step, and what is kept.

How a venue liquidates is in `rules`, what happens when in `unwinding`, what a step does to the
money in `ledger`; here the runs become one answer. In isolated mode every position takes the path
alone, on its own margin. Words are made elsewhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from margin.engine.numbers import ZERO, Array, beyond_rounding
from margin.errors import or_zero
from margin.facts import Assumption
from margin.model.prepared import Preparable, prepare
from margin.model.scenario import Scenario
from margin.studies.liquidation.conduct import Conduct
from margin.studies.liquidation.ledger import NOT_THE_VENUE, Ledger, State, Step
from margin.studies.liquidation.path import Path
from margin.studies.liquidation.rules import assumptions
from margin.studies.liquidation.unwinding import Unwinding, unwind


@dataclass(frozen=True, slots=True, eq=False)
class Waterfall:
    """What became of the account on its path. Money in the settlement coin.

    `kept` is the trader's equity at the end, never below 0; in isolated mode no position's own is,
    nor at the start: one that has lost more than its margin counts nothing in `start_equity`, and
    `prior_loss` is what it lost beyond. `fees`, `slippage`, `fund_took` (losses the insurance fund
    bore, those among them) and `forfeited` (margin the venue kept) are sums over the steps, as they
    count: at the settlement coin's rate. `final` is what is left at the end, at its marks.
    `liquidated`: the venue acted at least once.

    The course for a chart, arrays of shape (points,): `t` rises from 0 to 1, the same twice where a
    step makes equity or requirement jump; between two points both are straight. In isolated mode
    they are sums over the positions.
    """

    steps: tuple[Step, ...]
    start_equity: float
    prior_loss: float
    kept: float
    fees: float
    slippage: float
    fund_took: float
    forfeited: float
    final: Scenario
    liquidated: bool
    assumptions: tuple[Assumption, ...]
    t: Array
    equity: Array
    requirement: Array

    @property
    def first_liquidation(self) -> float | None:
        """Where on the path the venue first acts, None where it does not."""
        acts = (step.t for step in self.steps if step.kind not in NOT_THE_VENUE)
        return next(acts, None) if self.liquidated else None

    @property
    def from_prices(self) -> float:
        """What prices won or lost.

        Start − prior_loss + this − fees − slippage − forfeited + fund_took = kept.
        """
        start = self.start_equity - self.prior_loss
        return self.kept - start + self.fees + self.slippage + self.forfeited - self.fund_took


def waterfall(account: Preparable, path: Path, conduct: Conduct | None = None) -> Waterfall | None:
    """Return the account's run from the start of the path to its end.

    None without positions or without tiers. Raises FieldError where money would leave what a
    scenario holds.
    """
    account = prepare(account)
    if not account.measurable:
        return None
    scenario = account.scenario
    conduct, path = conduct or Conduct(), path.within(scenario)
    parts = _alone(scenario) if scenario.account.isolated else [scenario]
    runs = [unwind(part, path, conduct) for part in parts]
    # In isolated mode what no position ties up; not below 0, where the wallet falls short of the
    # margins by rounding.
    free = max(
        0.0, scenario.account.wallet_balance - sum(part.account.wallet_balance for part in parts)
    )
    t, equity, requirement = _course(
        [run.ledger for run in runs], path, alone=scenario.account.isolated
    )
    noted = assumptions(scenario, conduct)
    start, prior_loss = sum(run.start_equity for run in runs), 0.0
    if scenario.account.isolated:
        prior_loss = sum(max(0.0, -run.start_equity) for run in runs)
    if prior_loss:
        noted = (*noted, Assumption.of("lost_before"))
    steps = sorted((step for run in runs for step in run.ledger.steps), key=lambda step: step.t)
    rate = scenario.account.counted_rate
    return Waterfall(
        steps=tuple(steps),
        start_equity=free + start + prior_loss,
        prior_loss=prior_loss,
        kept=free + sum(max(0.0, run.ledger.equity) for run in runs),
        fees=rate * sum(step.fee for step in steps),
        slippage=rate * sum(step.slippage for step in steps),
        fund_took=rate * sum(step.fund_loss for step in steps),
        forfeited=rate * sum(step.forfeited for step in steps),
        final=_final(scenario, runs, free).with_marks(path.at(1.0)),
        liquidated=any(run.liquidated for run in runs),
        assumptions=noted,
        t=t,
        equity=equity + free,
        requirement=requirement,
    )


def _alone(scenario: Scenario) -> list[Scenario]:
    """Return each isolated position as an account of its own, its margin the wallet."""
    return [
        replace(
            scenario,
            positions=(position,),
            account=replace(scenario.account, wallet_balance=or_zero(position.posted_margin)),
        )
        for position in scenario.positions
    ]


def _final(scenario: Scenario, runs: Sequence[Unwinding], free: float) -> Scenario:
    if not scenario.account.isolated:
        return runs[0].ledger.scenario
    account = replace(
        scenario.account, wallet_balance=or_zero(free + sum(run.ledger.wallet for run in runs))
    )
    return replace(
        scenario,
        account=account,
        positions=tuple(position for run in runs for position in run.ledger.positions),
    )


def _course(runs: Sequence[Ledger], path: Path, *, alone: bool) -> tuple[Array, Array, Array]:
    """Return points t, equity and requirement, summed over the runs.

    The points are every kink of the path and both sides of every jump. Where the runs are of
    isolated positions (`alone`), none begins below 0.
    """
    kinks = set[float]().union(*(_kinks(run.states, path) for run in runs))
    t = np.array(sorted(kinks | {0.0, 1.0}))
    money = np.zeros((2, len(t), 2))
    for run in runs:
        sides = _both_sides(run.states, path, t)
        sides[0] = beyond_rounding(sides[0], run.zero / ZERO)
        if alone:
            sides[0, 0, 0] = max(0.0, sides[0, 0, 0])
        money += sides
    jumps = np.any(money[:, :, 0] != money[:, :, 1], axis=0)
    shown = np.column_stack([np.ones_like(jumps), jumps]).ravel()
    equity, requirement = money.reshape(2, -1)[:, shown]
    return np.repeat(t, 2)[shown], equity, requirement


def _kinks(states: Sequence[State], path: Path) -> Iterator[float]:
    """Yield where a run's account changes, enters another tier, or sees a price reach 0."""
    ends = [*(state.t for state in states[1:]), 1.0]
    for state, end in zip(states, ends, strict=True):
        yield state.t
        for leg in state.book.legs if end > state.t else ():
            token = state.book.tokens[leg.token]
            if change := path.change(token):
                at = [
                    (floor / leg.size - path.start[token]) / change
                    for floor in (0.0, *leg.floors[1:])
                ]
                yield from (t for t in at if state.t < t < end)


def _both_sides(states: Sequence[State], path: Path, t: Array) -> Array:
    """Return equity and requirement just before and after each t; shape (2, points, 2)."""
    starts = [state.t for state in states]
    before = np.maximum(np.searchsorted(starts, t, side="left") - 1, 0)
    after = np.searchsorted(starts, t, side="right") - 1
    money = np.zeros((2, len(t), 2))
    for index, state in enumerate(states):
        for side, present in enumerate((before == index, after == index)):
            if present.any():
                prices = _prices(path, state.book.tokens, t[present])
                money[0, present, side] = state.equity(prices)
                money[1, present, side] = state.book.requirement(prices)
    return money


def _prices(path: Path, tokens: Sequence[str], t: Array) -> Array:
    """Return the tokens' prices at points of the path; shape (points, tokens)."""
    start = np.array([path.start[token] for token in tokens])
    change = np.array([path.change(token) for token in tokens])
    prices: Array = np.maximum(0.0, start + t[:, None] * change)
    return prices
