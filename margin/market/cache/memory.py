"""The cache of what the venues answer, shared by all sessions.

Stale while it is revalidated in the background.

An entry is returned at once, fresh or stale; a worker thread per venue refreshes it, so that a
venue that hangs delays only itself. One query makes one request however many want it. A failure is
an entry's too and has a back-off; where it is the whole venue's, a circuit breaker keeps every
query from it. Memory is bounded, least recently used first, and values are kept on disk for the
next run of the program.
"""

import logging
import os
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Condition, Lock, Thread
from typing import Any, Literal, NamedTuple
from weakref import WeakSet

from margin.market.cache.disk import DiskCache
from margin.market.cache.query import KINDS, Cached, Kind, Query, utc_now
from margin.market.source import MarketSource, Trouble, Unavailable

TIME_TO_LIVE: Mapping[Kind, timedelta] = {
    "quotes": timedelta(seconds=10),
    "contracts": timedelta(hours=1),
    "tiers": timedelta(hours=1),
    "funding": timedelta(minutes=10),
    "candles": timedelta(minutes=10),
}
MAX_ENTRIES = 500
MAX_QUEUED = 100
"""Queries waiting per venue; those beyond are not queued, and are when they are wanted again."""
FORCED_TIME_TO_LIVE = timedelta(seconds=2)
"""A value younger than this is fresh even to a forced refresh."""
FIRST_BACK_OFF = timedelta(seconds=30)
LONGEST_BACK_OFF = timedelta(minutes=5)
LONGEST_RETRY_AFTER = timedelta(minutes=10)
FORCED_BACK_OFF = timedelta(seconds=5)
"""After a failure that asked for no patience, before a forced refresh may try again."""

Status = Literal["missing", "fresh", "stale", "failed"]

_OF_THE_WHOLE_VENUE: tuple[Trouble, ...] = ("silent", "blocked", "busy")
_LOG = logging.getLogger("tandem")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a fetch failed. `reason` goes on after the venue's name; times are aware, in UTC.

    There is no new request before `retry_at`, and no forced one before `forced_retry_at`.
    """

    trouble: Trouble
    reason: str
    failed_at: datetime
    retry_at: datetime
    forced_retry_at: datetime

    def backs_off(self, now: datetime, *, force: bool) -> bool:
        """Return whether its back-off lasts.

        A failure later than now (the clock was put back) is over.
        """
        return self.failed_at <= now < (self.forced_retry_at if force else self.retry_at)


# Identity is its equality, as of the value in it.
@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """What is cached of a query, why its newest fetch failed, and whether one is under way.

    The failure is None after a success.
    """

    cached: Cached | None = None
    failure: Failure | None = None
    fetching: bool = False

    def status(self, now: datetime, time_to_live: timedelta) -> Status:
        """Return how the entry stands.

        `failed` where the newest fetch did, whatever is cached from before.
        """
        if self.failure is not None:
            return "failed"
        if self.cached is None:
            return "missing"
        age = now - self.cached.seen_at
        # Negative where the clock was put back: nobody knows how old it is.
        return "fresh" if timedelta(0) <= age < time_to_live else "stale"


class _Slot(NamedTuple):
    """An entry, and how many fetches have failed since the last success."""

    entry: Entry = Entry()
    failures: int = 0


class _Tripped(NamedTuple):
    """Why a venue's circuit breaker is open, and how often it has opened since an answer."""

    failure: Failure
    failures: int


