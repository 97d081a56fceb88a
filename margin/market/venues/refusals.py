"""The venues' error codes about a key, an account or a location, with advice.

They are from the venues' published lists and from public reports. A reason is a clause that follows
the venue's name. For a code that is not listed here, the HTTP status and ccxt's kind of error
decide.
"""

from collections.abc import Mapping
from typing import NamedTuple

from margin.market.source import Trouble
from margin.market.venues.sites import is_regional


class Refusal(NamedTuple):
    """Why the venue does not answer, as the arguments of `Unavailable`."""

    trouble: Trouble
    reason: str


REFUSED = Refusal("key", "refused the key, or what it was used for")
"""A refusal without a more precise reason."""

_UNKNOWN = Refusal(
    "key", "does not know this key. Copy the whole key again, or make a new one if it was deleted"
)
_UNSIGNED = Refusal("key", "refused the signature. Copy the secret that belongs to this key again")
_PASSPHRASE = Refusal(
    "key", "refused the passphrase. Enter the one that you chose when you made the key"
)
_EXPIRED = Refusal("key", "says that this key has expired. Make a new one")
_LOCKED = Refusal("key", "has locked this key or its account. Ask its support")
_ADDRESS = Refusal(
    "key",
    "does not accept this key from this machine's address. Add the address to the key's list, or "
    "make a key that can "
    "only read and has no such list",
)
_NO_RIGHT = Refusal(
    "key", "does not let this key read the account. Give it the right to read, and no other"
)
_ENVIRONMENT = Refusal(
    "key", "says that this key is for another environment. Use a key of real, not demo, trading"
)
_ANY_OF_THREE = Refusal(
    "key",
    "refused the key, its rights or this machine's address. Copy the whole key again, let it read "
    "futures, and check "
    "its list of addresses",
)
_PLACE = Refusal("blocked", "does not serve this machine's address")
_COMPLIANCE = Refusal("key", "does not offer this to your account under its compliance rules")
_NOT_UNIFIED = Refusal(
    "absent", "keeps this account as a classic one, whose rules are not modelled here"
)

_ANOTHER_SITE = (
    "If you made it on another regional site, choose that site: a key works on its own site alone"
)

_CODES: Mapping[str, Mapping[str, Refusal]] = {
    "binance": {
        "-1002": _NO_RIGHT,
        "-1005": _ADDRESS,
        "-1011": _ADDRESS,
        "-1022": _UNSIGNED,
        "-1099": REFUSED,
        "-2008": _UNKNOWN,
        "-2014": _UNKNOWN,
        "-2015": _ANY_OF_THREE,
        "-2017": _LOCKED,
        "-4056": REFUSED,
        "-4057": REFUSED,
        "-4402": _COMPLIANCE,
    },
    "bybit": {
        "10003": _UNKNOWN,
        "10004": _UNSIGNED,
        "10005": _NO_RIGHT,
        "10007": REFUSED,
        "10008": _LOCKED,
        "10009": _PLACE,
        "10010": _ADDRESS,
        "10020": _NOT_UNIFIED,
        "10024": _COMPLIANCE,
        "10028": _NOT_UNIFIED,
        "33004": _EXPIRED,
        "-2015": _ANY_OF_THREE,
    },
    "okx": {
        "50007": _LOCKED,
        "50008": _UNKNOWN,
        "50027": _LOCKED,
        "50030": _NO_RIGHT,
        "50035": _ADDRESS,
        "50100": _LOCKED,
        "50101": _ENVIRONMENT,
        "50103": _UNKNOWN,
        "50104": _PASSPHRASE,
        "50105": _PASSPHRASE,
        "50106": _UNSIGNED,
        "50110": _ADDRESS,
        "50111": _UNKNOWN,
        "50113": _UNSIGNED,
        "50114": REFUSED,
        "50119": _UNKNOWN,
        "50120": _NO_RIGHT,
        "50121": _PLACE,
        "59506": _UNKNOWN,
    },
}
_OF_A_SITE = (_UNKNOWN, _COMPLIANCE)
"""Refusals that the key of another regional site causes too."""


def refusal_of(venue: str, code: str) -> Refusal | None:
    """Return the refusal of a venue's error code, None where the code is not about a refusal."""
    known = _CODES.get(venue, {}).get(code)
    if known is None:
        return None
    advice = f". {_ANOTHER_SITE}" if known in _OF_A_SITE and is_regional(venue) else ""
    return known._replace(reason=f"{known.reason}{advice} (error {code})")
