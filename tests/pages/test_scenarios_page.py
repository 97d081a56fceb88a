"""The Stress tests page: what it says of directions, the map, crash days, and shocks.

And what its rows say.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from streamlit.testing.v1 import AppTest

from margin.errors import FieldError
from margin.examples import presets
from margin.market.price_moves import DailyFunding, betas_to_btc, crash_days
from margin.market.snapshot import embedded as snapshot
from margin.market.source import Quote
from margin.market.view import Origin, snapshot_view
from margin.model import link
from margin.model.scenario import Scenario
from margin.model.shocks import Shocks
from margin.studies.account.assess import assess
from margin.studies.distance.directions import Direction, ranked, study
from margin.studies.distance.groups import day_points
from margin.studies.stress.crash_table import CrashDay, TokenMove, crash_rows
from margin.studies.stress.shocks import breakdown
from margin.text import shocks as shocks_text
from margin.text import stress as stress_text
from pages.ui.session import live
from pages.ui.session.funding import present_funding
from pages.ui.session.session import LiveData, Session
from pages.ui.session.stress import directions_of
from pages.ui.stress_tests import direction_rows as scenario_rows
from pages.ui.stress_tests import shock_rows
from pages.ui.stress_tests.shock_rows import Cell
from tests.model.any_scenario import SCENARIOS
from tests.pages.charts import charts
from tests.pages.visitor import APP, PATIENCE, address, document, read, scenario

PATIENT = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[
        Phase.explicit,
        Phase.reuse,
        Phase.generate,
    ],  # Each example is a whole page: too slow to be shrunk.
)
MAP, DAYS, RULES = "Two-token map", "Crash days", "Custom stress"
BTC_LEADS = "BTC, the others by beta"
WITHOUT = scenario_rows.WITHOUT
SECTIONS = ("Market moves", MAP, DAYS, RULES)
ONE_TOKEN = {
    "positions": [
        {"symbol": "TAO", "side": "short", "quantity": 10, "entry_price": 255, "leverage": 5}
    ],
    "marks": {"TAO": 255},
}


class ScenariosPage:
    """One session on the page. No run of it may end in a traceback."""

    def __init__(
        self, parameters: Mapping[str, list[str]] | None = None, section: str | None = None
    ) -> None:
        self.at = AppTest.from_file(APP, default_timeout=PATIENCE)
        self.at.query_params = dict(parameters or {})
        self.at.switch_page("pages/scenarios.py")
        self._edits: dict[str, dict[int, dict[str, Any]]] = {}
        self.run()
        if section:
            self.open(section)

    def run(self) -> "ScenariosPage":
        self.at.run()
        assert [each.value for each in self.at.exception] == []
        return self

    # What is read

    @property
    def sentence(self) -> str:
        """The sentence that the page begins with."""
        [first, *_] = [each.value for each in self.at.markdown if each.value.startswith("**")]
        return read(first).strip("*").replace("\u2060", "")

    @property
    def verdict(self) -> str:
        """The sentence of the shocks."""
        [*_, last] = [each.value for each in self.at.markdown if each.value.startswith("**")]
        return read(last).strip("*").replace("\u2060", "")

    @property
    def text(self) -> str:
        """Everything that is said beside tables and charts."""
        kinds = (self.at.markdown, self.at.caption, self.at.warning, self.at.info, self.at.error)
        return "\n".join(read(each.value).replace("\u2060", "") for kind in kinds for each in kind)

    @property
    def errors(self) -> list[str]:
        return [read(each.value).replace("\u2060", "") for each in self.at.error]

    @property
    def linked(self) -> Scenario:
        """The scenario that the address carries."""
        query = {
            key: value if isinstance(value, list) else [value]
            for key, value in self.at.query_params.items()
        }
        return link.decode(query).scenario

    @property
    def working(self) -> Scenario:
        held: Scenario = self.at.session_state["tandem"].working
        return held

    def table(self, column: str) -> list[dict[str, Any]]:
        """The rows of the table that has this column and is not edited."""
        [frame] = [
            each.value
            for each in self.at.dataframe
            if column in each.value.columns and not self._edited(each)
        ]
        return [dict(row) for row in frame.to_dict("records")]

    def _edited(self, element: Any) -> bool:
        return element.proto.id in {each.proto.id for each in self.at.data_editor}

    def falls_to(self, direction: str) -> str:
        """How far a direction may fall until liquidation."""
        [row] = [row for row in self.table("Largest price change") if row["Direction"] == direction]
        text: str = row["↓ liquidation"]
        return text

    def chart(self) -> dict[str, Any]:
        [chart] = charts(self.at)
        return chart.spec

    @property
    def title(self) -> str:
        [chart] = charts(self.at)
        return chart.title

    @property
    def section(self) -> str:
        value: str = self.field("scenarios_section").value
        return value

    def field(self, name: str) -> Any:
        kinds = [
            self.at.number_input,
            self.at.selectbox,
            self.at.segmented_control,
            self.at.text_input,
        ]
        every = [each for kind in kinds for each in kind]
        [found] = [each for each in every if each.key and re.fullmatch(rf"{name}(_.*)?", each.key)]
        return found

    def has(self, name: str) -> bool:
        return any(re.match(name, each.key or "") for each in self.at.selectbox)

    # What is done

    def open(self, section: str) -> "ScenariosPage":
        return self.enter("scenarios_section", section)

    def enter(self, name: str, value: Any) -> "ScenariosPage":
        self.field(name).set_value(value)
        return self.run()

    def press(self, key: str) -> "ScenariosPage":
        [button] = [each for each in self.at.button if each.key == key]
        button.click()
        return self.run()

    def edit(self, table: str, cells: Mapping[int, dict[str, Any]]) -> "ScenariosPage":
        """Types into cells by row, on top of what was typed before."""
        [editor] = [
            each for each in self.at.data_editor if re.fullmatch(rf"{table}_.*", each.key or "")
        ]
        edits = self._edits.setdefault(editor.key, {})
        for row, changed in cells.items():
            edits.setdefault(row, {}).update(changed)
        state = {"edited_rows": edits, "added_rows": [], "deleted_rows": []}
        self.at.session_state[editor.key] = state
        return self.run()

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The rows that an edited table starts from."""
        [editor] = [
            each for each in self.at.data_editor if re.fullmatch(rf"{table}_.*", each.key or "")
        ]
        return list(editor.value.to_dict("records"))


