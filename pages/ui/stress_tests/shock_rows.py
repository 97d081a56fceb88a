"""What the Rules-and-combined section asks and says: its cells and its table. Pure functions."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from margin import formatting as wording
from margin.errors import FieldError, number
from margin.model.scenario import Scenario
from margin.model.shocks import BOUNDS, Shocks
from margin.studies.stress.outcome import Outcome
from margin.studies.stress.shocks import ShockResult
from margin.text.shocks import PARTS, state

PERCENT = 100
Texts = dict[str, str]


class Cell(NamedTuple):
    """An input of the shocks.

    The field it fills, and by how much a person's figure is larger than the field's.

    One that is asked of single tokens says what counts for a token `otherwise`, where nothing is
    supposed of it.
    """

    field: str
    label: str
    factor: float
    step: float
    meaning: str
    otherwise: str = ""

    @property
    def bounds(self) -> dict[str, float]:
        """What a person's figure may be, as `errors.number` takes it."""
        return {kind: bound * self.factor for kind, bound in BOUNDS[self.field].items()}

    @property
    def span(self) -> str:
        """From where to where a person's figure may go."""
        low, high = [f"{bound:g}".replace("-", "−") for bound in self.bounds.values()]
        least = f"above {low} and up" if "above" in self.bounds else low
        return f"{least} to {high}{'%' if self.factor == PERCENT else ''}"

    @property
    def help(self) -> str:
        """What the input means, and what it may be."""
        return f"{self.meaning}, {self.span}"

    def held(self, shocks: Shocks, token: str = "") -> float | None:
        """Return what is supposed: of everything, or of one token."""
        value: Any = getattr(shocks, self.field)
        held: float | None = value.get(token) if token else value
        return held

    def shown(self, shocks: Shocks, token: str = "") -> float | None:
        """Return what is supposed, as a person reads it."""
        value = self.held(shocks, token)
        return None if value is None else value * self.factor

    def exact(self, start: Shocks, typed: float, token: str = "") -> float:
        """Return what a person's figure means.

        As long as nobody changes it, exactly what stood there.

        Raises FieldError in the figure's own unit; its path is the input's label, and the token.
        """
        number(typed, f"“{self.label}”{' of ' if token else ''}{token}", **self.bounds)
        value = self.held(start, token)
        return (
            value
            if value is not None and typed == self.shown(start, token)
            else typed / self.factor
        )

    def instead(self, shocks: Shocks, token: str = "") -> str:
        """Return what counts in place of a figure that cannot be used."""
        value = self.shown(shocks, token)
        return f"{self.otherwise if value is None else f'{value:.6g}'} counts instead"


NUMBERS = (
    Cell("common", "Joint move, %", PERCENT, 5.0, "every token by its beta"),
    Cell("maintenance", "Maintenance ×", 1, 0.25, "every maintenance rate times this"),
    Cell("leverage_cap", "Leverage caps ×", 1, 0.1, "the venue's leverage caps times this"),
    Cell("haircut", "Haircut, %", PERCENT, 5.0, "the part by which every collateral ratio is cut"),
    Cell("days", "Days", 1, 1.0, "how long funding and interest run"),
    Cell(
        "interest",
        "Interest a year, %",
        PERCENT,
        5.0,
        "on what wallet and open profit and loss in the settlement coin come to below 0",
    ),
)
CELLS = (
    Cell(
        "moves",
        "Price move, %",
        PERCENT,
        5.0,
        "its own price change in place of the joint move",
        "the joint move",
    ),
    Cell(
        "maintenance_by_token",
        "Maintenance ×",
        1,
        0.25,
        "its own multiplier in place of the one for all",
        "the multiplier for all",
    ),
    Cell(
        "funding",
        "Funding a day, %",
        PERCENT,
        0.01,
        "what a long pays a short per day, of the notional",
        "0",
    ),
)
Typed = Mapping[tuple[Cell, str], float]
"""Figures as a person reads them, by input and token.

The token is empty where the input speaks of everything.
"""


def read(typed: Typed, start: Shocks, now: Shocks) -> tuple[dict[str, Any], list[str]]:
    """Return the shocks' fields that the inputs say, and a sentence per bad figure.

    `start` is what the inputs began with; what counts `now` stays in place of a figure that cannot
    be used.
    """
    fields: dict[str, Any] = {cell.field: {} for cell in CELLS}
    refused = []
    for (cell, token), figure in typed.items():
        value = cell.held(now, token)
        try:
            value = cell.exact(start, figure, token)
        except FieldError as error:
            refused.append(f"{error.path} {error.message}; {cell.instead(now, token)}.")
        if not token:
            fields[cell.field] = value
        elif value is not None:
            fields[cell.field][token] = value
    return fields, refused


def beyond_bounds(ticks: Mapping[str, float]) -> str:
    """Return which price changes, by token as fractions, are beyond what may be supposed.

    Empty where none is.
    """
    low, high = BOUNDS["moves"].values()
    far = [
        f"{token} {wording.percent(move, sign=True)}"
        for token, move in ticks.items()
        if not low <= move <= high
    ]
    return (
        f"a price move may be {CELLS[0].span}, and at its worst tick it has {', '.join(far)}"
        if far
        else ""
    )


def part_rows(parts: Sequence[ShockResult], scenario: Scenario) -> list[Texts]:
    """Return per part what the account comes to."""
    return [
        {
            "Supposed": PARTS[part.key],
            "Margin balance": wording.money(part.outcome.remaining),
            "Requirement": wording.money(part.outcome.requirement),
            "Margin used": _load(part.outcome),
            "Headroom": wording.money(part.outcome.headroom),
            "Outcome": state(part.outcome, scenario),
            "Above the leverage cap": ", ".join(part.above_cap) or wording.MISSING,
        }
        for part in (parts if len(parts) > 2 else parts[:1])
    ]


def _load(outcome: Outcome) -> str:
    if outcome.requirement_to_equity is None and outcome.requirement:
        return "no equity left"
    return wording.percent(outcome.requirement_to_equity)
