"""Every figure, price and distance of the engine against the brute-force oracle, to 1e-9.

Liquidated is headroom ≤ 1e-12 of |wallet| + Σ notional. Where rounding decides whether that is so,
either answer is right, and `oracle.admits` says how far that goes for a distance.
"""

from fractions import Fraction
from math import inf
from typing import Any

import pytest
from hypothesis import event, given, settings

from margin.model.scenario import Scenario
from margin.studies.account.assess import assess
from margin.tables.assessment_json import assessment_json
from tests.engine import oracle
from tests.engine.oracle import BARELY, ROUNDING, TOLERANCE, ZERO, near
from tests.engine.strategies import documents

Document = dict[str, Any]

HIGHEST_PRICE = 1e15
"""Beyond it no price is told."""


def assessed(document: Document) -> Document:
    return assessment_json(assess(Scenario.from_json(document)))


def size_of(document: Document) -> float:
    """What money is computed from: wallet, notionals at mark and at entry, collateral."""
    total = float(abs(document["wallet_balance"]))
    for position in document["positions"]:
        total += position["quantity"] * (
            document["marks"][position["symbol"]] + position["entry_price"]
        )
        total += position.get("isolated_margin") or 0
    for item in document.get("collateral", []):
        total += item["amount"] * document["marks"][item["asset"]]
    return total


def same_ratio(value: float | None, exact: Fraction | None, under: Fraction, scale: float) -> bool:
    """A quotient is as exact as its parts.

    Whether its denominator is positive is open within rounding of zero.
    """
    if abs(under) <= ROUNDING * scale:
        return True
    if value is None or exact is None:
        return value is None and exact is None
    error = ROUNDING * scale * (1 + abs(float(exact))) / abs(float(under))
    return abs(value - float(exact)) <= TOLERANCE * abs(float(exact)) + error


def denominator(document: Document, account: oracle.Account) -> Fraction:
    """What the venue's ratio divides by."""
    prices = oracle.marks(document)
    divisor = {"okx": account.requirement, "textbook": account.notional}.get(
        document["venue"], account.equity
    )
    return divisor(prices)


def verdict(document: Document, account: oracle.Account) -> bool | None:
    """Whether the account is liquidated at its marks.

    None where that lies within rounding of the tolerance.
    """
    prices = oracle.marks(document)
    headroom, zero = account.headroom(prices), ZERO * account.size(prices)
    if abs(headroom - zero) <= BARELY * zero:
        return None
    return headroom < zero


@given(documents())
@settings(max_examples=100)
def test_every_figure_of_a_position_equals_the_oracle(document: Document) -> None:
    size, figures = size_of(document), assessed(document)["positions"]
    for position, given_position in zip(figures, document["positions"], strict=True):
        expected = oracle.position_figures(document, given_position)
        for key in ("symbol", "side", "tier", "max_leverage"):
            assert position[key] == expected[key], key
        if document["margin_mode"] == "isolated":
            account = oracle.isolated_account(document, given_position)
            assert same_ratio(
                position.pop("margin_ratio"),
                expected.pop("margin_ratio"),
                denominator(document, account),
                size,
            )
            assert verdict(document, account) in (None, position["liquidated"])
        else:
            assert (
                not {"isolated_margin", "headroom", "margin_ratio", "liquidated"} & position.keys()
            )
        for key in expected.keys() - {"symbol", "side", "tier", "max_leverage"}:
            assert near(position[key], expected[key], size), key


@given(documents())
@settings(max_examples=100)
def test_every_figure_of_the_account_equals_the_oracle(document: Document) -> None:
    size, actual, expected = size_of(document), assessed(document), oracle.account_figures(document)
    notional = sum(figures["notional"] for figures in actual["positions"])
    equity_to_notional, leverage = (
        expected.pop("equity_to_notional"),
        expected.pop("effective_leverage"),
    )
    assert near(actual["equity_to_notional"], equity_to_notional, size / notional)
    assert same_ratio(actual["effective_leverage"], leverage, expected["equity"], size)
    for key, value in expected.items():
        assert near(actual[key], value, size), key


@given(documents())
@settings(max_examples=100)
def test_the_ratio_and_the_verdict_are_those_of_the_account_with_the_least_headroom(
    document: Document,
) -> None:
    size, actual, prices = size_of(document), assessed(document), oracle.marks(document)
    books = oracle.accounts(document)
    least = min(book.headroom(prices) for book in books)
    # Several isolated positions may lie within rounding of the least headroom; any of them may be
    # the one shown.
    worst = [book for book in books if book.headroom(prices) - least <= ROUNDING * size]
    ratio = actual["margin_ratio"]
    assert any(
        same_ratio(
            ratio["value"],
            oracle.ratio_of(document, book, prices),
            denominator(document, book),
            size,
        )
        for book in worst
    )
    fraction = document.get("textbook", {}).get("margin_fraction")
    assert ratio["liquidation_at"] == (fraction if document["venue"] == "textbook" else 1.0)
    assert ratio["direction"] == ("falls" if document["venue"] in ("okx", "textbook") else "rises")
    verdicts = [verdict(document, book) for book in books]
    event(f"verdict {'mixed' if len(set(verdicts)) > 1 else verdicts[0]}")
    if None not in verdicts:
        assert actual["liquidated"] == any(verdicts)


