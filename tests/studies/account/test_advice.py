"""The advice for a joint move: a hair more than advised survives it, a hair less does not."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from margin.model.scenario import Scenario
from margin.studies.account.advice import Advice, survive
from margin.studies.account.assess import assess
from margin.studies.distance.distances import common_move
from margin.text.advice import in_words
from tests.books import compile_books
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
    """The account with a part of every position closed at its mark.

    The profit of that part goes to the wallet.
    """
    profit = assess(scenario).unrealised_pnl
    kept = tuple(
        replace(position, quantity=position.quantity * (1 - cut)) for position in scenario.positions
    )
    return replace(
        with_wallet(scenario, scenario.account.wallet_balance + cut * profit), positions=kept
    )


def is_beyond(scenario: Scenario, move: float) -> bool:
    """Whether the account is alive and its joint move lies beyond the move."""
    assessment = assess(scenario)
    down, up = assessment.joint_move
    if assessment.liquidated or any(position.liquidated for position in assessment.positions):
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
def test_in_isolated_mode_the_deposit_is_what_each_position_needs_to_a_hair(
    scenario: Scenario, move: float
) -> None:
    deposits = []
    for position in scenario.positions:
        single = alone(scenario, position)
        deposit = advised(single, move).deposit
        deposits.append(deposit)
        if deposit > 0:
            hair = max(HAIR * deposit, 100 * rounding(scenario, move))
            margin = position.posted_margin + deposit
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
def test_nothing_is_to_be_added_exactly_where_the_joint_move_lies_beyond(
    scenario: Scenario, move: float
) -> None:
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
    assert advised(scenario, move).spare == pytest.approx(
        expected, rel=1e-9, abs=10 * rounding(scenario, move)
    )


def test_a_move_of_nothing_asks_for_what_is_missing_now() -> None:
    alive = account("okx", "cross", [long("RENDER", 5_000, 1.75)])
    dead = account("okx", "cross", [long("RENDER", 5_000, 3.8)])
    assert advised(alive, 0.0) == Advice(0.0, 0.0, assess(alive).headroom, 0.0, survives=True)
    assert advised(dead, 0.0).deposit == -assess(dead).headroom


# A part to cut


@random_accounts
@given(pushed())
def test_a_hair_more_than_the_cut_survives_the_move_and_a_hair_less_does_not(
    pair: tuple[Scenario, float],
) -> None:
    scenario, move = pair
    cut = advised(scenario, move).cut
    if cut is not None:
        assert lowest(cut_by(scenario, cut + HAIR), move) > -rounding(scenario, move)
        assert lowest(cut_by(scenario, cut - HAIR), move) < rounding(scenario, move)
    else:
        assert lowest(cut_by(scenario, 1 - HAIR), move) < 10 * HAIR * size(
            scenario, compile_books(scenario)[0], move
        )
    for less in (each for each in np.linspace(0, 0.99, 12) if cut is None or each < cut - HAIR):
        assert lowest(cut_by(scenario, float(less)), move) < rounding(scenario, move), (
            "no smaller part would do"
        )


def in_debt(tiers: list[dict[str, float]], wallet: float = -40_000) -> Scenario:
    """A short of 10 BTC that owes, on a token that falls nine times as fast."""
    return account(
        "binance",
        "cross",
        [short("BTC", 10, 100_000, 3)],
        wallet,
        marks={"BTC": 100_000, "XYZ": 1},
        betas={"XYZ": 9},
        collateral=[{"asset": "XYZ", "amount": 200_000, "ratio": 1}],
        tiers={"BTC": tiers},
    )


@pytest.mark.parametrize(
    ("move", "kept"),
    [
        # Of k kept 500,000 pays 0.4%, the rest 30%:
        # −40,000 + 20,000 + 100,000·k = 2,000 + 0.3·(900,000·k − 500,000)
        pytest.param(-0.1, 128_000 / 170_000, id="the collateral has lost nine tenths"),
        # At −11.11% it is worth nothing, and from there on the short gains more than it owes; so
        # it is lowest at the end: −40,000 + 200,000·k = 2,000 + 0.3·(800,000·k − 500,000), or where
        # the collateral is gone.
        pytest.param(-0.2, 0.6942857142857143, id="the collateral is gone"),
    ],
)
def test_a_part_survives_although_closing_everything_leaves_a_debt(
    move: float, kept: float
) -> None:
    scenario = in_debt(
        [{"floor": 0, "maintenance_rate": 0.004}, {"floor": 500_000, "maintenance_rate": 0.3}]
    )
    assert lowest(cut_by(scenario, 1 - HAIR), move) < 0, "nearly all closed, the debt is left"
    assert lowest(cut_by(scenario, 4 / 9), move) > 0
    advice = advised(scenario, move)
    assert advice.cut == pytest.approx(1 - kept)
    assert (
        lowest(cut_by(scenario, advice.cut + HAIR), move)
        > 0
        > lowest(cut_by(scenario, advice.cut - HAIR), move)
    )


def window(amount: float, **other: Any) -> Scenario:
    tiers = {"RENDER": [{"floor": 80_000, "maintenance_rate": 0.025, "maintenance_amount": amount}]}
    return account(
        "binance", "cross", [long("RENDER", 50_000, 2)], marks={"RENDER": 2}, tiers=tiers, **other
    )


@pytest.mark.parametrize("amount", [0, 325, 1_675, -325])
def test_the_amount_of_a_window_stays_whatever_part_is_kept(amount: float) -> None:
    scenario = window(amount)
    advice = advised(scenario, -0.2)
    assert advice.cut == pytest.approx(
        1 - (10_000 + amount) / 22_000
    )  # 10,000 − 20,000·k = 2,000·k − d
    assert (
        lowest(cut_by(scenario, advice.cut + HAIR), -0.2)
        > 0
        > lowest(cut_by(scenario, advice.cut - HAIR), -0.2)
    )


def test_where_only_a_windows_amount_kills_whatever_is_kept_everything_is_to_be_closed() -> None:
    scenario = window(-20_000)
    assert lowest(cut_by(scenario, 1 - HAIR), -0.2) < 0
    assert advised(scenario, -0.2).cut == 1


@pytest.mark.parametrize(("make", "share"), [(long, 1 - 0.00055), (short, 1 + 0.00055)])
def test_the_deposit_of_a_huge_isolated_position_on_bybit_is_as_exact_as_of_a_small_one(
    make: Any, share: float
) -> None:
    position = make("BTC", 100_000, 100_000, isolated_margin=1e9)
    rows = {"BTC": [{"floor": 0, "maintenance_rate": 0.005}]}
    scenario = account("bybit", "isolated", [position], 1e9, marks={"BTC": 100_000}, tiers=rows)
    move = -0.2 if make is long else 0.2
    assert advised(scenario, move).deposit == pytest.approx(
        -lowest(scenario, move) * share, rel=1e-14
    )


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
def test_nothing_is_to_be_cut_exactly_where_nothing_is_to_be_added(
    scenario: Scenario, move: float
) -> None:
    advice = advised(scenario, move)
    assume(abs(advice.spare) > 100 * rounding(scenario, move))
    assert (advice.cut == 0) == (advice.deposit == 0)


def test_nothing_is_cut_of_a_hedge_that_keeps_an_account_alive() -> None:
    pledge = {"asset": "BTC", "amount": 1, "ratio": 0.95}
    scenario = account(
        "binance", "cross", [short("BTC", 0.9, 71202.9)], -50_000, collateral=[pledge]
    )
    assert lowest(cut_by(scenario, 0.999), -0.5) < 0
    assert advised(scenario, -0.5) == Advice(
        -0.5, 0.0, pytest.approx(lowest(scenario, -0.5)), 0.0, survives=True
    )


def test_a_cut_also_survives_the_marks_where_the_account_is_dead_before_it_moves() -> None:
    scenario = account(
        "binance", "cross", [long("RENDER", 57142.857142857, 1.75)], marks={"RENDER": 1.6}
    )
    assert assess(scenario).headroom == pytest.approx(-532.142857)
    advice = advised(scenario, 0.2)
    assert advice.deposit == pytest.approx(532.142857)
    assert advice.cut is not None
    assert lowest(cut_by(scenario, advice.cut + HAIR), 0.2) > 0


def test_where_closing_everything_would_not_do_it_is_said_and_no_cut_advised() -> None:
    pledge = {"asset": "ETH", "amount": 1e6 / 2201.95, "ratio": 1}
    scenario = account(
        "binance", "cross", [short("RENDER", 500_000 / 1.75, 1.75)], -951_000, collateral=[pledge]
    )
    assert not assess(scenario).liquidated
    [position] = scenario.positions
    gains = advised(
        scenario, -0.05
    )  # The short gains as the collateral falls: kept in part it pays the debt.
    assert gains.cut is not None
    assert (
        lowest(cut_by(scenario, gains.cut + HAIR), -0.05)
        > 0
        >= lowest(cut_by(scenario, gains.cut - HAIR), -0.05)
    )
    losing = replace(scenario, positions=(replace(position, side="long"),))
    advice = advised(losing, -0.05)
    assert advice.cut is None
    assert in_words(advice, losing).endswith("even closing everything now would not be enough.")


@pytest.mark.parametrize("wallet", [9_000, 11_000, 13_000, 16_000, 20_000, 25_000])
def test_on_okx_the_cut_stops_at_the_edge_where_the_rate_jumps(wallet: float) -> None:
    """Tiers of RENDER end at 15,000 and 30,000 contracts.

    The wallets put the answer on and between the edges.
    """
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
    scenario = account(
        "binance", "cross", [long("RENDER", 1_000, 1.75)], -50_000, collateral=[pledge]
    )
    assert advised(scenario, -0.5).cut is None


# Where there is nothing to advise


@pytest.mark.parametrize("mode", MODES)
def test_without_positions_or_without_tiers_there_is_no_advice(mode: str) -> None:
    assert survive(account("binance", mode, []), -0.2) is None
    unknown = account(
        "bybit", mode, [long("FET", 100, 0.25), long("RENDER", 100, 1.75)], marks={"FET": 0.22}
    )
    assert survive(unknown, -0.2) is None


@random_accounts
@given(scenarios(modes=("isolated",)), moves)
def test_in_isolated_mode_no_cut_is_advised(scenario: Scenario, move: float) -> None:
    assert advised(scenario, move).cut is None


@random_accounts
@given(scenarios(modes=("cross",)), st.floats(0.02, 1))
def test_the_deposit_for_a_joint_move_is_what_carries_the_liquidation_there(
    scenario: Scenario, fall: float
) -> None:
    deposit = advised(scenario, -fall).deposit
    assume(deposit > 100 * rounding(scenario, -fall))
    there = with_wallet(scenario, scenario.account.wallet_balance + deposit)
    books = compile_books(there)
    slack = 1e-9 * size(there, books[0], -fall)
    assert common_move([replace(books[0], wallet=books[0].wallet - slack)], there).down >= -fall
    assert is_beyond(with_wallet(there, there.account.wallet_balance + slack), -fall)
