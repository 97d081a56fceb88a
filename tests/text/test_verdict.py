"""The sentence that matters: what it says is what the figures say."""

from dataclasses import replace

import pytest

from margin.examples import presets
from margin.market.snapshot import embedded as snapshot
from margin.messages import message
from margin.model.scenario import Scenario
from margin.studies.account.assess import assess
from margin.studies.distance.directions import against, nearest_danger, study, together
from margin.studies.distance.distances import at_move
from margin.text.verdict import status, verdict


def said(scenario: Scenario) -> str:
    return verdict(scenario)


def pledged(**more: object) -> Scenario:
    """RENDER long with BTC pledged, on Binance unless told otherwise."""
    document = {
        "version": 1,
        "venue": "binance",
        "margin_mode": "cross",
        "wallet_balance": 2_000,
        "positions": [
            {
                "symbol": "RENDER",
                "side": "long",
                "quantity": 28_571.43,
                "entry_price": 1.75,
                "leverage": 10,
            }
        ],
        "marks": {"RENDER": 1.75, "BTC": 71_202.9},
        "collateral": [{"asset": "BTC", "amount": 0.1, "ratio": 0.95}],
        **more,
    }
    return snapshot.attach(Scenario.from_json(document))


def test_the_worked_example_reads_as_promised() -> None:
    assert said(presets()["pair"].scenario) == (
        "If RENDER and FET fall 9.47% together, the whole account is liquidated. "
        "Alone, RENDER would have to fall 17.04%, FET 21.30%."
    )


def test_pledged_tokens_fall_with_the_rest_and_are_named() -> None:
    assert said(pledged()).startswith(
        "If RENDER and BTC fall 14.06% together, the whole account is liquidated."
    )
    assert "Alone, RENDER would have to fall 16.00%" in said(pledged())


def test_the_beta_of_pledged_tokens_is_named() -> None:
    sentence = said(pledged(betas={"BTC": 0.5}))
    assert sentence.startswith("If the market falls 14.97% (RENDER as much, BTC 0.5 times that)")


def test_pledged_tokens_that_do_not_count_are_not_named() -> None:
    assert said(pledged(venue="hyperliquid", wallet_balance=8_000)).startswith("If RENDER falls ")


def test_a_lost_isolated_position_loses_its_margin_and_no_more() -> None:
    scenario = at_move(presets()["isolated"].scenario, -1.0)
    assert said(scenario) == (
        "RENDER long and FET long are liquidated at these marks: the isolated margin, $9,000.00, "
        "is lost, and no more."
    )
    assert any("as if still open" in each for each in map(message, assess(scenario).assumptions))


def test_in_isolated_mode_the_sides_of_a_hedge_are_told_apart() -> None:
    scenario = presets()["isolated"].scenario
    hedge = replace(
        scenario, positions=(scenario.positions[0], replace(scenario.positions[0], side="short"))
    )
    sentence = said(hedge)
    assert "RENDER long" in sentence
    assert "RENDER short" in sentence


@pytest.mark.parametrize("venue", ["okx", "textbook", "binance"])
def test_an_account_of_which_nothing_is_required_is_below_warning(venue: str) -> None:
    short = pledged(venue=venue, collateral=[])
    short = replace(short, positions=(replace(short.positions[0], side="short"),))
    fallen = at_move(short, -1.0)
    assert status(fallen) == "safe"


def test_a_price_beyond_the_last_tier_is_named_as_an_assumption() -> None:
    scenario = pledged(wallet_balance=300e6, collateral=[])
    short = replace(
        scenario, positions=(replace(scenario.positions[0], side="short", quantity=3e6),)
    )
    assert any(
        "beyond RENDER's last tier" in each for each in map(message, assess(short).assumptions)
    )


# Longs and shorts moving apart


def held(*positions: tuple[str, str, float], **more: object) -> Scenario:
    """Positions of these notionals at $10,000 on Binance unless told otherwise.

    What stands alone has a tenth of it.
    """
    marks = {"RENDER": 1.75, "FET": 0.2231, "TAO": 250.0, "BTC": 71_202.9}
    listed = [
        {
            "symbol": symbol,
            "side": side,
            "quantity": notional / marks[symbol],
            "entry_price": marks[symbol],
            "leverage": 10,
            **({"isolated_margin": notional / 10} if more.get("margin_mode") == "isolated" else {}),
        }
        for symbol, side, notional in positions
    ]
    return pledged(
        **{"wallet_balance": 10_000, "positions": listed, "marks": marks, "collateral": [], **more}
    )


