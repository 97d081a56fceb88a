"""Situations that every chart must tell: each is a scenario beside its assessment and its curve."""

from typing import Any, NamedTuple

import pytest

from margin.market.snapshot import embedded as snapshot
from margin.model.scenario import Scenario
from margin.studies.account.assess import Assessment, assess
from margin.studies.distance.curve import Curve, common_move_curve

MARKS = {"RENDER": 1.75, "FET": 0.2231, "BTC": 71202.9, "TAO": 272.71, "NEAR": 1.385}
LONG_NAMES = [f"ABCDEFGHIJKLM{index:02d}" for index in range(25)]


class Situation(NamedTuple):
    scenario: Scenario
    account: Assessment
    curve: Curve | None


def leg(
    symbol: str, side: str, quantity: float, entry_price: float, leverage: float = 10
) -> dict[str, Any]:
    names = ("symbol", "side", "quantity", "entry_price", "leverage")
    return dict(zip(names, (symbol, side, quantity, entry_price, leverage), strict=True))


def situation(wallet: float, positions: list[dict[str, Any]], **more: Any) -> Situation:
    marks = {each["symbol"]: MARKS.get(each["symbol"], 1.0) for each in positions}
    document = {
        "version": 1,
        "venue": "binance",
        "margin_mode": "cross",
        "wallet_balance": wallet,
        "positions": positions,
        "marks": marks,
        **more,
    }
    scenario = snapshot.attach(Scenario.from_json(document))
    return Situation(scenario, assess(scenario), common_move_curve(scenario))


RENDER = leg("RENDER", "long", 50_000 / 1.75, 1.75)
FET = leg("FET", "long", 40_000 / 0.2231, 0.2231)
TWO_LONGS = [RENDER, FET]
FOUR = [
    leg("RENDER", "long", 8_000, 7.0),
    leg("FET", "long", 40_000, 1.4),
    leg("TAO", "short", 60, 420),
    leg("NEAR", "short", 3_000, 5.2),
]
ONE_RATE = [{"floor": 0, "maintenance_rate": 0.02}]
FALLEN = {
    "marks": {"RENDER": 1.75 * 0.95, "FET": 0.2231 * 0.95},
    "baseline_marks": {"RENDER": 1.75, "FET": 0.2231},
}
DOCUMENTS: dict[str, tuple[float, list[dict[str, Any]], dict[str, Any]]] = {
    "two longs": (10_000, TWO_LONGS, {}),
    "two longs, after a joint fall": (10_000, TWO_LONGS, FALLEN),
    "long/short book": (
        20_000,
        FOUR,
        {"marks": {"RENDER": 6.6, "FET": 1.33, "TAO": 455, "NEAR": 4.9}},
    ),
    "ratio that falls": (10_000, [RENDER, leg("BTC", "short", 0.1, 70_000)], {"venue": "okx"}),
    "isolated": (12_000, [RENDER, leg("BTC", "short", 0.5, 71_000)], {"margin_mode": "isolated"}),
    "isolated, one lost": (
        12_000,
        [leg("RENDER", "long", 20_000, 2.1), leg("BTC", "short", 0.5, 71_000)],
        {"margin_mode": "isolated"},
    ),
    "isolated on Bybit": (12_000, [RENDER], {"margin_mode": "isolated", "venue": "bybit"}),
    "hedge": (3_000, [leg("RENDER", "long", 10_000, 1.6), leg("RENDER", "short", 9_000, 1.8)], {}),
    "equal legs": (
        3_000,
        [leg("RENDER", "long", 1_000, 1.6), leg("RENDER", "short", 1_000, 1.8)],
        {},
    ),
    "covered": (50_000, [leg("RENDER", "long", 5_000, 1.7)], {}),
    "short": (20_000, [leg("BTC", "short", 0.5, 71_000)], {}),
    "liquidated": (2_000, TWO_LONGS, {"marks": {"RENDER": 1.7, "FET": 0.2231}}),
    "negative equity": (100, TWO_LONGS, {"marks": {"RENDER": 1.5, "FET": 0.2231}}),
    "at the liquidation point": (
        1_000,
        [leg("A", "long", 5_000, 1.0)],
        {"tiers": {"A": [{**ONE_RATE[0], "maintenance_rate": 0.2}]}},
    ),
    "near below, far above": (2_000, [RENDER, leg("FET", "short", 45_500 / 0.2231, 0.2231)], {}),
    "past danger": (2_000, TWO_LONGS, {}),
    "levels close together": (6_000, TWO_LONGS, {"levels": {"warning": 0.9, "danger": 0.95}}),
    "no tiers": (10_000, [RENDER, FET], {"venue": "okx"}),
    "no positions": (10_000, [], {}),
    "mark at 0": (10_000, [leg("RENDER", "short", 1_000, 1.75)], {"marks": {"RENDER": 0}}),
    "tiny": (
        1e-7,
        [leg("A", "long", 1e-3, 1e-4)],
        {"tiers": {"A": ONE_RATE}, "marks": {"A": 1e-4}},
    ),
    "huge": (1e13, [leg("A", "short", 1e10, 1e4)], {"tiers": {"A": ONE_RATE}, "marks": {"A": 1e4}}),
    "fifty with long names": (
        40_000,
        [
            leg(name, side, 1_000, 1.0 + place / 100)
            for place, name in enumerate(LONG_NAMES)
            for side in ("long", "short")
        ],
        {"tiers": dict.fromkeys(LONG_NAMES, ONE_RATE), "margin_mode": "isolated"},
    ),
    "ten": (
        30_000,
        [leg(name, "long", 9_000, 1.0) for name in LONG_NAMES[:10]],
        {"tiers": dict.fromkeys(LONG_NAMES, ONE_RATE)},
    ),
}


def named(name: str) -> Situation:
    wallet, positions, more = DOCUMENTS[name]
    return situation(wallet, positions, **more)


@pytest.fixture(params=DOCUMENTS)
def any_situation(request: pytest.FixtureRequest) -> Situation:
    return named(request.param)
