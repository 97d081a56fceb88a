"""Bybit Unified Trading Account, USDT perpetuals.

Source: the venue's help pages on margin calculation under the unified account; since 2025-09-02 margins of a cross
account are taken at the mark price. Both margins carry the fee to close `c = q·EP·(1 − s/L)·f`; requirement
Σ (N·m − d + c). Isolated long: `LP = (q·EP − q·EP/L − extra/(1 − f) − d) / (q·(1 − m))`; the short side is inferred.
"""

from margin.venues.rules import RatioRule, Venue

BYBIT = Venue(
    key="bybit",
    name="Bybit",
    settlement="USDT",
    taker_fee=0.00055,
    ratio=RatioRule("Account MM rate (maintenance margin ÷ margin balance)", "rises"),
    closing_fee_in_margins=True,
    open_positions='copy the rows of the tab "Positions" on its derivatives screen, not of "Closed P&L"',
    assumptions=(
        "bybit: the closing fee of an isolated short is inferred from the published long formula",
        "bybit: interest on borrowed funds is not modelled",
    ),
)
