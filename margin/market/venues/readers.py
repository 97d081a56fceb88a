"""The live source of market figures, and the readers of a user's own account.

Public figures come over one keyless connection per venue, opened with the first request. A key is
used for one call and then forgotten.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from functools import partial
from threading import Lock
from typing import Protocol, TypeVar

from margin.errors import FieldError
from margin.market.accounts import VenueAccount
from margin.market.records import Contract
from margin.market.source import Candles, Checked, FundingHistory, Quote, Unavailable
from margin.market.venues.binance import Binance
from margin.market.venues.bybit import Bybit
from margin.market.venues.connection import Connection, Key
from margin.market.venues.hyperliquid import Hyperliquid
from margin.market.venues.okx import Okx
from margin.market.venues.rights import Rights
from margin.venues import VENUES, TierTable

Value = TypeVar("Value")


class Reader(Protocol):
    """A reader of one venue, whose answers are checked values by our tokens.

    Every method raises Unavailable where the venue has no answer, and FieldError where the answer
    cannot be used.
    """

    def __init__(self, connection: Connection) -> None: ...

    def contracts(self) -> Checked[Contract]:
        """Return the answer of `MarketSource.contracts` for this venue."""

    def quotes(self) -> Checked[Quote]:
        """Return the answer of `MarketSource.quotes` for this venue."""

    def tiers(self, token: str) -> Checked[TierTable]:
        """Return the answer of `MarketSource.tiers` for this venue."""

    def funding(self, token: str) -> FundingHistory:
        """Return the answer of `MarketSource.funding` for this venue."""

    def candles(self, token: str) -> Candles:
        """Return the answer of `MarketSource.candles` for this venue."""

    def rights(self) -> Rights:
        """Return the permissions of the connection's key.

        Raises Unavailable for a key that can withdraw.
        """

    def account(self) -> VenueAccount:
        """Return the account of the connection's key, once its permissions are checked."""


READERS: dict[str, Callable[..., Reader]] = {
    "binance": Binance,
    "bybit": Bybit,
    "okx": Okx,
    "hyperliquid": Hyperliquid,
}
"""Each takes a connection, and the wallet address where the venue identifies accounts by one."""


class Venues:
    """The allowed venues as a `MarketSource`; safe to use from several threads."""

    def __init__(self, allowed: Collection[str] = tuple(READERS)) -> None:
        self._allowed = frozenset(allowed)
        self._readers: dict[str, Reader] = {}
        self._lock = Lock()

    def contracts(self, venue: str) -> Checked[Contract]:
        """Return every linear perpetual that trades on the venue, in its settlement coin."""
        return _usable(self._reader(venue).contracts)

    def quotes(self, venue: str) -> Checked[Quote]:
        """Return mark prices and current funding of those perpetuals."""
        return _usable(self._reader(venue).quotes)

    def tiers(self, venue: str, token: str) -> Checked[TierTable]:
        """Return the token's verified tier table, with all others where one answer has them."""
        return _usable(partial(self._reader(venue).tiers, token))

    def funding(self, venue: str, token: str) -> FundingHistory:
        """Return the latest funding payments of one perpetual."""
        return _usable(partial(self._reader(venue).funding, token))

    def candles(self, venue: str, token: str) -> Candles:
        """Return traded prices of the latest days."""
        return _usable(partial(self._reader(venue).candles, token))

    def _reader(self, venue: str) -> Reader:
        if venue not in self._allowed or venue not in READERS:
            raise Unavailable("absent", "is not asked from here")
        with self._lock:
            if venue not in self._readers:
                self._readers[venue] = READERS[venue](Connection(venue))
            return self._readers[venue]


def read_account(venue: str, key: Key | None, address: str = "") -> VenueAccount:
    """Return the account of a key, or of an address where the venue identifies accounts by one.

    It opens and closes a connection. Raises Unavailable.
    """
    if venue in READERS and VENUES[venue].api.account_by_address:
        with closing(Connection(venue)) as connection:
            return _usable(READERS[venue](connection, address).account)
    with _keyed(venue, key) as reader:
        return _usable(reader.account)


def read_tiers(venue: str, key: Key | None, token: str) -> Checked[TierTable]:
    """Return the tiers that a venue gives only to a key.

    It opens and closes a connection. Raises Unavailable.
    """
    with _keyed(venue, key) as reader:
        tiers = _usable(partial(reader.tiers, token))
        _usable(reader.rights)
        return tiers


def read_all(
    venue: str, key: Key | None, address: str = ""
) -> tuple[VenueAccount, Checked[TierTable] | None]:
    """Return the account, and the tiers where the venue gives them only to a key.

    The tiers are None where the venue does not give them. Raises Unavailable as `read_account`.
    """
    account = read_account(venue, key, address)
    if not VENUES[venue].api.tiers_need_key:
        return account, None
    try:
        return account, read_tiers(venue, key, "BTC")
    except Unavailable:  # The account alone will do, with the snapshot's tiers.
        return account, None


@contextmanager
def _keyed(venue: str, key: Key | None) -> Iterator[Reader]:
    if venue not in READERS:
        raise Unavailable("absent", "is not asked from here")
    if key is None:
        raise Unavailable("key", "asks for a key")
    with closing(Connection(venue, key)) as connection:
        yield READERS[venue](connection)


def _usable(fetch: Callable[[], Value]) -> Value:
    """Return what `fetch` returns. Raises Unavailable for its FieldError too."""
    try:
        return fetch()
    except FieldError as error:
        raise Unavailable("broken", f"gave an answer that cannot be used: {error}") from None
