"""The Market data page: what it says with live data off and against the replay."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from streamlit.testing.v1 import AppTest

from margin.market.cache.query import Query
from margin.market.price_moves import funding_a_day
from margin.market.snapshot import embedded as snapshot
from margin.market.source import Quote
from margin.market.view import Origin, snapshot_view
from margin.model import link
from margin.model.scenario import Position, Scenario
from margin.venues import TierTable, listing_venues
from pages.ui.market_data.rows import (
    compared,
    connection_rows,
    far_apart,
    funding_lines,
    reasons,
    source_rows,
    tier_rows,
)
from pages.ui.session import live
from tests.market.any_source import settles
from tests.model.any_scenario import SCENARIOS
from tests.pages.charts import charts
from tests.pages.visitor import APP, PATIENCE, address, read, scenario
from tests.replay import binance
from tests.replay.figures import Book
from tests.replay.server import Fault, Replay, Reply

PATIENT = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[
        Phase.explicit,
        Phase.reuse,
        Phase.generate,
    ],  # Each example is a whole page: too slow to be shrunk.
)
NOW = datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)
LIVE = Origin("live", datetime(2026, 11, 22, 12, tzinfo=UTC), "2026-11-22")
OWN = [{"floor": 0, "maintenance_rate": 0.02, "max_leverage": 25, "cap": 100_000}]
ON_OKX = {
    "venue": "okx",
    "positions": [
        {
            "symbol": "RENDER",
            "side": "short",
            "quantity": 20_000,
            "entry_price": 1.75,
            "leverage": 5,
        }
    ],
    "marks": {"RENDER": 1.75},
}


class DataPage:
    """One session on the page. No run of it may end in a traceback."""

    def __init__(self, parameters: Mapping[str, list[str]] | None = None) -> None:
        self.at = AppTest.from_file(APP, default_timeout=PATIENCE)
        self.at.query_params = dict(parameters or {})
        self.at.switch_page("pages/data.py")
        self.run()

    def run(self) -> "DataPage":
        self.at.run()
        assert [each.value for each in self.at.exception] == []
        return self

    def table(self, column: str) -> list[dict[str, Any]]:
        """The rows of the table that has this column."""
        [frame] = [each.value for each in self.at.dataframe if column in each.value.columns]
        return [dict(row) for row in frame.to_dict("records")]

    def text(self) -> str:
        """Everything that is said beside tables and charts."""
        kinds = (self.at.markdown, self.at.caption, self.at.warning, self.at.info, self.at.error)
        return "\n".join(read(each.value).replace("\u2060", "") for kind in kinds for each in kind)

    def title(self, chart: int) -> str:
        """A chart's title: 0 tiers, 1 funding."""
        return charts(self.at)[chart].title

    def choose(self, token: str) -> "DataPage":
        [field] = [
            each for each in self.at.selectbox if each.key and each.key.startswith("data_token")
        ]
        field.set_value(token)
        return self.run()

    def press(self, key: str) -> "DataPage":
        [button] = [each for each in self.at.button if each.key == key]
        button.click()
        return self.run()

    def switch_on(self) -> "DataPage":
        [toggle] = [each for each in self.at.toggle if each.key == "live"]
        toggle.set_value(True)
        return self.run()


# The page with live data off


@pytest.fixture(scope="module")
def landing() -> DataPage:
    return DataPage()


def test_every_token_says_where_its_figures_come_from(landing: DataPage) -> None:
    render, fet = landing.table("Mark from")
    assert render == {
        "Token": "RENDER",
        "Mark": "1.7500",
        "Mark from": "snapshot of 2026-03-18",
        "Tiers from": "snapshot of 2026-09-29",
        "One contract": "1 RENDER",
        "Lot": "0.1",
        "Tick": "0.001",
        "Minimum order": "$5.00",
        "Taker fee": "0.05%",
        "Contract seen": "2025-11-27 to 2026-08-06",
        "Funding": "+0.00249% each 4 h, median of the past",
        "Next payment (UTC)": "–",
    }
    assert fet["Funding"] == "−0.019092% each 8 h, median of the past"
    assert "Taker fee in force: 0.05%, the venue's." in landing.text()


def test_the_tiers_of_the_first_token_stand_with_the_persons_own_and_beside_the_other_venues(
    landing: DataPage,
) -> None:
    tiers = landing.table("Deduction")
    assert [row["Tier"] for row in tiers] == list(range(1, 12))
    assert tiers[2] == {
        "Tier": 3,
        "From": 10_000,
        "To": 50_000,
        "Rate": 2,
        "Deduction": 75,
        "Max leverage": 25,
        "Yours": "long",
    }
    assert landing.title(0).startswith("RENDER at $50,000.00: Bybit asks 0.88%, Binance 1.85%")
    assert "Bybit's (2025-12-29) and Binance's (2026-09-29) 274 days apart" in landing.text()


