"""The waterfall by hand: what each venue's rules do to worked accounts, number by number.

A long of 10,000 RENDER entered at 10 with a wallet of 10,000 has equity 10,000·(P − 9). At one
maintenance rate m it is liquidated at P = 9 ÷ (1 − m): 9.0909… at 1%, 9.4736… at 5%, 10 at 10%.
"""

from dataclasses import replace
from typing import Any

import pytest

from margin.engine.leg import Leg
from margin.errors import FieldError
from margin.messages import ORDERS, message
from margin.model.scenario import Scenario
from margin.studies.account.assess import assess
from margin.studies.distance.directions import together
from margin.studies.liquidation.conduct import Conduct, MarginStop
from margin.studies.liquidation.ledger import Step
from margin.studies.liquidation.path import Path
from margin.studies.liquidation.waterfall import Waterfall, waterfall
from margin.venues.liquidation import Case, kept_part
from tests.engine.tables import BYBIT, HYPERLIQUID, OKX, Rows, flat, one_rate, progressive
from tests.studies.accounts import VENUES, long, short
from tests.studies.accounts import account as account_of

Document = dict[str, Any]

FREE = Conduct(slippage=0, liquidation_fee=0)
RENDER = long("RENDER", 10_000, 10)


def scenario(
    venue: str,
    positions: list[Document],
    wallet: float,
    tiers: dict[str, Rows] | None = None,
    mode: str = "cross",
    **other: Any,
) -> Scenario:
    """An account at its entry prices unless marks are given, on tables of its own."""
    marks = {position["symbol"]: position["entry_price"] for position in positions}
    document = {
        "version": 1,
        "venue": venue,
        "margin_mode": mode,
        "wallet_balance": wallet,
        "positions": positions,
        "marks": {**marks, **other.pop("marks", {})},
        "tiers": tiers or {},
        **other,
    }
    return Scenario.from_json(document)


def fall(to: float, conduct: Conduct | None = None, **account: Any) -> Waterfall:
    """The long of the module's docstring on its way to another price."""
    defaults: dict[str, Any] = {"venue": "textbook", "positions": [RENDER], "wallet": 10_000}
    return run(scenario(**{**defaults, **account}), {"RENDER": to}, conduct)


def run(account: Scenario, end: dict[str, float], conduct: Conduct | None = None) -> Waterfall:
    found = waterfall(account, Path(account.market.marks, end), conduct)
    assert found is not None
    return found


def common_path(account: Scenario, move: float) -> Path:
    """Every token from its mark to a joint move, by its beta."""
    return Path.along(account.market.marks, together(account).rates, move)


def kinds(found: Waterfall) -> list[str]:
    return [step.kind for step in found.steps]


def only(found: Waterfall, kind: str) -> Step:
    [step] = [step for step in found.steps if step.kind == kind]
    return step


def approx(value: float) -> Any:
    return pytest.approx(value, rel=1e-12, abs=1e-9)


# The textbook: all of a position at once


def test_the_textbook_closes_the_position_at_its_liquidation_price_less_slippage() -> None:
    found = fall(5, Conduct(slippage=0.005))
    price = 9 / 0.99
    assert kinds(found) == ["closed"]
    step = only(found, "closed")
    assert (step.symbol, step.side, step.quantity, step.remaining) == ("RENDER", "long", 10_000, 0)
    assert step.why == "requirement_reached"
    assert step.t == approx((10 - price) / 5)
    assert step.mark == approx(price)
    assert step.fill == approx(price * 0.995)
    assert step.realised == approx(10_000 * (price - 10))
    assert step.fee == 0
    assert step.slippage == approx(50 * price)
    assert step.before == (10_000, approx(100 * price), approx(100 * price))
    assert step.after == (approx(50 * price), approx(50 * price), 0)
    assert found.kept == approx(50 * price)
    assert found.start_equity == 10_000
    assert found.from_prices == approx(-10_000 + 100 * price)
    assert found.liquidated
    assert found.final.positions == ()
    assert found.final.market.marks == {"RENDER": 5}
    assert found.fund_took == found.forfeited == found.fees == 0


def test_a_path_that_ends_a_hair_before_the_liquidation_price_changes_nothing_but_the_marks() -> (
    None
):
    found = fall(9 / 0.99 + 1e-9)
    assert found.steps == ()
    assert not found.liquidated
    assert found.final.positions == scenario("textbook", [RENDER], 10_000).positions
    assert found.kept == approx(10_000 - 10_000 * (10 - 9 / 0.99 - 1e-9))


def test_a_path_that_ends_exactly_at_the_liquidation_price_liquidates() -> None:
    assert kinds(fall(9 / 0.99)) == ["closed"]


def test_an_order_goes_out_where_rounding_hides_that_the_account_is_at_its_liquidation_point() -> (
    None
):
    # Entry values of 2e10 that cancel leave no more than 1e-6 of precision in an equity of 500.
    positions = [long("RENDER", 7_290_000, 2_690), short("RENDER", 3_645_000, 5_380)]
    account = scenario(
        "textbook", positions, -16_277.155254118567, marks={"RENDER": 0.00945250317053728}
    )
    found = run(account, {"RENDER": 0}, FREE)
    assert found.steps[0].before.equity > found.steps[0].before.requirement
    assert kinds(found) == ["closed", "stopped"]


def test_a_short_buys_back_above_the_mark() -> None:
    account = scenario("textbook", [short("RENDER", 10_000, 10)], 10_000)
    step = only(run(account, {"RENDER": 20}, Conduct(slippage=0.002)), "closed")
    price = 11 / 1.01
    assert step.mark == approx(price)
    assert step.fill == approx(price * 1.002)
    assert step.after.equity == approx(100 * price - 20 * price)


