"""What the tables of the Compare page say.

Pure functions, studies' results in, rows of text out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from margin import formatting as wording
from margin.errors import FieldError
from margin.facts import Assumption, Problem
from margin.market.view import View
from margin.messages import message, refused_leverage, why_no_tiers
from margin.model.scenario import Position
from margin.studies.account.assess import Assessment
from margin.studies.comparison.modes import DayRow, DirectionRow, ModeComparison, Remainder, Switch
from margin.studies.comparison.venues import VenueComparison, VenueLine
from margin.studies.distance.directions import Direction
from margin.studies.distance.distances import JointMove, LiquidationPrice, away
from margin.text.figures import figures
from margin.text.prices import why_none
from margin.text.venues import line_name
from pages.ui.components.cells import clean

NONE = "none"
REFUSED, UNKNOWN = "Rejected there", "No data"
MARGIN = "Isolated margin"
Texts = dict[str, str]


# Cross against isolated


def price_rows(comparison: ModeComparison) -> list[Texts]:
    """Return both modes' liquidation prices per position, with distances from the mark."""
    return [
        {
            "Position": f"{pair.position.symbol} {pair.position.side}",
            "Mark": wording.price(pair.mark),
            "Liquidation, cross": prices(pair.cross, pair.mark),
            "Liquidation, isolated": prices(pair.isolated, pair.mark),
        }
        for pair in comparison.pairs()
    ]


def prices(price: LiquidationPrice, mark: float) -> str:
    """Return `1.4518 (−17.04%)`, both where there are two, or why there is none."""
    found = [
        f"{wording.price(each)} "
        f"({'from 0' if (far := away(each, mark)) is None else wording.percent(far, sign=True)})"
        for each in (price.below, price.above)
        if each is not None
    ]
    if found:
        return " · ".join(found)
    return why_none(price)


def mode_rows(comparison: ModeComparison) -> list[Texts]:
    """Return every figure of the account in both modes, the present one first."""
    here, there = comparison.of(comparison.present), comparison.of(comparison.other)
    columns = [
        f"{comparison.present.capitalize()}, now",
        comparison.other.capitalize() + _added(comparison),
    ]
    pairs = zip(figures(here.scenario), figures(there.scenario), strict=True)
    return [
        {"Figure": now.name, columns[0]: now.text, columns[1]: then.text} for now, then in pairs
    ]


def _added(comparison: ModeComparison) -> str:
    """Return what is added to the wallet for the isolated margins: `, with $5,000.00 added`.

    Empty where it covers them.
    """
    return f", with {wording.money(comparison.missing)} added" if comparison.missing else ""


def switch_rows(change: Switch) -> list[Texts]:
    """Return per part of the mode changed to what it would hold and need at the marks.

    The account, or every position.

    Nothing where there is nothing to change, or not the money for it.
    """
    if change.all_liquidated or change.missing:
        return []
    return [
        {
            "After the change": each.names[0] if change.to == "isolated" else "Account",
            "Margin with profit and loss": wording.money(each.holds),
            "Initial margin": wording.money(each.initial),
            "Shortfall": wording.money(each.short) if each.short else NONE,
            "Headroom": wording.money(each.headroom),
            "Margin used": wording.percent(each.load),
            "State": "liquidated at once"
            if each.liquidated
            else f"past {each.level}"
            if each.level
            else "holds",
        }
        for each in change.needs
    ]


def direction_rows(comparison: ModeComparison, rows: Iterable[DirectionRow]) -> list[Texts]:
    """Return where each direction hits each mode, and what both leave at the move."""
    return [
        {
            "Direction": row.direction.name,
            "Cross liquidated at": _met(row.cross.first),
            "Isolated: first at": _met(row.isolated.first),
            "Isolated: all at": _met(row.isolated.last),
            **_both(comparison, row.cross.remainder, row.isolated.remainder),
        }
        for row in rows
    ]


def _met(reached: JointMove) -> str:
    if 0 in reached:
        return "reached"
    return (
        " · ".join(wording.percent(move, sign=True) for move in reached if move is not None) or NONE
    )


def _both(comparison: ModeComparison, cross: Remainder, isolated: Remainder) -> Texts:
    """Return what a move leaves in each mode, and what it changes.

    Where cross is gone already, what its wallet held.
    """
    gone = comparison.cross.today is not None and bool(comparison.cross.today.liquidated)
    held = wording.money(comparison.cross.scenario.account.wallet_balance)
    already = f"{wording.money(cross.worth)} (liquidated already, the wallet held {held})"
    return {
        "Cross leaves": already if gone else _left(cross, "liquidated"),
        f"Isolated{_added(comparison)}{',' if comparison.missing else ''} leaves": _left(
            isolated, ""
        ),
        "Liquidated, isolated": wording.some(isolated.liquidated) or NONE,
    }


