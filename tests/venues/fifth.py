"""A made-up venue: its rules as one object, and tables as the snapshot's would be."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copytree

import pytest

import margin.venues
from margin.market.snapshot import embedded
from margin.market.snapshot.embedded import EMBEDDED
from margin.market.view import snapshot_view
from margin.venues import LiquidationPolicy, RatioRule, Venue, register
from margin.venues.liquidation import Case

KEY, NAME = "quintus", "Quintus"
UNLISTED = "TAO"
"""The one token that the made-up venue does not list."""
STEPS = (
    "Half of the position is closed, again and again.",
    "It ends as soon as the requirement is met.",
)
OPEN = "Not published: anything else."
_DATA = Path(embedded.__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Halving(LiquidationPolicy):
    """Close half of the position with every order, and all once less than a tenth of it is left."""

    def keeps(self, case: Case) -> float:
        """Return what the order leaves, in tokens."""
        return case.quantity / 2 if case.quantity > case.at_start / 10 else 0.0


BY_NOTIONAL = Venue(
    key=KEY,
    name=NAME,
    settlement="USDC",
    taker_fee=0.0007,
    ratio=RatioRule("Danger (margin used)", "rises"),
    liquidation=Halving(fee=0.003, relief=0.95, nets_pairs=True, steps=STEPS, not_published=OPEN),
    assumptions=(f"{KEY}: everything about this venue is made up",),
)
BY_CONTRACTS = replace(
    BY_NOTIONAL,
    ratio=RatioRule("Safety (equity ÷ requirement)", "falls"),
    flat_tiers=True,
    liquidation_fee_required=True,
)


@contextmanager
def registered(venue: Venue, folder: Path) -> Iterator[None]:
    """Have the program know the venue and, from a snapshot in the folder, its made-up tables."""
    copytree(_DATA, folder)
    listed = [symbol for symbol in EMBEDDED.marks() if symbol != UNLISTED]
    amounts = ("", "", "") if venue.flat_tiers else ("0", "200", "2200")
    for symbol in listed:
        _append(
            folder / "contracts.csv", f"{KEY},{symbol},2026-09-30,trading,0.0001,1,5,1,yes,0.0007"
        )
        edges = [("0", "20000"), ("20000", "100000"), ("100000", "1000000")]
        for (floor, cap), rate, amount, leverage in zip(
            edges, ("0.01", "0.02", "0.04"), amounts, (50, 25, 12), strict=True
        ):
            _append(
                folder / "tiers.csv",
                f"{KEY},{symbol},2026-09-30,{floor},{cap},{rate},{amount},{leverage}",
            )
    _append(folder / "listings.csv", f"{KEY},{UNLISTED},2026-09-30,not listed")
    register(venue)
    with pytest.MonkeyPatch.context() as patch:
        # What the snapshot has read already goes with it, and comes back afterwards.
        patch.setattr(EMBEDDED, "__dict__", {"_folder": folder})
        snapshot_view.cache_clear()
        yield
    margin.venues._registry.pop(venue.key)
    snapshot_view.cache_clear()


def _append(file: Path, row: str) -> None:
    with file.open("a", encoding="utf-8") as opened:
        opened.write(f"{row}\n")
