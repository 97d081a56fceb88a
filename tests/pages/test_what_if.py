"""The What-if page as a person uses it: what they do, and what the page then says."""

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from margin import formatting as wording
from margin.errors import FieldError
from margin.examples import Preset, presets
from margin.market.snapshot import embedded as snapshot
from margin.messages import message
from margin.model.scenario import MOST_POSITIONS, Collateral, Levels, Position, Scenario
from margin.studies.account.advice import survive
from margin.studies.account.assess import assess
from margin.studies.distance.directions import together
from margin.studies.distance.distances import at_move
from margin.studies.stress.outcome import worth
from margin.text.advice import in_words
from margin.text.verdict import verdict
from pages.ui.shell import PAGES
from pages.ui.stress_tests.sections import RULES
from pages.ui.what_if.share import read_upload
from tests.pages.visitor import (
    ARITHMETIC,
    FIGURES,
    SHARE,
    TIERS,
    WORKED_EXAMPLE,
    Visitor,
    address,
    document,
    read,
    scenario,
)

FALL_OF_5 = {"RENDER": 1.75 * 0.95, "FET": 0.2231 * 0.95}
TAO = {
    "Token": "TAO",
    "Side": "long",
    "Size": 20.0,
    "Unit": "tokens",
    "Entry": 250.0,
    "Leverage": 10.0,
}


def of_example(quantity: float = 50_000 / 1.75, **changes: object) -> Position:
    """The worked example's RENDER position, changed."""
    return replace(Position("RENDER", "long", quantity, 1.75, 10.0), **changes)  # type: ignore[arg-type]


FET = Position("FET", "long", 40_000 / 0.2231, 0.2231, 10.0)


def said_of(expected: Scenario) -> str:
    """The sentence that a scenario deserves."""
    return verdict(expected)


# Landing


def test_a_newcomer_lands_on_the_worked_example_and_its_sentence() -> None:
    visitor = Visitor()
    assert visitor.sentence == WORKED_EXAMPLE
    assert visitor.status == "Safe"
    assert [each["Token"] for each in visitor.rows("positions")] == ["RENDER", "FET"]
    assert visitor.chart_title() == "A joint fall of 9.47% liquidates the account"
    assert (visitor.errors, visitor.warnings, visitor.news) == ([], [], [])


def test_the_answer_is_one_figure_and_three_more_stand_as_the_baseline() -> None:
    visitor = Visitor()
    assert visitor.headline == "−9.47% together liquidates your whole account"
    assert {each.label: visitor.metric(each.label) for each in visitor.at.metric} == {
        "Margin used": "16.50%",
        "Margin balance": "$10,000.00",
        "Available": "$1,000.00",
    }
    assert {visitor.before(each.label) for each in visitor.at.metric} == {"unchanged"}


def test_an_untouched_page_writes_no_address() -> None:
    visitor = Visitor()
    assert visitor.query == {}
    visitor.unfold(FIGURES, ARITHMETIC, SHARE).run()
    assert visitor.query == {}


def test_the_dates_of_marks_and_tiers_stand_beside_the_sentence() -> None:
    marks, tiers = snapshot.marks_as_of(), snapshot.tables("binance").as_of
    expected = f"The snapshot's marks ({marks}) are 6 months older than Binance's tiers ({tiers})."
    visitor = Visitor()
    assert visitor.small_print.endswith(expected)
    assert (
        f"Marks: snapshot of {marks} · tiers: snapshot of {tiers}" in visitor.at.markdown[0].value
    )


def test_shocks_that_a_link_carries_are_said_to_have_no_part_in_the_figures_and_where_they_are() -> (
    None
):
    shocked = Visitor(address(shocks={"maintenance": 2}))
    assert shocked.small_print.endswith(
        "This scenario includes shocks. They don't affect this page: see “Stress tests”, under "
        f"“{RULES}”."
    )
    assert "Stress tests" in PAGES
    assert shocked.sentence == WORKED_EXAMPLE
    assert "shocks" not in Visitor().small_print


def test_every_chart_says_in_words_what_it_shows() -> None:
    visitor = Visitor()
    for index in range(3):
        assert visitor.chart(index)["data"]
        assert visitor.chart_alt(index).startswith(visitor.chart_title(index))


def test_the_folded_parts_hold_every_figure_and_its_arithmetic() -> None:
    visitor = Visitor().unfold(FIGURES, ARITHMETIC)
    shown = {
        row["Figure"]: (row["Baseline"], row["Now"]) for row in visitor.static_table("Baseline")
    }
    assert shown["Requirement"] == ("$1,650.00", "$1,650.00")
    assert shown["Effective leverage"] == ("9.00×", "9.00×")
    assert [row["Position"] for row in visitor.static_table("Position")] == [
        "RENDER long",
        "FET long",
    ]
    results = {row["Result"] for row in visitor.static_table("Formula")}
    assert {"$10,000.00", "$1,650.00", "16.50%"} <= results


# Examples


@pytest.mark.parametrize("preset", presets().values(), ids=presets())
def test_an_example_opens_with_its_lesson_and_is_compared_with_its_baseline(preset: Preset) -> None:
    visitor = Visitor().press(preset.name)
    assert visitor.small_print.startswith(preset.lesson)
    assert visitor.sentence == said_of(preset.scenario)
    assert (visitor.errors, visitor.warnings, visitor.news) == ([], [], [])
    visitor.unfold(FIGURES)
    shown = {
        row["Figure"]: (row["Baseline"], row["Now"]) for row in visitor.static_table("Baseline")
    }
    now, before = assess(preset.scenario), assess(preset.baseline)
    for name, text in (("Initial margin", "initial_margin"), ("Requirement", "requirement")):
        expected = tuple(f"${getattr(account, text):,.2f}" for account in (before, now))
        assert shown[name] == expected


def test_the_lesson_on_leverage_shows_ratio_and_distance_unchanged_and_more_available() -> None:
    visitor = Visitor().press("Lesson: leverage changes nothing")
    assert visitor.before("Margin used") == "unchanged"
    assert visitor.headline.startswith("−20.98% together")
    assert visitor.before("Available") == "was $1,000.00"
    assert visitor.metric("Available") == "$7,750.00"


def test_an_example_is_in_the_address_and_leaving_it_by_back_leads_to_the_worked_example() -> None:
    visitor = Visitor().press("An AI basket")
    basket = presets()["basket"].scenario
    assert visitor.linked.positions == basket.positions
    visitor.go("")
    assert visitor.sentence == WORKED_EXAMPLE
    assert visitor.small_print.startswith(presets()["pair"].lesson)
    assert visitor.query == {}


