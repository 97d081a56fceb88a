"""Live data in the What-if page.

Nothing is asked unasked, a page never waits, and only what was asked for changes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from margin.market.cache import memory
from margin.market.cache.memory import Failure
from margin.market.snapshot import embedded as snapshot
from pages.ui.session import live
from tests.market.any_source import settles
from tests.pages.visitor import PATIENCE, TIERS, WORKED_EXAMPLE, Visitor, address, read
from tests.replay.figures import Book
from tests.replay.server import Fault, Replay, Reply

Venues = tuple[Replay, Book]
ON_BYBIT = {
    "venue": "bybit",
    "positions": [
        {
            "symbol": "RENDER",
            "side": "long",
            "quantity": 28_000,
            "entry_price": 1.75,
            "leverage": 10,
        }
    ],
    "marks": {"RENDER": 1.75},
}

HARSHER = [
    {
        "floor": 0,
        "maintenance_rate": 0.03,
        "maintenance_amount": 0,
        "max_leverage": 16,
        "cap": 100_000,
    }
]
MOMENT = datetime.now(UTC)
BLOCKED = Failure(
    "blocked", "does not serve this place (HTTP 451)", MOMENT, MOMENT + timedelta(hours=1), MOMENT
)


def badge(visitor: Visitor) -> str:
    """The line that says which data is shown."""
    [line] = [each.value for each in visitor.at.markdown if "badge[Marks" in each.value]
    return str(line).partition("[")[2].rpartition("]")[0]


def switch(visitor: Visitor, *, on: bool = True) -> Visitor:
    [toggle] = [each for each in visitor.at.toggle if each.key == "live"]
    toggle.set_value(on)
    return visitor.run()


def settle(visitor: Visitor) -> Visitor:
    """Waits for what was asked, and lets the page look again as it does by itself."""
    assert settles(live.cache(), live.wanted(visitor.at.session_state["tandem"]), PATIENCE)
    return visitor.run()


def tiers_first_rate(visitor: Visitor) -> float:
    """The first tier's rate as the tier table shows it."""
    rate: float = visitor.unfold(TIERS).rows("tiers")[0]["Rate"]
    return rate


# Off


def test_nothing_is_asked_before_somebody_switches_it_on(venues: Venues) -> None:
    replay, _ = venues
    visitor = Visitor(address(**ON_BYBIT)).press("Move to liquidation").press("Reset")
    assert replay.asked == []
    assert badge(visitor) == "Marks: snapshot of 2026-03-18 · tiers: snapshot of 2025-12-29"


