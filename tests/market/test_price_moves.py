"""The snapshot's figures of moves, as the studies take them.

The same figures, and what is made of them.
"""

from collections.abc import Sequence

import numpy as np
import pytest

from margin.market.price_moves import (
    AI_TOKENS,
    DailyFunding,
    betas_to_btc,
    comovement,
    costliest_funding,
    crash_days,
    funding_a_day,
    median_funding,
    risk_windows,
)
from margin.market.snapshot import embedded as snapshot
from margin.model.scenario import Position

LONG_WINDOW, LAST_YEAR = "2024-07-27 to 2026-03-18", "2025-03-19 to 2026-03-18"


def held(*legs: tuple[str, str, float]) -> list[Position]:
    return [Position(symbol, side, quantity, 1.0, 10) for symbol, side, quantity in legs]


def test_the_sector_is_the_snapshot_without_the_three_majors() -> None:
    assert set(AI_TOKENS) == snapshot.marks().keys() - {"BTC", "ETH", "SOL"}


def test_betas_are_the_snapshots_and_cannot_be_changed() -> None:
    assert {token: risk.beta_btc for token, risk in snapshot.risk().items()} == betas_to_btc()
    assert betas_to_btc()["BTC"] == 1
    with pytest.raises(TypeError):
        betas_to_btc()["BTC"] = 2  # type: ignore[index]


def test_each_window_names_its_tokens_and_unknown_ones_are_left_out() -> None:
    assert risk_windows(["RENDER", "VIRTUAL", "PEPE", "BTC"]) == {
        LONG_WINDOW: ["RENDER", "BTC"],
        LAST_YEAR: ["VIRTUAL"],
    }
    assert risk_windows([]) == {}


def test_the_days_are_the_snapshots_in_their_order() -> None:
    for crash, day in zip(snapshot.crashes(), crash_days(), strict=True):
        assert (day.date, day.event, day.moves.keys()) == (
            crash.date,
            crash.event,
            crash.moves.keys(),
        )
        assert all(tuple(move) == tuple(crash.moves[token]) for token, move in day.moves.items())
    assert crash_days()[15].moves["RENDER"].low == -0.843


def test_comovement_is_of_the_known_tokens_from_one_window() -> None:
    found = comovement(["FET", "PEPE", "RENDER", "FET"])
    assert found is not None
    assert (found.symbols, found.window) == (("FET", "RENDER"), LONG_WINDOW)
    assert found.volatilities == {"FET": 1.1547, "RENDER": 1.071}
    np.testing.assert_array_equal(found.correlations, [[1, 0.8189], [0.8189, 1]])


def test_a_young_token_brings_the_window_in_which_all_are() -> None:
    found = comovement(["RENDER", "VIRTUAL"])
    assert found is not None
    assert found.window == LAST_YEAR


def test_where_nothing_is_known_there_is_no_comovement() -> None:
    assert comovement(["PEPE"]) is None
    assert comovement([]) is None


# Funding


def test_a_day_of_funding_is_all_its_payments() -> None:
    assert funding_a_day(0.0001, 8, "here") == DailyFunding(0.0003, "here")
    assert funding_a_day(-0.00002, 1, "here") == DailyFunding(-0.00048, "here")


@pytest.mark.parametrize(
    ("legs", "a_day", "said"),
    [
        pytest.param(
            [("RENDER", "long", 1.0)], 0.00005 * 6, "highest of Binance", id="long pays the highest"
        ),
        pytest.param(
            [("RENDER", "short", 1.0)],
            -0.0003767 * 6,
            "lowest of Binance",
            id="short pays the lowest",
        ),
        pytest.param(
            [("RENDER", "long", 3.0), ("RENDER", "short", 2.0)],
            0.00005 * 6,
            "highest of Binance",
            id="net long",
        ),
    ],
)
def test_the_hardest_funding_is_the_recorded_extreme_that_costs(
    legs: Sequence[tuple[str, str, float]], a_day: float, said: str
) -> None:
    paid = costliest_funding(held(*legs))["RENDER"]
    assert paid.rate == pytest.approx(a_day, rel=1e-9)
    assert paid.source == f"{said}, 2025-02-01 to 2026-05-07"


def test_without_a_record_or_a_side_there_is_no_hardest_funding() -> None:
    assert (
        costliest_funding(held(("PEPE", "long", 1.0), ("FET", "long", 2.0), ("FET", "short", 2.0)))
        == {}
    )


def test_usual_funding_is_the_median_of_every_token_held() -> None:
    paid = median_funding(held(("FET", "long", 2.0), ("FET", "short", 2.0), ("PEPE", "long", 1.0)))
    assert paid.keys() == {"FET"}
    assert paid["FET"].rate == pytest.approx(-0.00019092 * 3, rel=1e-9)
    assert paid["FET"].source == "median of Binance, 2026-01-13 to 2026-03-20"
