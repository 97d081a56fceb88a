"""What is known of a venue now, table by table.

Live, else cached, else the snapshot's, each with its origin.

Composed from a `MarketCache`; nothing here asks anybody. A cached answer that is older than what
the snapshot holds gives way to it. The venue's list of contracts, where there is one, says which
tokens have a perpetual there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from margin.errors import choice
from margin.market.cache.memory import TIME_TO_LIVE, Entry, MarketCache
from margin.market.cache.query import Cached, Query, is_token, utc_now
from margin.market.records import UNDATED, Contract
from margin.market.snapshot import embedded as snapshot
from margin.market.snapshot.source import SnapshotSource
from margin.market.source import Checked, Quote
from margin.messages import not_listed
from margin.venues import VENUES, TierTable, VenueTables

SHORTEST_LIFE = timedelta(minutes=1)
"""An answer younger than this is live, however often its kind is asked for."""
_UNITS = ((172_800, 86_400, "days"), (3600, 3600, "h"), (60, 60, "min"))
"""From how many seconds on, how many seconds, and their name."""


class Origin(NamedTuple):
    """Where a figure is from.

    `seen_at` of live and cached ones, in UTC; `none`: there is no figure.

    `as_of` is an ISO date, two joined by `/` where a snapshot's figures span them, `undated`, or
    empty for none. `reason` says, as a sentence without its full stop, why it is not live; empty
    where nobody asked for that.
    """

    kind: Literal["live", "cached", "snapshot", "none"]
    seen_at: datetime | None
    as_of: str
    reason: str = ""

    def label(self, now: datetime) -> str:
        """Return `live, 12 s old`, `cached, 3 h old`, `snapshot of 2026-09-29`, `not known`."""
        if self.kind == "none":
            return "not known"
        if self.seen_at is not None:
            return f"{self.kind}, {_age(now - self.seen_at)} old"
        return (
            f"snapshot, {UNDATED}"
            if self.as_of == UNDATED
            else f"snapshot of {self.as_of.replace('/', ' to ')}"
        )


def _age(age: timedelta) -> str:
    """Return in whole units, rounded down; never below 0."""
    seconds = max(0, int(age.total_seconds()))
    for since, unit, name in _UNITS:
        if seconds >= since:
            return f"{seconds // unit} {name}"
    return f"{seconds} s"


@dataclass(frozen=True, slots=True)
class View:
    """A venue's figures and where each is from.

    `tiers` and `mark_origins` tell it per token asked for, of its table and of its mark. `quotes`
    holds one for every token of which a mark is known at all: where the venue gave none, the
    snapshot's stands in, and `mark_origins` is what tells it from those that `quotes_origin` speaks
    of. `refused` names tokens of which a figure of the venue failed its checks, so that another
    stands in: a clause after the token.
    """

    venue: str
    tables: VenueTables
    tiers: Mapping[str, Origin]
    quotes: Mapping[str, Quote]
    quotes_origin: Origin
    mark_origins: Mapping[str, Origin]
    contracts: Mapping[str, Contract]
    contracts_origin: Origin
    refused: Mapping[str, str]

    def __post_init__(self) -> None:
        for name in ("tiers", "quotes", "mark_origins", "contracts", "refused"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


def queries(venue: str, tokens: Iterable[str]) -> tuple[Query, ...]:
    """Return what a view of these tokens rests on, to be refreshed.

    Nothing for the textbook account.
    """
    if VENUES[choice(venue, "venue", VENUES)].own_fraction:
        return ()
    tiers = dict.fromkeys(Query.tiers(venue, token) for token in tokens)
    return (Query(venue, "contracts"), Query(venue, "quotes"), *tiers)


def look(
    market: MarketCache | None,
    venue: str,
    tokens: Iterable[str],
    extra_tiers: Checked[TierTable] | None = None,
    extra_seen_at: datetime | None = None,
) -> View:
    """Return the venue as the cache has it now, with the tables of these tokens.

    Asks nobody: `refresh` does.

    Without a cache the snapshot stands for it. `extra_tiers` are tables that a person's own key has
    read, used first, and `extra_seen_at` when that was (None: now). Raises FieldError for an
    unknown venue or what is no token.
    """
    wanted = tuple(dict.fromkeys(tokens))
    now = market.now() if market else utc_now()
    answers = (
        {query: _answer(query, market.entry(query), now) for query in queries(venue, wanted)}
        if market
        else {}
    )
    own = _NOTHING
    if extra_tiers is not None:
        own = _answer(Query(venue, "tiers"), Entry(Cached(extra_tiers, extra_seen_at or now)), now)
    return _compose(venue, wanted, answers, own)


@cache
def snapshot_view(venue: str) -> View:
    """Return the venue as the snapshot alone has it, with the origin of every table."""
    tables = snapshot.tables(venue)
    return _compose(venue, (*tables.tiers, *tables.not_listed), {}, _NOTHING)


class _Answer(NamedTuple):
    """What was answered, or None, and where it is from or why there is none."""

    checked: Checked[Any] | None
    origin: Origin

    def unless_before(self, day: str) -> "_Answer":
        """Return nothing in place of a cached answer from before this ISO date.

        What is live is never too old.
        """
        if self.origin.kind == "cached" and self.origin.as_of < day:
            return _Answer(None, self.origin)
        return self

    def or_snapshot(self, as_of: str) -> Origin:
        """Return the answer's origin, or the snapshot's for the same reason."""
        return (
            self.origin
            if self.checked is not None
            else Origin("snapshot", None, as_of, self.origin.reason)
        )

    def good(self) -> Mapping[str, Any]:
        """Return the good values, none where there is no answer."""
        return self.checked.good if self.checked is not None else {}

    def refused(self) -> Mapping[str, str]:
        """Return why tokens were refused and nothing else of them is good."""
        if self.checked is None:
            return {}
        return {
            token: why
            for token, why in self.checked.refused.items()
            if token not in self.checked.good
        }


_NOTHING = _Answer(None, Origin("none", None, ""))


def _answer(query: Query, entry: Entry, now: datetime) -> _Answer:
    cached, why = entry.cached, _why(query, entry)
    if cached is None or not cached.value.good:
        return _Answer(None, Origin("none", None, "", why))
    day = cached.seen_at.astimezone(UTC).date().isoformat()
    if is_live(query, entry, now):
        return _Answer(cached.value, Origin("live", cached.seen_at, day))
    return _Answer(cached.value, Origin("cached", cached.seen_at, day, why))


def is_live(query: Query, entry: Entry, now: datetime) -> bool:
    """Return whether the newest attempt of this process succeeded.

    Not longer ago than three times to live (a minute).
    """
    cached = entry.cached
    if cached is None or cached.from_disk or entry.failure is not None:
        return False
    return now - cached.seen_at <= max(SHORTEST_LIFE, 3 * TIME_TO_LIVE[query.kind])


def _why(query: Query, entry: Entry) -> str:
    """Return why there is nothing live, as a sentence without its full stop."""
    name = VENUES[query.venue].name
    if entry.failure is not None:
        return f"{name} {entry.failure.reason}"
    if entry.fetching:
        return f"{name} is being asked"
    if entry.cached is not None and not entry.cached.value.good:
        return f"{name} named none"
    return (
        f"{name} has not been asked "
        f"{'yet' if entry.cached is None or entry.cached.from_disk else 'since'}"
    )


class _Listing(NamedTuple):
    """Which tokens have a perpetual on the venue.

    Those of its list, or without a whole one, all not known as gone.

    `gone` says by token when its absence was seen.
    """

    trading: frozenset[str] | None
    gone: Mapping[str, str]

    def has(self, token: str) -> bool:
        return token not in self.gone if self.trading is None else token in self.trading


class _Found(NamedTuple):
    """One token's table, None where nobody has one, its origin, and why a newer one was refused."""

    table: TierTable | None
    origin: Origin
    refusal: str = ""


