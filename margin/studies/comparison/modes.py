"""The same positions in cross and isolated margin: liquidations, and worth after a move.

In isolated mode every position stands on a margin of its own and the rest of the wallet is safe. A
liquidation is taken to lose all that stands behind it: a position's own margin in isolated mode,
the whole account in cross. What the venue would give back is another study's answer. Collateral
belongs to the person in both modes and counts alike in both, but only in cross can a liquidation
take it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import NamedTuple

import numpy as np

from margin.engine.book import Book, Standing
from margin.engine.numbers import ZERO, Array
from margin.errors import or_zero
from margin.facts import Assumption
from margin.model.prepared import Preparable, PreparedAccount, prepare
from margin.model.scenario import MarginMode, Position, Scenario
from margin.studies.account.assess import Assessment, assess
from margin.studies.distance.curve import SHOWN
from margin.studies.distance.directions import Direction, reach
from margin.studies.distance.distances import (
    FURTHEST_UP,
    NOWHERE,
    JointMove,
    LiquidationPrice,
    nearest,
)
from margin.studies.stress.crash_table import CrashDay, CrashRow, Instant, crash_rows
from margin.studies.stress.outcome import liquidations

POINTS = 121
"""Even steps of a curve, besides the points where it bends or falls."""
LEAST_SHOWN = 0.1
"""At least this much of a move is shown on the side where something is lost."""
BEYOND = 1.15
"""So far beyond what must be shown a curve goes on."""
JUST_BEFORE = 1 - 1e-9
"""Where a curve is drawn just before it falls, as a part of the way there."""
AT_CROSS_WORST = Assumption.of("at_cross_worst")
"""What every day rests on: both modes at one instant, the worst tick of cross."""


class MarginPool(NamedTuple):
    """What is liquidated as one: the account in cross, a position with its margin in isolated.

    `standing` is None where the tiers are not known. `names` are its positions, such as `RENDER
    long`; the collateral beside isolated positions has none and never falls.
    """

    names: tuple[str, ...]
    account: PreparedAccount

    @property
    def scenario(self) -> Scenario:
        """What it is as an account by itself."""
        return self.account.scenario

    @property
    def book(self) -> Book:
        """Its one book."""
        return self.account.books[0]

    @property
    def standing(self) -> Standing | None:
        """Where it stands at the marks."""
        return self.account.standings[0]

    def worth(self, prices: Mapping[str, float]) -> float:
        """Return the pool's worth at prices by token, at the coin's rate and never below 0."""
        return self._rate * max(
            0.0, self._own + self.book.equity_at([prices[token] for token in self.book.tokens])
        )

    @property
    def _own(self) -> float:
        """What to add to the book's equity.

        On Bybit a book counts margin added in isolated mode a hair differently.
        """
        return self.scenario.account.counted_wallet - self.book.wallet

    @property
    def _rate(self) -> float:
        """What its book's money is worth.

        The coin's rate, which in cross margin stands in the book already.
        """
        return self.scenario.account.owned_rate / self.scenario.account.counted_rate

    def answers(self, direction: Direction) -> bool:
        """Return whether a direction moves one of its prices, or it is liquidated already."""
        liquidated = self.standing is not None and self.standing.liquidated
        return liquidated or not direction.rates.keys().isdisjoint(self.book.tokens)

    def along(self, direction: Direction, moves: Array, reached: JointMove) -> Array:
        """Return the part's worth at each move, 0 from where it is `reached`; of their shape."""
        rates = np.array([direction.rates.get(token, 0.0) for token in self.book.tokens])
        prices = np.maximum(0.0, np.array(self.book.marks) * (1 + rates * moves[:, None]))
        worth = self._rate * (self._own + self.book.equity(prices))
        down, up = (
            limit if move is None else move
            for move, limit in zip(reached, (-inf, inf), strict=True)
        )
        return np.where((moves <= down) | (moves >= up), 0.0, np.maximum(0.0, worth))


class Remainder(NamedTuple):
    """The account's worth after a move in one mode and its change, in the settlement coin.

    `liquidated` names the positions liquidated on the way: in cross all or none.
    """

    liquidated: tuple[str, ...]
    worth: float
    change: float