def test_a_lesson_is_not_told_of_another_account() -> None:
    visitor = (
        Visitor()
        .press("Lesson: leverage changes nothing")
        .edit("positions", {0: {"Size": 20_000.0}})
    )
    assert presets()["leverage"].lesson not in visitor.small_print


# Venue and margin mode


@pytest.mark.parametrize("venue", ["hyperliquid", "textbook"])
def test_another_venue_brings_its_tiers_fee_and_ratio(venue: str) -> None:
    visitor = Visitor().enter("venue", venue)
    expected = scenario(venue=venue)
    assert visitor.sentence == said_of(expected) != WORKED_EXAMPLE
    assert visitor.linked.account == expected.account
    shown = {row["Figure"]: row["Now"] for row in visitor.unfold(FIGURES).static_table("Now")}
    assert (
        shown["Maintenance margin"] == f"${assess(expected).maintenance_margin:,.2f}" != "$1,650.00"
    )


def test_a_change_of_venue_says_what_changed() -> None:
    [news] = Visitor().enter("venue", "hyperliquid").news
    old, new = (snapshot.tables(venue).as_of for venue in ("binance", "hyperliquid"))
    assert news.startswith(
        f"Binance → Hyperliquid: tiers as of {new} (before: as of {old}); taker fee 0.045%"
    )
    assert "(before: 0.05%, the venue's)" in news
    assert "the venue's ratio rises and liquidates at 100.00%" in news


def test_news_of_the_venue_goes_with_the_next_edit() -> None:
    visitor = Visitor().enter("venue", "hyperliquid")
    assert visitor.run().news
    assert visitor.slide(-0.05).news == []


def test_back_at_the_first_venue_the_figures_are_the_first_ones() -> None:
    visitor = Visitor().enter("venue", "textbook").enter("venue", "binance")
    assert visitor.sentence == WORKED_EXAMPLE


@pytest.mark.parametrize(("venue", "name"), [("okx", "OKX"), ("bybit", "Bybit")])
def test_a_token_that_is_not_listed_there_stays_in_the_table_with_its_problem(
    venue: str, name: str
) -> None:
    visitor = Visitor().enter("venue", venue)
    assert [each["Token"] for each in visitor.rows("positions")] == ["RENDER", "FET"]
    assert visitor.linked.positions == (of_example(), FET)
    [problem] = visitor.row_faults
    assert problem.startswith(f"FET is not listed on {name}")
    assert "no tier table for FET there" in visitor.news[0]
    assert visitor.warnings[0].startswith(
        f"FET has no tier table at {name}: the figures here leave"
    )
    assert visitor.linked.positions == (of_example(), FET)
    without = scenario(venue=venue, positions=document()["positions"][:1])
    assert visitor.sentence == said_of(without)
    assert visitor.metric("Margin used") == wording.percent(assess(without).requirement_to_equity)
    assert visitor.result(0)["liquidation"] != "–"


def test_where_no_token_is_listed_nothing_can_be_told() -> None:
    visitor = Visitor(address(positions=document()["positions"][1:])).enter("venue", "okx")
    assert visitor.sentence.startswith("No distance can be told: FET is not listed on OKX as seen ")
    assert (visitor.status, visitor.metric("Margin used")) == ("Unknown", "–")


def test_without_the_unlisted_token_the_venue_answers() -> None:
    visitor = Visitor().enter("venue", "okx").at_row(1).press("Remove")
    assert visitor.errors == []
    assert visitor.sentence == said_of(scenario(venue="okx", positions=document()["positions"][:1]))


def test_tier_tables_of_another_kind_are_left_out_and_that_is_told() -> None:
    own = {
        "RENDER": [{"floor": 0, "maintenance_rate": 0.1}],
        "FET": [{"floor": 0, "maintenance_rate": 0.1}],
    }
    visitor = Visitor(address(tiers=own))
    assert visitor.enter("venue", "hyperliquid").linked.market.tiers
    visitor.enter("venue", "okx")
    assert "the scenario's own tier tables are of another kind and were left out" in visitor.news[0]
    assert not visitor.linked.market.tiers


def test_isolated_margin_is_told_as_the_first_position_lost() -> None:
    visitor = Visitor().enter("mode", "isolated")
    assert visitor.sentence == said_of(scenario(margin_mode="isolated"))
    assert "the first position is liquidated" in visitor.sentence
    visitor.edit("positions", {0: {"Margin": 6_000.0}})
    assert visitor.linked.positions == (of_example(isolated_margin=6_000.0), FET)
    assert visitor.enter("mode", "cross").sentence == WORKED_EXAMPLE


def test_isolated_mode_with_too_small_a_wallet_is_refused_and_everything_else_stays() -> None:
    visitor = Visitor().enter("wallet", 5_000.0)
    before = visitor.sentence
    visitor.enter("mode", "isolated")
    assert visitor.errors == [
        "wallet_balance: must cover the isolated margins, 9000 in all, got 5000. The figures stay "
        "as they were."
    ]
    assert visitor.sentence == before
    assert visitor.linked.account.margin_mode == "cross"
    visitor.enter("wallet", 9_500.0)
    assert visitor.errors == []
    assert "the first position is liquidated" in visitor.sentence


# Account settings


@pytest.mark.parametrize("balance", [0.0, -500.0, 1e15])
def test_the_wallet_balance_is_what_is_entered(balance: float) -> None:
    visitor = Visitor().enter("wallet", balance)
    assert visitor.linked.account.wallet_balance == balance
    assert visitor.sentence == said_of(scenario(wallet_balance=balance))


def test_a_wallet_beyond_all_measure_is_refused_in_a_sentence() -> None:
    visitor = Visitor().enter("wallet", 2e15)
    assert visitor.errors == [
        "wallet_balance: must be at most 1e15 in size, got 2000000000000000.0. The figures stay as "
        "they were."
    ]
    assert visitor.sentence == WORKED_EXAMPLE


def test_an_emptied_wallet_keeps_the_figures() -> None:
    visitor = Visitor().enter("wallet", None)
    assert visitor.sentence == WORKED_EXAMPLE
    assert visitor.field("wallet").value == 10_000


