"""Hyperliquid's answers as checked values.

Figures by figures, every leverage as its rate, and the address nowhere.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from margin.errors import FieldError
from margin.market.accounts import LeftOut, VenueFigures
from margin.market.snapshot import embedded as snapshot
from margin.market.source import Unavailable
from margin.market.venues.connection import Connection
from margin.market.venues.hyperliquid import Hyperliquid
from margin.model.scenario import MOST_POSITIONS, Position
from tests.replay import hyperliquid
from tests.replay.figures import ADDRESS, HOUR, Book, Leg
from tests.replay.server import Fault, Replay, Reply

Says = Callable[..., None]


@pytest.fixture
def venue(replay: Replay) -> Hyperliquid:
    assert not replay.asked
    return Hyperliquid(Connection("hyperliquid"), ADDRESS)


@pytest.fixture
def says(replay: Replay, book: Book) -> Says:
    """Puts other answers in the place of some types' own."""

    def say(**answers: Any) -> None:
        others = {kind: lambda _, answer=answer: answer for kind, answer in answers.items()}
        hyperliquid.serve(replay, {**hyperliquid.answers(book), **others})

    return say


def asked(replay: Replay) -> list[dict[str, Any]]:
    """The bodies of the requests so far."""
    return [json.loads(request.body) for request in replay.asked]


def asset(name: str, **changes: Any) -> dict[str, Any]:
    return {"name": name, "szDecimals": 1, "maxLeverage": 5, "marginTableId": 5, **changes}


def universe(*assets: Any, tables: Any = ()) -> dict[str, Any]:
    return {"universe": list(assets), "marginTables": list(tables), "collateralToken": 0}


# Contracts


def test_every_perpetual_that_trades_has_its_contract(venue: Hyperliquid, book: Book) -> None:
    contracts = venue.contracts()
    assert set(contracts.good) == set(book.tokens("hyperliquid"))
    assert set(contracts.refused) == {hyperliquid.BROKEN}
    btc = contracts.good["BTC"]
    assert (btc.tick_size, btc.quantity_step, btc.minimum_notional) == (None, 0.00001, 10)
    assert (btc.contract_value, btc.contract_value_confirmed, btc.status) == (1, True, "trading")
    assert btc.as_of == datetime.now(UTC).date().isoformat()


def test_the_fees_are_those_of_the_snapshot(venue: Hyperliquid) -> None:
    for token, contract in venue.contracts().good.items():
        known = snapshot.contracts("hyperliquid")[token]
        assert contract.taker_fee == known.taker_fee


@pytest.mark.parametrize(("decimals", "step"), [(0, 1), (1, 0.1), (3, 0.001), ("5", 0.00001)])
def test_a_step_follows_from_the_decimals(
    venue: Hyperliquid, says: Says, decimals: Any, step: float
) -> None:
    says(meta=universe(asset("IO", szDecimals=decimals)))
    assert venue.contracts().good["IO"].quantity_step == step


@pytest.mark.parametrize("decimals", [-1, 1.5, 40, None, "few", [], True])
def test_decimals_that_cannot_be_refuse_their_row_alone(
    venue: Hyperliquid, says: Says, decimals: Any
) -> None:
    says(meta=universe(asset("IO", szDecimals=decimals), asset("AR")))
    contracts = venue.contracts()
    assert set(contracts.good) == {"AR"}
    assert contracts.refused["IO"].startswith("szDecimals: must be a ")


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(asset("IO", isDelisted=True), id="delisted"),
        pytest.param(asset("AGIX"), id="merged away"),
        pytest.param(asset("io"), id="in small letters"),
        pytest.param(asset("kio"), id="in small letters after the k"),
        pytest.param(asset("xyz:NVDA"), id="of another exchange"),
        pytest.param(asset("FUSDC"), id="a name that would be read as another"),
        pytest.param(asset(""), id="without a name"),
        pytest.param(asset(7), id="with a number for a name"),  # type: ignore[arg-type]
        pytest.param("IO", id="no object"),
    ],
)
def test_what_is_no_perpetual_of_a_token_does_not_count(
    venue: Hyperliquid, says: Says, row: Any
) -> None:
    says(meta=universe(row, asset("AR")))
    contracts = venue.contracts()
    assert set(contracts.good) == {"AR"}
    assert not contracts.refused


def test_rndr_is_render(venue: Hyperliquid, says: Says) -> None:
    says(meta=universe(asset("RNDR", szDecimals=2)))
    assert set(venue.contracts().good) == {"RENDER"}


