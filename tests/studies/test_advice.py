"""The advice for a common move: a hair more than advised survives it, a hair less does not."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from margin.book import compile_books
from margin.scenario import Scenario
from margin.studies.advice import Advice, in_words, survive
from margin.studies.assess import assess
from margin.studies.distances import common_move
from tests.studies.accounts import (
    MODES,
    VENUES,
    account,
    alone,
    long,
    lowest_on_the_way,
    pushed,
    random_accounts,
    scenarios,
    short,
    size,
    with_margin,
    with_wallet,
)

HAIR = 1e-9
ROUNDING = 1e-13
moves = st.sampled_from([-1.0, -0.5, -0.3, -0.2, -0.05, 0.1, 0.5, 2.0]) | st.floats(-1, 5)


def advised(scenario: Scenario, move: float) -> Advice:
    advice = survive(scenario, move)
    assert advice is not None
    assert advice.move == move
    return advice


def lowest(scenario: Scenario, move: float) -> float:
    """The least headroom of any book on the way, by brute force."""
    return min(lowest_on_the_way(scenario, book, move) for book in compile_books(scenario))


def rounding(scenario: Scenario, move: float) -> float:
    return ROUNDING * max(size(scenario, book, move) for book in compile_books(scenario))


def cut_by(scenario: Scenario, cut: float) -> Scenario:
    """The account with a part of every position closed at its mark: the profit of that part goes to the wallet."""
    profit = assess(scenario).unrealised_pnl
    kept = tuple(replace(position, quantity=position.quantity * (1 - cut)) for position in scenario.positions)
    return replace(with_wallet(scenario, scenario.account.wallet_balance + cut * profit), positions=kept)


def is_beyond(scenario: Scenario, move: float) -> bool:
    """Whether the account is alive and its joint move lies beyond the move."""
    account = assess(scenario)
    down, up = account.joint_move
    if account.liquidated or any(position.liquidated for position in account.positions):
        return False
    return (down is None or down < move) if move < 0 else (up is None or up > move)


# Money to add


@random_accounts
@given(pushed() | st.tuples(scenarios(modes=("cross",)), moves))
def test_a_hair_more_than_the_deposit_survives_the_move_and_a_hair_less_does_not(
    pair: tuple[Scenario, float],
) -> None:
    scenario, move = pair
    deposit = advised(scenario, move).deposit
    assume(deposit > 0)
    hair = max(HAIR * deposit, 100 * rounding(scenario, move))
    wallet = scenario.account.wallet_balance + deposit
    richer, poorer = with_wallet(scenario, wallet + hair), with_wallet(scenario, wallet - hair)
    assert lowest(richer, move) > 0
    assert lowest(poorer, move) < 0
    assert advised(richer, move).deposit == 0
    assert advised(poorer, move).deposit == pytest.approx(hair, abs=rounding(scenario, move))
    assert is_beyond(richer, move)
    assert not is_beyond(poorer, move)


@random_accounts
@given(scenarios(modes=("isolated",)), moves)
def test_in_isolated_mode_the_deposit_is_what_each_position_needs_to_a_hair(scenario: Scenario, move: float) -> None:
    deposits = []
    for position in scenario.positions:
        single = alone(scenario, position)
        deposit = advised(single, move).deposit
        deposits.append(deposit)
        if deposit > 0:
            hair = max(HAIR * deposit, 100 * rounding(scenario, move))
            margin = position.own_margin + deposit
            assert lowest(with_margin(single, margin + hair), move) > 0
            assert lowest(with_margin(single, margin - hair), move) < 0
            assert advised(with_margin(single, margin + hair), move).deposit == 0
        else:
            assert lowest(single, move) >= -rounding(single, move)
    assert advised(scenario, move).deposit == pytest.approx(sum(deposits), rel=1e-12)


def test_extra_margin_on_bybit_pays_its_closing_fee_so_a_long_needs_less_than_it_lacks() -> None:
    scenario = account("bybit", "isolated", [long("RENDER", 20_000, 1.75)])
    lacks = -lowest(scenario, -0.2)
    assert advised(scenario, -0.2).deposit == pytest.approx(lacks * (1 - 0.00055), rel=1e-12)


def test_extra_margin_on_bybit_pays_its_closing_fee_so_a_short_needs_more_than_it_lacks() -> None:
    scenario = account("bybit", "isolated", [short("RENDER", 20_000, 1.75)])
    lacks = -lowest(scenario, 0.2)
    assert advised(scenario, 0.2).deposit == pytest.approx(lacks * (1 + 0.00055), rel=1e-12)


def test_the_deposit_counts_the_worst_point_of_the_way_and_not_only_its_end() -> None:
    positions = [long("RENDER", 20_000 / 1.75, 1.75), short("BTC", 30_000 / 71202.9, 71202.9)]
    scenario = account("binance", "cross", positions, 9_900, betas={"RENDER": 3})
    end = account("binance", "cross", positions, 9_900, marks={"RENDER": 0.0, "BTC": 71202.9 * 0.4})
    assert assess(end).headroom > 0
    assert advised(scenario, -0.6).deposit > 0


@random_accounts
@given(scenarios(), moves)
def test_nothing_is_to_be_added_exactly_where_the_joint_move_lies_beyond(scenario: Scenario, move: float) -> None:
    advice = advised(scenario, move)
    assume(abs(advice.spare) > 100 * rounding(scenario, move))
    if is_beyond(scenario, move):
        assert advice.deposit == 0
        assert advice.spare > 0
    else:
        assert advice.deposit > 0


@random_accounts
@given(scenarios(), moves)
def test_what_is_spared_is_the_lowest_headroom_on_the_way(scenario: Scenario, move: float) -> None:
    expected = lowest(scenario, move)
    assert advised(scenario, move).spare == pytest.approx(expected, rel=1e-9, abs=10 * rounding(scenario, move))


def test_a_move_of_nothing_asks_for_what_is_missing_now() -> None:
    alive = account("okx", "cross", [long("RENDER", 5_000, 1.75)])
    dead = account("okx", "cross", [long("RENDER", 5_000, 3.8)])
    assert advised(alive, 0.0) == Advice(0.0, 0.0, assess(alive).headroom, 0.0, survives=True)
    assert advised(dead, 0.0).deposit == -assess(dead).headroom


# A part to cut


@random_accounts
@given(pushed())
def test_a_hair_more_than_the_cut_survives_the_move_and_a_hair_less_does_not(pair: tuple[Scenario, float]) -> None:
    scenario, move = pair
    cut = advised(scenario, move).cut
    if cut is None:
        assert lowest(cut_by(scenario, 1 - HAIR), move) < 10 * HAIR * size(scenario, compile_books(scenario)[0], move)
        return
    assert lowest(cut_by(scenario, cut + HAIR), move) > -rounding(scenario, move)
    assert lowest(cut_by(scenario, cut - HAIR), move) < rounding(scenario, move)


@random_accounts
@given(pushed(venues=("okx",)))
def test_a_cut_on_okx_holds_to_a_hair_although_its_tiers_jump(pair: tuple[Scenario, float]) -> None:
    scenario, move = pair
    cut = advised(scenario, move).cut
    assume(cut is not None)
    assert lowest(cut_by(scenario, cut + HAIR), move) > -rounding(scenario, move)
    assert lowest(cut_by(scenario, cut - HAIR), move) < rounding(scenario, move)


@random_accounts
@given(scenarios(modes=("cross",), alive=True), moves)
def test_nothing_is_to_be_cut_exactly_where_nothing_is_to_be_added(scenario: Scenario, move: float) -> None:
    advice = advised(scenario, move)
    assume(abs(advice.spare) > 100 * rounding(scenario, move))
    assert (advice.cut == 0) == (advice.deposit == 0)


def test_nothing_is_cut_of_a_hedge_that_keeps_an_account_alive() -> None:
    pledge = {"asset": "BTC", "amount": 1, "ratio": 0.95}
    scenario = account("binance", "cross", [short("BTC", 0.9, 71202.9)], -50_000, collateral=[pledge])
    assert lowest(cut_by(scenario, 0.999), -0.5) < 0
    assert advised(scenario, -0.5) == Advice(-0.5, 0.0, pytest.approx(lowest(scenario, -0.5)), 0.0, survives=True)


def test_a_cut_also_survives_the_marks_where_the_account_is_dead_before_it_moves() -> None:
    scenario = account("binance", "cross", [long("RENDER", 57142.857142857, 1.75)], marks={"RENDER": 1.6})
    assert assess(scenario).headroom == pytest.approx(-532.142857)
    advice = advised(scenario, 0.2)
    assert advice.deposit == pytest.approx(532.142857)
    assert advice.cut is not None
    assert lowest(cut_by(scenario, advice.cut + HAIR), 0.2) > 0


def test_where_closing_everything_would_not_do_it_is_said_and_no_cut_advised() -> None:
    pledge = {"asset": "ETH", "amount": 1e6 / 2201.95, "ratio": 1}
    scenario = account("binance", "cross", [short("RENDER", 500_000 / 1.75, 1.75)], -951_000, collateral=[pledge])
    assert not assess(scenario).liquidated
    advice = advised(scenario, -0.05)
    assert advice.cut is None
    assert in_words(advice, scenario).endswith("closing everything now would not do.")


@pytest.mark.parametrize("wallet", [9_000, 11_000, 13_000, 16_000, 20_000, 25_000])
def test_on_okx_the_cut_stops_at_the_edge_where_the_rate_jumps(wallet: float) -> None:
    """Tiers of RENDER end at 15,000 and 30,000 contracts; the wallets put the answer on and between the edges."""
    scenario = account("okx", "cross", [long("RENDER", 44_000, 1.75)], wallet)
    cut = advised(scenario, -0.25).cut
    assert cut is not None
    assert lowest(cut_by(scenario, cut + HAIR), -0.25) > 0
    if cut > 0:
        assert lowest(cut_by(scenario, cut - HAIR), -0.25) < 0


def test_on_okx_an_account_that_only_the_jump_kills_is_cut_to_the_edge_itself() -> None:
    first = assess(account("okx", "cross", [long("RENDER", 1, 1.75)])).positions[0]
    table = account("okx", "cross", []).market.table("RENDER")
    edge = table.floors[1]
    rates = np.array(table.rates[:2]) + 0.0005
    loss, value = 0.2 * 1.75, 0.8 * 1.75
    between = edge * (loss + value * rates.mean())
    scenario = account("okx", "cross", [long("RENDER", edge * 1.2, 1.75)], between)
    cut = advised(scenario, -0.2).cut
    assert first.maintenance_rate == table.rates[0]
    assert cut == pytest.approx(1 - 1 / 1.2, abs=1e-12)


@pytest.mark.parametrize("venue", VENUES)
def test_a_cut_also_survives_the_point_where_a_price_reaches_nothing(venue: str) -> None:
    positions = [long("RENDER", 20_000 / 1.75, 1.75), short("BTC", 30_000 / 71202.9, 71202.9)]
    scenario = account(venue, "cross", positions, 9_000, betas={"RENDER": 3})
    cut = advised(scenario, -0.6).cut
    assert 0 < cut < 1
    assert lowest(cut_by(scenario, cut + HAIR), -0.6) > 0
    assert lowest(cut_by(scenario, cut - HAIR), -0.6) < 0


def test_no_cut_helps_where_falling_collateral_kills_an_account_that_owes() -> None:
    pledge = {"asset": "BTC", "amount": 1, "ratio": 0.95}
    scenario = account("binance", "cross", [long("RENDER", 1_000, 1.75)], -50_000, collateral=[pledge])
    assert advised(scenario, -0.5).cut is None


# Where there is nothing to advise


@pytest.mark.parametrize("mode", MODES)
def test_without_positions_or_without_tiers_there_is_no_advice(mode: str) -> None:
    assert survive(account("binance", mode, []), -0.2) is None
    unknown = account("bybit", mode, [long("FET", 100, 0.25), long("RENDER", 100, 1.75)], marks={"FET": 0.22})
    assert survive(unknown, -0.2) is None


@random_accounts
@given(scenarios(modes=("isolated",)), moves)
def test_in_isolated_mode_no_cut_is_advised(scenario: Scenario, move: float) -> None:
    assert advised(scenario, move).cut is None


@random_accounts
@given(scenarios(modes=("cross",)), st.floats(0.02, 1))
def test_the_deposit_for_a_joint_move_is_what_carries_the_liquidation_there(scenario: Scenario, fall: float) -> None:
    deposit = advised(scenario, -fall).deposit
    assume(deposit > 100 * rounding(scenario, -fall))
    there = with_wallet(scenario, scenario.account.wallet_balance + deposit)
    books = compile_books(there)
    slack = 1e-9 * size(there, books[0], -fall)
    assert common_move([replace(books[0], wallet=books[0].wallet - slack)], there).down >= -fall
    assert is_beyond(with_wallet(there, there.account.wallet_balance + slack), -fall)
