"""Binance USDⓈ-M futures, single account in USDT (multi-assets mode where collateral is given).

Source: the venue's published liquidation price formula for cross margin and its leverage and margin tables. Initial
margin N ÷ L, requirement Σ (N·m − d), margin ratio maintenance margin ÷ margin balance, liquidation at 100 %. Its API
refuses another margin type for a symbol with open orders (error −4047) or a position (−4048); leverage is set per
symbol. Multi-assets mode, which is cross only (−4167, −4168): balance and profit of each coin count at its index · (1 −
haircut) as bid, debts and requirements at the ask; below −10,000 USD a coin is exchanged automatically.
"""

from margin.venues.rules import Doubts, RatioRule, Venue

BINANCE = Venue(
    key="binance",
    name="Binance",
    settlement="USDT",
    taker_fee=0.0005,
    ratio=RatioRule("Margin ratio (maintenance margin ÷ margin balance)", "rises"),
    mode_fixed_while_open=True,
    one_leverage_in=frozenset({"cross", "isolated"}),
    uncounted="Binance's Multi-Assets Mode is cross only",
    doubts=Doubts(
        collateral=(
            "binance: balance and profit in USDT count at one rate, as at Binance's bid; its ask, at which it counts "
            "requirements and debts, is taken as 1 for requirements; a debt counts at the one rate: too little"
        ),
        owing="binance: Binance exchanges collateral automatically once a coin stands below −10,000 USD: not modelled",
    ),
    open_positions='copy the rows of the tab "Positions" on its futures screen',
)
