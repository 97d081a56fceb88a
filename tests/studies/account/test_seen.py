"""What the maker of a link saw, and when its receiver is told that it no longer reproduces."""

from math import inf, nextafter
from typing import Any

import pytest

from margin.market.snapshot import embedded as snapshot
from margin.model.link import decode, encode, parse
from margin.model.scenario import Scenario, Seen
from margin.studies.account.assess import assess
from margin.studies.account.seen import Difference, changed, differences, with_seen


def scenario(**changes: Any) -> Scenario:
    """A long on Binance, beside the snapshot's tables; not yet seen by anybody."""
    leg = {
        "symbol": "RENDER",
        "side": "long",
        "quantity": 20_000,
        "entry_price": 1.75,
        "leverage": 10,
    }
    account = {"version": 1, "venue": "binance", "margin_mode": "cross", "wallet_balance": 10_000}
    return snapshot.attach(
        Scenario.from_json({**account, "positions": [leg], "marks": {"RENDER": 1.75}, **changes})
    )


def told(seen: tuple[float | None, float | None], equity: float, ratio: float | None) -> list[str]:
    """The names of the figures that the receiver is told of."""
    return [difference.figure for difference in changed(Seen(*seen), Seen(equity, ratio))]


# What the maker saw


def test_the_maker_sees_the_margin_balance_and_the_venues_ratio() -> None:
    assert with_seen(scenario(marks={"RENDER": 1.5})).seen == Seen(
        5_000, (0.02 * 30_000 - 75) / 5_000
    )


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        pytest.param({"positions": []}, Seen(10_000, None), id="without positions"),
        pytest.param({"marks": {"RENDER": 1}}, Seen(-5_000, None), id="after the account is lost"),
        pytest.param(
            {"venue": "okx", "wallet_balance": 0, "positions": []},
            Seen(0, None),
            id="with nothing at all",
        ),
        pytest.param(
            {
                "positions": [
                    {"symbol": "X", "side": "long", "quantity": 1, "entry_price": 1, "leverage": 1}
                ],
                "marks": {"X": 2},
            },
            Seen(10_001, None),
            id="of a token without tiers",
        ),
    ],
)
def test_there_may_be_no_ratio_to_see(changes: dict[str, Any], seen: Seen) -> None:
    assert with_seen(scenario(**changes)).seen == seen


def test_what_was_seen_before_is_seen_anew() -> None:
    assert (
        with_seen(scenario(seen={"equity": 1, "margin_ratio": 1})).seen
        == with_seen(scenario()).seen
    )


def test_the_date_is_that_of_the_venues_tables_where_they_are_all_it_uses() -> None:
    assert with_seen(scenario()).market.tiers_as_of == "2026-09-29"
    assert with_seen(scenario(tiers_as_of="2020-01-01")).market.tiers_as_of == "2026-09-29"
    assert with_seen(scenario(venue="textbook")).market.tiers_as_of is None


@pytest.mark.parametrize("date", ["2020-01-01", None])
def test_the_date_of_a_scenarios_own_tables_stays(date: str | None) -> None:
    own = scenario(tiers={"RENDER": [{"floor": 0, "maintenance_rate": 0.01}]}, tiers_as_of=date)
    assert with_seen(own).market.tiers_as_of == date


def test_nothing_else_of_the_scenario_changes() -> None:
    before, after = (
        scenario(title="a", note="b").to_json(),
        with_seen(scenario(title="a", note="b")).to_json(),
    )
    assert {
        key: value for key, value in after.items() if key not in {"seen", "tiers_as_of"}
    } == before


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"marks": {"RENDER": 1e14}}, id="a margin balance above 1e15"),
        pytest.param({"wallet_balance": 1e-13}, id="a margin ratio above 1e15"),
    ],
)
def test_every_account_that_has_figures_has_something_to_see(changes: dict[str, Any]) -> None:
    whole = scenario(**changes)
    assert assess(whole).equity > 0
    assert with_seen(whole).seen is not None


# What the receiver is told


def test_a_scenario_that_nobody_saw_has_nothing_to_differ_from() -> None:
    assert differences(scenario()) == []


def test_a_link_that_reproduces_tells_nothing() -> None:
    sent = encode(with_seen(scenario())).query
    opened = snapshot.attach(decode(parse(sent)).scenario)
    assert differences(opened) == []


def test_a_link_whose_marks_were_edited_tells_what_was_seen_and_what_is_now() -> None:
    sent = encode(with_seen(scenario())).query.replace("marks=RENDER_1.75", "marks=RENDER_1.5")
    opened = snapshot.attach(decode(parse(sent)).scenario)
    assert differences(opened) == [
        Difference("equity", 10_000, 5_000),
        Difference("margin_ratio", 0.0625, 0.105),
    ]


@pytest.mark.parametrize("sign", [1, -1], ids=["gains", "losses"])
@pytest.mark.parametrize(
    ("smaller", "expected"),
    [
        pytest.param(100.0, [], id="the same"),
        pytest.param(nextafter(99.0, inf), [], id="just inside one per cent"),
        pytest.param(99.0, [], id="one per cent"),
        pytest.param(nextafter(99.0, -inf), ["equity"], id="just beyond one per cent"),
        pytest.param(0.0, ["equity"], id="all of it"),
    ],
)
def test_a_margin_balance_is_told_beyond_one_per_cent_whichever_way_it_moved(
    sign: int, smaller: float, expected: list[str]
) -> None:
    assert told((sign * 100.0, None), sign * smaller, None) == expected
    assert told((sign * smaller, None), sign * 100.0, None) == expected


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [
        pytest.param(0.16, [], id="the same"),
        pytest.param(0.1616, [], id="just inside one per cent"),
        pytest.param(0.1617, ["margin_ratio"], id="just beyond one per cent"),
        pytest.param(-0.16, ["margin_ratio"], id="the other sign"),
    ],
)
def test_a_margin_ratio_is_told_beyond_one_per_cent(ratio: float, expected: list[str]) -> None:
    assert told((50.0, 0.16), 50.0, ratio) == expected
    assert told((50.0, ratio), 50.0, 0.16) == expected


@pytest.mark.parametrize(
    ("seen", "ratio", "expected"),
    [
        pytest.param(None, None, [], id="none then, none now"),
        pytest.param(None, 0.1, ["margin_ratio"], id="none then, one now"),
        pytest.param(0.1, None, ["margin_ratio"], id="one then, none now"),
        pytest.param(0.0, None, ["margin_ratio"], id="0 is not none"),
        pytest.param(0.0, 0.0, [], id="0 then, 0 now"),
        pytest.param(0.0, 1e-30, ["margin_ratio"], id="0 then, anything now"),
    ],
)
def test_a_ratio_that_came_or_went_is_told(
    seen: float | None, ratio: float | None, expected: list[str]
) -> None:
    assert told((50.0, seen), 50.0, ratio) == expected


def test_a_margin_balance_that_the_maker_did_not_state_is_told() -> None:
    assert told((None, None), 50.0, None) == ["equity"]


def test_both_figures_are_told_in_one_order() -> None:
    assert told((1.0, 0.1), 2.0, 0.2) == ["equity", "margin_ratio"]
