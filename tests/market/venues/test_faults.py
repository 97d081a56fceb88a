"""Whatever a venue does, there is a checked value or a sentence that says why there is none.

Nothing leaks meanwhile.

Every fault is put to every venue, for the marks and for a person's account.
"""

import json
import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from margin.errors import LARGEST, FieldError
from margin.market.accounts import VenueAccount, as_scenario
from margin.market.source import Checked, Unavailable
from margin.market.venues import connection, transport
from margin.market.venues.connection import Connection
from margin.market.venues.hyperliquid import Hyperliquid
from margin.market.venues.readers import READERS, Venues, read_account
from margin.model.scenario import Account, Market, Scenario
from margin.venues import TierTable
from tests.market.venues.conftest import READS
from tests.replay.figures import ADDRESS, KEY, Book
from tests.replay.server import Fault, Replay, Reply

BOTH = ("quotes", "account")
EVERYWHERE = ""
"""The part of an address that all have in common."""

FAULTS = [
    pytest.param(Fault(Reply("", 429, {"Retry-After": "30"})), {"busy"}, 30.0, id="429"),
    pytest.param(Fault(Reply("", 418, {"Retry-After": "120"})), {"busy"}, 120.0, id="418"),
    pytest.param(Fault(Reply("<html>", 403)), {"blocked"}, None, id="403"),
    pytest.param(
        Fault(Reply('{"code": 0, "msg": "restricted"}', 451)), {"blocked"}, None, id="451"
    ),
    pytest.param(Fault(Reply("oops", 500)), {"broken"}, None, id="500"),
    pytest.param(Fault(Reply("<html>maintenance</html>", 503)), {"broken"}, None, id="503"),
    pytest.param(Fault(Reply("", 404)), {"broken"}, None, id="404"),
    pytest.param(Fault(pause=5), {"silent"}, None, id="a hang"),
    pytest.param(Fault(drip=0.03), {"silent"}, None, id="a trickle"),
    pytest.param(Fault(cut=True), {"silent", "broken"}, None, id="a connection cut off"),
    pytest.param(Fault(endless=True), {"broken"}, None, id="an endless answer"),
]
BODIES = [
    *(
        "",
        "   ",
        "null",
        "true",
        "0",
        '"text"',
        "[]",
        "{}",
        "[[]]",
        "[null]",
        "[{}]",
        "<!doctype html><html></html>",
    ),
    *(
        '{"code": "0"}',
        '{"code": {}}',
        '{"code": "0", "data": 5}',
        '{"code": "1e99999999", "msg": {}}',
        "[" * 50_000,
    ),
    *(
        '{"retCode": 0}',
        '{"retCode": [], "result": []}',
        '{"retCode": 0, "result": null}',
        '[{"code": []}]',
        "\x00",
    ),
    *(
        '{"retCode": 0, "result": {"list": {}}}',
        '{"symbols": "none"}',
        '{"symbols": [[]]}',
        '{"universe": 1}',
    ),
]


def refusal(read: Callable[[], object]) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        read()
    assert caught.value.reason
    assert "\n" not in caught.value.reason
    return caught.value


# Faults of the line and of the venue


@pytest.mark.parametrize(("fault", "troubles", "pause"), FAULTS)
@pytest.mark.parametrize("what", BOTH)
@pytest.mark.parametrize("venue", READERS)
def test_a_fault_ends_in_a_sentence(
    replay: Replay,
    monkeypatch: pytest.MonkeyPatch,
    venue: str,
    what: str,
    fault: Fault,
    troubles: set[str],
    pause: float | None,
) -> None:
    if troubles == {"silent"}:
        monkeypatch.setattr(connection, "TIMEOUT", 0.08)
    monkeypatch.setattr(transport, "LARGEST_ANSWER", 1 << 20)
    replay.fail(EVERYWHERE, fault)
    told = refusal(lambda: READS[what](venue))
    assert told.trouble in troubles
    assert told.retry_after == pause


@pytest.mark.parametrize("what", READS)
@pytest.mark.parametrize("venue", READERS)
def test_a_fault_that_passes_is_not_noticed(replay: Replay, venue: str, what: str) -> None:
    replay.fail(EVERYWHERE, Fault(Reply("", 502)), times=1)
    READS[what](venue)


@pytest.mark.parametrize("what", BOTH)
@pytest.mark.parametrize("venue", READERS)
def test_an_answer_of_another_shape_ends_in_a_sentence(
    replay: Replay, venue: str, what: str
) -> None:
    for body in BODIES:
        replay.heal()
        replay.fail(EVERYWHERE, Fault(Reply(body)))
        assert refusal(lambda: READS[what](venue)).trouble in ("broken", "absent", "key"), body


# Figures that cannot be


