"""Binance USDⓈ-M futures, single account in USDT (multi-assets mode where collateral is given).

Source: the venue's published liquidation price formula for cross margin and its leverage and margin
tables. Initial margin N ÷ L, requirement Σ (N·m − d), margin ratio maintenance margin ÷ margin
balance, liquidation at 100%. Its API refuses another margin type for a symbol with open orders
(error −4047) or a position (−4048); leverage is set per symbol. Multi-assets mode, which is cross
only (−4167, −4168): balance and profit of each coin count at its index · (1 − haircut) as bid,
debts and requirements at the ask; below −10,000 USD a coin is exchanged automatically.
"""

from dataclasses import dataclass

from margin.venues.liquidation import Case, LiquidationPolicy, kept_part
from margin.venues.rules import Api, Doubts, RatioRule, Venue

RELIEF = 0.9
"""Margin used that a forced order is taken to aim at."""
LEAST_ORDER = 0.1
"""A forced order closes at least this part of the position as it was at the start.

On a path without jumps the account is caught with exactly no headroom, so "just enough" alone would
be nothing at all.
"""


@dataclass(frozen=True, slots=True)
class JustEnough(LiquidationPolicy):
    """Close what brings margin used back to `RELIEF`, at least `LEAST_ORDER`.

    All where that will not do.
    """

    def keeps(self, case: Case) -> float:
        """Return what the order leaves, in tokens."""
        kept = kept_part(case, RELIEF)
        if kept is None:
            return 0.0
        return min(case.quantity * kept, case.quantity - LEAST_ORDER * case.at_start)


BINANCE = Venue(
    key="binance",
    name="Binance",
    settlement="USDT",
    taker_fee=0.0005,
    ratio=RatioRule("Margin ratio", "rises", formula="maintenance margin ÷ margin balance"),
    liquidation=JustEnough(
        fee=0.0125,
        cancels_orders=True,
        steps=(
            "All open orders are cancelled; stop orders are among them.",
            "One order that fills what it can at once reduces a position. As soon as the "
            "requirement is met, it ends.",
            "What the market does not take goes to the insurance fund at the bankruptcy price, "
            "where equity is 0; if "
            "the fund cannot bear it, traders on the other side are deleveraged.",
            "A fee is taken on what is liquidated: 0.5% to 2.5% by symbol, 1.25% on BTC.",
        ),
        not_published="Not published: which position goes first, and how much one order reduces.",
        assumptions=(
            "how much one order reduces is not published; taken as enough to bring margin used"
            " to "
            "{relief:percent}, at least a tenth of the position as it was, all where that will "
            "not do",
        ),
        facts={"relief": RELIEF},
    ),
    api=Api(tiers_in_one_answer=True, tiers_need_key=True, long_history=True),
    mode_fixed_while_open=True,
    one_leverage_in=frozenset({"cross", "isolated"}),
    uncounted="Binance's Multi-Assets Mode is cross only",
    doubts=Doubts(
        collateral=(
            "balance and profit in USDT count at one rate, as at Binance's bid; its ask, at which "
            "it counts "
            "requirements and debts, is taken as 1 for requirements; a debt counts at the one "
            "rate: too little"
        ),
        owing="Binance exchanges collateral automatically once a coin stands below −10,000 USD: "
        "not modelled",
    ),
    open_positions='copy the rows of the tab "Positions" on its futures screen',
)
