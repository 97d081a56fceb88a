"""The snapshot through the interface that the venues have too."""

import pytest

from margin.errors import FieldError
from margin.market.snapshot import embedded as snapshot
from margin.market.snapshot.source import SnapshotSource
from margin.market.source import MarketSource, Quote, Unavailable

SOURCE: MarketSource = SnapshotSource()
VENUES = ["binance", "bybit", "okx", "hyperliquid"]


@pytest.mark.parametrize("venue", [*VENUES, "textbook"])
def test_contracts_are_those_of_the_snapshot_and_nothing_is_refused(venue: str) -> None:
    checked = SOURCE.contracts(venue)
    assert checked.good == snapshot.contracts(venue)
    assert not checked.refused


def test_quotes_on_binance_carry_the_median_of_the_recorded_rates() -> None:
    quotes = SOURCE.quotes("binance").good
    assert quotes["RENDER"] == Quote(1.75, None, snapshot.funding()["RENDER"].median, 4.0, None)
    assert quotes["FET"].interval_hours == 8
    assert quotes.keys() == snapshot.marks().keys()


@pytest.mark.parametrize("venue", ["bybit", "okx", "hyperliquid", "textbook"])
def test_quotes_elsewhere_are_the_reference_marks_alone(venue: str) -> None:
    assert SOURCE.quotes(venue).good == {
        token: Quote(mark) for token, mark in snapshot.marks().items()
    }


@pytest.mark.parametrize("venue", VENUES)
def test_the_tiers_of_a_token_come_with_all_the_venues(venue: str) -> None:
    assert (
        SOURCE.tiers(venue, "RENDER").good
        == SOURCE.tiers(venue, "").good
        == snapshot.tables(venue).tiers
    )


@pytest.mark.parametrize(
    ("venue", "token", "reason"),
    [
        ("okx", "FET", "holds no tier table of FET on OKX"),
        ("binance", "XYZ", "holds no tier table of XYZ on Binance"),
        ("textbook", "", "holds no tier table of any token on Textbook"),
    ],
)
def test_a_table_that_the_snapshot_does_not_hold_is_absent(
    venue: str, token: str, reason: str
) -> None:
    with pytest.raises(Unavailable) as raised:
        SOURCE.tiers(venue, token)
    assert (raised.value.trouble, raised.value.retry_after) == ("absent", None)
    assert raised.value.reason == reason


def test_payments_and_past_prices_are_absent() -> None:
    with pytest.raises(Unavailable, match="no single funding payments") as funding:
        SOURCE.funding("binance", "RENDER")
    with pytest.raises(Unavailable, match="no price history") as candles:
        SOURCE.candles("binance", "RENDER")
    assert funding.value.trouble == candles.value.trouble == "absent"


def test_an_unknown_venue_is_refused() -> None:
    for ask in (SOURCE.contracts, lambda venue: SOURCE.tiers(venue, "RENDER")):
        with pytest.raises(FieldError, match="venue: must be one of"):
            ask("kraken")