def _left(left: Remainder, word: str) -> str:
    """Return `$7,655.00 (−$2,345.00)`."""
    change = wording.money(left.change, sign=True)
    liquidated = f"{word}, " if left.liquidated and word else ""
    return f"{wording.money(left.worth)} ({liquidated}{change})"


def day_rows(comparison: ModeComparison, rows: Iterable[DayRow], *, worst: bool) -> list[Texts]:
    """Return per crash day what both modes leave, in the days' order."""
    return [
        {
            "Day": row.day.date or "yours",
            "Event": row.day.event,
            **_both(comparison, *_lefts(row, worst=worst)),
            "No data": _filled(row),
        }
        for row in rows
    ]


def _lefts(row: DayRow, *, worst: bool) -> tuple[Remainder, Remainder]:
    return (row.cross_worst, row.isolated_worst) if worst else (row.cross_close, row.isolated_close)


def _filled(row: DayRow) -> str:
    parts = [f"{wording.some(row.filled)} with BTC by beta"] if row.filled else []
    parts += [f"{wording.some(row.still)} standing still"] if row.still else []
    return "; ".join(parts) or NONE


def day_assumptions(rows: Iterable[DayRow]) -> list[str]:
    """Return what the days rest on, each said once.

    What is said of single days stands in their rows.
    """
    noted = [
        assumption
        for row in rows
        for assumption in row.assumptions
        if assumption.code not in _IN_ROWS
    ]
    return list(dict.fromkeys(map(message, noted)))


_IN_ROWS = {"moved_by_beta", "standing_still"}
"""Assumptions on single tokens of a day, which its row names."""


def distinct(directions: Iterable[Direction]) -> list[Direction]:
    """Return the directions that move something, the first of those that move alike."""
    kept: list[Direction] = []
    for direction in directions:
        rates = {token: rate for token, rate in direction.rates.items() if rate}
        if rates and all(rates != {t: r for t, r in other.rates.items() if r} for other in kept):
            kept.append(direction)
    return kept


def margin_rows(positions: Iterable[Position]) -> list[dict[str, Any]]:
    """Return each position's isolated margin as entered, and what stands in for none."""
    return [
        {
            "Position": f"{position.symbol} {position.side}",
            MARGIN: position.isolated_margin,
            "If empty": position.opening_margin,
        }
        for position in positions
    ]


def with_margins(
    positions: Sequence[Position], rows: Sequence[Mapping[str, Any]]
) -> tuple[tuple[Position, ...], list[str]]:
    """Return the positions with the margins that were typed.

    And what is wrong with those that are kept as they were.
    """
    taken, faults = [], []
    for position, row in zip(positions, rows, strict=True):
        try:
            margin = clean(row[MARGIN])
            taken.append(Position(**{**_fields(position), "isolated_margin": margin}))
        except FieldError as error:
            taken.append(position)
            faults.append(
                f"{position.symbol} {position.side}: its margin {error.message}; the last good one "
                f"is kept."
            )
    return tuple(taken), faults


def _fields(position: Position) -> dict[str, Any]:
    names = ("symbol", "side", "quantity", "entry_price", "leverage")
    return {name: getattr(position, name) for name in names}


# Venue against venue


def venue_rows(comparison: VenueComparison, views: Mapping[str, View]) -> list[Texts]:
    """Return per venue its figures.

    Where tokens are missing, the account without them in a further row.
    """
    rows = []
    for line in comparison.lines:
        rows.append(_venue_row(line, views[line.venue]))
        if line.without is not None:
            rows.append(_venue_row(line.without, views[line.venue]))
    return rows


