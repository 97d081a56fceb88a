"""Symbols of Binance and Bybit: the base asset and the settlement coin, as in `RENDERUSDT`."""

from margin.market.venues.checks import listed_token
from margin.market.venues.fields import Entry, text

SETTLEMENT = "USDT"


def symbol_of(token: str) -> str:
    """Return the symbol of a token's perpetual. Raises Unavailable for an invalid token."""
    return listed_token(token) + SETTLEMENT


def base_of(symbol: str) -> str | None:
    """Return the base asset of a USDT perpetual's symbol, None for other symbols."""
    return symbol.removesuffix(SETTLEMENT) if symbol.endswith(SETTLEMENT) else None


def base_of_row(row: Entry) -> str | None:
    """Return the base asset of the row's symbol, None where it is not a USDT perpetual."""
    return base_of(text(row, "symbol"))
