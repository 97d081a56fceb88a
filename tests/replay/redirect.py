"""Sends every HTTP request of aiohttp to a port of this machine, whatever host it was meant for."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
from yarl import URL

HOST_HEADER = "X-Replayed-Host"


def redirect(port: int) -> Any:
    """Redirects from now on; returns what was there before."""
    original = aiohttp.ClientSession._request

    async def request(self: aiohttp.ClientSession, method: str, url: Any, **options: Any) -> Any:
        meant = URL(url)
        headers = {**(options.pop("headers", None) or {}), HOST_HEADER: meant.host or ""}
        # By name, so that it is looked up as the venue's would be.
        here = meant.with_scheme("http").with_host("localhost").with_port(port)
        return await original(self, method, here, headers=headers, **options)

    aiohttp.ClientSession._request = request  # type: ignore[method-assign, assignment]
    return original


@contextmanager
def redirected(port: int) -> Iterator[None]:
    """Redirects for a while."""
    original = redirect(port)
    try:
        yield
    finally:
        aiohttp.ClientSession._request = original  # type: ignore[method-assign]
