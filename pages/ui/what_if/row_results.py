"""What stands in the rows of the positions table beside what is typed: results and faults.

Pure functions, results in, text out.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from margin import formatting
from margin.facts import Problem
from margin.market.price_moves import DailyFunding
from margin.messages import message
from margin.model.prepared import PreparedAccount
from margin.studies.account.assess import Assessment, PositionFigures, assess
from margin.studies.account.measurable import measurable_part
from margin.studies.distance.distances import LiquidationPrice, away
from margin.studies.stress.shocks import funding_payment
from margin.text.prices import short_none
from pages.ui.what_if.typed_rows import ReadRow

REPAIRS = {
    "leverage_above_cap": ("lower", "Lower to {cap:g}×"),
    "no_tiers": ("remove", "Remove {symbol} {side}"),
}
"""By the code of a position's problem: the repair, and what its button says."""


def results_by_row(
    read: Sequence[ReadRow], account: PreparedAccount, funding: Mapping[str, DailyFunding]
) -> dict[str, dict[str, Any]]:
    """Return by row its figures as text, and by what they sort.

    Liquidation prices are those of the part that can be measured.
    """
    scenario, measured = account.scenario, assess(measurable_part(account))
    figures = {(position.symbol, position.side): position for position in assess(account).positions}
    prices = {(price.symbol, price.side): price for price in measured.liquidation_prices}
    results = {}
    for row in read:
        position = row.position
        if position is None or (position.symbol, position.side) not in figures:
            continue
        own = figures[position.symbol, position.side]
        side = position.side if scenario.account.isolated else None
        mark = scenario.market.marks[position.symbol]
        paid = funding.get(position.symbol)
        cost = None if paid is None else funding_payment(position, mark, paid.rate)
        result = _result(own, prices.get((position.symbol, side)), mark, cost)
        moved = scenario.market.baseline_mark(position.symbol) != mark
        results[row.typed.key] = {**result, "moved": f"→ {formatting.price(mark)}" if moved else ""}
    return results


def _result(
    figures: PositionFigures, price: LiquidationPrice | None, mark: float, cost: float | None
) -> dict[str, Any]:
    nearest = _nearest(price, mark)
    distance = None if nearest is None else away(nearest, mark)
    earned = None if cost is None else -cost
    profit = figures.unrealised_pnl
    return {
        "value": formatting.money(figures.notional),
        "pnl": formatting.money(profit, sign=True),
        "maintenance": formatting.money(figures.maintenance_margin),
        "liquidation": formatting.price(nearest) if nearest is not None else short_none(price),
        "distance": formatting.percent(distance, sign=True) if distance is not None else "",
        "funding": formatting.money(earned, sign=True),
        "reach": _reach(price, distance),
        "tone": {"pnl": _tone(profit), "funding": _tone(earned)},
        "order": {
            "value": figures.notional,
            "pnl": profit,
            "maintenance": figures.maintenance_margin,
            "liquidation": nearest,
            "distance": None if distance is None else abs(distance),
            "funding": earned,
        },
    }


def _reach(price: LiquidationPrice | None, distance: float | None) -> float:
    """Return how far off liquidation is, as the length of a bar: full where there is none."""
    if distance is not None:
        return min(1.0, abs(distance))
    reasons = set() if price is None else {price.reason_below, price.reason_above}
    return 1.0 if reasons & {"covered", "gains", "flat"} else 0.0


def _nearest(price: LiquidationPrice | None, mark: float) -> float | None:
    if price is None:
        return None
    known = [point for point in (price.below, price.above) if point is not None]
    return min(known, key=lambda point: abs(point - mark), default=None)


def _tone(money: float | None) -> str:
    if money is None or abs(money) < formatting.HALF_A_CENT:
        return ""
    return "gain" if money > 0 else "loss"


def faults_by_row(read: Sequence[ReadRow], assessment: Assessment) -> dict[str, dict[str, Any]]:
    """Return by row what is wrong with it, with the repair at hand where there is one."""
    problems = {(each.symbol, each.side): each for each in assessment.positions}
    faults: dict[str, dict[str, Any]] = {}
    for row in read:
        if row.fault is not None:
            faults[row.typed.key] = {**row.fault._asdict(), "repairs": _merge(row.same_as)}
        elif row.position is not None:
            figures = problems.get((row.position.symbol, row.position.side))
            if figures is not None and figures.problems:
                faults[row.typed.key] = _problem(figures)
    return faults


def _merge(same_as: int | None) -> list[list[str]]:
    return [] if same_as is None else [["merge", f"Merge into row {same_as + 1}"]]


def _problem(figures: PositionFigures) -> dict[str, Any]:
    """Return what the venue would refuse or warn of."""
    sentences = [formatting.capital(f"{message(problem)}.") for problem in figures.problems]
    repairs = [_repair(problem, figures) for problem in figures.problems if problem.code in REPAIRS]
    refused = any(problem.severity == "error" for problem in figures.problems)
    field = (
        "leverage" if any(each.code == "leverage_above_cap" for each in figures.problems) else ""
    )
    return {"field": field, "text": " ".join(sentences), "quiet": not refused, "repairs": repairs}


def _repair(problem: Problem, figures: PositionFigures) -> list[str]:
    name, label = REPAIRS[problem.code]
    cap = figures.max_leverage or 0.0
    return [name, label.format(cap=cap, symbol=figures.symbol, side=figures.side)]
