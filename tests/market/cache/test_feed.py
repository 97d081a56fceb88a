"""The feed: at once, one request for one question, failures remembered, a hanging venue alone in its trouble."""

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
from margin.market.cache import feed as feeds
from margin.market.cache.disk import Store
from margin.market.cache.feed import Feed, State
from margin.market.cache.question import Ask, Held
from margin.market.source import Checked, Trouble, Unavailable
from tests.market.any_source import PATIENCE, START, VALUES, Clock, Scripted, quote, settles

ROOT = Path(margin.__file__).parents[1]
QUOTES = Ask("binance", "quotes")
CONTRACTS = Ask("binance", "contracts")
TIERS = Ask.tiers("bybit", "RENDER")
EACH_KIND = [QUOTES, CONTRACTS, TIERS, Ask("okx", "funding", "FET"), Ask("okx", "candles", "FET")]
kinds = pytest.mark.parametrize("ask", EACH_KIND, ids=lambda ask: ask.kind)

Make = Callable[..., Feed]


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
    """Makes feeds over the source, closed at the end."""
    made: list[Feed] = []

    def make_one(store: Any = None) -> Feed:
        made.append(Feed(source, store, clock))
        return made[-1]

    yield make_one
    for gate in source.hanging.values():
        gate.set()
    for one in made:
        one.close()


@pytest.fixture
def feed(make: Make) -> Feed:
    return make()


def fetch(feed: Feed, *asks: Ask, anew: bool = False) -> State:
    """Wants them, waits, and gives the state of the first."""
    feed.want(asks, anew=anew)
    assert settles(feed, asks, PATIENCE)
    return feed.state(asks[0])


def hang(source: Scripted, venue: str) -> Event:
    source.hanging[venue] = Event()
    return source.hanging[venue]


def silent(retry_after: float | None = None, trouble: Trouble = "silent") -> Unavailable:
    return Unavailable(trouble, "did not answer", retry_after)


# What comes, and when


@kinds
def test_what_is_wanted_comes(ask: Ask, feed: Feed, source: Scripted) -> None:
    source.answers[ask] = value = VALUES[ask.kind]()
    assert feed.state(ask) == feed.state(ask)
    assert (feed.state(ask).held, feed.state(ask).failure, feed.state(ask).running) == (None, None, False)
    state = fetch(feed, ask)
    assert state.held is not None
    assert (state.held.value, state.held.seen_at, state.held.from_disk) == (value, START, False)
    assert (state.failure, state.running) == (None, False)
    assert source.asked == [ask]


def test_a_look_asks_nobody(feed: Feed, source: Scripted) -> None:
    for ask in EACH_KIND:
        feed.state(ask)
    assert not feed.busy(EACH_KIND)
    assert settles(feed, EACH_KIND, 0)
    assert source.asked == []


@pytest.mark.parametrize(("ask", "seconds"), [*zip(EACH_KIND, [10, 3600, 3600, 600, 600], strict=True)], ids=str)
def test_an_answer_is_asked_for_again_at_the_end_of_its_time_to_live(
    ask: Ask, seconds: float, feed: Feed, source: Scripted, clock: Clock
) -> None:
    fetch(feed, ask)
    clock.forward(seconds - 0.001)
    fetch(feed, ask)
    assert source.asked == [ask]
    clock.forward(0.001)
    held = fetch(feed, ask).held
    assert source.asked == [ask, ask]
    assert held is not None
    assert held.seen_at == clock.time


def test_anew_fetches_what_is_two_seconds_old_and_nothing_younger(feed: Feed, source: Scripted, clock: Clock) -> None:
    fetch(feed, CONTRACTS)
    clock.forward(1.999)
    fetch(feed, CONTRACTS, anew=True)
    assert len(source.asked) == 1
    clock.forward(0.001)
    fetch(feed, CONTRACTS, anew=True)
    assert len(source.asked) == 2


def test_an_answer_from_after_now_has_no_known_age(feed: Feed, source: Scripted, clock: Clock) -> None:
    fetch(feed, CONTRACTS)
    clock.forward(-86_400)
    fetch(feed, CONTRACTS)
    assert len(source.asked) == 2


