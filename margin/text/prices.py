"""Liquidation prices in words."""

from collections.abc import Mapping

from margin.formatting import MISSING
from margin.studies.distance.distances import LiquidationPrice, Reason

_WHY: Mapping[Reason, str] = {
    "covered": "none: covered down to 0",
    "gains": "none: this direction only helps",
    "flat": "none: its price does not matter",
    "no_tiers": "not known: a tier table is missing",
    "liquidated": "liquidated",
}


def short_none(price: LiquidationPrice | None) -> str:
    """Return what stands in a row in place of a liquidation price."""
    if price is None or "no_tiers" in (price.reason_below, price.reason_above):
        return MISSING
    return "liquidated" if price.reason_below == "liquidated" else "none"


def why_none(price: LiquidationPrice) -> str:
    """Return why a token has no liquidation price.

    The reason of the side that could harm, where one could.
    """
    reasons = [
        reason
        for reason in (price.reason_below, price.reason_above)
        if reason and reason != "gains"
    ]
    return _WHY[reasons[0] if reasons else "gains"]
