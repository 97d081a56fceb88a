"""One object registered, and its rows in the snapshot: the whole program knows one venue more."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import margin.venues
from margin.charts.tiers import Compared, Schedule, look_of, tier_steps
from margin.cli import main
from margin.market.snapshot import embedded as snapshot
from margin.model import link
from margin.model.scenario import Scenario
from margin.studies.account.assess import assess
from margin.studies.distance.directions import together
from margin.studies.liquidation.path import Path as PricePath
from margin.studies.liquidation.waterfall import waterfall
from margin.venues import VENUES, Venue, listing_venues, register
from pages.ui.compare.sections import BY_VENUE
from pages.ui.session import live
from tests.pages.charts import charts
from tests.venues.fifth import (
    BY_CONTRACTS,
    BY_NOTIONAL,
    KEY,
    NAME,
    OPEN,
    STEPS,
    UNLISTED,
    registered,
)

ROOT = Path(__file__).parents[2]
PAGES = ["app.py", *sorted(f"pages/{page.name}" for page in (ROOT / "pages").glob("*.py"))]
PATIENCE = 120


@pytest.fixture(params=[BY_NOTIONAL, BY_CONTRACTS], ids=["tiers by notional", "tiers by contracts"])
def fifth(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Venue]:
    with registered(request.param, tmp_path / "snapshot"):
        yield request.param


def document(**changes: Any) -> dict[str, Any]:
    positions = [
        {"symbol": symbol, "side": side, "quantity": quantity, "entry_price": price, "leverage": 10}
        for symbol, side, quantity, price in (
            ("RENDER", "long", 30_000, 1.75),
            ("FET", "short", 100_000, 0.2231),
        )
    ]
    account = {"version": 1, "venue": KEY, "margin_mode": "cross", "wallet_balance": 12_000}
    return {**account, "positions": positions, "marks": {"RENDER": 1.75, "FET": 0.2231}, **changes}


def scenario(**changes: Any) -> Scenario:
    return snapshot.attach(Scenario.from_json(document(**changes)))


def opened(page: str, made: Scenario) -> AppTest:
    """A page of the app, at the scenario's link. No run of it may end in a traceback."""
    at = AppTest.from_file(ROOT / "app.py", default_timeout=PATIENCE)
    at.query_params = {
        key: values for key, values in link.encode(made).parameters.items() if values
    }
    if page != "app.py":
        at.switch_page(page)
    return run(at)


def run(at: AppTest) -> AppTest:
    at.run()
    assert [each.value for each in at.exception] == []
    return at


def said(at: AppTest) -> str:
    """All that a page says in words and tables."""
    words = [each.value for kind in (at.markdown, at.caption, at.warning, at.info) for each in kind]
    tables = [each.value.to_csv() for kind in (at.table, at.dataframe) for each in kind]
    choices = [option for each in at.selectbox for option in each.options]
    return "\n".join([*words, *tables, *choices]).replace("\\", "")


@pytest.mark.parametrize("mode", ["cross", "isolated"])
@pytest.mark.parametrize("page", PAGES)
def test_every_page_draws_with_it(fifth: Venue, page: str, mode: str) -> None:
    at = opened(page, scenario(margin_mode=mode))
    assert [each.value for each in at.error] == []
    assert "tiers: snapshot of 2026-09-30" in said(at)
    if page not in ("pages/positions.py", "pages/scenarios.py"):
        assert fifth.name in said(at)
    if page != "pages/positions.py":
        assert charts(at)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_draws_with_a_token_that_it_does_not_list(fifth: Venue, page: str) -> None:
    more = {
        "symbol": UNLISTED,
        "side": "long",
        "quantity": 10,
        "entry_price": 272.71,
        "leverage": 10,
    }
    whole = document()
    marks = {**whole["marks"], UNLISTED: 272.71}
    at = opened(page, scenario(positions=[*whole["positions"], more], marks=marks))
    assert "tiers: snapshot of 2026-09-30" in said(at)
    shown = "\n".join(
        [said(at), *(each.value.replace("\\", "") for each in [*at.error, *at.warning])]
    )
    if page == "app.py":
        assert f"{UNLISTED} has no tier table at {fifth.name}" in shown
    if page == "pages/data.py":
        assert f"{UNLISTED} is not listed on {fifth.name} as seen 2026-09-30" in shown


def test_every_section_of_the_stress_tests_draws_with_it(fifth: Venue) -> None:
    at = opened("pages/scenarios.py", scenario())
    for section in at.segmented_control(key="scenarios_section").options:
        at.segmented_control(key="scenarios_section").set_value(section)
        run(at)
    assert assess(scenario()).margin_ratio.label == fifth.ratio.label


def test_another_account_is_compared_with_it(fifth: Venue) -> None:
    at = opened("pages/compare.py", scenario(venue="binance"))
    at.segmented_control(key="compare_section").set_value(BY_VENUE)
    assert fifth.name in said(run(at))


@pytest.mark.usefixtures("fifth")
def test_the_liquidation_page_says_how_it_liquidates() -> None:
    text = said(opened("pages/liquidation.py", scenario()))
    assert all(line in text for line in (*STEPS, OPEN))


