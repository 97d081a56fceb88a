"""The sentence that matters: what it says is what the figures say."""

from dataclasses import replace

import pytest

from margin.market import snapshot
from margin.presets import presets
from margin.scenario import Scenario
from margin.studies.assess import assess
from margin.studies.distances import at_move
from margin.studies.verdict import status, verdict


def said(scenario: Scenario) -> str:
    return verdict(scenario, assess(scenario))


def pledged(**more: object) -> Scenario:
    """RENDER long with BTC pledged, on Binance unless told otherwise."""
    document = {
        "version": 1,
        "venue": "binance",
        "margin_mode": "cross",
        "wallet_balance": 2_000,
        "positions": [{"symbol": "RENDER", "side": "long", "quantity": 28_571.43, "entry_price": 1.75, "leverage": 10}],
        "marks": {"RENDER": 1.75, "BTC": 71_202.9},
        "collateral": [{"asset": "BTC", "amount": 0.1, "ratio": 0.95}],
        **more,
    }
    return snapshot.attach(Scenario.from_json(document))


def test_the_worked_example_reads_as_promised() -> None:
    assert said(presets()["pair"].scenario) == (
        "If RENDER and FET fall 9.47 % together, the whole account is liquidated. "
        "Alone, RENDER would have to fall 17.04 %, FET 21.30 %."
    )


def test_pledged_tokens_fall_with_the_rest_and_are_named() -> None:
    assert said(pledged()).startswith("If RENDER and BTC fall 14.06 % together, the whole account is liquidated.")
    assert "Alone, RENDER would have to fall 16.00 %" in said(pledged())


def test_the_beta_of_pledged_tokens_is_named() -> None:
    sentence = said(pledged(betas={"BTC": 0.5}))
    assert sentence.startswith("If the market falls 14.97 % (RENDER as much, BTC 0.5 times that)")


def test_pledged_tokens_that_do_not_count_are_not_named() -> None:
    assert said(pledged(venue="hyperliquid", wallet_balance=8_000)).startswith("If RENDER falls ")


def test_a_lost_isolated_position_loses_its_margin_and_no_more() -> None:
    scenario = at_move(presets()["isolated"].scenario, -1.0)
    assert said(scenario) == (
        "RENDER long and FET long are liquidated at these marks: the isolated margin, $9,000.00, is lost, and no more."
    )
    assert any("as if still open" in each for each in assess(scenario).assumptions)


def test_in_isolated_mode_the_sides_of_a_hedge_are_told_apart() -> None:
    scenario = presets()["isolated"].scenario
    hedge = replace(scenario, positions=(scenario.positions[0], replace(scenario.positions[0], side="short")))
    sentence = said(hedge)
    assert "RENDER long" in sentence
    assert "RENDER short" in sentence


@pytest.mark.parametrize("venue", ["okx", "textbook", "binance"])
def test_an_account_of_which_nothing_is_required_is_below_warning(venue: str) -> None:
    short = pledged(venue=venue, collateral=[])
    short = replace(short, positions=(replace(short.positions[0], side="short"),))
    fallen = at_move(short, -1.0)
    assert status(fallen, assess(fallen)) == "below warning"


def test_a_price_beyond_the_last_tier_is_named_as_an_assumption() -> None:
    scenario = pledged(wallet_balance=300e6, collateral=[])
    short = replace(scenario, positions=(replace(scenario.positions[0], side="short", quantity=3e6),))
    assert any("beyond RENDER's last tier" in each for each in assess(short).assumptions)
