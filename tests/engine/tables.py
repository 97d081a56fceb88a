"""Tier tables as venues published them, as rows of the scenario JSON.

Dates and venues in the names below.

Binance of 2026-09-29, Bybit of 2025-12-29 (its first tiers), OKX of 2026-05-28 (its first tiers,
floors in contracts), Hyperliquid of 2026-03-10.
"""

from typing import Any

Rows = list[dict[str, Any]]


def progressive(*tiers: tuple[float, float, float, float], cap: float | None = None) -> Rows:
    """Rows from (floor, maintenance rate, maintenance amount, maximum leverage)."""
    caps = [*(tier[0] for tier in tiers[1:]), cap]
    return [
        {
            "floor": floor,
            "maintenance_rate": rate,
            "maintenance_amount": amount,
            "max_leverage": most,
            "cap": end,
        }
        for (floor, rate, amount, most), end in zip(tiers, caps, strict=True)
    ]


def flat(*tiers: tuple[float, float, float], cap: float | None = None) -> Rows:
    """Rows from (floor in contracts, maintenance rate, maximum leverage)."""
    return progressive(*((floor, rate, 0, most) for floor, rate, most in tiers), cap=cap)


def one_rate(rate: float, amount: float = 0.0) -> Rows:
    """A table of one row: one rate whatever the size."""
    return [{"floor": 0, "maintenance_rate": rate, "maintenance_amount": amount}]


_SMALL_CAP = (
    (0, 0.01, 0, 75),
    (5_000, 0.015, 25, 50),
    (10_000, 0.02, 75, 25),
    (50_000, 0.025, 325, 20),
    (100_000, 0.0333, 1155, 15),
    (175_000, 0.05, 4077.5, 10),
    (250_000, 0.1, 16577.5, 5),
    (750_000, 0.125, 35327.5, 4),
    (1_500_000, 0.1667, 97877.5, 3),
    (4_500_000, 0.25, 472727.5, 2),
    (7_500_000, 0.5, 2347727.5, 1),
)
BINANCE: dict[str, Rows] = {
    "RENDER": progressive(*_SMALL_CAP, cap=12_500_000),
    "FET": progressive(*_SMALL_CAP, cap=12_000_000),
    "BTC": progressive(
        (0, 0.004, 0, 150),
        (300_000, 0.005, 300, 100),
        (800_000, 0.0065, 1_500, 75),
        (3_000_000, 0.01, 12_000, 50),
        (12_000_000, 0.02, 132_000, 25),
        (70_000_000, 0.025, 482_000, 20),
        cap=100_000_000,
    ),
    "TAO": progressive(
        (0, 0.01, 0, 75),
        (10_000, 0.015, 50, 50),
        (100_000, 0.02, 550, 25),
        (500_000, 0.025, 3_050, 20),
        (1_000_000, 0.05, 28_050, 10),
        (5_000_000, 0.1, 278_050, 5),
        cap=10_000_000,
    ),
    "NEAR": progressive(
        (0, 0.01, 0, 75),
        (20_000, 0.015, 100, 50),
        (200_000, 0.02, 1_100, 25),
        (1_000_000, 0.025, 6_100, 20),
        (2_000_000, 0.05, 56_100, 10),
        cap=10_000_000,
    ),
}
BYBIT: dict[str, Rows] = {
    "RENDER": progressive(
        (0, 0.008, 0, 50),
        (40_000, 0.0111, 124, 45),
        (45_000, 0.0125, 187, 40),
        (50_000, 0.0143, 277, 35),
        (60_000, 0.0167, 421, 30),
        (80_000, 0.02, 685, 25),
        (100_000, 0.025, 1_185, 20),
        (200_000, 0.03, 2_185, 16.67),
    ),
    "BTC": progressive(
        (0, 0.005, 0, 100), (2_000_000, 0.0056, 1_200, 90), (2_600_000, 0.0063, 3_020, 80)
    ),
}
OKX: dict[str, Rows] = {
    "RENDER": flat(
        (0, 0.02, 20), (15_000, 0.03, 15), (30_000, 0.04, 12.5), (45_000, 0.045, 11.76), cap=60_000
    ),
    "BTC": flat((0, 0.004, 100), (1_000, 0.005, 66.66), (5_000, 0.0075, 50), (20_000, 0.0125, 40)),
}
OKX_CONTRACTS = {"RENDER": 1.0, "BTC": 0.01}
HYPERLIQUID: dict[str, Rows] = {
    "RENDER": progressive((0, 0.1, 0, 5)),
    "FET": progressive((0, 0.1, 0, 5)),
    "BTC": progressive((0, 0.0125, 0, 40), (150_000_000, 0.025, 1_875_000, 20)),
}
PUBLISHED: dict[str, dict[str, Rows]] = {
    "binance": BINANCE,
    "bybit": BYBIT,
    "okx": OKX,
    "hyperliquid": HYPERLIQUID,
}
