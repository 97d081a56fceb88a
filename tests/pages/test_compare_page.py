"""The Compare page, as a visitor reads and works it."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from streamlit.testing.v1 import AppTest

from margin.market.snapshot import embedded as snapshot
from margin.market.view import queries, snapshot_view
from margin.model import link
from margin.model.scenario import Position, Scenario
from margin.studies.account.assess import assess
from margin.studies.comparison.modes import modes, switch
from margin.studies.comparison.venues import venues_compared
from margin.studies.distance.directions import Direction
from margin.studies.stress.crash_table import CrashDay, TokenMove
from margin.text.modes import switch_in_words, verdict
from margin.text.venues import verdict as venue_verdict
from margin.venues import listing_venues
from pages.ui.compare.rows import (
    MARGIN,
    distinct,
    refusals,
    seen,
    unknown,
    venue_assumptions,
    venue_price_rows,
    with_margins,
)
from pages.ui.compare.sections import BY_VENUE, CLOSE, DAYS, MODES
from pages.ui.session import live
from pages.ui.session.session import Session
from pages.ui.session.stress import StressChoices
from tests.market.any_source import settles
from tests.model.any_scenario import SCENARIOS
from tests.pages.charts import charts
from tests.pages.test_data_page import OWN
from tests.pages.visitor import APP, PATIENCE, address, read, scenario
from tests.replay import binance
from tests.replay.figures import Book
from tests.replay.server import Replay

PATIENT = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[
        Phase.explicit,
        Phase.reuse,
        Phase.generate,
    ],  # Each example is a whole page: too slow to be shrunk.
)
FIGURES = "Every figure in both modes"


class ComparePage:
    """One session on the page. No run of it may end in a traceback."""

    def __init__(self, parameters: Mapping[str, list[str]] | None = None) -> None:
        self.at = AppTest.from_file(APP, default_timeout=PATIENCE)
        self.at.query_params = dict(parameters or {})
        self.at.switch_page("pages/compare.py")
        self.run()

    def run(self) -> "ComparePage":
        self.at.run()
        assert [each.value for each in self.at.exception] == []
        return self

    @property
    def linked(self) -> Scenario:
        """The scenario that the address carries."""
        query = {
            key: value if isinstance(value, list) else [value]
            for key, value in self.at.query_params.items()
        }
        return link.decode(query).scenario

    @property
    def session(self) -> Session:
        """What the session holds."""
        held: Session = self.at.session_state["tandem"]
        return held

    @property
    def sentence(self) -> str:
        """The verdict."""
        [found] = [each.value for each in self.at.markdown if each.value.startswith("**")]
        return read(found.strip("*"))

    def table(self, column: str) -> list[dict[str, Any]]:
        """The rows of the table that has this column."""
        [frame] = [each.value for each in self.at.dataframe if column in each.value.columns]
        return [dict(row) for row in frame.to_dict("records")]

    def text(self) -> str:
        """Everything that is said beside tables and charts."""
        kinds = (self.at.markdown, self.at.caption, self.at.warning, self.at.info, self.at.error)
        return "\n".join(read(each.value).replace("\u2060", "") for kind in kinds for each in kind)

    def title(self) -> str:
        """The chart's title."""
        [chart] = charts(self.at)
        return chart.title

    def field(self, name: str) -> Any:
        """The input of this name."""
        at = self.at
        fields = [
            each
            for kind in (at.segmented_control, at.selectbox, at.number_input, at.toggle)
            for each in kind
        ]
        [field] = [each for each in fields if each.key and re.fullmatch(rf"{name}(_.*)?", each.key)]
        return field

    def choose(self, name: str, value: Any) -> "ComparePage":
        """Sets the input of this name."""
        self.field(name).set_value(value)
        return self.run()

    def leave_and_return(self) -> "ComparePage":
        """Looks at the front page, as its visitor does, and comes back."""
        self.at.switch_page("app.py")
        self.run()
        self.at.switch_page("pages/compare.py")
        return self.run()

    def press(self, key: str) -> "ComparePage":
        [button] = [each for each in self.at.button if each.key == key]
        button.click()
        return self.run()

    def margin(self, row: int, value: float | None) -> "ComparePage":
        """Types an isolated margin, as the browser reports it."""
        [editor] = [
            each for each in self.at.data_editor if each.key and each.key.startswith("margins_")
        ]
        self.at.session_state[editor.key] = {
            "edited_rows": {row: {MARGIN: value}},
            "added_rows": [],
            "deleted_rows": [],
        }
        return self.run()

    def unfold(self, label: str) -> "ComparePage":
        for expander in self.at.expander:
            if expander.label == label:
                self.at.session_state[expander.key or expander.proto.id] = True
        return self.run()


