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
from margin.model.scenario import Collateral, Scenario
from margin.studies.distance.distances import at_move, origin, present_move
from pages.ui.components.cells import clean, rows_of
from pages.ui.components.text import plain
from pages.ui.session import live
from pages.ui.session.marks import first_marks
from pages.ui.session.session import Session
from pages.ui.what_if.positions import unpriced_tokens
from pages.ui.what_if.state import WhatIf


def marks_table(session: Session) -> None:
    """Draw marks and betas per token, before the joint move, and takes them into the scenario."""
    unpriced = unpriced_tokens(session)
    tokens = tuple(dict.fromkeys([*session.working.tokens, *unpriced]))
    edited = st.data_editor(
        session.of(WhatIf).marks.get(
            session, lambda: _mark_frame(session.working, tokens), tokens, session.market_revision
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


def _mark_frame(scenario: Scenario, tokens: Sequence[str]) -> pd.DataFrame:
    start = origin(scenario)
    rows = [
        {"Token": each, "Mark": start.get(each), "Beta": scenario.market.beta(each)}
        for each in tokens
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
            "Mark before the move", format="%.8g", help="$ per token; one mark for both sides"
        ),
        "Beta": column.NumberColumn(width=70, format="%.4g", help=beta),
    }


def _take_marks(session: Session, marks: Mapping[str, float], betas: Mapping[str, float]) -> None:
    scenario = session.working
    start = origin(scenario)
    changed = {symbol: mark for symbol, mark in marks.items() if start.get(symbol) != mark}
    new_betas = {
        symbol: beta for symbol, beta in betas.items() if scenario.market.beta(symbol) != beta
    }
    if not changed and not new_betas:
        return
    move = present_move(scenario) or 0.0
    market = replace(scenario.market, betas={**scenario.market.betas, **new_betas})
    session.edit(at_move(replace(scenario, market=market), move, {**start, **changed}))
    if set(changed) - set(start):  # A row was waiting for this mark: read the table again.
        st.rerun()


def collateral_table(session: Session) -> None:
    """Draw the pledged assets and takes them into the scenario."""
    edited = st.data_editor(
        session.of(WhatIf).collateral.get(
            session, lambda: _collateral_frame(session.working.account.collateral)
        ),
        key=f"collateral_{session.revision}",
        num_rows="dynamic",
        hide_index=True,
        width="stretch",
        column_config={
            "Asset": st.column_config.TextColumn(max_chars=40),
            "Amount": st.column_config.NumberColumn(format="%.8g"),
            "Ratio": st.column_config.NumberColumn(
                format="%.4g", default=0.95, help="counted part of the value, 0 to 1"
            ),
        },
        alt="Collateral other than the settlement coin, edited in place",
    )
    items: list[Collateral] = []
    for index, row in enumerate(rows_of(edited), start=1):
        asset, amount, ratio = (clean(row[column]) for column in ("Asset", "Amount", "Ratio"))
        try:
            for name, value in (("asset", asset), ("amount", amount), ("ratio", ratio)):
                if value is None:
                    raise FieldError(name, "is missing")
            item = Collateral(asset, amount, ratio)
            if (
                live.known_mark(session, item.asset) is None
                and item.asset not in session.working.market.marks
            ):
                raise FieldError(
                    "asset",
                    f"{item.asset} has no known mark: give it a position or import a scenario",
                )
            items.append(item)
        except FieldError as error:
            st.error(plain(f"Collateral row {index} is left out: {error.path} {error.message}."))
    _take_collateral(session, tuple(items))


def _collateral_frame(items: Sequence[Collateral]) -> pd.DataFrame:
    rows = [{"Asset": item.asset, "Amount": item.amount, "Ratio": item.ratio} for item in items]
    kinds = {"Asset": "object", "Amount": "float64", "Ratio": "float64"}
    return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)


def _take_collateral(session: Session, items: tuple[Collateral, ...]) -> None:
    if items == session.working.account.collateral:
        return
    scenario = first_marks(session, {item.asset for item in items})
    try:
        session.edit(replace(scenario, account=replace(scenario.account, collateral=items)))
    except FieldError as error:
        st.error(plain(f"{error}. The figures stay as they were before this edit."))
