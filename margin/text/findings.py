"""Sentences that several charts and pages share, and the few facts they rest on."""

from margin import formatting as wording
from margin.model.prepared import Preparable, prepare
from margin.model.scenario import Scenario
from margin.studies.account.assess import assess
from margin.studies.account.measurable import unknown_tokens
from margin.text.phrases import LIQUIDATED_NOW
from margin.text.verdict import at_liquidation_point

MOST_NAMED = 4
"""Names that a chart's title has room for."""


def standing(account: Preparable) -> str | None:
    """Return what is to be said before any distance: a table is missing, or it is too late.

    None where all is well.
    """
    account = prepare(account)
    scenario, assessment = account.scenario, assess(account)
    if unknown := unknown_tokens(account):
        few = (
            list(unknown)
            if len(unknown) <= MOST_NAMED
            else [*unknown[: MOST_NAMED - 1], f"{len(unknown) - MOST_NAMED + 1} more"]
        )
        return (
            f"Not known: {scenario.account.rules.name} has no tier table for {wording.listing(few)}"
        )
    if not assessment.liquidated:
        return None
    if isolated(scenario):
        liquidated = [f"{row.symbol} {row.side}" for row in assessment.positions if row.liquidated]
        if len(liquidated) == 1:
            return f"{liquidated[0]} is {LIQUIDATED_NOW}"
        return f"{len(liquidated)} positions are {LIQUIDATED_NOW}"
    return (
        "At the liquidation point" if at_liquidation_point(account) else LIQUIDATED_NOW.capitalize()
    )


def isolated(scenario: Scenario) -> bool:
    """Return whether each position stands alone."""
    return scenario.account.isolated


def distance(move: float) -> str:
    """Return the size of a move: `9.47%`, and never a 0 where there is a little."""
    return "less than 0.01%" if 0 < abs(move) < 0.00005 else wording.percent(abs(move))
