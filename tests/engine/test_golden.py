"""Figures that venues and their users published, reproduced.

Each case within what its source's digits allow.
"""

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from margin.model.scenario import Scenario
from margin.model.symbols import token
from margin.studies.account.assess import assess
from margin.tables.assessment_json import assessment_json
from tests.engine.tables import BINANCE, OKX, OKX_CONTRACTS, one_rate

Document = dict[str, Any]

GOLDEN = Path(__file__).parent / "golden"
CASES = json.loads((GOLDEN / "venue_cases.json").read_text(encoding="utf-8"))
EXAMPLES = {
    each["id"]: each
    for each in json.loads((GOLDEN / "rule_examples.json").read_text(encoding="utf-8"))
}
AMPLE = 1e6


def assessed(document: Document) -> Document:
    return assessment_json(
        assess(Scenario.from_json({"version": 1, "margin_mode": "cross", **document}))
    )


def leg(
    symbol: str,
    side: str,
    quantity: float,
    entry_price: float,
    leverage: float = 10,
    *,
    margin: float | None = None,
) -> Document:
    return {
        "symbol": symbol,
        "side": side,
        "quantity": quantity,
        "entry_price": entry_price,
        "leverage": leverage,
        "isolated_margin": margin,
    }


# Published and reported cases


def document_of(case: Document) -> Document:
    """A case as a scenario: the tier in force as one row, the wallet as the source has it."""
    isolated = case["margin_mode"] == "isolated"
    positions = case["positions"]
    profit = sum(
        (1 if each["side"] == "long" else -1) * each["qty"] * (each["mark"] - each["entry"])
        for each in positions
    )
    wallet = case["wallet_balance"]
    if wallet is None:
        wallet = AMPLE if case["equity"] is None else case["equity"] - profit
    return {
        "venue": case["venue"],
        "margin_mode": case["margin_mode"],
        "wallet_balance": wallet,
        "taker_fee": positions[0]["taker_fee"],
        "positions": [
            leg(
                each["symbol"],
                each["side"],
                each["qty"],
                each["entry"],
                each.get("leverage", 1),
                margin=wallet if isolated else None,
            )
            for each in positions
        ],
        "marks": {each["symbol"]: each["mark"] for each in positions},
        "tiers": {
            each["symbol"]: one_rate(each["mmr"], each["maintenance_amount"]) for each in positions
        },
    }


def actual_figure(account: Document, name: str) -> Any:
    """The engine's figure for a name of the cases.

    A price is below for a long, above for a short.
    """
    kind, _, symbol = name.partition(":")
    if kind == "notional":
        return sum(each["notional"] for each in account["positions"])
    if not symbol:
        return account["maintenance_margin" if kind == "maintenance_margin_ex_fee" else kind]
    index, position = next(
        (index, each)
        for index, each in enumerate(account["positions"])
        if each["symbol"] == token(symbol, "symbol")
    )
    if kind == "unrealized_pnl":
        return position["unrealised_pnl"]
    return account["liquidation_prices"][index]["below" if position["side"] == "long" else "above"]


def tolerance(case: Document, name: str, expected: float) -> float:
    """The case's own, relative to the figure; for a long at 1x, to the entry price.

    Such a long is lost near price 0 alone, so that the last digits of its margin move its price by
    many per cent of itself: what the source's digits fix is the error against the entry, as the
    cases' notes say.
    """
    [first, *others] = case["positions"]
    near_zero = (
        not others
        and first["side"] == "long"
        and first.get("leverage") == 1
        and "abs_of_entry" in case["note"]
    )
    scale = first["entry"] if near_zero and name.startswith("liquidation_price") else abs(expected)
    return float(case["relative_tolerance"] * scale)


@pytest.mark.parametrize(
    ("case", "name"),
    [
        pytest.param(case, name, id=f"{case['id']} {name}")
        for case in CASES
        for name in case["expected"]
    ],
)
def test_a_published_figure_is_reproduced_within_its_digits(case: Document, name: str) -> None:
    actual, expected = actual_figure(assessed(document_of(case)), name), case["expected"][name]
    if expected is None:
        assert actual is None
    else:
        assert actual == pytest.approx(expected, rel=0, abs=tolerance(case, name, expected))


def test_all_cases_are_here() -> None:
    assert len(CASES) == len({case["id"] for case in CASES}) == 37
    assert sum(len(case["expected"]) for case in CASES) >= 45


# Worked examples of single rules


def example(name: str) -> tuple[Document, Document, float]:
    entry = EXAMPLES[name]
    return entry["inputs"], entry["expected"], entry["tolerance"]


