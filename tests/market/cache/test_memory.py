"""The cache: one request for one question, failures kept, trouble kept apart."""

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Event, Lock, Semaphore, Thread
from typing import Any

import pytest

import margin
from margin.errors import FieldError
from margin.market.cache import memory
from margin.market.cache.disk import DiskCache
from margin.market.cache.memory import Entry, Failure, MarketCache
from margin.market.cache.query import Cached, Query
from margin.market.source import Checked, Trouble, Unavailable
from tests.market.any_source import PATIENCE, START, VALUES, Clock, Scripted, quote, settles

ROOT = Path(margin.__file__).parents[1]
QUOTES = Query("binance", "quotes")
CONTRACTS = Query("binance", "contracts")
TIERS = Query.tiers("bybit", "RENDER")
EACH_KIND = [
    QUOTES,
    CONTRACTS,
    TIERS,
    Query("okx", "funding", "FET"),
    Query("okx", "candles", "FET"),
]
kinds = pytest.mark.parametrize("query", EACH_KIND, ids=lambda query: query.kind)

Make = Callable[..., MarketCache]

FAILURE = Failure("silent", "did not answer", START, START, START)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def source() -> Iterator[Scripted]:
    scripted = Scripted()
    yield scripted
    for gate in scripted.hanging.values():
        gate.set()


@pytest.fixture
def make(source: Scripted, clock: Clock) -> Iterator[Make]:
    """Makes caches over the source, closed at the end."""
    made: list[MarketCache] = []

    def make_one(store: Any = None) -> MarketCache:
        made.append(MarketCache(source, store, clock))
        return made[-1]

    yield make_one
    for gate in source.hanging.values():
        gate.set()
    for one in made:
        one.close()


@pytest.fixture
def cache(make: Make) -> MarketCache:
    return make()


def fetch(cache: MarketCache, *queries: Query, force: bool = False) -> Entry:
    """Wants them, waits, and gives the entry of the first."""
    cache.refresh(queries, force=force)
    assert settles(cache, queries, PATIENCE)
    return cache.entry(queries[0])


def hang(source: Scripted, venue: str) -> Event:
    source.hanging[venue] = Event()
    return source.hanging[venue]


def silent(retry_after: float | None = None, trouble: Trouble = "silent") -> Unavailable:
    return Unavailable(trouble, "did not answer", retry_after)


# What comes, and when


@kinds
def test_what_is_wanted_comes(query: Query, cache: MarketCache, source: Scripted) -> None:
    source.answers[query] = value = VALUES[query.kind]()
    assert cache.entry(query) == cache.entry(query)
    assert (cache.entry(query).cached, cache.entry(query).failure, cache.entry(query).fetching) == (
        None,
        None,
        False,
    )
    entry = fetch(cache, query)
    assert entry.cached is not None
    assert (entry.cached.value, entry.cached.seen_at, entry.cached.from_disk) == (
        value,
        START,
        False,
    )
    assert (entry.failure, entry.fetching) == (None, False)
    assert source.asked == [query]


def test_a_look_asks_nobody(cache: MarketCache, source: Scripted) -> None:
    for query in EACH_KIND:
        cache.entry(query)
    assert not cache.is_fetching(EACH_KIND)
    assert settles(cache, EACH_KIND, 0)
    assert source.asked == []


@pytest.mark.parametrize(
    ("query", "seconds"), [*zip(EACH_KIND, [10, 3600, 3600, 600, 600], strict=True)], ids=str
)
def test_an_answer_is_asked_for_again_at_the_end_of_its_time_to_live(
    query: Query, seconds: float, cache: MarketCache, source: Scripted, clock: Clock
) -> None:
    fetch(cache, query)
    clock.forward(seconds - 0.001)
    fetch(cache, query)
    assert source.asked == [query]
    clock.forward(0.001)
    held = fetch(cache, query).cached
    assert source.asked == [query, query]
    assert held is not None
    assert held.seen_at == clock.time


