"""Bybit Unified Trading Account, USDT perpetuals; margins at the mark price, as since 2025-09-02."""

from margin.venues.rules import RatioRule, Venue

BYBIT = Venue(
    key="bybit",
    name="Bybit",
    settlement="USDT",
    taker_fee=0.00055,
    ratio=RatioRule("Account MM rate (maintenance margin ÷ margin balance)", "rises"),
    closing_fee_in_margins=True,
    assumptions=(
        "bybit: the closing fee of an isolated short is inferred from the published long formula",
        "bybit: interest on borrowed funds is not modelled",
    ),
)