def _venue_row(line: VenueLine, view: View) -> Texts:
    account = line.assessment
    ratio, load = account.nearest_ratio, account.requirement_to_equity
    first = ", first lost" if line.scenario.account.isolated else ""
    refused = any(_problems(account, _REFUSED))
    reading = f"{ratio.direction}, liquidation at {wording.percent(ratio.liquidation_at)}"
    return {
        "Exchange": line_name(line),
        REFUSED: wording.MISSING if line.missing else refusals(account),
        UNKNOWN: unknown(line),
        "Tables": seen(line, view),
        f"Joint fall{first}": _reached(line, falls=True),
        f"Joint rise{first}": _reached(line, falls=False),
        "Margin used": wording.percent(load),
        "Venue's ratio": wording.percent(ratio.value),
        "How to read it": wording.MISSING if ratio.value is None else reading,
        "Initial margin": _as_entered(account.initial_margin, refused=refused),
        "Maintenance margin": wording.money(account.maintenance_margin),
        "Requirement": wording.money(account.requirement),
        "Available": _as_entered(account.available_balance, refused=refused),
    }


def _as_entered(money: float | None, *, refused: bool) -> str:
    """Return a figure that follows from the leverages entered.

    Where the venue refuses one, marked as not to be had.
    """
    told = wording.money(money)
    return f"refused ({told} as entered)" if refused and money is not None else told


def seen(line: VenueLine, view: View) -> str:
    """Return `snapshot, 2026-09-29`.

    From where and of which day the tables of the line are, tokens beside each of several.
    """
    own = line.scenario.market.tiers.keys()
    used = {token for tokens in line.days.values() for token in tokens} | set(line.undated)
    if not used:
        return wording.MISSING
    kinds = [
        view.tiers[token].kind if token in view.tiers else "snapshot"
        for token in sorted(used - own)
    ]
    origins = [*dict.fromkeys(kinds), *(["own"] if used & own else [])]
    days = [
        day if len(line.days) == 1 else f"{day} ({wording.some(held)})"
        for day, held in line.days.items()
    ]
    days += [f"undated ({wording.some(line.undated)})"] if line.undated else []
    return f"{' and '.join(origins)}, {'; '.join(days)}"


def unknown(line: VenueLine) -> str:
    """Return why figures are missing: a clause per token without a table."""
    reasons = [why_no_tiers(problem) for _, problem in _problems(line.assessment, "no_tiers")]
    return wording.some(dict.fromkeys(reasons)) or NONE


_REFUSED = "leverage_above_cap"


def refusals(assessment: Assessment) -> str:
    """Return what the venue would not open as it was entered: leverages above its caps."""
    refused = [
        f"{name} at {refused_leverage(problem)}"
        for name, problem in _problems(assessment, _REFUSED)
    ]
    return wording.some(refused) or NONE


def _problems(assessment: Assessment, code: str) -> Iterator[tuple[str, Problem]]:
    """Yield the problems of one kind, each with its position's name."""
    for figures_of_one in assessment.positions:
        for problem in figures_of_one.problems:
            if problem.code == code:
                yield f"{figures_of_one.symbol} {figures_of_one.side}", problem


def _reached(line: VenueLine, *, falls: bool) -> str:
    """Return how far a joint move may go; not known where the tiers are not."""
    if line.assessment.liquidated:
        return "reached"
    if line.assessment.headroom is None:
        return wording.MISSING
    move = line.assessment.joint_move.down if falls else line.assessment.joint_move.up
    return NONE if move is None else wording.percent(move, sign=True)


def venue_assumptions(comparison: VenueComparison) -> list[str]:
    """Return what every venue's figures rest on, each clause with its venue."""
    return [
        _of_venue(line.venue, assumption)
        for line in comparison.lines
        for assumption in line.assessment.assumptions
    ]


def _of_venue(venue: str, assumption: Assumption) -> str:
    """Return what is assumed, behind the venue where it does not name it itself."""
    clause = message(assumption)
    return clause if "venue" in assumption.facts else f"{venue}: {clause}"


def venue_price_rows(comparison: VenueComparison) -> list[Texts]:
    """Return the liquidation prices per token or position on every venue.

    Where its figures are known.
    """
    known = [line.without if line.missing else line for line in comparison.lines]
    lines = [line for line in known if line is not None]
    first = comparison.lines[0]
    marks = first.scenario.market.marks
    return [
        {
            "Token": _name(entry),
            "Mark": wording.price(marks[entry.symbol]),
            **{line_name(line): _price_on(line, entry, marks[entry.symbol]) for line in lines},
        }
        for entry in first.assessment.liquidation_prices
    ]


def _name(price: LiquidationPrice) -> str:
    return f"{price.symbol} {price.side}" if price.side else price.symbol


def _price_on(line: VenueLine, entry: LiquidationPrice, mark: float) -> str:
    for price in line.assessment.liquidation_prices:
        if (price.symbol, price.side) == (entry.symbol, entry.side):
            return prices(price, mark)
    return wording.MISSING