@pytest.mark.parametrize("mark", [0.0, -1.75, float("nan"), float("inf"), 2e15])
@pytest.mark.parametrize("venue", READERS)
@pytest.mark.usefixtures("replay")
def test_a_mark_that_cannot_be_is_refused_and_the_others_stand(
    book: Book, venue: str, mark: float
) -> None:
    book.marks["RENDER"] = mark
    checked = Venues().quotes(venue)
    assert "RENDER" in checked.refused
    assert set(checked.good) == set(book.tokens(venue)) - {"RENDER"}


@pytest.mark.parametrize("index_off", [1.5, -0.375], ids=["60% below", "60% above"])
@pytest.mark.parametrize("venue", READERS)
@pytest.mark.usefixtures("replay")
def test_a_mark_60_per_cent_off_its_index_price_is_refused(
    book: Book, venue: str, index_off: float
) -> None:
    book.index_off = index_off
    assert refusal(lambda: Venues().quotes(venue)).trouble == "broken"


@pytest.mark.parametrize("venue", ["bybit", "okx"])
@pytest.mark.usefixtures("replay")
def test_a_tier_table_with_a_hole_is_refused(book: Book, venue: str) -> None:
    del book.tiers[venue]["RENDER"][3]
    assert refusal(lambda: READS["tiers"](venue)).trouble == "broken"


@pytest.mark.usefixtures("replay")
def test_a_tier_table_with_a_hole_is_refused_among_others_that_stand(book: Book) -> None:
    del book.tiers["binance"]["RENDER"][3]
    checked = READS["tiers"]("binance")
    assert "RENDER" in checked.refused
    assert "FET" in checked.good


# Wrong types at every level


class Recording:
    """A connection that keeps what was asked and answered."""

    def __init__(self, held: Connection) -> None:
        self.keyed = held.keyed
        self.answers: list[tuple[str, str, Any]] = []
        self._held = held

    def ask(self, method: str, parameters: Any = None) -> Any:
        answer = shortened(self._held.ask(method, parameters))
        self.answers.append((method, repr(parameters), answer))
        return answer


class Played:
    """A connection that gives the answers kept.

    To a question never put before, one of that method or none.
    """

    keyed = True

    def __init__(self, answers: list[tuple[str, str, Any]]) -> None:
        self._answers = answers

    def ask(self, method: str, parameters: Any = None) -> Any:
        for exactly in (True, False):
            for kept, asked, answer in self._answers:
                if kept == method and (not exactly or asked == repr(parameters)):
                    return answer
        raise Unavailable("absent", "was never asked that")


def shortened(value: Any) -> Any:
    """The same with at most 40 entries in an array.

    Enough for every token and tier, and few of a history.
    """
    if isinstance(value, list):
        return [shortened(entry) for entry in value[:40]]
    return (
        {key: shortened(entry) for key, entry in value.items()}
        if isinstance(value, dict)
        else value
    )


