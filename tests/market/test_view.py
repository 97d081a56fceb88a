"""Live, else cached, else the snapshot's, table by table; and who is listed at all."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest

from margin.errors import FieldError
from margin.market.cache.disk import DiskCache
from margin.market.cache.memory import MarketCache
from margin.market.cache.query import Query
from margin.market.snapshot import embedded as snapshot
from margin.market.snapshot.source import SnapshotSource
from margin.market.source import Checked, Unavailable
from margin.market.view import Origin, View, queries, snapshot_view, view_venue
from margin.messages import message, not_listed
from margin.model.scenario import Scenario
from margin.studies.account.assess import assess
from margin.venues import VENUES as RULES
from margin.venues import TierTable
from tests.market.any_source import (
    PATIENCE,
    START,
    Clock,
    Scripted,
    contract,
    flat_table,
    quote,
    settles,
    table,
)

TODAY = "2026-11-22"
VENUES = ["binance", "bybit", "okx", "hyperliquid"]
LISTED = ["RENDER", "TAO", "BTC", "NEW"]
"""What the venues of these tests list.

NEW is not in the snapshot, and most of the snapshot's tokens are gone.
"""


class Place:
    """A cache over a scripted source whose answers all speak of `LISTED`, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.source = Scripted()
        self.folder = folder
        self.caches: list[MarketCache] = []
        for venue in VENUES:
            some_table = flat_table() if venue == "okx" else table()
            self.answer(
                Query(venue, "contracts"), Checked({token: contract(10) for token in LISTED})
            )
            self.answer(Query(venue, "quotes"), Checked({token: quote() for token in LISTED}))
            for token in ["", *snapshot.marks(), *LISTED]:
                self.answer(
                    Query(venue, "tiers", token), Checked(dict.fromkeys(LISTED, some_table))
                )
        self.restart()

    def restart(self) -> None:
        """The next run of the program."""
        self.cache = MarketCache(self.source, DiskCache(self.folder, self.clock), self.clock)
        self.caches.append(self.cache)

    def answer(self, query: Query, answer: object) -> None:
        self.source.answers[query] = answer

    def fail(self, *places: Query) -> None:
        for query in places:
            self.answer(query, Unavailable("broken", "is closed for maintenance"))

    def fetch(self, venue: str, *tokens: str) -> View:
        wanted = queries(venue, tokens)
        self.cache.refresh(wanted)
        assert settles(self.cache, wanted, PATIENCE)
        return view_venue(self.cache, venue, tokens)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    one = Place(tmp_path)
    yield one
    for gate in one.source.hanging.values():
        gate.set()
    for cache in one.caches:
        cache.close()


# Labels


