"""How Binance and Bybit name a linear perpetual.

Its base asset and the coin it is settled in, such as `RENDERUSDT`.
"""

from margin.market.venues.checks import listed_token
from margin.market.venues.fields import Entry, word

SETTLEMENT = "USDT"


def symbol_of(token: str) -> str:
    """Return what a token's perpetual is called.

    Raises Unavailable for what no venue lists under such a name.
    """
    return listed_token(token) + SETTLEMENT


def base_of(symbol: str) -> str | None:
    """Return the base asset of a perpetual in USDT by its name; None for another symbol."""
    return symbol.removesuffix(SETTLEMENT) if symbol.endswith(SETTLEMENT) else None


def base_in(row: Entry) -> str | None:
    """Return the same of the `symbol` that a row is about."""
    return base_of(word(row, "symbol"))
