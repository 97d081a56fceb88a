"""The tier table of a token, edited in place.

To supply one that is missing, or to see what another would change.
"""

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from margin.errors import FieldError, number
from margin.model.scenario import Scenario
from margin.venues import TierTable
from pages.ui.components.cells import clean, rows_of
from pages.ui.components.text import plain
from pages.ui.session.session import Session
from pages.ui.what_if.state import WhatIf

_COLUMNS = {"Floor": "floor", "Rate": "maintenance_rate", "Max leverage": "max_leverage"}


def tier_editor(session: Session) -> None:
    """Draw the table of one token and takes an edited one into the scenario as its own."""
    tokens = list(dict.fromkeys(position.symbol for position in session.working.positions))
    if not tokens:
        st.caption("No positions, no tiers.")
        return
    missing = [token for token in tokens if session.working.market.table(token) is None]
    token = st.selectbox(
        "Token",
        tokens,
        index=tokens.index(missing[0]) if missing else 0,
        key=f"tiers_of_{session.revision}",
    )
    market = session.working.market
    at = (token, session.market_revision)
    started = session.of(WhatIf)
    table, own = started.tier_table.get(
        session, lambda: (market.table(token), token in market.tiers), *at
    )
    base = started.tiers.get(session, lambda: _frame(table), *at)
    edited = st.data_editor(
        base,
        key=f"tiers_{session.revision}_{session.market_revision}_{token}",
        num_rows="dynamic",
        hide_index=True,
        width="stretch",
        column_config=_columns(session.working),
        alt=f"Tier table of {token}, edited in place",
    )
    if session.working.account.rules.flat_tiers:
        _contract_value(session, token)
    if edited.equals(base):
        _set(session, token, table if own else None)
    else:
        _take(session, token, edited, table)
    if token in session.working.market.tiers and st.button(
        "Use the exchange's table", key="do_venue_table"
    ):
        session.open(_with_table(session.working, token, None))
        st.rerun()


def close(session: Session) -> None:
    """Forget what the editor started from: opened again it starts from the table then in force."""
    session.of(WhatIf).tiers.forget()
    session.of(WhatIf).tier_table.forget()


def _frame(table: TierTable | None) -> pd.DataFrame:
    rows = [] if table is None else table.rows()
    cells = [{column: row[key] for column, key in _COLUMNS.items()} for row in rows]
    return pd.DataFrame(cells, columns=list(_COLUMNS)).astype("float64")


def _columns(scenario: Scenario) -> dict[str, Any]:
    column = st.column_config
    unit = "contracts" if scenario.account.rules.flat_tiers else "$ of notional"
    return {
        "Floor": column.NumberColumn(
            f"From ({unit})", format="%.10g", help="where the tier begins; the first at 0"
        ),
        "Rate": column.NumberColumn(
            "Maintenance rate", format="%.6g", help="as a fraction: 0.02 is 2%"
        ),
        "Max leverage": column.NumberColumn(format="%.4g", help="may be left empty"),
    }


def _take(session: Session, token: str, edited: pd.DataFrame, before: TierTable | None) -> None:
    cells = [
        {key: clean(row[column]) for column, key in _COLUMNS.items()} for row in rows_of(edited)
    ]
    rows: list[dict[str, Any]] = [row for row in cells if set(row.values()) != {None}]
    if len(rows) == 1 and before is not None and len(before.floors) == 1:
        rows[0]["maintenance_amount"] = before.amounts[
            0
        ]  # A window on a schedule keeps its amount.
    if (
        rows
        and before is not None
        and before.last_cap is not None
        and before.last_cap > (rows[-1]["floor"] or 0)
    ):
        rows[-1]["cap"] = before.last_cap
    try:
        _set(
            session,
            token,
            TierTable.from_rows(rows, progressive=not session.working.account.rules.flat_tiers),
        )
    except FieldError as error:
        st.error(plain(f"Tier table of {token}: {error}. The figures stay with the table before."))


def _set(session: Session, token: str, own: TierTable | None) -> None:
    """Make this the scenario's own table of the token, or leaves it to the venue's."""
    if own != session.working.market.tiers.get(token):
        session.edit(_with_table(session.working, token, own))


def _with_table(scenario: Scenario, token: str, table: TierTable | None) -> Scenario:
    tiers = {symbol: own for symbol, own in scenario.market.tiers.items() if symbol != token}
    if table is not None:
        tiers[token] = table
    return replace(scenario, market=replace(scenario.market, tiers=tiers, tiers_as_of=None))


def _contract_value(session: Session, token: str) -> None:
    market = session.working.market
    typed = st.number_input(
        f"{token} in one contract",
        value=market.contract_value(token),
        format="%.8g",
        key=f"contract_{session.revision}_{token}",
    )
    if typed is None or typed == market.contract_value(token):
        return
    try:
        value = number(typed, "The contract's size", above=0)
    except FieldError as error:
        st.error(plain(f"{error.path} {error.message}."))
        return
    values = {**market.contract_values, token: value}
    session.edit(replace(session.working, market=replace(market, contract_values=values)))
