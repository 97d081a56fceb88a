"""All that a new snapshot needs, asked of a source in one round.

Per venue and token the value, or the reason for none.

Asks as little as it can: not twice for what came with another token's answer, and nothing more of a
venue that turns this machine away.
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
"""Answers as `MarketSource.tiers` does."""
Say = Callable[[str], object]
"""Is told, a line each, what is being asked."""
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Answers:
    """What the source gave: per venue or token the value or the reason for none.

    Closes and marks with their venue.

    `silent` holds, with their reasons, the venues that did not say what they list; the others are
    in `contracts`.
    """

    contracts: Mapping[str, Checked[Contract]]
    silent: Mapping[str, str]
    tiers: Mapping[str, Checked[TierTable]]
    marks: Checked[tuple[str, float]]
    funding: Checked[Funding]
    closes: Checked[tuple[str, Closes]]


class Asking:
    """One round of questions, in which a venue is not asked again for what it will not answer."""

    def __init__(self, source: MarketSource, tiers: Tiers, today: date, say: Say) -> None:
        self._source = source
        self._ask_tiers = tiers
        self._today = today
        self._say = say
        self._closed: dict[tuple[str, str], Unavailable] = {}
        self._contracts: dict[str, Checked[Contract]] = {}
        self._silent: dict[str, str] = {}

    def all_about(self, tokens: Sequence[str]) -> Answers:
        """Return every figure of these tokens."""
        for venue in listing_venues():
            try:
                found = self._ask("contracts", self._source.contracts, venue)
            except Unavailable as error:
                self._silent[venue] = _reason(venue, error)
            else:
                if found.good.keys().isdisjoint(tokens):
                    self._silent[venue] = f"{VENUES[venue].name} answers for none of its tokens"
                else:
                    self._contracts[venue] = found
        return Answers(
            self._contracts,
            self._silent,
            {venue: self._tiers(venue, tokens) for venue in self._contracts},
            self._marks(tokens),
            _each(tokens, self._funding),
            _each(tokens, self._closes),
        )

    def _ask(self, kind: str, question: Callable[..., Value], venue: str, *further: str) -> Value:
        for scope in ("", kind):
            if (venue, scope) in self._closed:
                raise self._closed[venue, scope]
        self._say(" ".join([f"{VENUES[venue].name}: {kind}", *further[:1]]))
        try:
            return question(venue, *further)
        except Unavailable as error:
            if error.trouble in {"blocked", "busy"}:
                self._closed[venue, ""] = error
            elif error.trouble in {"silent", "key"}:
                self._closed[venue, kind] = error
            raise

    def _tiers(self, venue: str, tokens: Iterable[str]) -> Checked[TierTable]:
        good: dict[str, TierTable] = {}
        refused: dict[str, str] = {}
        for token in tokens:
            if token not in self._contracts[venue].good or token in good or token in refused:
                continue
            refused[token] = f"{VENUES[venue].name} gave no tiers of it"
            try:
                found = self._ask("tiers", self._ask_tiers, venue, token)
            except Unavailable as error:
                refused[token] = _reason(venue, error)
            else:
                good.update(found.good)
                refused.update(found.refused)
        return Checked(good, refused)

    def _marks(self, tokens: Sequence[str]) -> Checked[tuple[str, float]]:
        """Return per token the first venue's mark, or the first reason for none."""
        good: dict[str, tuple[str, float]] = {}
        refused: dict[str, str] = {}
        for venue in listing_venues():
            missing = [token for token in tokens if token not in good]
            if not missing:
                break
            try:
                quotes = self._ask("marks", self._source.quotes, venue)
            except Unavailable as error:
                refused = dict.fromkeys(missing, _reason(venue, error)) | refused
            else:
                good.update(
                    {
                        token: (venue, quotes.good[token].mark)
                        for token in missing
                        if token in quotes.good
                    }
                )
                refused = {**quotes.refused, **refused}
        return Checked(good, dict.fromkeys(tokens, "no venue has a mark of it") | refused)

    def _funding(self, token: str) -> Funding:
        venue = self._history_venues(token)[0]
        try:
            history = self._ask("funding", self._source.funding, venue, token)
        except Unavailable as error:
            raise FieldError("", _reason(venue, error)) from None
        return statistics.funding(venue, history, self._today)

    def _closes(self, token: str) -> tuple[str, Closes]:
        """Return from the first venue whose candles reach back far enough."""
        reasons = []
        for venue in self._history_venues(token):
            try:
                candles = self._ask("daily candles", self._source.candles, venue, token)
                return venue, statistics.daily_closes(candles, self._today)
            except Unavailable as error:
                reasons.append(_reason(venue, error))
            except FieldError as error:
                reasons.append(f"on {VENUES[venue].name} it {error.message}")
        raise FieldError("", "; ".join(reasons))

    def _history_venues(self, token: str) -> list[str]:
        """Return those that list the token or did not say what they list.

        Raises FieldError where there are none.
        """
        unlisted = [
            venue
            for venue, found in self._contracts.items()
            if token not in found.good and token not in found.refused
        ]
        remembering = [venue for venue in listing_venues() if VENUES[venue].api.long_history]
        venues = [venue for venue in remembering if venue not in unlisted]
        if not venues:
            names = " nor on ".join(VENUES[venue].name for venue in remembering)
            raise FieldError("", f"it is listed neither on {names}")
        return venues


def _reason(venue: str, error: Unavailable) -> str:
    return f"{VENUES[venue].name} {error.reason}"


def _each(tokens: Iterable[str], read: Callable[[str], Value]) -> Checked[Value]:
    good: dict[str, Value] = {}
    refused: dict[str, str] = {}
    for token in tokens:
        try:
            good[token] = read(token)
        except FieldError as error:
            refused[token] = error.message
    return Checked(good, refused)