def test_bybit_tiers_give_the_maintenance_and_the_deduction_of_its_help_page() -> None:
    given, expected, near = example("BY-01")
    floors = [0, *(tier["upto"] for tier in given["tiers"])]
    rows = [
        {"floor": floor, "maintenance_rate": tier["mmr"]}
        for floor, tier in zip(floors, given["tiers"], strict=False)
    ]
    account = assessed(
        {
            "venue": "bybit",
            "taker_fee": 0,
            "wallet_balance": AMPLE,
            "positions": [leg("XYZUSDT", "long", given["qty"], given["price"], given["leverage"])],
            "marks": {"XYZ": given["price"]},
            "tiers": {"XYZ": rows},
        }
    )
    [position] = account["positions"]
    assert position["notional"] == pytest.approx(expected["position_value"], rel=near)
    assert position["initial_margin"] == pytest.approx(expected["IM"], rel=near)
    assert position["maintenance_margin"] == pytest.approx(expected["MM_progressive"], rel=near)
    assert position["maintenance_margin"] == pytest.approx(expected["MM_by_deduction"], rel=near)
    assert position["maintenance_amount"] == pytest.approx(expected["mm_deduction"], rel=near)
    assert position["tier"] == 4


def test_a_bybit_isolated_long_with_extra_margin_is_lost_where_the_published_formula_says() -> None:
    given, expected, near = example("BY-03")
    margin = given["qty"] * given["entry"] / given["leverage"] + given["extra_margin"]
    account = assessed(
        {
            "venue": "bybit",
            "margin_mode": "isolated",
            "taker_fee": given["taker"],
            "wallet_balance": margin,
            "positions": [
                leg("BTC", "long", given["qty"], given["entry"], given["leverage"], margin=margin)
            ],
            "marks": {"BTC": given["entry"]},
            "tiers": {"BTC": one_rate(given["mmr"], given["mm_deduction"])},
        }
    )
    [position] = account["positions"]
    opening = given["qty"] * given["entry"] / given["leverage"]
    assert position["initial_margin"] - opening == pytest.approx(expected["fee_to_close"], abs=near)
    assert position["initial_margin"] == pytest.approx(expected["IM"], abs=near)
    assert position["maintenance_margin"] == pytest.approx(expected["MM_at_entry"], abs=near)
    assert account["liquidation_prices"][0]["below"] == pytest.approx(expected["liq"], abs=near)


def test_recorded_bybit_tiers_give_the_deduction_and_the_maintenance_of_half_a_million() -> None:
    given, expected, near = example("BY-13")
    (first_cap, first_rate), (_, second_rate) = given["tiers"]
    rows = [
        {"floor": 0, "maintenance_rate": first_rate, "cap": first_cap},
        {"floor": first_cap, "maintenance_rate": second_rate},
    ]
    account = assessed(
        {
            "venue": "bybit",
            "taker_fee": 0,
            "wallet_balance": AMPLE,
            "positions": [leg("BTC", "short", given["notional"], 1.0)],
            "marks": {"BTC": 1.0},
            "tiers": {"BTC": rows},
        }
    )
    assert account["positions"][0]["maintenance_amount"] == pytest.approx(
        expected["mm_deduction_tier2"], abs=near
    )
    assert account["maintenance_margin"] == pytest.approx(expected["MM"], abs=near)


@pytest.mark.parametrize(("leverage", "initial"), [(10, "IM_10x"), (20, "IM_20x")])
def test_hyperliquid_maintenance_is_half_the_margin_at_maximum_leverage_whatever_is_chosen(
    leverage: float, initial: str
) -> None:
    given, expected, near = example("HL-06")
    account = assessed(
        {
            "venue": "hyperliquid",
            "wallet_balance": AMPLE,
            "positions": [leg("SOL", "long", 100, given["notional"] / 100, leverage)],
            "marks": {"SOL": given["notional"] / 100},
            "tiers": {"SOL": one_rate(1 / (2 * given["maxLeverage"]))},
        }
    )
    assert account["initial_margin"] == pytest.approx(expected[initial], rel=near)
    assert account["maintenance_margin"] == pytest.approx(expected["MM"], rel=near)


def test_hyperliquid_margin_tiers_give_the_deduction_of_its_formula() -> None:
    given, expected, near = example("HL-07")
    rows = [{"floor": floor, "maintenance_rate": 1 / (2 * most)} for floor, most in given["tiers"]]
    account = assessed(
        {
            "venue": "hyperliquid",
            "wallet_balance": 1e9,
            "positions": [leg("BTC", "long", given["notional"] / 60_000, 60_000)],
            "marks": {"BTC": 60_000},
            "tiers": {"BTC": rows},
        }
    )
    [position] = account["positions"]
    assert position["maintenance_rate"] == pytest.approx(expected["rate_20x"], abs=near)
    assert position["maintenance_amount"] == pytest.approx(expected["deduction_tier1"], abs=near)
    assert position["maintenance_margin"] == pytest.approx(expected["MM"], abs=near)


