"""Headroom of many prices in one call.

That of every one of them, in any shape and layout, and in little memory.
"""

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from margin.engine import batch
from margin.engine.book import Book
from margin.engine.leg import Leg
from margin.engine.numbers import Array
from margin.model.scenario import Scenario
from tests.books import compile_books
from tests.engine.oracle import TOLERANCE
from tests.engine.strategies import documents

Document = dict[str, Any]

LONG = Leg(0, 4.0, -40.0, 4.0, 4.0, (0, 20, 80), (0.01, 0.05, 0.1), (0.0, 0.8, 4.8))
HEDGE = Leg(0, -3.0, 33.0, 3.0, 3.0, (0, 27), (0.02, 0.04), (0.0, 0.54))
ROUNDED = Leg(1, 2.0, -20.0, 2.0, 2.0, (0, 30), (0.0, 0.05), (0.0, 1.4998), jumps=True)
PLEDGED = Leg(2, 0.5, 0.0)
BOOK = Book(("A", "B", "C"), (10.0, 10.0, 10.0), 25.0, (LONG, HEDGE, ROUNDED, PLEDGED))
"""A hedged token whose table steps, and an asset without a requirement."""


def one_by_one(book: Book, prices: Array) -> Array:
    rows = prices.reshape(-1, prices.shape[-1])
    return np.array([book.standing(row.tolist()).headroom for row in rows]).reshape(
        prices.shape[:-1]
    )


def size(book: Book, prices: Array) -> Array:
    """What rounding is measured against."""
    legs = [
        abs(leg.offset) + (abs(leg.exposure) + leg.quantity) * prices[..., leg.token]
        for leg in book.legs
    ]
    return abs(book.wallet) + sum(legs, np.zeros(prices.shape[:-1]))


def drawn(*shape: int) -> Array:
    return np.random.default_rng(7).uniform(0, 40, (*shape, 3))


@given(documents(), st.integers(0, 2**32 - 1))
def test_it_is_that_of_every_price_by_itself(document: Document, seed: int) -> None:
    for book in compile_books(Scenario.from_json(document)):
        prices = np.random.default_rng(seed).lognormal(0, 2, (50, len(book.tokens))) * np.array(
            book.marks
        )
        prices[0], prices[1] = 0.0, book.marks
        headroom, expected = book.headroom(prices), one_by_one(book, prices)
        assert np.all(
            np.abs(headroom - expected) <= TOLERANCE * np.abs(expected) + 1e-14 * size(book, prices)
        )


def test_a_size_exactly_at_a_floor_belongs_to_the_tier_below_also_where_tables_step() -> None:
    edge = 15.0  # 2 · 15 is the floor of 30.
    prices = np.array([[10.0, edge * (1 + hair), 10.0] for hair in (-1e-9, 0, 5e-13, 1e-9)])
    stepped = np.diff(BOOK.headroom(prices)) < -1e-4
    assert stepped.tolist() == [False, False, True]
    assert BOOK.headroom(prices) == pytest.approx(one_by_one(BOOK, prices), rel=1e-14)


@pytest.mark.parametrize("block", [1, 7, 64, 1_000, 10**9])
def test_the_answer_is_the_same_to_the_bit_whatever_the_block(
    monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    prices = drawn(11, 13, 5)
    expected = BOOK.headroom(prices)
    monkeypatch.setattr(batch, "BLOCK", block)
    assert np.array_equal(BOOK.headroom(prices), expected)


@pytest.mark.parametrize("shape", [(), (1,), (17,), (3, 17), (17, 3), (1, 1, 40), (2, 0)], ids=str)
@pytest.mark.parametrize("block", [5, 100])
def test_every_shape(monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...], block: int) -> None:
    prices = drawn(*shape)
    monkeypatch.setattr(batch, "BLOCK", block)
    headroom = BOOK.headroom(prices)
    assert np.shape(headroom) == shape
    assert headroom == pytest.approx(one_by_one(BOOK, prices), rel=1e-13, abs=1e-13)


def test_prices_in_any_order_of_memory_and_kind_of_float() -> None:
    prices = drawn(40, 30)
    expected = BOOK.headroom(prices)
    by_token = np.moveaxis(np.ascontiguousarray(np.moveaxis(prices, -1, 0)), 0, -1)
    assert np.array_equal(BOOK.headroom(by_token), expected)
    assert np.array_equal(BOOK.headroom(np.asfortranarray(prices)), expected)
    assert np.array_equal(BOOK.headroom(prices[::-1, ::3]), expected[::-1, ::3])
    single = prices.astype(np.float32)
    assert np.array_equal(BOOK.headroom(single), BOOK.headroom(single.astype(np.float64)))
    assert prices.tolist() == drawn(40, 30).tolist()


def test_an_account_of_nothing_is_its_wallet_everywhere() -> None:
    empty = Book((), (), 12.5, ())
    assert empty.headroom(np.empty((4, 0))).tolist() == [12.5] * 4


@pytest.mark.parametrize("by_token", [False, True], ids=["path by path", "token by token"])
def test_it_takes_little_memory_beside_the_answer(by_token: bool) -> None:
    prices = drawn(2_000, 500)
    if by_token:
        prices = np.moveaxis(np.ascontiguousarray(np.moveaxis(prices, -1, 0)), 0, -1)
    tracemalloc.start()
    headroom = BOOK.headroom(prices)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak - headroom.nbytes < 4 * 2**20 < prices.nbytes / 4