def test_a_thousand_pepe_are_one_token_everywhere(
    venue: Hyperliquid, replay: Replay, says: Says
) -> None:
    listed = universe(asset("kPEPE", szDecimals=0))
    context = {"markPx": "0.0042", "oraclePx": "0.0041", "funding": "0.0001"}
    payment = {"coin": "kPEPE", "fundingRate": "0.0001", "time": HOUR}
    candle = {"t": HOUR, "o": "1", "h": "2", "l": "1", "c": "2"}
    says(
        meta=listed,
        metaAndAssetCtxs=[listed, [context]],
        fundingHistory=[payment],
        candleSnapshot=[candle],
    )
    assert set(venue.contracts().good) == set(venue.tiers("1000PEPE").good) == {"1000PEPE"}
    assert venue.quotes().good["1000PEPE"].mark == 0.0042
    venue.funding("1000PEPE")
    venue.candles("1000PEPE")
    assert asked(replay)[-2]["coin"] == asked(replay)[-1]["req"]["coin"] == "kPEPE"


def test_an_answer_without_a_good_row_cannot_be_used(venue: Hyperliquid, says: Says) -> None:
    says(meta=universe(asset("IO", isDelisted=True)))
    with pytest.raises(FieldError, match="no row of the answer can be used"):
        venue.contracts()


@pytest.mark.parametrize(
    "answer", [{}, [], {"universe": {}}, Reply('"universe"'), Reply("null"), Reply("<p>")]
)
def test_an_answer_of_another_shape_cannot_be_used(
    venue: Hyperliquid, says: Says, answer: Any
) -> None:
    says(meta=answer)
    with pytest.raises((FieldError, Unavailable)):
        venue.contracts()


# Quotes


def test_every_perpetual_has_its_mark_oracle_price_and_hourly_funding(
    venue: Hyperliquid, book: Book
) -> None:
    quotes = venue.quotes()
    assert set(quotes.good) == set(book.tokens("hyperliquid"))
    assert set(quotes.refused) == {hyperliquid.BROKEN}
    for token, quote in quotes.good.items():
        assert quote[:4] == (book.marks[token], book.index(token), book.rates[token], 1.0)


def test_the_next_payment_is_at_the_next_full_hour(venue: Hyperliquid) -> None:
    before = datetime.now(UTC)
    due = {quote.next_funding for quote in venue.quotes().good.values()}
    assert len(due) == 1
    (time,) = due
    assert time is not None
    assert (time.minute, time.second, time.microsecond) == (0, 0, 0)
    assert timedelta(0) < time - before <= timedelta(hours=1, seconds=5)


def test_a_mark_belongs_to_the_asset_at_its_place(venue: Hyperliquid, says: Says) -> None:
    contexts = [{"markPx": price, "funding": "0"} for price in ("1", "2", "3")]
    says(metaAndAssetCtxs=[universe(asset("IO", isDelisted=True), "AR", asset("FIL")), contexts])
    assert {token: quote.mark for token, quote in venue.quotes().good.items()} == {"FIL": 3}


@pytest.mark.parametrize("count", [0, 2, 4])
def test_contexts_that_do_not_match_their_assets_are_not_used(
    venue: Hyperliquid, says: Says, count: int
) -> None:
    assets = universe(asset("IO"), asset("AR"), asset("FIL"))
    says(metaAndAssetCtxs=[assets, [{"markPx": "1", "funding": "0"}] * count])
    with pytest.raises(FieldError, match=f"must be of 3 assets, got {count}"):
        venue.quotes()


@pytest.mark.parametrize(
    ("mark", "good"),
    [
        ("3.0", True),
        ("3.01", False),
        ("1.0", True),
        ("0.99", False),
        ("0", False),
        ("-2", False),
        (None, False),
    ],
)
def test_a_mark_more_than_half_off_its_oracle_price_is_refused(
    venue: Hyperliquid, says: Says, mark: Any, good: bool
) -> None:
    contexts = [
        {"markPx": price, "oraclePx": "2.0", "funding": "0.0001"} for price in (mark, "2.0")
    ]
    says(metaAndAssetCtxs=[universe(asset("IO"), asset("AR")), contexts])
    quotes = venue.quotes()
    assert ("IO" in quotes.good, "IO" in quotes.refused) == (good, not good)
    assert quotes.good["AR"].mark == 2


