"""The venues themselves, over the network: run with `-m live -n 0` where it reaches them.

Never part of a usual run.
"""

import time
from itertools import pairwise

import numpy as np
import pytest

from margin.market.source import Unavailable
from margin.market.venues.readers import READERS, Venues
from margin.venues import VENUES

pytestmark = pytest.mark.live
VENUE_KEYS = list(READERS)
DAY = 24 * 3600


@pytest.fixture(scope="module")
def venues() -> Venues:
    return Venues()


@pytest.mark.parametrize("venue", VENUE_KEYS)
def test_contracts(venues: Venues, venue: str) -> None:
    contracts = venues.contracts(venue)
    render = contracts.good["RENDER"]
    assert {"BTC", "ETH", "SOL", "RENDER"} <= set(contracts.good)
    assert {"AGIX", "OCEAN", "RNDR"}.isdisjoint(contracts.good)
    assert len(contracts.refused) < 0.05 * len(contracts.good)
    assert render.contract_value > 0
    assert (render.status, render.contract_value_confirmed) == ("trading", True)
    assert render.quantity_step is not None
    assert 0.001 <= render.quantity_step <= 100


@pytest.mark.parametrize("venue", VENUE_KEYS)
def test_quotes(venues: Venues, venue: str) -> None:
    quotes = venues.quotes(venue)
    render = quotes.good["RENDER"]
    assert {"BTC", "ETH", "SOL", "RENDER"} <= set(quotes.good)
    assert len(quotes.refused) < 0.05 * len(quotes.good)
    assert render.index_price is not None
    assert render.mark == pytest.approx(render.index_price, rel=0.05)
    assert render.funding_rate is not None
    assert abs(render.funding_rate) < 0.05
    assert render.interval_hours in (1, 2, 4, 8)
    assert render.next_funding is not None
    assert 0 < render.next_funding.timestamp() - time.time() + 60 < 9 * 3600


def test_marks_of_all_venues_agree(venues: Venues) -> None:
    for token in ("RENDER", "BTC", "ETH"):
        marks = [venues.quotes(venue).good[token].mark for venue in VENUE_KEYS]
        assert max(marks) / min(marks) < 1.02


@pytest.mark.parametrize("venue", ["bybit", "okx", "hyperliquid"])
def test_tiers(venues: Venues, venue: str) -> None:
    table = venues.tiers(venue, "RENDER").good["RENDER"]
    assert table.progressive != VENUES[venue].flat_tiers
    assert 0.001 < table.rates[0] < 0.06
    assert all(before <= after for before, after in pairwise(table.rates))
    assert table.max_leverages[0] is not None
    assert 5 <= table.max_leverages[0] <= 125


def test_binance_gives_its_tiers_to_a_key_only(venues: Venues) -> None:
    with pytest.raises(Unavailable, match="gives its tiers only to a key"):
        venues.tiers("binance", "RENDER")


@pytest.mark.parametrize("venue", VENUE_KEYS)
def test_funding(venues: Venues, venue: str) -> None:
    history = venues.funding(venue, "RENDER")
    assert history.times.size >= 100
    assert time.time() - history.times[-1] / 1000 < 9 * 3600
    assert np.abs(history.rates).max() < 0.05


@pytest.mark.parametrize("venue", VENUE_KEYS)
def test_candles(venues: Venues, venue: str) -> None:
    candles = venues.candles(venue, "RENDER")
    assert candles.times.size >= 500
    assert (np.diff(candles.times) == DAY * 1000).all()
    assert (candles.times % (DAY * 1000) == 0).all()
    assert 0 <= time.time() - candles.times[-1] / 1000 < 2 * DAY
    assert candles.close[-1] == pytest.approx(venues.quotes(venue).good["RENDER"].mark, rel=0.1)