def test_levels_and_fee_are_kept_in_the_link() -> None:
    visitor = Visitor().enter("warning", 15.0).enter("danger", 60.0).enter("fee", 0.02)
    assert visitor.linked.levels == Levels(0.15, 0.6)
    assert visitor.linked.account.taker_fee == 0.0002
    assert visitor.status == "Warning"
    receiver = Visitor(visitor.query)
    assert [receiver.field(name).value for name in ("warning", "danger", "fee")] == [
        15.0,
        60.0,
        0.02,
    ]


def test_an_emptied_fee_is_the_venues_again() -> None:
    visitor = Visitor().enter("fee", 0.02).enter("fee", None)
    assert visitor.linked.account.taker_fee is None


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("warning", 90.0, "danger: must be above the warning level, 0.9, got 0.8"),
        ("danger", 100.0, "danger: must be a number above 0 and below 1, got 1"),
        ("fee", -1.0, "taker_fee: must be a number of at least 0 and below 1, got -0.01"),
    ],
)
def test_a_level_or_fee_out_of_range_is_told_and_changes_nothing(
    field: str, value: float, fault: str
) -> None:
    visitor = Visitor().enter(field, value)
    assert visitor.errors == [f"{fault}. The figures stay as they were."]
    assert visitor.field(field).value == value
    assert visitor.query == {}


def test_the_textbook_account_has_a_maintenance_fraction_of_its_own() -> None:
    visitor = Visitor().enter("venue", "textbook").enter("fraction", 2.0)
    assert visitor.linked.account.margin_fraction == 0.02
    assert visitor.sentence == said_of(
        scenario(venue="textbook", textbook={"margin_fraction": 0.02})
    )


# Common move


def test_the_slider_moves_marks_figures_and_chart_and_says_where_it_came_from() -> None:
    visitor = Visitor().slide(-0.05)
    assert visitor.linked.market.marks == pytest.approx(FALL_OF_5, rel=1e-12)
    assert visitor.linked.market.baseline_marks == {"RENDER": 1.75, "FET": 0.2231}
    assert visitor.metric("Margin balance") == "$5,500.00"
    assert visitor.before("Margin balance") == "was $10,000.00"
    assert "from here" in visitor.sentence
    assert visitor.sentence == said_of(
        scenario(marks=FALL_OF_5, baseline_marks=document()["marks"])
    )
    assert "a further 4.70%" in visitor.chart_title()


def test_the_slider_back_at_zero_leaves_nothing_behind() -> None:
    visitor = Visitor().slide(-0.05).slide(0.25).slide(0.0)
    assert visitor.sentence == WORKED_EXAMPLE
    assert visitor.linked.market.marks == document()["marks"]
    assert visitor.linked.market.baseline_marks == {}


def test_the_slider_goes_all_the_way_down_and_comes_back() -> None:
    visitor = Visitor().slide(-1.0)
    assert visitor.linked.market.marks == {"RENDER": 0.0, "FET": 0.0}
    assert visitor.errors == []
    assert visitor.run().linked.market.marks == {"RENDER": 0.0, "FET": 0.0}
    assert visitor.slide(-0.5).linked.market.marks == pytest.approx(
        {"RENDER": 0.875, "FET": 0.11155}
    )
    assert visitor.slide(0.0).sentence == WORKED_EXAMPLE


def test_to_the_brink_is_exactly_the_liquidation_point() -> None:
    visitor = Visitor().press("Move to liquidation")
    assert visitor.sentence.startswith("The account is at the liquidation point")
    assert visitor.status == "At the liquidation point"
    assert visitor.metric("Margin used") == "100.00%"
    assert visitor.chart_title() == "At the liquidation point"
    assert assess(snapshot.attach(visitor.linked)).headroom == pytest.approx(0, abs=1e-6)
    assert visitor.field("move").value == pytest.approx(assess(scenario()).joint_move.down)


def test_a_loss_beyond_the_account_is_said_to_be_the_insurance_funds() -> None:
    visitor = Visitor().slide(-0.3)
    assert visitor.metric("Margin balance") == "$0.00"
    assert "the other $17,000.00 would be borne by the insurance fund" in visitor.news[0]


def test_an_isolated_liquidation_takes_the_positions_margin_and_no_more() -> None:
    visitor = Visitor().enter("mode", "isolated").slide(-0.2)
    assert "$9,000.00, is lost, and no more" in visitor.sentence
    assert visitor.metric("Margin balance") == visitor.metric("Available") == "$1,000.00"


def test_an_account_with_unknown_tiers_loses_no_more_than_its_margins_either() -> None:
    example = scenario(venue="bybit", margin_mode="isolated")
    assert worth(at_move(example, -0.2)) == pytest.approx(1_000)
    visitor = Visitor().enter("venue", "bybit").enter("mode", "isolated").slide(-0.2)
    assert visitor.metric("Margin balance") == "$5,000.00"


def test_a_row_shows_where_a_move_took_its_mark() -> None:
    visitor = Visitor()
    assert visitor.result(0)["moved"] == ""
    assert visitor.slide(-0.1).result(0)["moved"] == "→ 1.5750"


def test_a_row_that_cannot_be_read_is_said_to_be_left_out() -> None:
    visitor = Visitor().edit("positions", {0: {"Size": "abc!!"}})
    assert visitor.warnings[0].startswith("1 row is not counted")
    assert visitor.status == "Incomplete · safe without what is left out"


def test_reset_leads_back_to_the_baseline() -> None:
    visitor = (
        Visitor()
        .edit("positions", {0: {"Size": 20_000.0}})
        .enter("wallet", 8_000.0)
        .press("Move to liquidation")
    )
    visitor.press("Reset")
    assert visitor.sentence == WORKED_EXAMPLE
    assert visitor.field("wallet").value == 10_000
    assert visitor.rows("positions")[0]["Size"] == 50_000 / 1.75
    assert visitor.field("move").value == 0.0


def test_a_new_baseline_is_what_figures_are_compared_with_from_then_on() -> None:
    visitor = Visitor().slide(-0.05).press("Compare from here")
    assert visitor.before("Margin balance") == "unchanged"
    visitor.slide(-0.06)
    assert visitor.before("Margin balance") == "was $5,500.00"
    visitor.press("Reset")
    assert visitor.metric("Margin balance") == "$5,500.00"
    assert visitor.field("move").value == pytest.approx(-0.05)


# Marks and betas