# The first sentence


@pytest.mark.parametrize(
    ("preset", "said"),
    [
        (
            "pair",
            "Your nearest danger is everything falling 9.47% together: then the whole account is "
            "liquidated.",
        ),
        (
            "hedged",
            "Your nearest danger is every price going 8.95% against you, longs down and "
            "shorts up: "
            "then the whole account is liquidated.",
        ),
        (
            "isolated",
            "Your nearest danger is everything falling 8.32% together: then the first position is liquidated"
            ".",
        ),
    ],
)
def test_the_page_begins_with_the_nearest_danger(preset: str, said: str) -> None:
    assert ScenariosPage(link.encode(presets()[preset].scenario).parameters).sentence == said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param(
            {"positions": [], "marks": {}},
            "No positions: no move can liquidate anything",
            id="no positions",
        ),
        pytest.param({"venue": "okx"}, "Not known: OKX has no tier table for FET.", id="no tiers"),
        pytest.param({"wallet_balance": 100}, "Liquidated at these marks.", id="liquidated"),
        pytest.param(ONE_TOKEN, "Your nearest danger is TAO rising ", id="a short"),
        pytest.param(
            {"wallet_balance": 1e6},
            "No direction looked at here liquidates this account.",
            id="nothing liquidates",
        ),
    ],
)
def test_every_state_of_an_account_has_its_sentence(changes: dict[str, Any], said: str) -> None:
    page = ScenariosPage(address(**changes))
    assert page.sentence.startswith(said)
    for section in SECTIONS[1:]:
        assert page.open(section).sentence.startswith(said)


# Directions


@pytest.fixture(scope="module")
def landing() -> ScenariosPage:
    return ScenariosPage()


def test_every_direction_is_ranked_once_with_its_distances_and_what_is_left(
    landing: ScenariosPage,
) -> None:
    rows = landing.table("Largest price change")
    assert [row["Direction"] for row in rows] == [
        "Everything together",
        "BTC, the others by beta",
        "RENDER alone",
        "FET alone",
    ]
    assert rows[0] == {
        "Direction": "Everything together",
        "↓ liquidation": "−9.47%",
        "↓ danger": "−9.05%",
        "↓ warning": "−7.75%",
        "Largest price change": "9.47%",
        "at −5%": "$5,500.00 · 28.36%",
        **dict.fromkeys(("at −10%", "at −20%", "at −30%", "at −50%"), "liquidated"),
    }
    assert rows[1]["Largest price change"] == "9.64%"
    assert landing.title == "Nearest: Everything together, −9.47%"
    assert (
        "AI sector only and Longs down, shorts up come to the same as Everything together."
        in landing.text
    )
    assert [row["Snapshot's beta"] for row in landing.rows("betas")] == [
        "1.662, 2024-07-27 to 2026-03-18",
        "1.597, 2024-07-27 to 2026-03-18",
    ]
    assert (
        "Betas and a direction of your own last as long as this session and are in no link."
        in landing.text
    )


def test_what_is_left_after_rises_can_be_asked_for() -> None:
    rows = ScenariosPage().enter("slices", "rises").table("at +50%")
    assert rows[0]["at +10%"] == "$19,000.00 · 9.76%"


def test_a_beta_of_ones_own_moves_the_direction_and_stays_when_another_section_was_open() -> None:
    page = ScenariosPage().edit("betas", {0: {"Beta to BTC": 3.0}, 1: {"Beta to BTC": 3.0}})
    assert page.falls_to(BTC_LEADS) == "−3.16%"
    page.open(MAP).open("Market moves")
    assert page.falls_to(BTC_LEADS) == "−3.16%"
    assert [row["Beta to BTC"] for row in page.rows("betas")] == [3.0, 3.0]
    assert page.working == ScenariosPage().working, "what is only looked at is not in the scenario"


def test_a_direction_of_ones_own_joins_the_ranking() -> None:
    page = ScenariosPage().edit("betas", {0: {"Own direction": 1.0}, 1: {"Own direction": -1.0}})
    assert page.falls_to("Your own direction").startswith("−")
    page.edit("betas", {0: {"Own direction": None}, 1: {"Own direction": None}})
    assert len(page.table("Largest price change")) == 4


