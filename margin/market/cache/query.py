"""A query to a source, which is the key of a cache entry, and the entry's value.

The caches in memory and on disk share both.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, get_args

from margin.errors import FieldError, choice, shown
from margin.market.source import MarketSource
from margin.venues import VENUES, listing_venues

Kind = Literal["quotes", "contracts", "tiers", "funding", "candles"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""In the order in which they are fetched: what users wait for comes first."""

_TOKEN = re.compile(r"[A-Z0-9]{1,15}")


class Query(NamedTuple):
    """A query, the key of a cache entry; `token` is empty where one answer has every token."""

    venue: str
    kind: Kind
    token: str = ""

    @classmethod
    def tiers(cls, venue: str, token: str) -> "Query":
        """Return the query whose answer has this token's tiers."""
        return cls(venue, "tiers", "" if VENUES[venue].api.tiers_in_one_answer else token)

    def check(self) -> None:
        """Raise FieldError for an invalid query; a valid one is safe as a file's name."""
        choice(self.venue, "venue", listing_venues())
        choice(self.kind, "kind", KINDS)
        for_all_tokens = self.kind in ("quotes", "contracts")
        if self.kind == "tiers":
            for_all_tokens = VENUES[self.venue].api.tiers_in_one_answer
        valid = self.token == "" if for_all_tokens else is_token(self.token)
        if not valid:
            rule = "must be empty" if for_all_tokens else "must be a token"
            raise FieldError(
                "token", f"{rule} for {self.kind} of {self.venue}, got {shown(self.token)}"
            )

    def fetch(self, source: MarketSource) -> Any:
        """Return the source's answer. Raises Unavailable."""
        if self.kind == "candles":
            return source.candles(self.venue, self.token)
        if self.kind == "funding":
            return source.funding(self.venue, self.token)
        if self.kind == "tiers":
            return source.tiers(self.venue, self.token)
        if self.kind == "contracts":
            return source.contracts(self.venue)
        return source.quotes(self.venue)


def is_token(value: object) -> bool:
    """Return whether the value is a valid token name."""
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None


# Compared by identity, for values may contain arrays.
@dataclass(frozen=True, slots=True, eq=False)
class Cached:
    """A source's answer and when it was fetched, in UTC.

    `from_disk` is true where an earlier run of the program fetched it.
    """

    value: Any
    seen_at: datetime
    from_disk: bool = False


def utc_now() -> datetime:
    """Return the current time in UTC, with its time zone."""
    return datetime.now(UTC)