LONG_SHORT = (("RENDER", "long", 50_000), ("FET", "short", 40_000))
FOUR = (*LONG_SHORT, ("TAO", "long", 30_000), ("BTC", "short", 30_000))


@pytest.mark.parametrize(
    ("scenario", "ways"),
    [
        (held(*LONG_SHORT), "RENDER down, FET up"),
        (held(*FOUR[:3]), "RENDER and TAO down, FET up"),
        (held(*FOUR), "longs down, shorts up"),
        (held(*LONG_SHORT, betas={"FET": 0.5}), "RENDER down, FET up"),
        (held(*LONG_SHORT, venue="hyperliquid"), "RENDER down, FET up"),
        (held(*LONG_SHORT, venue="textbook"), "RENDER down, FET up"),
        (
            held(
                ("RENDER", "short", 50_000),
                collateral=[{"asset": "BTC", "amount": 0.1, "ratio": 0.95}],
            ),
            "BTC down, RENDER up",
        ),
    ],
)
def test_a_move_apart_that_is_nearer_than_the_common_one_is_told(
    scenario: Scenario, ways: str
) -> None:
    nearest = nearest_danger(study(scenario, [together(scenario), against(scenario)], ()))
    assert nearest is not None
    assert nearest.direction.key == "against"
    assert nearest.nearest is not None
    clause = f"is liquidated. Moving apart ({ways}), {-nearest.nearest * 100:.2f}% each is enough."
    assert clause in said(scenario)


def test_a_move_apart_is_told_from_the_marks_of_now() -> None:
    assert "% each from here is enough." in said(at_move(held(*LONG_SHORT), -0.05))


@pytest.mark.parametrize(
    "scenario",
    [
        held(("RENDER", "long", 50_000), ("FET", "long", 40_000)),
        held(("RENDER", "short", 50_000), ("FET", "short", 40_000)),
        held(("RENDER", "long", 50_000), ("RENDER", "short", 50_000)),
        held(*LONG_SHORT, margin_mode="isolated"),
        held(*LONG_SHORT, wallet_balance=95_000),
        replace(held(*LONG_SHORT), positions=()),
        held(*LONG_SHORT, wallet_balance=500),
    ],
    ids=["longs", "shorts", "a hedge", "isolated", "rich", "empty", "liquidated"],
)
def test_nothing_is_said_of_a_move_apart_that_is_no_nearer_or_does_nothing(
    scenario: Scenario,
) -> None:
    assert "Moving apart" not in said(scenario)


# Tokens alone


def test_each_change_of_way_is_said() -> None:
    assert "RENDER would have to fall 16.22%, FET rise 19.49%, TAO fall 26.90%." in said(
        held(*FOUR[:3])
    )


def test_one_that_is_not_named_lies_further_off() -> None:
    assert said(held(*FOUR)).endswith("; 1 more lies further off.")


def test_a_rise_beyond_what_common_moves_are_looked_for_is_not_told() -> None:
    far = held(("RENDER", "long", 50_000), ("FET", "short", 5))
    assert max(price.above or 0 for price in assess(far).liquidation_prices) > 11 * 0.2231
    assert "FET" not in said(far).partition("Alone")[2]


def test_where_every_rise_lies_beyond_that_it_is_said_how_far_was_looked() -> None:
    shorts = held(("RENDER", "short", 5), ("FET", "short", 5))
    assert said(shorts).endswith("No token could do it alone, up to +1,000%.")


def test_what_lacks_less_than_a_cent_is_not_said_to_lack_nothing() -> None:
    scenario = held(("RENDER", "long", 50_000), ("FET", "long", 40_000))
    lacking = replace(scenario.account, wallet_balance=assess(scenario).requirement - 0.002)
    assert "equity is less than a cent below what Binance requires" in said(
        replace(scenario, account=lacking)
    )
