"""Import positions from a table that a person pastes or opens, and export them as files.

The text area holds the whole truth: a file is put into it, so that it can be corrected there. What
was understood is shown beside it at once; nothing is imported before the button, nor while a fault
stands.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd
import streamlit as st

from margin import formatting as wording
from margin.errors import FieldError
from margin.market.imports.files import text_of_file
from margin.market.imports.grid import MOST_CHARACTERS
from margin.market.imports.table import TableRead, joined, read_table, without_lines
from margin.market.snapshot import embedded as snapshot
from margin.model.scenario import MOST_TOKENS, Position, Scenario
from margin.studies.distance.distances import at_move, origin, present_move
from margin.tables.exports import positions_csv, results_csv
from pages.ui.components.text import plain
from pages.ui.session import address, live
from pages.ui.session.session import Session
from pages.ui.session.start import Start

REPLACE, ADD = "Replace positions", "Add to positions"
EXAMPLE = (
    "Symbol, Side, Size, Entry price, Leverage\nRENDERUSDT, long, 30000, 1.75, 10x\nFET, short, "
    "5e4, 0.2231, 5x"
)
MOST_TOLD = 20
"""Left-out lines and notes that are told one by one."""


def section(session: Session) -> None:
    """Draw the text area and the file, what was understood, and the button that takes it over."""
    entry, answer = st.columns([46, 54], gap="medium")
    with entry:
        text = _text(session)
        # Leaving the text area for the button has it read: there is nothing else to do.
        st.button("Preview", key="do_preview")
        adds, merges = _choices(session)
    if not text.strip():
        return
    read = _read(session, text, merge=merges)
    with answer:
        _preview(read, isolated=session.working.account.isolated)
        _tell(read)
        if read.faults:
            _offer_removal(session, read)
        scenario = _scenario(session, read, adds=adds, merges=merges)
        _take(session, read, scenario)


def _text(session: Session) -> str:
    """Return what stands in the text area; a file that was opened is put there."""
    text = st.text_area(
        "Paste a table",
        key=_key(session),
        height=240,
        max_chars=MOST_CHARACTERS,
        placeholder=EXAMPLE,
        help=plain(
            "Open positions from a spreadsheet, an exchange's page, an export or a JSON dump: any "
            "order of columns, "
            "with a header, or without one in the order symbol, side, size, entry price, leverage."
        ),
    )
    st.file_uploader(
        "or open a file",
        type=["csv", "tsv", "txt", "json", "xlsx"],
        key=f"table_file_{session.revision}",
        on_change=_open_file,
        args=(session,),
    )
    if fault := session.of(FileFault).text.get(session, str):
        st.error(plain(fault))
    return text


@dataclass
class FileFault:
    """Why the file that was opened last cannot be read; empty where it can."""

    text: Start[str] = field(default_factory=Start)


def _key(session: Session) -> str:
    return f"table_text_{session.revision}"


def _open_file(session: Session) -> None:
    uploaded = st.session_state[f"table_file_{session.revision}"]
    if uploaded is None:
        return
    fault = session.of(FileFault).text
    try:
        text = text_of_file(uploaded.getvalue())
    except FieldError as error:
        fault.put(session, f"This file can't be opened: {error}.")
        return
    if len(text) > MOST_CHARACTERS:
        fault.put(
            session, f"This file is longer than {MOST_CHARACTERS:,} characters: open a part of it."
        )
        return
    fault.put(session, "")
    st.session_state[_key(session)] = text


def _choices(session: Session) -> tuple[bool, bool]:
    """Return whether positions are added, and whether the same token and side merges."""
    chosen = st.radio(
        "Import mode", [REPLACE, ADD], key=f"table_for_{session.revision}", horizontal=True
    )
    merges = st.checkbox(
        "Merge positions of the same token and side", key=f"table_merge_{session.revision}"
    )
    return chosen == ADD, merges


def _read(session: Session, text: str, *, merge: bool) -> TableRead:
    account, market = session.working.account, session.working.market
    values = snapshot.contract_values()
    if account.rules.flat_tiers:
        values = {**values, **market.reference.contract_values, **market.contract_values}
    return read_table(
        text,
        venue=account.venue,
        isolated=account.isolated,
        contract_values=values,
        marks=snapshot.marks(),
        merge=merge,
    )


def _preview(read: TableRead, *, isolated: bool) -> None:
    """Draw the positions as they were understood, to 15 digits."""
    if not read.positions:
        return
    rows = [_shown(position, isolated=isolated) for position in read.positions]
    frame = pd.DataFrame([{key: plain(cell) for key, cell in row.items()} for row in rows])
    st.text("Understood:")
    st.table(
        frame, hide_index=True, border="horizontal", alt="The positions as they were understood"
    )


def _shown(position: Position, *, isolated: bool) -> dict[str, str]:
    row = {
        "Token": position.symbol,
        "Side": position.side,
        "Size": _digits(position.quantity),
        "Entry": _digits(position.entry_price),
        "Lev.": f"{_digits(position.leverage)}×",
        "Size × entry": wording.money(position.quantity * position.entry_price),
    }
    return {**row, "Margin": wording.money(position.posted_margin)} if isolated else row


def _digits(value: float) -> str:
    return format(value, ",.15g")


def _tell(read: TableRead) -> None:
    """Draw faults by line, what is left out and why, what was assumed."""
    if read.faults:
        more = [f"… and {read.more_faults} more."] if read.more_faults else []
        st.error(_listed("Not understood:", [*map(str, read.faults), *more]))
    if read.left_out:
        st.warning(
            _listed("Left out:", _first([f"{what}: {reason}." for what, reason in read.left_out]))
        )
    if read.notes and not read.refused:
        st.info(_listed("How it was read:", _first([f"{note}." for note in read.notes])))


def _first(lines: list[str]) -> list[str]:
    more = len(lines) - MOST_TOLD
    return [*lines[:MOST_TOLD], f"… and {more} more."] if more > 0 else lines


def _listed(heading: str, lines: Iterable[str]) -> str:
    return "\n".join([heading, "", *(f"- {plain(line)}" for line in lines)])


def _offer_removal(session: Session, read: TableRead) -> None:
    lines = read.removable_lines
    if read.positions and lines:
        numbers = wording.listing([str(line) for line in lines])
        st.button(
            plain(f"Remove {'line' if len(lines) == 1 else 'lines'} {numbers} from the table"),
            key="do_remove_lines",
            on_click=_remove,
            args=(session, lines),
        )


def _remove(session: Session, lines: Sequence[int]) -> None:
    st.session_state[_key(session)] = without_lines(st.session_state[_key(session)], lines)


def _scenario(session: Session, read: TableRead, *, adds: bool, merges: bool) -> Scenario | None:
    """Return the scenario with the table's positions, None where they are not to be taken over."""
    if not read.complete:
        return None
    held = session.working.positions if adds else ()
    try:
        positions = joined(held, read.positions) if merges else (*held, *read.positions)
        return _with_positions(session, positions)
    except FieldError as error:
        st.error(plain(f"These positions can't be imported. {error}. Nothing changed."))
        return None


