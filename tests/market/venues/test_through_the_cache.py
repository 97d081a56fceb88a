"""What the readers say, through the cache, onto the disk and into a view.

Nothing is lost or refused on the way.
"""

from pathlib import Path

import pytest

from margin.market.cache.disk import DiskCache
from margin.market.cache.memory import MarketCache
from margin.market.cache.query import Query
from margin.market.source import Checked, Unavailable
from margin.market.venues.readers import READERS, Venues
from margin.market.view import queries, view_venue
from tests.market.any_source import PATIENCE, settles
from tests.market.cache.test_disk import same
from tests.replay.server import Fault, Replay, Reply

VENUES = pytest.mark.parametrize("venue", READERS)


def everything(venue: str) -> tuple[Query, ...]:
    return (
        *queries(venue, ["RENDER"]),
        Query(venue, "funding", "RENDER"),
        Query(venue, "candles", "RENDER"),
    )


@VENUES
@pytest.mark.usefixtures("replay")
def test_every_answer_of_a_venue_outlives_the_process(
    venue: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache = MarketCache(Venues(), DiskCache(tmp_path))
    cache.refresh(everything(venue))
    assert settles(cache, everything(venue), PATIENCE)
    again = MarketCache(Venues(), DiskCache(tmp_path))
    for query in everything(venue):
        now, then = cache.entry(query), again.entry(query).cached
        if query == Query("binance", "tiers"):
            assert now.failure is not None
            assert now.failure.reason == "gives its tiers only to a key"
            continue
        assert now.failure is None
        assert now.cached is not None
        assert then is not None
        assert then.seen_at == now.cached.seen_at
        if isinstance(now.cached.value, Checked):
            assert "RENDER" in now.cached.value.good
            assert then.value.good == now.cached.value.good
        else:
            assert same(then.value, now.cached.value)
    cache.close()
    assert not [record for record in caplog.records if record.name == "tandem"]


@VENUES
@pytest.mark.usefixtures("replay")
def test_a_view_of_a_venue_is_live_before_a_restart_and_cached_with_the_same_figures_after(
    venue: str, tmp_path: Path
) -> None:
    cache = MarketCache(Venues(), DiskCache(tmp_path))
    cache.refresh(queries(venue, ["RENDER"]))
    assert settles(cache, queries(venue, ["RENDER"]), PATIENCE)
    before = view_venue(cache, venue, ["RENDER"])
    after = view_venue(MarketCache(Venues(), DiskCache(tmp_path)), venue, ["RENDER"])
    cache.close()
    tiers = ("snapshot", "snapshot") if venue == "binance" else ("live", "cached")
    assert (before.tiers["RENDER"].kind, after.tiers["RENDER"].kind) == tiers
    assert (before.quotes_origin.kind, before.contracts_origin.kind) == ("live", "live")
    assert (after.quotes_origin.kind, after.contracts_origin.kind) == ("cached", "cached")
    assert (after.quotes, after.contracts, after.tables.tiers) == (
        before.quotes,
        before.contracts,
        before.tables.tiers,
    )


def test_a_venue_that_asks_for_a_pause_gets_it(replay: Replay) -> None:
    replay.fail("bybit", Fault(Reply({}, 429, {"Retry-After": "77"})))
    cache = MarketCache(Venues(), None)
    wanted = everything("bybit")
    cache.refresh(wanted)
    assert settles(cache, wanted, PATIENCE)
    failure = cache.entry(wanted[0]).failure
    cache.close()
    assert failure is not None
    assert (failure.trouble, (failure.retry_at - failure.failed_at).total_seconds()) == ("busy", 77)
    assert {cache.entry(query).failure for query in wanted} == {failure}
    assert len(replay.asked) == 1


def test_a_venue_that_this_process_may_not_ask_says_so() -> None:
    with pytest.raises(Unavailable, match="is not asked from here"):
        Venues(()).quotes("binance")
    cache = MarketCache(Venues(()), None)
    cache.refresh([Query("binance", "quotes")])
    assert settles(cache, [Query("binance", "quotes")], PATIENCE)
    cache.close()
    assert view_venue(cache, "binance", []).quotes_origin.reason == "Binance is not asked from here"
