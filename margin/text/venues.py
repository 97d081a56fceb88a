"""The same account on several exchanges, in sentences.

Who liquidates last, who lacks what, what is assumed.
"""

from collections.abc import Sequence
from math import inf
from typing import NamedTuple

from margin import formatting as wording
from margin.model.scenario import Scenario
from margin.studies.comparison.venues import VenueComparison, VenueLine
from margin.text.phrases import COMMON_MOVE, NOW


def verdict(comparison: VenueComparison) -> str:
    """Return who liquidates last in a joint move, or why nobody is named.

    And who does not know which token.
    """
    first = comparison.lines[0]
    if not first.scenario.positions:
        return "No positions: no venue requires anything."
    whole, lacking = comparison.whole, _lacking(comparison)
    if not whole:
        return f"No venue here knows every token of the account: {lacking}."
    missing = f" {wording.capital(lacking)}." if lacking else ""
    if len(whole) == 1:
        return (
            f"Only {whole[0].name} knows every token, so there is nothing to compare it "
            f"with.{missing}"
        )
    return f"{_common_move(comparison)}{missing}"


def line_name(line: VenueLine) -> str:
    """Return the venue's name, and what is left out: `OKX without FET`."""
    return f"{line.name} without {wording.some(line.left_out)}" if line.left_out else line.name


def _lacking(comparison: VenueComparison) -> str:
    """Return `Bybit and OKX have no tables of FET`: which venue lacks what."""
    lacking: dict[tuple[str, ...], list[str]] = {}
    for line in comparison.lines:
        if line.missing:
            lacking.setdefault(line.missing, []).append(line.name)
    clauses = [
        f"{wording.listing(names)} {'has' if len(names) == 1 else 'have'} no tables of "
        f"{wording.some(missing)}"
        for missing, names in lacking.items()
    ]
    return "; ".join(clauses)


def _common_move(comparison: VenueComparison) -> str:
    whole, falls = comparison.whole, comparison.falls
    isolated = whole[0].scenario.account.isolated
    verb = _LOSES_ONE if isolated else _LIQUIDATES
    ends = [(line.reached(falls=falls), line.name) for line in whole]
    liquidated, alive = (
        [name for end, name in ends if end == 0],
        [name for end, name in ends if end],
    )
    outcome = (
        f"{NOW.capitalize()} "
        f"{'a position is liquidated' if isolated else 'the account is liquidated'} on"
    )
    if not alive:
        return f"{outcome} {wording.listing(liquidated)}."
    if all(end in (0, inf) for end, _ in ends):
        nothing = f"o {COMMON_MOVE} {verb.by_one} on {wording.listing(alive)}."
        return (
            f"{outcome} {wording.listing(liquidated)}; n{nothing}" if liquidated else f"N{nothing}"
        )
    ranking = _ranking(comparison, sorted(ends), verb)
    return f"{ranking}{_nearer_still(comparison, verb)}{_why_nobody(comparison)}"


class _Verb(NamedTuple):
    """What one venue does at the end of a move, and what several do."""

    by_one: str
    by_several: str


_LOSES_ONE = _Verb("liquidates the first position", "lose the first position")
_LIQUIDATES = _Verb("liquidates", "liquidate")


def _ranking(comparison: VenueComparison, ends: Sequence[tuple[float, str]], lost: _Verb) -> str:
    """Return where a joint move liquidates on each venue, and on which last."""
    falls, named = comparison.falls, comparison.last
    direction, ranking = "fall" if falls else "rise", _told(ends, falls=falls)
    if not named:
        return f"A joint {direction} {lost.by_one} {ranking}."
    last = wording.listing(list(named))
    if len(named) == len(ends):
        return (
            f"A joint {direction} {lost.by_one} on {last} alike, {_end(ends[0][0], falls=falls)}."
        )
    verb = lost.by_one if len(named) == 1 else lost.by_several
    return f"In a joint {direction} {last} {verb} last: {ranking}."


def _nearer_still(comparison: VenueComparison, verb: _Verb) -> str:
    """Return the lines on which a joint move the other way liquidates sooner.

    Empty where there are none.
    """
    other = not comparison.falls
    ends = [
        (end, line.name)
        for line in comparison.whole
        if (end := line.reached(falls=other)) < line.reached(falls=comparison.falls)
    ]
    direction, ranking = "fall" if other else "rise", _told(sorted(ends), falls=other)
    return f" A joint {direction} {verb.by_one} sooner, {ranking}." if ends else ""