def test_the_worst_loss_goes_first_and_the_rest_stays_open_once_the_requirement_is_met() -> None:
    positions = [long("RENDER", 1_000, 10), long("TAO", 50, 200), short("BTC", 0.2, 50_000)]
    account = scenario("textbook", positions, 5_000)
    found = run(account, {"RENDER": 2, "TAO": 190, "BTC": 45_000}, FREE)
    t = (
        4_700 / 7_405
    )  # 5,000 − 8,000·t − 500·t + 1,000·t is 1% of 30,000 − 8,000·t − 500·t − 1,000·t
    assert kinds(found) == ["closed", "stopped"]
    assert only(found, "closed")[5:9] == ("RENDER", "long", 1_000, 0)
    assert found.steps[0].t == approx(t)
    assert only(found, "stopped").why == "requirement_met"
    assert [position.symbol for position in found.final.positions] == ["TAO", "BTC"]
    assert found.kept == approx(5_000 - 8_000 * t - 500 + 1_000)


@pytest.mark.parametrize(
    ("order", "first"),
    [("most_adverse", "RENDER"), ("largest", "BTC"), ("smallest", "TAO"), ("most_margin", "FET")],
)
def test_which_position_goes_first_is_as_the_person_chose(order: Any, first: str) -> None:
    positions = [
        long("RENDER", 1_000, 10),
        long("TAO", 20, 200),
        long("BTC", 1, 50_000),
        long("FET", 10_000, 1),
    ]
    tiers = {
        "RENDER": one_rate(0.01),
        "TAO": one_rate(0.01),
        "BTC": one_rate(0.01),
        "FET": one_rate(0.2),
    }
    account = scenario("binance", positions, 4_000, tiers)
    found = run(account, {"RENDER": 5, "TAO": 150}, Conduct(order=order))
    assert found.steps[1].symbol == first
    assert ORDERS[order] in "; ".join(map(message, found.assumptions))


# Binance


def test_binance_reduces_to_ninety_per_cent_and_stops() -> None:
    found = fall(9.47, venue="binance", tiers={"RENDER": one_rate(0.05)})
    price, cost = 9 / 0.95, 0.005 + 0.0125 * 0.995
    part = 0.1 * 0.05 / (0.05 - 0.9 * cost)  # 0.05 − cost·δ = 0.05·(1 − δ) ÷ 0.9
    assert kinds(found) == ["orders_cancelled", "reduced", "stopped"]
    step = only(found, "reduced")
    assert step.quantity == approx(10_000 * part)
    assert step.remaining == approx(10_000 * (1 - part))
    assert step.fee == approx(0.0125 * 10_000 * part * price * 0.995)
    assert step.slippage == approx(0.005 * 10_000 * part * price)
    assert step.after.requirement / step.after.equity == approx(0.9)
    assert found.final.positions[0].quantity == step.remaining


def test_binance_reads_the_tier_again_at_what_is_left() -> None:
    tiers = {
        "RENDER": progressive(
            (0, 0.01, 0, 75), (50_000, 0.04, 1_500, 20), (88_000, 0.05, 2_380, 10)
        )
    }
    found = fall(9.222, Conduct(slippage=0.03, liquidation_fee=0), venue="binance", tiers=tiers)
    price = 87_620 / 9_500  # 10,000·(P − 9) = 500·P − 2,380
    equity, notional = 10_000 * (price - 9), 10_000 * price
    # E − 3% of what goes = (4%·N − 1,500) ÷ 0.9, N what is left, in the second tier
    left = (0.03 * notional - equity - 1_500 / 0.9) / (0.03 - 0.04 / 0.9)
    assert 50_000 < left < 88_000
    assert only(found, "reduced").mark == approx(price)
    assert only(found, "reduced").remaining * price == approx(left)


def test_binance_closes_a_tenth_of_the_first_size_at_least_so_ten_orders_are_the_most() -> None:
    found = fall(5, FREE, venue="binance", tiers={"RENDER": one_rate(0.05)})
    orders = [step for step in found.steps if step.kind in ("reduced", "closed")]
    assert [step.quantity for step in orders] == [approx(1_000)] * 10
    assert [step.kind for step in orders] == ["reduced"] * 9 + ["closed"]
    # Each order finds E = 5% of q·P; the price then falls until E − q·(P − P') = 5% of (q −
    # 1,000)·P' and so on.
    price, equity = 9 / 0.95, 10_000 * (9 / 0.95 - 9)
    for order, left in zip(orders, range(10_000, 0, -1_000), strict=True):
        lower = (left * price - equity) / (0.95 * left)
        equity, price = equity - left * (price - lower), lower
        assert order.mark == approx(price)
    assert found.kept == approx(equity)


def test_where_rounded_tiers_do_not_quite_meet_the_edge_is_far_enough() -> None:
    leg = Leg(0, 0, 0, 60_000, 60_000, (0, 50_000), (0, 0.05), (0, 2_499.998), jumps=True)
    required = 0.05 * 60_000 - 2_499.998
    # At 50,000 the upper row asks for 0.002, more than 90% of the equity, and the lower for
    # nothing.
    case = Case(60_000, leg, 1.0, None, None, 0.001, required, 0.0, 60_000, None, False)
    assert kept_part(case, 0.9) == approx(5 / 6)


def test_binance_closes_everything_where_closing_costs_more_than_it_frees() -> None:
    found = fall(9, venue="binance", tiers={"RENDER": one_rate(0.01)})
    price = 9 / 0.99
    assert kinds(found) == ["orders_cancelled", "closed"]
    step = only(found, "closed")
    assert step.slippage == approx(50 * price)
    assert step.fee == approx(50 * price), "the fee is 1.25%, but only 0.5% is left of 1%"
    assert found.kept == approx(0)
    assert found.fund_took == 0


def test_more_slippage_can_keep_more_because_larger_orders_leave_less_to_ride_the_fall() -> None:
    less, more = (
        fall(
            7,
            Conduct(slippage=part, liquidation_fee=0),
            venue="binance",
            tiers={"RENDER": one_rate(0.05)},
        )
        for part in (0.0449, 0.046)
    )
    assert len(less.steps) > len(more.steps)
    assert more.kept > less.kept > 0


