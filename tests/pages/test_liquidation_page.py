"""The Liquidation page: a path, the venue's steps, stops, and the way on."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import nan
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from streamlit.testing.v1 import AppTest

from margin.examples import landing, presets
from margin.market import price_moves as moves
from margin.market.snapshot import embedded as snapshot
from margin.messages import message
from margin.model import link
from margin.model.prepared import prepare
from margin.model.scenario import Scenario
from margin.studies.comparison.venues import at_venue
from margin.studies.distance.directions import against, alone, together
from margin.studies.distance.distances import JointMove
from margin.studies.liquidation.conduct import Conduct, MarginStop
from margin.studies.liquidation.path import Path
from margin.studies.liquidation.waterfall import waterfall
from margin.studies.stress.crash_table import CrashDay, TokenMove, crash_rows
from margin.text.liquidation import (
    PathMove,
    Runs,
    axis_name,
    finding,
    left,
    route_ends,
    sentence,
    status,
)
from margin.venues import VENUES
from pages.ui.liquidation.rows import hardest_day, money_rows, step_rows
from pages.ui.session.stress import StressChoices
from tests.model.any_scenario import SCENARIOS
from tests.pages.charts import charts
from tests.pages.visitor import APP, PATIENCE, address, read
from tests.pages.visitor import scenario as example
from tests.studies.accounts import account, long, short

PATIENT = settings(
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
    ],
    phases=[
        Phase.explicit,
        Phase.reuse,
        Phase.generate,
    ],  # Each example is a whole page: too slow to be shrunk.
)
FALL = PathMove("Move from these marks", -0.2)


def gone(scenario: Scenario, move: float = -0.2, conduct: Conduct | None = None) -> Runs:
    """The account on a move of all its tokens, each by its beta, as the page puts it together."""
    path = Path.along(scenario.market.marks, together(scenario).rates, move)
    found, without = waterfall(scenario, path, conduct), waterfall(scenario, path)
    assert found is not None
    return Runs(
        scenario,
        PathMove(FALL.name, move),
        found,
        without if conduct and conduct.has_stops else None,
    )


# Sentences


def test_the_sentence_says_what_is_kept_and_where_the_rest_went() -> None:
    assert sentence(gone(example())) == (
        "You would have kept nothing of $10,000.00: prices took $8,658.26, fees $935.03 and "
        "slippage $406.71. "
        "The insurance fund bore nothing. No position is left open."
    )


def test_what_stays_open_is_named() -> None:
    assert sentence(gone(example(), -0.095)).endswith(
        "RENDER long and FET long stay open, smaller than before."
    )
    assert sentence(gone(example(venue="hyperliquid"), -0.1)).endswith("FET long stays open.")
    many = account(
        "textbook", "cross", [long(token, 10_000, 1) for token in "ABCDEFG"], 6_000, marks=ONES
    )
    assert sentence(gone(many, -0.0775)).endswith("5 of 7 positions stay open.")


ONES = dict.fromkeys("ABCDEFG", 1.0)


def test_what_the_insurance_fund_and_the_vault_took_is_told() -> None:
    thin = account("okx", "cross", [long("TAO", 500, 272.71, 50)], 1_500)
    assert "The insurance fund bore $" in sentence(gone(thin, conduct=Conduct(slippage=0.1)))
    dead = account("hyperliquid", "cross", [long("TAO", 100, 272.71, 5)], 500, marks={"TAO": 270})
    assert "the venue's vault kept $229.00 of margin." in sentence(gone(dead))


@pytest.mark.parametrize(
    ("reached", "said"),
    [
        (JointMove(-0.6, 2.0), " Liquidation would begin at −60.00%."),
        (JointMove(None, 2.0), " This direction never liquidates you."),
        (None, ""),
    ],
)
def test_where_nothing_is_liquidated_it_says_how_the_account_ends_and_how_far_it_is(
    reached: JointMove | None, said: str
) -> None:
    runs = gone(example(wallet_balance=30_000))
    assert sentence(runs, reached) == (
        "Nothing is liquidated on this path; equity ends at $12,000.00, from $30,000.00, "
        f"and the venue requires 10.75% of it.{said}"
    )
    assert status(runs.result) == ("green", "Not liquidated")


def test_stops_that_save_the_account_are_told_beside_what_there_would_be_without_them() -> None:
    runs = gone(example(), -0.1, Conduct(stop=MarginStop(0.6, 0.9)))
    assert sentence(runs).startswith(
        "Your stops close in time, nothing is liquidated. You would have kept $1,941.81 of "
    )
    assert sentence(runs).endswith(" Without stops you would have kept nothing.")
    assert "insurance fund" not in sentence(runs)
    assert status(runs.result) == ("yellow", "Stopped in time")


def test_stops_that_save_nothing_are_told_as_that() -> None:
    needless = sentence(
        gone(example(wallet_balance=30_000), conduct=Conduct(price_stops={("FET", "long"): 0.2}))
    )
    assert needless.startswith(
        "Your stops close on the way; nothing is liquidated, and without them nothing would be. "
    )
    late = sentence(gone(example(), conduct=Conduct(price_stops={("FET", "long"): 0.15})))
    assert late.endswith(" None of your stops is reached.")


def test_a_stop_that_fills_beyond_what_there_is_was_too_late() -> None:
    thin = account("textbook", "cross", [long("RENDER", 10_000, 1.75)], 1_000)
    runs = gone(thin, conduct=Conduct(price_stops={("RENDER", "long"): 1.7}, gap=0.5, slippage=0))
    assert sentence(runs).startswith(
        "Your stops fill too late, beyond what the account holds. You would have kept nothing"
    )
    assert " The insurance fund bore $1,000.00 of that. " in sentence(runs)
    assert status(runs.result) == ("red", "Stopped too late")
    assert step_rows(runs)[-1]["What happens"] == "What is owed is settled"


def test_a_stop_beyond_an_isolated_margin_was_too_late_whatever_the_rest_of_the_wallet_holds() -> (
    None
):
    legs = [long("RENDER", 10_000, 1.75), long("TAO", 10, 272.71, 1)]
    runs = gone(
        account("binance", "isolated", legs, 30_000),
        conduct=Conduct(price_stops={("RENDER", "long"): 1.66}, gap=1.0),
    )
    assert sentence(runs).startswith(
        "A stop fills too late, beyond what the margin of its position holds. "
    )
    assert " The insurance fund bore $1,826.96 of that. TAO long stays open." in sentence(runs)
    assert status(runs.result) == ("red", "Stopped too late")
    assert [row["What happens"] for row in step_rows(runs)] == [
        "RENDER long is closed by your price stop",
        "RENDER long: what is owed is settled",
    ]


def test_an_isolated_position_that_is_lost_already_counts_nothing_and_the_figures_agree() -> None:
    legs = [long("RENDER", 10_000, 2.4, 6), long("TAO", 10, 272.71, 1)]
    runs = gone(account("binance", "isolated", legs, 9_000, marks={"RENDER": 1.75}))
    assert sentence(runs) == (
        "You would have kept $4,454.58 of $5,000.00: prices took $545.42, fees $0.00 and slippage "
        "$87.50. "
        "The insurance fund bore $2,587.50, $2,500.00 of it lost before the start. TAO long stays "
        "open."
    )
    rows = {row["What"]: row["Amount"] for row in money_rows(runs)}
    amounts = {name: amount(text) for name, text in rows.items() if "$" in text}
    kept = amounts.pop("Kept")
    assert amounts["Lost before, beyond margin"] == -2_500
    assert sum(amounts.values()) == pytest.approx(kept, abs=0.01)
    assert finding(runs.result, runs.path) == "Liquidation at once: $4,454.58 of $5,000.00 kept"
    assert runs.result.equity[0] == runs.result.start_equity == 5_000
    assert any(
        "counts nothing at the start" in line for line in map(message, runs.result.assumptions)
    )


def test_nothing_is_said_to_be_kept_of_a_debt() -> None:
    runs = gone(example(wallet_balance=-500))
    assert sentence(runs).startswith("You would have kept nothing, from −$500.00: ")
    assert finding(runs.result, runs.path) == "Liquidation at once: $0.00 kept, from −$500.00"


def test_a_step_that_closes_nothing_realises_nothing_in_either_mode() -> None:
    for mode in ("cross", "isolated"):
        rows = step_rows(gone(example(margin_mode=mode, wallet_balance=12_000)))
        assert rows[0]["What happens"].lower().endswith("open orders are cancelled")
        assert rows[0]["Realised"] == "–"


@pytest.mark.parametrize(
    ("changes", "move", "said"),
    [
        ({}, -0.05, "Equity is $5,500.00: $10,000.00 in the wallet and an open loss of $4,500.00."),
        (
            {},
            0.05,
            "Equity is $14,500.00: $10,000.00 in the wallet and an open profit of $4,500.00.",
        ),
        ({}, 0.0, "The wallet holds $10,000.00."),
        ({}, -0.2, "No position is left open. The wallet holds $0.00."),
    ],
)
def test_what_is_left_is_told_as_equity_with_its_parts(
    changes: dict[str, Any], move: float, said: str
) -> None:
    final = gone(example(**changes), move).result.final
    assert left(prepare(final)) == said


def test_collateral_that_is_left_is_told_beside_the_wallet() -> None:
    collateral = [{"asset": "BTC", "amount": 0.002, "ratio": 0.8}]
    pledged = example(
        venue="bybit", positions=[], wallet_balance=0, collateral=collateral, marks={"BTC": 100_000}
    )
    said = "No position is left open. Equity is $160.00: $0.00 in the wallet and collateral counted at $160.00."
    assert left(prepare(pledged)) == said


def test_what_the_fund_bore_is_no_part_of_the_losses_where_there_was_a_debt_before() -> None:
    said = sentence(gone(example(wallet_balance=-500), 0.0))
    assert (
        "prices took $0.00, fees $0.00 and slippage $450.00. The insurance fund bore $950.00. No"
        in said
    )


def test_the_path_is_told_by_where_prices_go() -> None:
    assert route_ends({"RENDER": 2.0, "BTC": 50_000.0}, {"RENDER": 1.5, "BTC": 50_000.0}) == (
        "Prices go from these marks to RENDER 1.5000 (−25.00%), BTC 50,000.00 (0.00%)."
    )
    assert route_ends({"A": 0.0}, {"A": 0.0}) == "Prices go from these marks to A 0."
    assert route_ends(dict.fromkeys("ABCDEF", 1.0), dict.fromkeys("ABCDEF", 2.0)).endswith(
        " and 2 more."
    )
    assert axis_name(alone("RENDER")) == "RENDER alone, from these marks"
    assert axis_name(against(example())) == "Everything against the account, from these marks"


def test_the_day_that_costs_the_account_most_is_shown_first() -> None:
    days, betas = moves.crash_days(), moves.betas_to_btc()
    longs = days[hardest_day(crash_rows(example(), days, betas))]
    shorts = account(
        "binance",
        "cross",
        [short("RENDER", 1_000, 1.75), short("FIL", 1_000, 1)],
        marks={"FIL": 1.0},
    )
    assert longs.date == "2025-10-10"
    assert days[hardest_day(crash_rows(shorts, days, betas))].event == "AI squeeze II"
    assert hardest_day([]) == 0


# Tables


def test_every_step_is_a_row_in_plain_words() -> None:
    rows = step_rows(gone(example(), -0.095))
    assert [row["What happens"] for row in rows] == [
        "Open orders are cancelled",
        "RENDER long is reduced",
        "Liquidation stops",
    ]
    assert rows[1] == {
        "Move": "−9.47%",
        "What happens": "RENDER long is reduced",
        "Margin used": "100.00% → 90.00%",
        "Closed": "21,686.941",
        "Left": "6,884.4873",
        "Mark": "1.5843",
        "Filled at": "1.5764",
        "Realised": "−$3,592.98",
        "Fee": "$427.34",
        "Slippage": "$171.80",
        "Equity after": "$880.45",
        "Why": "equity is no more than the requirement",
    }
    assert rows[2]["Closed"] == rows[2]["Mark"] == rows[2]["Fee"] == "–"


def test_why_bybit_stops_is_told_by_its_own_threshold() -> None:
    bybit = account("bybit", "cross", [long("RENDER", 30_000, 1.75)], 6_000)
    [stop] = [
        row for row in step_rows(gone(bybit, -0.112)) if row["What happens"] == "Liquidation stops"
    ]
    assert stop["Why"] == "margin used is at most 90.00% again"


def test_what_only_some_venues_take_has_a_column_only_there() -> None:
    dead = account("hyperliquid", "cross", [long("TAO", 100, 272.71, 5)], 500, marks={"TAO": 270})
    [row] = step_rows(gone(dead))
    assert row["Vault kept"] == "$229.00"
    assert row["Why"] == "equity is below two thirds of the requirement"
    assert not {"Vault kept", "Fund bore", "Collateral sold"} & step_rows(gone(example()))[0].keys()


def test_a_step_that_leaves_no_equity_has_no_ratio() -> None:
    under = account(
        "textbook",
        "cross",
        [long("RENDER", 1_000, 10), long("TAO", 1, 272.71)],
        100,
        marks={"RENDER": 9},
    )
    assert step_rows(gone(under))[0]["Margin used"].startswith("no equity left → ")


@pytest.mark.parametrize("venue", ["binance", "hyperliquid"])
@pytest.mark.parametrize("date", ["2025-10-10", "2026-02-05"])
def test_equity_that_is_nothing_but_rounding_makes_no_percentage(venue: str, date: str) -> None:
    """On these days the worked basket is liquidated at exactly its bankruptcy price."""
    scenario = snapshot.attach(at_venue(presets()["basket"].scenario, venue))
    [day] = [day for day in moves.crash_days() if day.date == date]
    [row] = crash_rows(scenario, [day], moves.betas_to_btc())
    found = waterfall(scenario, Path(scenario.market.marks, row.worst.prices))
    assert found is not None
    loads = [row["Margin used"] for row in step_rows(Runs(scenario, FALL, found))]
    assert loads
    assert not any(re.search(r"\d[\d,]{9,}", each) for each in loads)


def test_the_money_adds_up_from_what_there_was_to_what_is_kept() -> None:
    rows = {
        row["What"]: row
        for row in money_rows(gone(example(), -0.1, Conduct(stop=MarginStop(0.6, 0.9))))
    }
    assert rows.keys() >= {
        "At the start",
        "From prices",
        "Fees",
        "Slippage",
        "Insurance fund bore",
        "Kept",
    }
    for column in ("With stops", "Without stops"):
        amounts = {name: amount(row[column]) for name, row in rows.items() if "$" in row[column]}
        kept = amounts.pop("Kept")
        assert sum(amounts.values()) == pytest.approx(kept, abs=0.03)
    assert (
        rows["First liquidation"]["With stops"],
        rows["First liquidation"]["Without stops"],
    ) == ("none", "−9.47%")
    assert rows["First stop"]["With stops"] == "−8.33%"


def amount(text: str) -> float:
    return float(text.replace("−", "-").replace("$", "").replace(",", ""))


def test_without_stops_there_is_one_column_and_no_row_about_stops() -> None:
    rows = money_rows(gone(example()))
    assert rows[0] == {"What": "At the start", "Amount": "$10,000.00"}
    assert "First stop" not in {row["What"] for row in rows}


@pytest.mark.parametrize("venue", VENUES)
def test_every_venue_has_four_lines_and_what_is_not_published(venue: str) -> None:
    policy = VENUES[venue].liquidation
    assert len(policy.steps) == 4
    assert policy.not_published


# The page


class LiquidationPage:
    """One session on the page. No run of it may end in a traceback."""

    def __init__(self, parameters: Mapping[str, Sequence[str]] | None = None) -> None:
        self.at = AppTest.from_file(APP, default_timeout=PATIENCE)
        self.at.query_params = {name: list(values) for name, values in (parameters or {}).items()}
        self.at.switch_page("pages/liquidation.py")
        self.run()

    def run(self) -> "LiquidationPage":
        self.at.run()
        assert [each.value for each in self.at.exception] == []
        return self

    @property
    def sentence(self) -> str:
        """The first line of what it says."""
        [found] = [read(each.value) for each in self.at.markdown if "**" in each.value]
        return found.partition("**")[2].removesuffix("**")

    def text(self) -> str:
        """Everything that is said beside tables and charts."""
        kinds = (self.at.markdown, self.at.caption, self.at.warning, self.at.info, self.at.error)
        return "\n".join(read(each.value).replace("\u2060", "") for kind in kinds for each in kind)

    def steps(self) -> list[dict[str, Any]]:
        """The rows of the table of steps."""
        found = [each.value for each in self.at.dataframe if "What happens" in each.value.columns]
        return [dict(row) for frame in found for row in frame.to_dict("records")]

    def table(self, column: str) -> list[dict[str, str]]:
        """The rows of the static table that has this column."""
        [frame] = [each.value for each in self.at.table if column in each.value.columns]
        return [
            {name: read(cell) for name, cell in row.items()} for row in frame.to_dict("records")
        ]

    def title(self) -> str:
        """The chart's."""
        [chart] = charts(self.at)
        return chart.title

    def field(self, name: str) -> Any:
        """The input whose key, but for what it depends on behind it, is this name."""
        at = self.at
        kinds = [at.number_input, at.selectbox, at.segmented_control, at.toggle]
        [found] = [
            each
            for kind in kinds
            for each in kind
            if each.key and re.fullmatch(rf"liquidation_{name}(_.*)?", each.key)
        ]
        return found

    def enter(self, name: str, value: Any) -> "LiquidationPage":
        self.field(name).set_value(value)
        return self.run()

    def stop_at(self, prices: Mapping[int, float | None]) -> "LiquidationPage":
        """Types prices into the table of price stops, by row."""
        [editor] = [each for each in self.at.data_editor if each.key.startswith("price_stops")]
        edited = {row: {"Stop at": price} for row, price in prices.items()}
        self.at.session_state[editor.key] = {
            "edited_rows": edited,
            "added_rows": [],
            "deleted_rows": [],
        }
        return self.run()

    def leave_and_return(self) -> "LiquidationPage":
        """Looks at the front page, as its visitor does, and comes back."""
        self.at.switch_page("app.py")
        self.run()
        self.at.switch_page("pages/liquidation.py")
        return self.run()

    def go_on(self) -> AppTest:
        """Follows the link to What if with what is left, and gives that page."""
        [address] = [
            each.proto.query_string
            for each in self.at.get("page_link")
            if "Continue" in each.proto.label
        ]
        self.at.query_params = parse_qs(address)
        self.at.switch_page("app.py")
        self.run()
        return self.at


