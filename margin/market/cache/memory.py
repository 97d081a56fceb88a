"""The cache of the venues' answers, shared by all sessions: stale-while-revalidate.

An entry is returned at once, fresh or stale, and a worker thread per venue refreshes it, so that a
venue that hangs delays only itself. Sessions that want the same query share one request. A failure
is part of an entry and has a back-off; a failure of the whole venue opens a circuit breaker for all
of its queries. Memory is bounded, the least recently used entry is evicted first, and values are
stored on disk for the next run of the program.
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
"""Most queries waiting per venue; further ones are dropped until they are requested again."""
FORCED_TIME_TO_LIVE = timedelta(seconds=2)
"""A value younger than this is fresh even to a forced refresh."""
FIRST_BACK_OFF = timedelta(seconds=30)
LONGEST_BACK_OFF = timedelta(minutes=5)
LONGEST_RETRY_AFTER = timedelta(minutes=10)
FORCED_BACK_OFF = timedelta(seconds=5)
"""Before a forced refresh may try again, unless the venue asked for a longer pause."""

Status = Literal["missing", "fresh", "stale", "failed"]

_VENUE_WIDE: tuple[Trouble, ...] = ("silent", "blocked", "busy")
_LOG = logging.getLogger("tandem")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a fetch failed, and when the next one may be made.

    `reason` is a clause that follows the venue's name; times are in UTC. There is no new request
    before `retry_at`, and no forced one before `forced_retry_at`.
    """

    trouble: Trouble
    reason: str
    failed_at: datetime
    retry_at: datetime
    forced_retry_at: datetime

    def backs_off(self, now: datetime, *, force: bool) -> bool:
        """Return whether the back-off still lasts."""
        # A failure later than now (the clock was put back) is over.
        return self.failed_at <= now < (self.forced_retry_at if force else self.retry_at)


# Compared by identity, as its value is.
@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A query's cached answer, its newest failure, and whether a fetch is under way.

    The failure is None after a success.
    """

    cached: Cached | None = None
    failure: Failure | None = None
    fetching: bool = False

    def status(self, now: datetime, time_to_live: timedelta) -> Status:
        """Return the entry's status: `failed` if the newest fetch failed, whatever is cached."""
        if self.failure is not None:
            return "failed"
        if self.cached is None:
            return "missing"
        age = now - self.cached.seen_at
        # Negative where the clock was put back: its age is unknown.
        return "fresh" if timedelta(0) <= age < time_to_live else "stale"


class _Slot(NamedTuple):
    """An entry, and the number of failed fetches since the last success."""

    entry: Entry = Entry()
    failures: int = 0


class _Tripped(NamedTuple):
    """Why a venue's circuit breaker is open, and how often it opened since the last answer."""

    failure: Failure
    failures: int