class MarketCache:
    """The venues' answers; one per process, safe to use from any thread.

    `_changed` guards all that changes: `_slots` (least recently used first), `_tripped`, `_queues`,
    `_workers` and `_accepting`; it is locked for moments, never during a request or a look at the
    disk. `_loading` lets one thread at a time read the disk, and is locked before `_changed`, never
    after.
    """

    def __init__(
        self, source: MarketSource, disk: DiskCache | None, now: Callable[[], datetime] = utc_now
    ) -> None:
        self.now = now
        self._source = source
        self._disk = disk
        self._slots: OrderedDict[Query, _Slot] = OrderedDict()
        self._tripped: dict[str, _Tripped] = {}
        self._accepting = True
        self._start()
        _CACHES.add(self)

    def _start(self) -> None:
        """Begin without workers.

        At first, and in a forked process, which has none and may have locked locks.
        """
        self._changed = Condition(Lock())
        self._loading = Lock()
        self._queues: dict[str, list[Query]] = {}
        self._workers: dict[str, Thread] = {}
        for query, slot in self._slots.items():
            self._slots[query] = slot._replace(entry=replace(slot.entry, fetching=False))

    def entry(self, query: Query) -> Entry:
        """Return the entry without a request; the first time it is read from disk.

        Raises FieldError as `check`.
        """
        query.check()
        with self._changed:
            slot = self._lookup(query)
        if slot is None:
            self._load(query)
            with self._changed:
                slot = self._lookup(query)
        return (slot or _Slot()).entry

    def refresh(self, queries: Iterable[Query], *, force: bool = False) -> None:
        """Have fetched in the background what is missing or stale.

        `force`: what is fresh too, where it may be.

        Returns at once. Raises FieldError as `Query.check`.
        """
        for query in queries:
            self.entry(query)
            with self._changed:
                if self._accepting and self._needs_fetch(query, force=force):
                    self._enqueue(query, force=force)

    def is_fetching(self, queries: Iterable[Query]) -> bool:
        """Return whether any of them is queued or being fetched."""
        with self._changed:
            return any(self._slots.get(query, _Slot()).entry.fetching for query in queries)

    def close(self) -> None:
        """Accept no more queries, discard those queued, and end the workers.

        One that hangs ends with the process.

        What is cached can be read as before.
        """
        with self._changed:
            self._accepting = False
            for queue in self._queues.values():
                self._discard(queue)
            workers = list(self._workers.values())
            self._changed.notify_all()
        for worker in workers:
            worker.join(0.5)

    def _load(self, query: Query) -> None:
        """Begin a slot with what is on disk."""
        with self._loading:
            with self._changed:
                if query in self._slots:
                    return
            cached = self._from_disk(query)
            with self._changed:
                if query not in self._slots:
                    self._put(query, _Slot(Entry(cached)))

    def _from_disk(self, query: Query) -> Cached | None:
        try:
            return self._disk.read(query) if self._disk else None
        except Exception as error:
            _warn(query, "cannot be read from disk", error)
            return None

    # With `_changed` locked:

    def _lookup(self, query: Query) -> _Slot | None:
        """Return the slot, where there is one, and mark it as the most recently used."""
        if query in self._slots:
            self._slots.move_to_end(query)
        return self._slots.get(query)

    def _put(self, query: Query, slot: _Slot) -> None:
        """Set a slot; evict the least recently used idle ones where there are too many."""
        self._slots[query] = slot
        if len(self._slots) > MAX_ENTRIES:
            del self._slots[
                next(other for other, kept in self._slots.items() if not kept.entry.fetching)
            ]
        self._changed.notify_all()

    def _update(self, query: Query, **changes: Any) -> None:
        slot = self._slots.get(query, _Slot())
        self._put(query, slot._replace(entry=replace(slot.entry, **changes)))

    def _discard(self, queue: list[Query], failure: Failure | None = None) -> None:
        """Empty a queue; what was in it failed where there is a failure, else it is forgotten."""
        for query in queue:
            self._update(query, fetching=False, **({"failure": failure} if failure else {}))
        queue.clear()

    def _needs_fetch(self, query: Query, *, force: bool) -> bool:
        entry, now = self._slots.get(query, _Slot()).entry, self.now()
        if entry.fetching or (entry.failure and entry.failure.backs_off(now, force=force)):
            return False
        return (
            entry.status(now, FORCED_TIME_TO_LIVE if force else TIME_TO_LIVE[query.kind]) != "fresh"
        )

    def _enqueue(self, query: Query, *, force: bool) -> None:
        """Queue a query for its venue's worker.

        It fails at once where the venue's circuit breaker is open.
        """
        tripped = self._tripped.get(query.venue)
        if tripped and tripped.failure.backs_off(self.now(), force=force):
            self._update(query, failure=tripped.failure)
            return
        queue = self._queues.setdefault(query.venue, [])
        if len(queue) < MAX_QUEUED and self._has_worker(query.venue):
            queue.append(query)
            self._update(query, fetching=True)

    def _has_worker(self, venue: str) -> bool:
        """Return whether a worker asks the venue; starts the thread the first time."""
        if venue not in self._workers:
            worker = Thread(target=self._work, args=(venue,), name=f"tandem {venue}", daemon=True)
            try:
                worker.start()
            except (
                RuntimeError
            ):  # The system gives no more threads, or the process is about to end.
                return False
            self._workers[venue] = worker
        return True

    # In a venue's worker, without `_changed` locked:

    def _work(self, venue: str) -> None:
        while (query := self._next(venue)) is not None:
            try:
                value = query.fetch(self._source)
            except Unavailable as unavailable:
                self._fail(query, unavailable)
            except (
                BaseException
            ) as error:  # Whatever it is, it must neither end the worker nor reach a page.
                _warn(query, "came to nothing", error)
                self._fail(query, Unavailable("broken", "gave an answer that cannot be used"))
            else:
                self._succeed(query, Cached(value, self.now()))

    def _next(self, venue: str) -> Query | None:
        """Wait for a query; of several, take what a person waits for first.

        None: the cache is closed.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._queues[venue] or not self._accepting)
            if not self._accepting:
                return None
            query = min(self._queues[venue], key=lambda query: KINDS.index(query.kind))
            self._queues[venue].remove(query)
            return query

    def _succeed(self, query: Query, cached: Cached) -> None:
        """Show a value, keep it on disk, and only then end the fetch.

        Whoever waits may end the process.
        """
        with self._changed:
            self._tripped.pop(query.venue, None)
            self._put(query, _Slot(Entry(cached, fetching=True)))
        if self._disk is not None:
            try:
                self._disk.write(query, cached.value, cached.seen_at)
            except Exception as error:
                _warn(query, "cannot be kept on disk", error)
        with self._changed:
            self._update(query, fetching=False)

    def _fail(self, query: Query, unavailable: Unavailable) -> None:
        """Remember a failure; one of the whole venue opens its circuit breaker."""
        with self._changed:
            slot = self._slots.get(query, _Slot())
            failure = _failure(unavailable, self.now(), slot.failures + 1)
            if unavailable.trouble in _OF_THE_WHOLE_VENUE:
                before = self._tripped.get(query.venue)
                failures = before.failures + 1 if before else 1
                of_venue = _failure(unavailable, self.now(), failures)
                self._tripped[query.venue] = _Tripped(of_venue, failures)
                self._discard(self._queues[query.venue], of_venue)
                failure = max(failure, of_venue, key=lambda failure: failure.retry_at)
            self._put(query, _Slot(Entry(slot.entry.cached, failure), slot.failures + 1))


def _warn(query: Query, what: str, error: BaseException) -> None:
    """Log an error that nobody foresaw by its type alone: its text may hold anything."""
    _LOG.warning("the %s of %s %s: %s", query.kind, query.venue, what, type(error).__name__)


def _failure(unavailable: Unavailable, now: datetime, failures: int) -> Failure:
    """Return the failure with its back-off.

    Doubled each time, no shorter than the venue asked for, within reason.
    """
    back_off = min(LONGEST_BACK_OFF, FIRST_BACK_OFF * 2 ** min(failures - 1, 10))
    asked = unavailable.retry_after
    if asked is not None:
        back_off = max(
            back_off, timedelta(seconds=max(0.0, min(LONGEST_RETRY_AFTER.total_seconds(), asked)))
        )
    patient = unavailable.trouble == "busy" or asked is not None
    forced_retry_at = now + (back_off if patient else FORCED_BACK_OFF)
    return Failure(unavailable.trouble, unavailable.reason, now, now + back_off, forced_retry_at)


_CACHES: WeakSet[MarketCache] = WeakSet()


def _after_fork() -> None:
    for cache in list(_CACHES):
        cache._start()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