def test_a_mark_is_edited_for_both_sides_of_a_token() -> None:
    visitor = Visitor().edit(
        "positions", add=[{**TAO, "Token": "RENDER", "Side": "short", "Entry": 1.7}]
    )
    visitor.edit("marks", {0: {"Mark": 1.8}})
    assert visitor.linked.market.marks == {"RENDER": 1.8, "FET": 0.2231}
    assert visitor.metric("Margin balance") == f"${10_000 + 0.05 * 50_000 / 1.75 - 0.1 * 20:,.2f}"


def test_a_mark_edited_while_moved_keeps_the_sliders_move() -> None:
    visitor = Visitor().slide(-0.1).edit("marks", {1: {"Mark": 0.5}})
    assert visitor.field("move").value == -0.1
    assert visitor.linked.market.marks == pytest.approx({"RENDER": 1.575, "FET": 0.45})
    assert visitor.linked.market.baseline_marks == {"RENDER": 1.75, "FET": 0.5}
    assert visitor.slide(0.0).linked.market.marks == {"RENDER": 1.75, "FET": 0.5}


def test_a_beta_edited_while_moved_keeps_the_sliders_move() -> None:
    visitor = Visitor().slide(-0.1).edit("marks", {0: {"Beta": 1.5}})
    assert visitor.field("move").value == -0.1
    assert visitor.linked.market.marks == pytest.approx(
        {"RENDER": 1.75 * 0.85, "FET": 0.2231 * 0.9}
    )
    assert visitor.linked.market.beta("RENDER") == 1.5
    assert visitor.slide(0.0).linked.market.marks == {"RENDER": 1.75, "FET": 0.2231}


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        ({"Mark": -1.0}, "Mark of FET must be a positive number, got -1"),
        ({"Mark": None}, "Mark of FET must be a positive number, got null"),
        (
            {"Beta": 101.0},
            "Beta of FET must be a number of at least -100 and of at most 100, got 101",
        ),
        (
            {"Beta": None},
            "Beta of FET must be a number of at least -100 and of at most 100, got null",
        ),
    ],
)
def test_a_mark_or_beta_that_makes_no_sense_is_told_and_the_last_good_one_kept(
    cell: dict[str, float | None], fault: str
) -> None:
    visitor = Visitor().edit("marks", {1: cell})
    assert visitor.errors == [f"{fault}; the last good one is kept."]
    assert visitor.sentence == WORKED_EXAMPLE
    assert visitor.query == {}


# Positions


def test_cells_are_edited_in_place() -> None:
    visitor = Visitor().edit(
        "positions", {0: {"Size": 20_000.0}, 1: {"Entry": 0.25, "Leverage": 5.0}}
    )
    assert visitor.linked.positions == (
        of_example(20_000.0),
        replace(FET, entry_price=0.25, leverage=5.0),
    )
    assert visitor.sentence == said_of(replace(scenario(), positions=visitor.linked.positions))


def test_quick_edits_one_after_the_other_are_all_kept() -> None:
    visitor = Visitor()
    for edit in (
        {"Size": 20_000.0},
        {"Entry": 1.6},
        {"Leverage": 12.0},
        {"Side": "short"},
        {"Token": "TAO"},
    ):
        visitor.edit("positions", {0: edit})
    assert visitor.linked.positions == (Position("TAO", "short", 20_000.0, MARK_OF_TAO, 12.0), FET)
    assert visitor.field("venue").key == "venue_0"


def test_rndr_is_read_as_render() -> None:
    visitor = Visitor().edit("positions", {0: {"Token": "RNDR", "Entry": 1.75}})
    assert visitor.sentence == WORKED_EXAMPLE


def test_dollars_become_tokens_once_at_the_mark_of_that_moment() -> None:
    visitor = Visitor().slide(-0.2).edit("positions", {0: {"Size": 28_000.0, "Unit": "$"}})
    assert visitor.linked.positions[0].quantity == pytest.approx(20_000)
    typed = visitor.linked.positions
    assert visitor.slide(0.1).linked.positions == typed
    assert visitor.edit("marks", {0: {"Mark": 2.5}}).linked.positions == typed
    assert visitor.press("Flip").linked.positions == (replace(typed[0], side="short"), typed[1])
    row = visitor.rows("positions")[0]
    assert (row["Size"], row["Unit"]) == (28_000, "$"), "what was typed stands as it was typed"


def test_dollars_of_one_row_stay_what_they_became_when_another_row_is_deleted() -> None:
    dollars = {"Size": 5_000.0, "Unit": "$"}
    visitor = Visitor().edit(
        "positions", add=[{**TAO, **dollars}, {**TAO, **dollars, "Token": "NEAR", "Entry": 1.3}]
    )
    near = visitor.linked.positions[3]
    visitor.slide(-0.05).delete("positions", 2)
    assert visitor.linked.positions == (of_example(), FET, near)


def test_a_row_added_in_the_table_counts_at_once() -> None:
    visitor = Visitor().edit("positions", add=[TAO])
    assert visitor.linked.positions == (
        of_example(),
        FET,
        Position("TAO", "long", 20.0, 250.0, 10.0),
    )
    assert visitor.linked.market.marks["TAO"] == snapshot.marks()["TAO"]


def test_a_row_added_while_moved_gets_its_mark_after_the_move() -> None:
    visitor = Visitor().slide(-0.1).edit("positions", add=[TAO])
    assert visitor.linked.market.marks["TAO"] == pytest.approx(0.9 * snapshot.marks()["TAO"])
    assert visitor.field("move").value == -0.1
    assert visitor.slide(0.0).linked.market.marks["TAO"] == snapshot.marks()["TAO"]


def test_a_row_added_by_the_button_waits_until_it_is_complete() -> None:
    visitor = Visitor().press("Add")
    assert (visitor.errors, visitor.row_faults) == ([], []), "nobody is told off for a new row"
    assert visitor.sentence == WORKED_EXAMPLE
    visitor.edit("positions", {2: {"Token": "TAO"}})
    assert visitor.row_faults == ["Not counted yet: enter the size."]
    assert visitor.rows("positions")[2]["Entry"] == snapshot.marks()["TAO"]
    visitor.edit("positions", {2: {"Size": 20.0, "Entry": 250.0}})
    assert visitor.row_faults == []
    assert visitor.linked.positions == (
        of_example(),
        FET,
        Position("TAO", "long", 20.0, 250.0, 10.0),
    )