# Bybit


def bybit(**other: Any) -> Scenario:
    """30,000 RENDER at 1.75 on the venue's table: 52,500, in its tier from 50,000 to 60,000."""
    return scenario(
        "bybit", [long("RENDER", 30_000, 1.75)], 6_000, {"RENDER": BYBIT["RENDER"]}, **other
    )


def test_bybit_goes_down_tier_by_tier_until_ninety_per_cent_and_all_the_way_in_the_lowest() -> None:
    fee = 30_000 * 1.75 * 0.9 * 0.00055
    found = run(bybit(), {"RENDER": 1.0}, FREE)
    price = (46_500 + fee - 187) / (
        30_000 * (1 - 0.0125)
    )  # 30,000·P − 46,500 = 375·P − 187 + c, c the fee to close
    assert 45_000 < 30_000 * price < 50_000
    caps = [45_000, 40_000]
    equity = 30_000 * price - 46_500
    first = [step for step in found.steps if step.t == found.steps[1].t]
    assert [step.kind for step in first] == ["orders_cancelled", "reduced", "reduced", "stopped"]
    assert [step.remaining * price for step in first[1:3]] == [approx(cap) for cap in caps]
    after = [
        0.0111 * 45_000 - 124 + fee * 45_000 / (30_000 * price),
        320 + fee * 40_000 / (30_000 * price),
    ]
    assert [step.after.requirement for step in first[1:3]] == [approx(value) for value in after]
    assert after[0] / equity > 0.9 > after[1] / equity
    last = found.steps[-1]
    assert (last.kind, last.quantity, last.remaining) == ("closed", approx(40_000 / price), 0)
    assert found.kept == approx(last.mark * 40_000 / price - (40_000 - equity))


def test_bybit_never_cuts_a_position_back_to_a_tier_it_has_been_cut_to() -> None:
    tiers = {
        "RENDER": progressive((0, 0.0, 0, 75), (50_000, 0.02, 1_000, 50), (80_000, 0.1, 7_400, 10))
    }
    account = scenario("bybit", [short("RENDER", 10_000, 8)], 10_000, tiers, taker_fee=0)
    found = run(account, {"RENDER": 16}, FREE)
    # 90,000 − 10,000·P = 1,000·P − 7,400 at P = 8.8545: down to 80,000, a requirement of 600
    # against 1,454.55. The price goes on, the notional is above 80,000 again when 600 more is
    # required than is left.
    orders = [step for step in found.steps if step.kind in ("reduced", "closed")]
    assert orders[0].mark == approx(97_400 / 11_000)
    assert orders[0].remaining * orders[0].mark == approx(80_000)
    assert orders[1].remaining * orders[1].mark == approx(50_000), "and not 80,000 once more"
    assert [order.kind for order in orders] == ["reduced", "reduced", "closed"]


# OKX


def okx(quantity: float, wallet: float, **other: Any) -> Scenario:
    account = {"contract_values": {"RENDER": 1}, "taker_fee": 0.0, **other}
    return scenario(
        "okx", [long("RENDER", quantity, 2)], wallet, {"RENDER": OKX["RENDER"]}, **account
    )


def test_okx_goes_down_two_tiers_from_the_third_on_and_closes_all_below() -> None:
    found = run(okx(50_000, 10_000), {"RENDER": 1}, FREE)
    orders = [step for step in found.steps if step.kind in ("reduced", "closed")]
    first = 90_000 / (50_000 * 0.955)  # the fourth tier, 4.5%
    second = (30_000 * first - 2_250 * first) / (
        30_000 * 0.97
    )  # the second, 3%, with the equity of the first
    assert [order.remaining for order in orders] == [30_000, 0]
    assert [order.mark for order in orders] == [approx(first), approx(second)]
    assert kinds(found) == ["orders_cancelled", "reduced", "stopped", "closed"]
    assert found.kept == approx(30_000 * second * 0.03)


def test_okx_closes_all_at_once_where_equity_does_not_cover_what_the_lowest_tier_asks() -> None:
    """The account is taken up where it stands already.

    At 1.85 the fourth tier asks 4,163 and the lowest 1,850.
    """
    for price, closed in ((1.85, False), (1.83, True)):
        found = run(okx(50_000, 10_000, marks={"RENDER": price}), {"RENDER": price}, FREE)
        lowest_asks = OKX["RENDER"][0]["maintenance_rate"] * 50_000 * price
        assert (10_000 - 50_000 * (2 - price) <= lowest_asks) == closed
        first = next(step for step in found.steps if step.symbol)
        assert (first.kind, first.remaining) == (("closed", 0) if closed else ("reduced", 30_000))


@pytest.mark.parametrize("quantity", [10_000.7, 100_000.7, 1_000_000.7, 1_000_000_000.7])
def test_a_position_thousands_of_times_its_target_is_cut_to_the_cap_itself(quantity: float) -> None:
    on_okx = {"X": flat((0, 0.01, 50), (3.3, 0.02, 25), (6.6, 0.1, 10))}
    on_bybit = {"X": progressive((0, 0.01, 0, 50), (3.3, 0.1, 0.297, 10))}
    for venue, tiers in (("okx", on_okx), ("bybit", on_bybit)):
        other = (
            {"contract_values": {"X": 1}, "taker_fee": 0} if venue == "okx" else {"taker_fee": 0}
        )
        account = scenario(venue, [long("X", quantity, 1, 5)], 0.11 * quantity, tiers, **other)
        found = run(account, {"X": 0.5}, FREE)
        first = next(step for step in found.steps if step.symbol)
        assert first.kind == "reduced"
        assert first.remaining * (1 if venue == "okx" else first.mark) == pytest.approx(
            3.3, rel=1e-15
        )
        assert first.remaining == (3.3 if venue == "okx" else 3.3 / first.mark)


