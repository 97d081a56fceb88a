"""Figures of recorded prices.

Against slower ways to the same numbers, and at the edges of their windows.
"""

from datetime import date, timedelta
from itertools import pairwise
from math import log, sqrt

import numpy as np
import pandas as pd
import pytest

from margin.errors import FieldError
from margin.market.snapshot_update import statistics
from margin.market.snapshot_update.statistics import AI_BASKET, YEAR, Closes, Window
from margin.market.source import Candles, FundingHistory
from tests.market.venues_today import DAY, HOUR, TODAY, candles, midnight, payments, walk

YESTERDAY = TODAY - timedelta(days=1)


def closes(days: int, *others: str, **lengths: int) -> dict[str, Closes]:
    """Closes of BTC, the AI basket and others, of so many days."""
    tokens = ("BTC", *AI_BASKET, *others)
    return {token: walk(token, lengths.get(token, days), 2.0) for token in tokens}


@pytest.fixture(scope="module")
def window() -> Window:
    (found,) = statistics.windows(closes(500, "ETH"), TODAY)
    return found


# Daily closes


def test_the_running_day_is_left_out() -> None:
    found = statistics.daily_closes(candles(walk("BTC", 400, 2.0)), TODAY)
    assert found.tolist() == walk("BTC", 400, 2.0)[:-1].tolist()


def without(held: Candles, *days: date) -> Candles:
    keep = ~np.isin(held.times, [midnight(day) for day in days])
    return Candles(held.times[keep], *(held.close[keep] for _ in range(4)))


def test_what_lies_before_a_missing_day_is_left_out() -> None:
    held = candles(walk("BTC", 500, 2.0))
    found = statistics.daily_closes(without(held, TODAY - timedelta(days=401)), TODAY)
    assert found.tolist() == held.close[-401:-1].tolist()


@pytest.mark.parametrize("close", [0.0, -1.0, float("nan"), float("inf")])
def test_a_day_without_a_price_is_a_missing_day(close: float) -> None:
    path = walk("BTC", 500, 2.0)
    path[90] = close
    assert len(statistics.daily_closes(candles(path), TODAY)) == 500 - 91 - 1


def test_days_that_do_not_begin_at_midnight_are_none() -> None:
    held = candles(walk("BTC", 500, 2.0))
    shifted = Candles(held.times - 8 * HOUR, held.open, held.high, held.low, held.close)
    with pytest.raises(FieldError, match="has daily closes of 0 days on end"):
        statistics.daily_closes(shifted, TODAY)


@pytest.mark.parametrize(
    ("held", "days"),
    [
        pytest.param(
            candles(walk("BTC", YEAR + 1, 2.0)), YEAR, id="a day short of a year of moves"
        ),
        pytest.param(
            candles(walk("BTC", 900, 2.0), YESTERDAY - timedelta(days=1)), 0, id="none of yesterday"
        ),
        pytest.param(candles(np.empty(0)), 0, id="none at all"),
        pytest.param(
            without(candles(walk("BTC", 900, 2.0)), TODAY - timedelta(days=9)),
            8,
            id="a hole last week",
        ),
    ],
)
def test_too_few_days_on_end_are_refused_with_their_number(held: Candles, days: int) -> None:
    with pytest.raises(
        FieldError,
        match=f"^has daily closes of {days} days on end up to yesterday, 366 are needed$",
    ):
        statistics.daily_closes(held, TODAY)


def test_a_year_of_moves_is_enough() -> None:
    assert len(statistics.daily_closes(candles(walk("BTC", YEAR + 2, 2.0)), TODAY)) == YEAR + 1


def test_a_price_that_stood_still_for_a_year_is_refused() -> None:
    path = walk("BTC", 800, 2.0)
    path[-400:] = 2.0
    with pytest.raises(FieldError, match="has a price that did not move for a year"):
        statistics.daily_closes(candles(path), TODAY)


# Windows


def test_the_long_window_reaches_back_as_far_as_btc_and_the_basket_do_together() -> None:
    (found,) = statistics.windows(closes(700, ETH=900, WLD=601), TODAY)
    assert (found.days, found.since, found.as_of) == (
        600,
        YESTERDAY - timedelta(days=599),
        YESTERDAY,
    )


def test_a_younger_token_has_its_figures_of_the_last_year_beside_all_others() -> None:
    long, year = statistics.windows(closes(600, "VIRTUAL", VIRTUAL=500), TODAY)
    assert (long.days, year.days, year.as_of) == (599, YEAR, YESTERDAY)
    assert set(year.tokens) - set(long.tokens) == {"VIRTUAL"}
    assert set(long.tokens) < set(year.tokens)


def test_a_token_as_old_as_the_basket_needs_no_window_of_its_own() -> None:
    (found,) = statistics.windows(closes(600, "VIRTUAL"), TODAY)
    assert "VIRTUAL" in found.tokens


@pytest.mark.parametrize("token", ["BTC", "RENDER", "ATH"])
def test_without_btc_or_one_of_the_basket_there_is_no_window(token: str) -> None:
    held = closes(600)
    del held[token]
    with pytest.raises(FieldError, match=f"^{token}: has no daily closes"):
        statistics.windows(held, TODAY)