def test_an_incomplete_row_stays_on_the_screen_through_other_actions() -> None:
    visitor = Visitor().edit(
        "positions", add=[{"Token": "TAO", "Side": "long", "Unit": "tokens", "Leverage": 10.0}]
    )
    assert visitor.row_faults == ["Not counted yet: enter the size."]
    visitor.slide(-0.05).enter("wallet", 12_000.0).press("Flip")
    assert visitor.rows("positions")[2]["Token"] == "TAO"
    assert visitor.row_faults == ["Not counted yet: enter the size."]


def test_rows_are_removed_in_the_table_or_by_the_button() -> None:
    expected = said_of(scenario(positions=document()["positions"][1:]))
    assert Visitor().delete("positions", 0).sentence == expected
    assert Visitor().at_row(0).press("Remove").sentence == expected


def test_an_account_without_positions_says_so_and_takes_the_next_one() -> None:
    visitor = Visitor().press("Remove").press("Remove")
    assert visitor.sentence.startswith("No positions: nothing is required")
    assert visitor.status == "No positions"
    assert visitor.linked.positions == ()
    visitor.press("Add").edit("positions", {0: {"Token": "TAO", "Size": 20.0, "Entry": 250.0}})
    assert visitor.linked.positions == (Position("TAO", "long", 20.0, 250.0, 10.0),)


def test_a_row_typed_into_the_emptied_table_is_not_lost() -> None:
    visitor = Visitor().delete("positions", 0).delete("positions", 0)
    assert visitor.linked.positions == ()
    visitor.edit("positions", add=[TAO])
    assert visitor.linked.positions == (Position("TAO", "long", 20.0, 250.0, 10.0),)


def test_flip_makes_a_long_a_short() -> None:
    visitor = Visitor().at_row(1).press("Flip")
    assert visitor.linked.positions == (of_example(), replace(FET, side="short"))
    assert visitor.at_row(1).press("Flip").sentence == WORKED_EXAMPLE


def test_a_duplicate_waits_for_its_merge() -> None:
    visitor = Visitor().press("Duplicate")
    told = "RENDER long is in row 1 already. Merge them, or change one."
    assert visitor.row_faults == [told]
    assert visitor.sentence == WORKED_EXAMPLE
    visitor.edit("positions", {1: {"Entry": 1.25}}).press("Merge into row 1")
    assert visitor.row_faults == []
    first, second = visitor.linked.positions
    assert (first.quantity, first.entry_price) == pytest.approx((2 * 50_000 / 1.75, 1.5))
    assert second == FET


def test_a_duplicate_of_another_token_is_a_position_of_its_own() -> None:
    visitor = (
        Visitor()
        .press("Duplicate")
        .edit("positions", {1: {"Token": "TAO", "Size": 20.0, "Entry": 250.0}})
    )
    assert visitor.linked.positions == (
        of_example(),
        Position("TAO", "long", 20.0, 250.0, 10.0),
        FET,
    )


def test_two_rows_too_large_to_merge_are_told_so() -> None:
    visitor = Visitor().edit(
        "positions", {0: {"Size": 9e14}}, add=[{**TAO, "Token": "RENDER", "Size": 9e14}]
    )
    visitor.press("Merge into row 1")
    assert any("can't be merged" in fault for fault in visitor.errors)
    assert len(visitor.positions) == 3
    assert visitor.linked.positions == (of_example(9e14), FET)


MARK_OF_TAO = snapshot.marks()["TAO"]
NONSENSE = {
    "a size below zero": ({"Size": -5.0}, "Size must be a positive number, got -5"),
    "a leverage below one": ({"Leverage": 0.1}, "Leverage must be a number of at least 1, got 0.1"),
    "an empty entry": ({"Entry": None}, "Not counted yet: enter the entry price"),
    "no token": ({"Token": "what is this?"}, "Token must be a token of up to 15 letters"),
    "a token that is no more": (
        {"Token": "OCEAN"},
        "Token OCEAN merged into FET in June-July 2024",
    ),
}


@pytest.mark.parametrize(("cells", "fault"), NONSENSE.values(), ids=NONSENSE)
def test_a_row_that_makes_no_sense_is_told_and_what_was_typed_is_kept(
    cells: dict[str, object], fault: str
) -> None:
    visitor = Visitor().edit("positions", {1: cells})
    [told] = visitor.row_faults
    assert told.startswith(fault)
    assert visitor.sentence == said_of(scenario(positions=document()["positions"][:1]))
    visitor.press("Duplicate")
    assert {name: visitor.rows("positions")[2][name] for name in cells} == cells


def test_every_row_is_told_by_its_own_number() -> None:
    visitor = Visitor().edit(
        "positions", {0: {"Size": -1.0}, 1: {"Size": -2.0}}, add=[{**TAO, "Entry": -3.0}]
    )
    assert visitor.row_faults == [
        "Size must be a positive number, got -1.",
        "Size must be a positive number, got -2.",
        "Entry price must be a positive number, got -3.",
    ]


UNIT = {"side": "long", "quantity": 1, "entry_price": 1, "leverage": 1}
FULL = [{"symbol": f"T{index}", **UNIT} for index in range(MOST_POSITIONS)]


def test_the_row_after_the_last_that_a_scenario_holds_is_told_and_waits_in_the_table() -> None:
    names = [each["symbol"] for each in FULL]
    visitor = Visitor(address(positions=FULL, marks=dict.fromkeys(names, 1), venue="textbook"))
    visitor.edit("positions", add=[TAO])
    assert visitor.errors == ["At most 200 positions: rows after that are not counted."]
    assert len(visitor.linked.positions) == MOST_POSITIONS == 200
    visitor.press("Flip")
    assert visitor.rows("positions")[MOST_POSITIONS]["Token"] == "TAO"


def test_a_token_nobody_knows_waits_for_its_mark_and_then_counts() -> None:
    visitor = Visitor().edit("positions", add=[{**TAO, "Token": "HELLO", "Entry": 2.0}])
    assert visitor.row_faults == ["No mark price of HELLO is known: enter one."]
    assert visitor.sentence == WORKED_EXAMPLE
    visitor.edit("marks", {2: {"Mark": 2.5}})
    assert visitor.linked.positions == (
        of_example(),
        FET,
        Position("HELLO", "long", 20.0, 2.0, 10.0),
    )
    assert visitor.linked.market.marks["HELLO"] == 2.5
    [problem] = visitor.row_faults
    assert problem.startswith("No tier table is known for HELLO on Binance")
    assert visitor.result(2)["value"] == "$50.00"
    assert visitor.warnings[0].startswith("HELLO has no tier table at Binance")
    assert visitor.sentence == WORKED_EXAMPLE


