"""A venue's figures now: live, else cached, else from the snapshot, each with its origin.

Views are composed from a `MarketCache` without a request. The snapshot replaces a cached answer
that is older. The venue's list of contracts, where there is one, decides which tokens have a
perpetual there.
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
"""An answer younger than this is live, however often its kind is refreshed."""
_UNITS = ((172_800, 86_400, "days"), (3600, 3600, "h"), (60, 60, "min"))
"""Units of age: used from this many seconds on, their length in seconds, their name."""


class Origin(NamedTuple):
    """The origin of a figure; `none` where there is no figure.

    `seen_at` is the time of live and cached figures, in UTC. `as_of` is an ISO date, two joined by
    `/` where a snapshot's figures span them, `undated`, or empty for `none`. `reason` says, as a
    sentence without its full stop, why the figure is not live; empty where no live one was wanted.
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
        if self.as_of == UNDATED:
            return f"snapshot, {UNDATED}"
        return f"snapshot of {self.as_of.replace('/', ' to ')}"


def _age(age: timedelta) -> str:
    """Return the age in whole units, rounded down and never below 0."""
    seconds = max(0, int(age.total_seconds()))
    for since, unit, name in _UNITS:
        if seconds >= since:
            return f"{seconds // unit} {name}"
    return f"{seconds} s"


@dataclass(frozen=True, slots=True)
class View:
    """A venue's figures with their origins.

    `tiers` and `mark_origins` are the origins of the tier table and the mark of every requested
    token. `quotes` has every token with a known mark: where the venue gave none it is the
    snapshot's, so `quotes_origin` does not apply to it but its entry of `mark_origins`. `refused`
    has the tokens of which a figure failed its checks and was replaced: a clause after the token.
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
    """Return the queries that a view of these tokens needs; none for the textbook account."""
    if VENUES[choice(venue, "venue", VENUES)].own_fraction:
        return ()
    tiers = dict.fromkeys(Query.tiers(venue, token) for token in tokens)
    return (Query(venue, "contracts"), Query(venue, "quotes"), *tiers)


def view_venue(
    market: MarketCache | None,
    venue: str,
    tokens: Iterable[str],
    extra_tiers: Checked[TierTable] | None = None,
    extra_seen_at: datetime | None = None,
) -> View:
    """Return the venue as the cache has it now, with the tier tables of these tokens.

    It makes no request (`MarketCache.refresh` does), and without a cache it is the snapshot's.
    `extra_tiers` are tables read with the user's own key, which come first, and `extra_seen_at` is
    when they were read (None: now). Raises FieldError for an unknown venue or an invalid token.
    """
    requested = tuple(dict.fromkeys(tokens))
    now = market.now() if market else utc_now()
    answers = {}
    if market:
        for query in queries(venue, requested):
            answers[query] = _answer(query, market.entry(query), now)
    extra = _NO_ANSWER
    if extra_tiers is not None:
        entry = Entry(Cached(extra_tiers, extra_seen_at or now))
        extra = _answer(Query(venue, "tiers"), entry, now)
    return _compose(venue, requested, answers, extra)


@cache
def snapshot_view(venue: str) -> View:
    """Return the venue as the snapshot has it, with the origin of every table."""
    tables = snapshot.tables(venue)
    return _compose(venue, (*tables.tiers, *tables.not_listed), {}, _NO_ANSWER)


class _Answer(NamedTuple):
    """A venue's checked answer, or None, with its origin or the reason why there is none."""

    checked: Checked[Any] | None
    origin: Origin

    def unless_before(self, day: str) -> "_Answer":
        """Return the answer without its values if it is a cached one from before this ISO date."""
        if self.origin.kind == "cached" and self.origin.as_of < day:
            return _Answer(None, self.origin)
        return self

    def or_snapshot(self, as_of: str) -> Origin:
        """Return the answer's origin, or the snapshot's for the same reason."""
        if self.checked is not None:
            return self.origin
        return Origin("snapshot", None, as_of, self.origin.reason)

    def good(self) -> Mapping[str, Any]:
        """Return the good values by token, empty where there is no answer."""
        return self.checked.good if self.checked is not None else {}

    def refused(self) -> Mapping[str, str]:
        """Return why tokens without a good value were refused."""
        if self.checked is None:
            return {}
        return {
            token: reason
            for token, reason in self.checked.refused.items()
            if token not in self.checked.good
        }


_NO_ANSWER = _Answer(None, Origin("none", None, ""))