@pytest.fixture(scope="module")
def first() -> LiquidationPage:
    return LiquidationPage()


def test_the_worked_example_is_told_at_once(first: LiquidationPage) -> None:
    assert first.sentence.startswith(
        "You would have kept nothing of $10,000.00: prices took $8,658.26, "
    )
    assert first.title() == "Liquidation from −9.47% on: $0.00 of $10,000.00 kept"
    assert len(first.steps()) == 7
    assert first.table("Amount")[0]["What"] == "At the start"
    assert (
        "Prices go from these marks to RENDER 1.4000 (−20.00%), FET 0.17848 (−20.00%)."
        in first.text()
    )
    assert not first.at.query_params


def test_what_it_rests_on_stands_beside_it(first: LiquidationPage) -> None:
    for said in (
        "prices go in a straight line; every order fills whole and at once, 0.50% worse than "
        "the mark",
        "the liquidation fee is taken at 1.25%",
        "which position goes first is a model of ours",
        "A model of ours, not Binance's promise.",
        "Not published: which position goes first, and how much one order reduces.",
        "binance tiers as of 2026-09-29",
    ):
        assert said in first.text()


def test_the_chart_and_the_tables_are_told_in_words(first: LiquidationPage) -> None:
    assert all(chart.alt.endswith(".") for chart in charts(first.at))
    assert all(table.proto.alt for table in [*first.at.dataframe, *first.at.table])


