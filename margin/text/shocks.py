"""What supposed shocks do to the account, in words, and how long it lasts on its funding."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from margin import formatting as wording
from margin.market.price_moves import DailyFunding
from margin.model.scenario import Scenario
from margin.studies.account.assess import Assessment
from margin.studies.stress.outcome import Outcome
from margin.studies.stress.shocks import ShockKey, ShockResult

LONG = 3_650.0
"""Days beyond which an account is said to last for years."""
WHOLE_DAYS = 100.0
"""Days from which on they are told without decimals."""
LEAST_DAYS = 0.05
"""Days below this would be told as 0."""
SOURCES = 4
"""Sources of rates that are named one by one."""
PARTS: Mapping[ShockKey, str] = {
    "before": "Before",
    "prices": "Prices",
    "maintenance": "Maintenance rates",
    "leverage_cap": "Leverage caps",
    "haircut": "Collateral haircut",
    "funding": "Funding",
    "interest": "Interest",
    "together": "All together",
}
"""What is supposed, as a row is named."""


def state(outcome: Outcome, scenario: Scenario) -> str:
    """Return how the account stands, in words."""
    if outcome.positions_liquidated:
        return f"{outcome.positions_liquidated} of {len(scenario.positions)} positions lost"
    if outcome.liquidated is None:
        return "not known"
    if outcome.liquidated:
        return "liquidated on the way" if _ends_above(outcome) else "liquidated"
    level = scenario.levels.reached(outcome.requirement_to_equity)
    return f"{level} level" if level else "safe"


def _ends_above(outcome: Outcome) -> bool:
    """Return whether what prices liquidate would be sound at their end.

    Under the other rules.
    """
    return outcome.headroom is not None and outcome.headroom > 0


def sentence(parts: Sequence[ShockResult], scenario: Scenario) -> str:
    """Return what all together comes to, against today."""
    before, together = parts[0].outcome, parts[-1].outcome
    if len(parts) == 2:
        return "Set a stress, or load a past crash."
    money = (
        f"margin balance {wording.money(before.remaining)} → {wording.money(together.remaining)}"
    )
    if together.requirement is None:
        outcome = (
            f"at least {state(together, scenario)}"
            if together.positions_liquidated
            else "the account is liquidated"
        )
        head = f"{outcome}, " if together.liquidated else ""
        return (
            f"All together: {head}{money}; what is required is not known, for want of a tier table."
        )
    if together.positions_liquidated:
        count = before.positions_liquidated
        already = f" ({count} today already)" if count else ""
        return f"All together: {state(together, scenario)}{already}, {money}."
    if together.liquidated and before.liquidated:
        return "The account is liquidated today already."
    if together.liquidated:
        suffix = " on the way, before the other rules are in force" if _ends_above(together) else ""
        required = wording.money(together.requirement)
        return f"All together liquidates the account{suffix}: {money}, requirement {required}."
    loads = [wording.percent(outcome.requirement_to_equity) for outcome in (before, together)]
    moves = [parts[0].nearest, parts[-1].nearest]
    falls = ["none" if move is None else wording.percent(move, sign=True) for move in moves]
    return (
        f"All together: {state(together, scenario)}, {money}, margin used "
        f"{' → '.join(loads)}, nearest joint "
        f"move to liquidation {' → '.join(falls)}."
    )


class Lasting(NamedTuple):
    """How long the headroom lasts, None where nothing is lost, and the cost of a day.

    Negative where it is earned.
    """

    days: float | None
    a_day: float


def lasting(assessment: Assessment, result: Lasting, rates: str, *, isolated: bool) -> str:
    """Return how long the account lasts with prices still.

    `rates` says what it pays, empty where that is not known.
    """
    if assessment.headroom is None:
        return "not known, for want of a tier table: how long the account would last on its funding"
    if assessment.liquidated:
        return (
            f"{'a position is liquidated' if isolated else 'the account is liquidated'} already, "
            f"whatever it would pay"
        )
    if not rates:
        return "no funding rate of these tokens is known"
    at = f"at {rates}, with prices still"
    if result.days is None:
        return f"{at}, nothing is lost: on balance the account {_paid(result.a_day)}"
    who = "the first position is liquidated" if isolated else "liquidation"
    return f"{at}, it is {_days(result.days)} until {who}"


def _paid(a_day: float) -> str:
    """Return what a day brings to an account that loses nothing."""
    return (
        f"is paid {wording.money(-a_day)} a day" if a_day < -wording.HALF_A_CENT else "pays nothing"
    )


def _days(days: float) -> str:
    if days > LONG:
        return "more than ten years"
    if days < LEAST_DAYS:
        return "less than 0.1 days"
    return f"{days:,.{0 if days >= WHOLE_DAYS else 1}f} days"


def present_rates(
    rates: Mapping[str, DailyFunding], recorded: Mapping[str, str], venue: str
) -> str:
    """Return what an account on `venue`, empty for none, pays now.

    `recorded`: by token the venue whose recorded median it is.

    Every rate is told with its source; empty where there is none.
    """
    if not rates:
        return ""
    venues = list(dict.fromkeys(recorded.values()))
    other = f", not on {venue}" if venue and venue not in venues else ""
    median = f"the median rate recorded on {wording.listing(venues)}{other}"
    period = "the present rate" if len(recorded) < len(rates) else ""
    which = f"{period}, and where none is told {median}" if period and venues else period or median
    return f"{which} ({sources(rates)})"


def sources(rates: Mapping[str, DailyFunding]) -> str:
    """Return the rates a day, each with where it is from."""
    payments = [f"{token} {_rate(paid.rate)} a day, {paid.source}" for token, paid in rates.items()]
    more = [f"{len(payments) - SOURCES} more"] if len(payments) > SOURCES else []
    return "; ".join([*payments[:SOURCES], *more])


def _rate(a_day: float) -> str:
    """Return a rate to three significant digits."""
    return wording.rate(float(f"{a_day:.3g}"))