# Cross against isolated


@pytest.fixture(scope="module")
def landing() -> ComparePage:
    return ComparePage()


def test_the_page_opens_with_the_verdict_of_the_worked_example(landing: ComparePage) -> None:
    assert landing.sentence == verdict(modes(scenario()))
    assert "Alone, RENDER would have to fall 17.04% to liquidate cross, and 8.32%" in landing.text()
    assert landing.title() == "Cross is liquidated at −9.47%; isolated keeps at least $1,000.00"


def test_liquidation_prices_stand_side_by_side(landing: ComparePage) -> None:
    assert landing.table("Liquidation, cross") == [
        {
            "Position": "RENDER long",
            "Mark": "1.7500",
            "Liquidation, cross": "1.4518 (−17.04%)",
            "Liquidation, isolated": "1.6045 (−8.32%)",
        },
        {
            "Position": "FET long",
            "Mark": "0.22310",
            "Liquidation, cross": "0.17558 (−21.30%)",
            "Liquidation, isolated": "0.20446 (−8.35%)",
        },
    ]


def test_every_direction_says_what_survives_and_what_is_lost(landing: ComparePage) -> None:
    together, _, render, fet = landing.table("Direction")
    assert together["Cross leaves"] == "$0.00 (liquidated, −$10,000.00)"
    assert together["Isolated leaves"] == "$1,000.00 (−$9,000.00)"
    assert (render["Cross liquidated at"], render["Isolated: first at"]) == ("−17.04%", "−8.32%")
    assert (fet["Cross leaves"], fet["Isolated leaves"]) == (
        "$2,000.00 (−$8,000.00)",
        "$6,000.00 (−$4,000.00)",
    )
    assert fet["Liquidated, isolated"] == "FET long"


def test_the_approximations_are_named_where_the_results_stand(landing: ComparePage) -> None:
    said = landing.text()
    assert "A liquidation counts as the loss of all that stands behind it" in said
    assert "Binance refuses a change of mode for a token with a position or open orders" in said
    assert "with BTC by the snapshot's beta to BTC" in said


def test_charts_and_tables_are_told_in_words(landing: ComparePage) -> None:
    assert all(chart.alt.endswith(".") for chart in charts(landing.at))
    assert all(table.proto.alt for table in landing.at.dataframe)


def test_another_move_and_another_direction_can_be_looked_at() -> None:
    page = ComparePage().choose("compare_move", -5.0)
    assert page.table("Direction")[0]["Cross leaves"] == "$5,500.00 (−$4,500.00)"
    page.choose("compare_way", "FET alone")
    assert page.title().startswith("Cross is liquidated at −21.30%")
    page.choose("compare_move", 5000.0)
    assert "Choose a move from −1000 to 1000%" in page.text()
    assert "p=" not in "".join(page.at.query_params)


def test_what_was_chosen_is_found_again_after_another_page() -> None:
    page = (
        ComparePage()
        .choose("compare_way", "FET alone")
        .choose("compare_move", -5.0)
        .leave_and_return()
    )
    assert (page.field("compare_way").value, page.field("compare_move").value) == (
        "FET alone",
        -5.0,
    )
    page.choose("compare_survival", DAYS).choose("compare_when", CLOSE).leave_and_return()
    assert (page.field("compare_survival").value, page.field("compare_when").value) == (DAYS, CLOSE)
    page.choose("compare_section", BY_VENUE).leave_and_return()
    assert page.field("compare_section").value == BY_VENUE


