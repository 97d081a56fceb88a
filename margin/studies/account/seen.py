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


def with_seen(account: Preparable) -> Scenario:
    """Return the scenario with what is seen now.

    Its tables' date becomes the venue's oldest where the venue's tables are all that it uses.
    """
    account = prepare(account)
    scenario, market = account.scenario, account.scenario.market
    as_of = market.tiers_as_of if market.tiers else market.reference.oldest(scenario.tokens)
    return replace(
        scenario, seen=_seen_now(assess(account)), market=replace(market, tiers_as_of=as_of)
    )


def _seen_now(assessment: Assessment) -> Seen:
    return Seen(_within_bounds(assessment.equity), _within_bounds(assessment.margin_ratio.value))


def _within_bounds(value: float | None) -> float | None:
    """Return a figure that a scenario can hold: None for one too large, 0 for one too small."""
    return None if value is None or abs(value) > LARGEST else or_zero(value)


def differences(account: Preparable) -> list[Difference]:
    """Return the figures that the maker saw and that do not reproduce within 1%."""
    account = prepare(account)
    seen = account.scenario.seen
    return [] if seen is None else changed(seen, _seen_now(assess(account)))


def changed(before: Seen, now: Seen) -> list[Difference]:
    """Return the figures that are not the same within 1%, and those that came or went."""
    pairs = [
        Difference("equity", before.equity, now.equity),
        Difference("margin_ratio", before.margin_ratio, now.margin_ratio),
    ]
    return [pair for pair in pairs if not _close(pair.seen, pair.now)]


def _close(before: float | None, now: float | None) -> bool:
    if before is None or now is None:
        return before is now
    return abs(now - before) <= TOLERANCE * max(abs(before), abs(now))