@dataclass(frozen=True, slots=True)
class Mode:
    """The account in one mode.

    `free` is what no part holds and no move can touch, at its rate: nothing in cross.

    `collateral` is what counts as such where it stands behind no part, and only its price can
    touch: None in cross, and where there is none. `today` is what the account is worth at its
    marks, and what is lost there already; None where tiers are missing.
    """

    account: PreparedAccount
    parts: tuple[MarginPool, ...]
    free: float
    collateral: MarginPool | None
    today: Remainder | None

    @property
    def scenario(self) -> Scenario:
        """The account's scenario in this mode."""
        return self.account.scenario

    @property
    def assessment(self) -> Assessment:
        """The account's figures in this mode."""
        return assess(self.account)

    def after(self, moves: Mapping[str, float]) -> Remainder:
        """Return what price changes by token (fractions of the mark) leave; needs all tiers."""
        marks = self.scenario.market.marks
        prices = {
            token: max(0.0, mark * (1 + moves.get(token, 0.0))) for token, mark in marks.items()
        }
        return self.remainder(
            liquidations([part.book for part in self.parts], [moves] * len(self.parts)), prices
        )

    def remainder(self, liquidated: Sequence[bool], prices: Mapping[str, float]) -> Remainder:
        """Return what remains at prices by token; `liquidated` is in the order of the parts."""
        names: list[str] = []
        open_parts: list[MarginPool] = []
        for part, is_liquidated in zip(self.parts, liquidated, strict=True):
            if is_liquidated:
                names += part.names
            else:
                open_parts.append(part)
        if self.collateral:
            open_parts.append(self.collateral)
        worth = self.free + sum(part.worth(prices) for part in open_parts)
        return Remainder(tuple(names), worth, worth - self.today.worth if self.today else 0.0)

    def reaches(self, direction: Direction) -> list[JointMove]:
        """Return per part the first move each way along the direction at which it is liquidated."""
        return [
            reach([part.book], direction, standings=[part.standing])
            if part.answers(direction)
            else NOWHERE
            for part in self.parts
        ]


class Pair(NamedTuple):
    """A position's liquidation prices in both modes; in cross those of its token alone."""

    position: Position
    mark: float
    cross: LiquidationPrice
    isolated: LiquidationPrice


@dataclass(frozen=True, slots=True)
class ModeComparison:
    """Both modes of one account, which is in the `present` one.

    `margins` is what the isolated margins come to, `missing` what the wallet lacks for them. With
    anything missing `isolated` is the account with just that added to its wallet: it could not be
    in isolated mode otherwise.
    """

    present: MarginMode
    cross: Mode
    isolated: Mode
    margins: float
    missing: float

    @property
    def complete(self) -> bool:
        """Whether all tiers are known, so that more than profit and loss can be told."""
        return self.cross.today is not None and self.isolated.today is not None

    @property
    def other(self) -> MarginMode:
        """The mode that the account is not in."""
        return "cross" if self.present == "isolated" else "isolated"

    def of(self, mode: MarginMode) -> Mode:
        """Return one of the two."""
        return self.isolated if mode == "isolated" else self.cross

    def pairs(self) -> list[Pair]:
        """Return every position's liquidation prices in both modes, in their order."""
        by_token = {price.symbol: price for price in self.cross.assessment.liquidation_prices}
        marks = self.cross.scenario.market.marks
        rows = zip(
            self.isolated.scenario.positions,
            self.isolated.assessment.liquidation_prices,
            strict=True,
        )
        return [
            Pair(position, marks[position.symbol], by_token[position.symbol], price)
            for position, price in rows
        ]


def modes(account: Preparable) -> ModeComparison:
    """Return the account in both modes, with each position's isolated margin.

    As given, else quantity · entry ÷ leverage.

    Raises FieldError where those margins are larger than a wallet may be.
    """
    account = prepare(account)
    scenario = account.scenario
    margins = sum(position.posted_margin for position in scenario.positions)
    missing = _missing(scenario, margins) if scenario.positions else 0.0
    if scenario.account.isolated:
        cross, isolated = prepare(in_mode(scenario, "cross")), account
    else:
        wallet = margins if missing else None
        cross, isolated = account, prepare(in_mode(scenario, "isolated", wallet))
    return ModeComparison(
        scenario.account.margin_mode, _cross(cross), _isolated(isolated, margins), margins, missing
    )


def _missing(scenario: Scenario, margins: float) -> float:
    """Return what the wallet lacks.

    Nothing where it lacks no more than rounding, with which a scenario can be made.
    """
    wallet = scenario.account.wallet_balance
    return _excess(margins, wallet, ZERO * abs(wallet))


def in_mode(scenario: Scenario, mode: MarginMode, wallet: float | None = None) -> Scenario:
    """Return the same account in a mode, with another wallet balance where one is given.

    Raises FieldError where the wallet does not cover the isolated margins.
    """
    balance = scenario.account.wallet_balance if wallet is None else or_zero(wallet)
    account = replace(scenario.account, margin_mode=mode, wallet_balance=balance)
    return replace(scenario, account=account)