def check_below(entry: Document, account: oracle.Account, prices: oracle.Prices) -> None:
    """A root within 1e-12 of the mark from price 0 is rounding: covered."""
    token, mark = entry["symbol"], float(prices[entry["symbol"]])
    line = oracle.price_line(account, prices, token, -1)
    if entry["below"] is not None:
        assert entry["reason_below"] is None
        assert 0 < entry["below"] <= mark
        assert oracle.admits([line], mark - entry["below"], mark)
        return
    root = line.crossing()
    event(f"below: {entry['reason_below']}")
    if root is None or prices[token] - root <= 2 * ZERO * prices[token]:
        assert entry["reason_below"] == oracle.reasons(account, prices, token)[0]
    else:
        assert oracle.admits([line], inf, mark)


def check_above(entry: Document, account: oracle.Account, prices: oracle.Prices) -> None:
    token, mark = entry["symbol"], float(prices[entry["symbol"]])
    line = oracle.price_line(account, prices, token, 1)
    if entry["above"] is not None:
        assert entry["reason_above"] is None
        assert entry["above"] >= mark
        assert oracle.admits([line], entry["above"] - mark, mark)
        return
    root = line.crossing()
    event(f"above: {entry['reason_above']}")
    if root is not None and prices[token] + root > HIGHEST_PRICE:
        assert entry["reason_above"] == "covered"
    elif root is None:
        assert entry["reason_above"] == oracle.reasons(account, prices, token)[1]
    else:
        assert oracle.admits([line], inf, mark)


@given(documents())
@settings(max_examples=100)
def test_every_liquidation_price_and_every_reason_for_none_equal_the_oracle(
    document: Document,
) -> None:
    prices, books, entries = (
        oracle.marks(document),
        oracle.accounts(document),
        assessed(document)["liquidation_prices"],
    )
    if document["margin_mode"] == "cross":
        held = [position["symbol"] for position in document["positions"]]
        pledged = [item["asset"] for item in document.get("collateral", [])]
        assert [entry["symbol"] for entry in entries] == list(dict.fromkeys([*held, *pledged]))
        assert not any("side" in entry for entry in entries)
        books = books * len(entries)
    else:
        legs = [(position["symbol"], position["side"]) for position in document["positions"]]
        assert [(entry["symbol"], entry["side"]) for entry in entries] == legs
    for entry, book in zip(entries, books, strict=True):
        if entry["reason_below"] == "liquidated" or entry["reason_above"] == "liquidated":
            assert verdict(document, book) is not False
            assert entry["below"] is entry["above"] is None
            assert entry["reason_below"] == entry["reason_above"] == "liquidated"
            continue
        assert verdict(document, book) is not True
        check_below(entry, book, prices)
        check_above(entry, book, prices)


def check_joint_move(document: Document) -> None:
    actual, books = assessed(document), oracle.accounts(document)
    down, up = actual["joint_move"]["down"], actual["joint_move"]["up"]
    if actual["liquidated"]:
        assert down is up is None
        return
    assert down is None or -1 <= down <= 0
    assert up is None or 0 <= up <= 10
    for way, move in ((-1, down), (1, up)):
        lines = [oracle.joint_line(document, book, way) for book in books]
        assert oracle.admits(lines, inf if move is None else abs(move), 1.0)


@given(documents())
@settings(max_examples=100)
def test_the_joint_move_equals_the_oracle(document: Document) -> None:
    check_joint_move(document)


@given(documents(modes=("isolated",), standings=("ample", "thin")))
@settings(max_examples=100)
def test_the_joint_move_of_isolated_positions_is_that_of_the_first_one_lost(
    document: Document,
) -> None:
    check_joint_move(document)


@given(documents(modes=("cross",), standings=("rich", "touch"), wild=True))
@settings(max_examples=100)
def test_the_joint_move_equals_the_oracle_where_prices_reach_zero_on_the_way(
    document: Document,
) -> None:
    check_joint_move(document)


@pytest.mark.parametrize(
    ("notional", "rate", "expected"),
    [
        (3_500, 0.02, 92.5),
        (1_000, 0.02, 20),
        (500, 0.02, 10),
        (9_000, 0.02, 20 + 25 + 30 + 35 + 5_000 * 0.04),
    ],
)
def test_the_oracle_itself_sums_slices_as_one_does_by_hand(
    notional: float, rate: float, expected: float
) -> None:
    rows = [{"floor": 1000 * index, "maintenance_rate": rate + 0.005 * index} for index in range(5)]
    assert float(oracle.slices(oracle.read_table(rows), Fraction(notional))) == pytest.approx(
        expected
    )
