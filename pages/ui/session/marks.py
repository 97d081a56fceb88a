"""Mark prices of tokens that are new in the scenario."""

from margin.model.scenario import Scenario
from margin.studies.distance.distances import at_move
from pages.ui.session import live
from pages.ui.session.session import Session


def mark_of(session: Session, symbol: str) -> float | None:
    """Return the token's mark price.

    The scenario's, else the one at hand after the present joint move.
    """
    scenario = session.working
    if symbol in scenario.market.marks:
        return scenario.market.marks[symbol]
    known = live.known_mark(session, symbol)
    if known is None:
        return None
    return scenario.market.moved({symbol: known}, session.present_move, session.rates)[symbol]


def first_marks(session: Session, symbols: set[str]) -> Scenario:
    """Return the scenario with mark prices for tokens that are new in it."""
    scenario = session.working
    new = sorted(symbols - set(scenario.market.marks))
    first = {symbol: mark for symbol in new if (mark := live.first_mark(session, symbol))}
    if not first:
        return scenario
    return at_move(scenario, session.present_move, {**session.origin, **first}, session.rates)