def test_another_direction_and_another_move_are_gone() -> None:
    page = LiquidationPage().enter("direction", "alone:RENDER").enter("to", -10.0)
    assert page.sentence == (
        "Nothing is liquidated on this path; equity ends at $5,000.00, from $10,000.00, "
        "and the venue requires 31.00% of it. Liquidation would begin at −17.04%."
    )
    page.enter("direction", "with_btc").enter("to", -5.0)
    assert "RENDER 1.6045 (−8.31%)" in page.text()
    assert "betas to BTC from daily closes of 2024-07-27 to 2026-03-18: RENDER, FET" in page.text()


@pytest.mark.parametrize("move", [-100.5, 1001.0])
def test_a_move_that_cannot_be_is_told_and_nothing_else_is_lost(move: float) -> None:
    page = LiquidationPage().enter("to", move)
    assert (
        "This path can't be simulated: Price move (%): must be a number of at least -100"
        in page.text()
    )
    assert "What happens at liquidation on Binance" in [each.value for each in page.at.header]
    assert page.enter("to", -20.0).sentence.startswith("You would have kept")


def test_against_the_account_a_move_may_go_beyond_a_doubling() -> None:
    shorts = [
        {"symbol": "RENDER", "side": "short", "quantity": 1_000, "entry_price": 1.75, "leverage": 5}
    ]
    page = LiquidationPage(address(positions=shorts, marks={"RENDER": 1.75})).enter(
        "direction", "against"
    )
    assert "RENDER 7.0000 (+300.00%)" in page.enter("to", -300.0).text()