def test_quotes_go_before_tiers_that_were_wanted_earlier(feed: Feed, source: Scripted) -> None:
    gate = hang(source, "bybit")
    tiers = [Ask.tiers("bybit", token) for token in ("RENDER", "FET", "TAO")]
    feed.want(tiers)
    assert source.begun.get(timeout=PATIENCE) == tiers[0]
    feed.want([Ask("bybit", "contracts"), Ask("bybit", "quotes")])
    gate.set()
    everything = [*tiers, Ask("bybit", "contracts"), Ask("bybit", "quotes")]
    assert settles(feed, everything, PATIENCE)
    assert [ask.kind for ask in source.asked] == ["tiers", "quotes", "contracts", "tiers", "tiers"]


# One request for one question


def test_two_threads_that_want_the_same_make_one_request(feed: Feed, source: Scripted) -> None:
    gate, barrier = hang(source, "binance"), Barrier(2)
    states: list[State] = []

    def want() -> None:
        barrier.wait(PATIENCE)
        feed.want([QUOTES])
        assert settles(feed, [QUOTES], PATIENCE)
        states.append(feed.state(QUOTES))

    threads = [Thread(target=want) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert source.begun.get(timeout=PATIENCE) == QUOTES
    feed.want([QUOTES], anew=True)
    gate.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert source.asked == [QUOTES]
    assert len({state.held for state in states}) == 1


def test_ten_threads_hammering_see_only_whole_answers_and_make_one_request_each(
    feed: Feed, source: Scripted, tmp_path: Path, make: Make, clock: Clock
) -> None:
    feed = make(Store(tmp_path, clock))
    asks = [Ask.tiers(venue, f"T{number}") for venue in ("bybit", "okx") for number in range(20)] + EACH_KIND
    asks = list(dict.fromkeys(asks))
    faults: list[BaseException] = []

    def hammer(start: int) -> None:
        try:
            for number in range(300):
                ask = asks[(start * 7 + number) % len(asks)]
                feed.want([ask], anew=number % 3 == 0)
                state = feed.state(ask)
                assert state.failure is None
                assert state.held is None or state.held.value is not None
                feed.busy(asks[:5])
        except BaseException as fault:
            faults.append(fault)

    threads = [Thread(target=hammer, args=(start,)) for start in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert settles(feed, asks, PATIENCE)
    assert faults == []
    assert sorted(source.asked) == sorted(asks)


# A venue that hangs


def test_a_hanging_venue_delays_no_look_and_no_other_venue(feed: Feed, source: Scripted) -> None:
    gate = hang(source, "binance")
    feed.want([QUOTES, CONTRACTS])
    assert source.begun.get(timeout=PATIENCE) in (QUOTES, CONTRACTS)
    assert feed.state(QUOTES).running
    assert feed.state(CONTRACTS).running
    assert feed.busy([CONTRACTS])
    assert not settles(feed, [QUOTES], 0.01)
    assert fetch(feed, TIERS).held is not None
    assert not feed.busy([TIERS])
    gate.set()
    assert settles(feed, [QUOTES, CONTRACTS], PATIENCE)
    assert feed.state(QUOTES).held is not None


def test_what_was_held_is_shown_while_it_is_fetched_again(feed: Feed, source: Scripted, clock: Clock) -> None:
    before = fetch(feed, QUOTES).held
    clock.forward(10)
    hang(source, "binance")
    feed.want([QUOTES])
    assert feed.state(QUOTES).held is before
    assert feed.state(QUOTES).running


# Failures


def test_a_failure_is_tried_again_after_its_pause_though_what_is_held_is_not_old(
    feed: Feed, source: Scripted, clock: Clock
) -> None:
    fetch(feed, CONTRACTS)
    source.answers[CONTRACTS] = Unavailable("broken", "answered with an error")
    clock.forward(60)
    fetch(feed, CONTRACTS, anew=True)
    source.answers[CONTRACTS] = VALUES["contracts"]()
    clock.forward(30)
    assert fetch(feed, CONTRACTS).failure is None
    assert len(source.asked) == 3


@pytest.mark.parametrize("trouble", ["blocked", "busy", "silent", "broken", "key", "absent"])
def test_a_failure_is_remembered_and_the_held_answer_stays(
    trouble: Trouble, feed: Feed, source: Scripted, clock: Clock
) -> None:
    held = fetch(feed, QUOTES).held
    source.answers[QUOTES] = Unavailable(trouble, "gives no such thing")
    clock.forward(10)
    state = fetch(feed, QUOTES)
    assert state.held is held
    assert state.failure is not None
    assert (state.failure.trouble, state.failure.reason) == (trouble, "gives no such thing")
    assert (state.failure.at, state.failure.until) == (clock.time, clock.time + timedelta(seconds=30))
    clock.forward(29.999)
    assert fetch(feed, QUOTES).failure == state.failure
    assert len(source.asked) == 2
    clock.forward(0.001)
    fetch(feed, QUOTES)
    assert len(source.asked) == 3


@pytest.mark.parametrize("trouble", ["silent", "absent"])
def test_each_further_failure_doubles_the_pause_up_to_five_minutes_and_a_success_begins_anew(
    trouble: Trouble, feed: Feed, source: Scripted, clock: Clock
) -> None:
    source.answers[QUOTES] = Unavailable(trouble, "did not answer")

    def pause() -> float:
        failure = fetch(feed, QUOTES).failure
        assert failure is not None
        clock.time = failure.until
        return (failure.until - failure.at).total_seconds()

    assert [pause() for _ in range(7)] == [30, 60, 120, 240, 300, 300, 300]
    del source.answers[QUOTES]
    state = fetch(feed, QUOTES)
    assert state.failure is None
    assert state.held is not None
    source.answers[QUOTES] = Unavailable(trouble, "did not answer")
    clock.forward(10)
    assert pause() == 30


def test_a_thousand_failures_still_make_five_minutes() -> None:
    failure = feeds._failure(silent(), START, 1000)
    assert failure.until - failure.at == timedelta(minutes=5)


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
    asked: float | None, pause: float, feed: Feed, source: Scripted, clock: Clock
) -> None:
    source.answers[QUOTES] = silent(asked, "busy")
    fetch(feed, QUOTES)
    clock.forward(pause - 0.001)
    fetch(feed, QUOTES, anew=True)
    assert len(source.asked) == 1
    clock.forward(0.001)
    fetch(feed, QUOTES)
    assert len(source.asked) == 2


@pytest.mark.parametrize("trouble", ["silent", "blocked", "broken", "key", "absent"])
def test_a_person_may_have_a_failure_tried_again_after_five_seconds(
    trouble: Trouble, feed: Feed, source: Scripted, clock: Clock
) -> None:
    source.answers[QUOTES] = Unavailable(trouble, "did not answer")
    fetch(feed, QUOTES)
    clock.forward(4.999)
    fetch(feed, QUOTES, anew=True)
    assert len(source.asked) == 1
    clock.forward(0.001)
    fetch(feed, QUOTES)
    assert len(source.asked) == 1
    fetch(feed, QUOTES, anew=True)
    assert len(source.asked) == 2


def test_a_venue_that_blocks_and_asks_for_a_pause_gets_it_from_impatient_persons_too(
    feed: Feed, source: Scripted, clock: Clock
) -> None:
    source.answers[QUOTES] = silent(100.0, "blocked")
    fetch(feed, QUOTES)
    clock.forward(99)
    fetch(feed, QUOTES, anew=True)
    assert len(source.asked) == 1


def test_a_failure_from_after_now_is_over(feed: Feed, source: Scripted, clock: Clock) -> None:
    source.answers[QUOTES] = silent()
    fetch(feed, QUOTES)
    clock.forward(-86_400)
    fetch(feed, QUOTES)
    assert len(source.asked) == 2


@pytest.mark.parametrize("trouble", ["silent", "blocked", "busy"])
def test_a_venue_that_does_not_answer_is_left_alone_as_a_whole(
    trouble: Trouble, feed: Feed, source: Scripted, clock: Clock
) -> None:
    source.answers[QUOTES] = Unavailable(trouble, "is away")
    fetch(feed, QUOTES)
    state = fetch(feed, CONTRACTS)
    assert source.asked == [QUOTES]
    assert not state.running
    assert state.failure is not None
    assert (state.failure.trouble, state.failure.reason) == (trouble, "is away")
    assert fetch(feed, TIERS).failure is None
    clock.forward(30)
    assert fetch(feed, CONTRACTS).failure is None


@pytest.mark.parametrize("trouble", ["broken", "key", "absent"])
def test_other_troubles_concern_only_their_question(trouble: Trouble, feed: Feed, source: Scripted) -> None:
    source.answers[QUOTES] = Unavailable(trouble, "cannot")
    fetch(feed, QUOTES)
    assert fetch(feed, CONTRACTS).failure is None
    assert source.asked == [QUOTES, CONTRACTS]


def test_what_waits_for_a_venue_that_goes_silent_fails_with_it(feed: Feed, source: Scripted) -> None:
    gate = hang(source, "bybit")
    asks = [Ask.tiers("bybit", f"T{number}") for number in range(5)]
    source.answers[asks[0]] = silent()
    feed.want(asks)
    assert source.begun.get(timeout=PATIENCE) == asks[0]
    gate.set()
    assert settles(feed, asks, PATIENCE)
    assert source.asked == [asks[0]]
    assert [feed.state(ask).failure == feed.state(asks[0]).failure for ask in asks] == [True] * 5


def test_what_is_still_fresh_stays_without_failure_while_its_venue_is_left_alone(
    feed: Feed, source: Scripted, clock: Clock
) -> None:
    fetch(feed, CONTRACTS)
    source.answers[QUOTES] = silent()
    fetch(feed, QUOTES)
    assert fetch(feed, CONTRACTS).failure is None
    clock.forward(4)
    assert fetch(feed, CONTRACTS, anew=True).failure is not None


def test_a_venue_stays_away_longer_each_time_whichever_question_finds_it_so(
    feed: Feed, source: Scripted, clock: Clock
) -> None:
    source.answers[QUOTES] = source.answers[CONTRACTS] = silent()
    fetch(feed, QUOTES)
    clock.forward(30)
    failure = fetch(feed, CONTRACTS).failure
    assert failure is not None
    assert failure.until == clock.time + timedelta(seconds=60)
    clock.forward(59.999)
    fetch(feed, QUOTES)
    assert source.asked == [QUOTES, CONTRACTS]
    clock.forward(0.001)
    fetch(feed, QUOTES)
    assert source.asked == [QUOTES, CONTRACTS, QUOTES]


def test_one_answer_opens_the_venue_again(feed: Feed, source: Scripted, clock: Clock) -> None:
    source.answers[QUOTES] = silent()
    fetch(feed, QUOTES)
    clock.forward(5)
    assert fetch(feed, CONTRACTS, anew=True).failure is None
    assert fetch(feed, Ask("binance", "funding", "FET")).failure is None
    assert fetch(feed, QUOTES).failure is not None  # Its own pause goes on.
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
    kind: type[BaseException], feed: Feed, source: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    source.answers[QUOTES] = (
        kind("https://venue.example/?key=SECRET", "SECRET") if kind is FieldError else kind("SECRET")
    )
    with caplog.at_level(logging.DEBUG):
        state = fetch(feed, QUOTES)
    assert state.failure is not None
    assert (state.failure.trouble, state.failure.reason) == ("broken", "gave an answer that cannot be used")
    assert [record.name for record in caplog.records] == ["tandem"]
    assert kind.__name__ in caplog.text
    assert "SECRET" not in caplog.text
    assert fetch(feed, CONTRACTS).held is not None


def test_a_system_without_another_thread_leaves_the_question_for_later(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(Thread, "start", refuse)
        assert not fetch(feed, QUOTES).running
    assert fetch(feed, QUOTES).held is not None


# The disk


class Counting(Store):
    """Counts what is read."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        super().__init__(folder, clock)
        self.looked: list[Ask] = []

    def read(self, ask: Ask) -> Held | None:
        self.looked.append(ask)
        return super().read(ask)


def test_a_restart_shows_what_the_last_run_held(make: Make, tmp_path: Path, clock: Clock) -> None:
    before = fetch(make(Store(tmp_path, clock)), QUOTES).held
    clock.forward(3600)
    held = make(Store(tmp_path, clock)).state(QUOTES).held
    assert before is not None
    assert held is not None
    assert (held.value, held.seen_at, held.from_disk) == (before.value, START, True)


def test_what_the_disk_holds_is_not_asked_for_before_its_time(
    make: Make, source: Scripted, tmp_path: Path, clock: Clock
) -> None:
    fetch(make(Store(tmp_path, clock)), CONTRACTS)
    again = make(Store(tmp_path, clock))
    clock.forward(3599)
    assert fetch(again, CONTRACTS).held is not None
    assert source.asked == [CONTRACTS]
    clock.forward(1)
    held = fetch(again, CONTRACTS).held
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
    store, reading = Counting(tmp_path, clock), Telling()
    feed = make(store)
    monkeypatch.setattr(feed, "_reading", reading)
    threads = [Thread(target=feed.state, args=(QUOTES,)) for _ in range(4)]
    with reading.lock:
        for thread in threads:
            thread.start()
        for _ in threads:
            assert reading.came.acquire(timeout=PATIENCE)
    for thread in threads:
        thread.join(PATIENCE)
    fetch(feed, QUOTES)
    assert store.looked == [QUOTES]


def test_a_poisoned_file_is_as_none(make: Make, source: Scripted, tmp_path: Path, clock: Clock) -> None:
    fetch(make(Store(tmp_path, clock)), QUOTES)
    (file,) = tmp_path.iterdir()
    file.write_text(file.read_text().replace('"mark":2.0', '"mark":-2.0'))
    feed = make(Store(tmp_path, clock))
    assert feed.state(QUOTES).held is None
    assert fetch(feed, QUOTES).held is not None
    assert source.asked == [QUOTES, QUOTES]


class Broken(Store):
    """A disk in no state to be used, in ways that nobody thought of."""

    def read(self, ask: Ask) -> Held | None:  # noqa: ARG002
        raise ArithmeticError("SECRET")

    def write(self, *_: object) -> None:
        raise ArithmeticError("SECRET")


def test_a_fault_of_the_store_is_logged_by_its_type_and_the_feed_works_without(
    make: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert fetch(make(Broken(tmp_path)), QUOTES).held is not None
    assert caplog.text.count("ArithmeticError") == 2
    assert "SECRET" not in caplog.text


def test_whoever_waits_finds_the_answer_on_disk(make: Make, tmp_path: Path, clock: Clock) -> None:
    fetch(make(Store(tmp_path, clock)), QUOTES)
    assert Store(tmp_path, clock).read(QUOTES) is not None


# Bounds


def test_at_most_five_hundred_answers_are_held_and_the_least_recently_used_goes(make: Make, source: Scripted) -> None:
    feed = make()
    asks = [Ask("okx", "funding", f"T{number}") for number in range(501)]
    for start in range(0, 500, 100):
        fetch(feed, *asks[start : min(start + 100, 500)])
    feed.state(asks[0])
    fetch(feed, asks[500])
    assert len(feed._entries) == 500
    assert len(source.asked) == 501
    assert feed.state(asks[0]).held is not None
    assert feed.state(asks[1]).held is None


def test_what_is_being_fetched_is_never_let_go(feed: Feed, source: Scripted) -> None:
    gate = hang(source, "binance")
    feed.want([QUOTES])
    for number in range(600):
        feed.state(Ask("okx", "funding", f"T{number}"))
    assert feed.state(QUOTES).running
    gate.set()
    assert settles(feed, [QUOTES], PATIENCE)
    assert feed.state(QUOTES).held is not None


def test_a_queue_takes_a_hundred_and_the_others_when_they_are_wanted_again(feed: Feed, source: Scripted) -> None:
    gate = hang(source, "okx")
    asks = [Ask("okx", "funding", f"T{number}") for number in range(120)]
    feed.want(asks[:1])
    source.begun.get(timeout=PATIENCE)
    feed.want(asks)
    assert [feed.state(ask).running for ask in asks] == [True] * 101 + [False] * 19
    gate.set()
    assert settles(feed, asks, PATIENCE)
    fetch(feed, *asks)
    assert sorted(source.asked) == sorted(asks)


@pytest.mark.parametrize(
    ("ask", "fault"),
    [
        (Ask("kraken", "quotes"), "venue: must be one of"),
        (Ask("textbook", "quotes"), "venue: must be one of"),
        (Ask("binance", "secrets"), "kind: must be one of"),  # type: ignore[arg-type]
        (Ask("binance", "quotes", "RENDER"), "token: must be empty for quotes of binance"),
        (Ask("binance", "tiers", "RENDER"), "token: must be empty for tiers of binance"),
        (Ask("bybit", "tiers"), "token: must be a token for tiers of bybit"),
        (Ask("bybit", "tiers", "../RENDER"), "token: must be a token"),
        (Ask("bybit", "tiers", "RENDER\n"), "token: must be a token"),
        (Ask("bybit", "tiers", "render"), "token: must be a token"),
        (Ask("bybit", "tiers", "R" * 16), "token: must be a token"),
        (Ask("bybit", "candles"), "token: must be a token"),
    ],
)
def test_a_question_that_may_not_be_put_is_refused(
    ask: Ask, fault: str, feed: Feed, source: Scripted, tmp_path: Path
) -> None:
    for put in (feed.state, lambda ask: feed.want([ask]), Store(tmp_path).read):
        with pytest.raises(FieldError, match=fault):
            put(ask)
    with pytest.raises(FieldError, match=fault):
        Store(tmp_path).write(ask, Checked({"RENDER": quote()}), START)
    assert source.asked == []
    assert list(tmp_path.iterdir()) == []


def test_one_answer_serves_all_tokens_where_the_venue_gives_it_so() -> None:
    assert Ask.tiers("binance", "RENDER") == Ask.tiers("binance", "FET") == Ask("binance", "tiers")
    assert Ask.tiers("hyperliquid", "RENDER") == Ask("hyperliquid", "tiers")
    assert Ask.tiers("okx", "RENDER") == Ask("okx", "tiers", "RENDER")


# The end


def test_a_closed_feed_drops_what_waits_asks_nothing_more_and_still_shows_what_it_holds(
    feed: Feed, source: Scripted
) -> None:
    held = fetch(feed, TIERS).held
    gate = hang(source, "binance")
    feed.want([QUOTES, CONTRACTS])
    first = source.begun.get(timeout=PATIENCE)
    while first == TIERS:
        first = source.begun.get(timeout=PATIENCE)
    gate.set()
    feed.close()
    assert settles(feed, [QUOTES, CONTRACTS], PATIENCE)
    feed.want([Ask("okx", "quotes")])
    assert Ask("okx", "quotes") not in source.asked
    assert feed.state(TIERS).held is held
    assert not any(worker.is_alive() for worker in feed._workers.values())


HANGING = """
from threading import Event
from margin.market.cache.feed import Ask, Feed
from tests.market.any_source import Scripted, settles

source = Scripted()
source.hanging["binance"] = Event()
feed = Feed(source, None)
feed.want([Ask("binance", "quotes")])
assert source.begun.get(timeout=5)
"""
FORKING = """
import os
import warnings
warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)  # So it is, on purpose.
feed._changed.acquire()  # As another thread might at that very moment.
feed._reading.acquire()
child = os.fork()
if not child:
    assert not feed.state(Ask("binance", "quotes")).running
    feed.want([Ask("okx", "quotes")])
    assert settles(feed, [Ask("okx", "quotes")], 5)
    assert feed.state(Ask("okx", "quotes")).held
    os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
feed._changed.release()
assert feed.state(Ask("binance", "quotes")).running
"""


@pytest.mark.parametrize("code", [pytest.param(HANGING, id="exit"), pytest.param(HANGING + FORKING, id="fork")])
def test_neither_the_exit_of_the_process_nor_a_fork_waits_for_a_hanging_venue(code: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=30
    )
    assert (ran.returncode, ran.stderr) == (0, "")
