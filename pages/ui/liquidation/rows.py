"""What the tables of the Liquidation page say: pure functions, values in, text out."""

from collections.abc import Sequence

from margin import formatting as wording
from margin.engine.numbers import quotient
from margin.studies.liquidation.ledger import STOPS, Money, Step
from margin.studies.liquidation.waterfall import Waterfall
from margin.studies.stress.crash_table import CrashRow
from margin.text.liquidation import PathMove, Runs, does, why

Texts = dict[str, str]


def hardest_day(rows: Sequence[CrashRow]) -> int:
    """Return index of the day whose worst tick costs the account most."""
    return max(range(len(rows)), key=lambda index: rows[index].worst.loss, default=0)


def step_rows(runs: Runs) -> list[Texts]:
    """Return the steps in their order.

    What only some venues have stands where there is any of it.
    """
    steps = runs.result.steps
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
    return {
        runs.point: runs.path.at(step.t),
        "What happens": wording.capital(does(step)),
        "Margin used": f"{_load(step.before)} → {_load(step.after)}",
        "Closed": wording.quantity(step.quantity) if step.quantity else wording.MISSING,
        "Left": wording.quantity(step.remaining) if step.symbol else wording.MISSING,
        "Mark": wording.price(step.mark),
        "Filled at": wording.price(step.fill),
        "Realised": wording.money(step.realised) if step.quantity else wording.MISSING,
        "Fee": _money(step.fee),
        "Slippage": _money(step.slippage),
        "Equity after": wording.money(step.after.equity),
        "Why": why(step, runs.scenario.account.rules.liquidation.relief),
    }


def _load(money: Money) -> str:
    """Return margin used; without equity there is nothing that it could be a part of."""
    if not money.requirement:
        return wording.percent(0.0)
    equity = money.equity if money.equity >= wording.HALF_A_CENT else 0.0
    load = quotient(money.requirement, equity)
    return "no equity left" if load is None else wording.percent(load)


def _money(amount: float) -> str:
    """Return an amount, a dash where there is none."""
    return wording.money(amount) if abs(amount) >= wording.HALF_A_CENT else wording.MISSING


def money_rows(runs: Runs) -> list[Texts]:
    """Return where the money went, and where the venue first acted.

    With stops and without where there are any.
    """
    columns = {"Amount": runs.result}
    if runs.without is not None:
        columns = {"With stops": runs.result, "Without stops": runs.without}
    told = {name: _account_of(found, runs.path) for name, found in columns.items()}
    first = next(iter(told.values()))
    some = [
        line for line in first if any(column[line] != wording.MISSING for column in told.values())
    ]
    return [
        {"What": line, **{name: column[line] for name, column in told.items()}} for line in some
    ]


def _account_of(found: Waterfall, way: PathMove) -> Texts:
    first = found.first_liquidation
    stop = next((step.t for step in found.steps if step.kind in STOPS), None)
    return {
        "At the start": wording.money(found.start_equity),
        "Lost before, beyond margin": _money(0.0 - found.prior_loss),
        "From prices": wording.money(found.from_prices),
        "Fees": wording.money(0.0 - found.fees),
        "Slippage": wording.money(0.0 - found.slippage),
        "Vault kept": _money(0.0 - found.forfeited),
        "Insurance fund bore": wording.money(found.fund_took),
        "Kept": wording.money(found.kept),
        "First liquidation": "none" if first is None else way.label(first),
        "First stop": wording.MISSING if stop is None else way.label(stop),
        "Positions left": str(len(found.final.positions)),
    }