@pytest.mark.parametrize("rate", [None, "", "1.5", [], "high"])
def test_a_funding_rate_that_cannot_be_read_leaves_the_mark(
    venue: Hyperliquid, says: Says, rate: Any
) -> None:
    says(
        metaAndAssetCtxs=[
            universe(asset("IO")),
            [{"markPx": "2", "oraclePx": "2.1", "funding": rate}],
        ]
    )
    assert venue.quotes().good["IO"] == (2, 2.1, None, None, None)


# Tiers


def test_all_tables_come_in_one_answer_and_are_those_of_the_snapshot(
    venue: Hyperliquid, replay: Replay
) -> None:
    tiers = venue.tiers("RENDER")
    known = snapshot.tables("hyperliquid").tiers
    assert set(tiers.good) == set(known)
    assert len(replay.asked) == 1
    for token, table in tiers.good.items():
        assert table.progressive
        assert (table.floors, table.max_leverages) == (
            known[token].floors,
            known[token].max_leverages,
        )
        assert table.rates == pytest.approx(known[token].rates, rel=1e-8)
        assert table.amounts == pytest.approx(known[token].amounts, rel=1e-8)
        assert table.last_cap is None


def test_maintenance_is_half_the_margin_at_most_leverage_and_continuous(venue: Hyperliquid) -> None:
    eth = venue.tiers("ETH").good["ETH"]
    assert eth.rates == (1 / 50, 1 / 30)
    assert eth.amounts == (0, 100e6 * (1 / 30 - 1 / 50))
    assert not eth.jumps


def test_tables_with_low_numbers_have_one_tier(venue: Hyperliquid, says: Says) -> None:
    says(
        meta=universe(
            asset("IO", maxLeverage=3, marginTableId=3),
            asset("AR", maxLeverage=49, marginTableId=49),
        )
    )
    tiers = venue.tiers("IO").good
    assert (tiers["IO"].floors, tiers["IO"].rates) == ((0,), (1 / 6,))
    assert (tiers["AR"].floors, tiers["AR"].rates) == ((0,), (1 / 98,))


def test_table_50_is_read_from_the_answer(venue: Hyperliquid, says: Says) -> None:
    table = {"description": "", "marginTiers": [{"lowerBound": "0.0", "maxLeverage": 50}]}
    btc = asset("BTC", maxLeverage=50, marginTableId=50)
    says(meta=universe(btc, asset("AR"), tables=[[50, table]]))
    assert venue.tiers("BTC").good["BTC"].rates == (0.01,)
    says(meta=universe(btc, asset("AR")))
    assert set(venue.tiers("BTC").refused) == {"BTC"}


def tiered(*tiers: tuple[Any, Any]) -> list[Any]:
    return [
        51,
        {"marginTiers": [{"lowerBound": floor, "maxLeverage": most} for floor, most in tiers]},
    ]


@pytest.mark.parametrize(
    "tables",
    [
        pytest.param([], id="no such table"),
        pytest.param([tiered(("0", 20), ("1000", 10))], id="another leverage in its first tier"),
        pytest.param([tiered(("10", 10), ("1000", 5))], id="a first tier above nothing"),
        pytest.param([tiered(("0", 10), ("1000", 20))], id="leverage that rises"),
        pytest.param([tiered(("0", 10), ("0", 5))], id="two tiers at one place"),
        pytest.param([tiered(("0", 10), ("2000", 5), ("1000", 3))], id="floors that fall"),
        pytest.param([tiered(("0", 10), ("1000", 0))], id="no leverage"),
        pytest.param([tiered(("0", 10), ("many", 5))], id="a floor that is no number"),
        pytest.param([tiered()], id="no tiers"),
        pytest.param([51], id="a number alone"),
        pytest.param([[51, {}, {}]], id="three of a pair"),
        pytest.param([["many", tiered(("0", 10))[1]]], id="a number that is none"),
    ],
)
def test_a_table_that_cannot_be_refuses_its_assets_alone(
    venue: Hyperliquid, says: Says, tables: list[Any]
) -> None:
    says(meta=universe(asset("IO", maxLeverage=10, marginTableId=51), asset("AR"), tables=tables))
    tiers = venue.tiers("IO")
    assert set(tiers.good) == {"AR"}
    assert set(tiers.refused) == {"IO"}


@pytest.mark.parametrize(
    "changes", [{"marginTableId": 4}, {"marginTableId": None}, {"maxLeverage": "much"}]
)
def test_an_asset_whose_leverage_is_not_its_tables_is_refused(
    venue: Hyperliquid, says: Says, changes: dict[str, Any]
) -> None:
    says(meta=universe(asset("IO", **changes), asset("AR")))
    assert set(venue.tiers("IO").refused) == {"IO"}


