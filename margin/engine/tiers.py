"""Leverage tiers: from a position's size to its maintenance rate and leverage cap.

Progressive tables (Binance, Bybit, Hyperliquid) are read by notional in the settlement coin: each
slice pays its own rate; in closed form `MM = N·m_k − d_k` with `d_0 = 0` and `d_{k+1} = d_k +
floor_{k+1}·(m_{k+1} − m_k)`, as their tables publish it. Flat tables (OKX) are read by contracts,
and one rate applies to the whole notional (inferred: the venue publishes no deduction). Nothing
here knows which venue it serves.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from margin.errors import FieldError, known_keys, listed, number, or_zero

MOST_ROWS = 200
EDGE = 1e-12
"""A size within this (relative) above a cap still belongs to the lower tier.

Notionals are products of doubles.
"""
_WITHIN = 1 - EDGE
CONTINUITY = 1e-6
"""How far a published amount may be from the one by continuity, relative to the floor's."""


def locate(floors: Sequence[float], size: float) -> int:
    """Return index (from 0) of the tier that `size` lies in: the last whose floor is below it."""
    return bisect_left(floors, size * _WITHIN, 1) - 1


@dataclass(frozen=True, slots=True)
class TierTable:
    """A verified schedule. All tuples have one entry per tier, lowest tier first.

    `floors` are notionals (progressive) or contracts (flat); a size exactly at a floor belongs to
    the tier below. `last_cap` ends the last tier (None: unlimited); beyond it the last rate goes
    on. A table of one row is a window on a schedule: its maintenance amount is taken as given,
    wherever the size lies.

    Raises FieldError, with a path from the table's own root (`[2].floor`), when the rows are no
    schedule.
    """

    progressive: bool
    floors: tuple[float, ...]
    rates: tuple[float, ...]
    amounts: tuple[float, ...]
    max_leverages: tuple[float | None, ...]
    last_cap: float | None = None
    jumps: bool = field(init=False, repr=False, compare=False)
    """Whether the maintenance margin steps where tiers meet.

    Always in a flat table, and where amounts are rounded.
    """

    def __post_init__(self) -> None:
        object.__setattr__(self, "jumps", _verify(self) > EDGE)

    def exceeds_last_cap(self, size: float) -> bool:
        """Return whether the schedule ends below this size."""
        return self.last_cap is not None and size > self.last_cap * (1 + EDGE)

    def rows(self) -> list[dict[str, float | None]]:
        """Return the table as the rows of the scenario JSON.

        An exact round trip through `from_rows`.
        """
        caps = (*self.floors[1:], self.last_cap)
        return [
            {
                "floor": floor,
                "maintenance_rate": rate,
                "maintenance_amount": amount,
                "max_leverage": most,
                "cap": cap,
            }
            for floor, rate, amount, most, cap in zip(
                self.floors, self.rates, self.amounts, self.max_leverages, caps, strict=True
            )
        ]

    @classmethod
    def from_rows(cls, rows: object, *, progressive: bool) -> "TierTable":
        """Return the table of JSON rows; missing amounts and caps follow from the others."""
        entries = [
            _read_row(row, f"[{index}]")
            for index, row in enumerate(listed(rows, "", most=MOST_ROWS))
        ]
        if not entries:
            raise FieldError("", "must have at least one tier, got none")
        for index, (row, following) in enumerate(pairwise(entries)):
            cap, floor = row["cap"], following["floor"]
            if cap is not None and cap != floor:
                raise FieldError(
                    f"[{index + 1}].floor",
                    f"must continue where tier {index + 1} ends, at {cap:g}, got {floor:g}",
                )
        return cls(
            progressive=progressive,
            floors=tuple(row["floor"] for row in entries),
            rates=tuple(row["maintenance_rate"] for row in entries),
            amounts=_amounts(entries, progressive=progressive),
            max_leverages=tuple(row["max_leverage"] for row in entries),
            last_cap=entries[-1]["cap"],
        )


def _read_row(row: object, path: str) -> dict[str, Any]:
    if not isinstance(row, Mapping):
        raise FieldError(path, "must be an object with floor and maintenance_rate")
    optional = {"maintenance_amount": {}, "max_leverage": {"above": 0.0}, "cap": {"above": 0.0}}
    known_keys(row, path, required=["floor", "maintenance_rate"], optional=optional)
    clean: dict[str, Any] = {
        "floor": number(row["floor"], f"{path}.floor", at_least=0),
        "maintenance_rate": number(
            row["maintenance_rate"], f"{path}.maintenance_rate", at_least=0, at_most=1
        ),
    }
    for key, bounds in optional.items():
        value = row.get(key)
        clean[key] = None if value is None else number(value, f"{path}.{key}", **bounds)
    return clean


def _amounts(entries: Sequence[Mapping[str, Any]], *, progressive: bool) -> tuple[float, ...]:
    amounts: list[float] = []
    for index, row in enumerate(entries):
        given = row["maintenance_amount"]
        if given is not None:
            amounts.append(given)
        elif index == 0 or not progressive:
            amounts.append(0.0)
        else:
            step = row["maintenance_rate"] - entries[index - 1]["maintenance_rate"]
            amounts.append(or_zero(amounts[-1] + row["floor"] * step))
    return tuple(amounts)


def _verify(table: TierTable) -> float:
    """Refuse what is no schedule.

    Returns the largest step where two tiers meet, relative to the margin there.
    """
    if len(table.floors) > 1 and table.floors[0] != 0:
        raise FieldError("[0].floor", f"must be 0, got {table.floors[0]:g}")
    if table.last_cap is not None and table.last_cap <= table.floors[-1]:
        raise FieldError(
            f"[{len(table.floors) - 1}].cap", f"must be above its floor, got {table.last_cap:g}"
        )
    if table.amounts[0] != 0 and (len(table.floors) > 1 or not table.progressive):
        raise FieldError("[0].maintenance_amount", f"must be 0, got {table.amounts[0]:g}")
    steps = [_verify_step(table, index) for index in range(1, len(table.floors))]
    return max(steps, default=0.0)


def _verify_step(table: TierTable, index: int) -> float:
    floor, rate, amount = table.floors[index], table.rates[index], table.amounts[index]
    previous_leverage, leverage = table.max_leverages[index - 1], table.max_leverages[index]
    if floor <= table.floors[index - 1]:
        raise FieldError(f"[{index}].floor", f"must be above the floor before it, got {floor:g}")
    if rate < table.rates[index - 1]:
        raise FieldError(
            f"[{index}].maintenance_rate", f"must not be below the rate before it, got {rate:g}"
        )
    if previous_leverage is not None and leverage is not None and leverage > previous_leverage:
        raise FieldError(
            f"[{index}].max_leverage", f"must not be above the one before it, got {leverage:g}"
        )
    expected = (
        table.amounts[index - 1] + floor * (rate - table.rates[index - 1])
        if table.progressive
        else 0.0
    )
    if abs(amount - expected) > CONTINUITY * max(1.0, floor * rate):
        raise FieldError(
            f"[{index}].maintenance_amount", f"must be {expected:.12g}, got {amount:.12g}"
        )
    return abs(amount - expected) / max(1.0, floor * rate) if table.progressive else 1.0