def test_what_was_chosen_on_moves_together_is_compared_here() -> None:
    page = ComparePage()
    look = StressChoices(
        betas={"RENDER": 3.0},
        own={"FET": -1.0},
        days=[CrashDay("", "mine", {"FET": TokenMove(-0.5)})],
    )
    page.at.session_state["tandem"]._of_pages[StressChoices] = look
    before = {row["Direction"]: row for row in page.table("Direction")}
    after = {row["Direction"]: row for row in page.run().table("Direction")}
    assert after.keys() - before.keys() == {"Your own direction"}
    assert [name for name in before if before[name] != after[name]] == ["BTC, the others by beta"]
    assert "Betas to BTC of your own: RENDER." in page.text()
    first = (
        page.choose("compare_way", "Your own direction")
        .choose("compare_survival", DAYS)
        .table("Event")[-1]
    )
    assert (first["Day"], first["Event"]) == ("yours", "mine")
    look.own.clear()
    assert page.leave_and_return().field("compare_way").value != "Your own direction"


def test_shocks_that_the_scenario_carries_are_said_not_to_be_in_it(landing: ComparePage) -> None:
    said = "The shocks that this scenario carries are not applied here."
    assert said not in landing.text()
    page = ComparePage(address(shocks={"common": -0.1}))
    assert said in page.text()
    assert said in page.choose("compare_section", BY_VENUE).text()


def test_named_days_are_shown_at_their_worst_tick_and_at_their_close() -> None:
    page = ComparePage().choose("compare_survival", DAYS)
    days = {row["Day"]: row for row in page.table("Event")}
    assert list(days) == sorted(crash.date for crash in snapshot.crashes())
    assert days["2025-10-10"]["Isolated leaves"] == "$1,000.00 (−$9,000.00)"
    assert days["2024-08-02"]["Liquidated, isolated"] == "RENDER long"
    assert "Of 21 crash days at their worst tick, cross is liquidated on 17" in page.text()
    assert "The worst tick takes every token's lowest or highest price" in page.text()
    page.choose("compare_when", CLOSE)
    assert "Of 21 crash days at their close" in page.text()
    assert "closes understate the danger" in page.text()


def test_every_figure_of_both_modes_is_told_only_when_unfolded() -> None:
    page = ComparePage()
    assert not [each for each in page.at.dataframe if "Figure" in each.value.columns]
    figures = {row["Figure"]: row for row in page.unfold(FIGURES).table("Figure")}
    assert figures["Available"] == {
        "Figure": "Available",
        "Cross, now": "$1,000.00",
        "Isolated": "$1,000.00",
    }
    assert figures["Headroom"]["Isolated"] == "$3,275.00"
    assert page.leave_and_return().table("Figure")


def test_an_isolated_margin_is_typed_and_goes_into_the_scenario_in_cross_too() -> None:
    page = ComparePage().margin(0, 6_000.0)
    assert page.linked.positions[0].isolated_margin == 6_000
    assert page.linked.account.margin_mode == "cross"
    assert page.table("Liquidation, cross")[0]["Liquidation, isolated"] == "1.5688 (−10.36%)"
    assert "it can lose at most $10,000.00 from here: nothing stays safe" in page.sentence
    assert "kept in the scenario but ignored there" in page.text()
    page.margin(0, None)
    assert page.linked.positions[0].isolated_margin is None


def test_an_isolated_margin_is_typed_in_isolated_mode_and_emptied_again() -> None:
    page = ComparePage(address(margin_mode="isolated")).margin(0, 5_500.0)
    assert (page.linked.positions[0].isolated_margin, page.linked.account.margin_mode) == (
        5_500,
        "isolated",
    )
    assert page.session.working.positions[0].isolated_margin == 5_500
    assert page.table("Liquidation, cross")[0]["Liquidation, isolated"] == "1.5866 (−9.34%)"
    assert "kept in the scenario but ignored there" not in page.text()
    page.margin(0, None)
    assert page.linked.positions[0].isolated_margin is None
    assert page.table("Liquidation, cross")[0]["Liquidation, isolated"] == "1.6045 (−8.32%)"


def test_a_margin_that_was_typed_stays_while_the_other_section_is_looked_at() -> None:
    page = ComparePage().margin(0, 6_000.0).choose("compare_section", BY_VENUE)
    page.choose("compare_section", MODES)
    assert page.linked.positions[0].isolated_margin == 6_000
    page.margin(1, 7_000.0)
    assert [each.isolated_margin for each in page.linked.positions] == [6_000, 7_000]


