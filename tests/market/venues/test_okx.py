"""OKX's answers as checked values.

Every figure as the venue wrote it, contracts as tokens, and what stays out.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from margin.errors import FieldError
from margin.market.accounts import LeftOut, VenueFigures
from margin.market.snapshot import embedded as snapshot
from margin.market.source import Unavailable
from margin.market.venues.connection import Connection, Key
from margin.market.venues.okx import Okx
from margin.model.scenario import MOST_POSITIONS, Position
from margin.venues import TierTable
from tests.replay import okx
from tests.replay.figures import HOUR, KEY, Book, Leg
from tests.replay.server import Fault, Replay, Reply


@pytest.fixture
def venue(replay: Replay) -> Okx:
    assert not replay.asked
    return Okx(Connection("okx", KEY))


@pytest.fixture
def says(replay: Replay) -> Callable[[str, list[Any]], None]:
    """Puts other rows in the place of an address's own."""

    def say(path: str, rows: list[Any]) -> None:
        replay.serve(okx.HOST, "GET", path, lambda _: okx.ok(rows))

    return say


Says = Callable[[str, list[Any]], None]


# Contracts


def test_every_swap_in_usdt_that_trades_has_its_contract(venue: Okx, book: Book) -> None:
    contracts = venue.contracts().good
    assert set(contracts) == set(book.tokens("okx"))
    assert {token: contract.contract_value for token, contract in contracts.items()} == {
        token: book.contract("okx", token).contract_value for token in contracts
    }
    render = contracts["RENDER"]
    assert (render.tick_size, render.quantity_step, render.minimum_notional) == (0.0001, 0.1, None)
    assert render.taker_fee == 0.0005
    assert (render.status, render.contract_value_confirmed) == ("trading", True)
    assert render.as_of == datetime.now(UTC).date().isoformat()


def test_the_fees_are_those_of_the_snapshot(venue: Okx) -> None:
    for token, contract in venue.contracts().good.items():
        known = snapshot.contracts("okx")[token]
        assert contract.taker_fee == known.taker_fee


def test_a_step_is_in_tokens_to_the_last_digit(venue: Okx, says: Says) -> None:
    says(
        okx.INSTRUMENTS,
        [okx.instrument("AR", lotSz="0.1", ctVal="0.1"), okx.instrument("BTC", ctVal="0.01")],
    )
    contracts = venue.contracts().good
    assert contracts["AR"].quantity_step == 0.01
    assert contracts["BTC"].quantity_step == 0.001


def test_a_multiplier_is_part_of_the_contract(venue: Okx, says: Says) -> None:
    says(okx.INSTRUMENTS, [okx.instrument("PEPE", ctVal="10", ctMult="1000", lotSz="0.1")])
    contract = venue.contracts().good["PEPE"]
    assert (contract.contract_value, contract.quantity_step) == (10_000, 1000)


def test_other_instruments_do_not_count_and_are_no_fault(venue: Okx) -> None:
    assert set(venue.contracts().refused) == {okx.BROKEN}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param(
            {"ctVal": "0"}, "ctVal: must be a positive number, got 0", id="a contract of nothing"
        ),
        pytest.param(
            {"ctMult": ""}, 'ctMult: must be a positive number, got ""', id="no multiplier"
        ),
        pytest.param({"lotSz": None}, "lotSz: must be a positive number, got null", id="no lot"),
        pytest.param(
            {"tickSz": "-0.1"}, "tickSz: must be a positive number, got -0.1", id="a negative tick"
        ),
        pytest.param(
            {"ctValCcy": "USDT"},
            'ctValCcy: must be one of IO, got "USDT"',
            id="a contract in dollars",
        ),
        pytest.param(
            {"instId": "IO-USDT"},
            'instId: must be one of IO-USDT-SWAP, got "IO-USDT"',
            id="another name",
        ),
    ],
)
def test_a_row_that_cannot_be_read_is_refused_alone(
    venue: Okx, says: Says, changes: dict[str, Any], reason: str
) -> None:
    says(okx.INSTRUMENTS, [okx.instrument("IO", **changes), okx.instrument("RENDER")])
    contracts = venue.contracts()
    assert set(contracts.good) == {"RENDER"}
    assert dict(contracts.refused) == {"IO": reason}


def test_a_row_that_names_no_token_is_passed_over(venue: Okx, says: Says) -> None:
    says(
        okx.INSTRUMENTS,
        ["IO", okx.instrument("RENDER"), okx.instrument("IO", instFamily=7), okx.instrument("io")],
    )
    contracts = venue.contracts()
    assert set(contracts.good) == {"RENDER"}
    assert not contracts.refused


def test_rndr_is_render_and_yields_to_it(venue: Okx, says: Says) -> None:
    says(okx.INSTRUMENTS, [okx.instrument("RNDR", ctVal="10"), okx.instrument("RENDER", ctVal="1")])
    contracts = venue.contracts()
    assert contracts.good["RENDER"].contract_value == 1