def test_a_past_day_goes_to_its_worst_tick_the_hardest_first() -> None:
    page = LiquidationPage().enter("along", "A crash day")
    days = moves.crash_days()
    assert days[page.field("day").value].date == "2025-10-10"
    assert page.title().startswith("Liquidation from 11.71% of the way on")
    assert page.steps()[0]["Of the way"] == "11.71%"
    assert "the worst tick takes every token's lowest or highest price of the day" in page.text()
    assert (
        page.enter("day", [day.date for day in days].index("2025-11-07"))
        .title()
        .startswith("Nothing is liquidated")
    )


def test_what_was_chosen_on_moves_together_can_be_gone_here() -> None:
    page = LiquidationPage()
    look = StressChoices(
        betas={"RENDER": 3.0},
        own={"FET": -1.0},
        days=[CrashDay("", "mine", {"FET": TokenMove(-0.5)})],
    )
    page.at.session_state["tandem"]._of_pages[StressChoices] = look
    page.enter("direction", "with_btc").enter("to", -1.0)
    assert "RENDER 1.6975 (−3.00%)" in page.text()
    assert "betas to BTC of your own: RENDER" in page.text()
    assert "FET 0.22533 (+1.00%)" in page.enter("direction", "custom").text()
    look.own.clear()
    assert page.leave_and_return().field("direction").value != "custom"
    page.enter("along", "A crash day").enter("day", len(moves.crash_days()))
    assert "FET 0.11155 (−50.00%)" in page.text()