@pytest.mark.parametrize("venue", ["binance", "hyperliquid"])
@pytest.mark.parametrize("side", ["long", "short"])
def test_effective_leverage_three_is_lost_at_the_same_price_on_binance_and_hyperliquid(
    venue: str, side: str
) -> None:
    given, expected, near = example("XX-01")
    account = assessed(
        {
            "venue": venue,
            "wallet_balance": given["equity"],
            "positions": [leg("ETH", side, given["notional"] / given["price"], given["price"])],
            "marks": {"ETH": given["price"]},
            "tiers": {"ETH": one_rate(given["mmr"])},
        }
    )
    name = f"{side}_{'hl' if venue == 'hyperliquid' else 'binance'}"
    price = account["liquidation_prices"][0]["below" if side == "long" else "above"]
    assert price == pytest.approx(expected[name], abs=near)


# The reference book: four tokens on Binance, everything far apart yet close together

REFERENCE: Document = {
    "venue": "binance",
    "wallet_balance": 20_000,
    "positions": [
        leg("RENDER", "long", 8_000, 7.00),
        leg("FET", "long", 40_000, 1.40),
        leg("TAO", "short", 60, 420),
        leg("NEAR", "short", 3_000, 5.20),
    ],
    "marks": {"RENDER": 6.60, "FET": 1.33, "TAO": 455, "NEAR": 4.90},
    "tiers": {symbol: BINANCE[symbol] for symbol in ("RENDER", "FET", "TAO", "NEAR")},
}


@pytest.mark.parametrize(
    ("betas", "down"),
    [
        pytest.param({}, -0.168, id="everything falls together"),
        pytest.param({"TAO": 0, "NEAR": 0}, -0.099, id="the two longs fall together"),
        pytest.param({"TAO": -1, "NEAR": -1}, -0.070, id="the longs fall while the shorts rise"),
    ],
)
def test_a_joint_move_takes_the_reference_book_much_sooner(
    betas: dict[str, float], down: float
) -> None:
    assert assessed({**REFERENCE, "betas": betas})["joint_move"]["down"] == pytest.approx(
        down, abs=0.0005
    )


def test_than_its_nearest_single_liquidation_price() -> None:
    account = assessed(REFERENCE)
    away = [
        abs(entry[way] / REFERENCE["marks"][entry["symbol"]] - 1)
        for entry in account["liquidation_prices"]
        for way in ("below", "above")
        if entry[way] is not None
    ]
    assert min(away) == pytest.approx(0.198, abs=0.0005)
    assert [problem["code"] for problem in account["problems"]] == ["initial_margin_above_equity"]


# One account on real tiers: 10,000 behind 100,000 long at 10x


@pytest.mark.parametrize(
    ("symbol", "mark", "maintenance", "ratio", "loss"),
    [
        ("RENDER", 1.75, 2_175, 0.2175, 1 - 0.919744),
        ("FET", 0.25, 2_175, 0.2175, 1 - 0.919744),
        ("BTC", 60_000, 400, 0.0400, 0.0964),
    ],
)
def test_the_same_account_on_real_tiers_is_lost_at_different_prices(
    symbol: str, mark: float, maintenance: float, ratio: float, loss: float
) -> None:
    account = assessed(
        {
            "venue": "binance",
            "wallet_balance": 10_000,
            "positions": [leg(symbol, "long", 100_000 / mark, mark)],
            "marks": {symbol: mark},
            "tiers": {symbol: BINANCE[symbol]},
        }
    )
    assert account["maintenance_margin"] == pytest.approx(maintenance)
    assert account["margin_ratio"]["value"] == pytest.approx(ratio)
    assert account["initial_margin"] == pytest.approx(10_000)
    digits = 5e-7 if symbol != "BTC" else 5e-5
    assert account["liquidation_prices"][0]["below"] / mark == pytest.approx(1 - loss, abs=digits)
    assert account["joint_move"]["down"] == pytest.approx(-loss, abs=digits)


def test_an_equal_hedge_dies_on_the_way_up_by_maintenance_alone() -> None:
    quantity = 50_000 / 1.75
    account = assessed(
        {
            "venue": "binance",
            "wallet_balance": 10_000,
            "positions": [
                leg("RENDER", "long", quantity, 1.75),
                leg("RENDER", "short", quantity, 1.75),
            ],
            "marks": {"RENDER": 1.75},
            "tiers": {"RENDER": BINANCE["RENDER"]},
        }
    )
    [entry] = account["liquidation_prices"]
    assert entry["above"] == pytest.approx(6.354, abs=0.0005)
    assert entry["above"] / 1.75 - 1 == pytest.approx(2.63, abs=0.005)
    assert (entry["below"], entry["reason_below"]) == (None, "gains")