def test_an_answer_without_a_good_row_cannot_be_used(venue: Okx, says: Says) -> None:
    says(okx.INSTRUMENTS, [okx.instrument("RENDER", state="suspend")])
    with pytest.raises(FieldError, match="no row of the answer can be used"):
        venue.contracts()


@pytest.mark.parametrize(
    "answer", [{"data": []}, {"code": 0, "data": []}, {"code": "0"}, {"code": "0", "data": {}}, []]
)
def test_an_answer_of_another_shape_cannot_be_used(venue: Okx, replay: Replay, answer: Any) -> None:
    replay.serve(okx.HOST, "GET", okx.INSTRUMENTS, lambda _: answer)
    with pytest.raises((FieldError, Unavailable)):
        venue.contracts()


# Quotes


def test_every_swap_has_its_mark_index_price_and_funding(venue: Okx, book: Book) -> None:
    quotes = venue.quotes()
    assert set(quotes.good) == set(book.tokens("okx"))
    for token, quote in quotes.good.items():
        due = datetime.fromtimestamp(book.next_funding(token) / 1000, UTC)
        assert quote == (
            book.marks[token],
            book.index(token),
            book.rates[token],
            book.intervals[token],
            due,
        )
    assert set(quotes.refused) == {okx.BROKEN}


def test_all_quotes_come_with_three_requests(venue: Okx, replay: Replay) -> None:
    venue.quotes()
    assert len(replay.asked) == 3


@pytest.mark.parametrize(
    ("mark", "good"),
    [
        ("3.0", True),
        ("3.01", False),
        ("1.0", True),
        ("0.99", False),
        ("0", False),
        ("-2", False),
        ("NaN", False),
    ],
)
def test_a_mark_more_than_half_off_its_index_price_is_refused(
    venue: Okx, says: Says, mark: str, good: bool
) -> None:
    says(
        okx.MARKS,
        [
            {"instId": f"{token}-USDT-SWAP", "markPx": price}
            for token, price in (("IO", mark), ("AR", "2"))
        ],
    )
    says(okx.INDICES, [{"instId": "IO-USDT", "idxPx": "2.0"}])
    quotes = venue.quotes()
    assert ("IO" in quotes.good, "IO" in quotes.refused) == (good, not good)
    assert (quotes.good["AR"].mark, quotes.good["AR"].index_price) == (2.0, None)


@pytest.mark.parametrize("path", [okx.FUNDING, okx.INDICES])
def test_marks_stand_where_what_is_beside_them_cannot_be_had(
    venue: Okx, replay: Replay, book: Book, path: str
) -> None:
    replay.fail(path, Fault(okx.failure("50011", "Requests too frequent.", 429)))
    quotes = venue.quotes().good
    assert {token: quote.mark for token, quote in quotes.items()} == {
        token: book.marks[token] for token in book.tokens("okx")
    }
    without = {
        quote.funding_rate if path == okx.FUNDING else quote.index_price
        for quote in quotes.values()
    }
    assert without == {None}


def test_marks_cannot_be_had_where_their_own_request_fails(venue: Okx, replay: Replay) -> None:
    replay.fail(okx.MARKS, Fault(okx.failure("50011", "Requests too frequent.", 429)))
    with pytest.raises(Unavailable) as caught:
        venue.quotes()
    assert caught.value.trouble == "busy"


@pytest.mark.parametrize(
    "changes",
    [
        {"fundingRate": ""},
        {"fundingRate": "1.5"},
        {"fundingRate": []},
        {"nextFundingTime": ""},
        {"fundingTime": "soon"},
        {"nextFundingTime": "1"},
        {"instId": "BTC-USD-SWAP"},
    ],
)
def test_a_funding_rate_that_cannot_be_read_leaves_the_mark(
    venue: Okx, says: Says, book: Book, changes: dict[str, Any]
) -> None:
    says(okx.FUNDING, [{**row, **changes} for row in okx.funding(book)])
    assert venue.quotes().good["RENDER"] == (1.75, book.index("RENDER"), None, None, None)


# Tiers


@pytest.mark.parametrize("token", ["RENDER", "BTC", "ATH", "NEAR"])
def test_a_table_is_that_of_the_venue_in_contracts(venue: Okx, token: str) -> None:
    tiers = venue.tiers(token)
    assert dict(tiers.good) == {token: snapshot.tables("okx").tiers[token]}
    assert not tiers.good[token].progressive


def test_tiers_are_asked_for_cross_margin(venue: Okx, replay: Replay) -> None:
    venue.tiers("RENDER")
    assert replay.asked[-1].query == {
        "instType": "SWAP",
        "tdMode": "cross",
        "instFamily": "RENDER-USDT",
    }