def test_a_figure_of_a_direction_that_cannot_be_is_told_with_what_counts_instead() -> None:
    page = ScenariosPage().edit("betas", {0: {"Beta to BTC": 1e6}, 1: {"Own direction": -101.0}})
    wanted = "must be a number of at least -100 and of at most 100"
    assert page.errors == [
        f"“Beta to BTC” of RENDER {wanted}, got 1000000; 1.662 counts instead.",
        f"“Own direction” of FET {wanted}, got -101; it stands still instead.",
    ]
    assert page.falls_to(BTC_LEADS) == "−5.80%"


def test_an_emptied_beta_is_the_snapshots_again_and_shows_it() -> None:
    page = ScenariosPage().edit("betas", {0: {"Beta to BTC": 3.0}, 1: {"Own direction": -1.0}})
    assert page.falls_to(BTC_LEADS) != "−5.80%"
    page.edit("betas", {0: {"Beta to BTC": None}})
    assert [row["Beta to BTC"] for row in page.rows("betas")] == [
        betas_to_btc()["RENDER"],
        betas_to_btc()["FET"],
    ]
    assert [row["Own direction"] for row in page.rows("betas")][1] == -1.0
    assert page.falls_to(BTC_LEADS) == "−5.80%"


def test_a_token_without_a_beta_is_said_to_be_assumed() -> None:
    position = {"symbol": "PEPE", "side": "long", "quantity": 1, "entry_price": 1, "leverage": 2}
    page = ScenariosPage(address(positions=[position], marks={"PEPE": 1}))
    for _ in range(2):
        [row] = page.rows("betas")
        assert (row["Beta to BTC"], row["Snapshot's beta"]) == (1.0, "none: taken as 1")
        page.edit("betas", {0: {"Beta to BTC": None}})


def test_without_tiers_only_what_is_known_is_spoken_of() -> None:
    page = ScenariosPage(address(venue="okx"))
    assert "Without that tier table no distance can be told" in page.text
    assert not re.search("Ranked by|come to the same", page.text)
    first = page.table("at −5%")[0]
    assert (first["at −5%"], first["at −20%"], first["at −50%"]) == (
        "$5,500.00 · –",
        "liquidated",
        "liquidated",
    )
    rows = {row["Day"]: row for row in page.open(DAYS).table(WITHOUT)}
    assert (
        rows["2025-10-10"]["At the worst tick"]
        == rows["2025-10-10"]["At the close"]
        == "liquidated"
    )
    assert rows["2025-11-07"]["At the worst tick"] == "–"


# The map


def test_the_map_shows_the_two_largest_tokens_and_says_what_it_rests_on() -> None:
    page = ScenariosPage(section=MAP)
    assert page.title == "RENDER −17.04% or FET −21.30% alone liquidates; together −9.47%"
    assert "Ellipses: daily log returns 2024-07-27 to 2026-03-18, correlation 0.82" in page.text
    assert (
        "Crash days at every token's worst tick of the day, taken at once (an approximation)"
        in page.text
    )
    names = [trace.get("name") for trace in page.chart()["data"]]
    assert {"liquidation", "danger 80%", "warning 50%", "now", "crash days"} <= set(names)
    days = page.table("These two tokens")
    assert [row["No."] for row in days] == [str(number) for number in range(1, 22)]
    assert days[0]["Day"] == "2025-10-10 liquidation cascade"
    assert days[-1]["These two tokens"].startswith("survived · ")


def test_what_the_map_shows_can_be_chosen() -> None:
    page = (
        ScenariosPage(section=MAP)
        .enter("map_days", 30)
        .enter("map_ticks", None)
        .enter("map_colour", "headroom")
    )
    names = [trace.get("name") for trace in page.chart()["data"]]
    assert "1, 2, 3 σ within 30 days" in names
    assert "crash days" not in names
    assert page.chart()["data"][0]["zmin"] < 0
    page.open(DAYS).open(MAP)
    assert page.field("map_days").value == 30, "what was chosen is still chosen"


def test_a_close_on_the_map_does_not_bring_back_what_the_day_liquidated() -> None:
    page = ScenariosPage(section=MAP).enter("map_ticks", "close")
    days = {row["Day"][:10]: row for row in page.table("These two tokens")}
    assert days["2022-05-12"]["Whole account"] == "recovered by the close · 15.56%"
    [told] = [trace["text"] for trace in page.chart()["data"] if trace.get("name") == "crash days"]
    [day] = [each for each in told if "2022-05-12" in each]
    assert "<br>would stand again, had it not been liquidated before<br>" in day


def test_groups_can_be_set_against_each_other() -> None:
    book = presets()["basket"].scenario
    hedge = {
        "symbol": "BTC",
        "side": "short",
        "quantity": 0.5,
        "entry_price": 71_000,
        "leverage": 10,
    }
    document = book.to_json() | {"positions": [*book.to_json()["positions"], hedge]}
    document["marks"]["BTC"] = 71_202.9
    page = ScenariosPage(link.encode(Scenario.from_json(document)).parameters, MAP)
    assert (page.field("map_first").value, page.field("map_second").value) == ("All longs", "BTC")
    assert "All longs: RENDER, FET, TAO, NEAR and WLD by the same move." in page.text
    assert "each by its notional (an approximation)" in page.text
    page.enter("map_first", "RENDER")
    assert page.field("map_second").options == ["FET", "TAO", "NEAR", "WLD", "BTC"]
    assert "FET, TAO, NEAR and WLD stand still." in page.text


def test_one_token_makes_no_map() -> None:
    page = ScenariosPage(address(**ONE_TOKEN), MAP)
    assert "this account has no two" in page.text
    assert not page.has("map_first")


