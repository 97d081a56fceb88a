"""The tables a person edits: positions, marks with betas, collateral.

Each table starts from a frame that stays the same for one revision and only its return value is
read, so that fast edits are never lost; the session's scenario follows what the table says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from margin.errors import FieldError, number
from margin.facts import Problem
from margin.market.snapshot import embedded as snapshot
from margin.messages import message
from margin.model.scenario import MOST_POSITIONS, Collateral, Position, Scenario, merged
from margin.studies.account.assess import PositionFigures, assess
from margin.studies.distance.distances import at_move, origin, present_move
from pages.ui.components.cells import clean, rows_of
from pages.ui.components.text import plain
from pages.ui.session import live
from pages.ui.session.session import Session
from pages.ui.what_if.rows import COLUMNS, DOLLARS, TOKENS, Cells, ReadRow, read_rows, to_row
from pages.ui.what_if.state import WhatIf

NEW_LEVERAGE = 10.0
NEW_ROW: Cells = {"Side": "long", "Unit": TOKENS, "Leverage": NEW_LEVERAGE}


def positions_table(session: Session) -> list[ReadRow]:
    """Draw the position table and takes what it says into the scenario."""
    isolated, started = session.working.account.isolated, session.of(WhatIf)
    edited = st.data_editor(
        started.positions.get(
            session, lambda: _position_frame([to_row(each) for each in session.working.positions])
        ),
        key=f"positions_{session.revision}_{session.rows_revision}",
        num_rows="dynamic",
        hide_index=True,
        width="stretch",
        column_order=COLUMNS if isolated else COLUMNS[:-1],
        column_config=_position_columns(),
        alt="Positions: one row per token and side, edited in place",
    )
    if len(edited) > MOST_POSITIONS:
        st.error(
            f"At most {MOST_POSITIONS} positions: the rows after that are left out of the figures."
        )
    rows = rows_of(edited)
    taken, beyond = rows[:MOST_POSITIONS], rows[MOST_POSITIONS:]
    read = read_rows(
        taken, lambda symbol: mark_of(session, symbol), started.converted.get(session, dict)
    )
    settled = [_settled(row, result) for row, result in zip(taken, read, strict=True)]
    started.rows.put(session, [*settled, *beyond])
    _take_positions(session, tuple(row.position for row in read if row.position is not None))
    return read


def _position_frame(rows: Sequence[Cells]) -> pd.DataFrame:
    kinds = {"Token": "object", "Side": "object", "Size": "float64", "Unit": "object"}
    frame = pd.DataFrame(list(rows), columns=list(COLUMNS))
    return frame.astype({**kinds, "Entry": "float64", "Leverage": "float64", "Margin": "float64"})


def _position_columns() -> Mapping[str, Any]:
    column = st.column_config
    leverage = "as chosen at the venue; in cross margin it moves no liquidation price"
    margin = "isolated margin in $; empty: size · entry ÷ leverage"
    unit = "$: the notional becomes tokens once, at the mark of that moment"
    return {
        "Token": column.TextColumn(
            width=78, max_chars=40, help="RENDER, FET, TAO …; RNDR is read as RENDER"
        ),
        "Side": column.SelectboxColumn(width=60, options=["long", "short"], default="long"),
        "Size": column.NumberColumn(
            width=86, format="%.8g", help="in tokens, or in $ as the unit says"
        ),
        "Unit": column.SelectboxColumn(
            width=62, options=[TOKENS, DOLLARS], default=TOKENS, help=unit
        ),
        "Entry": column.NumberColumn(
            width=68, format="%.8g", help="average entry price, $ per token"
        ),
        "Leverage": column.NumberColumn(
            "Lev.", width=58, format="%g×", default=NEW_LEVERAGE, help=leverage
        ),
        "Margin": column.NumberColumn(width=86, format="%.8g", help=margin),
    }


def _settled(row: Cells, result: ReadRow) -> dict[str, Any]:
    """Return the row to start anew from.

    As it was understood, or as it was typed where it was not.
    """
    return to_row(result.position) if result.position else dict(row)


def mark_of(session: Session, symbol: str) -> float | None:
    """Return the token's mark.

    The scenario's, else the one at hand after the present common move.
    """
    scenario = session.working
    if symbol in scenario.market.marks:
        return scenario.market.marks[symbol]
    known = live.known_mark(session, symbol)
    return (
        None
        if known is None
        else scenario.market.moved({symbol: known}, present_move(scenario) or 0.0)[symbol]
    )


def _with_first_marks(session: Session, symbols: set[str]) -> Scenario:
    """Return the scenario with marks for tokens that are new in it, before whatever needs them."""
    scenario = session.working
    new = sorted(symbols - set(scenario.market.marks))
    first = {symbol: mark for symbol in new if (mark := live.first_mark(session, symbol))}
    return (
        at_move(scenario, present_move(scenario) or 0.0, {**origin(scenario), **first})
        if first
        else scenario
    )


def _take_positions(session: Session, positions: tuple[Position, ...]) -> None:
    if positions == session.working.positions:
        return
    scenario = _with_first_marks(session, {position.symbol for position in positions})
    try:
        session.edit(replace(scenario, positions=positions))
    except FieldError as error:
        st.error(plain(f"{error}. The figures stay as they were before this edit."))


def faults(session: Session, read: Sequence[ReadRow]) -> None:
    """Say beside the table what is wrong, row by row, with the repair at hand."""
    for index, row in enumerate(read):
        if row.fault is None:
            continue
        st.error(plain(f"Row {index + 1} ({row.label}) is left out of the figures: {row.fault}."))
        if row.twin is not None and st.button(
            f"Merge into row {row.twin + 1}", key=f"do_merge_{index}"
        ):
            _merge(session, read, index, row.twin)


def _merge(session: Session, read: Sequence[ReadRow], index: int, twin: int) -> None:
    first, second = read[twin].position, read[index].same
    rows = session.of(WhatIf).rows.get(session, list)
    if first is None or second is None:
        return
    try:
        one = to_row(merged(first, second))
    except FieldError as error:
        st.error(plain(f"They cannot be merged: {error}."))
        return
    _reopen(session, [*rows[:twin], one, *rows[twin + 1 : index], *rows[index + 1 :]])


def problems(session: Session, read: Sequence[ReadRow]) -> None:
    """Draw what the venue would refuse or warn of, with the repair at hand where there is one."""
    shown = {
        (row.position.symbol, str(row.position.side)): index
        for index, row in enumerate(read)
        if row.position
    }
    assessment = assess(session.account)
    for figures in assessment.positions:
        index = shown.get((figures.symbol, figures.side))
        for problem in figures.problems:
            _tell(problem, f"{figures.symbol} {figures.side}: ")
            if index is not None:
                _offer(session, index, figures, problem)
    for problem in assessment.problems:
        _tell(problem, "Account: ")


def _tell(problem: Problem, whose: str) -> None:
    (st.error if problem.severity == "error" else st.warning)(plain(f"{whose}{message(problem)}."))


def _offer(session: Session, index: int, figures: PositionFigures, problem: Problem) -> None:
    """Draw the repair of one position's problem.

    Its leverage lowered to the cap, or the position removed.
    """
    rows = session.of(WhatIf).rows.get(session, list)
    whose, before, after = f"{figures.symbol} {figures.side}", rows[:index], rows[index + 1 :]
    cap = figures.max_leverage
    if problem.code == "leverage_above_cap" and st.button(
        f"Lower {whose} to {cap:g}×", key=f"do_lower_{index}"
    ):
        _reopen(session, [*before, {**rows[index], "Leverage": cap}, *after])
    if problem.code == "no_tiers" and st.button(f"Remove {whose}", key=f"do_remove_{index}"):
        _reopen(session, [*before, *after])


def row_actions(session: Session, read: Sequence[ReadRow]) -> None:
    """Draw flip, duplicate or remove a row, or add one.

    Empty, or of a perpetual found by its name.
    """
    labels = {index: f"{index + 1} · {row.label}" for index, row in enumerate(read)}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        chosen = st.selectbox(
            "Row",
            list(labels),
            format_func=lambda index: labels.get(index, ""),
            key=f"row_{session.revision}_{session.rows_revision}",
            width=160,
        )
        flip = st.button(
            "Flip",
            key="do_flip",
            disabled=not labels,
            help="long becomes short, short becomes long",
        )
        duplicate = st.button("Duplicate", key="do_duplicate", disabled=not labels)
        remove = st.button("Remove", key="do_remove", disabled=not labels)
        add = st.button("Add", key="do_add", help="an empty row")
        found = _find(session)
    rows = session.of(WhatIf).rows.get(session, list)
    if add:
        _reopen(session, [*rows, NEW_ROW])
    if found:
        _reopen(session, [*rows, {**NEW_ROW, "Token": found, "Entry": mark_of(session, found)}])
    if chosen is None or chosen >= len(rows):
        return
    before, row, after = rows[:chosen], rows[chosen], rows[chosen + 1 :]
    if flip:
        _reopen(
            session,
            [*before, {**row, "Side": "short" if row["Side"] == "long" else "long"}, *after],
        )
    if duplicate:
        _reopen(session, [*before, row, row, *after])
    if remove:
        _reopen(session, [*before, *after])


def _find(session: Session) -> str | None:
    """Return the search box over the perpetuals that are known to trade on the venue."""
    known = session.shown.contracts or snapshot.marks()
    return st.selectbox(
        "Find a perpetual",
        sorted(known),
        index=None,
        placeholder=f"Search {len(known)}",
        key=f"find_{session.revision}_{session.rows_revision}",
        width=160,
    )


def _reopen(session: Session, rows: Sequence[Cells]) -> None:
    """Start the table anew with these rows."""
    session.rows_revision += 1
    session.of(WhatIf).positions.put(session, _position_frame(rows))
    st.rerun()


def marks_table(session: Session, read: Sequence[ReadRow]) -> None:
    """Draw marks and betas per token, before the common move, and takes them into the scenario."""
    unpriced = [row.unpriced for row in read if row.unpriced]
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
    beta = "how many per cent the token moves when the common move is one per cent"
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
    scenario = _with_first_marks(session, {item.asset for item in items})
    try:
        session.edit(replace(scenario, account=replace(scenario.account, collateral=items)))
    except FieldError as error:
        st.error(plain(f"{error}. The figures stay as they were before this edit."))