def _cross(account: PreparedAccount) -> Mode:
    names = tuple(f"{position.symbol} {position.side}" for position in account.scenario.positions)
    return _with_today(Mode(account, (MarginPool(names, account),), 0.0, None, None))


def _isolated(account: PreparedAccount, margins: float) -> Mode:
    scenario = account.scenario
    parts = tuple(
        MarginPool((f"{position.symbol} {position.side}",), prepare(_alone(scenario, position)))
        for position in scenario.positions
    )
    wallet = scenario.account.wallet_balance
    free = _excess(wallet, margins, ZERO * abs(wallet)) * scenario.account.owned_rate
    return _with_today(Mode(account, parts, free, _collateral(scenario), None))


def _with_today(mode: Mode) -> Mode:
    known = all(part.book.complete for part in mode.parts)
    return replace(mode, today=mode.after({})) if known else mode


def _collateral(scenario: Scenario) -> MarginPool | None:
    """Return what counts as collateral, by itself; None where nothing does."""
    account = scenario.account
    if not (account.collateral and account.rules.counts_collateral):
        return None
    bare = replace(account, margin_mode="cross", wallet_balance=0.0)
    return MarginPool((), prepare(replace(scenario, account=bare, positions=())))


def _alone(scenario: Scenario, position: Position) -> Scenario:
    """Return an account that holds one isolated position with its margin and nothing else."""
    account = replace(
        scenario.account, wallet_balance=or_zero(position.posted_margin), collateral=()
    )
    return replace(scenario, account=account, positions=(position,))


# Along a direction


class ModeReach(NamedTuple):
    """One mode along a direction.

    The first x each way at which anything is lost, and at which everything is.

    `remainder` is what the requested move leaves.
    """

    first: JointMove
    last: JointMove
    remainder: Remainder


class DirectionRow(NamedTuple):
    """Both modes along one direction, and at the same move on it."""

    direction: Direction
    move: float
    cross: ModeReach
    isolated: ModeReach


def along(
    comparison: ModeComparison, directions: Iterable[Direction], move: float
) -> list[DirectionRow]:
    """Return both modes along each direction; nothing where tiers are missing."""
    if not comparison.complete:
        return []
    return [
        DirectionRow(
            direction,
            move,
            _mode_reach(comparison.cross, direction, move),
            _mode_reach(comparison.isolated, direction, move),
        )
        for direction in directions
    ]


def _mode_reach(mode: Mode, direction: Direction, move: float) -> ModeReach:
    reaches = mode.reaches(direction)
    return ModeReach(_first(reaches), _last(reaches), mode.after(direction.moves(move)))


def _first(reaches: Sequence[JointMove]) -> JointMove:
    downs = [reach.down for reach in reaches if reach.down is not None]
    ups = [reach.up for reach in reaches if reach.up is not None]
    return JointMove(max(downs, default=None), min(ups, default=None))


def _last(reaches: Sequence[JointMove]) -> JointMove:
    downs = [reach.down for reach in reaches if reach.down is not None]
    ups = [reach.up for reach in reaches if reach.up is not None]
    all_of = len(reaches)
    return JointMove(
        min(downs) if downs and len(downs) == all_of else None,
        max(ups) if ups and len(ups) == all_of else None,
    )


class ModeCurves(NamedTuple):
    """The account's worth in both modes along a direction, as arrays of shape (points,).

    `moves` ascend and include 0. `cross_reached` is the move that liquidates cross,
    `liquidated_at` the same for every isolated position by its name.
    """

    direction: Direction
    moves: Array
    cross: Array
    isolated: Array
    cross_reached: JointMove
    liquidated_at: tuple[tuple[str, JointMove], ...]


def curves(comparison: ModeComparison, direction: Direction) -> ModeCurves | None:
    """Return both curves from the present marks on.

    Exact at every point, and straight between them. None without tiers.

    They reach to where cross is liquidated first and, where the wallet covers the margins, on to
    the last isolated loss on that side if every position is lost there.
    """
    if not comparison.complete:
        return None
    [reached], alone = comparison.cross.reaches(direction), comparison.isolated.reaches(direction)
    moves = _steps(
        direction, [reached, *alone], _stated(reached, _last(alone), funded=not comparison.missing)
    )
    names = [part.names[0] for part in comparison.isolated.parts]
    liquidated_at = tuple(zip(names, alone, strict=True))
    cross = _curve(comparison.cross, direction, moves, [reached])
    return ModeCurves(
        direction,
        moves,
        cross,
        _curve(comparison.isolated, direction, moves, alone),
        reached,
        liquidated_at,
    )