def test_a_deployment_may_switch_it_on_for_its_visitors(
    venues: Venues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TANDEM_LIVE", "1")
    visitor = settle(Visitor())
    assert "tiers: snapshot of 2026-09-29" in badge(visitor), "Binance gives no tiers without a key"
    settle(visitor.go(address(**ON_BYBIT)))
    assert venues[0].asked


# On


def test_switched_on_the_tables_are_the_venues_and_the_marks_stay(venues: Venues) -> None:
    _, book = venues
    book.tiers["bybit"]["RENDER"] = HARSHER
    book.marks["RENDER"] = 3.5
    visitor = settle(switch(Visitor(address(**ON_BYBIT))))
    assert badge(visitor).startswith("Marks: snapshot of 2026-03-18 · tiers: live, ")
    assert tiers_first_rate(visitor) == 0.03
    assert visitor.linked.market.marks["RENDER"] == 1.75


def test_refresh_takes_the_marks_and_compares_with_before(venues: Venues) -> None:
    _, book = venues
    book.marks.update(RENDER=2.1, FET=0.25)
    visitor = settle(switch(Visitor()))
    assert visitor.metric("Margin balance") == "$10,000.00"
    settle(visitor.press("Refresh mark prices"))
    assert visitor.linked.market.marks == {"RENDER": 2.1, "FET": 0.25}
    assert visitor.before("Margin balance") == "was $10,000.00"
    assert (
        "FET 0.22310 → 0.25000, RENDER 1.7500 → 2.1000. The baseline is the account before."
        in visitor.news[0]
    )
    assert badge(visitor).startswith("Marks: Binance, live, ")


def test_refresh_keeps_the_common_move_that_was_chosen(venues: Venues) -> None:
    _, book = venues
    book.marks.update(RENDER=2.0, FET=0.2)
    visitor = settle(switch(Visitor().slide(-0.1)))
    settle(visitor.press("Refresh mark prices"))
    assert visitor.linked.market.marks == {"RENDER": pytest.approx(1.8), "FET": pytest.approx(0.18)}
    assert visitor.field("move").value == pytest.approx(-0.1)


def test_another_venue_brings_its_own_tables(venues: Venues) -> None:
    visitor = settle(switch(Visitor()))
    settle(visitor.enter("venue", "hyperliquid"))
    assert "tiers: live, " in badge(visitor)
    assert {asked.host for asked in venues[0].asked} == {"fapi.binance.com", "api.hyperliquid.xyz"}


def test_a_perpetual_beyond_the_snapshot_is_found_and_gets_mark_and_tiers(venues: Venues) -> None:
    _, book = venues
    book.marks["1000PEPE"], book.rates["1000PEPE"], book.intervals["1000PEPE"] = 0.0125, 0.0001, 8
    book.tiers["bybit"]["1000PEPE"] = book.tiers["bybit"]["WLD"]
    book.contracts["1000PEPE"] = book.contract("bybit", "WLD")
    visitor = settle(switch(Visitor(address(**ON_BYBIT))))
    assert "1000PEPE" in sorted(visitor._table["tokens"])
    visitor.edit("positions", add=[{"Token": "1000PEPE"}])
    settle(visitor.edit("positions", {1: {"Size": 1e6}}))
    pepe = visitor.linked.positions[1]
    assert (pepe.symbol, pepe.entry_price, visitor.linked.market.marks["1000PEPE"]) == (
        "1000PEPE",
        0.0125,
        0.0125,
    )
    assert visitor.errors == []


def test_the_search_box_offers_what_trades_on_the_venue() -> None:
    visitor = Visitor(address(**ON_BYBIT))
    assert sorted(visitor._table["tokens"]) == sorted(snapshot.contracts("bybit"))
    visitor.edit("positions", add=[{"Token": "TAO"}])
    row = visitor.rows("positions")[-1]
    assert (row["Token"], row["Entry"]) == ("TAO", snapshot.marks()["TAO"])


def test_what_other_tables_change_is_told_and_reset_keeps_them(venues: Venues) -> None:
    _, book = venues
    book.tiers["bybit"]["RENDER"] = HARSHER
    visitor = settle(switch(Visitor(address(**ON_BYBIT))))
    [told] = visitor.news
    assert told.startswith("Newer tables of Bybit are in force: margin ratio ")
    ratio = visitor.metric("Margin used")
    assert visitor.before("Margin used") == "unchanged", "both rest on the same tables"
    assert visitor.slide(-0.02).press("Reset").metric("Margin used") == ratio


def test_rows_that_are_being_typed_stay_when_an_answer_arrives(venues: Venues) -> None:
    visitor = settle(switch(Visitor()))
    visitor.press("Add").edit("positions", {2: {"Token": "TAO"}})
    settle(visitor.press("Refresh mark prices"))
    assert venues[0].asked
    assert visitor.row_faults == ["Not counted yet: enter the size."]
    assert visitor.rows("positions")[2]["Token"] == "TAO"


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was answered a moment ago may be asked for again."""
    monkeypatch.setattr(memory, "FORCED_TIME_TO_LIVE", timedelta(0))


@contextmanager
def held_back(replay: Replay) -> Iterator[None]:
    """Binance's marks wait until the block ends."""
    gate, at = Event(), ("fapi.binance.com", "GET", "/fapi/v1/premiumIndex")
    answer = replay._answers[at]
    replay.serve(*at, lambda asked: gate.wait(PATIENCE) and answer(asked))
    yield
    gate.set()


def is_on_its_way(visitor: Visitor) -> bool:
    return live.cache().is_fetching(live.wanted(visitor.at.session_state["tandem"]))


@pytest.mark.usefixtures("eager")
def test_an_edit_while_the_answer_is_on_its_way_is_not_lost(venues: Venues) -> None:
    replay, book = venues
    visitor = settle(switch(Visitor()))
    book.marks["RENDER"] = 2.0
    with held_back(replay):
        visitor.press("Refresh mark prices")
        visitor.edit("positions", {0: {"Size": 1000.0}})
        assert is_on_its_way(visitor)
        assert visitor.linked.positions[0].quantity == 1000.0
    settle(visitor)
    assert (visitor.linked.positions[0].quantity, visitor.linked.market.marks["RENDER"]) == (
        1000.0,
        2.0,
    )


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(
    "leave",
    [
        pytest.param(lambda visitor: visitor.press("An AI basket"), id="by an example"),
        pytest.param(lambda visitor: visitor.go(address(**ON_BYBIT)).run(), id="by a link"),
        pytest.param(lambda visitor: visitor.press("Reset"), id="by Reset"),
        pytest.param(
            lambda visitor: visitor.enter("venue", "textbook"), id="by a venue without marks"
        ),
    ],
)
def test_an_answer_asked_for_one_scenario_does_not_strike_the_next(
    venues: Venues, leave: Callable[[Visitor], Visitor]
) -> None:
    replay, book = venues
    visitor = settle(switch(Visitor()))
    book.marks["RENDER"] = 9.0
    with held_back(replay):
        visitor.press("Refresh mark prices")
        assert is_on_its_way(visitor)
        leave(visitor)
    marks = visitor.at.session_state["tandem"].working.market.marks
    visitor.run().run()
    assert visitor.at.session_state["tandem"].working.market.marks == marks
    assert marks["RENDER"] == 1.75


def test_refreshing_again_and_again_leaves_one_notice(venues: Venues) -> None:
    venues[0].fail("premiumIndex", Fault(Reply("", 451)))
    visitor = settle(switch(Visitor()))
    for _ in range(3):
        settle(visitor.press("Refresh mark prices"))
    assert len(visitor.warnings) == 1


def test_marks_seen_before_the_trouble_are_taken_with_their_age(venues: Venues) -> None:
    replay, book = venues
    book.marks["RENDER"] = 2.0
    visitor = settle(switch(Visitor()))
    replay.fail("binance", Fault(Reply("", 451)))
    session = visitor.at.session_state["tandem"]
    live.cache()._slots.update(
        {
            query: slot._replace(entry=replace(slot.entry, failure=BLOCKED))
            for query, slot in live.cache()._slots.items()
        }
    )
    settle(visitor.press("Refresh mark prices"))
    assert session.working.market.marks["RENDER"] == 2.0
    assert "cached, 0 s old: Binance does not serve this place" in visitor.news[0]


def test_a_link_of_invented_tokens_asks_for_no_tiers_of_them(venues: Venues) -> None:
    invented = [{**ON_BYBIT["positions"][0], "symbol": f"NONE{number}"} for number in range(20)]  # type: ignore[index]
    marks = {f"NONE{number}": 1.75 for number in range(20)}
    visitor = settle(switch(Visitor(address(**ON_BYBIT))))
    before = len(venues[0].asked)
    visitor.go(address(**{**ON_BYBIT, "positions": invented, "marks": marks}))
    settle(visitor.press("Refresh mark prices"))
    assert len(venues[0].asked) - before <= 2


# Off again, and trouble


def test_switched_off_the_snapshot_is_back(venues: Venues) -> None:
    visitor = settle(switch(Visitor(address(venue="hyperliquid"))))
    assert "tiers: live, " in badge(visitor)
    asked = len(venues[0].asked)
    switch(visitor, on=False).press("Move to liquidation")
    assert "tiers: snapshot of 2026-03-10" in badge(visitor)
    assert len(venues[0].asked) == asked


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param(
            Fault(Reply("", 451)), "Binance does not serve this place (HTTP 451)", id="geo-block"
        ),
        pytest.param(
            Fault(Reply("", 429)),
            "Binance asks for a pause between requests",
            id="too many requests",
        ),
        pytest.param(
            Fault(Reply("<html>")), "Binance gave an answer that is no JSON", id="a page instead"
        ),
        pytest.param(Fault(cut=True), "Binance cannot be reached", id="a cut connection"),
    ],
)
def test_a_venue_in_trouble_leaves_the_figures_and_says_why(
    venues: Venues, fault: Fault, reason: str
) -> None:
    replay, _ = venues
    replay.fail("binance", fault)
    visitor = settle(switch(Visitor()))
    settle(visitor.press("Refresh mark prices"))
    assert visitor.warnings == [f"The marks stay as they were: {reason}."]
    assert visitor.sentence == WORKED_EXAMPLE
    assert visitor.errors == []
    beside_the_switch = read(visitor.at.main.caption[0].value)
    assert reason in beside_the_switch
    assert "Shown instead: snapshot of " in beside_the_switch


