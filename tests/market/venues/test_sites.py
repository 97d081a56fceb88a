"""Regional sites: every host is one of ccxt's, and a key is asked at its own."""

import inspect
from dataclasses import replace

import ccxt
import pytest

from margin.market.source import Unavailable
from margin.market.venues.connection import Connection
from margin.market.venues.readers import READERS, Venues, read_account
from margin.market.venues.sites import SITES
from tests.replay import okx
from tests.replay.figures import KEY, Book
from tests.replay.server import Replay

REGIONAL = {
    ("bybit", "eu"): "api.bybit.eu",
    ("bybit", "nl"): "api.bybit.nl",
    ("bybit", "hk"): "api.bybit.com.hk",
    ("bybit", "id"): "api.bybit.id",
    ("okx", "eea"): "eea.okx.com",
    ("okx", "us"): "us.okx.com",
}
GLOBAL = {"bybit": "api.bybit.com", "okx": "www.okx.com"}


def move(replay: Replay, venue: str, host: str) -> None:
    """Answers at another host what the venue's global one answers, and nothing there any more."""
    for at, method, path in list(replay._answers):
        if at == GLOBAL[venue]:
            replay.serve(host, method, path, replay._answers.pop((at, method, path)))


def test_every_venue_has_its_global_site_and_no_other_is_untested() -> None:
    assert set(SITES) == set(READERS)
    assert {(venue, key) for venue, sites in SITES.items() for key in sites if key} == set(REGIONAL)


@pytest.mark.parametrize(("venue", "key"), REGIONAL)
def test_every_host_is_one_that_ccxt_names(venue: str, key: str) -> None:
    site = SITES[venue][key]
    client = getattr(ccxt, site.client)
    assert issubclass(client, getattr(ccxt, venue))
    host = site.host or client().hostname
    assert host in inspect.getsource(inspect.getmodule(client))
    assert REGIONAL[venue, key].endswith(host)


@pytest.mark.parametrize(("venue", "key"), REGIONAL)
def test_a_key_is_asked_of_at_its_own_site_alone(
    replay: Replay, book: Book, venue: str, key: str
) -> None:
    move(replay, venue, REGIONAL[venue, key])
    book.clock_skew = 3_600_000  # The site's own clock is asked too.
    account = read_account(venue, replace(KEY, site=key))
    assert account.wallet_balance == book.wallet
    assert len(account.imported.positions) == len(book.legs)
    assert {asked.host for asked in replay.asked} == {REGIONAL[venue, key]}


@pytest.mark.parametrize("site", ["xx", "EEA", "evil.example", "us.okx.com", "../us", "eu"])
def test_a_site_that_is_not_listed_is_asked_for_nothing(replay: Replay, site: str) -> None:
    with pytest.raises(Unavailable, match="has no such regional site"):
        read_account("okx", replace(KEY, site=site))
    assert replay.asked == []


def test_public_figures_are_the_global_sites(replay: Replay) -> None:
    for venue, host in GLOBAL.items():
        replay.asked.clear()
        Venues().quotes(venue)
        assert {asked.host for asked in replay.asked} == {host}


def test_a_site_without_a_swap_in_usdt_still_tells_its_accounts(replay: Replay, book: Book) -> None:
    book.legs = []
    move(replay, "okx", "us.okx.com")
    replay.serve("us.okx.com", "GET", okx.INSTRUMENTS, lambda _: okx.ok([]))
    replay.serve("us.okx.com", "GET", okx.POSITIONS, lambda _: okx.ok([]))
    assert read_account("okx", replace(KEY, site="us")).wallet_balance == book.wallet


def test_a_site_does_not_show_itself_with_the_key() -> None:
    assert repr(replace(KEY, site="eea")) == "Key()"
    assert Connection("okx", replace(KEY, site="eea")).keyed
