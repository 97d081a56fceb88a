"""The embedded snapshot as a source: the venues' figures on the days in its files."""

from typing import NoReturn

from margin.market.records import Contract
from margin.market.snapshot import embedded as snapshot
from margin.market.source import Candles, Checked, FundingHistory, Quote, Unavailable
from margin.venues import VENUES, TierTable


class SnapshotSource:
    """A `MarketSource` without requests. Raises FieldError for an unknown venue."""

    def contracts(self, venue: str) -> Checked[Contract]:
        """Return the venue's perpetuals in the snapshot, none for the textbook account."""
        return Checked(snapshot.contracts(venue))

    def quotes(self, venue: str) -> Checked[Quote]:
        """Return the reference mark of every token, which is the same on all venues.

        The funding rate is the median of the recorded ones, on the venue of the record.
        """
        quotes = {token: Quote(mark) for token, mark in snapshot.marks().items()}
        for token, record in snapshot.funding().items():
            if record.venue == venue:
                quotes[token] = Quote(
                    quotes[token].mark, None, record.median, float(record.interval_hours)
                )
        return Checked(quotes)

    def tiers(self, venue: str, token: str) -> Checked[TierTable]:
        """Return all tier tables of the venue.

        Raises Unavailable where the token, or any for "", has none.
        """
        tables = snapshot.tables(venue).tiers
        if token not in tables and (token or not tables):
            raise Unavailable(
                "absent", f"holds no tier table of {token or 'any token'} on {VENUES[venue].name}"
            )
        return Checked(tables)

    def funding(self, venue: str, token: str) -> FundingHistory:  # noqa: ARG002
        """Raise Unavailable, for the snapshot has only the distribution of past rates."""
        _absent("holds no single funding payments")

    def candles(self, venue: str, token: str) -> Candles:  # noqa: ARG002
        """Raise Unavailable, for the snapshot has only figures derived from past prices."""
        _absent("holds no price history")


def _absent(reason: str) -> NoReturn:
    raise Unavailable("absent", reason)
