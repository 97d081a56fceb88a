"""The same positions, wallet and marks under each venue's own rules.

Reference tables are handed in. Where a venue does not know a token, its figures are not known
either; the account without that token then stands in a line of its own. Figures of tables more than
`FAR_APART` days apart show what venues ask at different times, not which asks less: then nobody is
named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import inf
from typing import NamedTuple

from margin.model.prepared import Preparable, prepare
from margin.model.scenario import Scenario
from margin.studies.account.assess import Assessment, assess
from margin.studies.account.measurable import measurable_part, unknown_tokens
from margin.venues import VenueTables, listing_venues

FAR_APART = 30
"""With tables more days apart than this no venue is named as the safer one."""


def at_venue(scenario: Scenario, venue: str) -> Scenario:
    """Return the scenario under another venue's rules, at its fee.

    A fee of one's own is what the venue before charges.

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

    `days` are the days of the tables used, ISO dates, the oldest first, with their tokens;
    `undated` are tokens whose table has no day. `without` is the account without the positions in
    missing tokens, None where there are none or nothing would be left; there `left_out` names those
    tokens.
    """

    scenario: Scenario
    assessment: Assessment
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

    def reached(self, *, falls: bool) -> float:
        """Return the joint move that liquidates as a size: 0 if already so, infinite if none."""
        if self.assessment.liquidated:
            return 0.0
        move = self.assessment.joint_move.down if falls else self.assessment.joint_move.up
        return inf if move is None else abs(move)


class Dated(NamedTuple):
    """A venue's table of a day, an ISO date."""

    day: str
    name: str


@dataclass(frozen=True, slots=True)
class VenueComparison:
    """One line per venue, in the order of `listing_venues`; `whole` lines know every token."""

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
        """Days between the oldest and newest table of the whole lines, None if one has no day."""
        if self.span is None:
            return None
        first, last = (date.fromisoformat(dated.day) for dated in self.span)
        return (last - first).days

    @property
    def comparable(self) -> bool:
        """Whether two or more lines are whole, with tables near enough in time to compare."""
        return len(self.whole) > 1 and self.apart is not None and self.apart <= FAR_APART

    @property
    def falls(self) -> bool:
        """Whether falls are compared, or rises.

        Whichever is nearest to liquidating on any whole line that lives.
        """
        return min(self._ahead(falls=True), default=inf) <= min(
            self._ahead(falls=False), default=inf
        )

    def _ahead(self, *, falls: bool) -> list[float]:
        """Return per line the size of the joint move to liquidation, if not liquidated yet."""
        return [end for line in self.whole if 0 < (end := line.reached(falls=falls)) < inf]

    @property
    def last(self) -> tuple[str, ...]:
        """The venues that liquidate last in the joint move compared, by name.

        All of those whose moves read the same.

        Nobody where they are not comparable, where the move does not liquidate on some venue at
        all, and where every account is liquidated already.
        """
        if not self.comparable:
            return ()
        ends = {line.name: line.reached(falls=self.falls) for line in self.whole}
        furthest = max(ends.values())
        if furthest in (0, inf):
            return ()
        return tuple(name for name, end in ends.items() if end and _read_alike(end, furthest))


def _read_alike(one: float, other: float) -> bool:
    """Return whether two moves read the same, to the hundredth of a per cent."""
    return round(one * 100, 2) == round(other * 100, 2)


def venues_compared(scenario: Scenario, tables: Mapping[str, VenueTables]) -> VenueComparison:
    """Return the account on every listing venue, each beside its own reference tables."""
    return VenueComparison(
        tuple(
            _line(at_venue(scenario, venue).with_tables(tables[venue]))
            for venue in listing_venues()
        )
    )


def _line(account: Preparable, left_out: tuple[str, ...] = ()) -> VenueLine:
    account = prepare(account)
    scenario, missing = account.scenario, unknown_tokens(account)
    tokens = dict.fromkeys(position.symbol for position in scenario.positions)
    days, undated = _days(scenario, [token for token in tokens if token not in missing])
    part = measurable_part(account)
    without = None if part is account else _line(part, missing)
    return VenueLine(scenario, assess(account), missing, days, undated, left_out, without)


def _days(
    scenario: Scenario, tokens: Sequence[str]
) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    """Return the tables of these tokens by their day, and the tokens whose table has none."""
    market = scenario.market
    custom = [token for token in tokens if token in market.tiers]
    days = market.reference.days(set(tokens) - set(custom))
    if market.tiers_as_of and custom:
        days[market.tiers_as_of] = [*days.get(market.tiers_as_of, []), *custom]
    dated = {token for dated_tokens in days.values() for token in dated_tokens}
    return dict(sorted(days.items())), tuple(token for token in tokens if token not in dated)