# Funding and candles


def test_past_funding_is_hourly_oldest_first_and_up_to_now(venue: Hyperliquid, book: Book) -> None:
    funding = venue.funding("RENDER")
    expected = [(time + 31, rate) for time, rate in book.funding("RENDER", 480, hours=1)]
    assert list(zip(funding.times.tolist(), funding.rates.tolist(), strict=True)) == expected
    assert len(expected) < hyperliquid.MOST_PAYMENTS


@pytest.mark.parametrize("changes", [{"fundingRate": "1"}, {"time": None}, {"fundingRate": []}])
def test_a_past_with_a_payment_that_cannot_be_is_not_used(
    venue: Hyperliquid, says: Says, changes: dict[str, Any]
) -> None:
    says(fundingHistory=[{"coin": "IO", "fundingRate": "0.0001", "time": HOUR, **changes}])
    with pytest.raises(FieldError):
        venue.funding("IO")


def test_candles_reach_back_a_thousand_days(venue: Hyperliquid, replay: Replay, book: Book) -> None:
    candles = venue.candles("RENDER")
    expected = list(book.candles("RENDER", "1d", 1000))
    assert candles.times.tolist() == [time for time, _ in expected]
    assert {after - before for before, after in pairwise(candles.times.tolist())} == {24 * HOUR}
    prices = np.array([prices for _, prices in expected])
    for column, name in enumerate(("open", "high", "low", "close")):
        assert getattr(candles, name).tolist() == prices[:, column].tolist()
    assert asked(replay)[0]["req"]["interval"] == "1d"


@pytest.mark.parametrize(
    "changes", [{"h": "1"}, {"l": "2.5"}, {"o": "0"}, {"c": None}, {"t": "then"}]
)
def test_a_candle_that_contradicts_itself_is_not_used(
    venue: Hyperliquid, says: Says, changes: dict[str, Any]
) -> None:
    says(candleSnapshot=[{"t": HOUR, "o": "2", "h": "3", "l": "1", "c": "2", **changes}])
    with pytest.raises(FieldError):
        venue.candles("IO")


PASTS = pytest.mark.parametrize(
    "ask",
    [lambda venue, token: venue.funding(token), lambda venue, token: venue.candles(token)],
    ids=["funding", "candles"],
)


@PASTS
def test_a_token_that_is_not_listed_is_absent(
    venue: Hyperliquid, ask: Callable[[Hyperliquid, str], Any]
) -> None:
    """The venue answers HTTP 500 for it, as for any fault of its own."""
    with pytest.raises(Unavailable) as caught:
        ask(venue, "GRT")
    assert (caught.value.trouble, caught.value.reason) == ("absent", "does not list GRT")


@PASTS
def test_a_listed_token_without_an_answer_is_the_venues_fault(
    venue: Hyperliquid, says: Says, ask: Callable[[Hyperliquid, str], Any]
) -> None:
    says(fundingHistory=Reply("null", 500), candleSnapshot=Reply("null", 500))
    with pytest.raises(Unavailable) as caught:
        ask(venue, "RENDER")
    assert caught.value.trouble == "broken"


@PASTS
def test_an_empty_past_is_absent(
    venue: Hyperliquid, says: Says, ask: Callable[[Hyperliquid, str], Any]
) -> None:
    says(fundingHistory=[], candleSnapshot=[])
    with pytest.raises(Unavailable) as caught:
        ask(venue, "RENDER")
    assert caught.value.trouble == "absent"


@pytest.mark.parametrize("token", ["render", "kPEPE", "", "AGIX", "RENDER/USDC"])
@pytest.mark.parametrize(
    "ask", [lambda venue, token: venue.funding(token), lambda venue, token: venue.candles(token)]
)
def test_what_is_no_token_is_never_asked_for(
    venue: Hyperliquid, replay: Replay, ask: Callable[[Hyperliquid, str], Any], token: str
) -> None:
    with pytest.raises(Unavailable):
        ask(venue, token)
    assert not replay.asked


# The account


def of(book: Book) -> tuple[Position, ...]:
    return tuple(
        Position(
            leg.token, leg.side, leg.quantity, leg.entry_price, leg.leverage, leg.isolated_margin
        )
        for leg in book.legs
    )


