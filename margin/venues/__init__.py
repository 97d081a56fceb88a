"""All that is true of a venue, one module each, and the registry of them.

Knows no scenario. To add a venue write its module, register its object here, and give the snapshot
its rows; a reader in `market.venues` makes it live.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from margin.engine.tiers import TierTable
from margin.venues.binance import BINANCE
from margin.venues.bybit import BYBIT
from margin.venues.hyperliquid import HYPERLIQUID
from margin.venues.liquidation import LiquidationPolicy
from margin.venues.okx import OKX
from margin.venues.rules import NO_TABLES, RatioRule, Venue, VenueTables
from margin.venues.textbook import MARGIN_FRACTION, TEXTBOOK

_KEY = re.compile("[a-z][a-z0-9]{0,19}")
"""A key stands in addresses and in the names of files."""

_registry: dict[str, Venue] = {}
VENUES: Mapping[str, Venue] = MappingProxyType(_registry)
"""The registered venues by key, in the order in which they are shown."""


def register(venue: Venue) -> None:
    """Add a venue to `VENUES`.

    Raises ValueError for a key that is taken or that no file name may hold.
    """
    if venue.key in _registry or not _KEY.fullmatch(venue.key):
        raise ValueError(f"no venue can be registered as {venue.key!r}")
    _registry[venue.key] = venue


def listing_venues() -> tuple[str, ...]:
    """Return the keys of the venues that list perpetuals and have tiers, in order.

    The textbook account has none.
    """
    return tuple(key for key, venue in VENUES.items() if not venue.own_fraction)


DEFAULT_VENUE = BINANCE.key
"""The venue where nobody chose one."""

for _venue in (BINANCE, BYBIT, OKX, HYPERLIQUID, TEXTBOOK):
    register(_venue)

__all__ = [
    "DEFAULT_VENUE",
    "MARGIN_FRACTION",
    "NO_TABLES",
    "TEXTBOOK",
    "VENUES",
    "LiquidationPolicy",
    "RatioRule",
    "TierTable",
    "Venue",
    "VenueTables",
    "listing_venues",
    "register",
]