def _compose(
    venue: str, tokens: Sequence[str], answers: Mapping[Query, _Answer], own: _Answer
) -> View:
    reference, known = snapshot.tables(venue), snapshot.contracts(venue)
    span = _span(known.values())
    last_seen = max("" if span == UNDATED else span[-10:], reference.as_of or "")
    contracts = answers.get(Query(venue, "contracts"), _NOTHING).unless_before(last_seen)
    quotes = answers.get(Query(venue, "quotes"), _NOTHING).unless_before(snapshot.marks_as_of())
    listing = _listing(venue, tokens, contracts)
    found = _find_tables(venue, tokens, answers, own, listing)
    values = {
        token: value for token, value in {**known, **contracts.good()}.items() if listing.has(token)
    }
    marks = {token: quote for token, quote in quotes.good().items() if listing.has(token)}
    return View(
        venue=venue,
        tables=_tables(venue, tokens, found, values, listing, contracts),
        tiers={token: found[token].origin for token in tokens},
        quotes={**SnapshotSource().quotes(venue).good, **marks},
        quotes_origin=quotes.or_snapshot(snapshot.marks_as_of()),
        mark_origins={token: _mark_origin(venue, token, quotes, marks) for token in tokens},
        contracts=values,
        contracts_origin=contracts.or_snapshot(span),
        refused=_refused(contracts, quotes, found),
    )


def _span(contracts: Iterable[Contract]) -> str:
    """Return the days on which they were seen.

    One, the first and the last joined by `/`, or `undated`.
    """
    days = sorted({day for contract in contracts for day in contract.as_of.split("/")} - {UNDATED})
    return "/".join(dict.fromkeys([days[0], days[-1]])) if days else UNDATED


