"""What the replayed venues say.

The snapshot's tiers, marks and funding, and an account made for the purpose.

One book serves all venues. Tests change a figure in it and ask again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import sin
from typing import Any, Literal, NamedTuple

from margin.market.records import Contract
from margin.market.snapshot import embedded as snapshot
from margin.market.venues.connection import Key
from margin.model.scenario import Account, Market, Position, Scenario, Side
from margin.studies.account.assess import Assessment, PositionFigures, assess
from margin.venues import TierTable, VenueTables
from tests.replay.server import milliseconds

KEY = Key("replayed-api-key-4f1c", "replayed-secret-9d2e", "replayed-passphrase-77b0")
"""The one key that the replayed venues know."""
ADDRESS = "0x5ec2e7000000000000000000000000000000feed"
"""The one wallet that the replayed Hyperliquid knows."""
LIVE = ("binance", "bybit", "okx", "hyperliquid")

HOUR = 3_600_000
"""In ms."""
PERIODS = {"1d": 24 * HOUR, "1h": HOUR}


@dataclass
class Leg:
    """A position of the replayed account; `isolated_margin` None: cross."""

    token: str
    side: Side
    quantity: float
    entry_price: float
    leverage: float
    isolated_margin: float | None = None


class Told(NamedTuple):
    """A leg, what the venue says of it, and its liquidation price (None: there is none)."""

    leg: Leg
    figures: PositionFigures
    liquidation_price: float | None


def _tiers() -> dict[str, dict[str, list[dict[str, Any]]]]:
    return {
        venue: {token: table.rows() for token, table in snapshot.tables(venue).tiers.items()}
        for venue in LIVE
    }


def _legs() -> list[Leg]:
    return [
        Leg("RENDER", "long", 8000, 1.85, 10),
        Leg("NEAR", "short", 3000, 1.30, 5),
        Leg("TAO", "long", 60, 265.0, 20),
        Leg("TAO", "short", 20, 280.0, 20),
    ]


@dataclass
class Book:
    """Figures per token, tiers per venue and token (rows of the scenario JSON).

    A token without tiers is not listed.
    """

    marks: dict[str, float] = field(default_factory=lambda: dict(snapshot.marks()))
    tiers: dict[str, dict[str, list[dict[str, Any]]]] = field(default_factory=_tiers)
    index_off: float = 0.0005
    """How far the index prices stand from the marks, as a fraction of them."""
    rates: dict[str, float] = field(
        default_factory=lambda: {
            token: funding.median for token, funding in snapshot.funding().items()
        }
    )
    intervals: dict[str, int] = field(
        default_factory=lambda: {
            token: funding.interval_hours for token, funding in snapshot.funding().items()
        }
    )
    contracts: dict[str, Contract] = field(default_factory=dict)
    """Of tokens beyond the snapshot."""
    wallet: float = 6_000.0
    legs: list[Leg] = field(default_factory=_legs)
    taker_fee: float = 0.0004
    """The account's own."""
    other_coins: dict[str, float] = field(default_factory=dict)
    """What the account holds besides the settlement coin."""
    multi_assets: bool = False
    """Whether those coins count, where the venue has such a switch."""
    bybit_unit: float = 1.0
    """What margins of 100% are written as on Bybit: 1, or 100 where it gives per cent."""
    bybit_mode: str = ""
    """The margin mode that Bybit tells; empty: as the legs are."""
    odd_positions: bool = False
    """Whether the account also holds positions that can't be imported."""
    clock_skew: int = 0
    """How many ms the venues' clocks are ahead of this machine's."""
    may_trade: bool = False
    may_withdraw: bool = False

    def tokens(self, venue: str) -> list[str]:
        """What the venue lists."""
        return list(self.tiers[venue])

    def contract(self, venue: str, token: str) -> Contract:
        """Its contract: the one given, or the snapshot's."""
        return self.contracts.get(token) or snapshot.contracts(venue)[token]

    def index(self, token: str) -> float:
        """Its index price."""
        return self.marks[token] * (1 + self.index_off)

    def clock(self) -> int:
        """The venues' time in ms."""
        return milliseconds() + self.clock_skew

    def next_funding(self, token: str) -> int:
        """When the next payment is due, in ms."""
        interval = self.intervals[token] * HOUR
        return (self.clock() // interval + 1) * interval

    def funding(
        self, token: str, count: int, hours: int | None = None
    ) -> Iterator[tuple[int, float]]:
        """Time and rate of the latest payments, oldest first."""
        interval = (hours or self.intervals[token]) * HOUR
        last = self.clock() // interval
        for number in range(last - count + 1, last + 1):
            yield number * interval, round(self.rates[token] + 0.0001 * sin(number), 8)

    def candles(
        self, token: str, timeframe: Literal["1d", "1h"], count: int
    ) -> Iterator[tuple[int, list[float]]]:
        """Beginning in ms, and open, high, low, close of the latest periods, oldest first.

        The last closes at the mark.

        Low and high stand 1% beyond open and close.
        """
        last = self.clock() // PERIODS[timeframe]
        mark = self.marks[token]
        for number in range(last - count + 1, last + 1):
            opened, closed = (
                mark * (1 + 0.03 * (sin(n) - sin(last))) for n in (number - 1, number)
            )
            extremes = [max(opened, closed) * 1.01, min(opened, closed) * 0.99]
            yield (
                number * PERIODS[timeframe],
                [float(f"{price:.8g}") for price in (opened, *extremes, closed)],
            )

    def scenario(self, venue: str, legs: list[Leg] | None = None) -> Scenario:
        """The account, or some legs of it, as a scenario beside the venue's tables.

        Isolated where all of them are.
        """
        legs = self.legs if legs is None else legs
        isolated = bool(legs) and all(leg.isolated_margin is not None for leg in legs)
        flat = venue == "okx"
        tables = {
            token: TierTable.from_rows(rows, progressive=not flat)
            for token, rows in self.tiers[venue].items()
        }
        values = (
            {token: self.contract(venue, token).contract_value for token in tables} if flat else {}
        )
        return Scenario(
            Account(venue, "isolated" if isolated else "cross", self.wallet, self.taker_fee),
            tuple(
                Position(
                    leg.token,
                    leg.side,
                    leg.quantity,
                    leg.entry_price,
                    leg.leverage,
                    leg.isolated_margin,
                )
                for leg in legs
            ),
            Market(
                {leg.token: self.marks[leg.token] for leg in legs},
                reference=VenueTables("replay", tables, values),
            ),
        )

    def assessment(self, venue: str, legs: list[Leg] | None = None) -> Assessment:
        """The account's figures by this project's own rules.

        What a venue that agrees with it says.
        """
        return assess(self.scenario(venue, legs))

    def told(self, venue: str) -> list[Told]:
        """What the venue says of every leg.

        The cross ones as one account, each isolated one by itself.
        """
        cross = [leg for leg in self.legs if leg.isolated_margin is None]
        together = self.assessment(venue, cross)
        of_leg = dict(zip(map(id, cross), together.positions, strict=True))
        prices = {price.symbol: price.below or price.above for price in together.liquidation_prices}
        return [
            Told(leg, of_leg[id(leg)], prices[leg.token])
            if id(leg) in of_leg
            else self._alone(venue, leg)
            for leg in self.legs
        ]

    def _alone(self, venue: str, leg: Leg) -> Told:
        figures = self.assessment(venue, [leg])
        price = figures.liquidation_prices[0]
        return Told(leg, figures.positions[0], price.below or price.above)


def plain(value: float) -> str:
    """A figure as venues write it, without an exponent."""
    return f"{value:.12f}".rstrip("0").rstrip(".")