def test_the_account_is_taken_over(venue: Hyperliquid, book: Book) -> None:
    account = venue.account()
    assert account.imported.positions == of(book)
    assert account.imported.left_out == ()
    assert (account.venue, account.margin_mode) == ("hyperliquid", "cross")
    assert account.wallet_balance == book.wallet
    assert dict(account.marks) == {token: book.marks[token] for token in ("RENDER", "NEAR", "TAO")}
    assert account.taker_fee == book.taker_fee
    assert abs((datetime.now(UTC) - account.seen_at).total_seconds()) < 60


def test_an_address_can_do_nothing(venue: Hyperliquid) -> None:
    account = venue.account()
    assert (account.may_trade, account.may_withdraw) == (False, False)


def test_the_venues_own_figures_stand_beside(venue: Hyperliquid, book: Book) -> None:
    account, assessed = venue.account(), book.assessment("hyperliquid")
    assert account.figures == pytest.approx(
        (
            assessed.equity,
            assessed.initial_margin,
            assessed.maintenance_margin,
            assessed.margin_ratio.value,
        ),
        abs=1e-6,
    )
    prices = {
        (price.symbol, None): price.below or price.above for price in assessed.liquidation_prices
    }
    assert dict(account.liquidation_prices) == prices


def positions_of(book: Book, *changes: dict[str, Any]) -> dict[str, Any]:
    """The account's state with some fields of its first positions changed."""
    state = hyperliquid.state(book)
    for row, change in zip(state["assetPositions"], changes, strict=False):
        row["position"].update(change)
    return state


def test_equity_comes_out_the_same_where_entry_prices_are_rounded(
    venue: Hyperliquid, says: Says, book: Book
) -> None:
    state = positions_of(book, {"entryPx": "1.9"})
    says(clearinghouseState=state)
    account = venue.account()
    profits = sum(
        position.sign * position.quantity * (account.marks[position.symbol] - position.entry_price)
        for position in account.imported.positions
    )
    assert account.imported.positions[0].entry_price == 1.9
    assert account.wallet_balance + profits == pytest.approx(
        float(state["crossMarginSummary"]["accountValue"])
    )


def test_a_mark_is_what_the_value_says(venue: Hyperliquid, says: Says, book: Book) -> None:
    book.legs = book.legs[:1]
    says(clearinghouseState=positions_of(book, {"szi": "-0.0335", "positionValue": "100.02765"}))
    account = venue.account()
    assert dict(account.marks) == {"RENDER": 2985.9}
    assert (account.imported.positions[0].side, account.imported.positions[0].quantity) == (
        "short",
        0.0335,
    )


def test_positions_of_no_size_are_none(venue: Hyperliquid, says: Says, book: Book) -> None:
    says(clearinghouseState=positions_of(book, {"szi": "0.0", "positionValue": "0.0"}))
    account = venue.account()
    assert account.imported.positions == of(book)[1:]
    assert account.imported.left_out == ()


def test_a_position_without_a_liquidation_price_has_none(
    venue: Hyperliquid, says: Says, book: Book
) -> None:
    book.legs = book.legs[:2]
    says(clearinghouseState=positions_of(book, {"liquidationPx": None}, {"liquidationPx": "0.0"}))
    account = venue.account()
    assert len(account.imported.positions) == 2
    assert dict(account.liquidation_prices) == {("RENDER", None): None, ("NEAR", None): None}


LEFT_OUT = [
    pytest.param(
        {"coin": "xyz:NVDA"}, "xyz:NVDA", "its token is not known here", id="of another exchange"
    ),
    pytest.param({"coin": "AGIX"}, "AGIX", "its token is not known here", id="merged away"),
    pytest.param(
        {"coin": ["RENDER"]}, "position 1", "its token is not known here", id="without a name"
    ),
    pytest.param(
        {"coin": "<b>X</b>"},
        "position 1",
        "its token is not known here",
        id="with markup for a name",
    ),
    pytest.param(
        {"leverage": {"type": "cross", "value": "high"}},
        "RENDER",
        "its value cannot be read",
        id="no leverage",
    ),
    pytest.param(
        {"leverage": {"type": "cross", "value": 0.5}},
        "RENDER",
        "leverage: must be a number of at least 1, got 0.5",
        id="leverage below 1",
    ),
    pytest.param(
        {"liquidationPx": "far"},
        "RENDER",
        "its liquidationPx cannot be read",
        id="a liquidation price",
    ),
]