@pytest.mark.parametrize("mode", ["cross", "isolated"])
def test_with_prices_still_nothing_is_won_whatever_a_row_asks(mode: str) -> None:
    """The rows ask for less than nothing, so by them even an account in debt lives."""
    rows = [{"floor": 0, "maintenance_rate": 0.01, "maintenance_amount": 325}]
    if mode == "cross":
        account = scenario("binance", [long("X", 1, 1, 1), short("X", 1, 1, 1)], -600, {"X": rows})
    else:
        account = scenario(
            "binance", [long("X", 300, 3, 3)], 300, {"X": rows}, mode="isolated", marks={"X": 1}
        )
    assert not assess(account).liquidated
    found = run(account, {})
    assert found.from_prices == approx(0)
    assert found.liquidated
    assert found.kept == 0


def test_okx_goes_from_the_third_tier_to_the_cap_of_the_first() -> None:
    found = run(okx(40_000, 10_000), {"RENDER": 1.8}, FREE)
    assert only(found, "reduced").mark == approx(70_000 / (40_000 * 0.96))
    assert only(found, "reduced").remaining == 15_000


def test_okx_counts_the_taker_fee_as_what_a_forced_order_costs() -> None:
    account = scenario(
        "okx",
        [RENDER],
        10_000,
        {"RENDER": flat((0, 0.05, 20))},
        contract_values={"RENDER": 1},
        taker_fee=0.01,
    )
    step = only(run(account, {"RENDER": 5}, Conduct(slippage=0)), "closed")
    assert step.mark == approx(9 / 0.94)
    assert step.fee == approx(100 * 9 / 0.94)


def test_okx_closes_a_long_and_a_short_of_one_token_against_each_other_first() -> None:
    positions = [long("BTC", 1, 50_000), short("BTC", 0.4, 50_000), long("RENDER", 1_000, 2)]
    tiers = {"BTC": flat((0, 0.1, 10)), "RENDER": flat((0, 0.1, 10))}
    values = {"BTC": 0.01, "RENDER": 1}
    account = scenario("okx", positions, 9_000, tiers, contract_values=values, taker_fee=0.001)
    found = run(account, {"BTC": 40_000}, Conduct(slippage=0.01))
    netted = [step for step in found.steps if step.kind == "netted"]
    assert [(step.side, step.quantity, step.remaining) for step in netted] == [
        ("long", 0.4, 0.6),
        ("short", 0.4, 0),
    ]
    assert [(step.fee, step.slippage, step.fill) for step in netted] == [
        (0, 0, step.mark) for step in netted
    ]
    assert netted[1].after.equity == approx(netted[0].before.equity)
    assert kinds(found) == ["orders_cancelled", "netted", "netted", "stopped"]
    assert [position.quantity for position in found.final.positions] == [0.6, 1_000]


# Hyperliquid


def hyperliquid(quantity: float, wallet: float, **other: Any) -> Scenario:
    return scenario(
        "hyperliquid",
        [long("RENDER", quantity, 10)],
        wallet,
        {"RENDER": HYPERLIQUID["RENDER"]},
        **other,
    )


def test_hyperliquid_closes_a_small_position_whole_and_without_a_fee() -> None:
    found = run(hyperliquid(10_000, 15_000), {"RENDER": 5})
    step = only(found, "closed")
    assert kinds(found) == ["closed"]
    assert step.mark == approx(85_000 / 9_000)
    assert (step.fee, step.slippage) == (0, approx(0.005 * 850_000 / 9))
    assert found.kept == approx(0.095 * 850_000 / 9)


def test_hyperliquid_closes_a_large_position_in_slices_of_a_fifth_until_it_is_small() -> None:
    found = run(hyperliquid(20_000, 30_000), {"RENDER": 0.1}, FREE)
    orders = [step for step in found.steps if step.kind in ("reduced", "closed")]
    sizes = [step.quantity + step.remaining for step in orders]
    assert [order.quantity for order in orders[:-1]] == [approx(size / 5) for size in sizes[:-1]]
    assert all(
        size * order.mark > 100_000 for size, order in zip(sizes[:-1], orders[:-1], strict=True)
    )
    assert sizes[-1] * orders[-1].mark <= 100_000
    assert len(orders) == 4


def test_hyperliquid_sends_the_whole_position_where_a_slice_at_the_same_prices_was_not_enough() -> (
    None
):
    found = run(
        hyperliquid(20_000, 30_000, marks={"RENDER": 9.3}), {"RENDER": 9.3}, Conduct(slippage=0.01)
    )
    # 16,000 of equity against 18,600: a fifth less is 15,628 against 14,880.
    assert kinds(found) == ["reduced", "stopped"]
    found = run(
        hyperliquid(20_000, 30_000, marks={"RENDER": 9.22}),
        {"RENDER": 9.22},
        Conduct(slippage=0.01),
    )
    # 14,400 against 18,440: a fifth less is 14,031 against 14,752.
    assert kinds(found) == ["reduced", "closed"]


def test_below_two_thirds_of_its_maintenance_the_vault_takes_everything_and_returns_nothing() -> (
    None
):
    positions = [long("RENDER", 10_000, 10), long("FET", 1_000, 1)]
    account = scenario("hyperliquid", positions, 15_000, HYPERLIQUID, marks={"RENDER": 9})
    found = run(account, {"RENDER": 12})
    assert kinds(found) == ["taken_over", "taken_over"]
    assert {step.why for step in found.steps} == {"below_backstop"}
    assert [step.fill for step in found.steps] == [9, 1]
    assert (found.start_equity, found.kept, found.forfeited) == (5_000, 0, 5_000)
    assert (found.fund_took, found.slippage, found.final.positions) == (0, 0, ())


