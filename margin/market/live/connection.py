"""One venue's REST interface through ccxt: addresses, signatures, rate limits and error codes are ccxt's business.

What is asked is a method of ccxt's own table of addresses and what comes back is the venue's answer as it came: each
field is read and checked by the venue's module here, so that nothing is guessed on the way. ccxt is imported when the
first connection is made: it costs half a second and 76 MB.
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

from requests import PreparedRequest, Response, Session
from requests.exceptions import ConnectionError as Disconnected
from requests.exceptions import ReadTimeout

from margin.market.source import Trouble, Unavailable

TIMEOUT = 5.0
"""Seconds until a request is given up, its whole answer included."""
BACK_OFF = 0.5
"""Seconds before the one retry after a failure that may pass."""
LARGEST_ANSWER = 32 * 1024 * 1024
"""Bytes beyond which an answer is not read on; the largest known, Binance's list of contracts, is about 2 MB."""
_CHUNK = 1 << 16

_CLASSES = {"binance": "binanceusdm", "bybit": "bybit", "okx": "okx", "hyperliquid": "hyperliquid"}
_PASSING = ("silent", "broken")
_BY_STATUS: Mapping[int | None, tuple[Trouble, str]] = {
    429: ("busy", "asks for a pause between requests"),
    418: ("busy", "shuts this machine out for a while after too many requests"),
    403: ("blocked", "does not serve this place (HTTP 403)"),
    451: ("blocked", "does not serve this place (HTTP 451)"),
}
_BY_KIND: Sequence[tuple[tuple[str, ...], Trouble, str]] = (
    (("RateLimitExceeded", "DDoSProtection"), "busy", "asks for a pause between requests"),
    (("AuthenticationError", "PermissionDenied"), "key", "refused the key, or what it was used for"),
    (("InvalidNonce",), "key", "refused a signed request, for this machine's clock is off"),
    (("RequestTimeout",), "silent", f"did not answer within {TIMEOUT:g} s"),
    (("BadSymbol", "BadRequest"), "absent", "does not know what was asked for"),
    (("OnMaintenance",), "broken", "is closed for maintenance"),
)
"""ccxt's kinds of errors, the first that fits."""


@dataclass(frozen=True, slots=True)
class Key:
    """A venue's API key. It never shows itself: not in a representation, not in an error."""

    api_key: str = field(repr=False)
    secret: str = field(repr=False)
    passphrase: str = field(default="", repr=False)


class _BoundedSession(Session):
    """A session whose answers end in time, stay within bounds, and come from where they were asked."""

    status: int | None = None
    retry_after: float | None = None

    def send(self, request: PreparedRequest, **options: Any) -> Response:
        """Reads the whole answer here, where it can still be given up; one that leads elsewhere is not followed."""
        self.status = self.retry_after = None
        deadline = time.monotonic() + TIMEOUT
        response = super().send(request, **{**options, "stream": True, "allow_redirects": False})
        try:
            response._content = _read(response, deadline)
        finally:
            response.close()
        self.status = response.status_code
        self.retry_after = _seconds(response.headers.get("Retry-After"))
        return response


def _read(response: Response, deadline: float) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(_CHUNK):
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise Disconnected("Connection broken: the answer is too large")
        if time.monotonic() > deadline:
            raise ReadTimeout("Read timed out")
    return bytes(body)


def _seconds(header: str | None) -> float | None:
    """The seconds a Retry-After header asks for; None for one that gives a date or nonsense."""
    return float(header) if header and header.isascii() and header.isdigit() else None


@cache
def _library() -> ModuleType:
    import ccxt  # noqa: PLC0415

    # At DEBUG level ccxt writes headers with keys: not here, whatever the process logs.
    logging.getLogger("ccxt").setLevel(logging.WARNING)
    gc.collect()
    gc.freeze()
    library: ModuleType = ccxt
    return library


class Connection:
    """A client of one venue, for one request at a time; with a key it may also ask for that account."""

    def __init__(self, venue: str, key: Key | None = None) -> None:
        secrets = {"apiKey": key.api_key, "secret": key.secret, "password": key.passphrase} if key else {}
        session = _BoundedSession()
        session.trust_env = False
        self._errors = _library()
        self._session = session
        self._lock = Lock()
        make = getattr(self._errors, _CLASSES[venue])
        self._client = make({**secrets, "session": session, "timeout": TIMEOUT * 1000, "enableRateLimit": True})
        self._client.enableLastHttpResponse = self._client.enableLastJsonResponse = False

    def ask(self, method: str, parameters: Mapping[str, Any] | None = None) -> Any:
        """The venue's answer, an object or an array of JSON.

        Tries once more after a failure that may pass, and after one of the clocks' disagreement. Raises Unavailable.
        """
        with self._lock:
            try:
                return self._ask(method, parameters or {})
            except Unavailable as first:
                if first.trouble not in _PASSING:
                    raise
                time.sleep(BACK_OFF)
                return self._ask(method, parameters or {})

    def _ask(self, method: str, parameters: Mapping[str, Any]) -> Any:
        self._session.status = self._session.retry_after = None
        try:
            answer = self._on_time(method, parameters)
        except self._errors.BaseError as error:
            raise self._trouble(error) from None
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):  # ccxt stumbled over the answer.
            raise Unavailable("broken", "gave an answer that cannot be read") from None
        if not isinstance(answer, (dict, list)):
            raise Unavailable("broken", "gave an answer that is no JSON")
        return answer

    def _on_time(self, method: str, parameters: Mapping[str, Any]) -> Any:
        try:
            return getattr(self._client, method)(dict(parameters))
        except self._errors.InvalidNonce:  # This machine's clock is off: sign by the venue's.
            self._client.load_time_difference()
            return getattr(self._client, method)(dict(parameters))

    def _trouble(self, error: Exception) -> Unavailable:
        """What went wrong, from the status and the kind of error alone: texts may hold addresses with signatures."""
        status, kinds = self._session.status, self._errors
        if status in _BY_STATUS:
            return Unavailable(*_BY_STATUS[status], self._session.retry_after)
        if status is None and isinstance(error, kinds.NetworkError) and not isinstance(error, kinds.RequestTimeout):
            return Unavailable("silent", "cannot be reached")
        for names, trouble, reason in _BY_KIND:
            if isinstance(error, tuple(getattr(kinds, name) for name in names)):
                return Unavailable(trouble, reason)
        return Unavailable("broken", f"answered with an error (HTTP {status})" if status else "answered with an error")
