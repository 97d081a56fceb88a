"""The connection itself.

What it tries again, how long it waits, how much it reads, and what it keeps to itself.
"""

import gzip
import time

import pytest

from margin.market.source import Unavailable
from margin.market.venues import connection, transport
from margin.market.venues.connection import Connection, Key
from margin.market.venues.readers import read_account, read_tiers
from tests.market.venues.lines import live_at, seconds_of
from tests.replay.figures import KEY, Book
from tests.replay.server import Fault, Replay, Reply

ASKED = "fapiPublicGetPremiumIndex"
SKEWED = {"binance": "/fapi/v1/time", "bybit": "/v5/market/time", "okx": "/api/v5/public/time"}


def trouble(ask: Connection, method: str = ASKED) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        ask.ask(method)
    return caught.value


# Another try


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(Reply("", 500)), id="an error"),
        pytest.param(Fault(Reply("<html>", 200)), id="no JSON"),
        pytest.param(Fault(cut=True), id="half an answer"),
    ],
)
def test_a_failure_that_may_pass_is_tried_once_more(replay: Replay, fault: Fault) -> None:
    replay.fail("premiumIndex", fault, times=1)
    assert len(Connection("binance").ask(ASKED)) > 17
    assert len(replay.asked) == 2
    replay.fail("premiumIndex", fault, times=2)
    assert trouble(Connection("binance")).trouble in ("silent", "broken")
    assert len(replay.asked) == 4


def test_a_venue_that_does_not_answer_in_time_is_not_waited_for_twice(
    replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "TIMEOUT", 0.3)
    replay.fail("premiumIndex", Fault(pause=5))
    assert trouble(Connection("binance")).trouble == "silent"
    assert len(replay.asked) == 1


# Time


def test_a_dead_address_keeps_nobody_from_the_next(
    deaf: int, replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "TIMEOUT", 1.0)
    live_at(monkeypatch, deaf, replay.port)
    assert len(Connection("binance").ask(ASKED)) > 17


def test_the_time_spent_on_connecting_is_not_given_to_the_answer_again(
    deaf: int, replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "TIMEOUT", 0.6)
    live_at(monkeypatch, deaf, replay.port)
    replay.fail("premiumIndex", Fault(drip=0.02))
    venue = Connection("binance")
    assert 0.5 < seconds_of(lambda: trouble(venue)) < 0.85
    assert len(replay.asked) == 1


def test_a_connection_kept_from_a_request_has_the_whole_time_for_the_next(
    replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    venue = Connection("binance")
    venue.ask(ASKED)
    monkeypatch.setattr(connection, "TIMEOUT", 0.5)
    replay.fail("premiumIndex", Fault(pause=0.2))
    for _ in range(3):
        assert len(venue.ask(ASKED)) > 17


@pytest.mark.parametrize("status", [400, 401, 403, 418, 429, 451])
def test_what_will_not_pass_is_not_tried_again(replay: Replay, status: int) -> None:
    code = {400: -1121, 401: -2015}.get(status, 0)
    replay.fail("premiumIndex", Fault(Reply({"code": code, "msg": "no"}, status)))
    trouble(Connection("binance"))
    assert len(replay.asked) == 1


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("", None), ("soon", None), ("-1", None), ("٣", None)]
)
def test_a_pause_that_the_venue_asks_for_is_told(
    replay: Replay, header: str, seconds: float | None
) -> None:
    replay.fail(
        "premiumIndex", Fault(Reply("", 429, {"Retry-After": header.encode().decode("latin-1")}))
    )
    told = trouble(Connection("binance"))
    assert (told.trouble, told.retry_after) == ("busy", seconds)


# Clocks


@pytest.mark.parametrize("hours", [-3, 3])
@pytest.mark.parametrize("venue", SKEWED)
def test_a_clock_that_is_off_is_made_up_for_by_the_venues(
    replay: Replay, book: Book, venue: str, hours: int
) -> None:
    book.clock_skew = hours * 3_600_000
    assert read_account(venue, KEY).wallet_balance == 6000
    assert [asked.path for asked in replay.asked].count(SKEWED[venue]) == 1


@pytest.mark.parametrize(
    "answer", ["{}", '{"serverTime": 1}', '{"serverTime": "soon"}', '{"serverTime": 1e300}', "no"]
)
def test_a_clock_that_cannot_be_made_up_for_is_told(
    replay: Replay, book: Book, answer: str
) -> None:
    book.clock_skew = 3_600_000
    replay.serve("fapi.binance.com", "GET", "/fapi/v1/time", lambda _: Reply(answer))
    with pytest.raises(Unavailable) as caught:
        read_tiers("binance", KEY, "RENDER")
    assert caught.value.trouble in ("key", "broken")


# Bounds