# Named days


def test_the_days_are_counted_and_each_says_how_it_ends() -> None:
    page = ScenariosPage(section=DAYS)
    assert "Of 21 crash days this account would have survived 4 at the worst tick" in page.text
    rows = {row["Day"]: row for row in page.table(WITHOUT)}
    assert rows["2025-02-24"] == {
        "Day": "2025-02-24",
        "Event": "AI sell-off",
        "At the close": "liquidated · no equity left",
        "At the worst tick": "liquidated · no equity left",
        "Equity change": "−$10,000.00, all of it",
        "Cushion": "−$3,998.00",
        WITHOUT: "",
    }
    assert rows["2025-11-07"]["At the worst tick"] == "survived · 16.97%"
    assert rows["2025-11-07"]["Cushion"].startswith("+$")
    assert "by their closes alone it looks like 9, which hides the danger" in page.text
    ends = [
        (row["At the close"].split(" · ")[0], row["At the worst tick"].split(" · ")[0])
        for row in rows.values()
    ]
    assert {end for end in ends if end[1] == "liquidated"} == {
        ("liquidated", "liquidated"),
        ("recovered by the close", "liquidated"),
    }
    assert (len(ends), ends.count(("recovered by the close", "liquidated"))) == (21, 5)
    assert rows["2024-03-06"]["Equity change"] == "−$988.00"
    assert rows["2024-03-06"][WITHOUT] == "RENDER extremes unknown"
    assert "The worst tick takes every token's lowest or highest price of the day" in page.text


def test_tokens_without_figures_of_a_day_are_marked() -> None:
    page = ScenariosPage(address(**ONE_TOKEN), DAYS)
    rows = {row["Day"]: row for row in page.table(WITHOUT)}
    assert (rows["2022-05-09"][WITHOUT], rows["2025-02-24"][WITHOUT]) == ("TAO by beta", "")
    assert "moved with BTC by their beta: TAO 1.51 (on 6 days)" in page.text


def test_a_day_of_ones_own_joins_the_list_and_can_be_taken_away_again() -> None:
    page = ScenariosPage(section=DAYS).enter("day_name", "My <b>day</b>")
    page.edit("own_day", {0: {"Move, in %": -4.0}, 1: {"Move, in %": -5.0}}).press("do_add_day")
    mine = page.table(WITHOUT)[-1]
    assert (mine["Day"], mine["Event"]) == ("yours", "My <b>day</b>")
    assert mine["Equity change"] == "−$4,000.00"
    assert "Of 22 crash days this account would have survived 5" in page.text
    assert page.open(MAP).open(DAYS).table(WITHOUT)[-1]["Event"] == "My <b>day</b>"
    assert len(page.press("do_remove_day").table(WITHOUT)) == 21


@pytest.mark.parametrize(
    ("name", "cells", "said"),
    [
        pytest.param("", {0: {"Move, in %": -4.0}}, "its name is missing", id="no name"),
        pytest.param("mine", {}, "its moves are missing", id="no moves"),
        pytest.param(
            "mine",
            {0: {"Move, in %": -101.0}},
            "move of RENDER must be a number of at least",
            id="too far",
        ),
    ],
)
def test_a_day_that_says_nothing_is_refused_in_words(
    name: str, cells: dict[int, Any], said: str
) -> None:
    page = ScenariosPage(section=DAYS).enter("day_name", name)
    page.edit("own_day", cells).press("do_add_day")
    assert said in page.errors[0]
    assert len(page.table(WITHOUT)) == 21


# Rules and combined


def test_each_part_stands_alone_and_all_together_and_all_go_into_the_link() -> None:
    page = ScenariosPage(section=RULES)
    assert page.verdict.startswith("Set a stress")
    page.enter("shock_common", -5.0).enter("shock_maintenance", 2.0).enter(
        "shock_leverage_cap", 0.1
    )
    page.edit("shock_table", {0: {"Funding a day, %": 0.1}}).enter("shock_days", 10.0)
    assert page.linked.shocks == Shocks(
        common=-0.05, maintenance=2.0, leverage_cap=0.1, funding={"RENDER": 0.001}, days=10.0
    )
    rows = {row["Supposed"]: row for row in page.table("Supposed")}
    assert list(rows) == [
        "Before",
        "Prices",
        "Maintenance rates",
        "Leverage caps",
        "Funding",
        "All together",
    ]
    assert rows["Maintenance rates"]["Margin used"] == "33.00%"
    assert rows["Leverage caps"]["Above the leverage cap"] == "RENDER long, FET long"
    assert rows["Funding"]["Margin balance"] == "$9,500.00"
    parts = breakdown(page.working, page.working.shocks or Shocks())
    assert rows["All together"]["Headroom"] == f"${parts[-1].outcome.headroom:,.2f}"
    assert "margin balance $10,000.00 → $5,000.00" in page.verdict
    assert page.press("do_reset_shocks").linked.shocks is None
    assert page.section == RULES
    assert page.field("shock_common").value == 0


def test_the_recorded_extreme_of_funding_is_named_and_runs_for_a_week() -> None:
    page = ScenariosPage(section=RULES).press("do_extreme")
    shocks = page.linked.shocks
    assert shocks == Shocks(funding={"RENDER": 0.0003, "FET": 0.0003}, days=7)
    assert (
        "Funding at its recorded extreme: RENDER 0.03% a day, highest of Binance, 2025-02-01"
        in page.text
    )
    assert "it is 309 days until liquidation" in page.text
    assert page.enter("shock_days", 3.0).press("do_extreme").linked.shocks == replace(
        shocks, days=3.0
    )


