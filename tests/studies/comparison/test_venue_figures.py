"""A venue's figures beside ours: which of our prices is compared, and what counts as agreement."""

from dataclasses import replace

import pytest

from margin.examples import presets
from margin.market.snapshot import embedded as snapshot
from margin.model.scenario import Account, Market, Position, Scenario
from margin.studies.account.assess import assess
from margin.studies.comparison.venue_figures import TOLERANCE, Beside, Missing, beside
from margin.text.venue_figures import label
from margin.venues import VenueTables

PAIR = presets()["pair"].scenario
ACCOUNT = assess(PAIR)
RENDER, FET = ACCOUNT.liquidation_prices
NOTHING = {"equity": None, "initial_margin": None, "maintenance_margin": None, "margin_ratio": None}


Prices = dict[tuple[str, str | None], float | None]


def compared(
    prices: Prices, scenario: Scenario = PAIR, **figures: float | None
) -> dict[str, Beside]:
    found = beside(scenario, **{**NOTHING, **figures}, liquidation_prices=prices)
    return {label(each): each for each in found}


def test_what_the_venue_does_not_tell_is_not_compared() -> None:
    assert list(compared({})) == ["Liquidation price RENDER", "Liquidation price FET"]
    assert list(compared({}, equity=10_000, margin_ratio=0.2))[:2] == [
        "Margin balance",
        "Margin ratio",
    ]


def test_each_figure_stands_beside_ours() -> None:
    found = compared(
        {}, equity=10_100.0, initial_margin=9_000.0, maintenance_margin=1.0, margin_ratio=None
    )
    assert found["Margin balance"][1:3] == (10_100.0, ACCOUNT.equity)
    assert found["Initial margin"][1:3] == (9_000.0, ACCOUNT.initial_margin)
    assert found["Maintenance margin"][1:3] == (1.0, ACCOUNT.maintenance_margin)


def test_our_price_is_the_one_on_the_side_of_the_venues() -> None:
    mark = PAIR.market.marks["RENDER"]
    below = compared({("RENDER", None): mark * 0.9})["Liquidation price RENDER"]
    above = compared({("RENDER", None): mark * 1.5})["Liquidation price RENDER"]
    assert (below.ours, above.ours) == (RENDER.below, "none")
    assert RENDER.above is None


@pytest.mark.parametrize(
    ("prices", "venue"),
    [
        pytest.param({}, "not_reported", id="not reported"),
        pytest.param({("FET", None): None}, "none", id="none"),
    ],
)
def test_without_the_venues_price_ours_is_the_nearer_one(prices: Prices, venue: Missing) -> None:
    nearest = compared(prices)["Liquidation price FET"]
    assert (nearest.venue, nearest.ours, nearest.difference, nearest.agrees) == (
        venue,
        FET.below,
        None,
        False,
    )


def test_isolated_legs_of_a_hedge_are_compared_side_by_side() -> None:
    legs = Position("TAO", "long", 60, 265, 20, 800), Position("TAO", "short", 20, 280, 20, 900)
    hedge = snapshot.attach(
        Scenario(Account("okx", "isolated", 6_000), legs, Market({"TAO": 270.0}))
    )
    long, short = assess(hedge).liquidation_prices
    found = compared({("TAO", "long"): long.below, ("TAO", "short"): short.above}, hedge)
    assert list(found) == ["Liquidation price TAO long", "Liquidation price TAO short"]
    assert [(each.both, each.agrees) for each in found.values()] == [(True, True)] * 2


def test_what_tandem_cannot_know_is_not_called_none() -> None:
    untold = replace(PAIR, market=replace(PAIR.market, reference=VenueTables("nobody")))
    found = compared({("RENDER", None): 1.0}, untold, maintenance_margin=5.0)
    assert {found[name].ours for name in ("Maintenance margin", "Liquidation price RENDER")} == {
        "no_tiers"
    }


def test_what_is_liquidated_already_has_no_price_left() -> None:
    gone = replace(PAIR, account=replace(PAIR.account, wallet_balance=0.0))
    assert compared({("RENDER", None): 1.0}, gone)["Liquidation price RENDER"].ours == "liquidated"


@pytest.mark.parametrize(
    ("venue", "ours", "difference", "agrees"),
    [
        pytest.param(100.0, 100.0, 0.0, True, id="the same"),
        pytest.param(
            100.0, 100.0 * (1 + 0.99 * TOLERANCE), 0.99 * TOLERANCE, True, id="within the tolerance"
        ),
        pytest.param(100.0, 102.0, 0.02, False, id="beyond it"),
        pytest.param(-100.0, -98.0, 0.02, False, id="below zero"),
        pytest.param("none", "none", None, True, id="both none"),
        pytest.param("none", 1.0, None, False, id="only ours"),
        pytest.param(0.0, 0.0, None, True, id="both zero"),
        pytest.param(0.0, 1.0, None, False, id="zero and not"),
    ],
)
def test_agreement_is_within_one_per_cent(
    venue: float | Missing, ours: float | Missing, difference: float | None, agrees: bool
) -> None:
    each = Beside("equity", venue, ours)
    assert each.difference == (None if difference is None else pytest.approx(difference))
    assert each.agrees is agrees