@pytest.mark.usefixtures("fifth")
def test_its_own_policy_closes_by_halves() -> None:
    made = scenario(
        positions=document()["positions"][:1], marks={"RENDER": 1.75}, wallet_balance=6_000
    )
    found = waterfall(made, PricePath.along(made.market.marks, together(made).rates, -0.5))
    assert found is not None
    reduced = [step for step in found.steps if step.kind == "reduced"]
    assert reduced
    assert all(step.remaining == step.quantity for step in reduced)
    assert found.steps[0].fee == pytest.approx(0.003 * reduced[0].quantity * (reduced[0].fill or 0))


def test_the_market_data_page_draws_its_tiers_beside_those_of_the_others(fifth: Venue) -> None:
    at = opened("pages/data.py", scenario())
    drawn = "\n".join(str(chart.spec) for chart in charts(at))
    assert f"{fifth.name}, 2026-09-30" in drawn
    assert len({look_of(venue) for venue in listing_venues()}) == 5


def test_with_live_data_on_its_tables_stay_the_snapshots(
    fifth: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TANDEM_LIVE", "1")
    monkeypatch.setenv("TANDEM_CACHE", "")
    live.cache.clear()
    at = opened("pages/data.py", scenario())
    run(at)
    live.cache().close()
    live.cache.clear()
    assert f"{fifth.name} is not asked from here" in said(at)


def test_no_account_is_read_where_nothing_reads_it(fifth: Venue) -> None:
    at = opened("pages/positions.py", scenario())
    offered = next(each for each in at.selectbox if each.label == "Your exchange").options
    assert [VENUES[key].name for key in listing_venues()] == [*offered, fifth.name]


# The command line


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    code = main(arguments)
    ended = capsys.readouterr()
    assert (code, ended.err) == (0, "")
    return ended.out


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "scenario.json"
    path.write_text(json.dumps(document()))
    return str(path)


def test_the_command_line_assesses_and_links_it(
    fifth: Venue, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = json.loads(printed(capsys, "assess", file))
    # RENDER is worth 52,500, FET 22,310: both in the second tier, by notional and by contracts of
    # one token alike.
    by_notional = 52_500 * 0.02 - 200 + 22_310 * 0.02 - 200
    by_contracts = 52_500 * 0.02 + 22_310 * 0.02
    fee = fifth.taker_fee * (52_500 + 22_310)
    required = by_contracts + fee if fifth.flat_tiers else by_notional
    assert found["requirement"] == pytest.approx(required, rel=1e-12)
    assert found["maintenance_margin"] == pytest.approx(
        by_contracts if fifth.flat_tiers else by_notional, rel=1e-12
    )
    assert found["margin_ratio"]["label"] == fifth.ratio.label
    assert f"{KEY} tiers as of 2026-09-30" in found["assumptions"]
    query = printed(capsys, "link", file).strip()
    assert f"venue={KEY}" in query
    assert json.loads(printed(capsys, "assess", "--link", query)) == found


@pytest.mark.usefixtures("fifth")
def test_the_command_line_imports_for_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "positions.csv"
    table.write_text("token,side,size,entry,leverage\nRENDER,long,100,1.75,10\n")
    found: Mapping[str, Any] = json.loads(printed(capsys, "import", str(table), "--venue", KEY))
    assert [position["symbol"] for position in found["positions"]] == ["RENDER"]


# The registry


def test_a_venue_is_forgotten_where_it_was_not_registered() -> None:
    assert KEY not in VENUES
    assert NAME not in {venue.name for venue in VENUES.values()}


@pytest.mark.parametrize("key", ["binance", "", "Quintus", "../quintus", "q" * 21])
def test_a_key_that_is_taken_or_no_name_of_a_file_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="no venue can be registered"):
        register(replace(BY_NOTIONAL, key=key))
    assert len(VENUES) == 5


@pytest.mark.parametrize(
    "rules",
    [
        {"flat_tiers": True, "closing_fee_in_margins": True},
        {"own_fraction": True, "closing_fee_in_margins": True},
        {"own_fraction": True, "flat_tiers": True},
        {"liquidation_fee_required": True},
    ],
    ids=" with ".join,
)
def test_rules_that_no_account_is_compiled_with_are_refused(rules: dict[str, bool]) -> None:
    with pytest.raises(ValueError, match=r"quintus: .* modelled"):
        replace(BY_NOTIONAL, **rules)


def test_however_many_venues_there_are_each_is_drawn_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = snapshot.tables("binance").tiers["RENDER"]
    many = {
        f"more{number}": replace(BY_NOTIONAL, key=f"more{number}", name=f"More {number}")
        for number in range(20)
    }
    for key, venue in many.items():
        monkeypatch.setitem(margin.venues._registry, key, venue)
    figure = tier_steps(
        Compared("RENDER", 1.75, tuple(Schedule(venue, table) for venue in listing_venues()), {})
    )
    assert [trace["name"] for trace in figure["data"] if trace.get("name")] == [
        VENUES[venue].name for venue in listing_venues()
    ]
    looks = [look_of(venue) for venue in listing_venues()]
    assert len(set(looks)) == len(looks) == 24
    for look, further in combinations(looks, 2):
        assert look.colour != further.colour or (
            look.dash != further.dash and look.symbol != further.symbol
        )
