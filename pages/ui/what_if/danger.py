"""The danger that the page watches: the nearest one, unless the person chose another.

Headline, slider, chart and advice follow it. Once prices were moved they stay on the way they were
moved along, until they are back; another danger that is chosen starts at the marks then in force.
"""

from dataclasses import dataclass, replace

import streamlit as st

from margin.model.prepared import PreparedAccount
from margin.studies.distance.dangers import Dangers, along, dangers, moved_along
from margin.studies.distance.directions import Direction, DirectionResult, together
from margin.studies.distance.distances import before_move, present_move
from margin.text.danger import name
from pages.ui.session.session import Session
from pages.ui.session.stress import betas

NEAREST, TOKEN = "nearest", "token"


@dataclass
class Watch:
    """What is watched: a danger's key, `nearest`, or `token` for the nearest single token."""

    choice: str = NEAREST


def choose(session: Session) -> None:
    """Draw the choice among the dangers of this account."""
    watch = session.of(Watch)
    found = _dangers(session, session.measured)
    names = {_key(result.direction): name(result.direction) for result in found.results}
    if len(names) < 2:
        watch.choice = NEAREST
        return
    options = {NEAREST: "Nearest", **names}
    chosen = st.segmented_control(
        "Danger to watch",
        list(options),
        default=watch.choice if watch.choice in options else NEAREST,
        required=True,
        format_func=options.__getitem__,
        key=f"watched_{session.revision}",
        help="Headline, slider, chart and advice follow the danger you choose. Nearest: the one "
        "that asks the smallest price change of any token.",
    )
    if chosen and chosen != watch.choice:
        watch.choice = chosen
        _start_here(session)
        st.rerun()  # The slider and its chart, drawn before, go another way now.


def _start_here(session: Session) -> None:
    """Measure moves from the present marks: those before were along another direction."""
    session.course = None
    if session.working.market.baseline_marks:
        market = replace(session.working.market, baseline_marks={})
        session.move(replace(session.working, market=market))


def _key(direction: Direction) -> str:
    return TOKEN if direction.key.startswith("alone:") else direction.key


def _dangers(session: Session, account: PreparedAccount) -> Dangers:
    return dangers(account, betas(session))


def watched(session: Session, account: PreparedAccount) -> DirectionResult:
    """Return the watched danger of an account, from its marks on."""
    choice = session.of(Watch).choice
    found = _dangers(session, account)
    for result in found.results:
        if _key(result.direction) == choice:
            return result
    return found.nearest or found.results[0]


def course(session: Session) -> Direction:
    """Return the direction that slider and chart go along: the prices' own once they were moved."""
    scenario = session.working
    if scenario.market.baseline_marks:
        if session.course is None or not moved_along(scenario, [session.course]):
            session.course = None
            if present_move(scenario):
                return together(scenario)
            start = _dangers(session, PreparedAccount(before_move(scenario)))
            session.course = moved_along(scenario, [result.direction for result in start.results])
        if session.course is not None:
            return session.course
    session.course = None
    return watched(session, session.measured).direction


def go(session: Session, direction: Direction) -> None:
    """Have prices go along a direction from now on; a joint move goes as the betas say."""
    session.course = None if direction.key == "together" else direction


def going(session: Session, direction: Direction) -> PreparedAccount:
    """Return the account as if every joint move went along the direction."""
    if direction.key == "together":
        return session.measured
    return PreparedAccount(along(session.measured.scenario, direction))
