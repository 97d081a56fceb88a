"""A path of prices: the straight line from the present prices to supposed ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from margin.errors import FieldError, join, keyed, number, or_zero
from margin.model.scenario import MOST_TOKENS, Scenario
from margin.model.symbols import by_token


@dataclass(frozen=True, slots=True)
class Path:
    """Prices by token in the settlement coin, all on their way at once.

    `start + t·(end − start)` for t from 0 to 1.

    No price goes below 0: on its way to an `end` below 0 it comes to 0 and stays there. A token
    without an end stands still. Raises FieldError for what is no price, and for an end without a
    start.
    """

    start: Mapping[str, float]
    end: Mapping[str, float]

    def __post_init__(self) -> None:
        start = _numbers(self.start, "start", at_least=0)
        ends = _numbers(self.end, "end")
        for token in ends:
            if token not in start:
                raise FieldError(join("end", token), "has no start")
        object.__setattr__(self, "start", MappingProxyType(start))
        object.__setattr__(self, "end", MappingProxyType({**start, **ends}))

    @classmethod
    def along(cls, start: Mapping[str, float], rates: Mapping[str, float], move: float) -> "Path":
        """Return the path to `price·(1 + rate·move)` per token; without a rate prices stay."""
        start, rates = by_token(start, "start"), _numbers(rates, "rates")
        move = number(move, "move")
        return cls(
            start,
            {token: price * (1 + rates.get(token, 0.0) * move) for token, price in start.items()},
        )

    def within(self, scenario: Scenario) -> "Path":
        """Return the same path for exactly the scenario's tokens; others stay at their marks."""
        start = {
            token: self.start.get(token, scenario.market.marks[token]) for token in scenario.tokens
        }
        return Path(start, {token: self.end[token] for token in start if token in self.end})

    def at(self, t: float) -> dict[str, float]:
        """Return the prices at a point of the path."""
        if t >= 1:
            return {token: max(0.0, price) for token, price in self.end.items()}
        return {
            token: max(0.0, price + t * (self.end[token] - price))
            for token, price in self.start.items()
        }

    def change(self, token: str) -> float:
        """Return the token's price change over the whole path, as if 0 did not stop it."""
        return self.end[token] - self.start[token]

    def reaches(self, token: str, price: float) -> float | None:
        """Return the t at which the token reaches a price above 0, None if it does not."""
        change, distance = self.change(token), price - self.start[token]
        if not distance:
            return 0.0
        t = distance / change if change else -1.0
        return t if 0 <= t <= 1 else None


def _numbers(values: object, path: str, **bounds: float) -> dict[str, float]:
    entries = by_token(keyed(values, path, most=MOST_TOKENS), path)
    return {
        token: number(_or_zero(value), join(path, token), **bounds)
        for token, value in entries.items()
    }


def _or_zero(value: object) -> object:
    """Return a price that follows from others may be too small to be entered: it is 0."""
    return or_zero(value) if isinstance(value, float) else value