@pytest.mark.parametrize(("changes", "what", "reason"), LEFT_OUT)
def test_what_cannot_be_taken_over_is_left_out_with_its_reason(
    venue: Hyperliquid, says: Says, book: Book, changes: dict[str, Any], what: str, reason: str
) -> None:
    says(clearinghouseState=positions_of(book, changes))
    account = venue.account()
    assert account.imported.left_out == (LeftOut(what, reason),)
    assert account.imported.positions == of(book)[1:]
    assert set(account.marks) == {"NEAR", "TAO"}
    assert account.wallet_balance == book.wallet


@pytest.mark.parametrize(
    "changes",
    [
        {"szi": "many"},
        {"entryPx": None},
        {"positionValue": "-5"},
        {"leverage": {"type": "other", "value": 5}},
        {"leverage": 5},
    ],
)
def test_where_a_cross_position_cannot_be_read_the_wallet_cannot_be_told(
    venue: Hyperliquid, says: Says, book: Book, changes: dict[str, Any]
) -> None:
    says(clearinghouseState=positions_of(book, changes))
    with pytest.raises(FieldError, match="cannot be read"):
        venue.account()


@pytest.mark.parametrize(
    "gone", ["assetPositions", "crossMarginSummary", "crossMaintenanceMarginUsed"]
)
def test_an_account_without_its_figures_is_not_taken_over(
    venue: Hyperliquid, says: Says, book: Book, gone: str
) -> None:
    says(
        clearinghouseState={
            key: value for key, value in hyperliquid.state(book).items() if key != gone
        }
    )
    with pytest.raises(FieldError):
        venue.account()


def test_isolated_margin_is_no_part_of_a_cross_account(venue: Hyperliquid, book: Book) -> None:
    book.legs[0] = replace(book.legs[0], isolated_margin=1480.0)
    account = venue.account()
    assert account.imported.positions == of(book)[1:]
    assert account.imported.left_out == (
        LeftOut(
            "RENDER", "it is isolated and stands on a margin of its own, beside the cross account"
        ),
    )
    assert account.wallet_balance == book.wallet
    assert account.figures.equity == pytest.approx(
        book.assessment("hyperliquid", book.legs[1:]).equity
    )


def test_where_all_is_isolated_the_wallet_includes_the_margins(
    venue: Hyperliquid, book: Book
) -> None:
    book.legs = [
        replace(leg, isolated_margin=leg.quantity * leg.entry_price / leg.leverage)
        for leg in book.legs
    ]
    account = venue.account()
    assert account.margin_mode == "isolated"
    assert account.imported.positions == of(book)
    assert account.wallet_balance == pytest.approx(book.wallet, rel=1e-12)
    assert account.figures == VenueFigures(pytest.approx(book.assessment("hyperliquid").equity))


def test_a_wallet_whose_all_is_in_isolated_margins_covers_them(
    venue: Hyperliquid, replay: Replay, book: Book
) -> None:
    """The venue rounds to six decimals.

    What it tells of the whole may be a hair below the sum of the parts.
    """
    book.legs = [
        Leg("RENDER", "long", 100, 1.75, 3, 61.666667),
        Leg("NEAR", "long", 9, 1.385, 3, 3.9),
    ]
    spot = {"balances": [{"coin": "USDC", "token": 0, "total": "65.566666"}]}
    hyperliquid.serve(
        replay, {**hyperliquid.unified(book), "spotClearinghouseState": lambda _: spot}
    )
    account = venue.account()
    assert account.margin_mode == "isolated"
    assert account.wallet_balance == 61.666667 + 3.9


def test_no_more_positions_than_an_account_holds(
    venue: Hyperliquid, says: Says, book: Book
) -> None:
    state = hyperliquid.state(book)
    names = [f"T{number}" for number in range(MOST_POSITIONS + 2)]
    held = state["assetPositions"][0]["position"]
    state["assetPositions"] = [
        {"type": "oneWay", "position": {**held, "coin": name}} for name in names
    ]
    says(clearinghouseState=state)
    account = venue.account()
    assert [position.symbol for position in account.imported.positions] == names[:MOST_POSITIONS]
    assert [what for what, _ in account.imported.left_out] == names[MOST_POSITIONS:]


def test_a_wallet_without_an_account_has_nothing(replay: Replay) -> None:
    account = Hyperliquid(Connection("hyperliquid"), "0x" + "0" * 40).account()
    assert (account.wallet_balance, account.imported.positions, account.margin_mode) == (
        0,
        (),
        "cross",
    )
    assert account.figures == VenueFigures(0, 0, 0, None)
    assert len(replay.asked) == 3


