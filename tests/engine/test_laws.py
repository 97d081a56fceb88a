"""What must hold whatever the account.

How figures and distances answer to leverage, scale, money and prices.
"""

from fractions import Fraction
from math import inf
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from margin.engine.book import Book
from margin.engine.crossing import first_crossing
from margin.model.scenario import Scenario
from margin.studies.account.assess import assess
from margin.tables.assessment_json import assessment_json
from tests.books import compile_books
from tests.engine import oracle
from tests.engine.oracle import TOLERANCE, near
from tests.engine.strategies import VENUES, amounts, documents, leverages

Document = dict[str, Any]

ALIVE = ("ample", "thin", "touch")
moves = st.floats(0, 3)


def assessed(document: Document) -> Document:
    return assessment_json(assess(Scenario.from_json(document)))


def books_of(document: Document) -> list[Book]:
    return compile_books(Scenario.from_json(document))


def size(book: Book, prices: Any) -> float:
    """What rounding is measured against.

    Wallet, notionals, and the entries that profit is counted from.
    """
    legs = sum(abs(leg.offset) + abs(leg.exposure) * prices[leg.token] for leg in book.legs)
    return float(abs(book.wallet) + legs)


def with_leverage(document: Document, leverage: float) -> Document:
    return {
        **document,
        "positions": [{**each, "leverage": leverage} for each in document["positions"]],
    }


def closing_fees(document: Document) -> float:
    holdings = [oracle.holding_of(document, position) for position in document["positions"]]
    return float(sum(holding.closing_fee for holding in holdings))


@given(documents(venues=("binance", "okx", "hyperliquid", "textbook"), modes=("cross",)), leverages)
def test_leverage_in_cross_margin_moves_initial_margin_and_available_balance_and_nothing_else(
    document: Document, leverage: float
) -> None:
    before, after = assessed(document), assessed(with_leverage(document, leverage))
    own = {"initial_margin", "available_balance", "problems", "positions"}
    assert {key: before[key] for key in before.keys() - own} == {
        key: after[key] for key in after.keys() - own
    }
    for old, new in zip(before["positions"], after["positions"], strict=True):
        assert new["initial_margin"] == pytest.approx(new["notional"] / leverage, rel=TOLERANCE)
        kept = old.keys() - {"initial_margin", "problems"}
        assert {key: old[key] for key in kept} == {key: new[key] for key in kept}


@given(documents(venues=("bybit",), modes=("cross",), standings=("ample", "thin")), leverages)
def test_on_bybit_leverage_moves_a_liquidation_price_as_so_much_less_in_the_wallet_as_the_closing_fees_grow(
    document: Document, leverage: float
) -> None:
    other = with_leverage(document, leverage)
    growth = closing_fees(other) - closing_fees(document)
    poorer = {
        **document,
        "wallet_balance": document["wallet_balance"]
        - growth / document.get("settlement_rate", 1.0),
    }
    by_leverage, by_wallet, scale = assessed(other), assessed(poorer), size(*_at_marks(document))
    for key, difference in (("maintenance_margin", growth), ("equity", growth), ("headroom", 0.0)):
        assert near(by_leverage[key], by_wallet[key] + difference, scale), key
    # At the point of liquidation itself rounding may decide; a hair beside it nothing may.
    assume(abs(by_wallet["headroom"]) > TOLERANCE * scale)
    assert by_leverage["liquidated"] == by_wallet["liquidated"]
    [account], prices = oracle.accounts(poorer), oracle.marks(poorer)
    for entry in by_leverage["liquidation_prices"]:
        mark = document["marks"][entry["symbol"]]
        for way, price in ((-1, entry["below"]), (1, entry["above"])):
            if price is not None:
                line = oracle.price_line(account, prices, entry["symbol"], way)
                assert oracle.admits([line], abs(price - mark), mark)


def _at_marks(document: Document) -> tuple[Book, Any]:
    [book] = books_of(document)
    return book, book.marks


@given(documents(), st.integers(-6, 9))
def test_prices_times_k_with_sizes_divided_by_k_change_no_money_and_scale_liquidation_prices_by_k(
    document: Document, power: int
) -> None:
    k = 2.0**power  # A power of two, so that every figure must stay the same to the last bit.
    scaled = {
        **document,
        "marks": {token: mark * k for token, mark in document["marks"].items()},
        "positions": [
            {**each, "quantity": each["quantity"] / k, "entry_price": each["entry_price"] * k}
            for each in document["positions"]
        ],
        "collateral": [
            {**each, "amount": each["amount"] / k} for each in document.get("collateral", [])
        ],
        "contract_values": {
            token: value / k for token, value in document.get("contract_values", {}).items()
        },
    }
    before, after = assessed(document), assessed(scaled)
    for figures in before["positions"]:
        figures["quantity"] /= k
    for entry in before["liquidation_prices"]:
        for way in ("below", "above"):
            entry[way] = entry[way] and entry[way] * k
    assert after == before


