"""A venue's own figures of an account beside ours: what differs, and by how much."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from margin.model.prepared import Preparable, prepare
from margin.studies.account.assess import assess
from margin.studies.distance.distances import LiquidationPrice

Key = Literal["equity", "initial_margin", "maintenance_margin", "margin_ratio", "liquidation_price"]
Missing = Literal["none", "not_reported", "no_tiers", "liquidated"]
"""In place of a figure: no such price; the venue gives nothing; Tandem has no tier table.

The price is past.
"""
TOLERANCE = 0.01
"""Differences beyond this part are worth a word.

Below it lie the venue's rounding and the seconds between answers.
"""


class Beside(NamedTuple):
    """One figure twice. `of` is the token of a price, with the side of an isolated position.

    `TAO short`.
    """

    figure: Key
    venue: float | Missing
    ours: float | Missing
    of: str = ""

    @property
    def difference(self) -> float | None:
        """Ours minus the venue's, as a fraction of it; None if either is missing or it is 0."""
        if isinstance(self.venue, str) or isinstance(self.ours, str) or not self.venue:
            return None
        return (self.ours - self.venue) / abs(self.venue)

    @property
    def both(self) -> bool:
        """Whether there are two figures to compare."""
        return not isinstance(self.venue, str) and not isinstance(self.ours, str)

    @property
    def agrees(self) -> bool:
        """Whether both say the same, within the tolerance."""
        if self.difference is None:
            return self.venue == self.ours
        return abs(self.difference) <= TOLERANCE


def beside(
    account: Preparable,
    *,
    equity: float | None,
    initial_margin: float | None,
    maintenance_margin: float | None,
    margin_ratio: float | None,
    liquidation_prices: Mapping[tuple[str, str | None], float | None],
) -> tuple[Beside, ...]:
    """Return the figures that the venue reports, and every liquidation price, each beside ours.

    Prices are per token and side, in cross per token and None; None: the venue says that there is
    none. Where a token has liquidation prices on both sides, ours is the one on the side of the
    venue's, or the nearer one.
    """
    account = prepare(account)
    scenario, assessment = account.scenario, assess(account)
    reported: list[tuple[Key, float | None, float | None]] = [
        ("equity", equity, assessment.equity),
        ("initial_margin", initial_margin, assessment.initial_margin),
        ("maintenance_margin", maintenance_margin, assessment.maintenance_margin),
        ("margin_ratio", margin_ratio, assessment.margin_ratio.value),
    ]
    figures = [
        Beside(figure, venue, "no_tiers" if ours is None else ours)
        for figure, venue, ours in reported
        if venue is not None
    ]
    for computed in assessment.liquidation_prices:
        key, of = (
            (computed.symbol, computed.side),
            f"{computed.symbol} {computed.side or ''}".rstrip(),
        )
        price = liquidation_prices.get(key)
        absent: Missing = "none" if key in liquidation_prices else "not_reported"
        ours = _ours(computed, price, scenario.market.marks[computed.symbol])
        figures.append(Beside("liquidation_price", absent if price is None else price, ours, of))
    return tuple(figures)


def _ours(price: LiquidationPrice, venue: float | None, mark: float) -> float | Missing:
    if price.reason_below == "no_tiers":
        return "no_tiers"
    if price.reason_below == "liquidated":
        return "liquidated"
    prices = (
        (price.below, price.above)
        if venue is None
        else (price.below if venue <= mark else price.above,)
    )
    nearest = min(
        (level for level in prices if level is not None),
        key=lambda level: abs(level - mark),
        default=None,
    )
    return "none" if nearest is None else nearest
