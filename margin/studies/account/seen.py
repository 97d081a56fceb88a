"""What the maker of a link saw, and whether its receiver still sees it."""

from dataclasses import replace
from typing import Literal, NamedTuple

from margin.errors import LARGEST, or_zero
from margin.model.prepared import Preparable, prepare
from margin.model.scenario import Scenario, Seen
from margin.studies.account.assess import Assessment, assess

TOLERANCE = 0.01
"""Figures that differ by more than this part are told to the receiver."""


class Difference(NamedTuple):
    """One figure that no longer reproduces: its key, what the maker saw, what is computed now."""

    figure: Literal["equity", "margin_ratio"]
    seen: float | None
    now: float | None


def with_seen(account: Preparable, assessment: Assessment | None = None) -> Scenario:
    """Return the scenario with what is seen now, and its venue tables' oldest date where they are all that it uses."""
    account = prepare(account)
    assessment, scenario = assessment or assess(account), account.scenario
    market = scenario.market
    as_of = market.tiers_as_of if market.tiers else market.reference.oldest(scenario.tokens)
    seen = Seen(_sayable(assessment.equity), _sayable(assessment.margin_ratio.value))
    return replace(scenario, seen=seen, market=replace(market, tiers_as_of=as_of))


def _sayable(value: float | None) -> float | None:
    """Return a figure too large for a scenario is left unsaid, one too small is 0."""
    return None if value is None or abs(value) > LARGEST else or_zero(value)


def differences(scenario: Scenario, assessment: Assessment) -> list[Difference]:
    """Return the figures that the maker of the scenario saw and that are not reproduced within 1%."""
    if scenario.seen is None:
        return []
    pairs = [
        Difference("equity", scenario.seen.equity, assessment.equity),
        Difference("margin_ratio", scenario.seen.margin_ratio, assessment.margin_ratio.value),
    ]
    return [pair for pair in pairs if not _close(pair.seen, pair.now)]


def _close(seen: float | None, now: float | None) -> bool:
    if seen is None or now is None:
        return seen is now
    return abs(now - seen) <= TOLERANCE * max(abs(seen), abs(now))
