"""What it takes to survive a move, as one line."""

from math import floor

from margin import formatting as wording
from margin.model.scenario import Scenario
from margin.studies.account.advice import Advice
from margin.studies.distance.directions import Direction
from margin.text.danger import way

_CENTS, _HUNDREDTHS_OF_A_PERCENT = 100, 10_000
_NO_COSTS = "closing costs neither fee nor slippage, and sizes are not rounded to lots"


def in_words(advice: Advice, scenario: Scenario, direction: Direction | None = None) -> str:
    """Return the advice as one line, for a joint move unless it goes in another direction.

    Amounts are rounded to the safe side: up to the next cent or 0.01%.
    """
    move = f"{wording.step(advice.move)} {'together' if direction is None else way(direction)}"
    if advice.survives:
        return f"You survive {move}, with {wording.money(advice.spare)} of headroom to spare."
    add = f"add {wording.money(_above(advice.deposit, _CENTS))}"
    if scenario.account.isolated:
        return (
            f"To survive {move}: {add} of isolated margin in all, to each position what "
            f"it lacks itself."
        )
    if advice.cut is None:
        return f"To survive {move}: {add}; even closing everything now would not be enough."
    cut = wording.percent(_above(advice.cut, _HUNDREDTHS_OF_A_PERCENT))
    return f"To survive {move}: {add}, or cut every position by {cut} ({_NO_COSTS})."


def _above(value: float, parts: int) -> float:
    """Return the next whole part of one that lies above the value by more than rounding."""
    return (floor(value * parts + 1e-6) + 1) / parts