@given(documents(standings=ALIVE), amounts(0, 5))
def test_more_wallet_never_brings_liquidation_nearer(document: Document, more: float) -> None:
    richer = {**document, "wallet_balance": document["wallet_balance"] + more}
    if document["margin_mode"] == "isolated":
        margins = [float(oracle.posted_margin(each)) + more for each in document["positions"]]
        richer["positions"] = [
            {**each, "isolated_margin": margin}
            for each, margin in zip(document["positions"], margins, strict=True)
        ]
        richer["wallet_balance"] = document["wallet_balance"] + more * len(margins)
    before, after = assessed(document), assessed(richer)
    assert before["liquidated"] or not after["liquidated"]
    for old, new in zip(before["liquidation_prices"], after["liquidation_prices"], strict=True):
        if old["reason_below"] != "liquidated":
            assert (new["below"] or 0) <= (old["below"] or 0) + TOLERANCE * document["marks"][
                old["symbol"]
            ]
            assert (new["above"] or inf) >= (old["above"] or inf) * (1 - TOLERANCE)
    if not before["liquidated"]:
        old, new = before["joint_move"], after["joint_move"]
        assert _or(new["down"], -inf) <= _or(old["down"], -inf) + TOLERANCE
        assert _or(new["up"], inf) >= _or(old["up"], inf) - TOLERANCE


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


@given(documents(standings=ALIVE))
def test_headroom_is_zero_at_every_liquidation_price_and_positive_all_the_way_there(
    document: Document,
) -> None:
    books, entries = books_of(document), assessed(document)["liquidation_prices"]
    for index, entry in enumerate(entries):
        book = books[0] if document["margin_mode"] == "cross" else books[index]
        axis, mark = book.tokens.index(entry["symbol"]), document["marks"][entry["symbol"]]
        for price in (entry["below"], entry["above"]):
            if price is not None:
                way = np.tile(book.marks, (5, 1))
                way[:, axis] = mark + (price - mark) * np.array([0, 0.5, 0.9, 0.99, 1])
                headroom = book.headroom(way)
                assert (headroom[:-1] > 0).all()
                assert abs(headroom[-1]) <= TOLERANCE * max(size(book, way[0]), size(book, way[-1]))


@given(documents(standings=ALIVE))
def test_headroom_is_zero_at_the_joint_move_and_no_book_dies_before_it(document: Document) -> None:
    actual = assessed(document)
    assume(not actual["liquidated"])
    marks, betas = document["marks"], document.get("betas", {})
    for x in actual["joint_move"].values():
        if x is None:
            continue
        left = []
        for book in books_of(document):
            moves = np.array(
                [betas.get(token, 0.0 if token == "USDC" else 1.0) for token in book.tokens]
            )
            steps = x * np.array([[0], [0.5], [0.9], [0.99], [1]])
            prices = np.array([marks[token] for token in book.tokens]) * np.maximum(
                0, 1 + moves * steps
            )
            headroom = book.headroom(prices)
            assert (headroom[:-1] > 0).all()
            left.append(headroom[-1] / max(size(book, prices[0]), size(book, prices[-1])))
        assert abs(min(left)) <= TOLERANCE


@given(documents(standings=ALIVE))
def test_an_account_put_at_its_own_liquidation_price_reads_as_liquidated(
    document: Document,
) -> None:
    scenario = Scenario.from_json(document)
    for index, entry in enumerate(assess(scenario).liquidation_prices):
        for price in (entry.below, entry.above):
            if price is not None:
                there = assess(scenario.with_marks({entry.symbol: price}))
                isolated = document["margin_mode"] == "isolated"
                assert there.positions[index].liquidated if isolated else there.liquidated
                assert there.liquidation_prices[index].reason_below == "liquidated"


@given(documents(modes=("cross",), most=1, collateral=False, standings=("ample", "thin")))
def test_one_position_in_cross_margin_is_that_position_isolated_with_the_whole_wallet(
    document: Document,
) -> None:
    assume(document["wallet_balance"] > 0)
    [position] = document["positions"]
    alone = {**position, "isolated_margin": document["wallet_balance"]}
    cross, isolated = (
        assessed(document),
        assessed({**document, "margin_mode": "isolated", "positions": [alone]}),
    )
    scale = size(*_at_marks(document))
    difference = 0.0
    if (
        document["venue"] == "bybit"
    ):  # It keeps the closing fee apart there, and so counts extra margin as more.
        fee, sign = float(oracle.fee_of(document)), 1 if position["side"] == "long" else -1
        extra = (
            document["wallet_balance"]
            - position["quantity"] * position["entry_price"] / position["leverage"]
        )
        difference = extra * sign * fee / (1 - sign * fee) + closing_fees(document)
    assert isolated["headroom"] - cross["headroom"] == pytest.approx(
        difference, rel=TOLERANCE, abs=1e-12 * scale
    )
    if document["venue"] != "bybit":
        for one, two in zip(
            isolated["liquidation_prices"], cross["liquidation_prices"], strict=True
        ):
            assert one == {**two, "side": position["side"]}
        for key in (
            "equity",
            "requirement",
            "maintenance_margin",
            "joint_move",
            "liquidated",
            "margin_ratio",
        ):
            assert isolated[key] == cross[key], key