def test_the_order_slippage_and_fee_are_the_persons_to_choose() -> None:
    page = LiquidationPage(address(venue="textbook"))
    assert page.steps()[0]["What happens"] == "RENDER long is closed"
    assert page.enter("order", "smallest").steps()[0]["What happens"] == "FET long is closed"
    assert (
        "which position goes first is a model of ours: the smallest notional first" in page.text()
    )
    before = page.steps()[0]["Slippage"]
    assert page.enter("slippage", 0.0).steps()[0]["Slippage"] == "–" != before
    assert page.steps()[0]["Fee"] == "–"
    assert page.enter("fee", 0.5).steps()[0]["Fee"] != "–"


@pytest.mark.parametrize("name", ["slippage", "fee", "gap"])
@pytest.mark.parametrize("value", [-1.0, 101.0])
def test_a_part_that_cannot_be_is_told_and_the_last_good_one_is_kept(
    name: str, value: float
) -> None:
    page = (
        LiquidationPage()
        .enter("to", -9.5 if name == "fee" else -10.0)
        .enter("margin_stop", value=name != "fee")
    )
    usual = page.sentence
    other = page.enter(name, 2.5).sentence
    assert page.enter(name, value).sentence == other != usual
    assert len(page.at.error) == 1
    assert read(page.at.error[0].value).endswith("; the last good one, 2.5%, is kept.")
    assert page.leave_and_return().sentence == other
    assert page.enter(name, None).sentence == usual
    assert page.enter(name, value).sentence == usual


