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
from margin.studies.mode_words import COMMON_MOVE, some
from margin.venues import VenueTables

FAR_APART = 30
"""With tables more days apart than this no venue is named as the safer one."""
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
    def comparable(self) -> bool:
        """Whether there are two whole lines or more, and their tables near enough in time to name one."""
        return len(self.whole) > 1 and self.apart is not None and self.apart <= FAR_APART

    @property
    def falls(self) -> bool:
        """Whether falls are compared, or rises: whichever is nearest to liquidating on any whole line that lives."""
        return min(self._ahead(falls=True), default=inf) <= min(self._ahead(falls=False), default=inf)

    def _ahead(self, *, falls: bool) -> list[float]:
        """How large the common moves one way are that still lie before a liquidation, line by line."""
        return [end for line in self.whole if 0 < (end := line.reached(falls=falls)) < inf]

    @property
    def last(self) -> tuple[str, ...]:
        """The venues that liquidate last in the common move compared (all whose moves read the same), by name.

        Nobody where they are not comparable, where the move does not liquidate on some venue at all, and where every
        account is liquidated already.
        """
        if not self.comparable:
            return ()
        ends = {line.name: line.reached(falls=self.falls) for line in self.whole}
        furthest = max(ends.values())
        if furthest in (0, inf):
            return ()
        return tuple(name for name, end in ends.items() if end and wording.percent(end) == wording.percent(furthest))


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
    isolated = whole[0].scenario.account.isolated
    lost = "loses the first position" if isolated else "liquidates"
    ends = [(line.reached(falls=falls), line.name) for line in whole]
    dead, alive = [name for end, name in ends if end == 0], [name for end, name in ends if end]
    gone = f"At these marks {'a position is lost' if isolated else 'the account is liquidated'} on"
    if not alive:
        return f"{gone} {wording.listing(dead)}."
    if all(end in (0, inf) for end, _ in ends):
        nothing = f"no {COMMON_MOVE} {lost} on {wording.listing(alive)}."
        return f"{gone} {wording.listing(dead)}; {nothing}" if dead else f"N{nothing[1:]}"
    return f"{_ranking(comparison, sorted(ends), lost)}{_nearer_still(comparison, lost)}{_why_nobody(comparison)}"


def _ranking(comparison: VenueComparison, ends: Sequence[tuple[float, str]], lost: str) -> str:
    """Where a common move liquidates on each venue, and on which last."""
    falls, named = comparison.falls, comparison.last
    way, told = "fall" if falls else "rise", _told(ends, falls=falls)
    if not named:
        return f"A common {way} {lost} {told}."
    last = wording.listing(list(named))
    if len(named) == len(ends):
        return f"A common {way} {lost} on {last} alike, {_end(ends[0][0], falls=falls)}."
    verb = lost if len(named) == 1 else lost.replace("loses", "lose").replace("liquidates", "liquidate")
    return f"In a common {way} {last} {verb} last: {told}."


def _nearer_still(comparison: VenueComparison, lost: str) -> str:
    """The lines on which a common move the other way liquidates sooner; empty where there are none."""
    other = not comparison.falls
    ends = [
        (end, line.name)
        for line in comparison.whole
        if (end := line.reached(falls=other)) < line.reached(falls=comparison.falls)
    ]
    way, told = "fall" if other else "rise", _told(sorted(ends), falls=other)
    return f" A common {way} {lost} sooner, {told}." if ends else ""


def _told(ends: Sequence[tuple[float, str]], *, falls: bool) -> str:
    """`at −1.23 % on Hyperliquid and at −9.47 % on Binance`, what reads alike said once."""
    alike: dict[str, list[str]] = {}
    for end, name in ends:
        alike.setdefault(_end(end, falls=falls), []).append(name)
    return wording.listing([f"{end} on {wording.listing(names)}" for end, names in alike.items()])


def _end(end: float, *, falls: bool) -> str:
    if end == inf:
        return "never" if falls else "not up to +1,000 %"
    return "at these marks already" if end == 0 else f"at {wording.percent(-end if falls else end, sign=True)}"


def _why_nobody(comparison: VenueComparison) -> str:
    """Why no venue can be named as the last to liquidate; empty where one can."""
    if comparison.comparable:
        return ""
    if comparison.span is None:
        return " Not every table has a date, so none is named as the last to liquidate."
    first, last = comparison.span
    between = f"{first.name}'s of {first.day} and {last.name}'s of {last.day} are {comparison.apart} days apart"
    return (
        f" The tables are of different days, {between}: venues change them, so none is named as the last to liquidate."
    )


def assumptions(scenario: Scenario, comparison: VenueComparison) -> list[str]:
    """What comparing the venues takes for granted, besides each venue's own assumptions."""
    settled = {line.scenario.account.rules.settlement for line in comparison.lines}
    said = [f"{' and '.join(sorted(settled, reverse=True))} are taken as one dollar each, marks as the same everywhere"]
    if scenario.account.settlement_rate != 1:
        rate = wording.rate(scenario.account.settlement_rate)
        said.append(f"the settlement coin counts at {rate} wherever the venue counts several coins in cross margin")
    said.append(f"liquidation is looked for in every {COMMON_MOVE}, each token by its beta")
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
