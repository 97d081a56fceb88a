"""The HTTP session of a venue's client: bounded, and on its own event loop.

ccxt's async client has one deadline for a whole request: the look-up of the host, connecting to any
of its addresses, TLS and the answer. This module bounds the rest: how much of an answer is read,
and that redirects are not followed. Of a failed answer only the cause is stored, for its text may
repeat a key.
"""

import asyncio
import json
import re
import ssl
import time
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import certifi

from margin.market.source import Unavailable

if TYPE_CHECKING:
    import aiohttp

LARGEST_ANSWER = 32 * 1024 * 1024
"""Bytes after which an answer is rejected; the largest known is about 2 MB."""
_CHUNK = 1 << 16
_LONGEST_ERROR = 4096
"""Bytes above which an answer cannot be one of the short objects that hold error codes."""
_CODE = re.compile(r"-?[0-9]{1,9}")
_NO_ERROR = ("0", "200")

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a request: enough to explain a failure.

    `sent` is whether it left this machine at all, `seconds` how long it took. `code` is the error
    code in the venue's answer, empty where there is none.
    """

    sent: bool = False
    seconds: float = 0.0
    status: int | None = None
    code: str = ""
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class _Response:
    """A complete answer with the attributes that ccxt reads."""

    status: int
    reason: str | None
    headers: Mapping[str, str]
    content: bytes

    async def text(self, errors: str) -> str:
        """Return the answer as text."""
        return self.content.decode(errors=errors)


class Transport:
    """An HTTP session for one request at a time; `outcome` is that of the last one."""

    headers: Mapping[str, str] = MappingProxyType({})
    """Headers that ccxt adds to every request."""

    def __init__(self) -> None:
        self.outcome = Outcome()
        self.loop = asyncio.new_event_loop()
        self.loop.set_exception_handler(_ignore)
        self._session = self.run(_session())

    @property
    def closed(self) -> bool:
        """Whether the session is closed for good."""
        return self.loop.is_closed()

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """Wait for the coroutine and return its result."""
        return self.loop.run_until_complete(coroutine)

    def close(self) -> None:
        """End the session and its connections."""
        if not self.closed:
            self.run(self._session.close())
            self.loop.close()

    def get(self, url: Any, **options: Any) -> Any:
        """Return a GET request as the context manager that ccxt enters."""
        return self._request("GET", url, options)

    def post(self, url: Any, **options: Any) -> Any:
        """Return a POST request as the context manager that ccxt enters."""
        return self._request("POST", url, options)

    @asynccontextmanager
    async def _request(
        self, method: str, url: Any, options: dict[str, Any]
    ) -> AsyncIterator[_Response]:
        """Send a request and read the whole answer, without following redirects.

        Raises Unavailable for an answer larger than `LARGEST_ANSWER`.
        """
        start = time.monotonic()
        status: int | None = None
        code, retry_after = "", None
        try:
            async with self._session.request(
                method, url, allow_redirects=False, **options
            ) as response:
                body = await _read(response)
                status, code = response.status, _error_code(body)
                retry_after = _seconds(response.headers.get("Retry-After"))
                answer = _Response(status, response.reason, dict(response.headers), body)
        finally:
            self.outcome = Outcome(True, time.monotonic() - start, status, code, retry_after)
        yield answer


async def _session() -> "aiohttp.ClientSession":
    """Return a session that takes no proxies and no passwords from the environment."""
    import aiohttp  # noqa: PLC0415 (slow, and needed for requests alone)

    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=_trusted()), trust_env=False)


@cache
def _trusted() -> ssl.SSLContext:
    """Return the context that all sessions share, for reading the certificates takes a while."""
    return ssl.create_default_context(cafile=certifi.where())


def _ignore(*_: object) -> None:
    """Log nothing of a failed connection: its address may be signed, and the caller knows."""


async def _read(response: "aiohttp.ClientResponse") -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise Unavailable("broken", "gave an answer beyond all bounds")
    return bytes(body)


def _error_code(body: bytes) -> str:
    """Return the code of a venue's error, `{"code": …}` or `{"retCode": …}`, else empty text."""
    answer = parse_json(body.decode(errors="replace")) if len(body) <= _LONGEST_ERROR else None
    if not isinstance(answer, Mapping):
        return ""
    code = str(answer.get("retCode", answer.get("code")))
    return code if _CODE.fullmatch(code) and code not in _NO_ERROR else ""


def _seconds(header: str | None) -> float | None:
    """Return the seconds of a Retry-After header, None for a date or an invalid value."""
    return float(header) if header and header.isascii() and header.isdigit() else None


def parse_json(text: str) -> Any:
    """Parse JSON of any type, for ccxt parses objects and arrays only; None where it is invalid."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