def test_an_unknown_token_priced_while_moved_moves_with_the_others() -> None:
    visitor = Visitor().slide(-0.1).edit("positions", add=[{**TAO, "Token": "HELLO", "Entry": 2.0}])
    visitor.edit("marks", {2: {"Mark": 2.5}})
    assert visitor.linked.market.marks["HELLO"] == 2.25
    assert visitor.field("move").value == -0.1


# Repairs and tier tables

FET_TIERS = [
    {"Floor": 0.0, "Rate": 0.02, "Max leverage": 20.0},
    {"Floor": 100_000.0, "Rate": 0.05, "Max leverage": None},
]


def test_a_leverage_above_the_cap_is_lowered_at_hand() -> None:
    visitor = Visitor().edit("positions", {0: {"Leverage": 100.0}})
    [problem] = visitor.row_faults
    assert problem.startswith("100x is above the ")
    [(_, fault)] = visitor._repairs()
    [(_, offer)] = fault["repairs"]
    visitor.press(offer)
    assert visitor.row_faults == []
    assert offer == f"Lower to {visitor.linked.positions[0].leverage:g}×"
    assert visitor.linked.positions[1] == FET


def test_a_token_without_tiers_is_removed_at_hand() -> None:
    visitor = Visitor().enter("venue", "okx").press("Remove FET long")
    assert visitor.linked.positions == (of_example(),)
    assert visitor.errors == []


def test_the_repair_of_a_position_below_a_row_that_is_left_out_is_of_that_position() -> None:
    visitor = (
        Visitor()
        .enter("venue", "okx")
        .edit("positions", {0: {"Size": -5.0}})
        .press("Remove FET long")
    )
    assert [(row["Token"], row["Size"]) for row in visitor.rows("positions")] == [("RENDER", -5.0)]


def test_a_missing_tier_table_is_supplied_by_hand_and_the_figures_follow() -> None:
    visitor = Visitor().enter("venue", "bybit").unfold(TIERS)
    assert visitor.field("tiers_of").value == "FET"
    assert visitor.rows("tiers") == []
    visitor.edit("tiers", add=FET_TIERS)
    keys = {"Floor": "floor", "Rate": "maintenance_rate", "Max leverage": "max_leverage"}
    own = [{keys[column]: value for column, value in row.items()} for row in FET_TIERS]
    assert visitor.errors == []
    assert visitor.sentence == said_of(scenario(venue="bybit", tiers={"FET": own}))
    receiver = Visitor(visitor.query)
    assert receiver.sentence == visitor.sentence
    assert receiver.linked.market.tiers == visitor.linked.market.tiers


def test_an_edited_tier_table_is_the_scenarios_own_until_it_goes_back_to_the_venues() -> None:
    visitor = Visitor().unfold(TIERS).edit("tiers", {0: {"Rate": 0.001}})
    assert list(visitor.linked.market.tiers) == ["RENDER"]
    assert visitor.linked.market.tiers["RENDER"].rates[0] == 0.001
    assert visitor.sentence != WORKED_EXAMPLE
    visitor.press("Use the exchange's table")
    assert visitor.sentence == WORKED_EXAMPLE
    assert not visitor.linked.market.tiers


def test_a_tier_typed_back_to_what_it_was_counts_as_it_stands_there() -> None:
    visitor = Visitor().unfold(TIERS)
    rate = visitor.rows("tiers")[0]["Rate"]
    visitor.edit("tiers", {0: {"Rate": 0.001}}).edit("tiers", {0: {"Rate": rate}})
    assert visitor.sentence == WORKED_EXAMPLE


@pytest.mark.parametrize(
    "cells",
    [{"Rate": -0.1}, {"Rate": None}, {"Floor": 5.0}, {"Rate": 0.9}, {"Max leverage": 0.5}],
    ids=str,
)
def test_a_tier_table_that_makes_no_sense_is_told_and_changes_nothing(
    cells: dict[str, float | None],
) -> None:
    visitor = Visitor().unfold(TIERS).edit("tiers", {0: cells})
    [told] = visitor.errors
    assert re.fullmatch(
        r"Tier table of RENDER: .+\. The figures stay with the table before\.", told
    )
    assert visitor.sentence == WORKED_EXAMPLE


def test_an_emptied_tier_table_is_told() -> None:
    visitor = Visitor().unfold(TIERS)
    for row in range(len(visitor.rows("tiers"))):
        visitor.delete("tiers", row)
    assert any(error.startswith("Tier table of RENDER: ") for error in visitor.errors)


def test_the_size_of_a_contract_is_entered_where_tiers_are_by_contracts() -> None:
    visitor = (
        Visitor()
        .enter("venue", "okx")
        .unfold(TIERS)
        .enter("tiers_of", "RENDER")
        .enter("contract", 100.0)
    )
    assert visitor.linked.market.contract_values == {"RENDER": 100.0}
    visitor.enter("contract", -1.0)
    assert any(
        told.startswith("The contract's size must be a positive number, got -1")
        for told in visitor.errors
    )
    assert visitor.linked.market.contract_values == {"RENDER": 100.0}


def test_without_positions_there_are_no_tiers_to_show() -> None:
    visitor = Visitor().press("Remove").press("Remove").unfold(TIERS)
    assert "No positions, no tiers." in [read(each.value) for each in visitor.at.caption]


# Collateral

BITCOIN = {"Asset": "BTC", "Amount": 0.1, "Ratio": 0.95}


def test_collateral_counts_at_its_mark_less_the_haircut_and_is_in_the_link() -> None:
    visitor = Visitor().edit("collateral", add=[BITCOIN])
    assert visitor.linked.account.collateral == (Collateral("BTC", 0.1, 0.95),)
    assert visitor.metric("Margin balance") == f"${10_000 + 0.095 * snapshot.marks()['BTC']:,.2f}"
    assert [row["Token"] for row in visitor.rows("marks")] == ["RENDER", "FET", "BTC"]
    assert Visitor(visitor.query).rows("collateral") == [BITCOIN]


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        (
            [{**BITCOIN, "Ratio": 2.0}],
            "Collateral row 1 is left out: ratio must be a number of at least 0",
        ),
        (
            [{**BITCOIN, "Amount": -1.0}],
            "Collateral row 1 is left out: amount must be a positive number, got -1",
        ),
        ([{**BITCOIN, "Asset": "<b>"}], "Collateral row 1 is left out: asset must be a token"),
        (
            [{**BITCOIN, "Asset": "HELLO"}],
            "Collateral row 1 is left out: asset HELLO has no known mark",
        ),
        ([BITCOIN, BITCOIN], "collateral[1].asset: BTC is collateral[0] already"),
    ],
    ids=["ratio", "amount", "no token", "no mark", "twice"],
)
def test_collateral_that_cannot_be_used_is_told(rows: list[dict[str, object]], fault: str) -> None:
    visitor = Visitor().edit("collateral", add=rows)
    [told] = visitor.errors
    assert told.startswith(fault)
    assert visitor.sentence == WORKED_EXAMPLE


