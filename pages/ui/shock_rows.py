"""What the Rules-and-combined section asks and says: its cells, its table, its sentences. Pure functions."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from margin import wording
from margin.market.moves import Paid
from margin.scenario import Scenario
from margin.shocks import Shocks
from margin.studies.assess import Assessment
from margin.studies.crash_table import CrashRow
from margin.studies.distances import nearest
from margin.studies.outcome import Outcome
from margin.studies.shocks import Part

LONG = 3_650.0
"""Days beyond which an account is said to last for years."""
DECIMALS = 10
"""What a record of prices is good for."""
SOURCES = 4
"""Sources of rates that are named one by one."""
Texts = dict[str, str]


class Cell(NamedTuple):
    """An input of the shocks: the field it fills, and by how much a person's figure is larger than the field's."""

    field: str
    label: str
    factor: float
    step: float
    meaning: str

    def shown(self, shocks: Shocks, token: str) -> float | None:
        """What is supposed of a token, as a person reads it."""
        value: float | None = getattr(shocks, self.field).get(token)
        return None if value is None else value * self.factor

    def exact(self, start: Shocks, token: str, typed: float) -> float:
        """What a person's figure means: as long as nobody changes it, exactly what stood there."""
        value: float | None = getattr(start, self.field).get(token)
        return value if value is not None and value * self.factor == typed else typed / self.factor


NUMBERS = (
    Cell("common", "Common move, %", 100, 5.0, "every token by its beta, −100 to 1000 %"),
    Cell("maintenance", "Maintenance ×", 1, 0.25, "every maintenance rate times this, 0 to 10"),
    Cell("leverage_cap", "Leverage caps ×", 1, 0.1, "the venue's leverage caps times this, above 0 and up to 1"),
    Cell("haircut", "Haircut, %", 100, 5.0, "the part by which every collateral ratio is cut, 0 to 100 %"),
    Cell("days", "Days", 1, 1.0, "how long funding and interest run, 0 to 365 days"),
    Cell("interest", "Interest a year, %", 100, 5.0, "on a wallet that owes, 0 to 1000 %"),
)
CELLS = (
    Cell("moves", "Price move, %", 100, 5.0, "its own price change in place of the common move, −100 to 1000 %"),
    Cell("maintenance_by_token", "Maintenance ×", 1, 0.25, "its own multiplier in place of the one for all, 0 to 10"),
    Cell("funding", "Funding a day, %", 100, 0.01, "what a long pays a short per day, −100 to 100 % of the notional"),
)


def ticks(row: CrashRow, scenario: Scenario) -> dict[str, float]:
    """The worst tick of a day as price changes by token."""
    marks = scenario.market.marks
    prices = row.worst.prices.items()
    return {token: round(price / marks[token] - 1, DECIMALS) for token, price in prices if marks[token] > 0}


def part_rows(parts: Sequence[Part], scenario: Scenario) -> list[Texts]:
    """Per part what the account comes to."""
    return [
        {
            "Supposed": part.name,
            "Margin balance": wording.money(part.outcome.remaining),
            "Requirement": wording.money(part.outcome.requirement),
            "Requirement ÷ equity": _load(part.outcome),
            "Headroom": wording.money(part.outcome.headroom),
            "Outcome": state(part.outcome, scenario),
            "Above the leverage cap": ", ".join(part.above_cap) or wording.MISSING,
        }
        for part in (parts if len(parts) > 2 else parts[:1])
    ]


def _load(outcome: Outcome) -> str:
    if outcome.requirement_to_equity is None and outcome.requirement:
        return "no equity left"
    return wording.percent(outcome.requirement_to_equity)


def state(outcome: Outcome, scenario: Scenario) -> str:
    """How the account stands, in words."""
    if outcome.positions_lost:
        return f"{outcome.positions_lost} of {len(scenario.positions)} positions lost"
    if outcome.liquidated is None:
        return "not known"
    if outcome.liquidated:
        return "liquidated on the way" if _ends_above(outcome) else "liquidated"
    load, levels = outcome.requirement_to_equity, scenario.levels
    if load is None or load < levels.warning:
        return "below warning"
    return "danger level" if load >= levels.danger else "warning level"


def _ends_above(outcome: Outcome) -> bool:
    """Whether what the prices liquidate on their way would stand again at their end, under the other rules."""
    return outcome.headroom is not None and outcome.headroom > 0


def sentence(parts: Sequence[Part], now: Assessment, then: Assessment, scenario: Scenario) -> str:
    """What all together comes to, against today."""
    before, together = parts[0].outcome, parts[-1].outcome
    if len(parts) == 2:
        return "Nothing is supposed yet: fill in what may go wrong, or take a named day's prices."
    if together.liquidated and before.liquidated:
        return "The account is liquidated today already."
    money = f"margin balance {wording.money(before.remaining)} → {wording.money(together.remaining)}"
    if together.positions_lost:
        return f"All together: {state(together, scenario)}, {money}."
    if together.liquidated:
        way = " on the way, before the other rules are in force" if _ends_above(together) else ""
        required = wording.money(together.requirement)
        return f"All together liquidates the account{way}: {money}, requirement {required}."
    loads = [wording.percent(outcome.requirement_to_equity) for outcome in (before, together)]
    moves = [nearest(account.joint_move) for account in (now, then)]
    falls = [wording.MISSING if move is None else wording.percent(move, sign=True) for move in moves]
    return (
        f"All together: {state(together, scenario)}, {money}, requirement ÷ equity {' → '.join(loads)}, nearest common "
        f"move to liquidation {' → '.join(falls)}."
    )


def lasting(account: Assessment, days: float | None, present: Mapping[str, Paid] | None, *, isolated: bool) -> str:
    """How long the account lasts with prices still; `present` says where rates are from, None: they are supposed."""
    if account.headroom is None:
        return "not known, for want of a tier table: how long the account would last on its funding"
    if present is not None and not present:
        return "no funding rate of these tokens is known"
    known = (
        "the funding and interest supposed" if present is None else f"the present rate, as known ({sources(present)})"
    )
    who = "the first position is lost" if isolated else "liquidation"
    if days is None:
        return f"at {known}, with prices still, nothing is lost: on balance the account is paid, or pays nothing"
    if days > LONG:
        return f"at {known}, with prices still, it is more than ten years until {who}"
    return f"at {known}, with prices still, it is {days:,.1f} days until {who}"


def sources(rates: Mapping[str, Paid]) -> str:
    """The rates a day, each with where it is from."""
    told = [f"{token} {wording.rate(paid.a_day)} a day, {paid.source}" for token, paid in rates.items()]
    more = [f"{len(told) - SOURCES} more"] if len(told) > SOURCES else []
    return "; ".join([*told[:SOURCES], *more])