def _curve(mode: Mode, direction: Direction, moves: Array, reaches: Sequence[JointMove]) -> Array:
    worth = np.full_like(moves, mode.free)
    for part, reached in zip(mode.parts, reaches, strict=True):
        worth += part.along(direction, moves, reached)
    return worth + mode.collateral.along(direction, moves, NOWHERE) if mode.collateral else worth


def _stated(cross: JointMove, last: JointMove, *, funded: bool) -> list[float]:
    """Return the moves to show: the nearest that liquidates cross, and that side's last loss."""
    first = nearest(cross)
    far = (nearest(last) if not first else last.down if first < 0 else last.up) if funded else None
    return [move for move in (first, far) if move]


def _steps(direction: Direction, reaches: Iterable[JointMove], stated: Sequence[float]) -> Array:
    """Return even steps over the range shown, and each bend and drop; drops twice."""
    falls = [move for reached in reaches for move in reached if move is not None]
    low, high = _shown(direction, falls, stated)
    clips = [-1 / rate for rate in direction.rates.values() if rate]
    marked = np.array([*clips, *falls, *(move * JUST_BEFORE for move in falls)])
    inside = marked[(marked >= low) & (marked <= high)]
    return np.unique(np.concatenate([np.linspace(low, high, POINTS), [0.0], inside]))


def _shown(
    direction: Direction, falls: Sequence[float], stated: Sequence[float]
) -> tuple[float, float]:
    """Return the range that holds the falls near the nearest one, and as much again beyond them.

    The other side is kept short; what must be shown lies inside in any case.
    """
    ahead = [move for move in falls if move]
    reach = max(LEAST_SHOWN, 3 * min(map(abs, ahead), default=SHOWN))
    near = [move for move in ahead if abs(move) <= reach]
    widest = 2 * max([LEAST_SHOWN / 2, *map(abs, near)]) if near else SHOWN
    sides = [
        widest if not near or any(sign * move > 0 for move in near) else widest / 3
        for sign in (-1, 1)
    ]
    must = [
        BEYOND * max([sign * move for move in stated if sign * move > 0], default=0.0)
        for sign in (-1, 1)
    ]
    down, up = map(max, sides, must)
    return -min(direction.furthest_down, down), min(FURTHEST_UP, up)


# On a day


class DayRow(NamedTuple):
    """Both modes on one day, at its close and at its worst tick.

    What they leave is told of the same prices in both.

    `filled` are tokens that follow BTC by their beta for want of figures of their own, `still`
    those that stand still.
    """

    day: CrashDay
    cross_close: Remainder
    isolated_close: Remainder
    cross_worst: Remainder
    isolated_worst: Remainder
    filled: tuple[str, ...]
    still: tuple[str, ...]
    assumptions: tuple[Assumption, ...]


def on_days(
    comparison: ModeComparison, days: Iterable[CrashDay], betas_to_btc: Mapping[str, float]
) -> list[DayRow]:
    """Return both modes from the marks through each day; nothing where tiers are missing.

    At the worst tick every isolated position meets its own, and is lost there or not; what both
    modes leave is that at the prices of the day that leave cross the least.
    """
    if not comparison.complete:
        return []
    days = list(days)
    cross, isolated = [
        list(
            zip(*(crash_rows(part.account, days, betas_to_btc) for part in mode.parts), strict=True)
        )
        for mode in (comparison.cross, comparison.isolated)
    ]
    return [
        _day_row(comparison, day, whole, rows)
        for day, (whole,), rows in zip(days, cross, isolated or [()] * len(days), strict=True)
    ]


def _day_row(
    comparison: ModeComparison, day: CrashDay, whole: CrashRow, rows: Iterable[CrashRow]
) -> DayRow:
    rows = list(rows)
    close = _instant(comparison, whole.close, [row.close for row in rows])
    worst = _instant(comparison, whole.worst, [row.worst for row in rows])
    assumptions = (*whole.assumptions, AT_CROSS_WORST)
    return DayRow(day, *close, *worst, whole.filled, whole.still, assumptions)


def _instant(
    comparison: ModeComparison, whole: Instant, alone: Iterable[Instant]
) -> tuple[Remainder, Remainder]:
    """Return both modes at cross's prices; isolated positions are liquidated at their own."""
    cross = comparison.cross.remainder([bool(whole.outcome.liquidated)], whole.prices)
    return cross, comparison.isolated.remainder(
        [bool(instant.outcome.liquidated) for instant in alone], whole.prices
    )