def test_a_joint_move_ends_at_the_first_crossing_though_clipped_prices_bring_the_account_back() -> (
    None
):
    document = {
        "venue": "binance",
        "wallet_balance": 9_900,
        "positions": [leg("RENDER", "long", 20_000, 1.0), leg("BTC", "short", 0.5, 60_000)],
        "marks": {"RENDER": 1.0, "BTC": 60_000},
        "betas": {"RENDER": 3, "BTC": 1},
        "tiers": {symbol: BINANCE[symbol] for symbol in ("RENDER", "BTC")},
    }
    assert assessed(document)["joint_move"]["down"] == pytest.approx(-0.327, abs=0.0005)
    forty_down = assessed({**document, "marks": {"RENDER": 0.0, "BTC": 36_000}})
    assert not forty_down["liquidated"]


# Closed forms that venues publish


def binance_prices(document: Document, symbol: str) -> list[float]:
    """Binance's published closed form, with the tiers of both legs re-read at the price it gives.

    LP = (WB − TMM₁ + UPNL₁ + d_L + d_S − Q_L·EP_L + Q_S·EP_S) / (Q_L·m_L + Q_S·m_S − Q_L + Q_S),
    where TMM₁ and UPNL₁ are of all other contracts; a one-way position is one of the legs.
    """
    others = [each for each in document["positions"] if each["symbol"] != symbol]
    rest = assessed({**document, "positions": others})
    legs = [each for each in document["positions"] if each["symbol"] == symbol]
    found = []
    for rows in product(document["tiers"][symbol], repeat=len(legs)):
        over = document["wallet_balance"] - rest["maintenance_margin"] + rest["unrealised_pnl"]
        under = 0.0
        for each, row in zip(legs, rows, strict=True):
            sign = 1 if each["side"] == "long" else -1
            over += row["maintenance_amount"] - sign * each["quantity"] * each["entry_price"]
            under += each["quantity"] * (row["maintenance_rate"] - sign)
        price = over / under if under else 0.0
        fits = [
            row["floor"] < each["quantity"] * price <= (row["cap"] or float("inf"))
            for each, row in zip(legs, rows, strict=True)
        ]
        if price > 0 and all(fits):
            found.append(price)
    return sorted(found)


HEDGE: Document = {
    **REFERENCE,
    "wallet_balance": 60_000,
    "positions": [
        *REFERENCE["positions"],
        leg("RENDER", "short", 20_000, 6.0),
        leg("TAO", "long", 58, 450),
    ],
}


@pytest.mark.parametrize("symbol", ["RENDER", "FET", "TAO", "NEAR"])
@pytest.mark.parametrize("document", [REFERENCE, HEDGE], ids=["one way", "with hedge legs"])
def test_binance_s_published_closed_form_gives_the_same_prices(
    document: Document, symbol: str
) -> None:
    [entry] = [
        each for each in assessed(document)["liquidation_prices"] if each["symbol"] == symbol
    ]
    engine = [price for price in (entry["below"], entry["above"]) if price is not None]
    assert engine == pytest.approx(binance_prices(document, symbol), rel=1e-9)
    assert engine, "a price is there to be compared"


@pytest.mark.parametrize(("side", "sign"), [("long", 1), ("short", -1)])
def test_hyperliquid_s_published_formula_gives_the_same_price(side: str, sign: int) -> None:
    document = {
        "venue": "hyperliquid",
        "wallet_balance": 3_000,
        "positions": [leg("ETH", side, 2, 3_000), leg("SOL", "long", 20, 150)],
        "marks": {"ETH": 3_100, "SOL": 140},
        "tiers": {"ETH": one_rate(0.02), "SOL": one_rate(0.025)},
    }
    account = assessed(document)
    available = account["equity"] - account["maintenance_margin"]
    published = 3_100 - sign * available / 2 / (1 - 0.02 * sign)
    assert account["liquidation_prices"][0][
        "below" if side == "long" else "above"
    ] == pytest.approx(published, rel=1e-9)


def test_okx_counts_the_closing_fee_in_the_price_and_beside_maintenance_in_the_ratio() -> None:
    document = {
        "venue": "okx",
        "taker_fee": 0.0005,
        "wallet_balance": 5_000,
        "positions": [leg("RENDER", "long", 10_000, 2.0)],
        "marks": {"RENDER": 2.0},
        "tiers": {"RENDER": OKX["RENDER"]},
        "contract_values": OKX_CONTRACTS,
    }
    account = assessed(document)
    assert account["maintenance_margin"] == pytest.approx(20_000 * 0.02)
    assert account["requirement"] == pytest.approx(20_000 * 0.0205)
    assert account["margin_ratio"]["value"] == pytest.approx(5_000 / (400 + 10))
    below = account["liquidation_prices"][0]["below"]
    assert 5_000 + 10_000 * (below - 2) == pytest.approx(10_000 * below * (0.02 + 0.0005), rel=1e-9)
