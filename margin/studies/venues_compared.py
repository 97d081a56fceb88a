"""The same account on one venue after the other: the same positions, wallet and marks under each venue's own rules.

Reference tables are handed in. Where a venue does not know a token, its figures are not known either; the account
without that token then stands in a line of its own. Figures of tables more than `FAR_APART` days apart show what venues
ask at different times, not which asks less: then nobody is named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import inf
from typing import NamedTuple

from margin import wording
from margin.scenario import Scenario
from margin.studies.assess import Assessment, assess
from margin.studies.mode_words import some
from margin.venues import VenueTables

FAR_APART = 30
"""Days between tables from which on no venue is named as the safer one."""
SAME = 1e-9
"""Moves closer than this are one."""
COMPARED = ("binance", "bybit", "okx", "hyperliquid")


def at_venue(scenario: Scenario, venue: str) -> Scenario:
    """The scenario under another venue's rules, at its fee: a fee of one's own is what the venue before charges.

    Tables of one's own go where they are of the wrong kind.
    """
    if venue == scenario.account.venue:
        return scenario
    account = replace(scenario.account, venue=venue, taker_fee=None)
    market = scenario.market
    if account.rules.flat_tiers != scenario.account.rules.flat_tiers:
        market = replace(market, tiers={})
    return replace(scenario, account=account, market=replace(market, tiers_as_of=None))


@dataclass(frozen=True, slots=True)
class VenueLine:
    """The account on one venue. `missing` are the tokens of positions that it has no tables for.

    `days` are the days of the tables used, ISO dates, the oldest first, with their tokens; `undated` are tokens whose
    table has no day. `without` is the account without the positions in missing tokens, None where there are none or
    nothing would be left; there `left_out` names those tokens.
    """

    scenario: Scenario
    account: Assessment
    missing: tuple[str, ...]
    days: Mapping[str, Sequence[str]]
    undated: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    without: "VenueLine | None" = None

    @property
    def venue(self) -> str:
        """The venue's key."""
        return self.scenario.account.venue

    @property
    def name(self) -> str:
        """The venue's name."""
        return self.scenario.account.rules.name

    @property
    def label(self) -> str:
        """The venue's name, and what is left out: `OKX without FET`."""
        return f"{self.name} without {some(self.left_out)}" if self.left_out else self.name

    def reached(self, *, falls: bool) -> float:
        """How large a common fall or rise liquidates: 0 where that is so already, infinite where none does."""
        if self.account.liquidated:
            return 0.0
        move = self.account.joint_move.down if falls else self.account.joint_move.up
        return inf if move is None else abs(move)


class Dated(NamedTuple):
    """A venue's table of a day, an ISO date."""

    day: str
    name: str


@dataclass(frozen=True, slots=True)
class VenueComparison:
    """One line per venue, in the order of `COMPARED`; `whole` are those that know every token of a position."""

    lines: tuple[VenueLine, ...]

    @property
    def whole(self) -> tuple[VenueLine, ...]:
        """The lines that can be compared: the same account, every figure known."""
        return tuple(line for line in self.lines if not line.missing)

    @property
    def span(self) -> tuple[Dated, Dated] | None:
        """The oldest and the newest table of the whole lines; None where one of them has no day."""
        dated = [Dated(day, line.name) for line in self.whole for day in line.days]
        if not dated or any(line.undated for line in self.whole):
            return None
        return min(dated), max(dated)

    @property
    def apart(self) -> int | None:
        """Days between the oldest and the newest table of the whole lines; None where one of them has no day."""
        if self.span is None:
            return None
        first, last = (date.fromisoformat(each.day) for each in self.span)
        return (last - first).days

    @property
    def falls(self) -> bool:
        """Whether some whole line is liquidated by a common fall: then falls are compared, else rises."""
        return any(line.reached(falls=True) < inf for line in self.whole)

    @property
    def last(self) -> tuple[str, ...]:
        """The venues that liquidate last in a common move (by rounding the same: all of them), by name.

        Nobody where there are not two to compare, or where their tables are too far apart, or of unknown days.
        """
        if len(self.whole) < 2 or self.apart is None or self.apart > FAR_APART:
            return ()
        ends = {line.name: line.reached(falls=self.falls) for line in self.whole}
        furthest = max(ends.values())
        return tuple(name for name, end in ends.items() if end == furthest or furthest - end <= SAME)


def venues_compared(scenario: Scenario, tables: Mapping[str, VenueTables]) -> VenueComparison:
    """The account on every venue of `COMPARED`, each beside its own reference tables."""
    return VenueComparison(tuple(_line(at_venue(scenario, venue).with_tables(tables[venue])) for venue in COMPARED))


def _line(scenario: Scenario, left_out: tuple[str, ...] = ()) -> VenueLine:
    account = assess(scenario)
    unknown = [figures.symbol for figures in account.positions if figures.maintenance_margin is None]
    missing = tuple(dict.fromkeys(unknown))
    kept = tuple(position for position in scenario.positions if position.symbol not in missing)
    used = dict.fromkeys(position.symbol for position in kept)
    days, undated = _days(scenario, list(used))
    without = _line(replace(scenario, positions=kept), missing) if missing and kept else None
    return VenueLine(scenario, account, missing, days, undated, left_out, without)


