"""The figures of a new snapshot, fetched from a source in one round.

Requests are few: none for a value that came with another token's answer, and none to a venue that
has blocked this machine.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from margin.errors import FieldError
from margin.market.records import Contract, Funding
from margin.market.snapshot_update import statistics
from margin.market.snapshot_update.statistics import Closes
from margin.market.source import Checked, MarketSource, Unavailable
from margin.venues import VENUES, TierTable, listing_venues

Tiers = Callable[[str, str], Checked[TierTable]]
"""A function with the arguments and answers of `MarketSource.tiers`."""
Log = Callable[[str], object]
"""A function that receives a line for every request."""
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Answers:
    """The source's answers: by venue or token the value, or the reason why there is none.

    Marks and closes have their venue. Every venue is either in `contracts`, or in `silent` with the
    reason why its list of contracts is missing.
    """

    contracts: Mapping[str, Checked[Contract]]
    silent: Mapping[str, str]
    tiers: Mapping[str, Checked[TierTable]]
    marks: Checked[tuple[str, float]]
    funding: Checked[Funding]
    closes: Checked[tuple[str, Closes]]


class AnswerFetcher:
    """One round of requests, without repeating those that a venue will not answer."""

    def __init__(self, source: MarketSource, tiers: Tiers, today: date, log: Log) -> None:
        self._source = source
        self._tiers_source = tiers
        self._today = today
        self._log = log
        self._failures: dict[tuple[str, str], Unavailable] = {}
        """By venue and kind of figure, or "" for all kinds of a venue."""
        self._contracts: dict[str, Checked[Contract]] = {}
        self._silent: dict[str, str] = {}

    def fetch_all(self, tokens: Sequence[str]) -> Answers:
        """Return all figures of the tokens."""
        for venue in listing_venues():
            self._fetch_contracts(venue, tokens)
        return Answers(
            contracts=self._contracts,
            silent=self._silent,
            tiers={venue: self._fetch_tiers(venue, tokens) for venue in self._contracts},
            marks=self._fetch_marks(tokens),
            funding=_fetch_by_token(tokens, self._fetch_funding),
            closes=_fetch_by_token(tokens, self._fetch_closes),
        )

    def _fetch_contracts(self, venue: str, tokens: Sequence[str]) -> None:
        try:
            contracts = self._fetch("contracts", self._source.contracts, venue)
        except Unavailable as error:
            self._silent[venue] = _reason(venue, error)
            return
        if contracts.good.keys().isdisjoint(tokens):
            self._silent[venue] = f"{VENUES[venue].name} answers for none of its tokens"
        else:
            self._contracts[venue] = contracts

    def _fetch(self, kind: str, fetch: Callable[..., Value], venue: str, *token: str) -> Value:
        """Return the answer of `fetch`, unless an earlier failure makes the request pointless."""
        for scope in ("", kind):
            if (venue, scope) in self._failures:
                raise self._failures[venue, scope]
        self._log(" ".join([f"{VENUES[venue].name}: {kind}", *token]))
        try:
            return fetch(venue, *token)
        except Unavailable as error:
            if error.trouble in {"blocked", "busy"}:
                self._failures[venue, ""] = error
            elif error.trouble in {"silent", "key"}:
                self._failures[venue, kind] = error
            raise

    def _fetch_tiers(self, venue: str, tokens: Iterable[str]) -> Checked[TierTable]:
        good: dict[str, TierTable] = {}
        refused: dict[str, str] = {}
        for token in tokens:
            if token not in self._contracts[venue].good or token in good or token in refused:
                continue
            refused[token] = f"{VENUES[venue].name} gave no tiers of it"
            try:
                tiers = self._fetch("tiers", self._tiers_source, venue, token)
            except Unavailable as error:
                refused[token] = _reason(venue, error)
            else:
                good.update(tiers.good)
                refused.update(tiers.refused)
        return Checked(good, refused)

    def _fetch_marks(self, tokens: Sequence[str]) -> Checked[tuple[str, float]]:
        """Return by token the first venue's mark with that venue, or the first reason for none."""
        good: dict[str, tuple[str, float]] = {}
        refused: dict[str, str] = {}
        for venue in listing_venues():
            missing = [token for token in tokens if token not in good]
            if not missing:
                break
            try:
                quotes = self._fetch("marks", self._source.quotes, venue)
            except Unavailable as error:
                refused = dict.fromkeys(missing, _reason(venue, error)) | refused
                continue
            refused = {**quotes.refused, **refused}
            for token in missing:
                if token in quotes.good:
                    good[token] = venue, quotes.good[token].mark
        return Checked(good, dict.fromkeys(tokens, "no venue has a mark of it") | refused)

    def _fetch_funding(self, token: str) -> Funding:
        venue = self._history_venues(token)[0]
        try:
            history = self._fetch("funding", self._source.funding, venue, token)
        except Unavailable as error:
            raise FieldError("", _reason(venue, error)) from None
        return statistics.funding(venue, history, self._today)

    def _fetch_closes(self, token: str) -> tuple[str, Closes]:
        """Return the closes of the first venue with enough candles, and that venue."""
        reasons = []
        for venue in self._history_venues(token):
            try:
                candles = self._fetch("daily candles", self._source.candles, venue, token)
                return venue, statistics.daily_closes(candles, self._today)
            except Unavailable as error:
                reasons.append(_reason(venue, error))
            except FieldError as error:
                reasons.append(f"on {VENUES[venue].name} it {error.message}")
        raise FieldError("", "; ".join(reasons))

    def _history_venues(self, token: str) -> list[str]:
        """Return the venues with long histories that list the token, or may list it.

        Raises FieldError where there are none.
        """
        unlisted = [
            venue
            for venue, contracts in self._contracts.items()
            if token not in contracts.good and token not in contracts.refused
        ]
        candidates = [venue for venue in listing_venues() if VENUES[venue].api.long_history]
        venues = [venue for venue in candidates if venue not in unlisted]
        if not venues:
            names = " nor on ".join(VENUES[venue].name for venue in candidates)
            raise FieldError("", f"it is listed neither on {names}")
        return venues


def _reason(venue: str, error: Unavailable) -> str:
    return f"{VENUES[venue].name} {error.reason}"


def _fetch_by_token(tokens: Iterable[str], fetch: Callable[[str], Value]) -> Checked[Value]:
    good: dict[str, Value] = {}
    refused: dict[str, str] = {}
    for token in tokens:
        try:
            good[token] = fetch(token)
        except FieldError as error:
            refused[token] = error.message
    return Checked(good, refused)