def test_funding_is_the_recorded_distribution_and_what_it_costs_a_day(landing: DataPage) -> None:
    assert landing.title(1).startswith(
        "RENDER longs paid 0.00249% each 4 h at the median, Binance 2025-02-01"
    )
    assert "Your long of $50,000.00 pays $7.47 a day at Binance's median rate." in landing.text()


def test_listings_and_stories_are_told(landing: DataPage) -> None:
    rows = {row["Token"]: row for row in landing.table("Hyperliquid")}
    assert rows.keys() == snapshot.marks().keys()
    assert rows["FET"]["Bybit"] == "not listed (2025-12-29 and 2026-07-20)"
    assert "AGIX merged into FET in June–July 2024, 1 AGIX = 0.433350 FET." in landing.text()
    assert "no venue is asked" in landing.text()


def test_charts_and_tables_are_told_in_words(landing: DataPage) -> None:
    assert all(chart.alt.endswith(".") for chart in charts(landing.at))
    assert all(table.proto.alt for table in landing.at.dataframe)


def test_another_token_can_be_looked_at_without_a_position_in_it() -> None:
    page = DataPage().choose("BTC")
    assert page.title(0).startswith("BTC: least is asked by Binance and OKX (0.40% at $10,000.00)")
    assert page.title(1).startswith("BTC longs paid 0.01% each 8 h")
    assert "Yours" not in page.table("Deduction")[0]


def test_okx_tells_contracts_and_their_notional() -> None:
    page = DataPage(address(**ON_OKX))
    first, second = page.table("To, in $")[:2]
    assert (first["To"], first["To, in $"]) == (15_000, 26_250)
    assert (second["Yours"], second["Rate"]) == ("short", 3)
    assert "sizes in contracts of 1 RENDER each, at the mark of 1.7500" in page.text()
    assert page.table("Mark from")[0]["One contract"] == "1 RENDER (not confirmed)"
    assert "Your short of $35,000.00 receives $5.23 a day at Binance's median rate." in page.text()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param(
            {"venue": "textbook"},
            "one maintenance fraction for everything, no tiers",
            id="the textbook",
        ),
        pytest.param(
            {"positions": [], "marks": {}}, "nothing rests on market data", id="no positions"
        ),
        pytest.param(
            {"venue": "bybit"}, "Bybit, 2025-12-29: sizes in $ of notional", id="another venue"
        ),
        pytest.param(
            {
                "positions": [
                    {
                        "symbol": "PEPE",
                        "side": "long",
                        "quantity": 1,
                        "entry_price": 1,
                        "leverage": 2,
                    }
                ],
                "marks": {"PEPE": 1},
            },
            "no tier table of PEPE is known there",
            id="a token that nobody knows",
        ),
        pytest.param(
            {
                "positions": [
                    {
                        "symbol": "FET",
                        "side": "long",
                        "quantity": 1,
                        "entry_price": 1,
                        "leverage": 2,
                    }
                ],
                "marks": {"FET": 0},
                "venue": "okx",
            },
            "OKX: not listed on OKX as seen 2026-05-28",
            id="not listed, at a mark of 0",
        ),
    ],
)
def test_a_scenario_without_all_figures_says_so(changes: dict[str, Any], said: str) -> None:
    assert said in DataPage(address(**changes)).text()


def test_a_mark_that_the_common_move_changed_says_so() -> None:
    moved = {"RENDER": 1.75 * 0.9, "FET": 0.2231 * 0.9}
    page = DataPage(address(marks=moved, baseline_marks={"RENDER": 1.75, "FET": 0.2231}))
    assert page.table("Mark from")[0]["Mark from"] == "snapshot of 2026-03-18, moved −10.00%"
    assert DataPage(address(marks=moved)).table("Mark from")[0]["Mark from"] == "the scenario's own"


@settings(PATIENT, max_examples=8)
@given(SCENARIOS)
def test_any_scenario_that_a_link_can_hold_is_drawn(made: Scenario) -> None:
    page = DataPage({key: values for key, values in link.encode(made).parameters.items() if values})
    assert page.title(0)
    assert not re.search(r"\b(nan|inf|None)\b", page.text())


# The page with live data on