def _with_positions(session: Session, positions: tuple[Position, ...]) -> Scenario:
    """Return the working scenario with these positions and marks for new tokens."""
    working = session.working
    start, symbols = origin(working), {position.symbol for position in positions}
    if len(symbols | start.keys()) > MOST_TOKENS:
        needed = symbols | {item.asset for item in working.account.collateral}
        start = {token: price for token, price in start.items() if token in needed}
    new = {position.symbol: _first_mark(session, position) for position in reversed(positions)}
    new = {token: price for token, price in new.items() if token not in working.market.marks}
    scenario = replace(working, positions=())
    if new:
        scenario = at_move(scenario, present_move(working) or 0.0, {**start, **new})
    return replace(scenario, positions=positions)


def _first_mark(session: Session, position: Position) -> float:
    known = live.known_mark(session, position.symbol)
    return position.entry_price if known is None else known


def _unpriced(session: Session, positions: Iterable[Position]) -> list[str]:
    """Return tokens whose mark nobody knows."""
    symbols = dict.fromkeys(position.symbol for position in positions)
    held = session.working.market.marks
    return [
        symbol
        for symbol in symbols
        if symbol not in held and live.known_mark(session, symbol) is None
    ]


def _take(session: Session, read: TableRead, scenario: Scenario | None) -> None:
    """Draw the button, and what is assumed by pressing it."""
    pressed = st.button(
        "Import positions", key="do_take_positions", type="primary", disabled=scenario is None
    )
    if scenario is None:
        _why_not(read)
        return
    if unpriced := _unpriced(session, read.positions):
        st.caption(
            plain(
                f"No mark is known for {wording.listing(unpriced)}: the entry price is taken as "
                f"the mark before the "
                "joint move. The right one can be entered under Mark prices and betas on the page "
                "What if."
            )
        )
    if pressed:
        count = len(read.positions)
        session.start_over(scenario)
        session.tell("info", f"Imported {count} {'position' if count == 1 else 'positions'}.")
        address.leave(session, "app.py")


def _why_not(read: TableRead) -> None:
    """Draw why the button cannot be pressed, where no error beside it says so."""
    if read.refused:
        return
    if read.faults:
        st.caption("Nothing is imported until every line can be read. Fix or remove those lines.")
    elif not read.positions:
        st.caption("No position in this table can be imported.")


def exports(session: Session) -> None:
    """Draw the positions and all results, as CSV files."""
    files = [
        ("Download the positions (CSV)", "positions", positions_csv(session.working)),
        ("Download all results (CSV)", "results", results_csv(session.account)),
    ]
    with st.container(horizontal=True, gap="small"):
        for label, name, data in files:
            st.download_button(
                label,
                data=data,
                file_name=f"tandem-{name}.csv",
                mime="text/csv",
                on_click="ignore",
                key=f"do_download_{name}",
            )