def test_the_venues_own_fee_stands_where_none_is_given(first: LiquidationPage) -> None:
    assert first.field("fee").proto.placeholder == "1.25%, the venue's"
    assert LiquidationPage(address(**OKX)).field("fee").proto.placeholder == "0.05%, the taker fee"


OKX = {
    "venue": "okx",
    "positions": [
        {
            "symbol": "RENDER",
            "side": "long",
            "quantity": 20_000,
            "entry_price": 1.75,
            "leverage": 5,
        },
        {
            "symbol": "RENDER",
            "side": "short",
            "quantity": 5_000,
            "entry_price": 1.75,
            "leverage": 5,
        },
    ],
    "marks": {"RENDER": 1.75},
    "wallet_balance": 4_000,
}


def test_on_okx_pairs_are_netted_and_the_margin_stop_is_told_in_its_own_ratio() -> None:
    page = LiquidationPage(address(**OKX))
    assert [row["What happens"] for row in page.steps()][:3] == [
        "Open orders are cancelled",
        "RENDER long closes against the other side",
        "RENDER short closes against the other side",
    ]
    assert (
        "On the venue's own ratio, which falls: 125.00%."
        in page.enter("margin_stop", value=True).text()
    )


def test_a_margin_stop_is_compared_with_none() -> None:
    page = LiquidationPage().enter("margin_stop", value=True)
    assert page.steps()[0]["What happens"] == "RENDER long is reduced by your margin stop"
    assert page.table("With stops")[-2] == {
        "What": "First stop",
        "With stops": "−9.05%",
        "Without stops": "–",
    }
    page.enter("close", 90.0).enter("stop_at", 60.0).enter("to", -10.0)
    assert page.sentence.startswith(
        "Your stops close in time, nothing is liquidated. You would have kept $1,941.81"
    )
    assert "You would have kept $599.23 of $10,000.00" in page.enter("gap", 100.0).sentence
    assert "stops fill 100.00% of the remaining path beyond their trigger" in page.text()
    assert "nowhere else: without stops the account passes every price on the way" in page.text()