def test_the_settlement_coins_own_rate_counts_for_wallet_and_profit_and_is_in_the_link() -> None:
    visitor = Visitor().edit("collateral", add=[BITCOIN])
    before = assess(visitor.linked)
    assert any("USDT itself counts in full" in each for each in map(message, before.assumptions))
    visitor.enter("settlement_rate", 98.01)
    account = visitor.linked.account
    assert account.settlement_rate == pytest.approx(0.9801)
    there = assess(visitor.linked)
    assert visitor.metric("Margin balance") == wording.money(there.equity)
    assert there.equity < before.equity
    assert Visitor(visitor.query).field("settlement_rate").value == pytest.approx(98.01)
    assert visitor.enter("settlement_rate", None).linked.account.settlement_rate == 1


def test_a_rate_above_one_is_refused_and_one_that_does_not_count_is_told_and_can_be_undone() -> (
    None
):
    visitor = Visitor().enter("settlement_rate", 101.0)
    [told] = visitor.errors
    assert told.startswith("settlement_rate: must be a number above 0 and of at most 1, got 1.01")
    visitor = Visitor().enter("settlement_rate", 99.0).enter("venue", "hyperliquid")
    assert any("its rate of 99% is left out" in each for each in visitor.warnings)
    visitor.enter("settlement_rate", 100.0)
    assert not any("left out" in each for each in visitor.warnings)


def test_collateral_that_is_not_complete_is_told() -> None:
    [told] = Visitor().edit("collateral", add=[{"Asset": "BTC", "Ratio": 0.95}]).errors
    assert told.startswith("Collateral row 1 is left out: ")
    assert "amount" in told


def test_what_stands_in_other_inputs_and_cannot_be_used_yet_outlasts_an_action_on_a_row() -> None:
    visitor = Visitor().edit("collateral", add=[{**BITCOIN, "Ratio": 2.0}]).enter("warning", 90.0)
    visitor.press("Flip")
    assert visitor.field("warning").value == 90.0
    assert any(fault.startswith("Collateral row 1 is left out") for fault in visitor.errors)


# Advice


@pytest.mark.parametrize("percent", [20.0, -100.0, 1000.0])
def test_one_line_says_what_it_takes_to_survive_a_move(percent: float) -> None:
    visitor = Visitor().enter("survive", percent)
    found = survive(scenario(), percent / 100)
    assert found is not None
    assert visitor.advice == in_words(found, scenario(), together(scenario()))


def test_the_first_advice_is_on_a_fall_of_20_percent() -> None:
    assert Visitor().advice.startswith(
        "To survive −20% together: add $9,290.01, or cut every position by 47.79% (closing costs "
        "neither fee"
    )
    assert Visitor().enter("survive", 20.0).advice.startswith("You survive +20% together")


def test_the_advice_follows_the_account() -> None:
    visitor = Visitor().enter("wallet", 19_000.0)
    assert visitor.advice.startswith("To survive −20% together: add $290.01")
    assert visitor.enter("wallet", 19_290.01).advice.startswith("You survive −20% together")


# The watched danger


PAIR = "A long/short pair"


def test_a_long_short_pair_is_shown_its_nearest_danger_and_not_the_joint_move() -> None:
    visitor = Visitor().press(PAIR)
    assert assess(snapshot.attach(visitor.linked)).joint_move.up == pytest.approx(2.631)
    assert visitor.headline == (
        "−8.13% against you (RENDER down, FET up) liquidates your whole account"
    )
    assert visitor.chart_title().startswith("Move against you: −8.13%")
    assert visitor.advice.startswith("To survive −20% against you (RENDER down, FET up): add $")


def test_the_slider_goes_along_the_watched_danger_and_ends_at_its_liquidation() -> None:
    visitor = Visitor().press(PAIR)
    before = visitor.linked.market.marks
    moved = visitor.slide(-0.05).linked.market.marks
    changes = {token: moved[token] / before[token] - 1 for token in before}
    assert changes == pytest.approx({"RENDER": -0.05, "FET": 0.05})
    assert visitor.field("move").value == -0.05
    visitor.press("Move to liquidation")
    assert visitor.status == "At the liquidation point"
    assert visitor.slide(0.0).linked.market.marks == before


def test_another_danger_can_be_chosen_and_starts_at_the_present_prices() -> None:
    visitor = Visitor().press(PAIR).slide(-0.05)
    here = visitor.linked.market.marks
    visitor.enter("watched", "together")
    assert visitor.chart_title().startswith("A joint rise of")
    assert (visitor.field("move").value, visitor.linked.market.marks) == (0.0, here)
    down = {token: price * 0.9 for token, price in here.items()}
    assert visitor.slide(-0.1).linked.market.marks == pytest.approx(down)


def test_a_mark_edited_after_a_move_along_a_danger_keeps_the_move() -> None:
    visitor = Visitor().press(PAIR).slide(-0.05).edit("marks", {0: {"Mark": 2.0}})
    assert visitor.linked.market.marks["RENDER"] == pytest.approx(1.9)
    assert visitor.field("move").value == pytest.approx(-0.05)


def test_a_link_of_prices_moved_along_a_danger_stands_on_that_way_for_its_receiver() -> None:
    sender = Visitor().press(PAIR).slide(-0.05)
    receiver = Visitor(sender.query)
    assert receiver.field("move").value == pytest.approx(-0.05)
    assert receiver.headline == sender.headline


@pytest.mark.parametrize("percent", [-100.5, 1e300])
def test_a_move_out_of_range_is_told(percent: float) -> None:
    visitor = Visitor().enter("survive", percent)
    assert visitor.errors == ["Choose a move from −100 to 1000%."]
    assert visitor.sentence == WORKED_EXAMPLE


def test_an_emptied_move_falls_back_to_the_first() -> None:
    visitor = Visitor().enter("survive", 20.0).enter("survive", None)
    assert visitor.advice.startswith("To survive −20% together")


