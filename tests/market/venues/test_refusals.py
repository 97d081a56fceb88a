"""A key that the venue refuses: trouble `key`, asked once, with the advice that fits.

A place it does not serve.
"""

import pytest

from margin.market.source import Unavailable
from margin.market.venues.connection import Connection
from margin.market.venues.readers import Venues, read_account
from tests.replay.figures import KEY
from tests.replay.server import Fault, Replay, Reply


def refused(replay: Replay, venue: str, status: int, code: object) -> Unavailable:
    """What the account's reader says where every request is answered with that error."""
    body = (
        {"retCode": code, "retMsg": "no"}
        if venue == "bybit"
        else {"code": code, "msg": "no", "data": []}
    )
    replay.fail("", Fault(Reply(body, status)))
    with pytest.raises(Unavailable) as caught:
        read_account(venue, KEY)
    return caught.value


@pytest.mark.parametrize(
    ("venue", "status", "code", "advice"),
    [
        pytest.param("okx", 401, "50119", "another regional site", id="OKX does not know it"),
        pytest.param("okx", 401, "50120", "the right to read", id="OKX: not for this"),
        pytest.param(
            "okx", 403, "50030", "the right to read", id="OKX: not for this address of its API"
        ),
        pytest.param("okx", 401, "50110", "this machine's address", id="OKX: another address"),
        pytest.param("okx", 403, "50035", "this machine's address", id="OKX: bound to no address"),
        pytest.param("okx", 401, "50101", "not demo", id="OKX: demo trading"),
        pytest.param("okx", 401, "50100", "locked", id="OKX: frozen"),
        pytest.param("okx", 401, "50105", "passphrase", id="OKX: passphrase"),
        pytest.param("okx", 401, "50113", "signature", id="OKX: secret"),
        pytest.param("binance", 401, -2008, "Copy the whole key", id="Binance does not know it"),
        pytest.param("binance", 401, -2014, "Copy the whole key", id="Binance: malformed"),
        pytest.param("binance", 401, -2015, "its list of addresses", id="Binance: one of three"),
        pytest.param("binance", 400, -1022, "signature", id="Binance: secret"),
        pytest.param("binance", 401, -2017, "locked", id="Binance: locked"),
        pytest.param("bybit", 200, 10003, "another regional site", id="Bybit does not know it"),
        pytest.param(
            "bybit", 401, 10003, "another regional site", id="Bybit does not know it, by status too"
        ),
        pytest.param("bybit", 200, 33004, "expired", id="Bybit: expired"),
        pytest.param("bybit", 200, 10004, "signature", id="Bybit: secret"),
        pytest.param("bybit", 200, 10005, "the right to read", id="Bybit: not for this"),
        pytest.param("bybit", 200, 10010, "this machine's address", id="Bybit: another address"),
        pytest.param("okx", 401, "50999", "refused the key", id="a code that nobody knows"),
        pytest.param("binance", 401, -2999, "refused the key", id="another one"),
        pytest.param("bybit", 403, 19999, "refused the key", id="one of a refusal"),
    ],
)
def test_a_refused_key_is_asked_once_and_told_why(
    replay: Replay, venue: str, status: int, code: object, advice: str
) -> None:
    told = refused(replay, venue, status, code)
    assert told.trouble == "key"
    assert advice in told.reason
    assert told.reason.endswith(f"(error {code})")
    assert len(replay.asked) == 1


def test_where_there_is_one_site_no_other_is_advised(replay: Replay) -> None:
    assert "site" not in refused(replay, "binance", 401, -2008).reason


@pytest.mark.parametrize("venue", ["binance", "bybit", "okx"])
def test_a_refusal_without_a_word_is_the_keys_too(replay: Replay, venue: str) -> None:
    replay.fail("", Fault(Reply("<html>", 401)))
    with pytest.raises(Unavailable) as caught:
        read_account(venue, KEY)
    assert (caught.value.trouble, len(replay.asked)) == ("key", 1)


@pytest.mark.parametrize(
    ("venue", "status", "code"),
    [
        ("okx", 403, "50121"),
        ("bybit", 403, 10009),
        ("okx", 451, "50119"),
        ("binance", 403, 0),
        ("binance", 451, -2015),
    ],
)
def test_a_place_that_is_not_served_is_not_the_keys_fault(
    replay: Replay, venue: str, status: int, code: object
) -> None:
    assert refused(replay, venue, status, code).trouble == "blocked"


def test_where_no_key_was_used_none_is_blamed(replay: Replay) -> None:
    replay.fail("", Fault(Reply({"retCode": 10024, "retMsg": "restricted"}, 403)))
    with pytest.raises(Unavailable) as caught:
        Venues().quotes("bybit")
    assert (caught.value.trouble, caught.value.reason) == (
        "blocked",
        "does not serve this place (HTTP 403)",
    )
    assert "compliance" in refused(replay, "bybit", 403, 10024).reason


@pytest.mark.parametrize("code", [10020, 10028])
def test_an_account_that_is_no_unified_one_is_named_as_that(replay: Replay, code: int) -> None:
    told = refused(replay, "bybit", 200, code)
    assert (told.trouble, told.reason.partition(",")[0]) == (
        "absent",
        "keeps this account as a classic one",
    )


@pytest.mark.parametrize(
    "code", [KEY.secret, "9" * 400, True, None, [], {"code": -2008}, "-", "50119\n"]
)
def test_what_is_no_code_is_not_repeated(replay: Replay, code: object) -> None:
    told = refused(replay, "binance", 401, code)
    assert (told.trouble, told.reason) == ("key", "refused the key, or what it was used for")


def test_a_connection_forgets_the_code_of_the_answer_before(replay: Replay) -> None:
    connection = Connection("okx", KEY)
    replay.fail("config", Fault(Reply({"code": "50119", "data": []}, 401)), times=1)
    with pytest.raises(Unavailable):
        connection.ask("privateGetAccountConfig")
    replay.fail("config", Fault(cut=True))
    with pytest.raises(Unavailable) as caught:
        connection.ask("privateGetAccountConfig")
    assert caught.value.trouble != "key"
