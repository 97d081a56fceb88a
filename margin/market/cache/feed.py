"""The figures of the venues, shared by all sessions: what is held is given at once, what is wanted is fetched aside.

Nothing here waits for a network but the workers, one thread per venue, so that a venue that hangs delays only itself.
One question makes one request however many ask for it. A failure is remembered, so that a venue in trouble is not asked
again and again. Memory is bounded, and answers are kept in a `Store`, for the next run of the program.
"""

import logging
import os
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Condition, Lock, Thread
from typing import Any, NamedTuple
from weakref import WeakSet

from margin.market.cache.disk import Store
from margin.market.cache.question import KINDS, Ask, Held, Kind, utc_now
from margin.market.source import MarketSource, Trouble, Unavailable

__all__ = ["Ask", "Failure", "Feed", "Held", "State"]

TIMES_TO_LIVE: Mapping[Kind, timedelta] = {
    "quotes": timedelta(seconds=10),
    "contracts": timedelta(hours=1),
    "tiers": timedelta(hours=1),
    "funding": timedelta(minutes=10),
    "candles": timedelta(minutes=10),
}
MOST_ANSWERS = 500
MOST_QUEUED = 100
"""Questions waiting per venue; those beyond are not taken, and taken when they are wanted again."""
YOUNGEST = timedelta(seconds=2)
"""What is younger is not asked for again, whoever wants it anew."""
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=5)
LONGEST_ASKED_PAUSE = timedelta(minutes=10)
IMPATIENT_PAUSE = timedelta(seconds=5)
"""After a failure that asked for no patience, before a person may have it tried again."""

_OF_THE_WHOLE_VENUE: tuple[Trouble, ...] = ("silent", "blocked", "busy")
_LOG = logging.getLogger("tandem")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt came to nothing. `reason` goes on after the venue's name; times are aware, in UTC.

    There is no new request before `until`, and none because a person wants one before `anew_from`.
    """

    trouble: Trouble
    reason: str
    at: datetime
    until: datetime
    anew_from: datetime

    def lies_ahead(self, now: datetime, *, anew: bool) -> bool:
        """Whether its pause lasts; a failure later than now (the clock was put back) is over."""
        return self.at <= now < (self.anew_from if anew else self.until)


# Identity is its equality, as of the answer in it.
@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What is held of one question, why its newest attempt failed (None after a success), whether one is under way."""

    held: Held | None = None
    failure: Failure | None = None
    running: bool = False


class _Entry(NamedTuple):
    """A state, and how many attempts have failed since the last success."""

    state: State = State()
    misses: int = 0


class _Closed(NamedTuple):
    """Why a venue as a whole is left alone, and how many times that has been since its last answer."""

    failure: Failure
    misses: int