def test_the_worst_tick_of_a_named_day_can_be_taken_as_the_price_shock() -> None:
    page = ScenariosPage(section=RULES).enter("shock_common", -5.0)
    page.enter("shock_day", [day.date for day in crash_days()].index("2025-02-24"))
    assert page.linked.shocks == Shocks(moves={"RENDER": -0.1408, "FET": -0.139})
    assert page.verdict.startswith("All together liquidates the account")
    told = "The price moves are the worst tick of 2025-02-24 · AI sell-off: the worst tick takes every token's lowest"
    assert told in page.text
    assert told in ScenariosPage({**page.at.query_params}).text, (
        "so it is told to whom the link is sent"
    )
    assert told not in page.edit("shock_table", {0: {"Price move, %": -15.0}}).text


def test_a_day_of_ones_own_can_go_into_the_shocks_and_so_into_the_link() -> None:
    page = ScenariosPage(section=DAYS).enter("day_name", "mine")
    assert "It lasts as long as this session and is in no link" in page.text
    page.edit("own_day", {0: {"Move, in %": -4.0}}).press("do_add_day").open(RULES)
    page.enter("shock_day", len(crash_days()))
    assert page.linked.shocks == Shocks(moves={"RENDER": -0.04, "FET": 0.0})
    assert "The price moves are the worst tick of mine" in page.text
    stranger = ScenariosPage({**page.at.query_params})
    assert stranger.table("Supposed") == page.table("Supposed")
    assert "worst tick of mine" not in stranger.text


def test_a_day_beyond_what_may_be_supposed_is_refused_in_words_and_the_others_are_not() -> None:
    btc = {"symbol": "BTC", "side": "short", "quantity": 0.1, "entry_price": 70_000, "leverage": 5}
    shorts = [{**leg, "side": "short"} for leg in document()["positions"][:1]]
    page = ScenariosPage(
        address(positions=[*shorts, btc], marks={"RENDER": 1.75, "BTC": 70_000}), DAYS
    )
    page.enter("day_name", "moon").edit("own_day", {1: {"Move, in %": 900.0}}).press(
        "do_add_day"
    ).open(RULES)
    page.enter("shock_day", len(crash_days()))
    assert page.errors == [
        "moon is not taken: a price move may be −100 to 1000%, and at its worst tick it has "
        "RENDER +1,496%."
    ]
    assert page.linked.shocks is None
    page.enter("shock_day", 0)
    assert page.errors == []
    assert page.linked.shocks is not None


@pytest.mark.parametrize("section", SECTIONS)
def test_a_link_with_shocks_opens_with_them_and_leaves_them_as_they_are(section: str) -> None:
    shocks = {
        "common": -0.07,
        "moves": {"PEPE": 1 / 3},
        "maintenance_by_token": {"FET": 1.1},
        "days": 0.1,
        "haircut": 0.07,
    }
    page = ScenariosPage(address(shocks=shocks))
    assert page.section == RULES
    assert [row["Token"] for row in page.rows("shock_table")] == ["RENDER", "FET", "PEPE"]
    page.open(section).run()
    assert page.working == scenario(shocks=shocks)
    assert ("This scenario carries shocks" in page.text) is (section != RULES)


def test_a_shock_that_cannot_be_is_told_in_its_own_unit_and_the_others_are_in_force() -> None:
    page = ScenariosPage(section=RULES).enter("shock_common", -5.0).enter("shock_common", -500.0)
    page.edit(
        "shock_table",
        {0: {"Price move, %": -150.0, "Funding a day, %": 0.1}, 1: {"Price move, %": -7.0}},
    )
    page.enter("shock_days", 2.0)
    wanted = "must be a number of at least -100 and of at most 1000"
    assert page.errors == [
        f"“Joint move, %” {wanted}, got -500; -5 counts instead.",
        f"“Price move, %” of RENDER {wanted}, got -150; the joint move counts instead.",
    ]
    assert page.linked.shocks == Shocks(
        common=-0.05, moves={"FET": -0.07}, funding={"RENDER": 0.001}, days=2
    )
    page.edit("shock_table", {0: {"Price move, %": -15.0}}).edit(
        "shock_table", {0: {"Price move, %": -150.0}}
    )
    assert page.errors[1].endswith("got -150; -15 counts instead.")


def test_more_tokens_than_shocks_may_name_are_refused_by_the_columns_name() -> None:
    page = ScenariosPage(address(shocks={"moves": {f"T{index}": 0.1 for index in range(250)}}))
    page.edit("shock_table", {0: {"Price move, %": -7.0}})
    assert page.errors == [
        "“Price move, %” must have at most 250 entries, got 251. The figures stay as they were "
        "before this edit."
    ]