def test_a_takeover_costs_the_slippage_of_the_whole_position_also_where_the_order_was_for_a_part() -> (
    None
):
    account = account_of(
        "okx", "cross", [long("RENDER", 40_000, 1)], -29_990, marks={"RENDER": 1.75}
    )
    found = run(account, {"RENDER": 1}, Conduct(slippage=0.05))
    assert only(found, "taken_over").quantity == 40_000
    assert (found.slippage, found.fund_took) == (approx(0.05 * 70_000), approx(0.05 * 70_000 - 10))


def test_an_order_that_equity_does_not_cover_sends_everything_to_the_vault_and_says_why() -> None:
    account = scenario("hyperliquid", [long("RENDER", 20_000, 1.75)], 3_500, HYPERLIQUID)
    found = run(account, {"RENDER": 0.875}, Conduct(slippage=0.2))
    assert {step.why for step in found.steps} == {"beyond_bankruptcy"}
    assert found.steps[-1].before.equity > 2 / 3 * found.steps[-1].before.requirement


# Who bears what equity does not cover


def test_a_fill_beyond_the_bankruptcy_price_is_a_takeover_there_and_the_fund_bears_the_rest() -> (
    None
):
    found = fall(5, Conduct(slippage=0.03))
    price = 9 / 0.99
    step = only(found, "taken_over")
    assert step.why == "beyond_bankruptcy"
    assert step.fill == approx(9), "where equity is 0"
    assert step.fund_loss == approx(0.02 * 10_000 * price)
    assert step.after == (approx(0), approx(0), 0)
    assert (found.kept, found.fund_took) == (approx(0), step.fund_loss)


def test_an_account_below_zero_from_the_start_loses_no_more_than_it_has() -> None:
    found = fall(7, FREE, marks={"RENDER": 8.5})
    assert kinds(found) == ["taken_over", "settled"]
    assert found.start_equity == -5_000
    assert (found.kept, found.fund_took) == (0, approx(5_000))
    assert only(found, "settled").why == "debt_left"
    assert found.final.account.wallet_balance == 0


def test_what_rounding_leaves_of_an_account_is_no_debt() -> None:
    for part in range(100):
        found = fall(5, Conduct(slippage=0.03 + part / 1_000), wallet=9_000 + 7.77 * part)
        assert kinds(found) == ["taken_over"]
        assert found.final.account.wallet_balance >= 0
        assert found.kept == pytest.approx(0, abs=1e-9)


def test_collateral_repays_a_debt_once_nothing_is_open_and_what_is_left_of_it_goes_on() -> None:
    pledged = [{"asset": "BTC", "amount": 0.5, "ratio": 0.8}]
    marks = {"RENDER": 8.0, "BTC": 60_000}
    account = scenario(
        "bybit",
        [RENDER],
        0,
        {"RENDER": one_rate(0.01)},
        collateral=pledged,
        marks=marks,
        taker_fee=0,
    )
    found = run(account, {"RENDER": 6, "BTC": 30_000}, FREE)
    # 24,000·(1 − t/2) of collateral against a loss of 20,000·(1 + t): equity is 1% of 80,000 −
    # 20,000·t.
    t = 3_200 / 31_800
    debt = 20_000 * (1 + t)
    settled = only(found, "settled")
    assert settled.t == approx(t)
    assert settled.collateral_sold == approx(debt)
    assert settled.fund_loss == 0
    assert settled.before.equity == approx(settled.after.equity)
    kept = 1 - debt / (24_000 * (1 - t / 2))
    assert [item.amount for item in found.final.account.collateral] == [approx(0.5 * kept)]
    assert found.kept == approx(0.5 * kept * 0.8 * 30_000)


def test_a_debt_beyond_the_collateral_takes_all_of_it() -> None:
    pledged = [{"asset": "BTC", "amount": 0.1, "ratio": 1.0}]
    account = scenario(
        "binance",
        [RENDER],
        0,
        {"RENDER": one_rate(0.01)},
        collateral=pledged,
        marks={"RENDER": 9, "BTC": 60_000},
    )
    found = run(account, {"BTC": 600_000}, FREE)
    assert only(found, "settled").collateral_sold == approx(6_000)
    assert found.fund_took == approx(4_000)
    assert (found.kept, found.final.account.collateral) == (0, ())


def test_collateral_that_does_not_count_is_left_alone() -> None:
    pledged = [{"asset": "BTC", "amount": 0.1, "ratio": 1.0}]
    found = fall(7, FREE, marks={"RENDER": 8.5, "BTC": 60_000}, collateral=pledged)
    assert found.fund_took == approx(5_000)
    assert [item.amount for item in found.final.account.collateral] == [0.1]


# Isolated


def test_an_isolated_position_loses_its_margin_and_no_more_while_the_others_go_on() -> None:
    positions = [long("RENDER", 10_000, 10), short("TAO", 100, 100)]
    account = scenario("textbook", positions, 15_000, mode="isolated")
    found = run(account, {"RENDER": 2, "TAO": 90}, Conduct(slippage=0.02))
    price = 9 / 0.99
    step = only(found, "taken_over")
    assert step.t == approx((10 - price) / 8)
    assert step.before == (10_000, approx(100 * price), approx(100 * price))
    assert step.fund_loss == approx(100 * price), (
        "2% of slippage, half of it covered by 1% of equity"
    )
    assert found.start_equity == 15_000
    assert found.kept == approx(5_000 + 1_000)
    assert [position.symbol for position in found.final.positions] == ["TAO"]
    assert found.final.account.wallet_balance == approx(5_000)
    assert assess(found.final).equity == approx(found.kept)


def test_an_isolated_position_is_reduced_on_its_own_margin() -> None:
    account = scenario("binance", [RENDER], 20_000, {"RENDER": one_rate(0.05)}, mode="isolated")
    found = run(account, {"RENDER": 9.47}, FREE)
    assert kinds(found) == ["orders_cancelled", "reduced", "stopped"]
    assert {(step.symbol, step.side) for step in found.steps} == {("RENDER", "long")}
    [position] = found.final.positions
    assert position.quantity == approx(9_000)
    assert position.isolated_margin == approx(10_000 - 1_000 * (10 - 9 / 0.95))
    assert found.final.account.wallet_balance == approx(10_000 + position.isolated_margin)