def settled(page: DataPage, *asked: Query) -> DataPage:
    """The page after what it asked for has come."""
    for _ in range(2):
        assert settles(
            live.cache(), [*live.wanted(page.at.session_state["tandem"]), *asked], PATIENCE
        )
        page.run()
    return page


def test_switched_on_it_shows_what_the_venue_says_and_why_the_rest_is_not_live(
    venues: tuple[Replay, Book],
) -> None:
    _, book = venues
    book.rates["RENDER"] = -0.0002
    page = settled(DataPage().switch_on(), Query("binance", "funding", "RENDER"))
    [render, _] = page.table("Mark from")
    assert render["Funding"] == "−0.02% each 4 h"
    assert render["Next payment (UTC)"] != "–"
    assert render["Tiers from"] == "snapshot of 2026-09-29"
    assert "Binance gives its tiers only to a key." in page.text()
    assert page.title(1).startswith("RENDER longs received ")
    assert "Your long of $50,000.00 receives " in page.text()
    assert re.search(
        r"receives \$60\.00 a day at Binance's rate \(live, \d+ s old\)\.", page.text()
    )
    connected = {row["Exchange"]: row for row in page.table("Contracts")}
    assert connected["Binance"]["Contracts"].startswith("live, ")
    assert connected["OKX"]["Contracts"] == "snapshot of 2024-07-01 to 2024-12-31"


def test_only_the_button_asks_the_other_venues(venues: tuple[Replay, Book]) -> None:
    replay, _ = venues
    page = settled(DataPage().switch_on(), Query("binance", "funding", "RENDER"))
    assert {path.partition("/")[0] for path in replay.paths()} == {binance.HOST}
    page.press("do_ask_venues")
    assert settles(
        live.cache(), [Query("okx", "tiers", "RENDER"), Query("bybit", "contracts")], PATIENCE
    )
    page.run()
    connected = {row["Exchange"]: row for row in page.table("Contracts")}
    assert connected["OKX"]["Tiers of RENDER"].startswith("live, ")
    assert page.table("Hyperliquid")[0]["OKX"].startswith(("trading", "not listed"))


def test_a_venue_that_does_not_answer_is_named_and_the_snapshot_stands_in(
    venues: tuple[Replay, Book],
) -> None:
    replay, _ = venues
    replay.fail(binance.HOST, Fault(Reply({}, 451)))
    page = settled(DataPage().switch_on(), Query("binance", "funding", "RENDER"))
    assert (
        "Binance does not serve this place (HTTP 451): what the snapshot recorded stands in."
        in page.text()
    )
    assert page.title(1).startswith("RENDER longs paid 0.00249% each 4 h at the median")


# What the rows say


def test_refused_figures_and_reasons_are_told_once_each() -> None:
    late = Origin("snapshot", None, "2026-09-29", "Binance cannot be reached")
    view = replace(
        snapshot_view("binance"),
        tiers={"RENDER": late, "FET": late, "NEAR": Origin("none", None, "", "NEAR is not listed")},
        mark_origins={},
        quotes_origin=LIVE,
        contracts_origin=late,
        refused={"TAO": "its mark was refused (far from its index)"},
    )
    refused = "TAO: its mark was refused (far from its index)"
    assert reasons(view, ["RENDER", "TAO"]) == ["Binance cannot be reached", refused]
    assert reasons(view, ["FET", "NEAR"]) == ["Binance cannot be reached", "NEAR is not listed"]
    assert reasons(view, ["RENDER"]) == ["Binance cannot be reached"]


def test_of_many_refused_tokens_some_are_named() -> None:
    def told(*tokens: str) -> str:
        view = replace(
            snapshot_view("okx"),
            refused=dict.fromkeys(tokens, "its mark was refused (must be above 0)"),
        )
        return connection_rows([view], "RENDER", NOW)[0]["Refused"]

    assert told() == "nothing"
    assert told("B", "A") == "A and B"
    assert told(*"ABCDEF") == "A, B, C, D and 2 more"


def test_a_rate_that_the_venue_told_comes_with_its_payment() -> None:
    due = datetime(2026, 11, 22, 16, tzinfo=UTC)
    view = replace(
        snapshot_view("binance"),
        quotes={"RENDER": Quote(1.8, 1.8, 0.0001, 4.0, due), "FET": Quote(0.2, None, 0.0, None)},
        mark_origins={"RENDER": LIVE, "FET": LIVE},
    )
    render, fet = source_rows(scenario(), view, view, {"RENDER": "live", "FET": "live"}, NOW)
    assert (render["Funding"], render["Next payment (UTC)"]) == ("+0.01% each 4 h", "11-22 16:00")
    assert (fet["Funding"], fet["Next payment (UTC)"]) == ("0%", "–")