@pytest.mark.parametrize("typed", [0.0, -5.0, 1e300])
def test_a_margin_that_cannot_be_is_refused_and_the_last_good_one_kept(typed: float) -> None:
    page = ComparePage().margin(0, 6_000.0).margin(0, typed)
    assert "RENDER long: its margin must be" in page.text()
    assert page.linked.positions[0].isolated_margin == 6_000


def test_margins_above_the_wallet_are_told_in_cross_and_refused_in_isolated() -> None:
    page = ComparePage().margin(0, 8_000.0)
    assert page.sentence.startswith(
        "You could not hold these positions isolated: it takes $2,000.00 more than the"
    )
    assert "Isolated, with $2,000.00 added, leaves" in page.table("Direction")[0]
    assert "Isolated, with $2,000.00 added" in page.unfold(FIGURES).table("Figure")[0]
    assert not [each for each in page.at.dataframe if "After the change" in each.value.columns]
    [button] = [each for each in page.at.button if each.key == "do_take_mode"]
    assert button.disabled
    isolated = ComparePage(address(margin_mode="isolated")).margin(0, 8_000.0)
    assert "wallet_balance: must cover the isolated margins" in isolated.text()
    assert "it can lose at most $9,000.00 from here" in isolated.sentence


def test_the_mode_is_taken_over_and_back_and_the_baseline_stays() -> None:
    page = ComparePage().press("do_take_mode")
    assert page.session.working == scenario(margin_mode="isolated")
    assert page.linked.account.margin_mode == "isolated"
    assert "Cross → isolated. The baseline stays as it was" in page.text()
    assert page.session.baseline == scenario()
    page.press("do_take_mode")
    assert page.linked.account.margin_mode == "cross"


def test_a_change_to_isolated_shows_what_every_position_would_hold_and_need() -> None:
    page = ComparePage(address(marks={"RENDER": 1.75 * 0.95, "FET": 0.2231}))
    assert page.table("After the change") == [
        {
            "After the change": "RENDER long",
            "Margin with profit and loss": "$2,500.00",
            "Initial margin": "$4,750.00",
            "Shortfall": "$2,250.00",
            "Headroom": "$1,625.00",
            "Margin used": "35.00%",
            "State": "holds",
        },
        {
            "After the change": "FET long",
            "Margin with profit and loss": "$4,000.00",
            "Initial margin": "$4,000.00",
            "Shortfall": "none",
            "Headroom": "$3,275.00",
            "Margin used": "18.12%",
            "State": "holds",
        },
    ]
    assert "$1,250.00 more than the $1,000.00 free in the wallet" in page.text()


def test_a_change_to_cross_shows_what_the_account_would_hold_and_need() -> None:
    [row] = ComparePage(address(margin_mode="isolated")).table("After the change")
    assert (row["After the change"], row["Initial margin"], row["Headroom"]) == (
        "Account",
        "$9,000.00",
        "$8,350.00",
    )


def test_a_position_that_a_change_would_liquidate_or_bring_past_a_level_is_marked_in_the_table() -> (
    None
):
    for fall, state in (
        (0.9, "liquidated at once"),
        (0.92, "past danger"),
        (0.925, "past warning"),
    ):
        page = ComparePage(address(marks={"RENDER": 1.75 * fall, "FET": 0.2231}))
        assert [row["State"] for row in page.table("After the change")] == [state, "holds"]


def test_the_change_of_mode_is_told_for_this_account() -> None:
    moved = {"RENDER": 1.75 * 0.9, "FET": 0.2231}
    comparison = modes(scenario(marks=moved))
    said = ComparePage(address(marks=moved)).text()
    assert all(each in said for each in switch_in_words(comparison, switch(comparison)))


def test_of_an_account_that_is_liquidated_what_the_wallet_held_is_told_and_no_change_is_offered() -> (
    None
):
    page = ComparePage(address(wallet_balance=600))
    assert {row["Cross leaves"] for row in page.table("Direction")} == {
        "$0.00 (liquidated already, the wallet held $600.00)"
    }
    assert "there is nothing left to change" in page.text()
    assert not [each for each in page.at.dataframe if "After the change" in each.value.columns]
    assert "refuses a change of mode" not in page.text()


