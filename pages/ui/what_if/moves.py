"""The joint move: its slider, the way to the brink and back, and what becomes the baseline."""

from dataclasses import replace

import streamlit as st

from margin import formatting as wording
from margin.model.prepared import PreparedAccount
from margin.studies.distance.directions import Direction
from margin.studies.distance.distances import FURTHEST_DOWN, at_move, brink, present_move
from margin.text.danger import slider_label
from pages.ui.session.session import Session
from pages.ui.what_if.danger import go
from pages.ui.what_if.state import WhatIf

_STEPS = ((0.1, 0.0025), (0.3, 0.01), (1.0, 0.05), (3.0, 0.25), (10.0, 1.0))
"""Up to this move, slider steps of this size: fine near zero, coarse far out."""
CHIPS = (-0.05, -0.1, -0.2, -0.3, -0.5)
"""Moves that are one click away."""
SAME = 1e-9
"""A move this near a slider step is that step."""


def slider_moves() -> list[float]:
    """Return the slider's steps from −100% to +1000%."""
    rising = [0.0]
    for until, step in _STEPS:
        count = round((until - rising[-1]) / step)
        rising += [round(rising[-1] + step * index, 10) for index in range(1, count + 1)]
    return [-move for move in reversed(rising[1:]) if move <= FURTHEST_DOWN] + rising


def slider(session: Session, direction: Direction) -> None:
    """Draw the slider, which moves prices along the direction, and take its move over."""
    present = present_move(session.working, direction.rates) or 0.0
    options, start = session.of(WhatIf).moves.get(
        session, lambda: _with_present(present), session.market_revision, direction.key
    )
    chosen = st.select_slider(
        slider_label(direction),
        options,
        value=start,
        format_func=_label,
        key=f"move_{session.revision}_{session.market_revision}_{direction.key}",
    )
    if abs(chosen - present) > SAME:
        go(session, direction)
        session.edit(at_move(session.working, chosen, rates=direction.rates))


def _label(move: float) -> str:
    return wording.step(round(move, 4))


def _with_present(present: float) -> tuple[list[float], float]:
    """Return the slider's steps with the present move among them, and that move."""
    options = slider_moves()
    for option in options:
        if abs(option - present) <= SAME:
            return options, option
    return sorted([*options, present]), present


def buttons(session: Session, account: PreparedAccount, direction: Direction) -> None:
    """Draw common moves, move to liquidation, reset, compare from here.

    `account` goes along the direction.
    """
    move = brink(account)
    with st.container(horizontal=True, gap="small", key="chips"):
        for chip in CHIPS:
            if st.button(_label(chip), key=f"do_move_{-chip * 100:.0f}"):
                go(session, direction)
                session.move(at_move(session.working, chip, rates=direction.rates))
                st.rerun()
    with st.container(horizontal=True, gap="small"):
        exact = "moves all marks exactly to the liquidation point"
        if st.button("Move to liquidation", key="do_brink", disabled=move is None, help=exact):
            go(session, direction)
            session.move(at_move(session.working, move or 0.0, rates=direction.rates))
            st.rerun()
        if st.button("Reset", key="do_reset", help="back to the baseline"):
            words = session.working
            session.open(
                session.attach(replace(session.baseline, title=words.title, note=words.note))
            )
            st.rerun()
        if st.button("Compare from here", key="do_baseline", help="compare from here on"):
            session.baseline = session.working
            st.rerun()