def test_a_margin_stop_can_be_of_one_position() -> None:
    page = LiquidationPage().enter("to", -10.0).enter("margin_stop", value=True)
    assert page.field("stop_of").options == ["Every position", "RENDER long", "FET long"]
    page.enter("stop_of", "FET long").enter("close", 100.0)
    assert [row["What happens"] for row in page.steps()] == [
        "FET long is closed by your margin stop"
    ]
    assert page.steps()[0]["Why"] == "your level of margin used is reached"
    assert page.sentence.endswith(
        "RENDER long stays open. Without stops you would have kept nothing."
    )


@pytest.mark.parametrize("mode", ["cross", "isolated"])
def test_a_margin_stop_of_a_position_that_is_gone_is_one_of_every_position_and_the_box_says_so(
    mode: str,
) -> None:
    page = (
        LiquidationPage(address(margin_mode=mode))
        .enter("margin_stop", value=True)
        .enter("stop_of", "FET long")
    )
    assert page.leave_and_return().field("stop_of").value == "FET long"
    session = page.at.session_state["tandem"]
    held = session.working.positions
    session.edit(replace(session.working, positions=held[:1]))
    assert page.leave_and_return().field("stop_of").value == "Every position"
    assert page.steps()[0]["What happens"] == "RENDER long is reduced by your margin stop"
    session.edit(replace(session.working, positions=held))
    page.leave_and_return().enter("stop_of", "RENDER long")
    session.edit(replace(session.working, positions=held[::-1]))
    assert page.leave_and_return().field("stop_of").value == "RENDER long"


def test_a_price_stop_closes_its_position_and_one_that_cannot_be_is_told() -> None:
    page = LiquidationPage().enter("to", -10.0).stop_at({0: 1.65})
    assert page.steps()[0]["What happens"] == "RENDER long is closed by your price stop"
    assert page.steps()[0]["Mark"] == "1.6500"
    page.stop_at({0: -1.0})
    assert read(page.at.error[0].value).startswith(
        "RENDER long: Stop at must be a positive number, got -1"
    )
    assert read(page.at.error[0].value).endswith("; the last good one, 1.6500, is kept.")
    assert page.steps()[0]["What happens"] == "RENDER long is closed by your price stop"
    assert page.stop_at({0: None}).steps()[0]["What happens"] == "Open orders are cancelled"
    assert read(page.stop_at({0: -1.0}).at.error[0].value).endswith("; it has no stop.")


def test_a_typed_stop_stays_when_the_marks_change_under_it() -> None:
    page = LiquidationPage().stop_at({0: 1.65})
    session = page.at.session_state["tandem"]
    session.move(session.working.with_marks({"RENDER": 1.8}))
    [first, _] = page.run().at.data_editor[0].value.to_dict("records")
    assert first == {"Position": "RENDER long", "Mark": 1.8, "Stop at": 1.65}
    assert page.steps()[0]["What happens"] == "RENDER long is closed by your price stop"


def test_what_was_entered_is_found_again_after_another_page() -> None:
    entered = {
        "direction": "alone:RENDER",
        "to": -12.5,
        "order": "smallest",
        "slippage": 1.5,
        "fee": 0.7,
        "gap": 25.0,
    }
    page = LiquidationPage().enter("margin_stop", value=True).stop_at({0: 1.65})
    for name, value in {**entered, "close": 40.0, "stop_at": 70.0}.items():
        page.enter(name, value)
    said = page.sentence
    page.leave_and_return()
    assert {name: page.field(name).value for name in entered} == entered
    assert (
        page.field("margin_stop").value,
        page.field("close").value,
        page.field("stop_at").value,
    ) == (True, 40, 70)
    assert [row["Stop at"] for row in page.at.data_editor[0].value.to_dict("records")] == [
        1.65,
        pytest.approx(nan, nan_ok=True),
    ]
    assert page.sentence == said
    page.enter("along", "A crash day").enter("day", 0).leave_and_return()
    assert (page.field("along").value, page.field("day").value) == ("A crash day", 0)


def test_a_stop_that_was_taken_out_stays_out_after_another_page() -> None:
    page = LiquidationPage().stop_at({0: 1.65}).stop_at({0: None}).leave_and_return()
    assert page.at.data_editor[0].value["Stop at"].isna().all()


def test_what_is_left_is_shown_without_the_shocks_it_was_never_given() -> None:
    page = LiquidationPage(address(shocks={"common": -0.1})).enter("to", -9.5)
    assert page.go_on().session_state["tandem"].working.shocks is None