@pytest.mark.parametrize(
    ("cell", "bounds", "said"),
    [
        (
            shock_rows.NUMBERS[0],
            {"at_least": -100, "at_most": 1000},
            "every token by its beta, −100 to 1000%",
        ),
        (
            shock_rows.NUMBERS[2],
            {"above": 0, "at_most": 1},
            "the venue's leverage caps times this, above 0 and up to 1",
        ),
        (
            shock_rows.NUMBERS[4],
            {"at_least": 0, "at_most": 365},
            "how long funding and interest run, 0 to 365",
        ),
        (
            shock_rows.CELLS[2],
            {"at_least": -100, "at_most": 100},
            "what a long pays a short per day, of the notional, −100 to 100%",
        ),
    ],
)
def test_an_input_says_the_bounds_that_it_is_checked_by(
    cell: Cell, bounds: dict[str, float], said: str
) -> None:
    assert (cell.bounds, cell.help) == (bounds, said)


def test_a_figure_that_nobody_changed_is_exactly_what_stood_there() -> None:
    start = Shocks(common=0.07, moves={"FET": 1 / 3}, maintenance=0.1)
    for cell, token in [(each, "") for each in shock_rows.NUMBERS] + [(shock_rows.CELLS[0], "FET")]:
        shown = cell.shown(start, token)
        assert shown is not None
        assert cell.exact(start, shown, token) == cell.held(start, token)


def test_an_edited_shock_is_not_lost_when_another_section_was_open() -> None:
    page = ScenariosPage(section=RULES).enter("shock_common", -5.0).open(DAYS).open(RULES)
    assert page.field("shock_common").value == -5.0
    page.edit("shock_table", {1: {"Price move, %": 3.0}})
    assert page.linked.shocks == Shocks(common=-0.05, moves={"FET": 0.03})


def test_without_tiers_nothing_is_made_up() -> None:
    page = ScenariosPage(address(venue="okx", shocks={"common": -0.1}))
    [before, *_] = page.table("Supposed")
    assert (before["Margin balance"], before["Requirement"], before["Outcome"]) == (
        "$10,000.00",
        "–",
        "not known",
    )
    assert "Not known, for want of a tier table" in page.text


ONE_LOST = {
    "margin_mode": "isolated",
    "wallet_balance": 20_000,
    "marks": {"RENDER": 1.5, "FET": 0.2231},
}


@pytest.mark.parametrize(
    ("changes", "shocks", "said"),
    [
        pytest.param(
            ONE_LOST,
            Shocks(common=-0.2),
            "All together: 2 of 2 positions lost (1 today already), margin balance $15,000.00 → "
            "$11,000.00.",
            id="isolated, one lost today",
        ),
        pytest.param(
            {"wallet_balance": 100},
            Shocks(common=-0.2),
            "The account is liquidated today already.",
            id="liquidated",
        ),
        pytest.param(
            {"venue": "okx"},
            Shocks(common=-0.02),
            "All together: margin balance $10,000.00 → $8,200.00; what is required is not known, "
            "for want of a tier "
            "table.",
            id="no tiers",
        ),
        pytest.param(
            {"wallet_balance": 1e6},
            Shocks(maintenance=2),
            "All together: safe, margin balance $1,000,000 → $1,000,000, margin used"
            " 0.17% → "
            "0.33%, nearest joint move to liquidation none → none.",
            id="nothing liquidates",
        ),
        pytest.param({}, Shocks(days=7), "Set a stress", id="only days"),
    ],
)
def test_what_all_together_comes_to_is_said_in_words(
    changes: dict[str, Any], shocks: Shocks, said: str
) -> None:
    made = scenario(**changes)
    assert shocks_text.sentence(breakdown(made, shocks), made).startswith(said)


# Whatever a link holds


@settings(PATIENT, max_examples=4)
@given(SCENARIOS)
def test_any_scenario_that_a_link_can_hold_is_drawn_and_not_changed(made: Scenario) -> None:
    parameters = {key: values for key, values in link.encode(made).parameters.items() if values}
    page = ScenariosPage(parameters)
    for section in SECTIONS:
        page.open(section)
        assert not re.search(r"\b(nan|inf|None)\b", page.text)
        assert all(chart.alt.endswith(".") for chart in charts(page.at))
        assert all(table.proto.alt for table in page.at.dataframe)
    assert page.working == snapshot.attach(link.decode(parameters).scenario)


# What the rows say


def results(made: Scenario, *directions: Direction) -> Any:
    return ranked(study(made, directions or directions_of(made, betas_to_btc(), {})))


@pytest.mark.parametrize(
    ("direction", "said"),
    [
        (
            Direction("together", "", {"RENDER": 1.0, "FET": 1.0}),
            "everything falling 9.47% together:",
        ),
        (
            Direction("together", "", {"RENDER": 2.0, "FET": 2.0}),
            "everything falling 4.73% together, each by its beta:",
        ),
        (
            Direction("sector", "", {"RENDER": 1.0, "FET": 1.0}),
            "the AI tokens falling 9.47% together:",
        ),
        (
            Direction("with_btc", "", {"RENDER": 2.0, "FET": 2.0}),
            "BTC falling 4.73% and each token following by its beta:",
        ),
        (
            Direction("against", "", {"RENDER": 1.0, "FET": 1.0}),
            "every price going 9.47% against you, longs down:",
        ),
        (Direction("custom", "", {"RENDER": -1.0}), "your own direction at +17.04%:"),
        (Direction("alone:FET", "", {"FET": 1.0}), "FET falling 21.30% alone:"),
    ],
)
def test_every_kind_of_direction_has_its_words(direction: Direction, said: str) -> None:
    made = scenario()
    sentence = stress_text.nearest_sentence(results(made, direction), made)
    assert sentence.startswith(f"Your nearest danger is {said}")