def test_a_forced_refresh_fetches_what_is_two_seconds_old_and_nothing_younger(
    cache: MarketCache, source: Scripted, clock: Clock
) -> None:
    fetch(cache, CONTRACTS)
    clock.forward(1.999)
    fetch(cache, CONTRACTS, force=True)
    assert len(source.asked) == 1
    clock.forward(0.001)
    fetch(cache, CONTRACTS, force=True)
    assert len(source.asked) == 2


def test_an_answer_from_after_now_has_no_known_age(
    cache: MarketCache, source: Scripted, clock: Clock
) -> None:
    fetch(cache, CONTRACTS)
    clock.forward(-86_400)
    fetch(cache, CONTRACTS)
    assert len(source.asked) == 2


def test_quotes_go_before_tiers_that_were_wanted_earlier(
    cache: MarketCache, source: Scripted
) -> None:
    gate = hang(source, "bybit")
    tiers = [Query.tiers("bybit", token) for token in ("RENDER", "FET", "TAO")]
    cache.refresh(tiers)
    assert source.begun.get(timeout=PATIENCE) == tiers[0]
    cache.refresh([Query("bybit", "contracts"), Query("bybit", "quotes")])
    gate.set()
    everything = [*tiers, Query("bybit", "contracts"), Query("bybit", "quotes")]
    assert settles(cache, everything, PATIENCE)
    assert [query.kind for query in source.asked] == [
        "tiers",
        "quotes",
        "contracts",
        "tiers",
        "tiers",
    ]


# One request for one question


