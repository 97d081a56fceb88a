"""One venue's REST interface through ccxt.

Addresses, signatures, rate limits and error codes are ccxt's business.

What is asked is a method of ccxt's own table of addresses and what comes back is the venue's answer
as it came: each field is read and checked by the venue's module here, so that nothing is guessed on
the way. ccxt is imported when the first connection is made: it costs half a second and 76 MB.
"""

import gc
import json
import logging
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from http.client import HTTPConnection, HTTPResponse
from io import BufferedReader, RawIOBase
from socket import SOCK_STREAM, getaddrinfo, socket
from threading import Lock
from types import ModuleType
from typing import Any

from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter

from margin.market.source import Trouble, Unavailable
from margin.market.venues.refusals import REFUSED, Refusal, refusal
from margin.market.venues.sites import GLOBAL, site_of

TIMEOUT = 5.0
"""Seconds until a request is given up.

Connecting to any of the host's addresses, TLS and the whole answer together.

Looking up the host's name counts but cannot be interrupted: it may take as long as the system lets
it.
"""
QUICK = 0.5
"""The part of `TIMEOUT` within which a request must have failed to be tried again where the venue was silent."""
BACK_OFF = 0.5
"""Seconds before the one retry after a failure that may pass."""
LARGEST_ANSWER = 32 * 1024 * 1024
"""Bytes beyond which an answer is not read on.

The largest known, Binance's list of contracts, is about 2 MB.
"""
_CHUNK = 1 << 16

_TALKATIVE = ("ccxt.base.exchange", "urllib3.connection", "urllib3.connectionpool")
"""Loggers that write addresses with signatures and headers with keys.

Silent, whatever the process logs.
"""
_LONGEST_ERROR = 4096
"""Bytes beyond which an answer is none of the short objects that venues put their errors in."""
_CODE = re.compile(r"-?[0-9]{1,9}")
_NO_ERROR = ("0", "200")
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


