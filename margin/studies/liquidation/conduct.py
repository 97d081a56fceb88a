"""Assumptions about a liquidation: order of positions, cost of orders, and stops."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, get_args

from margin.errors import FieldError, choice, keyed, number, shown
from margin.model.scenario import MOST_POSITIONS, SIDES, Side
from margin.model.symbols import token

SLIPPAGE = 0.005
"""What an order is taken to lose against the mark unless the person says otherwise."""

Order = Literal["most_adverse", "largest", "smallest", "most_margin"]
ORDERS: tuple[Order, ...] = get_args(Order)
"""Which position is liquidated first: by unrealised loss, notional or requirement.

Asked anew before every order.
"""

PositionName = tuple[str, Side]
"""A position's token and side."""
PriceStops = Mapping[PositionName, float]


@dataclass(frozen=True, slots=True)
class MarginStop:
    """A rule: at this margin used close a part of one position, or all, once.

    `position` is its token and side, None for every one; where it is not held, nothing happens. In
    isolated mode each position is measured and closed by itself. Raises FieldError with the path of
    the field.
    """

    at: float
    close: float
    position: PositionName | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", number(self.at, "at", above=0, below=1))
        object.__setattr__(self, "close", number(self.close, "close", above=0, at_most=1))
        if self.position is not None:
            object.__setattr__(self, "position", _position(self.position, "position"))


@dataclass(frozen=True, slots=True)
class Conduct:
    """How positions are closed on the way; fractions throughout.

    `slippage` is lost against the mark by every forced order and every stop. `liquidation_fee` is a
    part of what a forced order trades, None: the venue's. `price_stops` close a whole position,
    named by token and side, when its mark reaches the price from whichever side. `gap`: a stop
    fills this part of the remaining path beyond its trigger, the market having no price in between.

    Raises FieldError with the path of the field.
    """

    order: Order = "most_adverse"
    slippage: float = SLIPPAGE
    liquidation_fee: float | None = None
    stop: MarginStop | None = None
    price_stops: PriceStops = field(default_factory=dict)
    gap: float = 0.0

    def __post_init__(self) -> None:
        fee = self.liquidation_fee
        checked = {
            "order": choice(self.order, "order", ORDERS),
            "slippage": number(self.slippage, "slippage", at_least=0, below=1),
            "liquidation_fee": None
            if fee is None
            else number(fee, "liquidation_fee", at_least=0, below=1),
            "price_stops": MappingProxyType(_stops(self.price_stops)),
            "gap": number(self.gap, "gap", at_least=0, at_most=1),
        }
        if not isinstance(self.stop, MarginStop | None):
            raise FieldError("stop", f"must be a margin stop, got {shown(self.stop)}")
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @property
    def has_stops(self) -> bool:
        """Whether the person has any stop standing."""
        return self.stop is not None or bool(self.price_stops)


def _stops(values: object) -> dict[tuple[str, str], float]:
    """Return the price stops by token and side; two spellings of one position are refused."""
    stops: dict[tuple[str, str], float] = {}
    for key, value in keyed(values, "price_stops", most=MOST_POSITIONS).items():
        name = _position(key, "price_stops")
        path = f"price_stops.{name[0]}.{name[1]}"
        if name in stops:
            raise FieldError(path, "is given twice")
        stops[name] = number(value, path, above=0)
    return stops


def _position(value: object, path: str) -> tuple[str, str]:
    """Return a position's name, its token as the scenario spells it."""
    if not isinstance(value, tuple) or len(value) != 2:
        raise FieldError(path, f"must be named by token and side, got {shown(value)}")
    return token(value[0], path), choice(value[1], path, SIDES)