@pytest.mark.parametrize(("betas", "named"), [({}, 1.0), ({"RENDER": 2.0}, 2.0)])
def test_a_common_move_of_an_account_with_one_token_names_it_and_its_own_change(
    betas: dict[str, float], named: float
) -> None:
    made = scenario(positions=document()["positions"][:1], marks={"RENDER": 1.75}, betas=betas)
    common = Direction("together", "", {"RENDER": named})
    sentence = stress_text.nearest_sentence(results(made, common), made)
    assert (
        sentence
        == "Your nearest danger is RENDER falling 18.52%: then the whole account is liquidated."
    )


def test_a_sector_of_one_token_falls_alone() -> None:
    made = scenario()
    sector = Direction("sector", "", {"RENDER": 1.0})
    sentence = stress_text.nearest_sentence(results(made, sector), made)
    assert sentence.startswith("Your nearest danger is RENDER falling 17.04% alone:")


def test_directions_that_move_nothing_of_the_account_are_left_out() -> None:
    btc = [{"symbol": "BTC", "side": "short", "quantity": 1, "entry_price": 70_000, "leverage": 5}]
    made = scenario(positions=btc, marks={"BTC": 71_000})
    keys = [each.key for each in directions_of(made, betas_to_btc(), {})]
    assert keys == ["together", "with_btc", "against", "alone:BTC"]


def test_where_every_level_is_passed_one_sentence_says_so_in_place_of_the_table() -> None:
    page = ScenariosPage(address(wallet_balance=100))
    assert "At these marks every level is already crossed." in page.text
    assert not [each for each in page.at.dataframe if "Direction" in each.value.columns]
    made = scenario(**ONE_LOST)
    row = scenario_rows.direction_rows(results(made), made)[0]
    assert row.keys() == {"Direction", "at −5%", "at −10%", "at −20%", "at −30%", "at −50%"}


@pytest.mark.parametrize(
    ("marks", "said"),
    [
        ({"RENDER": 1.75, "FET": 0.0}, "what is held of FET is worth nothing today"),
        (
            {"RENDER": 0.0, "PEPE": 1.0},
            "what is held of RENDER is worth nothing today; the snapshot knows no ",
        ),
    ],
)
def test_why_there_are_no_ellipses_is_told_of_the_one_that_lacks_them(
    marks: dict[str, float], said: str
) -> None:
    pair = [Direction(token, token, {token: 1.0}) for token in marks]
    [told] = scenario_rows.cloud_words(None, pair[0], pair[1], marks)
    assert told.startswith(f"No ellipses: {said}")
    assert scenario_rows.cloud_words(
        None, pair[0], Direction("g", "All longs", {}), {"RENDER": 1.0}
    ) == ["No ellipses: every beta of All longs is 0."]


def test_a_level_that_is_passed_is_said_so() -> None:
    made = scenario(wallet_balance=2_000)
    row = scenario_rows.direction_rows(results(made), made)[0]
    assert (row["↓ danger"], row["↓ warning"]) == ("passed", "passed")
    assert row["↓ liquidation"].startswith("−")


def test_isolated_positions_that_are_lost_are_counted() -> None:
    made = presets()["isolated"].scenario
    row = scenario_rows.direction_rows(results(made), made)[0]
    assert row["at −50%"] == "2 of 2 lost · $1,000.00"


def test_lost_isolated_positions_are_told_from_those_that_would_stand_again_at_the_close() -> None:
    made = presets()["isolated"].scenario
    low = {token: TokenMove(-0.01, -0.5, 0.0) for token in made.tokens}
    first, _ = made.tokens
    half = {**low, first: TokenMove(-0.5, -0.5, 0.0)}
    rows = crash_rows(made, [CrashDay("", "dip", low), CrashDay("", "half", half)], {})
    told = scenario_rows.crash_rows_told(rows, made)
    assert [row["At the close"] for row in told] == [
        "2 of 2 stand again",
        "1 of 2 lost, 1 of 2 stands again",
    ]
    assert {row["At the worst tick"] for row in told} == {"2 of 2 lost"}
    assert all(row["Worst position by"].startswith("−$") for row in told)


def test_the_days_of_a_map_are_told_apart_from_the_whole_day_and_the_worst_comes_first() -> None:
    """BTC, held short, stands still on a map of RENDER and FET; on the day itself it gains."""
    short = {"symbol": "BTC", "side": "short", "quantity": 1, "entry_price": 70_000, "leverage": 10}
    made = scenario(
        positions=[*document()["positions"], short],
        marks={"RENDER": 1.75, "FET": 0.2231, "BTC": 70_000},
    )
    rows = [
        row
        for row in crash_rows(made, crash_days(), betas_to_btc())
        if row.day.date in ("2025-10-10", "2022-05-12")
    ]
    first, second = Direction("a", "RENDER", {"RENDER": 1.0}), Direction("b", "FET", {"FET": 1.0})
    points = day_points(rows, made, first, second, worst=False)
    assert [each.name for each in points] == ["2025-10-10", "2022-05-12"]
    for point in points:
        alone = 50_000 * point.first + 40_000 * point.second
        assert point.here.equity == pytest.approx(10_000 + alone)
        assert point.whole.equity == pytest.approx(
            10_000 + alone - 70_000 * point.row.day.moves["BTC"].close
        )
        assert point.whole is point.row.close.outcome
    told = scenario_rows.map_day_rows(points, made, first, second)
    assert [row["No."] for row in told] == ["1", "2"]
    assert told[0]["Day"] == "2025-10-10 liquidation cascade"
    assert told[0]["These two tokens"] == "liquidated · no equity left"
    assert (told[0]["RENDER"], told[0]["FET"]) == ("−29.40%", "−29.54%")
    assert WITHOUT not in told[0]


