"""A watched danger in words: how far prices may go its way, and what that does."""

from typing import NamedTuple

from margin import formatting as wording
from margin.model.prepared import Preparable, prepare
from margin.studies.account.assess import assess
from margin.studies.distance.directions import Direction, DirectionResult
from margin.text import findings
from margin.text.verdict import apart

NAMES = {"together": "Together", "against": "Against me", "with_btc": "BTC-led"}
"""How the dangers that have a name of their own are called."""
COURSES = {
    "together": "Joint move",
    "against": "Move against you",
    "with_btc": "BTC's move, others by beta",
}
"""What a move along a danger is called on an axis."""
SLIDERS = {
    "together": "Move all prices together (each by its beta)",
    "with_btc": "Move BTC, and the others by their beta to it",
}
"""What a slider along a danger does."""


class Headline(NamedTuple):
    """The answer: one large figure, or a word in its place, and what it stands for."""

    figure: str
    label: str


def name(direction: Direction) -> str:
    """Return what a danger is called: `Together`, `RENDER alone`."""
    return NAMES.get(direction.key, direction.name)


def course(direction: Direction) -> str:
    """Return what a move along the danger is called: `Joint move`, `Move of RENDER alone`."""
    return COURSES.get(direction.key, f"Move of {direction.name}")


def way(direction: Direction) -> str:
    """Return where a move goes, behind its figure: `−20% in RENDER alone`."""
    match direction.key:
        case "together":
            return "together"
        case "against":
            return f"against you ({apart(direction)})"
        case "with_btc":
            return "in BTC, the others following by their beta"
    return f"in {direction.name}"


def slider_label(direction: Direction) -> str:
    """Return what a slider that moves prices along the danger does."""
    if direction.key == "against":
        return f"Move all prices against you ({apart(direction)})"
    return SLIDERS.get(direction.key, f"Move {direction.name}")


def headline(danger: DirectionResult, account: Preparable) -> Headline:
    """Return how far prices may go this way, from the marks, and what is liquidated then."""
    account = prepare(account)
    isolated = findings.isolated(account.scenario)
    if not account.scenario.positions:
        return Headline("No positions", "Nothing can be liquidated. Add a position to begin.")
    if standing := findings.standing(account):
        return Headline(standing, "")
    if danger.nearest is None:
        what = "liquidates a position" if isolated else "liquidates your account"
        return Headline("No liquidation", f"No move of this kind, up to +1,000%, {what}.")
    move = wording.percent(danger.nearest, sign=True)
    what = "liquidates your first position" if isolated else "liquidates your whole account"
    tokens = {*account.scenario.tokens, *danger.direction.rates}
    where = f"{way(danger.direction)} " if len(tokens) > 1 else ""
    where += "from here " if account.scenario.market.baseline_marks else ""
    return Headline(move, f"{where}{what}")


def margin_used(account: Preparable) -> str:
    """Return what margin used means here, with the venue's own ratio by its name."""
    account = prepare(account)
    rules, ratio = account.scenario.account.rules, assess(account).nearest_ratio
    worst = ", of the position worst off" if findings.isolated(account.scenario) else ""
    figure = f"{rules.name}'s own figure, {ratio.label[0].lower()}{ratio.label[1:]}"
    value = "is not known" if ratio.value is None else f"is {wording.percent(ratio.value)}"
    return (
        f"Requirement ÷ margin balance{worst}: liquidation at 100% on every exchange. "
        f"{figure}, {value}; it {ratio.direction}, with liquidation at "
        f"{wording.percent(ratio.liquidation_at)}."
    )