def tier(number: int, begin: str, end: str, rate: str = "0.01") -> dict[str, str]:
    return {
        "tier": str(number),
        "minSz": begin,
        "maxSz": end,
        "mmr": rate,
        "maxLever": str(60 - 10 * number),
        "instFamily": "IO-USDT",
        "uly": "IO-USDT",
    }


@pytest.mark.parametrize(
    ("begin", "whole"),
    [
        pytest.param("1000.5", True, id="where the one before ends"),
        pytest.param("1000.51", True, id="a step above"),
        pytest.param("1001.5", True, id="a contract above"),
        pytest.param("1001.51", False, id="more than a contract above"),
        pytest.param("1000.49", False, id="below it"),
    ],
)
def test_a_tier_begins_at_most_a_contract_above_the_end_of_the_one_before(
    venue: Okx, says: Says, begin: str, whole: bool
) -> None:
    says(okx.TIERS, [tier(1, "0", "1000.5"), tier(2, begin, "5000", "0.02")])
    if whole:
        assert venue.tiers("IO").good["IO"].floors == (0, 1000.5)
        assert venue.tiers("IO").good["IO"].last_cap == 5000
    else:
        with pytest.raises(FieldError, match=r"\[1\]\.minSz: must go on at 1000\.5"):
            venue.tiers("IO")


def test_the_first_tier_begins_at_nothing(venue: Okx, says: Says) -> None:
    says(okx.TIERS, [tier(1, "2", "1000")])
    with pytest.raises(FieldError, match=r"\[0\]\.minSz: must go on at 0"):
        venue.tiers("IO")


@pytest.mark.parametrize("family", ["", None])
def test_a_family_that_is_left_out_is_the_underlying(venue: Okx, says: Says, family: Any) -> None:
    says(okx.TIERS, [{**tier(1, "0", "1000"), "instFamily": family}])
    says(okx.INSTRUMENTS, [okx.instrument("IO", instFamily=family)])
    assert venue.tiers("IO").good["IO"].last_cap == 1000
    assert set(venue.contracts().good) == {"IO"}


def test_tiers_may_come_in_any_order(venue: Okx, says: Says) -> None:
    says(okx.TIERS, [tier(2, "1000", "5000", "0.02"), tier(1, "0", "1000")])
    assert venue.tiers("IO").good["IO"] == TierTable(
        False, (0, 1000), (0.01, 0.02), (0, 0), (50, 40), 5000
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"mmr": "0"},
        {"mmr": "1"},
        {"mmr": ""},
        {"maxLever": "0.5"},
        {"maxSz": "0"},
        {"maxSz": None},
        {"minSz": "few"},
        {"instFamily": "BTC-USDT"},
    ],
)
def test_a_table_with_a_tier_that_cannot_be_is_not_used(
    venue: Okx, says: Says, changes: dict[str, Any]
) -> None:
    says(okx.TIERS, [{**tier(1, "0", "1000"), **changes}])
    with pytest.raises(FieldError):
        venue.tiers("IO")


@pytest.mark.parametrize(
    "ask",
    [
        lambda venue, token: venue.tiers(token),
        lambda venue, token: venue.funding(token),
        lambda venue, token: venue.candles(token),
    ],
    ids=["tiers", "funding", "candles"],
)
class TestWhatTheVenueDoesNotHold:
    def test_an_unknown_token_is_absent(self, venue: Okx, ask: Callable[[Okx, str], Any]) -> None:
        with pytest.raises(Unavailable) as caught:
            ask(venue, "FET")
        assert caught.value.trouble == "absent"

    def test_an_empty_answer_is_absent(
        self, venue: Okx, says: Says, ask: Callable[[Okx, str], Any]
    ) -> None:
        for path in (okx.TIERS, okx.PAST_FUNDING, okx.CANDLES):
            says(path, [])
        with pytest.raises(Unavailable) as caught:
            ask(venue, "RENDER")
        assert caught.value.trouble == "absent"
        assert "RENDER" in caught.value.reason

    @pytest.mark.parametrize("token", ["render", "RENDER&x=1", "../time", "", "AGIX"])
    def test_what_is_no_token_is_never_asked_for(
        self, venue: Okx, replay: Replay, ask: Callable[[Okx, str], Any], token: str
    ) -> None:
        with pytest.raises(Unavailable):
            ask(venue, token)
        assert not replay.asked


# Funding and candles


def test_past_funding_is_what_was_realised_oldest_first(
    venue: Okx, replay: Replay, book: Book
) -> None:
    funding = venue.funding("RENDER")
    expected = list(book.funding("RENDER", 300))
    assert list(zip(funding.times.tolist(), funding.rates.tolist(), strict=True)) == expected
    assert [asked.query.get("after") for asked in replay.asked] == [
        None,
        str(expected[200][0]),
        str(expected[100][0]),
    ]