def test_moves_are_log_returns_and_carry_their_days(window: Window) -> None:
    path = walk("ETH", 500, 2.0)
    assert window.moves(["ETH"])[:, 0] == pytest.approx([log(b / a) for a, b in pairwise(path)])
    assert (window.day(0), window.day(window.days - 1)) == (window.since, YESTERDAY)


# Risk


def frame(window: Window) -> pd.DataFrame:
    return pd.DataFrame(window.returns, columns=list(window.tokens))


def test_risk_figures_are_those_of_a_table_of_returns(window: Window) -> None:
    found, moves = statistics.risk(window, "ETH", "somewhere"), frame(window)
    assert found.annual_volatility == pytest.approx(moves["ETH"].std() * sqrt(365), rel=1e-12)
    assert found.beta_btc == pytest.approx(np.polyfit(moves["BTC"], moves["ETH"], 1)[0], rel=1e-9)
    assert (found.source, found.since, found.as_of) == (
        "somewhere",
        window.since.isoformat(),
        "2026-11-21",
    )


def test_btc_is_its_own_measure(window: Window) -> None:
    found = statistics.risk(window, "BTC", "somewhere")
    assert found.beta_btc == pytest.approx(1, rel=1e-15)


# Correlations


def test_linear_correlations_are_those_of_a_table_of_returns(window: Window) -> None:
    assert statistics.correlations(window, "somewhere").matrix == pytest.approx(
        frame(window).corr().to_numpy(), rel=1e-12
    )


def test_correlations_are_symmetric_to_the_last_digit_with_a_unit_diagonal(window: Window) -> None:
    found = statistics.correlations(window, "somewhere")
    assert np.array_equal(found.matrix, found.matrix.T)
    assert set(found.matrix.diagonal()) == {1.0}
    assert (found.symbols, found.window) == (window.tokens, f"{window.since} to {YESTERDAY}")


# Funding


def test_a_funding_distribution_by_hand() -> None:
    found = statistics.funding("binance", payments(np.arange(101) * 1e-5, 4), TODAY)
    assert (found.venue, found.interval_hours, found.payments) == ("binance", 4, 101)
    assert (found.since, found.as_of) == ("2026-11-05", "2026-11-22")
    assert [
        found.lowest,
        found.percentile_1,
        found.median,
        found.mean,
        found.percentile_99,
        found.highest,
    ] == (pytest.approx([0, 1e-5, 50e-5, 50e-5, 99e-5, 100e-5]))


def test_percentiles_lie_between_two_payments_in_proportion() -> None:
    found = statistics.funding("binance", payments(np.arange(121) * 1e-5), TODAY)
    assert (found.percentile_1, found.percentile_99) == (
        pytest.approx(1.2e-5),
        pytest.approx(118.8e-5),
    )


def joined(*parts: FundingHistory) -> FundingHistory:
    return FundingHistory(
        np.concatenate([part.times for part in parts]),
        np.concatenate([part.rates for part in parts]),
    )


def test_only_payments_since_the_interval_last_changed_are_counted() -> None:
    now = payments(np.full(100, 1e-4), 4)
    before = payments(np.full(100, 9e-4), 8)
    earlier = FundingHistory(
        before.times - before.times[-1] + now.times[0] - 4 * HOUR, before.rates
    )
    found = statistics.funding("binance", joined(earlier, now), TODAY)
    # The last of the old ones opens the first interval of the new length.
    assert (found.payments, found.interval_hours, found.highest) == (100, 4, 1e-4)


def test_the_first_payment_after_a_longer_interval_is_still_for_that_one() -> None:
    now = payments(np.full(100, 1e-4), 4)
    before = FundingHistory(np.array([now.times[0] - 8 * HOUR]), np.array([9e-4]))
    found = statistics.funding("binance", joined(before, now), TODAY)
    assert (found.payments, found.highest) == (99, 1e-4)


def test_payments_a_few_milliseconds_late_are_at_their_hour() -> None:
    held = payments(np.full(100, 1e-4))
    late = FundingHistory(held.times + np.arange(100) % 7, held.rates)
    assert statistics.funding("binance", late, TODAY).payments == 100


@pytest.mark.parametrize(
    ("history", "message"),
    [
        pytest.param(
            payments(np.zeros(89)),
            "has 89 funding payments at one interval, 90 are needed",
            id="few",
        ),
        pytest.param(payments(np.zeros(0)), "has 0 funding payments", id="none"),
        pytest.param(payments(np.zeros(1)), "has 1 funding payments", id="one"),
        pytest.param(
            joined(
                FundingHistory(payments(np.zeros(200), 4).times - 10 * DAY, np.zeros(200)),
                payments(np.zeros(50), 4),
            ),
            "has 49 funding payments",
            id="few since a hole",
        ),
        pytest.param(
            payments(np.zeros(200), 8, TODAY - timedelta(days=3)),
            "was last paid funding on 2026-11-19",
            id="past",
        ),
    ],
)
def test_a_funding_history_that_tells_too_little_is_refused(
    history: FundingHistory, message: str
) -> None:
    with pytest.raises(FieldError, match=f"^{message}"):
        statistics.funding("binance", history, TODAY)


def test_a_payment_of_the_day_before_yesterday_is_recent() -> None:
    held = payments(np.zeros(100), 8, TODAY - timedelta(days=2))
    assert statistics.funding("binance", held, TODAY).as_of == "2026-11-20"
