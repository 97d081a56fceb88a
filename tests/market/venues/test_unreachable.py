"""Venues that cannot be reached, over TLS as it is: nothing is redirected here."""

from collections.abc import Iterator
from socket import gaierror, socket
from threading import Event

import aiohttp
import pytest

from margin.market.source import Unavailable
from margin.market.venues import connection
from margin.market.venues.connection import Connection
from tests.market.venues.lines import live_at, seconds_of

ASKED = "fapiPublicGetPremiumIndex"


def trouble() -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        Connection("binance").ask(ASKED)
    return caught.value


@pytest.fixture(autouse=True)
def _as_it_is() -> None:
    Connection("binance")  # The library is not imported within anything timed.
    assert aiohttp.ClientSession._request.__module__ == "aiohttp.client"


@pytest.fixture
def mute() -> Iterator[int]:
    """A port that is connected to and never says anything."""
    with socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def test_a_venue_that_cannot_be_reached_at_once_is_tried_once_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[object] = []

    def unknown(*address: object, **_: object) -> list[object]:
        asked.append(address)
        raise gaierror("no such name")

    monkeypatch.setattr(connection, "BACK_OFF", 0.0)
    monkeypatch.setattr("socket.getaddrinfo", unknown)
    told = trouble()
    assert (told.trouble, told.reason, len(asked)) == ("silent", "cannot be reached", 2)


def test_a_host_whose_addresses_are_all_dead_costs_the_time_of_one_request(
    deaf: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "TIMEOUT", 0.6)
    live_at(monkeypatch, *[deaf] * 4)
    told: list[Unavailable] = []
    assert 0.5 < seconds_of(lambda: told.append(trouble())) < 1.1
    assert (told[0].trouble, told[0].reason) == ("silent", "did not answer within 5 s")


def test_a_tls_handshake_that_is_not_answered_ends_with_the_time_of_the_request(
    deaf: int, mute: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "TIMEOUT", 0.6)
    live_at(monkeypatch, deaf, mute)
    assert 0.5 < seconds_of(trouble) < 1.1


def test_a_name_that_is_looked_up_for_ever_costs_the_time_of_one_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = Event()
    monkeypatch.setattr(connection, "TIMEOUT", 0.6)
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: found.wait(5) and [])
    assert 0.5 < seconds_of(trouble) < 1.1
    found.set()