class MarketCache:
    """The venues' answers; one cache per process, safe to use from any thread.

    `_changed` guards everything mutable: `_slots` (least recently used first), `_tripped`,
    `_queues`, `_workers` and `_accepting`; it is locked briefly, never during a request or disk
    access. `_loading` lets one thread at a time read the disk, and is locked before `_changed`,
    never after.
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
        """Begin without workers, at first and in a forked process."""
        # A fork has no threads, and its copies of the locks may be locked.
        self._changed = Condition(Lock())
        self._loading = Lock()
        self._queues: dict[str, list[Query]] = {}
        self._workers: dict[str, Thread] = {}
        for query, slot in self._slots.items():
            self._slots[query] = slot._replace(entry=replace(slot.entry, fetching=False))

    def entry(self, query: Query) -> Entry:
        """Return the entry without a request; the first time it is read from disk.

        Raises FieldError as `Query.check`.
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
        """Queue missing and stale queries to be fetched in the background, and return at once.

        `force` also queues fresh ones, unless they are younger than `FORCED_TIME_TO_LIVE`. Raises
        FieldError as `Query.check`.
        """
        for query in queries:
            self.entry(query)
            with self._changed:
                if self._accepting and self._needs_fetch(query, force=force):
                    self._enqueue(query, force=force)

    def is_fetching(self, queries: Iterable[Query]) -> bool:
        """Return whether any of the queries is queued or being fetched."""
        with self._changed:
            return any(self._slots.get(query, _Slot()).entry.fetching for query in queries)

    def close(self) -> None:
        """Accept no more queries, discard those queued, and end the workers.

        A worker that hangs ends with the process. Cached entries can be read as before.
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
        """Create the query's slot from disk."""
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
        """Return the slot if there is one, and mark it as the most recently used."""
        if query in self._slots:
            self._slots.move_to_end(query)
        return self._slots.get(query)

    def _put(self, query: Query, slot: _Slot) -> None:
        """Set a slot, and evict the least recently used idle one where there are too many."""
        self._slots[query] = slot
        if len(self._slots) > MAX_ENTRIES:
            idle = (other for other, slot in self._slots.items() if not slot.entry.fetching)
            del self._slots[next(idle)]
        self._changed.notify_all()

    def _update(self, query: Query, **changes: Any) -> None:
        slot = self._slots.get(query, _Slot())
        self._put(query, slot._replace(entry=replace(slot.entry, **changes)))

    def _discard(self, queue: list[Query], failure: Failure | None = None) -> None:
        """Empty a queue, and note the failure of its queries if there is one."""
        changes = {"failure": failure} if failure else {}
        for query in queue:
            self._update(query, fetching=False, **changes)
        queue.clear()

    def _needs_fetch(self, query: Query, *, force: bool) -> bool:
        entry, now = self._slots.get(query, _Slot()).entry, self.now()
        if entry.fetching or (entry.failure and entry.failure.backs_off(now, force=force)):
            return False
        time_to_live = FORCED_TIME_TO_LIVE if force else TIME_TO_LIVE[query.kind]
        return entry.status(now, time_to_live) != "fresh"

    def _enqueue(self, query: Query, *, force: bool) -> None:
        """Queue a query for its venue's worker, or fail it if the circuit breaker is open."""
        tripped = self._tripped.get(query.venue)
        if tripped and tripped.failure.backs_off(self.now(), force=force):
            self._update(query, failure=tripped.failure)
            return
        queue = self._queues.setdefault(query.venue, [])
        if len(queue) < MAX_QUEUED and self._has_worker(query.venue):
            queue.append(query)
            self._update(query, fetching=True)

    def _has_worker(self, venue: str) -> bool:
        """Return whether the venue has a worker, and start it the first time."""
        if venue not in self._workers:
            worker = Thread(target=self._work, args=(venue,), name=f"tandem {venue}", daemon=True)
            try:
                worker.start()
            except RuntimeError:  # No more threads, or the process is about to end.
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
            # Whatever it is, it must neither end the worker nor reach a page.
            except BaseException as error:
                _warn(query, "came to nothing", error)
                self._fail(query, Unavailable("broken", "gave an answer that cannot be used"))
            else:
                self._succeed(query, Cached(value, self.now()))

    def _next(self, venue: str) -> Query | None:
        """Wait for the next query by the order of `KINDS`; None when the cache is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._queues[venue] or not self._accepting)
            if not self._accepting:
                return None
            query = min(self._queues[venue], key=lambda query: KINDS.index(query.kind))
            self._queues[venue].remove(query)
            return query

    def _succeed(self, query: Query, cached: Cached) -> None:
        """Publish a value, store it on disk, and only then end the fetch."""
        # A caller that waits for the end of the fetch may end the process.
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
        """Store a failure; one of the whole venue opens its circuit breaker."""
        with self._changed:
            slot = self._slots.get(query, _Slot())
            failure = _failure(unavailable, self.now(), slot.failures + 1)
            if unavailable.trouble in _VENUE_WIDE:
                tripped = self._tripped.get(query.venue)
                failures = tripped.failures + 1 if tripped else 1
                venue_failure = _failure(unavailable, self.now(), failures)
                self._tripped[query.venue] = _Tripped(venue_failure, failures)
                self._discard(self._queues[query.venue], venue_failure)
                failure = max(failure, venue_failure, key=lambda failure: failure.retry_at)
            self._put(query, _Slot(Entry(slot.entry.cached, failure), slot.failures + 1))


def _warn(query: Query, event: str, error: BaseException) -> None:
    """Log an unexpected error by its type alone, for its text may contain anything."""
    _LOG.warning("the %s of %s %s: %s", query.kind, query.venue, event, type(error).__name__)


def _failure(unavailable: Unavailable, now: datetime, failures: int) -> Failure:
    """Return the failure with its back-off, which doubles with every failure.

    It is at least what the venue asked for, up to `LONGEST_RETRY_AFTER`.
    """
    back_off = min(LONGEST_BACK_OFF, FIRST_BACK_OFF * 2 ** min(failures - 1, 10))
    retry_after = unavailable.retry_after
    if retry_after is not None:
        seconds = max(0.0, min(LONGEST_RETRY_AFTER.total_seconds(), retry_after))
        back_off = max(back_off, timedelta(seconds=seconds))
    is_pause = unavailable.trouble == "busy" or retry_after is not None
    forced_retry_at = now + (back_off if is_pause else FORCED_BACK_OFF)
    return Failure(unavailable.trouble, unavailable.reason, now, now + back_off, forced_retry_at)


_CACHES: WeakSet[MarketCache] = WeakSet()


def _after_fork() -> None:
    for cache in list(_CACHES):
        cache._start()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