class _Clock:
    """The time of one request, from its first address looked up to its answer's last byte."""

    def __init__(self) -> None:
        self._began = 0.0

    def start(self) -> None:
        self._began = time.monotonic()

    @property
    def used(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._began

    def left(self) -> float:
        """Return seconds, more than 0. Raises TimeoutError where none are left."""
        left = TIMEOUT - self.used
        if left <= 0:
            raise TimeoutError("timed out")
        return left


class _UntilDeadline(RawIOBase):
    """A socket's bytes while there is time.

    A socket's own timeout starts anew with every byte that trickles in.
    """

    def __init__(self, raw: RawIOBase, origin: socket, clock: _Clock) -> None:
        self._raw, self._socket, self._clock = raw, origin, clock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._socket.settimeout(self._clock.left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedAnswer(HTTPResponse):
    """An answer whose bytes are read while the clock allows."""

    def __init__(self, origin: socket, clock: _Clock, **options: Any) -> None:
        super().__init__(origin, **options)
        self.fp = BufferedReader(_UntilDeadline(self.fp.detach(), origin, clock))


class _TimedConnection(HTTPConnection):
    """What is put before the transport's own class.

    Connect, handshake, request and answer share one clock.

    A handshake takes no longer than its socket's timeout as a whole, and that is the time left
    after connecting.
    """

    clock: _Clock
    _dns_host: str
    socket_options: Sequence[tuple[int, int, int]] | None

    def response_class(self, origin: socket, **options: Any) -> HTTPResponse:  # type: ignore[override]
        return _TimedAnswer(origin, self.clock, **options)

    def request(self, *arguments: Any, **options: Any) -> None:
        if self.sock is not None:  # It may have been kept from a request that left it little time.
            self.sock.settimeout(self.clock.left())
        super().request(*arguments, **options)

    def _new_conn(self) -> socket:
        return _connected(self._dns_host, self.port, self.socket_options or (), self.clock)


def _connected(
    host: str, port: int, options: Iterable[tuple[int, int, int]], clock: _Clock
) -> socket:
    """Return a socket to the first of the host's addresses that answers, each given its share of the time left.

    Raises OSError, which TimeoutError is one of.
    """
    addresses = getaddrinfo(host, port, type=SOCK_STREAM)
    failure = OSError("no address")
    for tried, (family, kind, protocol, _, address) in enumerate(addresses):
        try:
            return _opened(
                socket(family, kind, protocol), address, options, clock, len(addresses) - tried
            )
        except OSError as error:
            failure = error
    raise failure


def _opened(
    line: socket,
    address: Any,
    options: Iterable[tuple[int, int, int]],
    clock: _Clock,
    addresses: int,
) -> socket:
    try:
        for option in options:
            line.setsockopt(*option)
        line.settimeout(clock.left() / addresses)
        line.connect(address)
        line.settimeout(clock.left())
    except OSError:
        line.close()
        raise
    return line


class _TimedAdapter(HTTPAdapter):
    """Makes connections that keep to the session's clock."""

    def __init__(self, clock: _Clock) -> None:
        super().__init__()
        self._clock = clock

    def get_connection_with_tls_context(self, *arguments: Any, **options: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*arguments, **options)
        if "ConnectionCls" not in vars(pool):
            own = pool.ConnectionCls
            pool.ConnectionCls = type(own.__name__, (_TimedConnection, own), {"clock": self._clock})
        return pool


class _BoundedSession(Session):
    """A session whose answers end in time, stay within bounds, and come from where they were asked."""

    asked = False
    quick = True
    """Whether the last request was over early enough to be followed by another one."""
    status: int | None = None
    code = ""
    """The error code in the venue's answer; empty where there is none."""
    retry_after: float | None = None

    def __init__(self) -> None:
        super().__init__()
        self._clock = _Clock()
        self.trust_env = False
        for scheme in ("https://", "http://"):
            self.mount(scheme, _TimedAdapter(self._clock))

    def send(self, request: PreparedRequest, **options: Any) -> Response:
        """Read the whole answer here, where it can still be given up.

        One that leads elsewhere is not followed.
        """
        self.asked = True
        self.forget()
        self._clock.start()
        try:
            response = super().send(
                request, **{**options, "stream": True, "allow_redirects": False}
            )
            with closing(response):
                response._content = _read(response)
        finally:
            self.quick = self._clock.used < TIMEOUT * QUICK
        self.status = response.status_code
        self.code = _error_code(response.content)
        self.retry_after = _seconds(response.headers.get("Retry-After"))
        return response

    def forget(self) -> None:
        """Keep nothing of the answer before."""
        self.status = self.retry_after = None
        self.code = ""


def _error_code(body: bytes) -> str:
    """Return the code in a venue's error, `{"code": …}` or `{"retCode": …}`.

    Empty where the answer is no such thing.

    Nothing else of the body is kept: it may repeat the key.
    """
    said = _json(body.decode(errors="replace")) if len(body) <= _LONGEST_ERROR else None
    if not isinstance(said, Mapping):
        return ""
    code = str(said.get("retCode", said.get("code")))
    return code if _CODE.fullmatch(code) and code not in _NO_ERROR else ""


def _read(response: Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(_CHUNK):
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise Unavailable("broken", "gave an answer beyond all bounds")
    return bytes(body)


def _json(text: str) -> Any:
    """Return what a text of JSON says, None where it is none.

    Ccxt itself reads objects and arrays only.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _seconds(header: str | None) -> float | None:
    """Return the seconds a Retry-After header asks for.

    None for one that gives a date or nonsense.
    """
    return float(header) if header and header.isascii() and header.isdigit() else None


@cache
def _library() -> ModuleType:
    import ccxt  # noqa: PLC0415

    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(lambda _: False)
    gc.collect()
    gc.freeze()
    library: ModuleType = ccxt
    return library


def _unusable() -> Unavailable:
    return Unavailable("key", "cannot be asked with a key of that form")


class Connection:
    """A client of one venue, for one request at a time.

    With a key it may also ask for that account.
    """

    def __init__(self, venue: str, key: Key | None = None) -> None:
        """Raise Unavailable for a key that cannot be one, or that is of a site that the venue does not have."""
        if key and not f"{key.api_key}{key.secret}{key.passphrase}".isascii():
            raise _unusable()
        secrets = (
            {"apiKey": key.api_key, "secret": key.secret, "password": key.passphrase} if key else {}
        )
        site = site_of(venue, key.site if key else GLOBAL)
        session = _BoundedSession()
        self._venue = venue
        self.keyed = key is not None
        """Whether it may ask for an account."""
        self._errors = _library()
        self._session = session
        self._lock = Lock()
        make = getattr(self._errors, site.client)
        host = {"hostname": site.host} if site.host else {}
        self._client = make(
            {
                **secrets,
                **host,
                "session": session,
                "timeout": TIMEOUT * 1000,
                "enableRateLimit": True,
            }
        )
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
                if first.trouble != "broken" and not (
                    first.trouble == "silent" and self._session.quick
                ):
                    raise
                time.sleep(BACK_OFF)
                return self._ask(method, parameters or {})

    def close(self) -> None:
        """End the connection and forgets the key."""
        self._session.close()
        self._client.apiKey = self._client.secret = self._client.password = ""

    def _ask(self, method: str, parameters: Mapping[str, Any]) -> Any:
        self._session.asked = False
        self._session.forget()
        try:
            answer = self._on_time(method, parameters)
        except self._errors.BaseError as error:
            failure = self._trouble(error)
        except Unavailable as error:
            failure = Unavailable(error.trouble, error.reason)
        except (
            Exception
        ) as error:  # ccxt stumbled: over the answer, or over the key before it asked.
            failure = Unavailable(
                *(self._refusal(error) or ("broken", "gave an answer that cannot be read"))
            )
            if self._key_unusable:
                failure = _unusable()
        else:
            answer = _json(answer) if isinstance(answer, str) else answer
            if isinstance(answer, (dict, list, str)):
                return answer
            failure = Unavailable("broken", "gave an answer that is no JSON")
        # Raised out here, it does not carry ccxt's error along, whose text may hold a signed
        # address.
        raise failure

    @property
    def _key_unusable(self) -> bool:
        """Whether a request that failed had not even been sent."""
        return self.keyed and not self._session.asked

    def _on_time(self, method: str, parameters: Mapping[str, Any]) -> Any:
        try:
            return getattr(self._client, method)(dict(parameters))
        except self._errors.InvalidNonce:  # This machine's clock is off: sign by the venue's.
            self._client.load_time_difference()
            return getattr(self._client, method)(dict(parameters))

    def _trouble(self, error: Exception) -> Unavailable:
        """Return what went wrong, from the status, the venue's code and the kind of error.

        Texts may hold signed addresses.
        """
        status, kinds = self._session.status, self._errors
        if self._key_unusable:
            return _unusable()
        if said := self._refusal(error):
            return Unavailable(*said)
        if status in _BY_STATUS:
            return Unavailable(*_BY_STATUS[status], self._session.retry_after)
        if (
            status is None
            and isinstance(error, kinds.NetworkError)
            and not isinstance(error, kinds.RequestTimeout)
        ):
            return Unavailable("silent", "cannot be reached")
        for names, trouble, reason in _BY_KIND:
            if isinstance(error, tuple(getattr(kinds, name) for name in names)):
                return Unavailable(trouble, reason)
        return Unavailable(
            "broken",
            f"answered with an error (HTTP {status})" if status else "answered with an error",
        )

    def _refusal(self, error: Exception) -> Refusal | None:
        """Return what the venue's code says of the key or the place.

        None where it is not about them.

        A code that nobody knows is still the venue's own word where it comes with a status that
        refuses a signed request: what shuts out a place answers without one.
        """
        status, code = self._session.status, self._session.code
        if status in _NOT_OF_THE_KEY or isinstance(error, self._errors.InvalidNonce):
            return None
        known = refusal(self._venue, code)
        if known and (self.keyed or known.trouble != "key"):
            return known
        if not self.keyed or status not in _REFUSALS or not (code or status == _UNAUTHORISED):
            return None
        return REFUSED._replace(reason=f"{REFUSED.reason} (error {code})") if code else REFUSED
