"""The embedded snapshot: the project's own dated figures, which need no network.

A file is read and checked as a whole when one of its figures is first requested. A broken row
raises FieldError with the file and the line as its path (`tiers.csv:7.floor`). The functions at the
end read the packaged files.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable

from margin.errors import FieldError, choice
from margin.market.records import Contract, Correlations, Crash, Funding, Marks, Risk
from margin.market.snapshot.history_files import (
    read_correlations,
    read_crashes,
    read_funding,
    read_marks,
    read_risk,
)
from margin.market.snapshot.venue_files import VenueTiers, read_contracts, read_listings, read_tiers
from margin.model.scenario import Scenario
from margin.venues import VENUES, VenueTables

SOURCE = "snapshot"


class Snapshot:
    """The figures of one folder of CSV files."""

    def __init__(self, folder: Traversable) -> None:
        self._folder = folder

    def tables(self, venue: str) -> VenueTables:
        """Return the venue's tier tables, contract values where needed, and unlisted tokens."""
        return self._tables[choice(venue, "venue", VENUES)]

    def contracts(self, venue: str) -> Mapping[str, Contract]:
        """Return the venue's contracts by symbol, empty for the textbook account."""
        return self._contracts.get(choice(venue, "venue", VENUES), {})

    def contract_values(self) -> Mapping[str, float]:
        """Return the tokens per contract by symbol, on the venue that counts in contracts."""
        for key, venue in VENUES.items():
            if venue.flat_tiers:
                return self.tables(key).contract_values
        return {}

    def marks(self) -> Mapping[str, float]:
        """Return the reference prices by symbol, in the settlement coin."""
        return self._marks.prices

    def marks_as_of(self) -> str:
        """Return the day of the reference prices."""
        return self._marks.as_of

    def funding(self) -> Mapping[str, Funding]:
        """Return the recorded funding rates by symbol."""
        return self._funding

    def risk(self) -> Mapping[str, Risk]:
        """Return volatility and beta by symbol."""
        return self._risk

    def correlations(self, symbols: Sequence[str]) -> Correlations:
        """Return the symbols' correlations from the longest window that has them all.

        That is the long window, or the last year for an account with VIRTUAL, a younger token.
        Raises FieldError for a symbol that is not in the snapshot.
        """
        for window in self._correlations:
            if set(symbols) <= set(window.symbols):
                return window.of(symbols)
        missing = set(symbols).difference(self._correlations[0].symbols)
        raise FieldError("symbols", f"no window of correlations holds {', '.join(sorted(missing))}")

    def crashes(self) -> tuple[Crash, ...]:
        """Return the crash days, oldest first."""
        return self._crashes

    @cached_property
    def _marks(self) -> Marks:
        return read_marks(self._folder)

    @cached_property
    def _tiers(self) -> dict[str, VenueTiers]:
        return read_tiers(self._folder, self.marks())

    @cached_property
    def _contracts(self) -> dict[str, Mapping[str, Contract]]:
        return read_contracts(self._folder, self._tiers)

    @cached_property
    def _tables(self) -> dict[str, VenueTables]:
        not_listed = read_listings(self._folder, self.marks(), self._tiers)
        tables = {venue: VenueTables(source=SOURCE) for venue in VENUES}
        for venue, (tiers, as_of, dates) in self._tiers.items():
            contracts = self.contracts(venue) if VENUES[venue].flat_tiers else {}
            values = {symbol: contract.contract_value for symbol, contract in contracts.items()}
            unconfirmed = frozenset(
                symbol
                for symbol, contract in contracts.items()
                if not contract.contract_value_confirmed
            )
            tables[venue] = VenueTables(
                source=SOURCE,
                tiers=tiers,
                contract_values=values,
                as_of=as_of,
                not_listed=not_listed[venue],
                unconfirmed=unconfirmed,
                dates=dates,
            )
        return tables

    @cached_property
    def _funding(self) -> Mapping[str, Funding]:
        return read_funding(self._folder, self.marks())

    @cached_property
    def _risk(self) -> Mapping[str, Risk]:
        return read_risk(self._folder, self.marks())

    @cached_property
    def _correlations(self) -> tuple[Correlations, ...]:
        return read_correlations(self._folder, self.marks())

    @cached_property
    def _crashes(self) -> tuple[Crash, ...]:
        return read_crashes(self._folder, self.marks())


EMBEDDED = Snapshot(files("margin.market.snapshot") / "data")

tables = EMBEDDED.tables
contracts = EMBEDDED.contracts
contract_values = EMBEDDED.contract_values
marks = EMBEDDED.marks
marks_as_of = EMBEDDED.marks_as_of
funding = EMBEDDED.funding
risk = EMBEDDED.risk
correlations = EMBEDDED.correlations
crashes = EMBEDDED.crashes


def attach(scenario: Scenario) -> Scenario:
    """Return the scenario with the packaged tables of its venue."""
    return scenario.with_tables(tables(scenario.account.venue))