def test_after_a_failure_one_can_try_again_where_it_is_said(
    venues: Venues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "FORCED_BACK_OFF", timedelta(0))
    replay, _ = venues
    replay.fail("binance", Fault(cut=True))
    visitor = settle(switch(Visitor()))
    replay.heal()
    settle(visitor.press("Try again"))
    assert "Try again" not in {button.label for button in visitor.at.button}
    assert visitor.at.main.caption[0].value.startswith("Two AI longs on one balance")


def test_a_mark_that_makes_no_sense_is_kept_out_and_named(venues: Venues) -> None:
    _, book = venues
    book.marks.update(RENDER=-1.0, FET=0.25)
    visitor = settle(switch(Visitor()))
    settle(visitor.press("Refresh mark prices"))
    assert visitor.linked.market.marks == {"RENDER": 1.75, "FET": 0.25}
    assert "RENDER keeps its mark" in visitor.news[0]


# Links


@pytest.mark.parametrize(
    "warm", [True, False], ids=["after another visitor", "as the first visitor"]
)
def test_a_link_is_shown_as_its_maker_saw_it_until_its_reader_asks(
    venues: Venues, monkeypatch: pytest.MonkeyPatch, warm: bool
) -> None:
    monkeypatch.setenv("TANDEM_LIVE", "on")
    _, book = venues
    book.marks["RENDER"] = 1.9
    book.tiers["bybit"]["RENDER"] = HARSHER
    if warm:
        settle(settle(Visitor()).enter("venue", "bybit"))
    visitor = Visitor(address(**ON_BYBIT)).run().press("Move to liquidation").press("Reset")
    assert badge(visitor) == "Marks: snapshot of 2026-03-18 · tiers: snapshot of 2025-12-29"
    assert visitor.news == visitor.warnings == []
    settle(visitor.press("Refresh mark prices"))
    assert "tiers: live, " in badge(visitor)
    assert visitor.linked.market.marks["RENDER"] == 1.9


@pytest.mark.usefixtures("eager")
def test_back_is_heeded_while_an_answer_is_on_its_way(venues: Venues) -> None:
    replay, book = venues
    visitor = settle(switch(Visitor()))
    visitor.edit("positions", {0: {"Size": 1000.0}})
    first = visitor.query
    visitor.edit("positions", {0: {"Size": 2000.0}})
    book.marks["RENDER"] = 9.0
    with held_back(replay):
        visitor.press("Refresh mark prices")
        visitor.go(first).run()
        assert visitor.linked.positions[0].quantity == 1000.0
    visitor.run().run()
    assert visitor.linked.market.marks["RENDER"] == 1.75


def test_two_sessions_that_ask_at_once_make_one_request(venues: Venues) -> None:
    replay, _ = venues
    with held_back(replay):
        visitors = [switch(Visitor()), switch(Visitor())]
    for visitor in visitors:
        settle(visitor)
    assert replay.paths().count("fapi.binance.com/fapi/v1/premiumIndex") == 1
