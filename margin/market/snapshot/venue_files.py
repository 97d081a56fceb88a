"""The files of the venues: tiers.csv, listings.csv and contracts.csv.

On every venue a symbol has either tiers and a contract, or a row that it is not listed there.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import NamedTuple

from margin.errors import FieldError
from margin.market.records import Contract
from margin.market.snapshot.csv_reader import (
    CsvRow,
    common,
    group_rows,
    read_rows,
    refuse_repeats,
    require_all,
)
from margin.venues import VENUES, TierTable, listing_venues

_TIER_FIGURES = ("floor", "cap", "maintenance_rate", "maintenance_amount", "max_leverage")
_TIERS = ",".join(("venue", "symbol", "as_of", *_TIER_FIGURES))
_LISTINGS = "venue,symbol,as_of,status"
_CONTRACTS = (
    "venue,symbol,as_of,status,tick_size,quantity_step,minimum_notional,contract_value,contract_value_confirmed,"
    "taker_fee"
)


class VenueTiers(NamedTuple):
    """One venue's tier tables by symbol, the day of most, and the days of the others."""

    tables: Mapping[str, TierTable]
    as_of: str
    dates: Mapping[str, str]


def read_tiers(folder: Traversable, symbols: Collection[str]) -> dict[str, VenueTiers]:
    """Read every venue's verified tier tables, with their day."""
    rows = read_rows(folder, "tiers.csv", _TIERS)
    refuse_repeats(rows, lambda row: (row.cells["venue"], row.cells["symbol"], row.cells["floor"]))
    venues = _by_venue(rows, lambda _: symbols)
    require_all("tiers.csv", venues, listing_venues())
    return {venue: _venue_tiers(venue, venues[venue]) for venue in listing_venues()}


def _by_venue(
    rows: Sequence[CsvRow], symbols: Callable[[str], Collection[str]]
) -> dict[str, list[CsvRow]]:
    """Group rows by venue; `symbols` returns the symbols that a venue's rows may have."""
    known = listing_venues()
    for row in rows:
        row.choice("symbol", symbols(row.choice("venue", known)))
    return group_rows(rows, lambda row: row.cells["venue"])


def _venue_tiers(venue: str, rows: Sequence[CsvRow]) -> VenueTiers:
    progressive = not VENUES[venue].flat_tiers
    schedules = group_rows(rows, lambda row: row.cells["symbol"])
    tables = {
        symbol: _tier_table(schedule, progressive=progressive)
        for symbol, schedule in schedules.items()
    }
    days = {symbol: schedule[0].date("as_of") for symbol, schedule in schedules.items()}
    as_of = max(days.values(), key=[*days.values()].count)
    others = {symbol: day for symbol, day in days.items() if day != as_of}
    return VenueTiers(MappingProxyType(tables), as_of, MappingProxyType(others))


def _tier_table(rows: Sequence[CsvRow], *, progressive: bool) -> TierTable:
    common(rows, "as_of")
    tiers = [_tier(row, progressive=progressive, last=row is rows[-1]) for row in rows]
    try:
        return TierTable.from_rows(tiers, progressive=progressive)
    except FieldError as error:
        raise _on_its_line(rows, error) from None


def _tier(row: CsvRow, *, progressive: bool, last: bool) -> dict[str, float | str | None]:
    """Return a row of the scenario JSON."""
    # Only the last tier may have no cap, and only flat tables have no maintenance amounts.
    optional = {"cap": last, "maintenance_amount": not progressive}
    return {
        column: row.value(column, optional=optional.get(column, False)) for column in _TIER_FIGURES
    }


def _on_its_line(rows: Sequence[CsvRow], error: FieldError) -> FieldError:
    """Return the error of a table (`[2].floor`) with the path of its file (`tiers.csv:7.floor`)."""
    index, _, column = error.path.partition("].")
    return FieldError(rows[int(index[1:] or 0)].path(column), error.message)


def read_listings(
    folder: Traversable, symbols: Collection[str], tiers: Mapping[str, VenueTiers]
) -> dict[str, dict[str, str]]:
    """Read by venue the symbols that are not listed there, with the day or two days of that."""
    rows = read_rows(folder, "listings.csv", _LISTINGS)
    refuse_repeats(rows, lambda row: (row.cells["venue"], row.cells["symbol"]))
    venues = _by_venue(
        rows, lambda venue: [symbol for symbol in symbols if symbol not in tiers[venue].tables]
    )
    seen = {
        venue: {row.cells["symbol"]: _absence(row) for row in venues.get(venue, [])}
        for venue in tiers
    }
    for venue, absences in seen.items():
        known = {*absences, *tiers[venue].tables}
        require_all("listings.csv", known, symbols, f"on {venue}, where it has no tiers")
    return seen


def _absence(row: CsvRow) -> str:
    row.choice("status", ["not listed"])
    return row.sighting("as_of")


def read_contracts(
    folder: Traversable, tiers: Mapping[str, VenueTiers]
) -> dict[str, Mapping[str, Contract]]:
    """Read the contracts by venue, of the symbols with tiers there."""
    rows = read_rows(folder, "contracts.csv", _CONTRACTS)
    refuse_repeats(rows, lambda row: (row.cells["venue"], row.cells["symbol"]))
    venues = _by_venue(rows, lambda venue: tiers[venue].tables)
    contracts = {
        venue: {row.cells["symbol"]: _contract(row) for row in venues.get(venue, [])}
        for venue in tiers
    }
    for venue, by_symbol in contracts.items():
        require_all("contracts.csv", by_symbol, tiers[venue].tables, f"on {venue}")
    return {venue: MappingProxyType(by_symbol) for venue, by_symbol in contracts.items()}


def _contract(row: CsvRow) -> Contract:
    sizes = ("tick_size", "quantity_step", "minimum_notional")
    return row.record(
        Contract,
        **{column: row.value(column, optional=True) for column in sizes},
        contract_value=row.value("contract_value"),
        contract_value_confirmed=row.choice("contract_value_confirmed", ["yes", "no"]) == "yes",
        taker_fee=row.value("taker_fee"),
        status=row.choice("status", ["trading"]) if row.cells["status"] else None,
        as_of=row.sighting("as_of"),
    )