@pytest.mark.parametrize("head", [False, True], ids=["the body", "the headers"])
def test_an_answer_that_trickles_in_is_given_up_when_its_time_is_over(
    replay: Replay, monkeypatch: pytest.MonkeyPatch, head: bool
) -> None:
    monkeypatch.setattr(connection, "TIMEOUT", 0.3)
    replay.fail("premiumIndex", Fault(drip=0.02, drip_head=head))
    began = time.monotonic()
    assert trouble(Connection("binance")).trouble == "silent"
    assert time.monotonic() - began < 10


def test_an_answer_without_an_end_is_given_up_at_its_bound(
    replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "LARGEST_ANSWER", 1 << 20)
    replay.fail("premiumIndex", Fault(endless=True))
    told = trouble(Connection("binance"))
    assert (told.trouble, told.reason) == ("broken", "gave an answer beyond all bounds")


def test_a_small_answer_that_unpacks_to_a_huge_one_is_given_up(
    replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "LARGEST_ANSWER", 1 << 20)
    packed = gzip.compress(b" " * (1 << 25))
    replay.fail("premiumIndex", Fault(Reply(packed, headers={"Content-Encoding": "gzip"})))
    assert trouble(Connection("binance")).reason == "gave an answer beyond all bounds"


def test_packed_answers_are_read(replay: Replay) -> None:
    packed = gzip.compress(b'[{"symbol": "BTCUSDT"}]')
    replay.fail("premiumIndex", Fault(Reply(packed, headers={"Content-Encoding": "gzip"})))
    assert Connection("binance").ask(ASKED) == [{"symbol": "BTCUSDT"}]


@pytest.mark.parametrize(
    "body",
    ["[" * 100_000, " " + "[" * 100_000, '{"a":' * 100_000, "1" * 10_000, "[" + "9" * 5_000 + "]"],
)
def test_an_answer_that_no_parser_can_hold_is_broken(replay: Replay, body: str) -> None:
    replay.fail("premiumIndex", Fault(Reply(body)))
    assert trouble(Connection("binance")).trouble == "broken"


def test_an_answer_that_leads_elsewhere_is_not_followed(replay: Replay) -> None:
    replay.fail(
        "premiumIndex", Fault(Reply("", 302, {"Location": "https://elsewhere.example/steal"}))
    )
    assert trouble(Connection("binance")).trouble == "broken"
    assert {asked.host for asked in replay.asked} == {"fapi.binance.com"}


def test_proxies_and_passwords_of_the_environment_are_not_used(
    replay: Replay, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    netrc = f"{tmp_path}/netrc"
    with open(netrc, "w") as file:  # noqa: PTH123
        file.write("default login eve password gotcha\n")
    monkeypatch.setenv("NETRC", netrc)
    Connection("binance").ask(ASKED)
    assert "Authorization" not in replay.asked[0].headers


# Keys


def test_a_key_never_shows_itself() -> None:
    for shown in (repr(KEY), str(KEY), f"{KEY}"):
        assert shown == "Key()"


def test_a_closed_connection_has_forgotten_its_key(replay: Replay) -> None:
    opened = Connection("binance", KEY)
    opened.close()
    assert trouble(opened, "fapiPrivateV3GetAccount").trouble == "key"
    assert replay.asked == []


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(Key("someone-else", KEY.secret, KEY.passphrase), id="an unknown key"),
        pytest.param(Key(KEY.api_key, "another", KEY.passphrase), id="another secret"),
        pytest.param(Key("", "", ""), id="an empty one"),
    ],
)
@pytest.mark.parametrize("venue", SKEWED)
@pytest.mark.usefixtures("replay")
def test_a_key_that_the_venue_does_not_know_is_refused(venue: str, key: Key) -> None:
    with pytest.raises(Unavailable) as caught:
        read_account(venue, key)
    assert caught.value.trouble == "key"


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(Key("a\r\nX-Evil: 1", "b", "c"), id="a header in it"),
        pytest.param(Key("ключ", "секрет", "пароль"), id="another script"),
        pytest.param(Key("a\ud800", "b\ud800", "c\ud800"), id="half a character"),
        pytest.param(
            Key("a", "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----", "c"),
            id="a broken PEM",
        ),
        pytest.param(
            Key("a", "-----BEGIN PRIVATE KEY-----" + "A" * 200, "c"), id="a long broken PEM"
        ),
    ],
)
@pytest.mark.parametrize("venue", SKEWED)
def test_a_key_that_cannot_be_one_ends_in_an_answer_too(
    replay: Replay, venue: str, key: Key
) -> None:
    with pytest.raises(Unavailable) as caught:
        read_account(venue, key)
    assert caught.value.trouble == "key"
    assert all("X-Evil" not in asked.headers for asked in replay.asked)