def test_directions_are_named_as_on_moves_together() -> None:
    legs = [
        {"symbol": token, "side": side, "quantity": size, "entry_price": entry, "leverage": 5}
        for token, side, size, entry in (
            ("RENDER", "long", 1e4, 1.75),
            ("FET", "short", 1e4, 0.22),
            ("BTC", "long", 0.1, 7e4),
        )
    ]
    page = ComparePage(
        address(positions=legs, marks={"RENDER": 1.75, "FET": 0.2231, "BTC": 71_000})
    )
    names = [row["Direction"] for row in page.table("Direction")]
    assert not [row for row in page.table("Direction") if "+$0.00" in row["Cross leaves"]]
    assert names[:4] == [
        "Everything together",
        "AI sector only",
        "BTC, the others by beta",
        "Longs down, shorts up",
    ]
    assert "In “Longs down, shorts up” a negative move is the one that hurts." in page.text()


def test_the_move_against_the_account_is_explained_only_where_it_is_shown(
    landing: ComparePage,
) -> None:
    assert "Longs down, shorts up" not in landing.text()
    assert "Liquidation is looked for from −100% to +1,000%." in landing.text()


# Venue against venue


@pytest.fixture(scope="module")
def by_venue() -> ComparePage:
    return ComparePage().choose("compare_section", BY_VENUE)


def test_every_venue_has_its_figures_and_the_date_of_its_tables(by_venue: ComparePage) -> None:
    rows = {row["Exchange"]: row for row in by_venue.table("Tables")}
    assert list(rows) == [
        "Binance",
        "Bybit",
        "Bybit without FET",
        "OKX",
        "OKX without FET",
        "Hyperliquid",
    ]
    assert rows["Binance"] == {
        "Exchange": "Binance",
        "Rejected there": "none",
        "No data": "none",
        "Tables": "snapshot, 2026-09-29",
        "Joint fall": "−9.47%",
        "Joint rise": "none",
        "Margin used": "16.50%",
        "Venue's ratio": "16.50%",
        "How to read it": "rises, liquidation at 100.00%",
        "Initial margin": "$9,000.00",
        "Maintenance margin": "$1,650.00",
        "Requirement": "$1,650.00",
        "Available": "$1,000.00",
    }
    assert list(rows["Binance"])[:3] == ["Exchange", "Rejected there", "No data"]
    assert rows["OKX without FET"]["How to read it"] == "falls, liquidation at 100.00%"
    assert rows["Hyperliquid"]["Rejected there"].startswith("RENDER long at 10x is above the 5x")
    assert rows["Hyperliquid"]["Initial margin"] == "refused ($9,000.00 as entered)"
    assert rows["Hyperliquid"]["Available"] == "refused ($1,000.00 as entered)"


def test_a_venue_that_does_not_list_a_token_has_no_figures_and_says_why(
    by_venue: ComparePage,
) -> None:
    rows = {row["Exchange"]: row for row in by_venue.table("Tables")}
    assert (
        rows["Bybit"]["No data"] == "FET is not listed on Bybit as seen 2025-12-29 and 2026-07-20"
    )
    figures = (
        "Initial margin",
        "Requirement",
        "Joint fall",
        "Available",
        "Venue's ratio",
        "Rejected there",
    )
    assert {rows["Bybit"][column] for column in (*figures, "How to read it")} == {"–"}
    assert rows["Bybit without FET"]["Initial margin"] == "$5,024.75"


def test_nobody_is_named_as_the_tables_are_far_apart(by_venue: ComparePage) -> None:
    tables = {venue: snapshot.tables(venue) for venue in listing_venues()}
    assert by_venue.sentence == venue_verdict(venues_compared(scenario(), tables))
    assert "203 days apart" in by_venue.sentence
    assert by_venue.title() == "Joint fall to liquidation: −1.23% (Hyperliquid) to −9.47% (Binance)"
    assert "USDT and USDC are taken as one dollar each" in by_venue.text()
    assert "no venue is asked" in by_venue.text()


def test_liquidation_prices_are_told_per_token_and_venue(by_venue: ComparePage) -> None:
    render, fet = by_venue.table("Bybit without FET")
    assert (render["Binance"], render["OKX without FET"]) == (
        "1.4518 (−17.04%)",
        "1.4440 (−17.48%)",
    )
    assert (fet["Bybit without FET"], fet["Hyperliquid"]) == ("–", "0.21690 (−2.78%)")