@pytest.mark.parametrize(
    "answer", [Reply("null", 500), {}, {"userCrossRate": "-0.1"}, {"userCrossRate": "much"}, []]
)
def test_a_fee_that_cannot_be_told_takes_no_account_with_it(
    venue: Hyperliquid, says: Says, book: Book, answer: Any
) -> None:
    says(userFees=answer)
    account = venue.account()
    assert account.taker_fee is None
    assert account.imported.positions == of(book)


# What account it is


@pytest.mark.parametrize("mode", ["default", "disabled", "dexAbstraction"])
def test_perpetuals_have_a_balance_of_their_own(
    venue: Hyperliquid, says: Says, book: Book, mode: str
) -> None:
    says(userAbstraction=Reply(f'"{mode}"'))
    account = venue.account()
    assert (account.wallet_balance, account.imported.positions) == (book.wallet, of(book))
    assert bool(account.notes) == (
        mode == "dexAbstraction"
    )  # Exchanges of others may draw on the balance there.


@pytest.mark.parametrize("mode", ["portfolioMargin", "DexAbstraction", "another"])
def test_other_modes_are_refused_before_anything_else_is_asked(
    venue: Hyperliquid, replay: Replay, says: Says, mode: str
) -> None:
    says(userAbstraction=Reply(f'"{mode}"'))
    with pytest.raises(Unavailable) as caught:
        venue.account()
    assert caught.value.trouble == "absent"
    assert (
        caught.value.reason
        == "keeps this account in a mode whose margin rules are not modelled here"
    )
    assert len(replay.asked) == 1


def test_an_account_whose_mode_is_not_told_is_not_taken_over(
    venue: Hyperliquid, says: Says
) -> None:
    says(userAbstraction=Reply("null", 500))
    with pytest.raises(Unavailable):
        venue.account()


def test_a_unified_account_has_its_balance_in_spot(
    venue: Hyperliquid, replay: Replay, book: Book
) -> None:
    hyperliquid.serve(replay, hyperliquid.unified(book))
    account, assessed = venue.account(), book.assessment("hyperliquid")
    assert account.imported.positions == of(book)
    assert account.imported.left_out == ()
    assert account.wallet_balance == pytest.approx(book.wallet, abs=1e-6)
    (note,) = account.notes
    assert "unified account" in note
    assert "liquidation above 95%" in note
    assert account.figures == VenueFigures(
        pytest.approx(assessed.equity, abs=1e-6),
        None,
        pytest.approx(assessed.maintenance_margin, abs=1e-6),
        pytest.approx(assessed.margin_ratio.value, abs=1e-6),
    )


def test_isolated_margin_is_no_part_of_a_unified_accounts_cross_balance(
    venue: Hyperliquid, replay: Replay, book: Book
) -> None:
    book.legs[0] = replace(book.legs[0], isolated_margin=1480.0)
    hyperliquid.serve(replay, hyperliquid.unified(book))
    account = venue.account()
    assert [what for what, _ in account.imported.left_out] == ["RENDER"]
    assert account.wallet_balance == pytest.approx(book.wallet, abs=1e-6)


def test_a_unified_account_may_be_all_isolated(
    venue: Hyperliquid, replay: Replay, book: Book
) -> None:
    book.legs = [replace(leg, isolated_margin=1000.0) for leg in book.legs]
    hyperliquid.serve(replay, hyperliquid.unified(book))
    account = venue.account()
    assert account.margin_mode == "isolated"
    assert account.wallet_balance == pytest.approx(book.wallet, abs=1e-6)
    assert account.figures.equity == pytest.approx(book.assessment("hyperliquid").equity, abs=1e-6)


def test_margin_held_for_what_is_not_read_is_named(
    venue: Hyperliquid, replay: Replay, book: Book
) -> None:
    hyperliquid.serve(replay, hyperliquid.unified(book, held_elsewhere=512.25))
    account = venue.account()
    assert account.imported.left_out == (
        LeftOut(
            "512.25 USDC of margin",
            "it is held for positions or orders outside the exchange's own perpetuals, which are "
            "not read",
        ),
    )
    assert account.wallet_balance == pytest.approx(book.wallet, abs=1e-6)


def test_prices_that_moved_between_two_answers_are_no_other_margin(
    venue: Hyperliquid, replay: Replay, book: Book
) -> None:
    hyperliquid.serve(replay, hyperliquid.unified(book, held_elsewhere=5.0))
    assert venue.account().imported.left_out == ()


