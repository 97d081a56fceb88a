"""What the Rules-and-combined section asks and says: its cells, its table, its sentences. Pure functions."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from margin import formatting as wording
from margin.errors import FieldError, number
from margin.market.price_moves import Paid
from margin.model.scenario import Scenario
from margin.model.shocks import BOUNDS, Shocks
from margin.studies.account.assess import Assessment
from margin.studies.stress.outcome import Outcome
from margin.studies.stress.shocks import Part
from margin.text.stress import PARTS

PERCENT = 100
LONG = 3_650.0
"""Days beyond which an account is said to last for years."""
WHOLE_DAYS = 100.0
"""Days from which on they are told without decimals."""
LEAST_DAYS = 0.05
"""Days below this would be told as 0."""
SOURCES = 4
"""Sources of rates that are named one by one."""
Texts = dict[str, str]


class Cell(NamedTuple):
    """An input of the shocks: the field it fills, and by how much a person's figure is larger than the field's.

    One that is asked of single tokens says what counts for a token `otherwise`, where nothing is supposed of it.
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
        return f"{least} to {high}{' %' if self.factor == PERCENT else ''}"

    @property
    def help(self) -> str:
        """What the input means, and what it may be."""
        return f"{self.meaning}, {self.span}"

    def held(self, shocks: Shocks, token: str = "") -> float | None:
        """What is supposed: of everything, or of one token."""
        value: Any = getattr(shocks, self.field)
        held: float | None = value.get(token) if token else value
        return held

    def shown(self, shocks: Shocks, token: str = "") -> float | None:
        """What is supposed, as a person reads it."""
        value = self.held(shocks, token)
        return None if value is None else value * self.factor

    def exact(self, start: Shocks, typed: float, token: str = "") -> float:
        """What a person's figure means: as long as nobody changes it, exactly what stood there.

        Raises FieldError in the figure's own unit; its path is the input's label, and the token.
        """
        number(typed, f"“{self.label}”{' of ' if token else ''}{token}", **self.bounds)
        value = self.held(start, token)
        return value if value is not None and typed == self.shown(start, token) else typed / self.factor

    def instead(self, shocks: Shocks, token: str = "") -> str:
        """What counts in place of a figure that cannot be used."""
        value = self.shown(shocks, token)
        return f"{self.otherwise if value is None else f'{value:.6g}'} counts instead"


NUMBERS = (
    Cell("common", "Common move, %", PERCENT, 5.0, "every token by its beta"),
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
    Cell("moves", "Price move, %", PERCENT, 5.0, "its own price change in place of the common move", "the common move"),
    Cell(
        "maintenance_by_token",
        "Maintenance ×",
        1,
        0.25,
        "its own multiplier in place of the one for all",
        "the multiplier for all",
    ),
    Cell("funding", "Funding a day, %", PERCENT, 0.01, "what a long pays a short per day, of the notional", "0"),
)
Typed = Mapping[tuple[Cell, str], float]
"""Figures as a person reads them, by input and token; the token is empty where the input speaks of everything."""


