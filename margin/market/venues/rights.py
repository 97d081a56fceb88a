"""A key's permissions beyond reading, and the refusal of keys that can withdraw.

Whoever gets hold of a key that can withdraw has the money, so a tool that only reads must not
accept one.
"""

from collections.abc import Mapping
from typing import NamedTuple

from margin.market.source import Unavailable

_READ_ONLY: Mapping[str, str] = {
    "binance": "API Management, Create API, leave Enable Reading as the only box ticked",
    "bybit": "API Management, Create New Key, choose Read-Only",
    "okx": "Profile, API, Create API key, tick Read as the only permission",
}


class Rights(NamedTuple):
    """Whether a key may trade and may withdraw or transfer money; None: the venue does not say."""

    may_trade: bool | None
    may_withdraw: bool | None


def read_only_key(venue: str) -> str:
    """Return how to make a read-only key at the venue, as a clause without its full stop."""
    return f"make one that can only read ({_READ_ONLY[venue]})"


def refuse_withdrawal(venue: str, rights: Rights) -> Rights:
    """Return the rights. Raises Unavailable, trouble `key`, where they allow withdrawals."""
    if rights.may_withdraw:
        how = read_only_key(venue)
        raise Unavailable(
            "key",
            f"lets this key withdraw or transfer your money, so it is not used. Delete it and "
            f"{how}",
        )
    return rights