def test_a_venue_is_taken_over_as_the_front_page_does_and_the_section_stays() -> None:
    page = ComparePage().choose("compare_section", BY_VENUE).press("do_take_hyperliquid")
    assert page.session.working == scenario(venue="hyperliquid")
    assert page.linked.account.venue == "hyperliquid"
    assert "Binance → Hyperliquid: tiers as of 2026-03-10" in page.text()
    assert page.session.baseline == scenario()
    assert page.session.working.market.reference == snapshot.tables("hyperliquid")
    assert {each.key for each in page.at.button if each.key} >= {"do_take_binance", "do_take_okx"}
    assert "do_take_hyperliquid" not in {each.key for each in page.at.button}


def test_a_venue_taken_over_has_the_figures_that_its_row_showed() -> None:
    page = ComparePage(address(taker_fee=0.002)).choose("compare_section", BY_VENUE)
    shown = {row["Exchange"]: row for row in page.table("Tables")}["OKX without FET"]
    page.press("do_take_okx")
    assert {row["Exchange"]: row for row in page.table("Tables")}["OKX without FET"] == shown


def test_in_isolated_margin_the_first_loss_is_told_and_prices_are_per_position() -> None:
    page = ComparePage(address(margin_mode="isolated")).choose("compare_section", BY_VENUE)
    assert page.table("Tables")[0]["Joint fall, first lost"] == "−8.32%"
    assert [row["Token"] for row in page.table("Binance")] == ["RENDER long", "FET long"]


# Whatever a link holds


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param(
            {"positions": [], "marks": {}},
            "No positions: cross and isolated are the same",
            id="no positions",
        ),
        pytest.param(
            {"venue": "textbook"}, "Cross is liquidated by a joint fall of", id="the textbook"
        ),
        pytest.param(
            {"venue": "okx"},
            "What either mode survives cannot be told: FET is not listed",
            id="no tiers",
        ),
        pytest.param(
            {"marks": {"RENDER": 1.0, "FET": 0.1}}, "Cross is liquidated at these marks", id="dead"
        ),
        pytest.param(
            {"marks": {"RENDER": 0, "FET": 0}},
            "Cross is liquidated at these marks",
            id="marks at 0",
        ),
        pytest.param(
            {"wallet_balance": -5},
            "it takes $9,005.00 more than the wallet's −$5.00.",
            id="a wallet that owes",
        ),
        pytest.param(
            {
                "positions": [
                    {
                        "symbol": "RENDER",
                        "side": "long",
                        "quantity": 1e15,
                        "entry_price": 1e5,
                        "leverage": 1,
                    }
                ],
                "marks": {"RENDER": 1.75},
            },
            "The isolated margins are too large to be compared",
            id="margins beyond all bounds",
        ),
    ],
)
def test_an_account_of_another_kind_is_told_in_words(changes: dict[str, Any], said: str) -> None:
    page = ComparePage(address(**changes))
    assert said in page.text()
    page.choose("compare_section", BY_VENUE)
    assert page.sentence


@settings(PATIENT, max_examples=6)
@given(SCENARIOS)
def test_any_scenario_that_a_link_can_hold_is_compared(made: Scenario) -> None:
    page = ComparePage(
        {key: values for key, values in link.encode(made).parameters.items() if values}
    )
    said = page.text()
    if "What survives" in {each.value for each in page.at.header}:
        said += page.choose("compare_survival", DAYS).unfold(FIGURES).text()
    said += page.choose("compare_section", BY_VENUE).text()
    assert page.sentence
    assert not re.search(r"\b(nan|inf|None)\b", said)
    cells = [
        str(cell)
        for table in page.at.dataframe
        for row in table.value.to_dict("records")
        for cell in row.values()
    ]
    assert not [cell for cell in cells if cell in {"nan", "inf", "None", ""}]


def test_fifty_positions_are_compared() -> None:
    tokens = sorted(snapshot.tables("binance").tiers)
    held = [
        {
            "symbol": token,
            "side": side,
            "quantity": 100 / snapshot.marks()[token],
            "entry_price": snapshot.marks()[token],
            "leverage": 5,
        }
        for token in tokens
        for side in ("long", "short")
    ]
    page = ComparePage(
        address(positions=held, marks={token: snapshot.marks()[token] for token in tokens})
    )
    assert len(page.table("Liquidation, cross")) == len(held)
    page.choose("compare_survival", DAYS).choose("compare_section", BY_VENUE)
    assert page.sentence