def read(typed: Typed, start: Shocks, now: Shocks) -> tuple[dict[str, Any], list[str]]:
    """The fields of the shocks that the inputs say, and a sentence for every figure that cannot be used.

    `start` is what the inputs began with; what counts `now` stays in place of a figure that cannot be used.
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
    """Which price changes, by token as fractions, are beyond what may be supposed; empty where none is."""
    low, high = BOUNDS["moves"].values()
    far = [f"{token} {wording.percent(move, sign=True)}" for token, move in ticks.items() if not low <= move <= high]
    return f"a price move may be {CELLS[0].span}, and at its worst tick it has {', '.join(far)}" if far else ""


def part_rows(parts: Sequence[Part], scenario: Scenario) -> list[Texts]:
    """Per part what the account comes to."""
    return [
        {
            "Supposed": PARTS[part.key],
            "Margin balance": wording.money(part.outcome.remaining),
            "Requirement": wording.money(part.outcome.requirement),
            "Requirement ÷ equity": _load(part.outcome),
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


def state(outcome: Outcome, scenario: Scenario) -> str:
    """How the account stands, in words."""
    if outcome.positions_lost:
        return f"{outcome.positions_lost} of {len(scenario.positions)} positions lost"
    if outcome.liquidated is None:
        return "not known"
    if outcome.liquidated:
        return "liquidated on the way" if _ends_above(outcome) else "liquidated"
    level = scenario.levels.reached(outcome.requirement_to_equity)
    return f"{level} level" if level else "below warning"


def _ends_above(outcome: Outcome) -> bool:
    """Whether what the prices liquidate on their way would stand again at their end, under the other rules."""
    return outcome.headroom is not None and outcome.headroom > 0


def sentence(parts: Sequence[Part], scenario: Scenario) -> str:
    """What all together comes to, against today."""
    before, together = parts[0].outcome, parts[-1].outcome
    if len(parts) == 2:
        return "Nothing is supposed yet: fill in what may go wrong, or take a named day's prices."
    money = f"margin balance {wording.money(before.remaining)} → {wording.money(together.remaining)}"
    if together.requirement is None:
        gone = f"at least {state(together, scenario)}" if together.positions_lost else "the account is liquidated"
        lost = f"{gone}, " if together.liquidated else ""
        return f"All together: {lost}{money}; what is required is not known, for want of a tier table."
    if together.positions_lost:
        already = f" ({before.positions_lost} today already)" if before.positions_lost else ""
        return f"All together: {state(together, scenario)}{already}, {money}."
    if together.liquidated and before.liquidated:
        return "The account is liquidated today already."
    if together.liquidated:
        way = " on the way, before the other rules are in force" if _ends_above(together) else ""
        required = wording.money(together.requirement)
        return f"All together liquidates the account{way}: {money}, requirement {required}."
    loads = [wording.percent(outcome.requirement_to_equity) for outcome in (before, together)]
    moves = [parts[0].nearest, parts[-1].nearest]
    falls = ["none" if move is None else wording.percent(move, sign=True) for move in moves]
    return (
        f"All together: {state(together, scenario)}, {money}, requirement ÷ equity {' → '.join(loads)}, nearest common "
        f"move to liquidation {' → '.join(falls)}."
    )


class Lasting(NamedTuple):
    """How long the headroom lasts, None where nothing is lost, and what a day costs, negative where it is paid."""

    days: float | None
    a_day: float


def lasting(account: Assessment, found: Lasting, rates: str, *, isolated: bool) -> str:
    """How long the account lasts with prices still; `rates` says what it pays, empty where that is not known."""
    if account.headroom is None:
        return "not known, for want of a tier table: how long the account would last on its funding"
    if account.liquidated:
        return f"{'a position is lost' if isolated else 'the account is liquidated'} already, whatever it would pay"
    if not rates:
        return "no funding rate of these tokens is known"
    at = f"at {rates}, with prices still"
    if found.days is None:
        return f"{at}, nothing is lost: on balance the account {_paid(found.a_day)}"
    who = "the first position is lost" if isolated else "liquidation"
    return f"{at}, it is {_days(found.days)} until {who}"


def _paid(a_day: float) -> str:
    """What a day brings to an account that loses nothing."""
    return f"is paid {wording.money(-a_day)} a day" if a_day < -wording.HALF_A_CENT else "pays nothing"


def _days(days: float) -> str:
    if days > LONG:
        return "more than ten years"
    if days < LEAST_DAYS:
        return "less than 0.1 days"
    return f"{days:,.{0 if days >= WHOLE_DAYS else 1}f} days"


def present_rates(rates: Mapping[str, Paid], recorded: Mapping[str, str], venue: str) -> str:
    """What an account on `venue`, empty for none, pays now; `recorded`: by token the venue whose recorded median it is.

    Every rate is told with its source; empty where there is none.
    """
    if not rates:
        return ""
    venues = list(dict.fromkeys(recorded.values()))
    other = f", not on {venue}" if venue and venue not in venues else ""
    median = f"the median rate recorded on {wording.listing(venues)}{other}"
    told = "the present rate" if len(recorded) < len(rates) else ""
    which = f"{told}, and where none is told {median}" if told and venues else told or median
    return f"{which} ({sources(rates)})"


def sources(rates: Mapping[str, Paid]) -> str:
    """The rates a day, each with where it is from."""
    told = [f"{token} {_rate(paid.a_day)} a day, {paid.source}" for token, paid in rates.items()]
    more = [f"{len(told) - SOURCES} more"] if len(told) > SOURCES else []
    return "; ".join([*told[:SOURCES], *more])


def _rate(a_day: float) -> str:
    """A rate to three significant digits."""
    return wording.rate(float(f"{a_day:.3g}"))