def _answer(query: Query, entry: Entry, now: datetime) -> _Answer:
    cached, reason = entry.cached, _not_live_reason(query, entry)
    if cached is None or not cached.value.good:
        return _Answer(None, Origin("none", None, "", reason))
    day = cached.seen_at.astimezone(UTC).date().isoformat()
    if is_live(query, entry, now):
        return _Answer(cached.value, Origin("live", cached.seen_at, day))
    return _Answer(cached.value, Origin("cached", cached.seen_at, day, reason))


def is_live(query: Query, entry: Entry, now: datetime) -> bool:
    """Return whether this process's newest attempt succeeded within three times its time to live.

    An answer younger than `SHORTEST_LIFE` counts as well.
    """
    cached = entry.cached
    if cached is None or cached.from_disk or entry.failure is not None:
        return False
    return now - cached.seen_at <= max(SHORTEST_LIFE, 3 * TIME_TO_LIVE[query.kind])


def _not_live_reason(query: Query, entry: Entry) -> str:
    """Return why there is no live answer, as a sentence without its full stop."""
    name = VENUES[query.venue].name
    if entry.failure is not None:
        return f"{name} {entry.failure.reason}"
    if entry.fetching:
        return f"{name} is being asked"
    if entry.cached is not None and not entry.cached.value.good:
        return f"{name} named none"
    never_asked = entry.cached is None or entry.cached.from_disk
    return f"{name} has not been asked {'yet' if never_asked else 'since'}"


class _Listing(NamedTuple):
    """Which tokens have a perpetual on the venue.

    `trading` are the tokens of its list, None where the list is missing or incomplete: then all
    but the `absent` ones count. `absent` is by token the day on which its absence was seen.
    """

    trading: frozenset[str] | None
    absent: Mapping[str, str]

    def has(self, token: str) -> bool:
        """Return whether the token has a perpetual there."""
        if self.trading is None:
            return token not in self.absent
        return token in self.trading


class _TokenTable(NamedTuple):
    """A token's tier table if there is one, its origin, and why a newer one was refused."""

    table: TierTable | None
    origin: Origin
    refusal: str = ""


def _compose(
    venue: str, tokens: Sequence[str], answers: Mapping[Query, _Answer], extra: _Answer
) -> View:
    reference, known = snapshot.tables(venue), snapshot.contracts(venue)
    span = _span(known.values())
    last_seen = max("" if span == UNDATED else span[-10:], reference.as_of or "")
    contracts = answers.get(Query(venue, "contracts"), _NO_ANSWER).unless_before(last_seen)
    quotes = answers.get(Query(venue, "quotes"), _NO_ANSWER).unless_before(snapshot.marks_as_of())
    listing = _listing(venue, tokens, contracts)
    token_tables = _token_tables(venue, tokens, answers, extra, listing)
    listed = {
        token: contract
        for token, contract in {**known, **contracts.good()}.items()
        if listing.has(token)
    }
    marks = {token: quote for token, quote in quotes.good().items() if listing.has(token)}
    return View(
        venue=venue,
        tables=_venue_tables(venue, tokens, token_tables, listed, listing, contracts),
        tiers={token: token_tables[token].origin for token in tokens},
        quotes={**SnapshotSource().quotes(venue).good, **marks},
        quotes_origin=quotes.or_snapshot(snapshot.marks_as_of()),
        mark_origins={token: _mark_origin(venue, token, quotes, marks) for token in tokens},
        contracts=listed,
        contracts_origin=contracts.or_snapshot(span),
        refused=_refusals(contracts, quotes, token_tables),
    )


def _span(contracts: Iterable[Contract]) -> str:
    """Return the contracts' day, their first and last joined by `/`, or `undated`."""
    days: set[str] = set()
    for contract in contracts:
        days.update(contract.as_of.split("/"))
    days.discard(UNDATED)
    if not days:
        return UNDATED
    return "/".join(dict.fromkeys([min(days), max(days)]))


def _listing(venue: str, tokens: Iterable[str], contracts: _Answer) -> _Listing:
    """Return which tokens the venue lists, by its list where there is a complete one."""
    reference = snapshot.tables(venue)
    trading = frozenset({*contracts.good(), *contracts.refused()})
    # A row that could not be read may be of any token, so the list proves no absence.
    if not all(map(is_token, trading)) or contracts.checked is None:
        absent = {token: day for token, day in reference.not_listed.items() if token not in trading}
        return _Listing(None, absent)
    known = {*reference.tiers, *reference.not_listed, *tokens}
    return _Listing(trading, dict.fromkeys(sorted(known - trading), contracts.origin.as_of))


