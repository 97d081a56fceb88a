"""The positions of the What-if page: what is typed, read into the scenario, and shown with results.

What is typed lives in the browser and comes back as text. It is read before the page runs, so that
everything on the page is of one scenario. Rows that are no positions yet stay beside those that
are, also when another scenario comes along: only an example or an import starts a clean table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from margin.errors import FieldError
from margin.market.snapshot import embedded as snapshot
from margin.model.scenario import MOST_POSITIONS, Position, merged
from margin.studies.account.assess import assess
from margin.studies.distance.distances import at_move
from pages.ui.components.positions_table import REPAIR, TYPED, positions_table, reported
from pages.ui.session import live
from pages.ui.session.funding import present_funding
from pages.ui.session.marks import first_marks, mark_of
from pages.ui.session.session import Session, session
from pages.ui.what_if.row_results import faults_by_row, results_by_row
from pages.ui.what_if.typed_rows import (
    FIELDS,
    Converted,
    ReadRow,
    TypedRow,
    plain_number,
    read_rows,
    row_of,
    typed_marks,
    typed_rows,
)

KEY = "positions"


@dataclass
class Table:
    """The rows as they are typed; `revision` counts how often the server set them anew."""

    rows: list[TypedRow] = field(default_factory=list)
    converted: Converted = field(default_factory=dict)
    revision: int = 0
    turn: int = 0
    """The last report of the browser that is in the rows."""
    made: int = 0
    """Keys that were given to rows."""
    opened: int = -1
    """How often the session had begun with a scenario from elsewhere when the rows were set."""
    followed: tuple[Position, ...] = ()
    """The scenario's positions when the rows last agreed with it."""


def positions(current: Session) -> None:
    """Draw the table of positions with their results."""
    table = current.of(Table)
    read = _follow(current, table)
    account = current.account
    data = {
        "revision": str(table.revision),
        "turn": table.turn,
        "rows": [_for_browser(row) for row in table.rows],
        "marks": _marks_shown(current, read),
        "isolated": current.working.account.isolated,
        "tokens": _known_marks(current),
        "results": results_by_row(read, account, present_funding(current)),
        "faults": faults_by_row(read, assess(account)),
    }
    positions_table(KEY, data, _take_report, _take_repair)
    if wrong := sum(map(_is_wrong, read)):
        count = "1 row is" if wrong == 1 else f"{wrong} rows are"
        st.warning(f"{count} not counted: every figure leaves out what the table marks.")
    if len(table.rows) > MOST_POSITIONS:
        st.error(f"At most {MOST_POSITIONS} positions: rows after that are not counted.")


def _is_wrong(row: ReadRow) -> bool:
    """Return whether a row is left out for more than being unfinished."""
    return row.fault is not None and not row.fault.quiet


def all_counted(current: Session) -> bool:
    """Return whether no row is left out of the figures but unfinished ones."""
    return not any(map(_is_wrong, _read(current, current.of(Table))))


def unpriced_tokens(current: Session) -> list[str]:
    """Return tokens of rows that only lack a mark price."""
    read = _read(current, current.of(Table))
    return list(dict.fromkeys(row.unpriced for row in read if row.unpriced))


def _for_browser(row: TypedRow) -> dict[str, str]:
    return {"id": row.key, **{name: getattr(row, name) for name in FIELDS}}


def _known_marks(current: Session) -> dict[str, str]:
    """Return the tokens that may be typed, with a price to begin with where one is known."""
    tokens = sorted(current.shown.contracts or snapshot.marks())
    start = current.origin
    marks = {token: start.get(token) or live.known_mark(current, token) for token in tokens}
    return {token: plain_number(mark) if mark else "" for token, mark in marks.items()}


def _read(current: Session, table: Table) -> list[ReadRow]:
    return read_rows(
        table.rows[:MOST_POSITIONS], lambda symbol: mark_of(current, symbol), table.converted
    )


