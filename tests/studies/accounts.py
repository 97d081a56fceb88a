"""Accounts for the tests of the studies.

Worked ones by name, random ones, and what a move does to them by brute force.

Tables are the packaged ones. A random account is drawn as positions first and funded afterwards, so
that ample, thin and dead accounts all come up. Brute force forms headroom in full at every kink of
the way and takes the least.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from margin.engine.book import Book
from margin.errors import or_zero
from margin.market.snapshot import embedded as snapshot
from margin.model.scenario import Position, Scenario
from margin.studies.distance.distances import common_move
from tests.books import compile_books

Document = dict[str, Any]

VENUES = ("binance", "bybit", "okx", "hyperliquid", "textbook")
MODES = ("cross", "isolated")
TOKENS = ("RENDER", "TAO", "NEAR", "BTC")
MARKS = {"RENDER": 1.75, "TAO": 272.71, "NEAR": 1.385, "BTC": 71202.9, "ETH": 2201.95, "USDC": 1.0}

random_accounts = settings(max_examples=80, deadline=None, print_blob=True)


def long(
    symbol: str, quantity: float, entry_price: float, leverage: float = 10, **other: Any
) -> Document:
    return _leg(symbol, "long", quantity, entry_price, leverage, **other)


def short(
    symbol: str, quantity: float, entry_price: float, leverage: float = 10, **other: Any
) -> Document:
    return _leg(symbol, "short", quantity, entry_price, leverage, **other)


def _leg(
    symbol: str, side: str, quantity: float, entry_price: float, leverage: float, **other: Any
) -> Document:
    return {
        "symbol": symbol,
        "side": side,
        "quantity": quantity,
        "entry_price": entry_price,
        "leverage": leverage,
        **other,
    }


def made(document: Document) -> Scenario:
    """The scenario beside the packaged tables of its venue."""
    return snapshot.attach(Scenario.from_json(document))


def account(
    venue: str, mode: str, positions: Sequence[Document], wallet: float = 10_000, **other: Any
) -> Scenario:
    """A scenario at the packaged marks unless it brings its own."""
    marks = {**MARKS, **other.pop("marks", {})}
    return made(
        {
            "version": 1,
            "venue": venue,
            "margin_mode": mode,
            "wallet_balance": wallet,
            "positions": list(positions),
            "marks": marks,
            **other,
        }
    )


# Random accounts


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers as a scenario holds them: none but 0 is too small to be entered."""
    return st.floats(low, high).map(or_zero)


_notionals = st.floats(2, 7).map(lambda power: 10**power) | st.sampled_from(
    [5_000.0, 50_000.0, 100_000.0]
)
_entries = st.sampled_from([0.8, 0.97, 1.0, 1.02, 1.2]) | st.floats(0.5, 1.7)
_betas = st.sampled_from([-1.5, -0.5, 0.0, 0.5, 1.0, 1.6, 2.5, 4.0])
_alive = st.sampled_from([0.002, 0.03, 0.1, 0.3]) | st.floats(0.001, 1)
_shares = _alive | st.sampled_from([-0.1, -0.003])


@st.composite
def scenarios(
    draw: st.DrawFn,
    modes: Sequence[str] = MODES,
    venues: Sequence[str] = VENUES,
    most: int = 5,
    alive: bool = False,
) -> Scenario:
    """A random account of 1 to `most` positions, with betas that clip prices at 0.

    Some are dead, unless `alive` is asked for (of accounts in cross mode).
    """
    mode = draw(st.sampled_from(modes))
    legs = st.tuples(st.sampled_from(TOKENS), st.sampled_from(("long", "short")))
    positions = [
        _leg(
            symbol,
            side,
            draw(_notionals) / MARKS[symbol],
            MARKS[symbol] * draw(_entries),
            draw(st.integers(1, 50)),
        )
        for symbol, side in draw(st.lists(legs, min_size=1, max_size=most, unique=True))
    ]
    collateral = (
        {}
        if mode == "isolated" or not draw(st.booleans())
        else {"collateral": draw(_collateral(positions))}
    )
    betas = (
        {token: draw(_betas) for token in MARKS if token != "USDC"} if draw(st.booleans()) else {}
    )
    venue = draw(st.sampled_from(venues))
    wallet = sum(each["quantity"] * each["entry_price"] for each in positions)
    rate = {} if not collateral or not draw(st.booleans()) else {"settlement_rate": draw(_rates)}
    scenario = account(venue, mode, positions, wallet, betas=betas, **collateral, **rate)
    return (
        _margined(draw, scenario)
        if mode == "isolated"
        else _funded(scenario, draw(_alive if alive else _shares))
    )