@given(documents(), st.lists(st.lists(moves, min_size=6, max_size=6), min_size=1, max_size=8))
def test_arrays_of_prices_give_what_single_prices_give(
    document: Document, factors: list[list[float]]
) -> None:
    for book in books_of(document):
        prices = np.array(book.marks) * np.array(factors)[:, : len(book.tokens)]
        cube = np.stack([prices, prices[::-1]])  # shape (2, n, tokens)
        headroom, equity, requirement = (
            book.headroom(cube),
            book.equity(cube),
            book.requirement(cube),
        )
        assert headroom.shape == cube.shape[:-1]
        for index in np.ndindex(headroom.shape):
            point = cube[index].tolist()
            standing, scale = book.standing(point), 1e-13 * size(book, point)
            assert headroom[index] == pytest.approx(standing.headroom, rel=TOLERANCE, abs=scale)
            assert equity[index] == pytest.approx(standing.equity, rel=TOLERANCE, abs=scale)
            assert requirement[index] == pytest.approx(
                standing.requirement, rel=TOLERANCE, abs=scale
            )
            assert book.equity_at(point) == pytest.approx(standing.equity, rel=TOLERANCE, abs=scale)


@given(
    documents(modes=("cross",)),
    st.sampled_from([1.0, 0.8, 0.5]),
    st.lists(moves, min_size=2, max_size=6),
)
def test_a_grid_is_the_headroom_at_each_of_its_points(
    document: Document, level: float, factors: list[float]
) -> None:
    [book] = books_of(document)
    assume(len(book.tokens) > 1)
    row, column = book.tokens[-1], book.tokens[0]
    rows, columns = np.array(factors) * book.marks[-1], np.array(factors[1:]) * book.marks[0]
    grid = book.grid(row, rows, column, columns, level)
    assert grid.shape == (len(rows), len(columns))
    mesh = np.tile(np.array(book.marks), (len(rows), len(columns), 1))
    mesh[..., -1], mesh[..., 0] = rows[:, None], columns[None, :]
    expected = book.equity(mesh) - book.requirement(mesh) / level
    scale = size(book, mesh.max(axis=(0, 1)))
    np.testing.assert_allclose(grid, expected, rtol=TOLERANCE, atol=1e-13 * scale)


@given(documents(standings=("ample",)), st.sampled_from([0.3, 0.5, 0.8]), st.sampled_from([-1, 1]))
def test_the_first_crossing_of_a_warning_level_is_where_requirement_over_equity_is_that_level(
    document: Document, level: float, way: int
) -> None:
    for book, brute in zip(books_of(document), oracle.accounts(document), strict=True):
        line = oracle.joint_line(document, brute, way)
        direction = [float(line.direction[token]) for token in book.tokens]
        found = first_crossing(
            book, book.marks, direction, level=level, limit=float(line.limit or 0)
        )
        assert oracle.admits([line], inf if found is None else found, 1.0, Fraction(level))
        if found:
            prices = [
                max(0.0, mark + found * rate)
                for mark, rate in zip(book.marks, direction, strict=True)
            ]
            there, scale = book.standing(prices), max(size(book, book.marks), size(book, prices))
            assert abs(level * there.equity - there.requirement) <= TOLERANCE * scale
            if there.equity > 1e-3 * scale:
                assert there.requirement / there.equity == pytest.approx(level, rel=1e-5)


@pytest.mark.parametrize("wallet", [1000.0, 0.0, -1000.0])
@pytest.mark.parametrize("venue", VENUES)
def test_without_positions_nothing_is_required_and_nothing_can_be_liquidated(
    venue: str, wallet: float
) -> None:
    document = {
        "version": 1,
        "venue": venue,
        "margin_mode": "cross",
        "wallet_balance": wallet,
        "positions": [],
        "marks": {"BTC": 60_000.0},
        "collateral": [{"asset": "BTC", "amount": 0.001, "ratio": 0.5}],
    }
    actual = assessed(document)
    counted = 30.0 if venue in ("binance", "bybit", "okx") else 0.0
    assert actual["equity"] == actual["headroom"] == wallet + counted
    assert actual["requirement"] == actual["initial_margin"] == actual["maintenance_margin"] == 0
    assert actual["available_balance"] == max(0, wallet + counted)
    assert actual["margin_ratio"]["value"] is None
    assert actual["equity_to_notional"] is None
    assert actual["liquidated"] is False
    assert actual["joint_move"] == {"down": None, "up": None}
    [entry] = actual["liquidation_prices"]
    assert (entry["below"], entry["above"]) == (None, None)
    assert entry["reason_below"] == ("covered" if counted else "flat")
    assert entry["reason_above"] == ("gains" if counted else "flat")
    [book] = books_of(document)
    assert first_crossing(book, book.marks, [-60_000.0]) is None