def test_nothing_of_a_link_is_read_as_markup() -> None:
    page = ComparePage(address(title="**bold** <b>x</b> ![](http://x)", note=":red[x] $a$"))
    assert "bold" not in "".join(each.value for each in page.at.markdown)


# With live data on


def test_every_venue_is_asked_only_by_the_button(venues: tuple[Replay, Book]) -> None:
    replay, _ = venues
    page = ComparePage().choose("compare_section", BY_VENUE).choose("live", True)
    assert settles(live.cache(), list(live.wanted(page.session)), PATIENCE)
    page.run()
    assert {path.partition("/")[0] for path in replay.paths()} == {binance.HOST}
    page.press("do_ask_compared")
    every = [query for venue in listing_venues() for query in queries(venue, ("RENDER", "FET"))]
    assert settles(live.cache(), every, PATIENCE)
    page.run()
    dates = {row["Exchange"].split(" ")[0]: row["Tables"] for row in page.table("Tables")}
    assert dates["OKX"].startswith("live, 20")
    assert dates["Hyperliquid"].startswith("live, 20")
    assert dates["Binance"] == "snapshot, 2026-09-29"  # It gives its tiers only to a key.


# The rows


def test_own_tables_are_told_beside_those_of_the_venue() -> None:
    mine = scenario(tiers={"RENDER": OWN}, tiers_as_of="2026-09-01")
    found = venues_compared(mine, {venue: snapshot.tables(venue) for venue in listing_venues()})
    said = {line.name: seen(line, snapshot_view(line.venue)) for line in found.lines}
    assert said["Binance"] == "snapshot and own, 2026-09-01 (RENDER); 2026-09-29 (FET)"
    assert said["Hyperliquid"] == "snapshot and own, 2026-03-10; undated (RENDER)"


def test_a_line_without_any_table_has_no_date() -> None:
    positions = [{"symbol": "PEPE", "side": "long", "quantity": 1, "entry_price": 1, "leverage": 2}]
    nowhere = scenario(positions=positions, marks={"PEPE": 1})
    line = venues_compared(
        nowhere, {venue: snapshot.tables(venue) for venue in listing_venues()}
    ).lines[0]
    assert seen(line, snapshot_view("binance")) == "–"
    assert unknown(line) == "no tier table is known for PEPE on Binance"


def test_every_assumption_says_whose_it_is() -> None:
    found = venues_compared(
        scenario(tiers={"RENDER": OWN}),
        {venue: snapshot.tables(venue) for venue in listing_venues()},
    )
    assert all(said.startswith(listing_venues()) for said in venue_assumptions(found))
    assert "binance: tiers of RENDER as the scenario gives them, undated" in venue_assumptions(
        found
    )


def test_a_leverage_that_the_venue_caps_is_told() -> None:
    steep = scenario(
        positions=[
            {"symbol": "RENDER", "side": "long", "quantity": 1, "entry_price": 1, "leverage": 125}
        ]
    )
    assert refusals(assess(steep)) == "RENDER long at 125x is above the 75x"


def test_prices_of_a_token_that_a_venue_leaves_out_are_a_dash() -> None:
    found = venues_compared(
        scenario(), {venue: snapshot.tables(venue) for venue in listing_venues()}
    )
    assert venue_price_rows(found)[1]["OKX without FET"] == "–"


def test_directions_that_move_the_same_alike_are_shown_once() -> None:
    first, same, empty = (
        Direction("a", "A", {"X": 1.0}),
        Direction("b", "B", {"X": 1.0, "Y": 0.0}),
        Direction("c", "C", {}),
    )
    assert distinct([first, same, empty]) == [first]


def test_margins_are_read_row_by_row() -> None:
    legs = (Position("RENDER", "long", 1, 1, 1), Position("FET", "short", 1, 1, 1, 5))
    taken, faults = with_margins(legs, [{MARGIN: 7.0}, {MARGIN: float("nan")}])
    assert [each.isolated_margin for each in taken] == [7, None]
    assert faults == []
    kept, faults = with_margins(legs, [{MARGIN: None}, {MARGIN: -1.0}])
    assert [each.isolated_margin for each in kept] == [None, 5]
    assert faults == [
        "FET short: its margin must be a positive number, got -1; the last good one is kept."
    ]