def test_an_isolated_position_that_an_order_would_leave_without_margin_goes_whole() -> None:
    position = long("RENDER", 50_000, 1.98, isolated_margin=1)
    other = {
        "mode": "isolated",
        "contract_values": {"RENDER": 1},
        "taker_fee": 0.0,
        "marks": {"RENDER": 2.0},
    }
    account = scenario("okx", [position], 500, {"RENDER": OKX["RENDER"]}, **other)
    found = run(
        account, {}, Conduct(slippage=0.0101)
    )  # 1 + 400 won do not bear the 404 that 20,000 of them cost.
    assert only(found, "taken_over").quantity == 50_000
    assert found.kept == approx(499)


def test_an_isolated_position_on_a_row_that_does_not_fit_takes_nothing_from_the_rest() -> None:
    row = [{"floor": 100, "maintenance_rate": 0, "maintenance_amount": 400}]
    account = scenario("binance", [long("RENDER", 100, 10)], 600, {"RENDER": row}, mode="isolated")
    found = run(
        account, {"RENDER": 6}, FREE
    )  # The margin of 100 is gone at 9; the row asks for −400 to the end.
    assert only(found, "closed").mark == approx(9)
    assert found.kept == approx(500)


# Stops


def test_a_margin_stop_fills_exactly_at_its_level() -> None:
    found = fall(
        5, Conduct(slippage=0, stop=MarginStop(at=0.5, close=1)), venue="binance", **rate(0.01)
    )
    price = 9 / 0.98  # 10,000·(P − 9) = 2% of 10,000·P
    step = only(found, "margin_stop")
    assert step.mark == step.fill == approx(price)
    assert step.before.requirement / step.before.equity == approx(0.5)
    assert step.fee == approx(0.0005 * 10_000 * price)
    assert found.kept == approx(10_000 * (price - 9) - step.fee)
    assert not found.liquidated


def rate(maintenance: float) -> Document:
    return {"tiers": {"RENDER": one_rate(maintenance)}}


def test_a_margin_stop_closes_its_part_of_every_position_once() -> None:
    positions = [long("RENDER", 1_000, 10), short("TAO", 50, 200)]
    account = scenario("textbook", positions, 2_000)
    found = run(
        account, {"RENDER": 5, "TAO": 220}, Conduct(slippage=0.01, stop=MarginStop(0.2, 0.5))
    )
    stops = [step for step in found.steps if step.kind == "margin_stop"]
    assert [(step.symbol, step.quantity, step.remaining) for step in stops] == [
        ("RENDER", 500, 500),
        ("TAO", 25, 25),
    ]
    assert stops[0].fill == approx(stops[0].mark * 0.99)
    assert stops[1].fill == approx(stops[1].mark * 1.01)
    assert (
        stops[0].t == stops[1].t == approx(1_000 / 5_800)
    )  # 2,000 − 6,000·t = 5% of 20,000 − 4,000·t
    assert found.liquidated, "the half that is left falls on to its own liquidation"


def test_a_margin_stop_of_one_position_closes_its_part_of_that_one_and_no_other() -> None:
    positions = [long("RENDER", 1_000, 10), short("TAO", 50, 200)]
    account = scenario("textbook", positions, 2_000)
    stop = MarginStop(0.2, 0.5, ("TAOUSDT", "short"))
    found = run(account, {"RENDER": 5, "TAO": 220}, Conduct(slippage=0, stop=stop))
    step, t = only(found, "margin_stop"), 1_000 / 5_800  # 2,000 − 6,000·t = 5% of 20,000 − 4,000·t
    assert (step.symbol, step.side, step.quantity, step.remaining, step.why) == (
        "TAO",
        "short",
        25,
        25,
        "level_reached",
    )
    assert (step.t, step.fill, step.before.equity) == (
        approx(t),
        approx(200 + 20 * t),
        approx(2_000 - 6_000 * t),
    )
    # 2,000 − 500·t are there at no further move: less 5,500·u that is 1% of 15,000 − 4,500·u at
    # the liquidation.
    assert kinds(found)[1] == "closed"
    assert (found.steps[1].symbol, found.steps[1].t) == (
        "RENDER",
        approx((1_850 - 500 * t) / 5_455),
    )


def test_in_isolated_mode_only_the_position_that_a_margin_stop_names_has_it() -> None:
    account = scenario("textbook", [RENDER, short("TAO", 100, 100)], 15_000, mode="isolated")
    stop = MarginStop(0.5, 0.5, ("RENDER", "long"))
    found = run(account, {"RENDER": 9, "TAO": 109}, Conduct(slippage=0, stop=stop))
    render, tao = (
        9 / 0.98,
        100 + 900 / 101,
    )  # 10,000·(P − 9) = 2% of 10,000·P; 1,000 − 100·x = 100 + x
    assert sorted((step.kind, step.symbol) for step in found.steps) == [
        ("closed", "TAO"),
        ("margin_stop", "RENDER"),
    ]
    assert only(found, "margin_stop")[7:10] == (5_000, 5_000, approx(render))
    assert only(found, "closed").mark == approx(tao)
    [left] = found.final.positions
    assert left.isolated_margin == approx(10_000 - 5_000 * (10 - render))
    assert found.kept == approx(4_000 + left.isolated_margin - 5_000 + tao)


@pytest.mark.parametrize("gap", [0.0, 0.4, 1.0])
def test_a_margin_stop_of_a_position_that_a_price_stop_has_closed_does_nothing(gap: float) -> None:
    account = scenario("textbook", [RENDER, short("TAO", 50, 200)], 12_000)
    conduct = Conduct(price_stops={("RENDER", "long"): 9.9}, gap=gap)
    path = {"RENDER": 9, "TAO": 500}
    found = run(account, path, replace(conduct, stop=MarginStop(0.3, 1, ("RENDER", "long"))))
    assert "margin_stop" not in kinds(found)
    assert found.steps == run(account, path, conduct).steps