def test_the_scenarios_own_table_and_contract_value_go_before_the_venues() -> None:
    flat = {"floor": 0, "maintenance_rate": 0.03}
    mine = scenario(
        **ON_OKX, tiers={"RENDER": [flat]}, contract_values={"RENDER": 10}, tiers_as_of="2026-11-01"
    )
    [row] = source_rows(mine, snapshot_view("okx"), snapshot_view("okx"), {"RENDER": "own"}, NOW)
    assert row["Tiers from"] == "the scenario's own, 2026-11-01"
    assert row["One contract"] == "10 RENDER"
    views = [snapshot_view(venue) for venue in listing_venues()]
    shown = {each.venue: each for each in compared(mine, views, "RENDER", 1.75).schedules}
    assert (shown["okx"].seen, shown["okx"].contract_value) == ("own table, 2026-11-01", 10)
    assert shown["okx"].table.rates == (0.03,)
    assert shown["bybit"].seen == "2025-12-29"


def test_a_live_table_is_named_by_its_day_not_by_its_age() -> None:
    view = snapshot_view("okx")
    view = replace(
        view,
        tiers={**view.tiers, "RENDER": LIVE},
        tables=replace(view.tables, dates={"RENDER": "2026-11-22"}),
    )
    [schedule] = compared(scenario(), [view], "RENDER", 1.75).schedules
    assert schedule.seen == "live 2026-11-22"


def test_without_a_mark_there_is_no_size() -> None:
    assert compared(scenario(), [snapshot_view("okx")], "RENDER", None).own == {}


@pytest.mark.parametrize(
    ("day", "warned"), [("2026-10-29", False), ("2026-10-30", True), ("2026-08-30", False)]
)
def test_tables_more_than_thirty_days_apart_are_told(day: str, warned: bool) -> None:
    views = [snapshot_view("binance"), snapshot_view("okx")]
    views[1] = replace(views[1], tables=replace(views[1].tables, dates={"RENDER": day}))
    assert ("days apart" in far_apart(scenario(), views, "RENDER")) is warned


def test_one_table_alone_is_not_apart_from_anything() -> None:
    assert far_apart(scenario(), [snapshot_view("binance")], "RENDER") == ""
    assert far_apart(scenario(), [snapshot_view("binance")], "PEPE") == ""


def test_a_table_by_contracts_tells_where_its_tiers_end_in_money() -> None:
    rows = [{"floor": 0, "maintenance_rate": 0.02}, {"floor": 10, "maintenance_rate": 0.03}]
    table = TierTable.from_rows(rows, progressive=False)
    first, second = tier_rows(table, 2.5, {"long": 1, "short": 1})
    assert (first["To, in $"], first["Yours"]) == (25, "long and short")
    assert (second["To, in $"], second["Yours"]) == (None, "")
    assert [row["To, in $"] for row in tier_rows(table, None, {})] == [None, None]
    assert "Deduction" not in first


@pytest.mark.parametrize(
    ("side", "rate", "hours", "paid"),
    [
        ("long", 0.0001, 8.0, "pays $3.00"),
        ("short", 0.0001, 8.0, "receives $3.00"),
        ("long", -0.0001, 1.0, "receives $24.00"),
        ("short", 0.0, 4.0, "pays $0.00"),
    ],
)
def test_a_day_of_funding_is_every_payment_of_that_day(
    side: Any, rate: float, hours: float, paid: str
) -> None:
    [line] = funding_lines(
        [Position("RENDER", side, 1_000, 9.0, 10)], 10.0, [funding_a_day(rate, hours, "this rate")]
    )
    assert line == f"Your {side} of $10,000.00 {paid} a day at this rate."


def test_each_leg_of_a_hedge_has_its_own_line() -> None:
    legs = [Position("RENDER", "long", 100, 1, 1), Position("RENDER", "short", 50, 1, 1)]
    rates = [
        funding_a_day(0.001, 8.0, "the median rate"),
        funding_a_day(-0.001, 8.0, "the rate now"),
    ]
    assert funding_lines(legs, 10.0, rates) == [
        "Your long of $1,000.00 pays $3.00 a day at the median rate, and receives $3.00 a day at "
        "the rate now.",
        "Your short of $500.00 receives $1.50 a day at the median rate, and pays $1.50 a day at "
        "the rate now.",
    ]
    assert funding_lines(legs, 10.0, []) == []