def _told(ends: Sequence[tuple[float, str]], *, falls: bool) -> str:
    """Return `at −1.23% on Hyperliquid and at −9.47% on Binance`, what reads alike said once."""
    alike: dict[str, list[str]] = {}
    for end, name in ends:
        alike.setdefault(_end(end, falls=falls), []).append(name)
    return wording.listing([f"{end} on {wording.listing(names)}" for end, names in alike.items()])


def _end(end: float, *, falls: bool) -> str:
    if end == inf:
        return "never" if falls else "not up to +1,000%"
    return (
        f"{NOW} already" if end == 0 else f"at {wording.percent(-end if falls else end, sign=True)}"
    )


def _why_nobody(comparison: VenueComparison) -> str:
    """Return why no venue can be named as the last to liquidate; empty where one can."""
    if comparison.comparable:
        return ""
    if comparison.span is None:
        return " Not every table has a date, so none is named as the last to liquidate."
    first, last = comparison.span
    between = (
        f"{first.name}'s of {first.day} and {last.name}'s of {last.day} are {comparison.apart} "
        f"days apart"
    )
    return (
        f" The tables are of different days, {between}: venues change them, so none is named as "
        f"the last to liquidate."
    )


def assumptions(scenario: Scenario, comparison: VenueComparison) -> list[str]:
    """Return what comparing the venues takes for granted, besides each venue's own assumptions."""
    settled = {line.scenario.account.rules.settlement for line in comparison.lines}
    sentences = [
        f"{' and '.join(sorted(settled, reverse=True))} are taken as one dollar each, marks as the "
        f"same everywhere"
    ]
    if scenario.account.settlement_rate != 1:
        rate = wording.rate(scenario.account.settlement_rate)
        sentences.append(
            f"the settlement coin counts at {rate} wherever the venue counts several coins in "
            f"cross margin"
        )
    sentences.append(f"liquidation is looked for in every {COMMON_MOVE}, each token by its beta")
    if scenario.account.taker_fee is not None:
        fee, venue_name = wording.rate(scenario.account.taker_fee), scenario.account.rules.name
        sentences.append(
            f"the taker fee of {fee} that was entered counts on {venue_name} alone, elsewhere the "
            f"venue's own does"
        )
    if custom := sorted(
        set(scenario.market.tiers) & {position.symbol for position in scenario.positions}
    ):
        kind = "by contracts" if scenario.account.rules.flat_tiers else "by notional"
        tables = f"the scenario's own tier tables ({wording.some(custom)}) replace the venue's"
        sentences.append(f"{tables} wherever tiers are read {kind}, and nowhere else")
    if scenario.account.collateral:
        sentences.append("collateral counts only where the venue counts it, at the same ratio")
    sentences += [
        f"{line_name(line.without)}: those positions are left out with their margin, profit "
        f"and loss"
        for line in comparison.lines
        if line.without
    ]
    return sentences


def venue_change(before: Scenario, after: Scenario) -> str:
    """Return what another venue changes, in one paragraph."""
    old, new = before.account.rules, after.account.rules
    dates = [scenario.market.reference.oldest(scenario.tokens) for scenario in (before, after)]
    tiers = "one maintenance fraction" if new.own_fraction else f"tiers as of {dates[1]}"
    was = "one maintenance fraction" if old.own_fraction else f"as of {dates[0]}"
    kind = ", read by contracts, one rate for the whole size" if new.flat_tiers else ""
    parts = [f"{old.name} → {new.name}: {tiers}{kind} (before: {was})"]
    now, former = (
        f"{wording.rate(each.account.fee)}, {_whose_fee(each)}" for each in (after, before)
    )
    parts.append(f"taker fee {now} (before: {former})")
    at = wording.percent(new.ratio.at_level(1.0, after.account.margin_fraction))
    parts.append(f"the venue's ratio {new.ratio.direction} and liquidates at {at}")
    missing = [
        token
        for token in {p.symbol: 0 for p in after.positions}
        if not new.own_fraction and not after.market.table(token)
    ]
    if missing:
        parts.append(f"no tier table for {wording.listing(missing)} there")
    if before.market.tiers and not after.market.tiers:
        parts.append("the scenario's own tier tables are of another kind and were left out")
    return "; ".join(parts) + "."


def _whose_fee(scenario: Scenario) -> str:
    return "the venue's" if scenario.account.taker_fee is None else "your own"
