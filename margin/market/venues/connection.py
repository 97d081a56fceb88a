"""One venue's REST interface through ccxt's async client.

Addresses, signatures, rate limits, deadlines and error codes are ccxt's business.

What is asked is a method of ccxt's own table of addresses and what comes back is the venue's answer
as it came: each field is read and checked by the venue's module here, so that nothing is guessed on
the way. ccxt is imported when the first connection is made: it costs half a second and 100 MB.
"""

import gc
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from types import ModuleType
from typing import Any

from margin.market.source import Trouble, Unavailable
from margin.market.venues.refusals import REFUSED, Refusal, refusal
from margin.market.venues.sites import GLOBAL, site_of
from margin.market.venues.transport import Outcome, Transport, parsed

TIMEOUT = 5.0
"""Seconds until a request is given up, from the look-up of the host to the last byte."""
QUICK = 0.5
"""The part of `TIMEOUT` within which a silent venue must have failed to be asked again."""
BACK_OFF = 0.5
"""Seconds before the one retry after a failure that may pass."""

_TALKATIVE = ("ccxt.base.exchange", "aiohttp.client")
"""Loggers that may write signed addresses and keys: silent, whatever the process logs."""
_BY_STATUS: Mapping[int | None, tuple[Trouble, str]] = {
    429: ("busy", "asks for a pause between requests"),
    418: ("busy", "shuts this machine out for a while after too many requests"),
    403: ("blocked", "does not serve this place (HTTP 403)"),
    451: ("blocked", "does not serve this place (HTTP 451)"),
}
_NOT_OF_THE_KEY = (418, 429, 451)
"""What these statuses say holds whatever code comes with them."""
_UNAUTHORISED = 401
_REFUSALS = (_UNAUTHORISED, 403)
_BY_KIND: Sequence[tuple[tuple[str, ...], Trouble, str]] = (
    (("RateLimitExceeded", "DDoSProtection"), "busy", "asks for a pause between requests"),
    (("AuthenticationError", "PermissionDenied"), *REFUSED),
    (("InvalidNonce",), "key", "refused a signed request, for this machine's clock is off"),
    (("RequestTimeout",), "silent", f"did not answer within {TIMEOUT:g} s"),
    (("BadSymbol", "BadRequest"), "absent", "does not know what was asked for"),
    (("OnMaintenance",), "broken", "is closed for maintenance"),
)
"""ccxt's kinds of errors, the first that fits."""


@dataclass(frozen=True, slots=True)
class Key:
    """A venue's API key, and the site it was made on.

    It never shows itself: not in a representation or an error.
    """

    api_key: str = field(repr=False)
    secret: str = field(repr=False)
    passphrase: str = field(default="", repr=False)
    site: str = field(default=GLOBAL, repr=False)


@cache
def _library() -> ModuleType:
    import ccxt.async_support  # noqa: PLC0415

    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(lambda _: False)
    gc.collect()
    gc.freeze()
    library: ModuleType = ccxt.async_support
    return library


def _unusable() -> Unavailable:
    return Unavailable("key", "cannot be asked with a key of that form")


def _check(key: Key) -> None:
    """Raise Unavailable for a key that no request can carry.

    A secret signs and is in no header: it may be a PEM of several lines.
    """
    words = f"{key.api_key}{key.passphrase}"
    if not (words.isascii() and words.isprintable() and key.secret.isascii()):
        raise _unusable()