def test_a_margin_stop_of_a_position_that_is_not_held_does_nothing() -> None:
    for name in (("RENDER", "short"), ("TAO", "long")):
        found = fall(5, Conduct(stop=MarginStop(0.5, 1, name)))
        assert found.steps == fall(5).steps


def test_with_a_gap_a_stop_fills_beyond_its_trigger_and_the_account_may_not_live_to_see_it() -> (
    None
):
    stop = MarginStop(at=0.5, close=1)
    at = (10 - 9 / 0.98) / 5
    for gap in (0.01, 0.25, 1.0):
        found = fall(5, Conduct(slippage=0, stop=stop, gap=gap), venue="binance", **rate(0.01))
        step = only(found, "margin_stop")
        assert step.t == approx(at + gap * (1 - at))
        assert step.fill == approx(10 - 5 * step.t)
        assert found.kept == approx(max(0, 10_000 * (step.fill - 9) - step.fee))
    assert found.fund_took == approx(40_000 + 25)
    assert kinds(found) == ["margin_stop", "settled"]


def test_a_price_stop_closes_its_position_at_its_price() -> None:
    positions = [long("RENDER", 1_000, 10), short("RENDER", 500, 10), long("TAO", 50, 200)]
    account = scenario(
        "binance", positions, 8_000, {"RENDER": one_rate(0.01), "TAO": one_rate(0.01)}
    )
    found = run(
        account, {"RENDER": 8}, Conduct(slippage=0.01, price_stops={("RENDERUSDT", "long"): 9.5})
    )
    step = only(found, "price_stop")
    assert (step.symbol, step.side, step.mark, step.t) == (
        "RENDER",
        "long",
        approx(9.5),
        approx(0.25),
    )
    assert found.kept == approx(8_000 - 500 - 95 - 1_000 * 9.5 * 0.99 * 0.0005 + 1_000)
    assert [position.side for position in found.final.positions] == ["short", "long"]


def test_a_price_stop_at_the_mark_itself_fills_at_once_and_one_off_the_path_never() -> None:
    found = fall(
        9.5,
        Conduct(slippage=0, price_stops={("RENDER", "long"): 10}),
        venue="hyperliquid",
        **rate(0.01),
    )
    assert [(step.kind, step.t, step.fill) for step in found.steps] == [("price_stop", 0, 10)]
    assert fall(9.5, Conduct(price_stops={("RENDER", "long"): 9.4})).steps == ()
    assert fall(9.5, Conduct(price_stops={("RENDER", "short"): 9.8})).steps == ()


def test_a_jump_fills_every_stop_it_goes_past_where_it_lands_and_none_beyond() -> None:
    positions = [long("RENDER", 100, 10), long("TAO", 5, 200), long("BTC", 0.1, 50_000)]
    account = scenario("textbook", positions, 8_000)
    stops = {
        ("RENDER", "long"): 9.0,
        ("TAO", "long"): 160.0,
        ("BTC", "long"): 30_000.0,
        ("FET", "long"): 1.0,
    }
    conduct = Conduct(slippage=0, price_stops=stops, gap=0.5)
    found = run(account, {"RENDER": 5, "TAO": 100, "BTC": 25_000}, conduct)
    assert [(step.symbol, step.t) for step in found.steps] == [
        ("RENDER", approx(0.6)),
        ("TAO", approx(0.6)),
        ("BTC", approx(0.9)),
    ]
    assert [step.fill for step in found.steps] == [approx(7), approx(140), approx(27_500)]


def test_a_liquidation_cancels_price_stops_that_still_stand() -> None:
    found = fall(
        9.45, Conduct(price_stops={("RENDER", "long"): 9.46}), venue="binance", **rate(0.05)
    )
    assert kinds(found) == ["orders_cancelled", "reduced", "stopped"]
    assert "cancels price stops" in message(found.assumptions[-1])


def test_where_the_venue_cancels_no_orders_a_price_stop_stands_through_a_liquidation() -> None:
    conduct = Conduct(slippage=0, price_stops={("RENDER", "long"): 9.2})
    found = run(hyperliquid(20_000, 30_000), {"RENDER": 9.1}, conduct)
    assert kinds(found) == ["reduced", "stopped", "price_stop"]
    assert found.steps[-1].fill == approx(9.2)
    assert "cancels" not in message(found.assumptions[-1])


def test_a_stop_exactly_at_the_liquidation_price_comes_too_late() -> None:
    found = fall(
        5, Conduct(price_stops={("RENDER", "long"): 9 / 0.9}), venue="binance", **rate(0.1)
    )
    assert "price_stop" not in kinds(found)


# The path, and what cannot be


def test_a_price_that_reaches_nothing_stays_there() -> None:
    account = scenario(
        "textbook", [long("RENDER", 1_000, 10), short("TAO", 100, 100)], 11_000, betas={"RENDER": 2}
    )
    found = waterfall(account, common_path(account, -0.9))
    assert found is not None
    assert found.final.market.marks == {"RENDER": 0, "TAO": approx(10)}
    assert found.kept == approx(11_000 - 10_000 + 9_000)
    clipped = [index for index, t in enumerate(found.t) if abs(t - 0.5 / 0.9) < 1e-12]
    assert [found.equity[index] for index in clipped] == [approx(11_000 - 10_000 + 5_000)]


def test_an_account_that_starts_elsewhere_than_at_its_marks_is_put_there_first() -> None:
    account = scenario("textbook", [RENDER], 10_000, marks={"RENDER": 9.5})
    found = waterfall(account, Path({"RENDER": 10}, {"RENDER": 11}))
    assert found is not None
    assert (found.start_equity, found.kept) == (10_000, 20_000)


