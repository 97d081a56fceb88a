"""The venues' sites: the global one, and regional ones with separate accounts.

This is an allow-list. Every host is one that ccxt knows, as a client of its own or as another host
of a client, so that no address ever comes from user input.
"""

from collections.abc import Mapping
from typing import NamedTuple

from margin.market.source import Unavailable

GLOBAL = ""
"""The key of a venue's global site, from which public figures always come."""


class Site(NamedTuple):
    """A site: its name, ccxt's client, and the host where it differs from the client's."""

    name: str
    client: str
    host: str = ""


SITES: Mapping[str, Mapping[str, Site]] = {
    "binance": {GLOBAL: Site("Global (binance.com)", "binanceusdm")},
    "bybit": {
        GLOBAL: Site("Global (bybit.com)", "bybit"),
        "eu": Site("Europe (bybit.eu)", "bybiteu"),
        "nl": Site("Netherlands (bybit.nl)", "bybit", "bybit.nl"),
        "hk": Site("Hong Kong (bybit.com.hk)", "bybit", "bybit.com.hk"),
        "id": Site("Indonesia (bybit.id)", "bybitid"),
    },
    "okx": {
        GLOBAL: Site("Global (okx.com)", "okx"),
        "eea": Site("Europe (my.okx.com)", "myokx"),
        "us": Site("United States (app.okx.com)", "okxus"),
    },
    "hyperliquid": {GLOBAL: Site("Global (hyperliquid.xyz)", "hyperliquid")},
}


def site_of(venue: str, key: str) -> Site:
    """Return the site of this key. Raises Unavailable where the venue has no such site."""
    site = SITES[venue].get(key)
    if site is None:
        raise Unavailable("absent", "has no such regional site")
    return site


def is_regional(venue: str) -> bool:
    """Return whether the venue has more than one site."""
    return len(SITES[venue]) > 1
