"""A venue's figures beside ours: which of our prices is compared, and what counts as agreement."""

import pytest

from margin.presets import presets
from margin.studies.assess import assess
from margin.studies.beside import TOLERANCE, Beside, beside

PAIR = presets()["pair"].scenario
ACCOUNT = assess(PAIR)
RENDER, FET = ACCOUNT.liquidation_prices
NOTHING = {"equity": None, "initial_margin": None, "maintenance_margin": None, "margin_ratio": None}


def compared(prices: dict[str, float], **figures: float | None) -> dict[str, Beside]:
    found = beside(PAIR, ACCOUNT, **{**NOTHING, **figures}, liquidation_prices=prices)
    return {each.figure: each for each in found}


def test_what_the_venue_does_not_tell_is_not_compared() -> None:
    assert list(compared({})) == ["Liquidation price RENDER", "Liquidation price FET"]
    assert list(compared({}, equity=10_000, margin_ratio=0.2))[:2] == ["Margin balance", "Margin ratio"]


def test_each_figure_stands_beside_ours() -> None:
    found = compared({}, equity=10_100.0, initial_margin=9_000.0, maintenance_margin=1.0, margin_ratio=None)
    assert found["Margin balance"][2:] == (10_100.0, ACCOUNT.equity)
    assert found["Initial margin"][2:] == (9_000.0, ACCOUNT.initial_margin)
    assert found["Maintenance margin"][2:] == (1.0, ACCOUNT.maintenance_margin)


def test_our_price_is_the_one_on_the_side_of_the_venues() -> None:
    mark = PAIR.market.marks["RENDER"]
    below = compared({"RENDER": mark * 0.9})["Liquidation price RENDER"]
    above = compared({"RENDER": mark * 1.5})["Liquidation price RENDER"]
    assert (below.ours, above.ours) == (RENDER.below, RENDER.above)


def test_without_the_venues_price_ours_is_the_nearer_one() -> None:
    nearest = compared({})["Liquidation price FET"]
    assert (nearest.venue, nearest.ours, nearest.difference, nearest.agrees) == (None, FET.below, None, False)


@pytest.mark.parametrize(
    ("venue", "ours", "difference", "agrees"),
    [
        pytest.param(100.0, 100.0, 0.0, True, id="the same"),
        pytest.param(100.0, 100.0 * (1 + 0.99 * TOLERANCE), 0.99 * TOLERANCE, True, id="within the tolerance"),
        pytest.param(100.0, 102.0, 0.02, False, id="beyond it"),
        pytest.param(-100.0, -98.0, 0.02, False, id="below zero"),
        pytest.param(None, None, None, True, id="both none"),
        pytest.param(None, 1.0, None, False, id="only ours"),
        pytest.param(0.0, 0.0, None, True, id="both zero"),
        pytest.param(0.0, 1.0, None, False, id="zero and not"),
    ],
)
def test_agreement_is_within_one_per_cent(
    venue: float | None, ours: float | None, difference: float | None, agrees: bool
) -> None:
    each = Beside("Margin balance", "money", venue, ours)
    assert each.difference == (None if difference is None else pytest.approx(difference))
    assert each.agrees is agrees
