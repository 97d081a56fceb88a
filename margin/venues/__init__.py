"""The rules of each venue as data and small functions, and the tier tables they read. Knows no scenario."""

from collections.abc import Mapping
from types import MappingProxyType

from margin.engine.tiers import TierTable
from margin.venues.binance import BINANCE
from margin.venues.bybit import BYBIT
from margin.venues.hyperliquid import HYPERLIQUID
from margin.venues.okx import OKX
from margin.venues.rules import NO_TABLES, LiquidationRemarks, RatioRule, Venue, VenueTables
from margin.venues.textbook import MARGIN_FRACTION, TEXTBOOK

VENUES: Mapping[str, Venue] = MappingProxyType(
    {venue.key: venue for venue in (BINANCE, BYBIT, OKX, HYPERLIQUID, TEXTBOOK)}
)

__all__ = [
    "MARGIN_FRACTION",
    "NO_TABLES",
    "VENUES",
    "LiquidationRemarks",
    "RatioRule",
    "TierTable",
    "Venue",
    "VenueTables",
]