def test_a_made_up_place_is_marked() -> None:
    made = scenario(
        **ONE_TOKEN
        | {
            "collateral": [{"asset": "BTC", "amount": 0.1, "ratio": 0.95}],
            "marks": {"TAO": 255, "BTC": 70_000},
        }
    )
    rows = crash_rows(made, crash_days()[:1], betas_to_btc())
    first, second = Direction("a", "A", {"TAO": 1.0}), Direction("b", "B", {"BTC": 1.0})
    [point] = day_points(rows, made, first, second, worst=False)
    assert point.gaps == point.whole_gaps == {"TAO": "by beta"}
    [told] = scenario_rows.map_day_rows([point], made, first, second)
    assert told[WITHOUT] == "TAO by beta"
    assert "Whole account" not in told
    assert point.first == pytest.approx(1.5133 * point.second)


def test_own_days_close_where_they_trade_worst() -> None:
    day = scenario_rows.own_day(" mine ", {"RENDER": -20.0, "FET": None})
    assert day == CrashDay("", "mine", {"RENDER": TokenMove(-0.2, -0.2, -0.2)})


@pytest.mark.parametrize("name", ["", "  ", "x" * 41, 3, "a\nb"])
def test_a_name_that_cannot_be_shown_is_refused(name: object) -> None:
    with pytest.raises(FieldError):
        scenario_rows.own_day(name, {"RENDER": -20.0})


@pytest.mark.parametrize(
    ("days", "a_day", "rates", "said"),
    [
        (None, 0.0, "", "no funding rate of these tokens is known"),
        (
            None,
            -40.0,
            "X",
            "at X, with prices still, nothing is lost: on balance the account is paid $40.00 a day",
        ),
        (
            None,
            0.0,
            "X",
            "at X, with prices still, nothing is lost: on balance the account pays nothing",
        ),
        (0.01, 1.0, "X", "at X, with prices still, it is less than 0.1 days until liquidation"),
        (12.345, 1.0, "X", "at X, with prices still, it is 12.3 days until liquidation"),
        (1952.34, 1.0, "X", "at X, with prices still, it is 1,952 days until liquidation"),
        (1e5, 1.0, "X", "at X, with prices still, it is more than ten years until liquidation"),
    ],
)
def test_how_long_it_lasts_is_said_in_words(
    days: float | None, a_day: float, rates: str, said: str
) -> None:
    lasting = shocks_text.Lasting(days, a_day)
    assert shocks_text.lasting(assess(scenario()), lasting, rates, isolated=False) == said


@pytest.mark.parametrize(
    ("isolated", "said"),
    [
        (False, "the account is liquidated already, whatever it would pay"),
        (True, "a position is liquidated already, whatever it would pay"),
    ],
)
def test_what_is_liquidated_already_has_no_days_left(isolated: bool, said: str) -> None:
    dead = assess(scenario(wallet_balance=100))
    assert shocks_text.lasting(dead, shocks_text.Lasting(0.0, 1.0), "X", isolated=isolated) == said


@pytest.mark.parametrize(
    ("recorded", "venue", "said"),
    [
        ({}, "Binance", "the present rate ("),
        ({"FET": "Binance", "TAO": "Binance"}, "Binance", "the median rate recorded on Binance ("),
        (
            {"FET": "Binance", "TAO": "Binance"},
            "Bybit",
            "the median rate recorded on Binance, not on Bybit (",
        ),
        ({"FET": "Binance", "TAO": "Binance"}, "", "the median rate recorded on Binance ("),
        (
            {"FET": "Binance"},
            "Bybit",
            "the present rate, and where none is told the median rate recorded on Binance, not on "
            "Bybit (",
        ),
    ],
)
def test_a_median_of_a_record_is_not_called_the_present_rate(
    recorded: dict[str, str], venue: str, said: str
) -> None:
    rates = {"FET": DailyFunding(-0.00057276, "here"), "TAO": DailyFunding(0.001, "there")}
    sources = "FET −0.0573% a day, here; TAO 0.1% a day, there)"
    assert shocks_text.present_rates(rates, recorded, venue) == f"{said}{sources}"
    assert not shocks_text.present_rates({}, {}, venue)


def test_of_many_rates_some_are_told() -> None:
    rates = {f"T{index}": DailyFunding(0.001, "here") for index in range(6)}
    assert shocks_text.sources(rates).endswith("T3 0.1% a day, here; 2 more")


def test_the_venues_own_rate_goes_before_the_record() -> None:
    view = snapshot_view("binance")
    quotes = {"RENDER": Quote(1.75, None, 0.0002, 4.0), "FET": Quote(0.2, None, None, None)}
    origins = dict.fromkeys(("RENDER", "FET"), Origin("live", live.now(), "2026-11-22"))
    session = Session(
        scenario(),
        scenario(),
        live_data=LiveData(view=replace(view, quotes=quotes, mark_origins=origins)),
    )
    found = present_funding(session)
    assert found["RENDER"].rate == pytest.approx(0.0012)
    assert found["RENDER"].source.startswith("Binance, live, ")
    assert found["FET"].source.startswith("median of Binance")
