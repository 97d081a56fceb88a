"""A venue's own figures of an account beside ours: what differs, and by how much."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from margin.scenario import Scenario
from margin.studies.assess import Assessment

Kind = Literal["money", "ratio", "price"]
TOLERANCE = 0.01
"""Differences beyond this part are worth a word; below it lie the venue's rounding and the seconds between answers."""


class Beside(NamedTuple):
    """One figure twice; None: not told, or for a price that there is none."""

    figure: str
    kind: Kind
    venue: float | None
    ours: float | None

    @property
    def difference(self) -> float | None:
        """How much more ours is, as a fraction of the venue's; None where one of them is missing."""
        if self.venue is None or self.ours is None or not self.venue:
            return None
        return (self.ours - self.venue) / abs(self.venue)

    @property
    def agrees(self) -> bool:
        """Whether both say the same, within the tolerance."""
        if self.difference is None:
            return self.venue == self.ours
        return abs(self.difference) <= TOLERANCE


def beside(
    scenario: Scenario,
    account: Assessment,
    *,
    equity: float | None,
    initial_margin: float | None,
    maintenance_margin: float | None,
    margin_ratio: float | None,
    liquidation_prices: Mapping[str, float],
) -> tuple[Beside, ...]:
    """The figures that the venue told, and every token's liquidation price, each beside ours.

    Where a token has liquidation prices on both sides, ours is the one on the side of the venue's, or the nearer one.
    """
    told: list[Beside] = [
        Beside("Margin balance", "money", equity, account.equity),
        Beside("Initial margin", "money", initial_margin, account.initial_margin),
        Beside("Maintenance margin", "money", maintenance_margin, account.maintenance_margin),
        Beside("Margin ratio", "ratio", margin_ratio, account.margin_ratio.value),
    ]
    figures = [each for each in told if each.venue is not None]
    for each in account.liquidation_prices:
        mark, venue = scenario.market.marks[each.symbol], liquidation_prices.get(each.symbol)
        ours = _on_the_side_of(venue, mark, each.below, each.above)
        figures.append(Beside(f"Liquidation price {each.symbol}", "price", venue, ours))
    return tuple(figures)


def _on_the_side_of(venue: float | None, mark: float, below: float | None, above: float | None) -> float | None:
    if venue is not None:
        return below if venue <= mark else above
    found = [price for price in (below, above) if price is not None]
    return min(found, key=lambda price: abs(price - mark), default=None)