@pytest.mark.parametrize(
    ("origin", "label"),
    [
        (Origin("live", START - timedelta(seconds=12.9), TODAY), "live, 12 s old"),
        (Origin("live", START, TODAY), "live, 0 s old"),
        (Origin("live", START + timedelta(seconds=5), TODAY), "live, 0 s old"),
        (Origin("live", START - timedelta(seconds=59.9), TODAY), "live, 59 s old"),
        (Origin("live", START - timedelta(seconds=60), TODAY), "live, 1 min old"),
        (Origin("cached", START - timedelta(minutes=59.9), TODAY), "cached, 59 min old"),
        (Origin("cached", START - timedelta(hours=3.5), TODAY), "cached, 3 h old"),
        (Origin("cached", START - timedelta(hours=47.9), TODAY), "cached, 47 h old"),
        (Origin("cached", START - timedelta(hours=49), TODAY), "cached, 2 days old"),
        (Origin("snapshot", None, "2026-09-29"), "snapshot of 2026-09-29"),
        (Origin("snapshot", None, "2025-11-27/2026-08-06"), "snapshot of 2025-11-27 to 2026-08-06"),
        (Origin("snapshot", None, "undated"), "snapshot, undated"),
        (Origin("none", None, ""), "not known"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_label_says_where_a_figure_is_from_and_how_old_it_is(origin: Origin, label: str) -> None:
    assert origin.label(START) == label


# What to want


def test_a_view_wants_contracts_and_quotes_and_each_tokens_tiers() -> None:
    assert queries("bybit", ["RENDER", "TAO", "RENDER"]) == (
        Query("bybit", "contracts"),
        Query("bybit", "quotes"),
        Query("bybit", "tiers", "RENDER"),
        Query("bybit", "tiers", "TAO"),
    )


def test_one_question_serves_all_tokens_where_the_venue_answers_so() -> None:
    assert queries("hyperliquid", ["RENDER", "TAO"])[2:] == (Query("hyperliquid", "tiers"),)
    assert queries("binance", [])[2:] == ()


def test_the_textbook_account_wants_nothing() -> None:
    assert queries("textbook", ["RENDER"]) == ()


def test_an_unknown_venue_is_refused(place: Place) -> None:
    for query in (
        lambda: queries("kraken", []),
        lambda: view_venue(place.cache, "kraken", []),
        lambda: snapshot_view("kraken"),
    ):
        with pytest.raises(FieldError, match="venue: must be one of"):
            query()


# The snapshot alone


@pytest.mark.parametrize("venue", [*VENUES, "textbook"])
def test_the_view_of_the_snapshot_is_the_snapshots_own(venue: str) -> None:
    view = snapshot_view(venue)
    assert view.tables == snapshot.tables(venue)
    assert view.contracts == snapshot.contracts(venue)
    assert view.quotes == SnapshotSource().quotes(venue).good
    assert {token: quote.mark for token, quote in view.quotes.items()} == snapshot.marks()
    assert not view.refused
    assert view.quotes_origin == Origin("snapshot", None, snapshot.marks_as_of())
    for token in view.tables.tiers:
        assert view.tiers[token] == Origin("snapshot", None, snapshot.tables(venue).as_of or "")
    for token, seen in snapshot.tables(venue).not_listed.items():
        assert view.tiers[token] == Origin(
            "none", None, "", f"{token} is {not_listed(RULES[venue].name, seen)}"
        )


@pytest.mark.parametrize(
    ("venue", "as_of"),
    [("binance", "2025-11-27/2026-08-06"), ("bybit", "2025-11-18"), ("textbook", "undated")],
)
def test_contracts_of_the_snapshot_tell_the_days_they_span(venue: str, as_of: str) -> None:
    assert snapshot_view(venue).contracts_origin == Origin("snapshot", None, as_of)


@pytest.mark.parametrize("venue", VENUES)
def test_before_anything_was_asked_the_snapshot_stands_and_says_why(
    venue: str, place: Place
) -> None:
    view = view_venue(place.cache, venue, ["RENDER"])
    assert view.tables == snapshot.tables(venue)
    assert view.contracts == snapshot.contracts(venue)
    assert view.quotes == snapshot_view(venue).quotes
    name = {"binance": "Binance", "bybit": "Bybit", "okx": "OKX", "hyperliquid": "Hyperliquid"}[
        venue
    ]
    for origin in (
        view.tiers["RENDER"],
        view.quotes_origin,
        view.contracts_origin,
        view.mark_origins["RENDER"],
    ):
        assert (origin.kind, origin.reason) == ("snapshot", f"{name} has not been asked yet")
    assert place.source.asked == []


def test_the_textbook_account_never_has_more_than_reference_marks(place: Place) -> None:
    view = view_venue(place.cache, "textbook", ["RENDER"])
    assert view.tables == snapshot.tables("textbook")
    assert view.tiers == {"RENDER": Origin("none", None, "", "no tiers of RENDER are known")}
    assert view.mark_origins == {"RENDER": Origin("snapshot", None, snapshot.marks_as_of())}


# Live


@pytest.mark.parametrize("venue", VENUES)
def test_what_came_is_live(venue: str, place: Place) -> None:
    view = place.fetch(venue, "RENDER", "TAO")
    live = Origin("live", START, TODAY)
    assert view.tiers == view.mark_origins == {"RENDER": live, "TAO": live}
    assert (view.quotes_origin, view.contracts_origin) == (live, live)
    expected = flat_table() if venue == "okx" else table()
    assert view.tables.tiers["RENDER"] == expected
    assert view.quotes["RENDER"] == quote()
    assert view.quotes["RENDER"].mark == 2.0
    assert view.contracts["RENDER"] == contract(10)
    assert not view.refused
    assert view.tables.source == "live"


def test_live_tables_carry_their_day_and_those_of_the_snapshot_theirs(place: Place) -> None:
    tables = place.fetch("bybit", "RENDER").tables
    assert tables.as_of == snapshot.tables("bybit").as_of
    assert dict(tables.dates) == {"RENDER": TODAY}
    assert tables.days(["RENDER", "TAO"]) == {
        snapshot.tables("bybit").as_of: ["TAO"],
        TODAY: ["RENDER"],
    }


def test_tables_that_come_with_others_are_taken_too_where_one_answer_holds_all(
    place: Place,
) -> None:
    tables = place.fetch("hyperliquid", "RENDER").tables
    assert {token: tables.tiers[token] for token in LISTED} == {token: table() for token in LISTED}
    assert dict(tables.dates) == dict.fromkeys(LISTED, TODAY)


def test_tokens_beyond_the_snapshot_are_possible(place: Place) -> None:
    view = place.fetch("bybit", "NEW")
    assert view.tables.tiers["NEW"] == table()
    assert view.tiers["NEW"].kind == view.mark_origins["NEW"].kind == "live"


# Live, cached


def kinds(view: View, token: str) -> tuple[str, str, str]:
    return view.tiers[token].kind, view.quotes_origin.kind, view.contracts_origin.kind


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (60, ("live", "live", "live")),
        (60.001, ("live", "cached", "live")),
        (3 * 3600, ("live", "cached", "live")),
        (3 * 3600 + 0.001, ("cached", "cached", "cached")),
    ],
)
def test_what_is_older_than_three_times_to_live_or_a_minute_is_cached(
    seconds: float, expected: tuple[str, str, str], place: Place
) -> None:
    place.fetch("bybit", "RENDER")
    place.clock.forward(seconds)
    view = view_venue(place.cache, "bybit", ["RENDER"])
    assert kinds(view, "RENDER") == expected
    assert view.quotes["RENDER"] == quote()
    if expected[1] == "cached":
        assert view.quotes_origin == Origin(
            "cached", START, TODAY, "Bybit has not been asked since"
        )


def test_what_is_held_while_the_newest_attempt_failed_is_cached_with_the_reason(
    place: Place,
) -> None:
    place.fetch("bybit", "RENDER")
    place.fail(Query("bybit", "quotes"))
    place.clock.forward(10)
    view = place.fetch("bybit", "RENDER")
    assert kinds(view, "RENDER") == ("live", "cached", "live")
    assert view.quotes_origin == Origin("cached", START, TODAY, "Bybit is closed for maintenance")
    assert view.mark_origins["RENDER"] == view.quotes_origin
    assert view.quotes["RENDER"] == quote()


def test_after_a_restart_what_the_disk_holds_is_cached_until_it_was_asked_for_again(
    place: Place,
) -> None:
    place.fetch("bybit", "RENDER")
    place.restart()
    view = view_venue(place.cache, "bybit", ["RENDER"])
    assert kinds(view, "RENDER") == ("cached", "cached", "cached")
    assert view.tiers["RENDER"].reason == "Bybit has not been asked yet"
    assert view.tables.tiers["RENDER"] == table()
    assert view.tables.source == "cached"
    place.clock.forward(3600)
    assert kinds(place.fetch("bybit", "RENDER"), "RENDER") == ("live", "live", "live")


def test_while_a_venue_is_being_asked_the_reason_says_so(place: Place) -> None:
    place.source.hanging["bybit"] = Event()
    place.cache.refresh(queries("bybit", ["RENDER"]))
    assert (
        view_venue(place.cache, "bybit", ["RENDER"]).tiers["RENDER"].reason
        == "Bybit is being asked"
    )


# Table by table


def test_each_table_falls_back_alone(place: Place) -> None:
    place.fail(Query("bybit", "tiers", "RENDER"))
    view = place.fetch("bybit", "RENDER", "TAO")
    day = snapshot.tables("bybit").as_of or ""
    assert view.tiers["RENDER"] == Origin("snapshot", None, day, "Bybit is closed for maintenance")
    assert view.tables.tiers["RENDER"] == snapshot.tables("bybit").tiers["RENDER"]
    assert view.tiers["TAO"].kind == "live"
    assert view.tables.source == "live and snapshot"
    assert (view.quotes_origin.kind, view.contracts_origin.kind) == ("live", "live")


def test_quotes_fall_back_alone(place: Place) -> None:
    place.fail(Query("bybit", "quotes"))
    view = place.fetch("bybit", "RENDER")
    assert kinds(view, "RENDER") == ("live", "snapshot", "live")
    assert view.quotes == snapshot_view("bybit").quotes
    assert view.mark_origins["RENDER"] == view.quotes_origin


def test_without_a_list_the_snapshots_word_on_who_is_listed_stands(place: Place) -> None:
    place.fail(Query("okx", "contracts"))
    view = place.fetch("okx", "RENDER", "FET", "NEW")
    assert view.tables.not_listed == snapshot.tables("okx").not_listed
    assert view.contracts == snapshot.contracts("okx")
    assert view.contracts_origin.reason == "OKX is closed for maintenance"
    assert view.tiers["FET"] == Origin(
        "none", None, "", "FET is not listed on OKX as seen 2026-05-28"
    )
    assert view.tables.tiers["NEW"] == flat_table()


def test_a_venue_that_gives_its_tiers_only_to_a_key_is_told_apart(place: Place) -> None:
    place.answer(Query("binance", "tiers"), Unavailable("key", "gives its tiers only to a key"))
    view = place.fetch("binance", "RENDER")
    assert view.tiers["RENDER"] == Origin(
        "snapshot", None, "2026-09-29", "Binance gives its tiers only to a key"
    )
    assert view.tables.tiers["RENDER"] == snapshot.tables("binance").tiers["RENDER"]


def test_a_refused_table_leaves_the_snapshots_and_the_reason(place: Place) -> None:
    place.answer(
        Query("bybit", "tiers", "RENDER"),
        Checked({"TAO": table()}, {"RENDER": "[1].floor: must be above"}),
    )
    view = place.fetch("bybit", "RENDER")
    assert view.tiers["RENDER"].kind == "snapshot"
    assert (
        view.tiers["RENDER"].reason == "the tiers of RENDER were refused ([1].floor: must be above)"
    )
    assert view.tables.tiers["RENDER"] == snapshot.tables("bybit").tiers["RENDER"]
    assert view.refused == {"RENDER": "its tiers were refused ([1].floor: must be above)"}


def test_a_refused_mark_leaves_the_snapshots_and_only_its_own_origin_says_so(place: Place) -> None:
    place.answer(
        Query("bybit", "quotes"),
        Checked({"TAO": quote()}, {"RENDER": "mark: must be a positive number"}),
    )
    view = place.fetch("bybit", "RENDER", "TAO")
    assert view.quotes["RENDER"].mark == snapshot.marks()["RENDER"]
    reason = "the mark of RENDER was refused (mark: must be a positive number)"
    assert view.mark_origins["RENDER"] == Origin("snapshot", None, snapshot.marks_as_of(), reason)
    assert view.mark_origins["TAO"] == view.quotes_origin == Origin("live", START, TODAY)
    assert view.refused == {"RENDER": "its mark was refused (mark: must be a positive number)"}


def test_a_refused_contract_leaves_the_snapshots_and_the_token_listed(place: Place) -> None:
    place.answer(
        Query("okx", "contracts"), Checked({"TAO": contract(10)}, {"RENDER": "ctVal: is missing"})
    )
    view = place.fetch("okx", "RENDER", "TAO")
    assert "RENDER" not in view.tables.not_listed
    assert view.contracts["RENDER"] == snapshot.contracts("okx")["RENDER"]
    assert view.tables.contract_values == {"RENDER": 1, "TAO": 10}
    assert view.tables.unconfirmed == {"RENDER"}
    assert view.tiers["RENDER"].kind == "live"
    assert view.refused == {"RENDER": "its contract was refused (ctVal: is missing)"}


def test_several_refusals_of_one_token_make_one_clause_and_rows_without_a_name_none(
    place: Place,
) -> None:
    place.answer(
        Query("bybit", "quotes"),
        Checked({"TAO": quote()}, {"RENDER": "no mark", "row 3": "is no object"}),
    )
    place.answer(Query("bybit", "contracts"), Checked({"TAO": contract()}, {"RENDER": "no tick"}))
    view = place.fetch("bybit", "RENDER")
    assert view.refused == {
        "RENDER": "its mark was refused (no mark); its contract was refused (no tick)"
    }


def test_a_figure_that_is_good_after_all_is_not_refused(place: Place) -> None:
    place.answer(
        Query("bybit", "quotes"),
        Checked({"RENDER": quote()}, {"RENDER": "is given twice; the first row stands"}),
    )
    view = place.fetch("bybit", "RENDER")
    assert not view.refused
    assert view.mark_origins["RENDER"].kind == "live"


def test_a_token_that_an_answer_left_out_keeps_the_snapshots_figures(place: Place) -> None:
    place.answer(Query("hyperliquid", "tiers"), Checked({"TAO": table()}))
    place.answer(Query("hyperliquid", "quotes"), Checked({"TAO": quote()}))
    view = place.fetch("hyperliquid", "RENDER")
    assert view.tiers["RENDER"].kind == view.mark_origins["RENDER"].kind == "snapshot"
    assert view.tiers["RENDER"].reason == "Hyperliquid gave no tiers of RENDER"
    assert view.mark_origins["RENDER"].reason == "Hyperliquid gave no mark of RENDER"


def test_a_token_without_any_table_stays_without_one(place: Place) -> None:
    place.fail(Query("bybit", "tiers", "NEW"))
    place.answer(Query("bybit", "quotes"), Checked({"TAO": quote()}))
    view = place.fetch("bybit", "NEW")
    assert "NEW" not in view.tables.tiers
    assert view.tiers["NEW"] == Origin("none", None, "", "Bybit is closed for maintenance")
    assert view.mark_origins["NEW"] == Origin("none", None, "", "Bybit gave no mark of NEW")
    assert "NEW" not in view.quotes


# Who is listed


@pytest.mark.parametrize("venue", VENUES)
def test_a_token_that_the_list_does_not_name_has_no_tables_and_the_day_it_was_seen_so(
    venue: str, place: Place
) -> None:
    view = place.fetch(venue, "RENDER", "FET")
    name = {"binance": "Binance", "bybit": "Bybit", "okx": "OKX", "hyperliquid": "Hyperliquid"}[
        venue
    ]
    assert dict(view.tables.not_listed) == dict.fromkeys(
        sorted(snapshot.marks().keys() - set(LISTED)), TODAY
    )
    assert view.tables.tiers.keys() == {"RENDER", "TAO", "BTC"} | (
        {"NEW"} if venue in ("binance", "hyperliquid") else set()
    )
    assert view.contracts.keys() == set(LISTED)
    assert view.tiers["FET"] == Origin(
        "none", None, "", f"FET is not listed on {name} as seen {TODAY}"
    )


def test_a_token_that_the_list_names_is_listed_whatever_the_snapshot_says(place: Place) -> None:
    place.answer(Query("okx", "contracts"), Checked({"RENDER": contract(), "FET": contract(10)}))
    place.answer(Query("okx", "tiers", "FET"), Checked({"FET": flat_table()}))
    view = place.fetch("okx", "FET")
    assert "FET" not in view.tables.not_listed
    assert view.tables.tiers["FET"] == flat_table()
    assert view.tables.contract_values["FET"] == 10
    assert view.tiers["FET"].kind == "live"


def test_rows_of_symbols_that_no_longer_trade_do_not_count(place: Place) -> None:
    dead = ["AGIX", "FET"]
    place.answer(Query("binance", "tiers"), Checked({token: table() for token in [*LISTED, *dead]}))
    place.answer(
        Query("binance", "quotes"), Checked({token: quote(9) for token in [*LISTED, *dead]})
    )
    view = place.fetch("binance", "RENDER", "FET")
    assert not view.tables.tiers.keys() & set(dead)
    assert "AGIX" not in view.quotes
    assert view.quotes["FET"].mark == snapshot.marks()["FET"]
    assert view.mark_origins["FET"].kind == "snapshot"


def test_a_token_of_nobodys_is_not_listed_either(place: Place) -> None:
    view = place.fetch("binance", "XYZ")
    assert view.tables.not_listed["XYZ"] == TODAY
    assert view.tiers["XYZ"].kind == view.mark_origins["XYZ"].kind == "none"


def test_a_cached_list_counts_with_the_day_it_was_seen(place: Place) -> None:
    place.fetch("binance", "RENDER")
    place.clock.forward(3 * 86_400)
    place.restart()
    view = view_venue(place.cache, "binance", ["RENDER"])
    assert view.contracts_origin.label(place.clock()) == "cached, 3 days old"
    assert view.tables.not_listed["FET"] == TODAY


def test_an_empty_list_unlists_nobody(place: Place) -> None:
    place.answer(Query("binance", "contracts"), Checked({}))
    view = place.fetch("binance", "RENDER")
    assert view.tables.not_listed == {}
    assert view.contracts == snapshot.contracts("binance")
    assert view.contracts_origin.reason == "Binance named none"


@pytest.mark.parametrize("restarted", [False, True])
def test_a_list_with_a_row_that_cannot_be_read_unlists_nobody(
    restarted: bool, place: Place
) -> None:
    listed = Checked({"RENDER": contract(10), "FET": contract(10)}, {"row 3": "must be an object"})
    place.answer(Query("okx", "contracts"), listed)
    view = place.fetch("okx", "RENDER", "TAO", "FET")
    if restarted:
        place.restart()
        view = view_venue(place.cache, "okx", ["RENDER", "TAO", "FET"])
    assert view.tables.not_listed.keys() == {
        "IO",
        "AKT",
    }  # The snapshot's word, but for what the list names.
    assert view.contracts["RENDER"] == contract(10)
    assert view.contracts["TAO"] == snapshot.contracts("okx")["TAO"]
    assert view.tables.tiers["TAO"] == flat_table()
    assert view.tables.unconfirmed == snapshot.tables("okx").unconfirmed - {"RENDER"}


# Contract values


def test_contract_values_of_the_list_take_the_place_of_second_hand_ones(place: Place) -> None:
    assert snapshot.tables("okx").contract_values["RENDER"] == 1
    tables = place.fetch("okx", "RENDER").tables
    assert tables.contract_values == dict.fromkeys(LISTED, 10)
    assert tables.unconfirmed == frozenset()


@pytest.mark.parametrize("venue", ["binance", "bybit", "hyperliquid"])
def test_venues_that_count_in_tokens_have_no_contract_values(venue: str, place: Place) -> None:
    assert place.fetch(venue, "RENDER").tables.contract_values == {}


# What is older than the snapshot


@pytest.mark.parametrize(
    ("venue", "last_day"),
    [
        ("binance", "2026-09-29"),
        ("bybit", "2025-12-29"),
        ("okx", "2026-05-28"),
        ("hyperliquid", "2026-03-10"),
    ],
)
def test_a_cached_answer_from_before_the_snapshot_gives_way_to_it(
    venue: str, last_day: str, place: Place
) -> None:
    place.clock.time = START.replace(year=2025, month=9, day=28)
    place.fetch(venue, "RENDER", "NEW")
    place.clock.time = START
    place.restart()
    view = view_venue(place.cache, venue, ["RENDER", "NEW"])
    assert snapshot.tables(venue).as_of == last_day
    assert view.tiers["RENDER"].kind == "snapshot"
    assert (view.quotes_origin.kind, view.contracts_origin.kind) == ("snapshot", "snapshot")
    assert view.quotes == snapshot_view(venue).quotes
    assert view.tables.not_listed == snapshot.tables(venue).not_listed
    assert view.tiers["NEW"].kind == "cached"  # The snapshot has nothing newer.


def test_a_cached_table_of_the_snapshots_own_day_stands(place: Place) -> None:
    place.clock.time = START.replace(month=9, day=29, hour=0)
    place.fetch("binance", "RENDER")
    place.clock.time = START
    place.restart()
    assert view_venue(place.cache, "binance", ["RENDER"]).tiers["RENDER"].kind == "cached"


def test_a_cached_list_stands_beside_contracts_that_nobody_dated(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    undated = {"RENDER": replace(contract(), as_of="undated")}
    monkeypatch.setattr(snapshot, "contracts", lambda _: undated)
    place.fetch("okx", "RENDER")
    place.restart()
    assert view_venue(place.cache, "okx", ["RENDER"]).contracts_origin.kind == "cached"


def test_what_is_live_is_never_too_old_however_wrong_the_clock(place: Place) -> None:
    place.clock.time = START.replace(year=2020)
    view = place.fetch("binance", "RENDER")
    assert kinds(view, "RENDER") == ("live", "live", "live")


# Tables read with a person's own key


@pytest.fixture
def keyed(place: Place) -> Callable[..., View]:
    """A view of Binance, which gives its tiers only to a key, with tables that one read."""
    place.answer(Query("binance", "tiers"), Unavailable("key", "gives its tiers only to a key"))
    place.fetch("binance", "RENDER", "TAO")

    def view(tables: Checked[TierTable], seconds_ago: float | None = None) -> View:
        seen_at = None if seconds_ago is None else START - timedelta(seconds=seconds_ago)
        return view_venue(place.cache, "binance", ["RENDER", "TAO"], tables, seen_at)

    return view


def test_a_persons_own_tables_are_used_first(keyed: Callable[..., View]) -> None:
    view = keyed(Checked({"RENDER": table(0.02), "NEW": table(0.03)}), 40)
    assert view.tables.tiers["RENDER"] == table(0.02)
    assert view.tiers["RENDER"] == Origin("live", START - timedelta(seconds=40), TODAY)
    assert view.tables.tiers["NEW"] == table(0.03)
    assert view.tiers["TAO"].kind == "snapshot"
    assert view.tiers["TAO"].reason == "Binance gives its tiers only to a key"
    assert view.tables.source == "live and snapshot"


def test_a_persons_own_tables_go_before_those_of_the_feed(place: Place) -> None:
    place.fetch("bybit", "RENDER")
    view = view_venue(place.cache, "bybit", ["RENDER"], Checked({"RENDER": table(0.02)}))
    assert view.tables.tiers["RENDER"] == table(0.02)


def test_without_a_feed_own_tables_go_before_the_snapshots() -> None:
    view = view_venue(None, "binance", ["RENDER", "TAO"], Checked({"RENDER": table(0.02)}), START)
    assert view.tables.tiers["RENDER"] == table(0.02)
    assert view.tiers["RENDER"].seen_at == START
    assert view.tiers["TAO"] == Origin("snapshot", None, "2026-09-29")
    assert view.quotes == snapshot_view("binance").quotes


def test_own_tables_grow_old_too(keyed: Callable[..., View]) -> None:
    view = keyed(Checked({"RENDER": table(0.02)}), 3 * 3600 + 1)
    assert view.tiers["RENDER"].kind == "cached"
    assert view.tables.tiers["RENDER"] == table(0.02)


def test_a_table_refused_of_the_own_ones_is_told(keyed: Callable[..., View]) -> None:
    view = keyed(Checked({"TAO": table()}, {"RENDER": "[0].floor: must be 0"}))
    assert view.refused == {"RENDER": "its tiers were refused ([0].floor: must be 0)"}
    assert view.tiers["RENDER"].kind == "snapshot"
    assert view.tiers["TAO"].kind == "live"


def test_own_tables_of_dead_symbols_do_not_count(keyed: Callable[..., View]) -> None:
    assert "FET" not in keyed(Checked({"FET": table(), "RENDER": table()})).tables.tiers


# What a view is for


def test_the_engine_reads_the_tables_of_a_view(place: Place) -> None:
    place.answer(Query("bybit", "tiers", "RENDER"), Checked({"RENDER": table(0.02)}))
    view = place.fetch("bybit", "RENDER")
    document = {
        **{"version": 1, "venue": "bybit", "margin_mode": "cross", "wallet_balance": 10_000},
        "positions": [
            {"symbol": token, "side": "long", "quantity": 1000, "entry_price": 2.0, "leverage": 5}
            for token in ("RENDER", "FET")
        ],
        "marks": {token: view.quotes[token].mark for token in ("RENDER", "FET")},
    }
    assessment = assess(Scenario.from_json(document).with_tables(view.tables))
    assert assessment.positions[0].maintenance_rate == 0.02
    assert f"bybit tiers as of {TODAY}" in [message(each) for each in assessment.assumptions]
    assert f"FET is not listed on Bybit as seen {TODAY}" in message(
        assessment.positions[1].problems[0]
    )


def test_a_view_cannot_be_changed(place: Place) -> None:
    view = place.fetch("binance", "RENDER")
    for name in ("tiers", "quotes", "mark_origins", "contracts", "refused"):
        with pytest.raises(TypeError):
            getattr(view, name)["RENDER"] = None
