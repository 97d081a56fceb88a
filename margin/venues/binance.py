"""Binance USDⓈ-M futures, single account in USDT (multi-assets mode where collateral is given).

Source: the venue's published liquidation price formula for cross margin and its leverage and margin tables. Initial
margin N ÷ L, requirement Σ (N·m − d), margin ratio maintenance margin ÷ margin balance, liquidation at 100 %. Its API
refuses another margin type for a symbol with open orders (error −4047) or a position (−4048).
"""

from margin.venues.rules import RatioRule, Venue

BINANCE = Venue(
    key="binance",
    name="Binance",
    settlement="USDT",
    taker_fee=0.0005,
    ratio=RatioRule("Margin ratio (maintenance margin ÷ margin balance)", "rises"),
    mode_fixed_while_open=True,
    open_positions='copy the rows of the tab "Positions" on its futures screen',
)
