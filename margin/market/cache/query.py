"""One query to a source, which is the key of a cache entry, and a value of that entry.

Memory and disk share both.
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
"""In the order in which a venue is asked for them: what a person waits for first."""

_TOKEN = re.compile(r"[A-Z0-9]{1,15}")


class Query(NamedTuple):
    """A query, the key of a cache entry. `token` is empty where one answer serves all."""

    venue: str
    kind: Kind
    token: str = ""

    @classmethod
    def tiers(cls, venue: str, token: str) -> "Query":
        """Return the query whose answer holds this token's tiers."""
        return cls(venue, "tiers", "" if VENUES[venue].api.tiers_in_one_answer else token)

    def check(self) -> None:
        """Raise FieldError for a query that may not be made.

        One that passes is safe as a file's name.
        """
        choice(self.venue, "venue", listing_venues())
        choice(self.kind, "kind", KINDS)
        whole = self.kind in ("quotes", "contracts")
        if self.kind == "tiers":
            whole = VENUES[self.venue].api.tiers_in_one_answer
        if self.token != "" if whole else not is_token(self.token):
            wanted = "must be empty" if whole else "must be a token"
            raise FieldError(
                "token", f"{wanted} for {self.kind} of {self.venue}, got {shown(self.token)}"
            )

    def fetch(self, source: MarketSource) -> Any:
        """Return the source's answer. Raises Unavailable."""
        if self.kind == "candles":
            return source.candles(self.venue, self.token)
        if self.kind == "funding":
            return source.funding(self.venue, self.token)
        if self.kind == "tiers":
            return source.tiers(self.venue, self.token)
        return (
            source.contracts(self.venue) if self.kind == "contracts" else source.quotes(self.venue)
        )


def is_token(value: object) -> bool:
    """Return whether this is spelt as a token."""
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None


# Identity is its equality: values may hold arrays.
@dataclass(frozen=True, slots=True, eq=False)
class Cached:
    """A value and when it was fetched, in UTC.

    `from_disk` where another run of the program fetched it.

    `value` is what the source's method of that kind gives.
    """

    value: Any
    seen_at: datetime
    from_disk: bool = False


def utc_now() -> datetime:
    """Return the time, aware, in UTC."""
    return datetime.now(UTC)
