"""The tables a person edits beside the positions: mark prices with betas, collateral.

Each table starts from a frame that stays the same for one revision and only its return value is
read, so that fast edits are never lost; the session's scenario follows what the table says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from margin.errors import FieldError, number
from margin.studies.distance.distances import at_move
from pages.ui.components.cells import clean, rows_of
from pages.ui.components.text import plain
from pages.ui.session.session import Session
from pages.ui.what_if.positions import unpriced_tokens
from pages.ui.what_if.state import WhatIf


def marks_table(session: Session) -> None:
    """Draw marks and betas per token, before the joint move, and takes them into the scenario."""
    unpriced = unpriced_tokens(session)
    tokens = tuple(dict.fromkeys([*session.working.tokens, *unpriced]))
    edited = st.data_editor(
        session.of(WhatIf).marks.get(
            session, lambda: _mark_frame(session, tokens), tokens, session.market_revision
        ),
        key=f"marks_{session.revision}_{session.market_revision}_{'_'.join(tokens)}",
        hide_index=True,
        width="stretch",
        disabled=["Token"],
        column_config=_mark_columns(),
        alt="Mark price and beta per token, edited in place",
    )
    marks, betas = {}, {}
    for row in rows_of(edited):
        symbol = row["Token"]
        try:
            if (mark := clean(row["Mark"])) is not None or symbol not in unpriced:
                marks[symbol] = number(mark, f"Mark of {symbol}", above=0)
            betas[symbol] = number(
                clean(row["Beta"]), f"Beta of {symbol}", at_least=-100, at_most=100
            )
        except FieldError as error:
            st.error(plain(f"{error.path} {error.message}; the last good one is kept."))
    _take_marks(session, marks, betas)


def close_marks(session: Session) -> None:
    """Forget what the table of marks started from.

    Opened again it starts from the marks then in force.
    """
    session.of(WhatIf).marks.forget()


def _mark_frame(session: Session, tokens: Sequence[str]) -> pd.DataFrame:
    start, market = session.origin, session.working.market
    rows = [
        {"Token": token, "Mark": start.get(token), "Beta": market.beta(token)} for token in tokens
    ]
    return pd.DataFrame(rows, columns=["Token", "Mark", "Beta"]).astype(
        {"Mark": "float64", "Beta": "float64"}
    )


def _mark_columns() -> Mapping[str, Any]:
    column = st.column_config
    beta = "how many per cent the token moves when the joint move is one per cent"
    return {
        "Token": column.TextColumn(width=90),
        "Mark": column.NumberColumn(
            "Price before the move", format="%.8g", help="$ per token; one mark for both sides"
        ),
        "Beta": column.NumberColumn(width=70, format="%.4g", help=beta),
    }


def _take_marks(session: Session, marks: Mapping[str, float], betas: Mapping[str, float]) -> None:
    scenario = session.working
    start = session.origin
    changed = {symbol: mark for symbol, mark in marks.items() if start.get(symbol) != mark}
    new_betas = {
        symbol: beta for symbol, beta in betas.items() if scenario.market.beta(symbol) != beta
    }
    if not changed and not new_betas:
        return
    move = session.present_move
    market = replace(scenario.market, betas={**scenario.market.betas, **new_betas})
    session.edit(
        at_move(replace(scenario, market=market), move, {**start, **changed}, session.rates)
    )
    if set(changed) - set(start):  # A row was waiting for this mark: read the table again.
        st.rerun()