# The change of mode


class Need(NamedTuple):
    """One part after the change, at the marks.

    What it holds against what it needs, in the settlement coin.

    `initial` is taken at the mark, on Bybit in isolated mode at the entry. `holds` is its margin
    with profit and loss: in cross equity, in isolated the position's own (on Bybit without the fee
    to close, which `initial` carries). `short` is what that lacks of the initial margin. `load` is
    margin used, None where equity is gone; `level` names the highest of the person's
    levels that it has reached.
    """

    names: tuple[str, ...]
    holds: float
    initial: float
    short: float
    headroom: float
    load: float | None
    level: str | None
    liquidated: bool


class Switch(NamedTuple):
    """The result of changing to the other mode at the present marks.

    `missing`: what the wallet lacks for the isolated margins. `already_liquidated` names the
    positions liquidated in the present mode. `needs` are the parts of the other mode, empty without
    positions; `free` is the part of the wallet that belongs to none of them. Where tiers are
    missing, `known` is false and only `missing` is given.
    """

    to: MarginMode
    known: bool
    missing: float
    already_liquidated: tuple[str, ...]
    needs: tuple[Need, ...]
    free: float

    @property
    def all_liquidated(self) -> bool:
        """Whether every position is liquidated in the present mode already."""
        return bool(self.already_liquidated) and len(self.already_liquidated) == sum(
            len(need.names) for need in self.needs
        )

    @property
    def newly_liquidated(self) -> tuple[str, ...]:
        """The positions that the change would liquidate, or show as liquidated."""
        return tuple(name for need in self.needs if need.liquidated for name in need.names)

    @property
    def short(self) -> float:
        """What the parts lack of their initial margins; no part's surplus fills another's."""
        return sum(need.short for need in self.needs)

    @property
    def lacking(self) -> float:
        """What of that the free part of the wallet does not cover; rounding is nothing."""
        return _excess(self.short, self.free, ZERO * (self.short + self.free))

    @property
    def load(self) -> float | None:
        """Margin used of the part worst off; None where no part has equity."""
        return max((need.load for need in self.needs if need.load is not None), default=None)

    @property
    def level(self) -> str | None:
        """The highest of the person's levels that a part would have reached."""
        levels = {need.level for need in self.needs}
        return "danger" if "danger" in levels else "warning" if "warning" in levels else None

    @property
    def allowed(self) -> bool | None:
        """Whether the figures allow the change, initial margin left aside; None where not known."""
        if self.missing or self.all_liquidated:
            return False
        return not self.newly_liquidated if self.known else None

    @property
    def margin_call(self) -> bool:
        """Whether the change is allowed but reaches a level or lacks initial margin."""
        return bool(self.allowed) and (self.level is not None or self.lacking > 0)


def switch(comparison: ModeComparison) -> Switch:
    """Return the change of mode at the present marks."""
    to = comparison.other
    other, present = comparison.of(to), comparison.of(comparison.present)
    missing = comparison.missing if to == "isolated" else 0.0
    if not comparison.complete:
        return Switch(to, False, missing, (), (), 0.0)
    free = other.free / other.scenario.account.owned_rate
    liquidated = present.today.liquidated if present.today else ()
    return Switch(to, True, missing, liquidated, _needs(other), free)


def _needs(mode: Mode) -> tuple[Need, ...]:
    """Return every part at its marks, with the assessment's own initial margins."""
    assessment = mode.assessment
    if not assessment.positions:
        return ()
    sums = [(assessment.equity, assessment.initial_margin)]
    if mode.scenario.account.isolated:
        sums = [
            ((row.isolated_margin or 0.0) + row.unrealised_pnl, row.initial_margin)
            for row in assessment.positions
        ]
    return tuple(
        _need(part, holds, initial or 0.0, part.standing)
        for part, (holds, initial) in zip(mode.parts, sums, strict=True)
        if part.standing is not None
    )


def _need(part: MarginPool, holds: float, initial: float, standing: Standing) -> Need:
    load = standing.load
    level = part.scenario.levels.reached(load)
    short = _excess(initial, holds, standing.zero)
    return Need(
        part.names, holds, initial, short, standing.headroom, load, level, standing.liquidated
    )


def _excess(one: float, other: float, zero: float) -> float:
    """Return how far one sum is above another; nothing where that is no more than `zero`."""
    return one - other if one - other > zero else 0.0
