"""Binance USDⓈ-M futures, single account in USDT (multi-assets mode where collateral is given)."""

from margin.venues.rules import RatioRule, Venue

BINANCE = Venue(
    key="binance",
    name="Binance",
    settlement="USDT",
    taker_fee=0.0005,
    ratio=RatioRule("Margin ratio (maintenance margin ÷ margin balance)", "rises"),
)