class Connection:
    """A client of one venue, for one request at a time.

    With a key it may also ask for that account.
    """

    def __init__(self, venue: str, key: Key | None = None) -> None:
        """Raise Unavailable for a key that cannot be one, or of a site unknown there."""
        if key:
            _check(key)
        site = site_of(venue, key.site if key else GLOBAL)
        self.keyed = key is not None
        """Whether it may ask for an account."""
        self._venue = venue
        self._errors = _library()
        self._lock = Lock()
        self._transport = Transport()
        options = {
            "session": self._transport,
            "asyncio_loop": self._transport.loop,
            "timeout": TIMEOUT * 1000,
            "enableRateLimit": True,
        }
        if site.host:
            options["hostname"] = site.host
        if key:
            options |= {"apiKey": key.api_key, "secret": key.secret, "password": key.passphrase}
        self._client = getattr(self._errors, site.client)(options)
        self._client.enableLastHttpResponse = self._client.enableLastJsonResponse = False

    def ask(self, method: str, parameters: Mapping[str, Any] | None = None) -> Any:
        """Return the venue's answer: an object, an array or a text of JSON.

        Tries once more after a failure that may pass, unless it was the wait itself that was long,
        and after one of the clocks' disagreement. Raises Unavailable.
        """
        with self._lock:
            try:
                return self._ask(method, parameters or {})
            except Unavailable as first:
                if not self._may_pass(first):
                    raise
            time.sleep(BACK_OFF)
            return self._ask(method, parameters or {})

    def _may_pass(self, failure: Unavailable) -> bool:
        was_quick = self._transport.outcome.seconds < TIMEOUT * QUICK
        return failure.trouble == "broken" or (failure.trouble == "silent" and was_quick)

    def close(self) -> None:
        """End the connection and forget the key."""
        self._client.apiKey = self._client.secret = self._client.password = ""
        self._client.session = None  # ccxt would remind of it in its log.
        self._transport.close()

    def _ask(self, method: str, parameters: Mapping[str, Any]) -> Any:
        if self._transport.closed:
            raise _unusable()
        self._transport.outcome = Outcome()
        try:
            answer = self._transport.run(self._on_time(method, parameters))
        except self._errors.BaseError as error:
            failure = self._trouble(error)
        except Unavailable as error:
            failure = Unavailable(error.trouble, error.reason)
        except Exception as error:
            # ccxt stumbled: over the answer, or over the key before it asked.
            reason = self._refusal(error) or ("broken", "gave an answer that cannot be read")
            failure = _unusable() if self._key_unusable else Unavailable(*reason)
        else:
            answer = parsed(answer) if isinstance(answer, str) else answer
            if isinstance(answer, (dict, list, str)):
                return answer
            failure = Unavailable("broken", "gave an answer that is no JSON")
        # Raised out here, it does not carry ccxt's error along, whose text may hold a signed
        # address.
        raise failure

    @property
    def _key_unusable(self) -> bool:
        """Whether a request that failed had not even been sent."""
        return self.keyed and not self._transport.outcome.sent

    async def _on_time(self, method: str, parameters: Mapping[str, Any]) -> Any:
        try:
            return await getattr(self._client, method)(dict(parameters))
        except self._errors.InvalidNonce:  # This machine's clock is off: sign by the venue's.
            await self._client.load_time_difference()
            return await getattr(self._client, method)(dict(parameters))

    def _trouble(self, error: Exception) -> Unavailable:
        """Return what went wrong, from the status, the venue's code and the kind of error.

        Texts may hold signed addresses.
        """
        outcome, kinds = self._transport.outcome, self._errors
        if self._key_unusable:
            return _unusable()
        if refused := self._refusal(error):
            return Unavailable(*refused)
        if outcome.status in _BY_STATUS:
            return Unavailable(*_BY_STATUS[outcome.status], outcome.retry_after)
        # No whole answer came, and not because its time was over.
        if outcome.sent and outcome.status is None and not isinstance(error, kinds.RequestTimeout):
            return Unavailable("silent", "cannot be reached")
        for names, trouble, reason in _BY_KIND:
            if isinstance(error, tuple(getattr(kinds, name) for name in names)):
                return Unavailable(trouble, reason)
        status = f" (HTTP {outcome.status})" if outcome.status else ""
        return Unavailable("broken", f"answered with an error{status}")

    def _refusal(self, error: Exception) -> Refusal | None:
        """Return what the venue's code says of the key or the place.

        None where it is not about them.

        A code that nobody knows is still the venue's own word where it comes with a status that
        refuses a signed request: what shuts out a place answers without one.
        """
        status, code = self._transport.outcome.status, self._transport.outcome.code
        if status in _NOT_OF_THE_KEY or isinstance(error, self._errors.InvalidNonce):
            return None
        known = refusal(self._venue, code)
        if known and (self.keyed or known.trouble != "key"):
            return known
        if not self.keyed or status not in _REFUSALS or not (code or status == _UNAUTHORISED):
            return None
        return REFUSED._replace(reason=f"{REFUSED.reason} (error {code})") if code else REFUSED