def test_a_unified_account_without_usdc_has_none(
    venue: Hyperliquid, replay: Replay, book: Book
) -> None:
    book.legs = []
    nothing = {"balances": [{"coin": "PURR", "token": 1, "total": "2000.0"}]}
    hyperliquid.serve(
        replay, {**hyperliquid.unified(book), "spotClearinghouseState": lambda _: nothing}
    )
    assert venue.account().wallet_balance == 0


def test_a_unified_account_that_owes_a_coin_is_not_taken_over(
    venue: Hyperliquid, replay: Replay, book: Book
) -> None:
    owing = {
        "balances": [
            {"coin": "HYPE", "token": 150, "total": "-3.5"},
            {"coin": "USDC", "token": 0, "total": "9"},
        ]
    }
    hyperliquid.serve(
        replay, {**hyperliquid.unified(book), "spotClearinghouseState": lambda _: owing}
    )
    with pytest.raises(Unavailable, match="owes a coin in spot") as caught:
        venue.account()
    assert caught.value.trouble == "absent"


@pytest.mark.parametrize(
    "balance",
    [
        "USDC",
        {"coin": "USDC", "total": "6000"},
        {"coin": "USDC", "token": 0},
        {"coin": 5, "token": "0"},
    ],
)
def test_a_balance_in_spot_that_cannot_be_read_is_not_taken_for_nothing(
    venue: Hyperliquid, replay: Replay, book: Book, balance: Any
) -> None:
    spot = {"balances": [balance]}
    hyperliquid.serve(
        replay, {**hyperliquid.unified(book), "spotClearinghouseState": lambda _: spot}
    )
    with pytest.raises(FieldError):
        venue.account()


# The address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "0x12",
        ADDRESS[:-1],
        ADDRESS + "0",
        ADDRESS[2:],
        "0x" + "g" * 40,
        ADDRESS + "\n",
        "0X" + "a" * 40,
    ],
)
def test_an_address_that_is_none_is_never_asked_for(replay: Replay, address: str) -> None:
    with pytest.raises(Unavailable) as caught:
        Hyperliquid(Connection("hyperliquid"), address).account()
    assert caught.value.trouble == "key"
    assert caught.value.reason == "needs a wallet address, 0x and 40 hexadecimal digits"
    assert not replay.asked


def test_the_address_shows_nowhere(venue: Hyperliquid, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    account = venue.account()
    assert ADDRESS[4:] not in caplog.text + repr(account) + repr(venue)


def echoes() -> list[Any]:
    said = f"User {ADDRESS} does not exist"
    return [
        pytest.param(Reply(json.dumps(ADDRESS)), id="as an answer"),
        pytest.param(Reply(json.dumps(ADDRESS), 422), id="as an error"),
        pytest.param({"status": "err", "response": said}, id="in an error of the venue"),
        pytest.param(Reply(said, 500), id="in an error of the server"),
        pytest.param([ADDRESS], id="in an array"),
        pytest.param({"assetPositions": ADDRESS, ADDRESS: ADDRESS}, id="in a field"),
        pytest.param({"assetPositions": [ADDRESS]}, id="in a row"),
        pytest.param({"assetPositions": [{"position": {"szi": ADDRESS}}]}, id="for a number"),
    ]


@pytest.mark.parametrize("answer", echoes())
@pytest.mark.parametrize("kind", ["userAbstraction", "clearinghouseState", "userFees"])
def test_an_address_that_comes_back_shows_nowhere(
    venue: Hyperliquid, says: Says, caplog: pytest.LogCaptureFixture, kind: str, answer: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    says(**{kind: answer})
    try:
        told: Any = venue.account()
        assert kind == "userFees"
    except (Unavailable, FieldError) as error:
        told = error
    shown = f"{told} {told!r} {told.__context__!r}" if isinstance(told, Exception) else repr(told)
    assert ADDRESS[4:20] not in shown + caplog.text


def test_an_address_for_a_coin_shows_nowhere(venue: Hyperliquid, says: Says, book: Book) -> None:
    says(clearinghouseState=positions_of(book, {"coin": ADDRESS}, {"liquidationPx": ADDRESS}))
    left_out = venue.account().imported.left_out
    assert [what for what, _ in left_out] == ["position 1", "NEAR"]
    assert ADDRESS[4:20] not in repr(left_out)


def test_a_fault_of_the_network_does_not_show_the_address(
    venue: Hyperliquid, replay: Replay, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    replay.fail(hyperliquid.PATH, Fault(cut=True))
    with pytest.raises(Unavailable) as caught:
        venue.account()
    assert ADDRESS[4:20] not in f"{caught.value!r} {caught.value.__context__!r}" + caplog.text
