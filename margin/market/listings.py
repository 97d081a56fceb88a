"""Who lists which perpetual, and what became of tokens that are no more.

From what is at hand of each venue (a `View`): its list of contracts, or the days on which the
snapshot saw it.
"""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from margin.market.snapshot import embedded as snapshot
from margin.market.view import View
from margin.messages import both_days
from margin.model.symbols import MERGED, RENAMED

Status = Literal["trading", "listed", "not listed", "not known"]
"""`listed`: the venue has tiers for it, and nothing here says whether it trades now."""


class Listing(NamedTuple):
    """Where one token stands on one venue.

    `seen` is a day, two days with a word between, `undated`, or empty.
    """

    venue: str
    status: Status
    seen: str

    @property
    def words(self) -> str:
        """`trading (2026-08-06)`, `not known`."""
        return f"{self.status} ({self.seen})" if self.seen else self.status


class StatusRow(NamedTuple):
    """One token on every venue, in the order of the views."""

    token: str
    listings: tuple[Listing, ...]


class Story(NamedTuple):
    """What became of a token: `became` is its heir, `words` the sentence that tells it."""

    token: str
    became: str
    words: str


def known_tokens(further: Iterable[str] = ()) -> list[str]:
    """Return the snapshot's tokens, and others that are asked for, each once."""
    return list(dict.fromkeys([*snapshot.marks(), *further]))


def status_rows(views: Sequence[View], tokens: Iterable[str]) -> list[StatusRow]:
    """Return one row per token, one listing per view."""
    return [StatusRow(token, tuple(_listing(view, token) for view in views)) for token in tokens]


def _listing(view: View, token: str) -> Listing:
    """Return the venue's own list has the last word: tiers may outlive a perpetual."""
    contract, tables, has_list = (
        view.contracts.get(token),
        view.tables,
        view.contracts_origin.kind in ("live", "cached"),
    )
    if contract is not None and contract.status == "trading":
        return Listing(view.venue, "trading", contract.as_of.replace("/", " to "))
    if token in tables.not_listed:
        return Listing(view.venue, "not listed", both_days(tables.not_listed[token]))
    if has_list and token not in view.refused:
        return Listing(view.venue, "not listed", view.contracts_origin.as_of)
    if token in tables.tiers:
        return Listing(view.venue, "listed", tables.dates.get(token, tables.as_of or ""))
    return Listing(view.venue, "not known", "")


_RENAMED = {"RNDR": "1:1 in July 2024; Binance's last day of RNDRUSDT was 2024-07-16"}
"""How and when each renamed token changed its name."""


def stories() -> tuple[Story, ...]:
    """Return every token that has an heir, with its ratio."""
    renamed = [
        Story(old, new, f"{old} became {new}, {_RENAMED[old]}. {old} is read as {new} here.")
        for old, new in RENAMED.items()
    ]
    return (*renamed, *(Story(old, "FET", _merger(old, ratio)) for old, ratio in MERGED.items()))


def _merger(token: str, ratio: float) -> str:
    gone = "Its perpetuals are gone, though dead rows of it remain in lists of tiers."
    return (
        f"{token} merged into FET in June–July 2024, 1 {token} = {ratio:.6f} FET. {gone} Enter the "
        f"FET instead."
    )