class Feed:
    """What is known of the venues now; one per process, safe to use from any thread.

    `_changed` guards all that changes: `_entries` (least recently used first), `_closed`, `_queues`, `_workers` and
    `_open`; it is held for moments, never during a request or a look at the disk. `_reading` lets one thread at a time
    read the disk, and is taken before `_changed`, never after.
    """

    def __init__(self, source: MarketSource, store: Store | None, now: Callable[[], datetime] = utc_now) -> None:
        self.now = now
        self._source = source
        self._store = store
        self._entries: OrderedDict[Ask, _Entry] = OrderedDict()
        self._closed: dict[str, _Closed] = {}
        self._open = True
        self._begin()
        _FEEDS.add(self)

    def _begin(self) -> None:
        """Without workers: at first, and in a forked process, which has none and may have inherited locks in use."""
        self._changed = Condition(Lock())
        self._reading = Lock()
        self._queues: dict[str, list[Ask]] = {}
        self._workers: dict[str, Thread] = {}
        for ask, entry in self._entries.items():
            self._entries[ask] = entry._replace(state=replace(entry.state, running=False))

    def state(self, ask: Ask) -> State:
        """What is known now, without a request; reads the disk the first time. Raises FieldError as `Ask.check`."""
        ask.check()
        with self._changed:
            known = self._touch(ask)
        if known is None:
            self._read(ask)
            with self._changed:
                known = self._touch(ask)
        return (known or _Entry()).state

    def want(self, asks: Iterable[Ask], *, anew: bool = False) -> None:
        """Has fetched what is missing or past its time to live; `anew`: also what is younger, where it may be.

        Returns at once. Raises FieldError as `Ask.check`.
        """
        for ask in asks:
            self.state(ask)
            with self._changed:
                if self._open and self._is_due(ask, anew=anew):
                    self._take(ask, anew=anew)

    def busy(self, asks: Iterable[Ask]) -> bool:
        """Whether any of them is waiting or being fetched."""
        with self._changed:
            return any(self._entries.get(ask, _Entry()).state.running for ask in asks)

    def close(self) -> None:
        """Takes no more questions, drops those waiting, and lets the workers go; one that hangs ends with the process.

        What is held can be seen as before.
        """
        with self._changed:
            self._open = False
            for queue in self._queues.values():
                self._drop(queue)
            workers = list(self._workers.values())
            self._changed.notify_all()
        for worker in workers:
            worker.join(0.5)

    def _read(self, ask: Ask) -> None:
        """Begins an entry with what the disk holds."""
        with self._reading:
            with self._changed:
                if ask in self._entries:
                    return
            held = self._kept(ask)
            with self._changed:
                if ask not in self._entries:
                    self._keep(ask, _Entry(State(held)))

    def _kept(self, ask: Ask) -> Held | None:
        try:
            return self._store.read(ask) if self._store else None
        except Exception as error:
            _warn(ask, "cannot be read from disk", error)
            return None

    # With `_changed` held:

    def _touch(self, ask: Ask) -> _Entry | None:
        """The entry, where there is one, as the most recently used."""
        if ask in self._entries:
            self._entries.move_to_end(ask)
        return self._entries.get(ask)

    def _keep(self, ask: Ask, entry: _Entry) -> None:
        """Puts an entry in its place, and lets go the least recently used that is at rest where there are too many."""
        self._entries[ask] = entry
        if len(self._entries) > MOST_ANSWERS:
            del self._entries[next(other for other, held in self._entries.items() if not held.state.running)]
        self._changed.notify_all()

    def _change(self, ask: Ask, **changes: Any) -> None:
        entry = self._entries.get(ask, _Entry())
        self._keep(ask, entry._replace(state=replace(entry.state, **changes)))

    def _drop(self, queue: list[Ask], failure: Failure | None = None) -> None:
        """Nobody waits any more for what is in the queue."""
        for ask in queue:
            self._change(ask, running=False, **({"failure": failure} if failure else {}))
        queue.clear()

    def _is_due(self, ask: Ask, *, anew: bool) -> bool:
        state, now = self._entries.get(ask, _Entry()).state, self.now()
        if state.running or (state.failure and state.failure.lies_ahead(now, anew=anew)):
            return False
        if state.held is None or state.failure:
            return True
        age = now - state.held.seen_at  # Negative where the clock was put back: nobody knows how old it is.
        return not timedelta(0) <= age < (YOUNGEST if anew else TIMES_TO_LIVE[ask.kind])

    def _take(self, ask: Ask, *, anew: bool) -> None:
        """Has a question wait for its venue's worker; it fails at once where the venue is left alone."""
        closed = self._closed.get(ask.venue)
        if closed and closed.failure.lies_ahead(self.now(), anew=anew):
            self._change(ask, failure=closed.failure)
            return
        queue = self._queues.setdefault(ask.venue, [])
        if len(queue) < MOST_QUEUED and self._has_worker(ask.venue):
            queue.append(ask)
            self._change(ask, running=True)

    def _has_worker(self, venue: str) -> bool:
        """Whether there is somebody to ask the venue; starts the thread the first time."""
        if venue not in self._workers:
            worker = Thread(target=self._work, args=(venue,), name=f"tandem {venue}", daemon=True)
            try:
                worker.start()
            except RuntimeError:  # The system gives no more threads, or the process is about to end.
                return False
            self._workers[venue] = worker
        return True

    # In a venue's worker, without `_changed` held:

    def _work(self, venue: str) -> None:
        while (ask := self._next(venue)) is not None:
            try:
                value = ask.put_to(self._source)
            except Unavailable as unavailable:
                self._failed(ask, unavailable)
            except BaseException as error:  # Whatever it is, it must neither end the worker nor reach a page.
                _warn(ask, "came to nothing", error)
                self._failed(ask, Unavailable("broken", "gave an answer that cannot be used"))
            else:
                self._came(ask, Held(value, self.now()))

    def _next(self, venue: str) -> Ask | None:
        """Waits for a question; of several, what a person waits for first. None: the feed is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._queues[venue] or not self._open)
            if not self._open:
                return None
            ask = min(self._queues[venue], key=lambda ask: KINDS.index(ask.kind))
            self._queues[venue].remove(ask)
            return ask

    def _came(self, ask: Ask, held: Held) -> None:
        """Shows an answer, keeps it on disk, and only then is done: whoever waits may end the process."""
        with self._changed:
            self._closed.pop(ask.venue, None)
            self._keep(ask, _Entry(State(held, running=True)))
        if self._store is not None:
            try:
                self._store.write(ask, held.value, held.seen_at)
            except Exception as error:
                _warn(ask, "cannot be kept on disk", error)
        with self._changed:
            self._change(ask, running=False)

    def _failed(self, ask: Ask, unavailable: Unavailable) -> None:
        """Remembers a failure; one of the whole venue is everybody's who waits for it, too."""
        with self._changed:
            entry = self._entries.get(ask, _Entry())
            failure = _failure(unavailable, self.now(), entry.misses + 1)
            if unavailable.trouble in _OF_THE_WHOLE_VENUE:
                misses = self._closed[ask.venue].misses + 1 if ask.venue in self._closed else 1
                closed = _failure(unavailable, self.now(), misses)
                self._closed[ask.venue] = _Closed(closed, misses)
                self._drop(self._queues[ask.venue], closed)
                failure = max(failure, closed, key=lambda failure: failure.until)
            self._keep(ask, _Entry(State(entry.state.held, failure), entry.misses + 1))


def _warn(ask: Ask, what: str, error: BaseException) -> None:
    """Logs an error that nobody foresaw by its type alone: its text may hold anything."""
    _LOG.warning("the %s of %s %s: %s", ask.kind, ask.venue, what, type(error).__name__)


def _failure(unavailable: Unavailable, now: datetime, misses: int) -> Failure:
    """The failure with its pause: doubled with each miss, and no shorter than the venue asked for, within reason."""
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(misses - 1, 10))
    asked = unavailable.retry_after
    if asked is not None:
        pause = max(pause, timedelta(seconds=max(0.0, min(LONGEST_ASKED_PAUSE.total_seconds(), asked))))
    patient = unavailable.trouble == "busy" or asked is not None
    anew_from = now + (pause if patient else IMPATIENT_PAUSE)
    return Failure(unavailable.trouble, unavailable.reason, now, now + pause, anew_from)


_FEEDS: WeakSet[Feed] = WeakSet()


def _after_fork() -> None:
    for feed in list(_FEEDS):
        feed._begin()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
