"""Which venue lists which perpetual, and what became of renamed and merged tokens.

A venue's `View` answers: by the venue's list of contracts, or by the snapshot's days.
"""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from margin.market.snapshot import embedded as snapshot
from margin.market.view import View
from margin.messages import both_days
from margin.model.symbols import MERGED, RENAMED

Status = Literal["trading", "listed", "not listed", "not known"]
"""`listed`: the venue publishes tiers for it, and whether it trades now is not known."""


class Listing(NamedTuple):
    """One token's status on one venue.

    `seen` is a day, two days with a word between them, `undated`, or empty.
    """

    venue: str
    status: Status
    seen: str

    @property
    def text(self) -> str:
        """The status as text, `trading (2026-08-06)` or `not known`."""
        return f"{self.status} ({self.seen})" if self.seen else self.status


class StatusRow(NamedTuple):
    """One token's status on every venue, in the order of the views."""

    token: str
    listings: tuple[Listing, ...]


class Succession(NamedTuple):
    """A renamed or merged token, its successor, and the sentence about them."""

    token: str
    successor: str
    text: str


def known_tokens(others: Iterable[str] = ()) -> list[str]:
    """Return the snapshot's tokens and the others, without repeats."""
    return list(dict.fromkeys([*snapshot.marks(), *others]))


def status_rows(views: Sequence[View], tokens: Iterable[str]) -> list[StatusRow]:
    """Return one row per token, one listing per view."""
    return [StatusRow(token, tuple(_listing(view, token) for view in views)) for token in tokens]


def _listing(view: View, token: str) -> Listing:
    """Return the token's status on the view's venue."""
    contract, tables = view.contracts.get(token), view.tables
    # The venue's own list comes before its tiers, which may outlive a perpetual.
    has_list = view.contracts_origin.kind in ("live", "cached")
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
"""How and when a renamed token changed its name."""


def successions() -> tuple[Succession, ...]:
    """Return the succession of every renamed or merged token."""
    renamed = [
        Succession(old, new, f"{old} became {new}, {_RENAMED[old]}. {old} is read as {new} here.")
        for old, new in RENAMED.items()
    ]
    merged = [Succession(old, "FET", _merger(old, ratio)) for old, ratio in MERGED.items()]
    return (*renamed, *merged)


def _merger(token: str, ratio: float) -> str:
    return (
        f"{token} merged into FET in June–July 2024, 1 {token} = {ratio:.6f} FET. Its perpetuals "
        f"are gone, though dead rows of it remain in lists of tiers. Enter the FET instead."
    )