@st.composite
def _collateral(draw: st.DrawFn, positions: Sequence[Document]) -> list[Document]:
    notional = sum(each["quantity"] * MARKS[each["symbol"]] for each in positions)
    assets = draw(
        st.lists(
            st.sampled_from(("RENDER", "BTC", "ETH", "USDC")), min_size=1, max_size=2, unique=True
        )
    )
    return [
        {
            "asset": asset,
            "amount": notional * draw(st.floats(0.001, 0.3)) / MARKS[asset],
            "ratio": draw(_ratios),
        }
        for asset in assets
    ]


_ratios = st.sampled_from([0.0, 0.5, 0.95, 1.0])
_rates = st.sampled_from([0.9999, 0.9801, 0.5])


def _funded(scenario: Scenario, share: float) -> Scenario:
    """The wallet that leaves a share of the notional as headroom."""
    [book] = compile_books(scenario)
    standing = book.standing()
    counted = book.wallet - standing.headroom + share * standing.notional
    return with_wallet(scenario, counted / scenario.account.counted_rate)


@st.composite
def pushed(draw: st.DrawFn, venues: Sequence[str] = VENUES) -> tuple[Scenario, float]:
    """A living cross account and a joint move that liquidates it."""
    scenario = draw(
        scenarios(modes=("cross",), venues=venues, alive=True).filter(
            lambda each: any(_joint(each))
        )
    )
    down, up = _joint(scenario)
    ways = [
        move
        for move in (down and max(-1.0, down * _factor(draw)), up and min(10.0, up * _factor(draw)))
        if move
    ]
    return scenario, draw(st.sampled_from(ways))


def _joint(scenario: Scenario) -> tuple[float | None, float | None]:
    return common_move(compile_books(scenario), scenario)


def _factor(draw: st.DrawFn) -> float:
    """How far beyond the joint move: a little to twice as far."""
    return draw(st.sampled_from([1.001, 1.05, 1.3, 2.0]) | st.floats(1.001, 2))


def _margined(draw: st.DrawFn, scenario: Scenario) -> Scenario:
    """Margins of their own for some positions, and a wallet that covers them all."""
    positions = tuple(
        replace(position, isolated_margin=position.opening_margin * draw(st.floats(0.3, 5)))
        if draw(st.booleans())
        else position
        for position in scenario.positions
    )
    margins = sum(position.posted_margin for position in positions)
    room = margins * (1 + draw(st.floats(0, 0.5)))
    return replace(
        with_wallet(scenario, max(room, scenario.account.wallet_balance)), positions=positions
    )


def with_wallet(scenario: Scenario, wallet: float) -> Scenario:
    return replace(scenario, account=replace(scenario.account, wallet_balance=wallet))


def with_margin(scenario: Scenario, margin: float) -> Scenario:
    """An account of one isolated position with another margin."""
    [position] = scenario.positions
    richer = with_wallet(scenario, max(margin, scenario.account.wallet_balance))
    return replace(richer, positions=(replace(position, isolated_margin=margin),))


def alone(scenario: Scenario, position: Position) -> Scenario:
    """One of an isolated account's positions without the others."""
    return replace(scenario, positions=(position,))


# Brute force


def prices_at(scenario: Scenario, book: Book, move: float) -> list[float]:
    """The book's prices after a joint move from the marks, never below 0."""
    pairs = zip(book.tokens, book.marks, strict=True)
    return [max(0.0, mark * (1 + scenario.market.beta(token) * move)) for token, mark in pairs]


def kinks(scenario: Scenario, book: Book, move: float) -> set[float]:
    """Where between 0 and the move a price enters another tier, or reaches 0."""
    found = set()
    for leg in book.legs:
        mark, beta = book.marks[leg.token], scenario.market.beta(book.tokens[leg.token])
        if beta and mark:
            found |= {(floor / leg.size / mark - 1) / beta for floor in leg.floors}
            found.add(-1 / beta)
    return {kink for kink in found if min(0.0, move) < kink < max(0.0, move)}


def lowest_on_the_way(scenario: Scenario, book: Book, move: float) -> float:
    """The least headroom from the marks to the move: headroom is linear between the kinks."""
    stops = sorted({0.0, move, *kinks(scenario, book, move)})
    return float(book.headroom(np.array([prices_at(scenario, book, stop) for stop in stops])).min())


def size(scenario: Scenario, book: Book, move: float = 0.0) -> float:
    """What rounding is measured against.

    Wallet, entry values, and the larger of the values at both ends.
    """
    ends = zip(book.marks, prices_at(scenario, book, move), strict=True)
    largest = [max(pair) for pair in ends]
    return abs(book.wallet) + sum(
        abs(leg.offset) + abs(leg.exposure) * largest[leg.token] for leg in book.legs
    )