def _token_tables(
    venue: str,
    tokens: Iterable[str],
    answers: Mapping[Query, _Answer],
    extra: _Answer,
    listing: _Listing,
) -> dict[str, _TokenTable]:
    """Return the tables of the requested tokens, of the snapshot's and of all in the answers."""
    reference = snapshot.tables(venue)
    all_tiers = answers.get(Query(venue, "tiers"), _NO_ANSWER)
    tables = {}
    for token in dict.fromkeys([*tokens, *reference.tiers, *extra.good(), *all_tiers.good()]):
        if listing.has(token):
            answer = answers.get(Query.tiers(venue, token), _NO_ANSWER)
            tables[token] = _token_table(venue, token, (extra, answer))
        elif token in listing.absent:
            reason = f"{token} is {not_listed(VENUES[venue].name, listing.absent[token])}"
            tables[token] = _TokenTable(None, Origin("none", None, "", reason))
    return tables


def _token_table(venue: str, token: str, answers: Sequence[_Answer]) -> _TokenTable:
    """Return the table of the first answer that has one, else the snapshot's.

    A cached answer from before the snapshot's table does not count.
    """
    reference = snapshot.tables(venue)
    day = reference.dates.get(token, reference.as_of or "") if token in reference.tiers else ""
    refusal, reason = "", ""
    for answer in (answer.unless_before(day) for answer in answers):
        refusal = refusal or answer.refused().get(token, "")
        if token in answer.good():
            return _TokenTable(answer.good()[token], answer.origin, refusal)
        reason = _absence(answer, venue, f"tiers of {token}")
    reason = f"the tiers of {token} were refused ({refusal})" if refusal else reason
    if token in reference.tiers:
        return _TokenTable(reference.tiers[token], Origin("snapshot", None, day, reason), refusal)
    reason = reason or f"no tiers of {token} are known"
    return _TokenTable(None, Origin("none", None, "", reason), refusal)


def _absence(answer: _Answer, venue: str, figure: str) -> str:
    """Return why the answer lacks a figure, as a sentence without its full stop."""
    if answer.checked is None:
        return answer.origin.reason
    return f"{VENUES[venue].name} gave no {figure}"


def _venue_tables(
    venue: str,
    tokens: Iterable[str],
    token_tables: Mapping[str, _TokenTable],
    listed: Mapping[str, Contract],
    listing: _Listing,
    contracts: _Answer,
) -> VenueTables:
    """Return the tables with their days and their source, such as `live and snapshot`."""
    reference = snapshot.tables(venue)
    kinds = {token_tables[token].origin.kind for token in tokens}
    sources = [kind for kind in ("live", "cached", "snapshot") if kind in kinds]
    tiers, dates = {}, {}
    for token, (table, origin, _) in token_tables.items():
        if table is not None:
            tiers[token] = table
            dates[token] = origin.as_of
    contract_values = {}
    if VENUES[venue].flat_tiers:
        contract_values = {token: contract.contract_value for token, contract in listed.items()}
    return VenueTables(
        source=" and ".join(sources) or reference.source,
        tiers=tiers,
        contract_values=contract_values,
        as_of=reference.as_of,
        not_listed=listing.absent,
        unconfirmed=reference.unconfirmed & listed.keys() - contracts.good().keys(),
        dates={token: day for token, day in dates.items() if day != reference.as_of},
    )


def _mark_origin(venue: str, token: str, quotes: _Answer, marks: Mapping[str, Quote]) -> Origin:
    if token in marks:
        return quotes.origin
    refusal = quotes.refused().get(token)
    reason = _absence(quotes, venue, f"mark of {token}")
    reason = f"the mark of {token} was refused ({refusal})" if refusal else reason
    if token in snapshot.marks():
        return Origin("snapshot", None, snapshot.marks_as_of(), reason)
    return Origin("none", None, "", reason or f"no mark of {token} is known")


def _refusals(
    contracts: _Answer, quotes: _Answer, tables: Mapping[str, _TokenTable]
) -> dict[str, str]:
    """Return what was refused of a token, in one clause; rows without a token are omitted."""
    clauses: dict[str, list[str]] = {}
    refused_tiers = {token: table.refusal for token, table in tables.items() if table.refusal}
    for subject, refused in (
        ("tiers were", refused_tiers),
        ("mark was", quotes.refused()),
        ("contract was", contracts.refused()),
    ):
        for token, reason in refused.items():
            if is_token(token):
                clauses.setdefault(token, []).append(f"its {subject} refused ({reason})")
    return {token: "; ".join(parts) for token, parts in clauses.items()}