def _follow(current: Session, table: Table) -> list[ReadRow]:
    """Return the rows as read, set anew where the scenario is another than they say."""
    read = _read(current, table)
    same = table.opened == current.opened
    if same and _positions(read) == current.working.positions:
        table.followed = current.working.positions
        return read
    if same and table.followed == current.working.positions:
        _apply(current, table)  # A row found the mark price that it was waiting for.
        return _read(current, table)
    unfinished = [row.typed for row in read if row.position is None and row.fault]
    if table.opened != current.opened:  # An example or an import: nothing of the table before.
        unfinished = []
    start = current.origin
    rows = [
        row_of(position, start.get(position.symbol), _new_key(table))
        for position in current.working.positions
    ]
    _set(table, [*rows, *unfinished])
    table.opened, table.followed = current.opened, current.working.positions
    return _read(current, table)


def _set(table: Table, rows: list[TypedRow]) -> None:
    table.rows, table.revision = rows, table.revision + 1


def _new_key(table: Table) -> str:
    table.made += 1
    return f"row{table.made}"


def _positions(read: Sequence[ReadRow]) -> tuple[Position, ...]:
    return tuple(row.position for row in read if row.position is not None)


def _marks_shown(current: Session, read: Sequence[ReadRow]) -> dict[str, str]:
    """Return by row the mark price before a joint move, as typed where that is in force."""
    start = current.origin
    shown = {}
    for row in read:
        if row.position is None:
            continue
        mark = start[row.position.symbol]
        typed = typed_marks([row]).get(row.position.symbol)
        if row.fault is None or row.fault.field != "mark":
            shown[row.typed.key] = row.typed.mark if typed == mark else plain_number(mark)
    return shown


# What the browser reports


def _take_report() -> None:
    take(session(), reported(KEY, TYPED))


def take(current: Session, report: Any) -> None:
    """Read the rows that the browser reports into the scenario.

    A report of a table that is no longer shown comes too late.
    """
    table = current.of(Table)
    if not isinstance(report, Mapping) or report.get("revision") != str(table.revision):
        return
    turn = report.get("turn")
    table.rows = typed_rows(report.get("rows"))
    table.turn = turn if isinstance(turn, int) else table.turn
    _apply(current, table)


def _apply(current: Session, table: Table) -> None:
    read = _read(current, table)
    _take_marks(current, typed_marks(read))
    read = _read(current, table)  # A mark that was typed may be what a row was waiting for.
    wanted = _positions(read)
    if wanted == current.working.positions:
        return
    scenario = first_marks(current, {position.symbol for position in wanted})
    try:
        current.edit(replace(scenario, positions=wanted))
        table.followed = wanted
    except FieldError as error:
        current.tell("error", f"{error}. The figures are as before this edit.", topic="positions")


def _take_marks(current: Session, typed: Mapping[str, float]) -> None:
    scenario = current.working
    start = current.origin
    changed = {symbol: mark for symbol, mark in typed.items() if start.get(symbol) != mark}
    if changed:
        current.edit(at_move(scenario, current.present_move, {**start, **changed}, current.rates))


# Repairs


def _take_repair() -> None:
    report = reported(KEY, REPAIR)
    if isinstance(report, Mapping):
        repair(session(), str(report.get("id")), str(report.get("name")))


def repair(current: Session, key: str, name: str) -> None:
    """Carry out a repair that the table offers at a row: `merge`, `lower` or `remove`."""
    table = current.of(Table)
    read = _read(current, table)
    row = next((row for row in read if row.typed.key == key), None)
    if row is None:
        return
    rows = [other for other in table.rows if other.key != key or name == "lower"]
    if name == "lower" and row.position:
        rows = [_lowered(current, other, row) if other.key == key else other for other in rows]
    elif name == "merge" and row.same and row.same_as is not None:
        first = read[row.same_as]
        if first.position is None:
            return
        try:
            one = merged(first.position, row.same)
        except FieldError as error:
            current.tell("error", f"They can't be merged: {error}.", topic="positions")
            return
        whole = row_of(one, None, first.typed.key)._replace(mark=first.typed.mark)
        rows = [whole if other.key == whole.key else other for other in rows]
    elif name != "remove":
        return
    _set(table, rows)
    _apply(current, table)


def _lowered(current: Session, typed: TypedRow, row: ReadRow) -> TypedRow:
    """Return a row at the highest leverage that its tier allows."""
    position = row.position
    for figures in assess(current.account).positions:
        same = position and (figures.symbol, figures.side) == (position.symbol, position.side)
        if same and figures.max_leverage:
            return typed._replace(leverage=plain_number(figures.max_leverage))
    return typed