def _days(scenario: Scenario, tokens: Sequence[str]) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    """The tables of these tokens by their day, and the tokens whose table has none."""
    market = scenario.market
    own = [token for token in tokens if token in market.tiers]
    days = market.reference.days(set(tokens) - set(own))
    if market.tiers_as_of and own:
        days[market.tiers_as_of] = [*days.get(market.tiers_as_of, []), *own]
    dated = {token for held in days.values() for token in held}
    return dict(sorted(days.items())), tuple(token for token in tokens if token not in dated)


# In words


def verdict(comparison: VenueComparison) -> str:
    """Who liquidates last in a common move, or why nobody is named; and who does not know which token."""
    first = comparison.lines[0]
    if not first.scenario.positions:
        return "No positions: no venue requires anything."
    whole, lacking = comparison.whole, _lacking(comparison)
    if not whole:
        return f"No venue here knows every token of the account: {lacking}."
    missing = f" {lacking[0].upper()}{lacking[1:]}." if lacking else ""
    if len(whole) == 1:
        return f"Only {whole[0].name} knows every token, so there is nothing to compare it with.{missing}"
    return f"{_common_move(comparison)}{missing}"


def _lacking(comparison: VenueComparison) -> str:
    """`Bybit and OKX have no tables of FET`: which venue lacks what."""
    lacking: dict[tuple[str, ...], list[str]] = {}
    for line in comparison.lines:
        if line.missing:
            lacking.setdefault(line.missing, []).append(line.name)
    clauses = [
        f"{wording.listing(names)} {'has' if len(names) == 1 else 'have'} no tables of {some(missing)}"
        for missing, names in lacking.items()
    ]
    return "; ".join(clauses)


def _common_move(comparison: VenueComparison) -> str:
    whole, falls = comparison.whole, comparison.falls
    isolated, names = whole[0].scenario.account.isolated, [line.name for line in whole]
    lost = "loses the first position" if isolated else "liquidates"
    ends = sorted((line.reached(falls=falls), line.name) for line in whole)
    if ends[0][0] == inf:
        return f"No common move from −100 % to +1,000 % {lost} on {wording.listing(names)}."
    if ends[-1][0] == 0:
        gone = "a position is lost" if isolated else "the account is liquidated"
        return f"At these marks {gone} on {wording.listing(names)}."
    way, told = "fall" if falls else "rise", _told(ends, falls=falls)
    if not comparison.last:
        return f"A common {way} {lost} {told}. {_why_nobody(comparison)}"
    last = wording.listing(list(comparison.last))
    if len(comparison.last) == len(whole):
        return f"A common {way} {lost} on {last} alike, {_end(ends[0][0], falls=falls)}."
    verb = lost if len(comparison.last) == 1 else lost.replace("loses", "lose").replace("liquidates", "liquidate")
    return f"In a common {way} {last} {verb} last: {told}."


def _told(ends: Sequence[tuple[float, str]], *, falls: bool) -> str:
    """`at −1.23 % on Hyperliquid and at −9.47 % on Binance`, what reads alike said once."""
    alike: dict[str, list[str]] = {}
    for end, name in ends:
        alike.setdefault(_end(end, falls=falls), []).append(name)
    return wording.listing([f"{end} on {wording.listing(names)}" for end, names in alike.items()])


def _end(end: float, *, falls: bool) -> str:
    if end == inf:
        return "never"
    return "at these marks already" if end == 0 else f"at {wording.percent(-end if falls else end, sign=True)}"


def _why_nobody(comparison: VenueComparison) -> str:
    """Why no venue is named as the last to liquidate; empty where one is, or where there are not two."""
    if comparison.last or len(comparison.whole) < 2:
        return ""
    if comparison.span is None:
        return "Not every table has a date, so none is named as the last to liquidate."
    first, last = comparison.span
    between = f"{first.name}'s of {first.day} and {last.name}'s of {last.day} are {comparison.apart} days apart"
    return (
        f"The tables are of different days, {between}: venues change them, so none is named as the last to liquidate."
    )


def assumptions(scenario: Scenario, comparison: VenueComparison) -> list[str]:
    """What comparing the venues takes for granted, besides each venue's own assumptions."""
    settled = {line.scenario.account.rules.settlement for line in comparison.lines}
    said = [f"{' and '.join(sorted(settled, reverse=True))} are taken as one dollar each, marks as the same everywhere"]
    if scenario.account.taker_fee is not None:
        fee, here = wording.rate(scenario.account.taker_fee), scenario.account.rules.name
        said.append(f"the taker fee of {fee} that was entered counts on {here} alone, elsewhere the venue's own does")
    if own := sorted(set(scenario.market.tiers) & {position.symbol for position in scenario.positions}):
        kind = "by contracts" if scenario.account.rules.flat_tiers else "by notional"
        tables = f"the scenario's own tier tables ({some(own)}) stand in for the venue's wherever tiers are read {kind}"
        said.append(f"{tables}, and nowhere else")
    if scenario.account.collateral:
        said.append("collateral counts only where the venue counts it, at the same ratio")
    said += [
        f"{line.without.label}: those positions are left out with their margin, profit and loss"
        for line in comparison.lines
        if line.without
    ]
    return said