# Sharing


def test_title_and_note_are_shown_at_once_and_kept_in_the_link() -> None:
    visitor = Visitor().unfold(SHARE).enter("title", "Two longs").enter("note", "one\ntwo")
    assert (visitor.linked.title, visitor.linked.note) == ("Two longs", "one\ntwo")
    assert [each.value for each in visitor.at.text] == ["Two longs", "one\ntwo"]
    assert visitor.sentence == WORKED_EXAMPLE


def test_a_title_that_cannot_be_used_is_told() -> None:
    visitor = Visitor().unfold(SHARE).enter("title", "a\u2028b")
    [told] = visitor.errors
    assert told.startswith("title: must be plain text")
    assert visitor.query == {}


def test_the_copied_link_is_the_present_scenario_even_before_the_first_edit() -> None:
    visitor = Visitor().unfold(SHARE)
    code = visitor.at.code[0].value
    assert Visitor(code).sentence == WORKED_EXAMPLE
    visitor.edit("positions", {0: {"Size": 20_000.0}}).enter("title", "& = ? # ~ %")
    receiver = Visitor(visitor.at.code[0].value)
    assert receiver.sentence == visitor.sentence
    assert [each.value for each in receiver.at.text] == ["& = ? # ~ %"]


def test_a_file_that_is_uploaded_is_shown() -> None:
    wanted = document(wallet_balance=12_345, title="From a file")
    visitor = Visitor().unfold(SHARE).upload(json.dumps(wanted).encode("utf-8-sig"))
    assert visitor.metric("Margin balance") == "$12,345.00"
    assert [each.value for each in visitor.at.text] == ["From a file"]
    assert visitor.linked.account.wallet_balance == 12_345
    assert visitor.before("Margin balance") == "unchanged"


def test_a_file_that_no_longer_reproduces_what_its_maker_saw_says_so() -> None:
    wanted = document(seen={"equity": 20_000, "margin_ratio": 0.165})
    [told] = Visitor().unfold(SHARE).upload(json.dumps(wanted).encode()).warnings
    assert "margin balance $20,000.00, now $10,000.00" in told


BAD_FILES = {
    "nothing": (b"", "this is not a JSON document (line 1, column 1)"),
    "not UTF-8": (b'{"version": "\xff"}', "it is not a text file in UTF-8"),
    "a picture": (b"\x89PNG\r\n\x1a\n", "it is not a text file in UTF-8"),
    "cut off": (
        json.dumps(document()).encode()[:-20],
        "this is not a JSON document (line 1, column",
    ),
    "an array": (b"[]", "must be an object, got an array"),
    "too deep": (b"[" * 200_000, "this is not a JSON document"),
    "huge": (b'{"version": 1, "note": "' + b"x" * 1_000_000 + b'"}', "venue: is missing"),
    "a huge number": (b'{"version": ' + b"1" * 5_000 + b"}", "this is not a JSON document"),
    "a key twice": (b'{"version": 1, "version": 1}', "version: is given twice"),
    "a newer version": (json.dumps(document(version=2)).encode(), "version: must be 1, got 2"),
    "a size below zero": (
        json.dumps(document(positions=[{**document()["positions"][0], "quantity": -5}])).encode(),
        "positions[0].quantity: must be a positive number, got -5",
    ),
    "not a number": (b'{"version": NaN}', "version: must be a number, got NaN"),
    "markup": (
        json.dumps(document(venue="<b>![x](y)</b>")).encode(),
        "venue: must be one of binance, bybit",
    ),
}


@pytest.mark.parametrize(("raw", "fault"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_refused_with_what_is_wrong(raw: bytes, fault: str) -> None:
    with pytest.raises(FieldError) as caught:
        read_upload(raw)
    assert str(caught.value).startswith(fault)


@pytest.mark.parametrize("name", ["not UTF-8", "markup"])
def test_a_bad_file_keeps_what_is_on_the_screen(name: str) -> None:
    raw, fault = BAD_FILES[name]
    visitor = Visitor().enter("wallet", 12_000.0).unfold(SHARE).upload(raw)
    [told] = visitor.errors
    assert told.startswith(f"This file cannot be opened. {fault}")
    assert told.endswith("Your scenario is kept.")
    assert visitor.metric("Margin balance") == "$12,000.00"


def test_a_downloaded_file_is_the_scenario() -> None:
    made = scenario(title="Ä & Ö", note="a\nb")
    assert read_upload(json.dumps(made.to_json(), ensure_ascii=False).encode()) == made


# At the edge of what can be computed

BEYOND: dict[str, Callable[[Visitor], Visitor]] = {
    "a profit beyond 1e15": lambda visitor: visitor.edit("positions", {0: {"Size": 1e15}}).slide(
        1.0
    ),
    "an equity of almost nothing": lambda visitor: visitor.enter("wallet", 1e-12),
    "the tiniest size": lambda visitor: visitor.edit("positions", {0: {"Size": 1e-30}}),
    "an entry far below the mark": lambda visitor: visitor.edit("positions", {0: {"Entry": 1e-30}}),
    "a size too small to be one": lambda visitor: visitor.edit("positions", {0: {"Size": 5e-324}}),
    "a wallet too small to be one": lambda visitor: visitor.enter("wallet", 1e-31),
    "a level too small to be one": lambda visitor: visitor.enter("warning", 1e-320),
    "the smallest rate of the settlement coin": lambda visitor: visitor.enter(
        "settlement_rate", 1e-28
    ),
}


@pytest.mark.parametrize("act", BEYOND.values(), ids=BEYOND)
def test_a_page_at_the_edge_is_still_drawn_and_linked(act: Callable[[Visitor], Visitor]) -> None:
    visitor = act(Visitor()).unfold(FIGURES, ARITHMETIC, SHARE)
    assert Visitor(visitor.query).sentence == visitor.sentence


def test_an_edited_tier_table_outlasts_the_closing_and_opening_of_its_editor() -> None:
    visitor = Visitor().unfold(TIERS).edit("tiers", {0: {"Rate": 0.005}})
    edited = visitor.sentence
    assert "RENDER" in visitor.linked.market.tiers
    visitor.fold(TIERS).unfold(TIERS)
    assert visitor.sentence == edited
    assert "RENDER" in visitor.linked.market.tiers


def test_reset_keeps_the_title_and_the_note() -> None:
    visitor = Visitor().unfold(SHARE).enter("title", "Mine").press("Reset")
    assert visitor.linked.title == "Mine"