def test_the_course_has_a_point_where_a_tier_ends_and_two_where_a_step_makes_it_jump() -> None:
    tiers = {"RENDER": progressive((0, 0.01, 0, 75), (80_000, 0.05, 3_200, 20))}
    found = fall(7, FREE, venue="bybit", tiers=tiers, wallet=40_000, taker_fee=0)
    assert [float(t) for t in found.t] == [0, approx(2 / 3), 1]
    assert list(found.requirement) == [approx(1_800), approx(800), approx(700)]
    assert list(found.equity) == [approx(40_000), approx(20_000), approx(10_000)]
    found = fall(5, Conduct(slippage=0.005))
    at, price = approx((10 - 9 / 0.99) / 5), 9 / 0.99
    assert [float(t) for t in found.t] == [0, at, at, 1]
    assert list(found.equity) == [
        approx(value) for value in (10_000, 100 * price, 50 * price, 50 * price)
    ]
    assert list(found.requirement) == [approx(value) for value in (1_000, 100 * price, 0, 0)]


@pytest.mark.parametrize("mode", ["cross", "isolated"])
def test_without_positions_or_without_tiers_there_is_no_waterfall(mode: str) -> None:
    path = Path({"RENDER": 10}, {"RENDER": 5})
    assert waterfall(scenario("binance", [], 10_000, mode=mode), path) is None
    assert waterfall(scenario("binance", [RENDER], 10_000, mode=mode), path) is None
    assert (
        waterfall(scenario("okx", [RENDER], 10_000, {"RENDER": OKX["RENDER"]}, mode=mode), path)
        is None
    )


def test_a_path_along_rates_multiplies_them_by_the_move() -> None:
    path = Path.along({"RNDRUSDT": 10, "TAO": 100}, {"RENDER": 2.0}, -0.75)
    assert path.end == {"RENDER": -5, "TAO": 100}
    assert path.at(0.5) == {"RENDER": 2.5, "TAO": 100}
    assert path.at(1) == {"RENDER": 0, "TAO": 100}


@pytest.mark.parametrize(
    ("make", "path"),
    [
        pytest.param(lambda: Conduct(order="fastest"), "order", id="an order nobody knows"),  # type: ignore[arg-type]
        pytest.param(lambda: Conduct(slippage=1), "slippage", id="slippage that leaves nothing"),
        pytest.param(
            lambda: Conduct(slippage=float("nan")), "slippage", id="slippage that is no number"
        ),
        pytest.param(
            lambda: Conduct(liquidation_fee=-0.1), "liquidation_fee", id="a fee below zero"
        ),
        pytest.param(lambda: Conduct(gap=1.1), "gap", id="a gap beyond the end"),
        pytest.param(lambda: Conduct(stop=0.8), "stop", id="a stop that is a number"),  # type: ignore[arg-type]
        pytest.param(lambda: Conduct(price_stops={"RENDER": 9}), "price_stops", id="no side"),  # type: ignore[dict-item]
        pytest.param(
            lambda: Conduct(price_stops={("RENDER", "long"): 0}),
            "price_stops.RENDER.long",
            id="a stop at nothing",
        ),
        pytest.param(
            lambda: Conduct(price_stops={("RENDER", "long"): 9, ("RNDR", "long"): 8}),
            "price_stops.RENDER.long",
            id="the same stop twice",
        ),
        pytest.param(
            lambda: MarginStop(1, 0.5), "at", id="a margin stop at the liquidation itself"
        ),
        pytest.param(lambda: MarginStop(0.8, 0), "close", id="a margin stop that closes nothing"),
        pytest.param(
            lambda: MarginStop(0.8, 1, "RENDER"), "position", id="a margin stop of no side"
        ),  # type: ignore[arg-type]
        pytest.param(
            lambda: MarginStop(0.8, 1, ("RENDER", "up")), "position", id="an unknown side"
        ),  # type: ignore[arg-type]
        pytest.param(
            lambda: MarginStop(0.8, 1, ("AGIX", "long")),
            "position",
            id="a margin stop of what is no more",
        ),
        pytest.param(lambda: Path({"RENDER": -1}, {}), "start.RENDER", id="a start below zero"),
        pytest.param(
            lambda: Path({"RENDER": 1}, {"TAO": 1}), "end.TAO", id="an end without a start"
        ),
        pytest.param(
            lambda: Path({"RENDER": 1}, {"RENDER": float("inf")}), "end.RENDER", id="an endless end"
        ),
    ],
)
def test_what_cannot_be_names_its_field(make: Any, path: str) -> None:
    with pytest.raises(FieldError) as raised:
        make()
    assert raised.value.path == path


def test_money_beyond_what_a_scenario_holds_is_refused() -> None:
    account = scenario("textbook", [long("RENDER", 1e14, 1)], 1e14)
    with pytest.raises(FieldError, match="wallet_balance"):
        run(account, {"RENDER": 100}, Conduct(price_stops={("RENDER", "long"): 50}))


@pytest.mark.parametrize("venue", VENUES)
def test_what_it_rests_on_is_said(venue: str) -> None:
    tiers = (
        {}
        if venue == "textbook"
        else {"RENDER": flat((0, 0.05, 20)) if venue == "okx" else one_rate(0.05)}
    )
    values = {"contract_values": {"RENDER": 1}} if venue == "okx" else {}
    account = scenario(venue, [RENDER, short("RENDER", 1, 10)], 10_000, tiers, **values)
    found = run(account, {}, Conduct(slippage=0.0125, gap=0.3, stop=MarginStop(0.5, 0.5)))
    said = "\n".join(map(message, found.assumptions))
    assert "1.25% worse than the mark" in said
    assert "a model of ours: the worst unrealised loss first" in said
    assert "30.00% of the remaining path" in said
    assert ("it differs by symbol" in said) == (venue == "binance")
    assert venue == "textbook" or f"{account.account.rules.name}: " in said
