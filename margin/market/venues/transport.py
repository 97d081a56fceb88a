"""What a venue's client sends its requests through: HTTP with bounds, on an event loop of its own.

ccxt's async client keeps one deadline for all of a request: the look-up of the host, connecting to
any of its addresses, TLS and the whole answer. What it does not bound is here: how much of an
answer is read, and where it may lead. Of an answer nothing stays but what says why it failed, for
its text may repeat a key.
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
"""Bytes beyond which an answer is not read on; the largest known is about 2 MB."""
_CHUNK = 1 << 16
_LONGEST_ERROR = 4096
"""Bytes beyond which an answer is none of the short objects that venues put their errors in."""
_CODE = re.compile(r"-?[0-9]{1,9}")
_NO_ERROR = ("0", "200")

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is kept of a request: enough to say why it failed.

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
    """A whole answer, in the shape in which ccxt reads one."""

    status: int
    reason: str | None
    headers: Mapping[str, str]
    content: bytes

    async def text(self, errors: str) -> str:
        """Return the answer as text."""
        return self.content.decode(errors=errors)


class Transport:
    """An HTTP session for one request at a time. `outcome` is that of the last one."""

    headers: Mapping[str, str] = MappingProxyType({})
    """What ccxt adds to the headers of each request."""

    def __init__(self) -> None:
        self.outcome = Outcome()
        self.loop = asyncio.new_event_loop()
        self.loop.set_exception_handler(_say_nothing)
        self._session = self.run(_session())

    @property
    def closed(self) -> bool:
        """Whether it can be used no more."""
        return self.loop.is_closed()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Return what the work comes to; the caller waits."""
        return self.loop.run_until_complete(work)

    def close(self) -> None:
        """End the session and its connections."""
        if not self.closed:
            self.run(self._session.close())
            self.loop.close()

    def get(self, url: Any, **options: Any) -> Any:
        """Return a GET request as ccxt enters it."""
        return self._request("GET", url, options)

    def post(self, url: Any, **options: Any) -> Any:
        """Return a POST request as ccxt enters it."""
        return self._request("POST", url, options)

    @asynccontextmanager
    async def _request(
        self, method: str, url: Any, options: dict[str, Any]
    ) -> AsyncIterator[_Response]:
        """Send a request and read the whole answer; one that leads elsewhere is not followed.

        Raises Unavailable for an answer beyond `LARGEST_ANSWER`.
        """
        began = time.monotonic()
        status: int | None = None
        code, retry_after = "", None
        try:
            async with self._session.request(
                method, url, allow_redirects=False, **options
            ) as response:
                body = await _read(response)
                status, code = response.status, _error_code(body)
                retry_after = _seconds(response.headers.get("Retry-After"))
                whole = _Response(status, response.reason, dict(response.headers), body)
        finally:
            self.outcome = Outcome(True, time.monotonic() - began, status, code, retry_after)
        yield whole


async def _session() -> "aiohttp.ClientSession":
    """Return a session that takes neither proxies nor passwords from its surroundings."""
    import aiohttp  # noqa: PLC0415 (only whoever asks a venue waits for it)

    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=_trusted()), trust_env=False)


@cache
def _trusted() -> ssl.SSLContext:
    """Return the one context of all sessions, for reading the certificates takes a while."""
    return ssl.create_default_context(cafile=certifi.where())


def _say_nothing(*_: object) -> None:
    """Log no trouble of a connection: its address may be a signed one, and its asker is told."""


async def _read(response: "aiohttp.ClientResponse") -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise Unavailable("broken", "gave an answer beyond all bounds")
    return bytes(body)


def _error_code(body: bytes) -> str:
    """Return the code in a venue's error, `{"code": …}` or `{"retCode": …}`.

    Empty where the answer is no such thing.
    """
    answer = parsed(body.decode(errors="replace")) if len(body) <= _LONGEST_ERROR else None
    if not isinstance(answer, Mapping):
        return ""
    code = str(answer.get("retCode", answer.get("code")))
    return code if _CODE.fullmatch(code) and code not in _NO_ERROR else ""


def _seconds(header: str | None) -> float | None:
    """Return the seconds a Retry-After header asks for; None for a date or nonsense."""
    return float(header) if header and header.isascii() and header.isdigit() else None


def parsed(text: str) -> Any:
    """Return what a text of JSON says, None where it is none.

    ccxt itself reads objects and arrays only.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