def test_two_threads_that_want_the_same_make_one_request(
    cache: MarketCache, source: Scripted
) -> None:
    gate, barrier = hang(source, "binance"), Barrier(2)
    entries: list[Entry] = []

    def want() -> None:
        barrier.wait(PATIENCE)
        cache.refresh([QUOTES])
        assert settles(cache, [QUOTES], PATIENCE)
        entries.append(cache.entry(QUOTES))

    threads = [Thread(target=want) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert source.begun.get(timeout=PATIENCE) == QUOTES
    cache.refresh([QUOTES], force=True)
    gate.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert source.asked == [QUOTES]
    assert len({entry.cached for entry in entries}) == 1


def test_ten_threads_hammering_see_only_whole_answers_and_make_one_request_each(
    cache: MarketCache, source: Scripted, tmp_path: Path, make: Make, clock: Clock
) -> None:
    cache = make(DiskCache(tmp_path, clock))
    queries = [
        Query.tiers(venue, f"T{number}") for venue in ("bybit", "okx") for number in range(20)
    ] + EACH_KIND
    queries = list(dict.fromkeys(queries))
    faults: list[BaseException] = []

    def hammer(start: int) -> None:
        try:
            for number in range(300):
                query = queries[(start * 7 + number) % len(queries)]
                cache.refresh([query], force=number % 3 == 0)
                entry = cache.entry(query)
                assert entry.failure is None
                assert entry.cached is None or entry.cached.value is not None
                cache.is_fetching(queries[:5])
        except BaseException as fault:
            faults.append(fault)

    threads = [Thread(target=hammer, args=(start,)) for start in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert settles(cache, queries, PATIENCE)
    assert faults == []
    assert sorted(source.asked) == sorted(queries)


# A venue that hangs


def test_a_hanging_venue_delays_no_look_and_no_other_venue(
    cache: MarketCache, source: Scripted
) -> None:
    gate = hang(source, "binance")
    cache.refresh([QUOTES, CONTRACTS])
    assert source.begun.get(timeout=PATIENCE) in (QUOTES, CONTRACTS)
    assert cache.entry(QUOTES).fetching
    assert cache.entry(CONTRACTS).fetching
    assert cache.is_fetching([CONTRACTS])
    assert not settles(cache, [QUOTES], 0.01)
    assert fetch(cache, TIERS).cached is not None
    assert not cache.is_fetching([TIERS])
    gate.set()
    assert settles(cache, [QUOTES, CONTRACTS], PATIENCE)
    assert cache.entry(QUOTES).cached is not None


def test_what_was_held_is_shown_while_it_is_fetched_again(
    cache: MarketCache, source: Scripted, clock: Clock
) -> None:
    before = fetch(cache, QUOTES).cached
    clock.forward(10)
    hang(source, "binance")
    cache.refresh([QUOTES])
    assert cache.entry(QUOTES).cached is before
    assert cache.entry(QUOTES).fetching


# Failures


def test_a_failure_is_tried_again_after_its_pause_though_what_is_held_is_not_old(
    cache: MarketCache, source: Scripted, clock: Clock
) -> None:
    fetch(cache, CONTRACTS)
    source.answers[CONTRACTS] = Unavailable("broken", "answered with an error")
    clock.forward(60)
    fetch(cache, CONTRACTS, force=True)
    source.answers[CONTRACTS] = VALUES["contracts"]()
    clock.forward(30)
    assert fetch(cache, CONTRACTS).failure is None
    assert len(source.asked) == 3


@pytest.mark.parametrize("trouble", ["blocked", "busy", "silent", "broken", "key", "absent"])
def test_a_failure_is_remembered_and_the_held_answer_stays(
    trouble: Trouble, cache: MarketCache, source: Scripted, clock: Clock
) -> None:
    held = fetch(cache, QUOTES).cached
    source.answers[QUOTES] = Unavailable(trouble, "gives no such thing")
    clock.forward(10)
    entry = fetch(cache, QUOTES)
    assert entry.cached is held
    assert entry.failure is not None
    assert (entry.failure.trouble, entry.failure.reason) == (trouble, "gives no such thing")
    assert (entry.failure.failed_at, entry.failure.retry_at) == (
        clock.time,
        clock.time + timedelta(seconds=30),
    )
    clock.forward(29.999)
    assert fetch(cache, QUOTES).failure == entry.failure
    assert len(source.asked) == 2
    clock.forward(0.001)
    fetch(cache, QUOTES)
    assert len(source.asked) == 3


@pytest.mark.parametrize("trouble", ["silent", "absent"])
def test_each_further_failure_doubles_the_pause_up_to_five_minutes_and_a_success_begins_anew(
    trouble: Trouble, cache: MarketCache, source: Scripted, clock: Clock
) -> None:
    source.answers[QUOTES] = Unavailable(trouble, "did not answer")

    def pause() -> float:
        failure = fetch(cache, QUOTES).failure
        assert failure is not None
        clock.time = failure.retry_at
        return (failure.retry_at - failure.failed_at).total_seconds()

    assert [pause() for _ in range(7)] == [30, 60, 120, 240, 300, 300, 300]
    del source.answers[QUOTES]
    entry = fetch(cache, QUOTES)
    assert entry.failure is None
    assert entry.cached is not None
    source.answers[QUOTES] = Unavailable(trouble, "did not answer")
    clock.forward(10)
    assert pause() == 30


def test_a_thousand_failures_still_make_five_minutes() -> None:
    failure = memory._failure(silent(), START, 1000)
    assert failure.retry_at - failure.failed_at == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("asked", "pause"),
    [
        pytest.param(None, 30, id="nothing asked for"),
        pytest.param(0.0, 30, id="less than our own pause"),
        pytest.param(90.0, 90, id="honoured"),
        pytest.param(7200.0, 600, id="bounded"),
        pytest.param(float("inf"), 600, id="an infinity"),
        pytest.param(float("nan"), 600, id="no number"),
        pytest.param(float("-inf"), 30, id="less than nothing"),
    ],
)
def test_the_pause_that_a_busy_venue_asks_for(
    asked: float | None, pause: float, cache: MarketCache, source: Scripted, clock: Clock
) -> None:
    source.answers[QUOTES] = silent(asked, "busy")
    fetch(cache, QUOTES)
    clock.forward(pause - 0.001)
    fetch(cache, QUOTES, force=True)
    assert len(source.asked) == 1
    clock.forward(0.001)
    fetch(cache, QUOTES)
    assert len(source.asked) == 2


@pytest.mark.parametrize("trouble", ["silent", "blocked", "broken", "key", "absent"])
def test_a_person_may_have_a_failure_tried_again_after_five_seconds(
    trouble: Trouble, cache: MarketCache, source: Scripted, clock: Clock
) -> None:
    source.answers[QUOTES] = Unavailable(trouble, "did not answer")
    fetch(cache, QUOTES)
    clock.forward(4.999)
    fetch(cache, QUOTES, force=True)
    assert len(source.asked) == 1
    clock.forward(0.001)
    fetch(cache, QUOTES)
    assert len(source.asked) == 1
    fetch(cache, QUOTES, force=True)
    assert len(source.asked) == 2


def test_a_venue_that_blocks_and_asks_for_a_pause_gets_it_from_impatient_persons_too(
    cache: MarketCache, source: Scripted, clock: Clock
) -> None:
    source.answers[QUOTES] = silent(100.0, "blocked")
    fetch(cache, QUOTES)
    clock.forward(99)
    fetch(cache, QUOTES, force=True)
    assert len(source.asked) == 1


def test_a_failure_from_after_now_is_over(
    cache: MarketCache, source: Scripted, clock: Clock
) -> None:
    source.answers[QUOTES] = silent()
    fetch(cache, QUOTES)
    clock.forward(-86_400)
    fetch(cache, QUOTES)
    assert len(source.asked) == 2


@pytest.mark.parametrize("trouble", ["silent", "blocked", "busy"])
def test_a_venue_that_does_not_answer_is_left_alone_as_a_whole(
    trouble: Trouble, cache: MarketCache, source: Scripted, clock: Clock
) -> None:
    source.answers[QUOTES] = Unavailable(trouble, "is away")
    fetch(cache, QUOTES)
    entry = fetch(cache, CONTRACTS)
    assert source.asked == [QUOTES]
    assert not entry.fetching
    assert entry.failure is not None
    assert (entry.failure.trouble, entry.failure.reason) == (trouble, "is away")
    assert fetch(cache, TIERS).failure is None
    clock.forward(30)
    assert fetch(cache, CONTRACTS).failure is None


@pytest.mark.parametrize("trouble", ["broken", "key", "absent"])
def test_other_troubles_concern_only_their_question(
    trouble: Trouble, cache: MarketCache, source: Scripted
) -> None:
    source.answers[QUOTES] = Unavailable(trouble, "cannot")
    fetch(cache, QUOTES)
    assert fetch(cache, CONTRACTS).failure is None
    assert source.asked == [QUOTES, CONTRACTS]


def test_what_waits_for_a_venue_that_goes_silent_fails_with_it(
    cache: MarketCache, source: Scripted
) -> None:
    gate = hang(source, "bybit")
    queries = [Query.tiers("bybit", f"T{number}") for number in range(5)]
    source.answers[queries[0]] = silent()
    cache.refresh(queries)
    assert source.begun.get(timeout=PATIENCE) == queries[0]
    gate.set()
    assert settles(cache, queries, PATIENCE)
    assert source.asked == [queries[0]]
    assert [cache.entry(query).failure == cache.entry(queries[0]).failure for query in queries] == [
        True
    ] * 5


def test_what_is_still_fresh_stays_without_failure_while_its_venue_is_left_alone(
    cache: MarketCache, source: Scripted, clock: Clock
) -> None:
    fetch(cache, CONTRACTS)
    source.answers[QUOTES] = silent()
    fetch(cache, QUOTES)
    assert fetch(cache, CONTRACTS).failure is None
    clock.forward(4)
    assert fetch(cache, CONTRACTS, force=True).failure is not None


def test_a_venue_stays_away_longer_each_time_whichever_question_finds_it_so(
    cache: MarketCache, source: Scripted, clock: Clock
) -> None:
    source.answers[QUOTES] = source.answers[CONTRACTS] = silent()
    fetch(cache, QUOTES)
    clock.forward(30)
    failure = fetch(cache, CONTRACTS).failure
    assert failure is not None
    assert failure.retry_at == clock.time + timedelta(seconds=60)
    clock.forward(59.999)
    fetch(cache, QUOTES)
    assert source.asked == [QUOTES, CONTRACTS]
    clock.forward(0.001)
    fetch(cache, QUOTES)
    assert source.asked == [QUOTES, CONTRACTS, QUOTES]


def test_one_answer_opens_the_venue_again(
    cache: MarketCache, source: Scripted, clock: Clock
) -> None:
    source.answers[QUOTES] = silent()
    fetch(cache, QUOTES)
    clock.forward(5)
    assert fetch(cache, CONTRACTS, force=True).failure is None
    assert fetch(cache, Query("binance", "funding", "FET")).failure is None
    assert fetch(cache, QUOTES).failure is not None  # Its own pause goes on.
    assert QUOTES not in source.asked[1:]


class Unheard(BaseException):
    """None of the usual exceptions, and its text is not for a log."""


@pytest.mark.parametrize(
    "kind",
    [
        ValueError,
        KeyError,
        FieldError,
        RecursionError,
        MemoryError,
        StopIteration,
        SystemExit,
        KeyboardInterrupt,
        Unheard,
    ],
)
def test_an_exception_of_any_type_becomes_a_failure_and_is_logged_by_its_type_alone(
    kind: type[BaseException],
    cache: MarketCache,
    source: Scripted,
    caplog: pytest.LogCaptureFixture,
) -> None:
    source.answers[QUOTES] = (
        kind("https://venue.example/?key=SECRET", "SECRET")
        if kind is FieldError
        else kind("SECRET")
    )
    with caplog.at_level(logging.DEBUG):
        entry = fetch(cache, QUOTES)
    assert entry.failure is not None
    assert (entry.failure.trouble, entry.failure.reason) == (
        "broken",
        "gave an answer that cannot be used",
    )
    assert [record.name for record in caplog.records] == ["tandem"]
    assert kind.__name__ in caplog.text
    assert "SECRET" not in caplog.text
    assert fetch(cache, CONTRACTS).cached is not None


def test_a_system_without_another_thread_leaves_the_question_for_later(
    cache: MarketCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(Thread, "start", refuse)
        assert not fetch(cache, QUOTES).fetching
    assert fetch(cache, QUOTES).cached is not None


# The disk


class Counting(DiskCache):
    """Counts what is read."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        super().__init__(folder, clock)
        self.looked: list[Query] = []

    def read(self, query: Query) -> Cached | None:
        self.looked.append(query)
        return super().read(query)


def test_a_restart_shows_what_the_last_run_held(make: Make, tmp_path: Path, clock: Clock) -> None:
    before = fetch(make(DiskCache(tmp_path, clock)), QUOTES).cached
    clock.forward(3600)
    held = make(DiskCache(tmp_path, clock)).entry(QUOTES).cached
    assert before is not None
    assert held is not None
    assert (held.value, held.seen_at, held.from_disk) == (before.value, START, True)


def test_what_the_disk_holds_is_not_asked_for_before_its_time(
    make: Make, source: Scripted, tmp_path: Path, clock: Clock
) -> None:
    fetch(make(DiskCache(tmp_path, clock)), CONTRACTS)
    again = make(DiskCache(tmp_path, clock))
    clock.forward(3599)
    assert fetch(again, CONTRACTS).cached is not None
    assert source.asked == [CONTRACTS]
    clock.forward(1)
    held = fetch(again, CONTRACTS).cached
    assert source.asked == [CONTRACTS, CONTRACTS]
    assert held is not None
    assert not held.from_disk


class Telling:
    """A lock that tells how many have come to it."""

    def __init__(self) -> None:
        self.lock, self.came = Lock(), Semaphore(0)

    def __enter__(self) -> None:
        self.came.release()
        self.lock.acquire()

    def __exit__(self, *_: object) -> None:
        self.lock.release()


def test_the_disk_is_read_once_per_question_however_many_look(
    make: Make, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, loading = Counting(tmp_path, clock), Telling()
    cache = make(store)
    monkeypatch.setattr(cache, "_loading", loading)
    threads = [Thread(target=cache.entry, args=(QUOTES,)) for _ in range(4)]
    with loading.lock:
        for thread in threads:
            thread.start()
        for _ in threads:
            assert loading.came.acquire(timeout=PATIENCE)
    for thread in threads:
        thread.join(PATIENCE)
    fetch(cache, QUOTES)
    assert store.looked == [QUOTES]


def test_a_poisoned_file_is_as_none(
    make: Make, source: Scripted, tmp_path: Path, clock: Clock
) -> None:
    fetch(make(DiskCache(tmp_path, clock)), QUOTES)
    (file,) = tmp_path.iterdir()
    file.write_text(file.read_text().replace('"mark":2.0', '"mark":-2.0'))
    cache = make(DiskCache(tmp_path, clock))
    assert cache.entry(QUOTES).cached is None
    assert fetch(cache, QUOTES).cached is not None
    assert source.asked == [QUOTES, QUOTES]


class Broken(DiskCache):
    """A disk in no state to be used, in ways that nobody thought of."""

    def read(self, query: Query) -> Cached | None:  # noqa: ARG002
        raise ArithmeticError("SECRET")

    def write(self, *_: object) -> None:
        raise ArithmeticError("SECRET")


def test_a_fault_of_the_store_is_logged_by_its_type_and_the_cache_works_without(
    make: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert fetch(make(Broken(tmp_path)), QUOTES).cached is not None
    assert caplog.text.count("ArithmeticError") == 2
    assert "SECRET" not in caplog.text


def test_whoever_waits_finds_the_answer_on_disk(make: Make, tmp_path: Path, clock: Clock) -> None:
    fetch(make(DiskCache(tmp_path, clock)), QUOTES)
    assert DiskCache(tmp_path, clock).read(QUOTES) is not None


# Bounds


def test_at_most_five_hundred_answers_are_held_and_the_least_recently_used_goes(
    make: Make, source: Scripted
) -> None:
    cache = make()
    queries = [Query("okx", "funding", f"T{number}") for number in range(501)]
    for start in range(0, 500, 100):
        fetch(cache, *queries[start : min(start + 100, 500)])
    cache.entry(queries[0])
    fetch(cache, queries[500])
    assert len(cache._slots) == 500
    assert len(source.asked) == 501
    assert cache.entry(queries[0]).cached is not None
    assert cache.entry(queries[1]).cached is None


def test_what_is_being_fetched_is_never_let_go(cache: MarketCache, source: Scripted) -> None:
    gate = hang(source, "binance")
    cache.refresh([QUOTES])
    for number in range(600):
        cache.entry(Query("okx", "funding", f"T{number}"))
    assert cache.entry(QUOTES).fetching
    gate.set()
    assert settles(cache, [QUOTES], PATIENCE)
    assert cache.entry(QUOTES).cached is not None


def test_a_queue_takes_a_hundred_and_more_when_they_are_wanted_again(
    cache: MarketCache, source: Scripted
) -> None:
    gate = hang(source, "okx")
    queries = [Query("okx", "funding", f"T{number}") for number in range(120)]
    cache.refresh(queries[:1])
    source.begun.get(timeout=PATIENCE)
    cache.refresh(queries)
    assert [cache.entry(query).fetching for query in queries] == [True] * 101 + [False] * 19
    gate.set()
    assert settles(cache, queries, PATIENCE)
    fetch(cache, *queries)
    assert sorted(source.asked) == sorted(queries)


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        (Query("kraken", "quotes"), "venue: must be one of"),
        (Query("textbook", "quotes"), "venue: must be one of"),
        (Query("binance", "secrets"), "kind: must be one of"),  # type: ignore[arg-type]
        (Query("binance", "quotes", "RENDER"), "token: must be empty for quotes of binance"),
        (Query("binance", "tiers", "RENDER"), "token: must be empty for tiers of binance"),
        (Query("bybit", "tiers"), "token: must be a token for tiers of bybit"),
        (Query("bybit", "tiers", "../RENDER"), "token: must be a token"),
        (Query("bybit", "tiers", "RENDER\n"), "token: must be a token"),
        (Query("bybit", "tiers", "render"), "token: must be a token"),
        (Query("bybit", "tiers", "R" * 16), "token: must be a token"),
        (Query("bybit", "candles"), "token: must be a token"),
    ],
)
def test_a_question_that_may_not_be_put_is_refused(
    query: Query, fault: str, cache: MarketCache, source: Scripted, tmp_path: Path
) -> None:
    for put in (cache.entry, lambda query: cache.refresh([query]), DiskCache(tmp_path).read):
        with pytest.raises(FieldError, match=fault):
            put(query)
    with pytest.raises(FieldError, match=fault):
        DiskCache(tmp_path).write(query, Checked({"RENDER": quote()}), START)
    assert source.asked == []
    assert list(tmp_path.iterdir()) == []


def test_one_answer_serves_all_tokens_where_the_venue_gives_it_so() -> None:
    assert (
        Query.tiers("binance", "RENDER")
        == Query.tiers("binance", "FET")
        == Query("binance", "tiers")
    )
    assert Query.tiers("hyperliquid", "RENDER") == Query("hyperliquid", "tiers")
    assert Query.tiers("okx", "RENDER") == Query("okx", "tiers", "RENDER")


# The end


def test_a_closed_cache_drops_what_waits_asks_nothing_more_and_still_shows_what_it_holds(
    cache: MarketCache, source: Scripted
) -> None:
    held = fetch(cache, TIERS).cached
    gate = hang(source, "binance")
    cache.refresh([QUOTES, CONTRACTS])
    first = source.begun.get(timeout=PATIENCE)
    while first == TIERS:
        first = source.begun.get(timeout=PATIENCE)
    gate.set()
    cache.close()
    assert settles(cache, [QUOTES, CONTRACTS], PATIENCE)
    cache.refresh([Query("okx", "quotes")])
    assert Query("okx", "quotes") not in source.asked
    assert cache.entry(TIERS).cached is held
    assert not any(worker.is_alive() for worker in cache._workers.values())


HANGING = """
from threading import Event
from margin.market.cache.memory import Query, MarketCache
from tests.market.any_source import Scripted, settles

source = Scripted()
source.hanging["binance"] = Event()
cache = MarketCache(source, None)
cache.refresh([Query("binance", "quotes")])
assert source.begun.get(timeout=5)
"""
FORKING = """
import os
import warnings
warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)  # So it is, on purpose.
cache._changed.acquire()  # As another thread might at that very moment.
cache._loading.acquire()
child = os.fork()
if not child:
    assert not cache.entry(Query("binance", "quotes")).fetching
    cache.refresh([Query("okx", "quotes")])
    assert settles(cache, [Query("okx", "quotes")], 5)
    assert cache.entry(Query("okx", "quotes")).cached
    os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
cache._changed.release()
assert cache.entry(Query("binance", "quotes")).fetching
"""


@pytest.mark.parametrize(
    "code", [pytest.param(HANGING, id="exit"), pytest.param(HANGING + FORKING, id="fork")]
)
def test_neither_the_exit_of_the_process_nor_a_fork_waits_for_a_hanging_venue(code: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize(
    ("entry", "status"),
    [
        pytest.param(Entry(), "missing", id="nothing yet"),
        pytest.param(Entry(Cached(1, START)), "fresh", id="fetched just now"),
        pytest.param(
            Entry(Cached(1, START - timedelta(seconds=9.999))),
            "fresh",
            id="just within its time to live",
        ),
        pytest.param(
            Entry(Cached(1, START - timedelta(seconds=10))),
            "stale",
            id="at the end of its time to live",
        ),
        pytest.param(Entry(Cached(1, START + timedelta(seconds=1))), "stale", id="from the future"),
        pytest.param(Entry(None, FAILURE), "failed", id="failed at once"),
        pytest.param(Entry(Cached(1, START), FAILURE), "failed", id="failed since"),
    ],
)
def test_an_entry_is_missing_fresh_stale_or_failed(entry: Entry, status: str) -> None:
    assert entry.status(START, timedelta(seconds=10)) == status
