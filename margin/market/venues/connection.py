"""A venue's REST interface through ccxt's async client.

ccxt does the addresses, signatures, rate limits, deadlines and kinds of errors. A request is an
implicit method of ccxt, and its result is the venue's raw answer: the venue's module reads and
checks every field, so that nothing is guessed on the way. ccxt is imported with the first
connection, for it costs half a second and 100 MB.
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
from margin.market.venues.refusals import REFUSED, Refusal, refusal_of
from margin.market.venues.sites import GLOBAL, site_of
from margin.market.venues.transport import Outcome, Transport, parse_json

TIMEOUT = 5.0
"""Most seconds for a request, from the look-up of the host to the last byte."""
QUICK = 0.5
"""The part of `TIMEOUT` within which a request must have failed to be sent again."""
BACK_OFF = 0.5
"""Seconds before the one retry after a temporary failure."""

_TALKATIVE = ("ccxt.base.exchange", "aiohttp.client")
"""Loggers that may write signed addresses and keys: silenced, whatever the process logs."""
_BY_STATUS: Mapping[int | None, tuple[Trouble, str]] = {
    429: ("busy", "asks for a pause between requests"),
    418: ("busy", "shuts this machine out for a while after too many requests"),
    403: ("blocked", "does not serve this place (HTTP 403)"),
    451: ("blocked", "does not serve this place (HTTP 451)"),
}
_NOT_OF_THE_KEY = (418, 429, 451)
"""Statuses that are never about the key, whatever code comes with them."""
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
"""Troubles by ccxt's kinds of errors; the first match counts."""


@dataclass(frozen=True, slots=True)
class Key:
    """A venue's API key and its site; no representation or error shows it."""

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
    """Raise Unavailable for a key that cannot be sent in a request's headers."""
    # The secret only signs, so it may be a PEM of several lines.
    headers = f"{key.api_key}{key.passphrase}"
    if not (headers.isascii() and headers.isprintable() and key.secret.isascii()):
        raise _unusable()


class Connection:
    """A client of one venue, for one request at a time; with a key it may read the account."""

    def __init__(self, venue: str, key: Key | None = None) -> None:
        """Open the connection. Raises Unavailable for a malformed key or an unknown site."""
        if key:
            _check(key)
        site = site_of(venue, key.site if key else GLOBAL)
        self.keyed = key is not None
        """Whether it has a key."""
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

        A temporary failure that came quickly is retried once, and so is one for this machine's
        clock. Raises Unavailable.
        """
        with self._lock:
            try:
                return self._ask(method, parameters or {})
            except Unavailable as failure:
                if not self._is_temporary(failure):
                    raise
            time.sleep(BACK_OFF)
            return self._ask(method, parameters or {})

    def _is_temporary(self, failure: Unavailable) -> bool:
        was_quick = self._transport.outcome.seconds < TIMEOUT * QUICK
        return failure.trouble == "broken" or (failure.trouble == "silent" and was_quick)

    def close(self) -> None:
        """End the connection and forget the key."""
        self._client.apiKey = self._client.secret = self._client.password = ""
        self._client.session = None  # Else ccxt logs that it was not closed.
        self._transport.close()

    def _ask(self, method: str, parameters: Mapping[str, Any]) -> Any:
        if self._transport.closed:
            raise _unusable()
        self._transport.outcome = Outcome()
        try:
            answer = self._transport.run(self._call(method, parameters))
        except self._errors.BaseError as error:
            failure = self._trouble(error)
        except Unavailable as error:
            failure = Unavailable(error.trouble, error.reason)
        except Exception as error:
            # ccxt itself failed: on the answer, or on the key before it sent the request.
            reason = self._refusal(error) or ("broken", "gave an answer that cannot be read")
            failure = _unusable() if self._key_unusable else Unavailable(*reason)
        else:
            answer = parse_json(answer) if isinstance(answer, str) else answer
            if isinstance(answer, (dict, list, str)):
                return answer
            failure = Unavailable("broken", "gave an answer that is no JSON")
        # Raised outside the handlers, it is not chained to ccxt's error, whose text may contain a
        # signed address.
        raise failure

    @property
    def _key_unusable(self) -> bool:
        """Whether a request with a key failed before it was sent."""
        return self.keyed and not self._transport.outcome.sent

    async def _call(self, method: str, parameters: Mapping[str, Any]) -> Any:
        try:
            return await getattr(self._client, method)(dict(parameters))
        except self._errors.InvalidNonce:  # This machine's clock is off: sign with the venue's.
            await self._client.load_time_difference()
            return await getattr(self._client, method)(dict(parameters))

    def _trouble(self, error: Exception) -> Unavailable:
        """Return the failure by the status, the venue's code and the kind of ccxt's error."""
        # Never by the error's text, which may contain a signed address.
        outcome, kinds = self._transport.outcome, self._errors
        if self._key_unusable:
            return _unusable()
        if refusal := self._refusal(error):
            return Unavailable(*refusal)
        if outcome.status in _BY_STATUS:
            return Unavailable(*_BY_STATUS[outcome.status], outcome.retry_after)
        # The answer was incomplete, and not because of the timeout.
        if outcome.sent and outcome.status is None and not isinstance(error, kinds.RequestTimeout):
            return Unavailable("silent", "cannot be reached")
        for names, trouble, reason in _BY_KIND:
            if isinstance(error, tuple(getattr(kinds, name) for name in names)):
                return Unavailable(trouble, reason)
        status = f" (HTTP {outcome.status})" if outcome.status else ""
        return Unavailable("broken", f"answered with an error{status}")

    def _refusal(self, error: Exception) -> Refusal | None:
        """Return the refusal in the venue's code, None where it is not about key or location.

        With a status that refuses a signed request, an unknown code is a refusal of the key too:
        what blocks a location answers without a code.
        """
        status, code = self._transport.outcome.status, self._transport.outcome.code
        if status in _NOT_OF_THE_KEY or isinstance(error, self._errors.InvalidNonce):
            return None
        known = refusal_of(self._venue, code)
        if known and (self.keyed or known.trouble != "key"):
            return known
        if not self.keyed or status not in _REFUSALS or not (code or status == _UNAUTHORISED):
            return None
        return REFUSED._replace(reason=f"{REFUSED.reason} (error {code})") if code else REFUSED