def nodes(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a JSON value, as what holds it and the key or index there."""
    for key in (
        list(value)
        if isinstance(value, dict)
        else range(len(value))
        if isinstance(value, list)
        else ()
    ):
        yield value, key
        yield from nodes(value[key])


def reader(venue: str, held: Any) -> Any:
    return Hyperliquid(held, ADDRESS) if venue == "hyperliquid" else READERS[venue](held)


ASKS: dict[str, Callable[[Any], Any]] = {
    "contracts": lambda reads: reads.contracts(),
    "quotes": lambda reads: reads.quotes(),
    "tiers": lambda reads: reads.tiers("RENDER"),
    "funding": lambda reads: reads.funding("RENDER"),
    "candles": lambda reads: reads.candles("RENDER"),
    "account": lambda reads: reads.account(),
}
JUNK = st.sampled_from(
    [
        *(
            None,
            True,
            False,
            0,
            -1,
            1,
            1e308,
            -1e308,
            10**400,
            float("nan"),
            float("inf"),
            1e-320,
            2**63,
        ),
        *(
            "",
            " ",
            "abc",
            "NaN",
            "-1",
            "0",
            "1e999",
            "1e-999",
            "٣",
            "\ud800",
            "\x00",
            "<b>x</b>",
            "x" * 10_000,
            "RNDR",
        ),
        *([], {}, [[]], [None], {"": None}, {"a": {"b": []}}, ["1", "2"], {"1": "2"}, [[[[1]]]]),
    ]
) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=4,
)


def hold_good(answer: Any) -> None:
    """What every value promises, however it came about."""
    if isinstance(answer, Checked):
        assert answer.good
        for token, value in answer.good.items():
            assert isinstance(value, TierTable) or 0 < getattr(value, "mark", 1.0) <= LARGEST, token
        assert all(len(reason) < 400 and reason.isprintable() for reason in answer.refused.values())
    elif isinstance(answer, VenueAccount):
        for left in answer.imported.left_out:
            assert (left.what + left.reason).isprintable()
            assert len(left.what + left.reason) < 700
        with suppress(
            FieldError
        ):  # Isolated margins may be above the wallet balance that was told.
            as_scenario(answer, Scenario(Account(answer.venue, "cross", 0), (), Market({})))
    else:
        assert (np.diff(answer.times) > 0).all()


@pytest.mark.parametrize("what", READS)
@pytest.mark.parametrize("venue", READERS)
@pytest.mark.usefixtures("replay")
def test_a_wrong_value_anywhere_in_an_answer_ends_in_a_good_value_or_a_sentence(
    book: Book, venue: str, what: str
) -> None:
    book.odd_positions, book.other_coins, book.multi_assets = True, {"BTC": 0.1}, True
    recording = Recording(Connection(venue, None if venue == "hyperliquid" else KEY))
    hold_good(ASKS[what](reader(venue, recording)))
    holder = [answer for _, _, answer in recording.answers]
    places = [*((holder, index) for index in range(len(holder))), *nodes(holder)]

    @settings(
        max_examples=15,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(place=st.integers(0, len(places) - 1), junk=JUNK, removed=st.booleans())
    def check(place: int, junk: Any, removed: bool) -> None:
        container, key = places[place]
        kept = container.copy()
        if removed and isinstance(container, dict):
            del container[key]
        else:
            container[key] = junk
        answers = [
            (*asked[:2], answer) for asked, answer in zip(recording.answers, holder, strict=True)
        ]
        try:
            with suppress(Unavailable, FieldError):
                hold_good(ASKS[what](reader(venue, Played(answers))))
        finally:
            container.clear()
            container.update(kept) if isinstance(container, dict) else container.extend(kept)

    check()


# Secrets


def signatures(replay: Replay) -> set[str]:
    """Every signature that was sent."""
    sent = (
        asked.headers.get(name)
        for asked in replay.asked
        for name in ("X-BAPI-SIGN", "OK-ACCESS-SIGN")
    )
    return {
        *filter(None, sent),
        *(asked.query["signature"] for asked in replay.asked if "signature" in asked.query),
    }


def chain(error: BaseException | None) -> Iterator[str]:
    """All that an error and those it carries along say of themselves."""
    while error is not None:
        yield from (
            "".join(traceback.format_exception(error)),
            repr(error),
            str(error),
            repr(error.args),
        )
        error = error.__context__ or error.__cause__


SECRET_FAULTS = [
    pytest.param(None, id="all is well"),
    pytest.param(Fault(Reply("oops", 500)), id="an error"),
    pytest.param(Fault(Reply("", 429)), id="busy"),
    pytest.param(
        Fault(Reply({"code": -2015, "msg": "Invalid API-key", "retCode": 10003}, 401)), id="refused"
    ),
    pytest.param(Fault(pause=5), id="a hang"),
    pytest.param(Fault(cut=True), id="a connection cut off"),
    pytest.param(
        Fault(Reply("{}", headers={"Bad\r\n Worse": "x"}), cut=True),
        id="headers that cannot be read",
    ),
    pytest.param(Fault(Reply("<html>")), id="no JSON"),
]


@pytest.mark.parametrize("fault", SECRET_FAULTS)
@pytest.mark.parametrize("venue", READERS)
def test_no_secret_is_in_a_log_an_error_or_on_the_screen(
    replay: Replay,
    book: Book,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    venue: str,
    fault: Fault | None,
) -> None:
    if fault and fault.pause:
        monkeypatch.setattr(connection, "TIMEOUT", 0.3)
    caplog.set_level(logging.DEBUG)
    for name in list(logging.root.manager.loggerDict):
        caplog.set_level(logging.DEBUG, logger=name)
    book.clock_skew = 3_600_000
    if fault:
        replay.fail(EVERYWHERE, fault)
    said: list[str] = []
    try:
        said.append(repr(read_account(venue, KEY, ADDRESS)))
    except Unavailable as error:
        said += chain(error)
    said += [caplog.text, *(repr(vars(record)) for record in caplog.records), *capfd.readouterr()]
    secrets = {KEY.api_key, KEY.secret, KEY.passphrase, ADDRESS, ADDRESS[2:], *signatures(replay)}
    assert len(secrets) > 5 or venue == "hyperliquid"
    assert not [secret for secret in secrets if any(secret in text for text in said)]


@pytest.mark.parametrize("venue", ["binance", "bybit", "okx"])
def test_a_venue_that_repeats_the_key_in_its_error_is_not_quoted(
    replay: Replay, venue: str
) -> None:
    text = json.dumps(
        {"code": -1000, "retCode": 1, "msg": f"{KEY.api_key} {KEY.secret}", "retMsg": KEY.secret}
    )
    replay.fail(EVERYWHERE, Fault(Reply(text, 400)))
    told = refusal(lambda: read_account(venue, KEY))
    assert KEY.api_key not in told.reason
    assert KEY.secret not in told.reason
