"""The textbook account: one maintenance fraction for everything, no tiers, no fees.

Equity ÷ notional as the ratio.

The arithmetic of introductory articles on cross margin made consistent: initial margin N ÷ L,
requirement and maintenance margin a fraction of N, liquidation where equity ÷ ΣN falls to that
fraction. No venue works so.
"""

from margin.venues.liquidation import LiquidationPolicy
from margin.venues.rules import RatioRule, Venue

TEXTBOOK = Venue(
    key="textbook",
    name="Textbook",
    settlement="USD",
    taker_fee=0.0,
    ratio=RatioRule("Equity ÷ total notional", "falls", against_notional=True),
    liquidation=LiquidationPolicy(
        steps=(
            "As introductory articles tell it, the most adverse position is closed first, whole.",
            "Then the next, until the requirement is met.",
            "Nobody charges a liquidation fee.",
            "No venue works so: there are orders to cancel, tiers, fees and an insurance fund.",
        ),
        not_published="Articles differ: some close everything at once.",
    ),
    counts_collateral=False,
    own_fraction=True,
    assumptions=("one maintenance fraction for every token; no venue works so",),
)

MARGIN_FRACTION = 0.01
"""The article's maintenance fraction, used unless the scenario gives its own."""