def test_a_short_past_takes_one_request(
    venue: Okx, replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(okx, "PAID", 99)
    assert venue.funding("RENDER").times.size == 99
    assert len(replay.asked) == 1


def test_a_payment_not_realised_yet_stands_at_the_rate_announced(venue: Okx, says: Says) -> None:
    rows = [
        {"fundingTime": str(3 * HOUR), "fundingRate": "0.0003", "realizedRate": ""},
        {"fundingTime": str(2 * HOUR), "fundingRate": "0.0002", "realizedRate": "0.0001"},
        {"fundingTime": str(HOUR), "fundingRate": "0.0002", "realizedRate": 0},
    ]
    says(okx.PAST_FUNDING, rows)
    assert venue.funding("RENDER").rates.tolist() == [0, 0.0001, 0.0003]


@pytest.mark.parametrize(
    "changes",
    [{"realizedRate": "1"}, {"fundingTime": ""}, {"fundingTime": [1]}, {"realizedRate": "high"}],
)
def test_a_past_with_a_payment_that_cannot_be_is_not_used(
    venue: Okx, says: Says, changes: dict[str, Any]
) -> None:
    says(
        okx.PAST_FUNDING,
        [{"fundingTime": str(HOUR), "fundingRate": "0", "realizedRate": "0.0001", **changes}],
    )
    with pytest.raises(FieldError):
        venue.funding("RENDER")


def test_pages_that_go_round_in_a_circle_end_and_are_not_used(
    venue: Okx, replay: Replay, says: Says
) -> None:
    says(
        okx.PAST_FUNDING,
        [{"fundingTime": str(n * HOUR), "realizedRate": "0.0001"} for n in range(200, 100, -1)],
    )
    with pytest.raises(FieldError, match="must be after"):
        venue.funding("RENDER")
    assert len(replay.asked) == 3


def test_candles_reach_back_500_days_oldest_first(venue: Okx, replay: Replay, book: Book) -> None:
    candles = venue.candles("RENDER")
    expected = list(book.candles("RENDER", "1d", 500))
    assert candles.times.tolist() == [time for time, _ in expected]
    prices = np.array([prices for _, prices in expected])
    for column, name in enumerate(("open", "high", "low", "close")):
        assert getattr(candles, name).tolist() == prices[:, column].tolist()
    assert [asked.path for asked in replay.asked] == [
        okx.CANDLES,
        okx.EARLIER_CANDLES,
        okx.EARLIER_CANDLES,
    ]


def test_days_begin_at_midnight_utc(venue: Okx, replay: Replay) -> None:
    venue.candles("RENDER")
    assert {asked.query["bar"] for asked in replay.asked} == {"1Dutc"}


@pytest.mark.parametrize(("traded", "requests"), [(3, 1), (99, 1), (120, 1), (300, 2), (450, 3)])
def test_a_young_swap_has_fewer_candles(
    venue: Okx, replay: Replay, monkeypatch: pytest.MonkeyPatch, traded: int, requests: int
) -> None:
    monkeypatch.setattr(okx, "TRADED", traded)
    assert venue.candles("RENDER").times.size == traded
    assert len(replay.asked) <= requests + 1


@pytest.mark.parametrize(
    "candle",
    [
        ["3600000", "2", "1.9", "1", "1.5"],
        ["3600000", "2", "3", "2.1", "2.5"],
        ["3600000", "2", "3", "0", "2.5"],
        ["3600000", "2", "inf", "1", "2.5"],
        ["3600000", "2", "3", "1"],
        [],
        "candle",
        {"time": 1},
    ],
)
def test_a_candle_that_contradicts_itself_is_not_used(venue: Okx, says: Says, candle: Any) -> None:
    says(okx.CANDLES, [candle])
    with pytest.raises(FieldError):
        venue.candles("RENDER")


def test_a_page_whose_last_row_has_no_time_is_not_used(venue: Okx, says: Says) -> None:
    says(okx.CANDLES, [["3600000", "2", "3", "1", "2"]] * 99 + [[]])
    with pytest.raises(FieldError):
        venue.candles("RENDER")


# The account


def of(book: Book) -> tuple[Position, ...]:
    return tuple(
        Position(
            leg.token, leg.side, leg.quantity, leg.entry_price, leg.leverage, leg.isolated_margin
        )
        for leg in book.legs
    )


def test_the_account_is_taken_over_with_its_positions_in_tokens(venue: Okx, book: Book) -> None:
    account = venue.account()
    assert account.imported.positions == of(book)
    assert account.imported.left_out == ()
    assert (account.venue, account.margin_mode, account.wallet_balance) == (
        "okx",
        "cross",
        book.wallet,
    )
    assert dict(account.marks) == {token: book.marks[token] for token in ("RENDER", "NEAR", "TAO")}
    assert account.taker_fee == book.taker_fee
    assert abs((datetime.now(UTC) - account.seen_at).total_seconds()) < 60


def test_the_venues_own_figures_stand_beside(venue: Okx, book: Book) -> None:
    account, assessed = venue.account(), book.assessment("okx")
    assert account.figures == VenueFigures(
        pytest.approx(assessed.equity),
        assessed.initial_margin,
        assessed.maintenance_margin,
        assessed.margin_ratio.value,
    )
    prices = {
        (price.symbol, None): price.below or price.above for price in assessed.liquidation_prices
    }
    assert dict(account.liquidation_prices) == prices


def test_strategies_hold_equity_that_backs_no_position(venue: Okx, says: Says, book: Book) -> None:
    balance = okx.balance(book)
    balance["details"][0].update(eq="1250.5", stgyEq="150", isoEq="100.25")
    says(okx.BALANCE, [balance])
    assert venue.account().figures.equity == 1000.25


@pytest.mark.parametrize(("contracts", "quantity"), [("3", 0.3), ("0.7", 0.07), ("-12.5", 1.25)])
def test_contracts_become_tokens_to_the_last_digit(
    venue: Okx, says: Says, book: Book, contracts: str, quantity: float
) -> None:
    held = okx.position(
        book, book.told("okx")[0], instId="AR-USDT-SWAP", posSide="net", pos=contracts
    )
    says(okx.POSITIONS, [held])
    assert book.contract("okx", "AR").contract_value == 0.1
    (position,) = venue.account().imported.positions
    assert position.quantity == quantity
    assert position.side == ("short" if contracts.startswith("-") else "long")


def test_both_legs_of_a_hedge_keep_their_side(venue: Okx, says: Says, book: Book) -> None:
    """In hedge mode sizes are positive on both sides."""
    rows = okx.positions(book)
    assert [row["pos"] for row in rows if row["instId"] == "TAO-USDT-SWAP"] == ["6000", "2000"]
    says(okx.POSITIONS, rows)
    tao = [position for position in venue.account().imported.positions if position.symbol == "TAO"]
    assert [(position.side, position.quantity) for position in tao] == [("long", 60), ("short", 20)]


def test_a_position_without_a_liquidation_price_has_none(
    venue: Okx, says: Says, book: Book
) -> None:
    rows = okx.positions(book)[:3]
    for row, price in zip(rows, ("", "0", "-3.2"), strict=True):
        row["liqPx"] = price
    says(okx.POSITIONS, rows)
    account = venue.account()
    assert len(account.imported.positions) == 3
    assert dict(account.liquidation_prices) == {
        ("NEAR", None): None,
        ("TAO", None): None,
    }  # Empty: not told.


NO_PERPETUAL = "it is no perpetual, and only those are taken over"
LEFT_OUT = [
    pytest.param({"instId": "BTC-USD-SWAP"}, "it is not settled in USDT", id="settled in its coin"),
    pytest.param({"instId": "BTC-USDC-SWAP"}, "it is not settled in USDT", id="settled in USDC"),
    pytest.param(
        {"instId": "BTC-USDT-261225", "instType": "FUTURES"},
        "it is no perpetual, and only those are taken over",
        id="dated",
    ),
    pytest.param(
        {"instId": "BTC-USDT", "instType": "MARGIN"},
        "it is no perpetual, and only those are taken over",
        id="on margin",
    ),
    pytest.param({"instId": "AGIX-USDT-SWAP"}, "its token is not known here", id="merged away"),
    pytest.param(
        {"instId": "FET-USDT-SWAP"},
        "it does not trade at present, and its contract value is not known",
        id="suspended",
    ),
    pytest.param(
        {"mgnMode": "isolated", "margin": "20"},
        "it is isolated and stands on a margin of its own, beside the cross account",
        id="isolated",
    ),
    pytest.param({"avgPx": ""}, 'avgPx: must be a positive number, got ""', id="no entry price"),
    pytest.param({"markPx": "0"}, "markPx: must be a positive number, got 0", id="no mark"),
    pytest.param(
        {"lever": "0.5"}, "leverage: must be a number of at least 1, got 0.5", id="leverage below 1"
    ),
    pytest.param(
        {"mgnMode": "cash"},
        'mgnMode: must be one of cross, isolated, got "cash"',
        id="another mode",
    ),
    pytest.param({"posSide": ""}, 'posSide: must be one of net, long, short, got ""', id="no side"),
    pytest.param({"pos": "many"}, 'pos: must be a number, got "many"', id="no size"),
    pytest.param({"pos": "1e16"}, "pos: must be at most 1e15 in size, got 1e+16", id="too large"),
]


@pytest.mark.parametrize(("changes", "reason"), LEFT_OUT)
def test_what_cannot_be_taken_over_is_left_out_with_its_reason(
    venue: Okx, says: Says, book: Book, changes: dict[str, Any], reason: str
) -> None:
    render, near, *_ = okx.positions(book)
    says(okx.POSITIONS, [{**near, **changes}, render])
    account = venue.account()
    ((what, why),) = account.imported.left_out
    assert what.removesuffix(" short") == changes.get("instId", "NEAR-USDT-SWAP")
    assert why == reason
    assert account.imported.positions == of(book)[:1]
    assert (set(account.marks), set(account.liquidation_prices)) == ({"RENDER"}, {("RENDER", None)})
    assert account.wallet_balance == book.wallet


def test_a_second_position_on_the_same_side_is_left_out(venue: Okx, says: Says, book: Book) -> None:
    row = okx.positions(book)[0]
    says(okx.POSITIONS, [row, {**row, "pos": "5"}])
    account = venue.account()
    assert account.imported.positions == of(book)[:1]
    assert account.imported.left_out == (
        LeftOut("RENDER-USDT-SWAP long", "it is a second position in that token on the same side"),
    )


def test_no_more_positions_than_an_account_holds(venue: Okx, says: Says, book: Book) -> None:
    names = [f"T{number}" for number in range(MOST_POSITIONS + 2)]
    row = {**okx.positions(book)[0], "posSide": "net"}
    says(okx.INSTRUMENTS, [okx.instrument(name) for name in names])
    says(okx.POSITIONS, [{**row, "instId": f"{name}-USDT-SWAP"} for name in names])
    account = venue.account()
    assert [position.symbol for position in account.imported.positions] == names[:MOST_POSITIONS]
    assert [what for what, _ in account.imported.left_out] == [
        f"{name}-USDT-SWAP" for name in names[MOST_POSITIONS:]
    ]
    assert set(account.marks) == set(names[:MOST_POSITIONS])


def test_a_row_that_is_no_position_is_left_out_by_its_number(
    venue: Okx, says: Says, book: Book
) -> None:
    says(okx.POSITIONS, ["RENDER", *okx.positions(book)[:1]])
    assert venue.account().imported.left_out == (
        LeftOut("position 1", 'must be an object, got "RENDER"'),
    )


def test_where_all_is_isolated_the_wallet_includes_the_margins(venue: Okx, book: Book) -> None:
    book.legs = [
        replace(leg, isolated_margin=leg.quantity * leg.entry_price / leg.leverage)
        for leg in book.legs
    ]
    account = venue.account()
    assert account.margin_mode == "isolated"
    assert account.imported.positions == of(book)
    assert account.wallet_balance == pytest.approx(book.wallet, rel=1e-12)
    assert account.figures == VenueFigures(pytest.approx(book.assessment("okx").equity))


def test_isolated_legs_of_a_hedge_have_a_liquidation_price_each(venue: Okx, book: Book) -> None:
    book.legs = [
        Leg("TAO", "long", 60, 265.0, 20, 800.0),
        Leg("TAO", "short", 20, 280.0, 20, 900.0),
    ]
    long, short = (told.liquidation_price for told in book.told("okx"))
    assert long < book.marks["TAO"] < short
    assert dict(venue.account().liquidation_prices) == {
        ("TAO", "long"): long,
        ("TAO", "short"): short,
    }


def test_isolated_margin_is_no_part_of_a_cross_account(venue: Okx, book: Book) -> None:
    book.legs[0] = replace(book.legs[0], isolated_margin=1480.0)
    account = venue.account()
    assert account.imported.positions == of(book)[1:]
    assert [what for what, _ in account.imported.left_out] == ["RENDER-USDT-SWAP long"]
    assert account.wallet_balance == book.wallet
    assert account.figures.equity == pytest.approx(book.assessment("okx", book.legs[1:]).equity)


def test_an_account_without_positions_is_cross(venue: Okx, book: Book) -> None:
    book.legs = []
    account = venue.account()
    assert (account.margin_mode, account.imported.positions, account.wallet_balance) == (
        "cross",
        (),
        book.wallet,
    )
    assert account.figures == VenueFigures(book.wallet, None, None, None)


def test_an_account_without_usdt_has_a_wallet_of_nothing(
    venue: Okx, says: Says, book: Book
) -> None:
    says(
        okx.BALANCE,
        [{**okx.balance(book), "details": [{"ccy": "BTC", "cashBal": "0.1", "eq": "0.1"}]}],
    )
    account = venue.account()
    assert account.wallet_balance == 0
    assert account.figures.equity is None


@pytest.mark.parametrize(
    "changes",
    [
        {"details": ["USDT"]},
        {"details": [{"cashBal": "6000"}]},
        {"details": [{"ccy": "USDT", "cashBal": ""}]},
    ],
    ids=["no object", "no name", "no balance"],
)
def test_a_wallet_that_cannot_be_read_is_not_taken_for_nothing(
    venue: Okx, says: Says, book: Book, changes: dict[str, Any]
) -> None:
    says(okx.BALANCE, [okx.balance(book, **changes)])
    with pytest.raises(FieldError):
        venue.account()


@pytest.mark.parametrize("path", [okx.CONFIG, okx.BALANCE])
def test_an_account_without_settings_or_balance_is_not_taken_over(
    venue: Okx, says: Says, path: str
) -> None:
    says(path, [])
    with pytest.raises(FieldError, match="data: is empty"):
        venue.account()


# What account it is


def test_in_single_currency_margin_other_coins_say_nothing(venue: Okx, book: Book) -> None:
    book.other_coins = {"BTC": 0.5}
    assert venue.account().imported.left_out == ()


def test_in_multi_currency_margin_other_coins_are_left_out(venue: Okx, book: Book) -> None:
    book.multi_assets, book.other_coins = True, {"BTC": 0.05, "ETH": -0.125, "OKB": 0.0}
    account = venue.account()
    assert account.imported.positions == of(book)
    assert account.imported.left_out == (
        LeftOut(
            "0.05 BTC", "collateral in other coins is not imported; add it by hand with its ratio"
        ),
        LeftOut(
            "-0.125 ETH",
            f"it is owed, and counts against the account: {0.125 * book.marks['ETH']:.2f} USDT "
            f"less in the wallet "
            "balance, its value now; a later move of ETH is not followed",
        ),
    )
    assert account.wallet_balance == pytest.approx(book.wallet - 0.125 * book.marks["ETH"])


def test_what_is_owed_counts_in_single_currency_margin_too(venue: Okx, book: Book) -> None:
    book.other_coins = {"ETH": -0.125, "USDC": -40.0}
    account = venue.account()
    assert [what for what, _ in account.imported.left_out] == ["-0.125 ETH", "-40 USDC"]
    assert account.wallet_balance == pytest.approx(book.wallet - 0.125 * book.marks["ETH"] - 40)


def test_a_debt_that_the_venue_values_too_low_is_worth_its_mark(
    venue: Okx, says: Says, book: Book
) -> None:
    book.other_coins = {"ETH": -0.125}
    balance = okx.balance(book)
    balance["details"][-1]["eqUsd"] = "-1"
    says(okx.BALANCE, [balance])
    assert venue.account().wallet_balance == pytest.approx(book.wallet - 0.125 * book.marks["ETH"])


def test_a_debt_without_any_price_is_never_dropped(venue: Okx, says: Says, book: Book) -> None:
    book.other_coins = {"OBSCURE": -5.0}
    balance = okx.balance(book)
    balance["details"][-1]["eqUsd"] = ""
    says(okx.BALANCE, [balance])
    with pytest.raises(Unavailable, match="Repay the OBSCURE that you owe"):
        venue.account()


def test_in_multi_currency_margin_the_figures_are_those_of_all_coins(
    venue: Okx, says: Says, book: Book
) -> None:
    book.multi_assets = True
    totals = {"adjEq": "9000.5", "imr": "3000", "mmr": "600.25", "mgnRatio": "14.2"}
    says(okx.BALANCE, [okx.balance(book, **totals)])
    assert venue.account().figures == VenueFigures(9000.5, 3000, 600.25, 14.2)


def test_positions_of_other_kinds_are_all_named(venue: Okx, book: Book) -> None:
    book.odd_positions = True
    account = venue.account()
    assert account.imported.positions == of(book)
    assert [what for what, _ in account.imported.left_out] == [
        "BTC-USD-SWAP",
        "BTC-USDC-SWAP",
        "BTC-USDT-261225",
    ]


def test_portfolio_margin_is_refused_before_anything_else_is_asked(
    venue: Okx, replay: Replay, says: Says, book: Book
) -> None:
    says(okx.CONFIG, [okx.config(book, acctLv="4")])
    with pytest.raises(Unavailable) as caught:
        venue.account()
    assert caught.value.trouble == "absent"
    assert (
        caught.value.reason
        == "keeps this account in portfolio margin, whose rules are not modelled here"
    )
    assert len(replay.asked) == 1


@pytest.mark.parametrize("level", ["5", "", 2, None])
def test_a_mode_that_is_not_known_is_refused(
    venue: Okx, says: Says, book: Book, level: Any
) -> None:
    says(okx.CONFIG, [okx.config(book, acctLv=level)])
    with pytest.raises(FieldError, match="acctLv"):
        venue.account()


def test_a_key_that_may_trade_is_read_and_said_to(venue: Okx, book: Book) -> None:
    book.may_trade = True
    account = venue.account()
    assert (account.may_trade, account.may_withdraw) == (True, False)


def test_a_key_that_may_withdraw_is_refused_before_anything_else_is_asked(
    venue: Okx, replay: Replay, book: Book
) -> None:
    book.may_trade = book.may_withdraw = True
    with pytest.raises(
        Unavailable, match=r"withdraw or transfer your money.*tick Read as the only"
    ) as caught:
        venue.account()
    assert caught.value.trouble == "key"
    assert len(replay.asked) == 1


@pytest.mark.parametrize("rights", ["", None, " "])
def test_rights_that_the_venue_does_not_tell_are_not_known(
    venue: Okx, says: Says, book: Book, rights: Any
) -> None:
    says(okx.CONFIG, [okx.config(book, perm=rights)])
    account = venue.account()
    assert (account.may_trade, account.may_withdraw) == (None, None)


@pytest.mark.parametrize("fee", ["", "0.0001", "much", None])
def test_a_fee_that_cannot_be_told_takes_no_account_with_it(
    venue: Okx, says: Says, book: Book, fee: Any
) -> None:
    says(okx.FEES, [okx.fees(book, takerU=fee)])
    account = venue.account()
    assert account.taker_fee is None
    assert account.imported.positions == of(book)


GROUPS = [
    {"groupId": "1", "taker": "-0.0005"},
    {"groupId": "2", "taker": "-0.0003"},
    {"groupId": "4", "taker": ""},
]


@pytest.mark.parametrize(
    ("group", "groups", "fee"),
    [
        pytest.param("2", GROUPS, 0.0003, id="the group of the swap"),
        pytest.param(1, GROUPS, 0.0005, id="a group by its number"),
        pytest.param(None, GROUPS[1:2], 0.0003, id="the only group"),
        pytest.param(None, GROUPS[:2], None, id="groups that differ and a swap without one"),
        pytest.param("3", GROUPS, None, id="a group that is not told"),
        pytest.param("4", GROUPS, None, id="a group without a rate"),
        pytest.param("2", None, None, id="no groups"),
        pytest.param("2", ["0.0003"], None, id="no objects"),
    ],
)
@pytest.mark.parametrize("empty", ["", None])
def test_a_fee_is_that_of_the_swaps_group_where_the_former_field_is_empty(
    venue: Okx, says: Says, book: Book, group: Any, groups: Any, fee: float | None, empty: Any
) -> None:
    says(okx.FEES, [okx.fees(book, takerU=empty, feeGroup=groups)])
    says(
        okx.INSTRUMENTS,
        [okx.instrument(token, groupId=group) for token in ("RENDER", "NEAR", "TAO")],
    )
    assert venue.account().taker_fee == fee


def test_the_former_field_counts_where_it_is_given(venue: Okx, says: Says, book: Book) -> None:
    says(okx.FEES, [okx.fees(book, feeGroup=GROUPS)])
    assert venue.account().taker_fee == book.taker_fee


def test_a_fee_that_is_not_answered_takes_no_account_with_it(venue: Okx, replay: Replay) -> None:
    replay.fail(okx.FEES, Fault(okx.failure("50120", "This API key doesn't have permission", 401)))
    assert venue.account().taker_fee is None


# The key


@pytest.mark.usefixtures("replay")
def test_another_key_is_refused_and_shows_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = Key("wrong-key-31a7", "wrong-secret-88c2", "wrong-passphrase-5e")
    with pytest.raises(Unavailable) as caught:
        Okx(Connection("okx", wrong)).account()
    assert caught.value.trouble == "key"
    for said in (str(caught.value), repr(caught.value), caught.value.reason, caplog.text):
        assert "wrong-" not in said


def test_the_right_key_shows_nowhere_either(venue: Okx, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    account = venue.account()
    for secret in (KEY.api_key, KEY.secret, KEY.passphrase):
        assert secret not in caplog.text + repr(account) + repr(venue)


def test_a_clock_that_is_off_is_set_by_the_venues(venue: Okx, book: Book) -> None:
    book.clock_skew = 90_000
    assert venue.account().imported.positions == of(book)


def test_without_a_key_no_account_is_asked_for(replay: Replay) -> None:
    with pytest.raises(Unavailable) as caught:
        Okx(Connection("okx")).account()
    assert caught.value.trouble == "key"
    assert not replay.asked


def test_answers_may_hold_numbers_where_the_venue_writes_text(
    venue: Okx, replay: Replay, book: Book
) -> None:
    def numbers(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: numbers(item) if key in _FIGURES else item for key, item in value.items()}
        return float(value) if value not in ("", None) else value

    rows = [numbers(row) for row in okx.positions(book)]
    replay.serve(
        okx.HOST, "GET", okx.POSITIONS, lambda _: Reply(json.loads(json.dumps(okx.ok(rows))))
    )
    assert venue.account().imported.positions == of(book)


_FIGURES = ("pos", "avgPx", "lever", "markPx", "liqPx")