def test_what_is_left_goes_on_to_what_if_beside_the_account_before() -> None:
    page = LiquidationPage().enter("to", -9.5)
    assert [row["Position"] for row in page.table("Size")] == ["RENDER long", "FET long"]
    at = page.go_on()
    session = at.session_state["tandem"]
    assert session.address.page == "What if"
    assert session.baseline == landing().scenario
    assert [position.quantity for position in session.working.positions] == pytest.approx(
        [6884.4873, 179_291.797]
    )
    query = {
        key: value if isinstance(value, list) else [value] for key, value in at.query_params.items()
    }
    assert query == session.address.written
    assert link.decode(query).scenario.positions == session.working.positions
    assert "The baseline is the account before." in read(at.info[0].value)


def test_what_is_left_is_taken_at_once_while_figures_are_on_their_way() -> None:
    page = LiquidationPage().enter("to", -9.5)
    session = page.at.session_state["tandem"]
    before = session.working
    session.live_data.asked.add("marks")
    page.go_on()
    assert session.baseline == before != session.working
    assert session.address.offer is None


def test_where_nothing_changes_there_is_nothing_to_go_on_with() -> None:
    links = [each.proto.label for each in LiquidationPage().enter("to", 0.0).at.get("page_link")]
    assert not [label for label in links if "Continue" in label]


def test_own_tables_that_no_link_can_hold_go_along() -> None:
    rows = [
        {"floor": 1000.123 * n, "maintenance_rate": 0.01 + 0.0013 * n, "max_leverage": 25}
        for n in range(60)
    ]
    page = LiquidationPage(address())
    before = page.at.session_state["tandem"].working
    made = example(tiers={"RENDER": rows, "FET": rows})
    assert link.encode(made).left_out
    page.at.session_state["tandem"].open(made)
    page.at.session_state["tandem"].address.saved = made
    at = page.run().enter("to", -2.0).go_on()
    assert (
        at.session_state["tandem"].working.market.tiers == made.market.tiers != before.market.tiers
    )
    assert not [each for each in at.warning if "own tier tables" in each.value]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"positions": [], "marks": {}},
            "No positions: nothing is required and nothing can be liquidated.",
        ),
        ({"venue": "okx"}, "No distance can be told: "),
    ],
)
def test_where_nothing_can_be_liquidated_or_told_it_says_so(
    changes: dict[str, Any], said: str
) -> None:
    page = LiquidationPage(address(**changes))
    assert page.sentence.startswith(said)
    assert not charts(page.at)
    assert "What happens at liquidation on " in page.at.header[-1].value


def test_the_textbook_is_no_place_to_be_liquidated_on() -> None:
    assert (
        LiquidationPage(address(venue="textbook")).at.header[-1].value
        == "What happens at liquidation by the textbook"
    )


def test_in_isolated_mode_every_position_goes_alone() -> None:
    page = LiquidationPage(address(margin_mode="isolated", wallet_balance=12_000))
    assert page.sentence.startswith("You would have kept $3,000.00 of $12,000.00")
    assert page.field("order").disabled
    assert "Each isolated position is liquidated by itself" in page.text()
    assert "Sums over the positions and the free part of the wallet" in page.text()
    assert "an order that would leave its position no margin closes all of it" in page.text()


def test_shocks_that_the_scenario_carries_are_said_not_to_be_in_it() -> None:
    assert "shocks" not in LiquidationPage().text()
    assert (
        "the shocks that this scenario carries are not applied here"
        in LiquidationPage(address(shocks={"common": -0.1})).text()
    )


def told(page: LiquidationPage) -> bool:
    """Whether it says what comes of the account, with figures that are numbers.

    Or why that cannot be said.
    """
    cells = [
        cell
        for table in page.at.table
        for row in table.value.to_dict("records")
        for cell in row.values()
    ]
    cells += [cell for row in page.steps() for cell in row.values()]
    assert not {"nan", "inf", "None", ""} & set(cells)
    beyond = any("1e15" in each.value for each in page.at.error)
    return beyond or bool(page.sentence)


@settings(PATIENT, max_examples=10)
@given(SCENARIOS)
def test_any_scenario_that_a_link_can_hold_is_driven_along_both_kinds_of_path(
    made: Scenario,
) -> None:
    parameters = {key: values for key, values in link.encode(made).parameters.items() if values}
    page = LiquidationPage(parameters)
    assert told(page)
    if charts(page.at):
        assert told(page.enter("along", "A crash day").enter("margin_stop", value=True))
    assert link.decode(parameters).scenario == page.at.session_state["tandem"].working
