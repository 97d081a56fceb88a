"""What the readers say, through the feed, onto the disk and into a view: nothing is lost or refused on the way."""

from pathlib import Path

import pytest

from margin.market.cache.disk import Store
from margin.market.cache.feed import Feed
from margin.market.cache.question import Ask
from margin.market.source import Checked, Unavailable
from margin.market.venues.readers import READERS, Venues
from margin.market.view import asks, look
from tests.market.any_source import PATIENCE, settles
from tests.market.cache.test_disk import same
from tests.replay.server import Fault, Replay, Reply

VENUES = pytest.mark.parametrize("venue", READERS)


def everything(venue: str) -> tuple[Ask, ...]:
    return (*asks(venue, ["RENDER"]), Ask(venue, "funding", "RENDER"), Ask(venue, "candles", "RENDER"))


@VENUES
@pytest.mark.usefixtures("replay")
def test_every_answer_of_a_venue_outlives_the_process(
    venue: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    feed = Feed(Venues(), Store(tmp_path))
    feed.want(everything(venue))
    assert settles(feed, everything(venue), PATIENCE)
    again = Feed(Venues(), Store(tmp_path))
    for ask in everything(venue):
        now, then = feed.state(ask), again.state(ask).held
        if ask == Ask("binance", "tiers"):
            assert now.failure is not None
            assert now.failure.reason == "gives its tiers only to a key"
            continue
        assert now.failure is None
        assert now.held is not None
        assert then is not None
        assert then.seen_at == now.held.seen_at
        if isinstance(now.held.value, Checked):
            assert "RENDER" in now.held.value.good
            assert then.value.good == now.held.value.good
        else:
            assert same(then.value, now.held.value)
    feed.close()
    assert not [record for record in caplog.records if record.name == "tandem"]


@VENUES
@pytest.mark.usefixtures("replay")
def test_a_view_of_a_venue_is_live_before_a_restart_and_cached_with_the_same_figures_after(
    venue: str, tmp_path: Path
) -> None:
    feed = Feed(Venues(), Store(tmp_path))
    feed.want(asks(venue, ["RENDER"]))
    assert settles(feed, asks(venue, ["RENDER"]), PATIENCE)
    before = look(feed, venue, ["RENDER"])
    after = look(Feed(Venues(), Store(tmp_path)), venue, ["RENDER"])
    feed.close()
    tiers = ("snapshot", "snapshot") if venue == "binance" else ("live", "cached")
    assert (before.tiers["RENDER"].kind, after.tiers["RENDER"].kind) == tiers
    assert (before.quotes_origin.kind, before.contracts_origin.kind) == ("live", "live")
    assert (after.quotes_origin.kind, after.contracts_origin.kind) == ("cached", "cached")
    assert (after.quotes, after.contracts, after.tables.tiers) == (before.quotes, before.contracts, before.tables.tiers)


def test_a_venue_that_asks_for_a_pause_gets_it(replay: Replay) -> None:
    replay.fail("bybit", Fault(Reply({}, 429, {"Retry-After": "77"})))
    feed = Feed(Venues(), None)
    wanted = everything("bybit")
    feed.want(wanted)
    assert settles(feed, wanted, PATIENCE)
    failure = feed.state(wanted[0]).failure
    feed.close()
    assert failure is not None
    assert (failure.trouble, (failure.until - failure.at).total_seconds()) == ("busy", 77)
    assert {feed.state(ask).failure for ask in wanted} == {failure}
    assert len(replay.asked) == 1


def test_a_venue_that_this_process_may_not_ask_says_so() -> None:
    with pytest.raises(Unavailable, match="is not asked from here"):
        Venues(()).quotes("binance")
    feed = Feed(Venues(()), None)
    feed.want([Ask("binance", "quotes")])
    assert settles(feed, [Ask("binance", "quotes")], PATIENCE)
    feed.close()
    assert look(feed, "binance", []).quotes_origin.reason == "Binance is not asked from here"
