"""Sends every HTTP request of the requests library to a port of this machine, whatever host it was meant for."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

HOST_HEADER = "X-Replayed-Host"


def redirect(port: int) -> Any:
    """Redirects from now on; returns what was there before."""
    original = HTTPAdapter.send

    def send(
        self: HTTPAdapter, request: PreparedRequest, *arguments: Any, **options: Any
    ) -> Response:
        address = urlsplit(str(request.url))
        request.headers[HOST_HEADER] = address.hostname or ""
        request.url = address._replace(scheme="http", netloc=f"127.0.0.1:{port}").geturl()
        return original(self, request, *arguments, **options)

    HTTPAdapter.send = send  # type: ignore[method-assign, assignment]
    return original


@contextmanager
def redirected(port: int) -> Iterator[None]:
    """Redirects for a while."""
    original = redirect(port)
    try:
        yield
    finally:
        HTTPAdapter.send = original  # type: ignore[method-assign]
