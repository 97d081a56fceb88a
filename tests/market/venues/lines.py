"""Lines that lead nowhere, for what a connection does about them."""

import time
from collections.abc import Callable
from socket import AF_INET, SOCK_STREAM

import pytest


def live_at(monkeypatch: pytest.MonkeyPatch, *ports: int) -> None:
    """Every host's addresses are these ports of this machine."""
    addresses = [(AF_INET, SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: addresses)


def seconds_of(ask: Callable[[], object]) -> float:
    began = time.monotonic()
    ask()
    return time.monotonic() - began