def _listing(venue: str, tokens: Iterable[str], contracts: _Answer) -> _Listing:
    """Return what the list says, where there is one.

    With a row that could not be read, what it leaves out proves nothing.
    """
    reference = snapshot.tables(venue)
    trading = frozenset({*contracts.good(), *contracts.refused()})
    if not all(map(is_token, trading)) or contracts.checked is None:
        return _Listing(
            None,
            {token: seen for token, seen in reference.not_listed.items() if token not in trading},
        )
    known = {*reference.tiers, *reference.not_listed, *tokens}
    return _Listing(trading, dict.fromkeys(sorted(known - trading), contracts.origin.as_of))


def _find_tables(
    venue: str,
    tokens: Iterable[str],
    answers: Mapping[Query, _Answer],
    own: _Answer,
    listing: _Listing,
) -> dict[str, _Found]:
    """Return every token's table.

    Those asked for, the snapshot's, and what came along with them.
    """
    reference = snapshot.tables(venue)
    whole = answers.get(Query(venue, "tiers"), _NOTHING)
    found = {}
    for token in dict.fromkeys([*tokens, *reference.tiers, *own.good(), *whole.good()]):
        if listing.has(token):
            found[token] = _find_table(
                venue, token, (own, answers.get(Query.tiers(venue, token), _NOTHING))
            )
        elif token in listing.gone:
            reason = f"{token} is {not_listed(VENUES[venue].name, listing.gone[token])}"
            found[token] = _Found(None, Origin("none", None, "", reason))
    return found


def _find_table(venue: str, token: str, answers: Sequence[_Answer]) -> _Found:
    """Return the first answer's table, else the snapshot's.

    A cached one from before the snapshot's does not count.
    """
    reference = snapshot.tables(venue)
    day = reference.dates.get(token, reference.as_of or "") if token in reference.tiers else ""
    refusal, reason = "", ""
    for answer in (answer.unless_before(day) for answer in answers):
        refusal = refusal or answer.refused().get(token, "")
        if token in answer.good():
            return _Found(answer.good()[token], answer.origin, refusal)
        reason = (
            answer.origin.reason
            if answer.checked is None
            else f"{VENUES[venue].name} gave no tiers of {token}"
        )
    reason = f"the tiers of {token} were refused ({refusal})" if refusal else reason
    if token in reference.tiers:
        return _Found(reference.tiers[token], Origin("snapshot", None, day, reason), refusal)
    return _Found(
        None, Origin("none", None, "", reason or f"no tiers of {token} are known"), refusal
    )


def _tables(
    venue: str,
    tokens: Iterable[str],
    found: Mapping[str, _Found],
    values: Mapping[str, Contract],
    listing: _Listing,
    contracts: _Answer,
) -> VenueTables:
    """Return the tables with their days.

    `source` names the kinds of those asked for, as in `live and snapshot`.
    """
    reference, flat = snapshot.tables(venue), VENUES[venue].flat_tiers
    kinds = {found[token].origin.kind for token in tokens}
    dates = {token: one.origin.as_of for token, one in found.items() if one.table is not None}
    return VenueTables(
        source=" and ".join(kind for kind in ("live", "cached", "snapshot") if kind in kinds)
        or reference.source,
        tiers={token: one.table for token, one in found.items() if one.table is not None},
        contract_values={token: value.contract_value for token, value in values.items()}
        if flat
        else {},
        as_of=reference.as_of,
        not_listed=listing.gone,
        unconfirmed=reference.unconfirmed & values.keys() - contracts.good().keys(),
        dates={token: day for token, day in dates.items() if day != reference.as_of},
    )


def _mark_origin(venue: str, token: str, quotes: _Answer, marks: Mapping[str, Quote]) -> Origin:
    if token in marks:
        return quotes.origin
    refusal = quotes.refused().get(token)
    reason = (
        quotes.origin.reason
        if quotes.checked is None
        else f"{VENUES[venue].name} gave no mark of {token}"
    )
    reason = f"the mark of {token} was refused ({refusal})" if refusal else reason
    if token in snapshot.marks():
        return Origin("snapshot", None, snapshot.marks_as_of(), reason)
    return Origin("none", None, "", reason or f"no mark of {token} is known")


def _refused(contracts: _Answer, quotes: _Answer, found: Mapping[str, _Found]) -> dict[str, str]:
    """Return what was refused of each token, one clause for all.

    Rows of unknown name are nobody's.
    """
    clauses: dict[str, list[str]] = {}
    of_tables = {token: one.refusal for token, one in found.items() if one.refusal}
    for what, refused in (
        ("tiers", of_tables),
        ("mark", quotes.refused()),
        ("contract", contracts.refused()),
    ):
        for token, why in refused.items():
            if is_token(token):
                clauses.setdefault(token, []).append(
                    f"its {what} {'were' if what == 'tiers' else 'was'} refused ({why})"
                )
    return {token: "; ".join(parts) for token, parts in clauses.items()}
