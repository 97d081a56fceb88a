"""The embedded snapshot as a source: what the venues said on the days that its files name."""

from typing import NoReturn

from margin.market.records import Contract
from margin.market.snapshot import embedded as snapshot
from margin.market.source import Candles, Checked, FundingHistory, Quote, Unavailable
from margin.venues import VENUES, TierTable


class SnapshotSource:
    """A `MarketSource` that asks nobody. A venue that is none raises FieldError."""

    def contracts(self, venue: str) -> Checked[Contract]:
        """Return the perpetuals that the snapshot knows on the venue.

        None for the textbook account.
        """
        return Checked(snapshot.contracts(venue))

    def quotes(self, venue: str) -> Checked[Quote]:
        """Return reference marks of every token that the snapshot holds.

        The same on all venues, listed there or not.

        The rate is the median of the recorded ones, beside its interval, on the venue where they
        were recorded.
        """
        funding = snapshot.funding()
        recorded = {
            token: (record.median, float(record.interval_hours))
            for token, record in funding.items()
            if record.venue == venue
        }
        return Checked(
            {
                token: Quote(mark, None, *recorded.get(token, (None, None)))
                for token, mark in snapshot.marks().items()
            }
        )

    def tiers(self, venue: str, token: str) -> Checked[TierTable]:
        """Return all tables of the venue.

        Raises Unavailable where the token's is not among them; "" stands for any.
        """
        tables = snapshot.tables(venue).tiers
        if token not in tables and (token or not tables):
            raise Unavailable(
                "absent", f"holds no tier table of {token or 'any token'} on {VENUES[venue].name}"
            )
        return Checked(tables)

    def funding(self, venue: str, token: str) -> FundingHistory:  # noqa: ARG002
        """Raise Unavailable: only the distribution of past rates is held."""
        _absent("holds no single funding payments")

    def candles(self, venue: str, token: str) -> Candles:  # noqa: ARG002
        """Raise Unavailable: only what past prices came to is held."""
        _absent("holds no price history")


def _absent(reason: str) -> NoReturn:
    raise Unavailable("absent", reason)
