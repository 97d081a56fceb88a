"""Rule changes, price shocks and what holding on costs.

Each alone and all together, kept in the scenario.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from margin.errors import FieldError
from margin.formatting import capital, capped
from margin.market import price_moves as moves
from margin.market.price_moves import DailyFunding
from margin.market.snapshot import embedded as snapshot
from margin.messages import message
from margin.model.prepared import PreparedAccount
from margin.model.scenario import Scenario
from margin.model.shocks import NONE, Shocks
from margin.model.symbols import STABLECOINS
from margin.studies.account.assess import assess
from margin.studies.stress.crash_table import CrashDay, crash_rows
from margin.studies.stress.shocks import (
    assumptions,
    breakdown,
    cost_a_day,
    days_until_liquidation,
    moves_to,
)
from margin.text import shocks as shocks_text
from margin.text.liquidation import day_name
from margin.text.shocks import Lasting
from margin.venues import VENUES
from pages.ui.components import place
from pages.ui.components.cells import clean, rows_of
from pages.ui.components.text import plain
from pages.ui.session.funding import present_funding, said_by_venue
from pages.ui.session.session import Session
from pages.ui.session.stress import betas, named_days, stress_choices
from pages.ui.stress_tests import shock_rows
from pages.ui.stress_tests.shock_rows import CELLS, Cell
from pages.ui.stress_tests.state import StressTests

WEEK = 7.0
"""Days that funding at its extreme is taken to last, where none are chosen yet."""


def show(session: Session) -> None:
    """Draw what is supposed on the left, what it does on the right."""
    asked, answer = st.columns([42, 58], gap="medium")
    with asked:
        _ask(session)
    with answer:
        _answer(session)


# What is supposed


def _start(session: Session) -> Shocks:
    """Return the shocks that the inputs begin with: the scenario's when they were drawn anew."""
    visit = stress_choices(session).visit
    return session.of(StressTests).shocks.get(
        session, lambda: session.working.shocks or NONE, visit
    )


def _drawn(session: Session) -> str:
    """Return what the keys of the inputs end with: another whenever they are drawn anew."""
    return f"{session.revision}_{stress_choices(session).visit}"


def _ask(session: Session) -> None:
    """Read the inputs into the scenario's shocks.

    A figure that cannot be used is told, the others are in force.
    """
    start, now = _start(session), session.working.shocks or NONE
    columns = [column for _ in range(3) for column in st.columns(2, gap="small", wrap=False)]
    numbers = {
        (cell, ""): _number(session, column, cell, start)
        for column, cell in zip(columns, shock_rows.NUMBERS, strict=True)
    }
    fields, refused = shock_rows.read({**numbers, **_token_table(session, start)}, start, now)
    try:
        _take(session, Shocks(**fields))
    except FieldError as error:
        refused.append(
            f"“{_LABELS.get(error.path, error.path)}” {error.message}. The figures stay as they "
            f"were before this edit."
        )
    for sentence in refused:
        st.error(plain(sentence))
    _fill(session)


_LABELS = {cell.field: cell.label for cell in (*shock_rows.NUMBERS, *CELLS)}


def _number(session: Session, place: Any, cell: Cell, start: Shocks) -> float:
    """Return one number as a person reads it.

    Emptied, it is again what it began with, as it then shows.
    """
    shown = cell.shown(start)
    chosen: float | None = place.number_input(
        cell.label,
        value=shown,
        step=cell.step,
        format="%.6g",
        key=f"shock_{cell.field}_{_drawn(session)}",
        help=plain(cell.help),
    )
    return chosen if chosen is not None else shown or 0.0


def _take(session: Session, shocks: Shocks) -> None:
    if shocks != (session.working.shocks or NONE):
        session.edit(replace(session.working, shocks=shocks))


def _token_table(session: Session, start: Shocks) -> dict[tuple[Cell, str], float]:
    """Return what is typed of single tokens."""
    held = [token for token in session.working.tokens if token not in STABLECOINS]
    tokens = list(
        dict.fromkeys([*held, *(token for cell in CELLS for token in getattr(start, cell.field))])
    )
    edited = st.data_editor(
        session.of(StressTests).token_shocks.get(
            session, lambda: _token_frame(tokens, start), stress_choices(session).visit, *tokens
        ),
        key=f"shock_table_{_drawn(session)}_{'_'.join(tokens)}",
        hide_index=True,
        width="stretch",
        height=place.high(len(tokens), 8),
        row_height=place.ROW,
        disabled=["Token"],
        placeholder="–",
        column_config={
            "Token": st.column_config.TextColumn(width=80, pinned=True),
            **{
                cell.label: st.column_config.NumberColumn(format="%.6g", help=cell.help)
                for cell in CELLS
            },
        },
        alt="What is supposed of single tokens, edited in place; an empty cell supposes nothing of "
        "its own",
    )
    return {
        (cell, row["Token"]): figure
        for row in rows_of(edited)
        for cell in CELLS
        if (figure := clean(row[cell.label])) is not None
    }


def _token_frame(tokens: Iterable[str], start: Shocks) -> pd.DataFrame:
    rows = [
        {"Token": token, **{cell.label: cell.shown(start, token) for cell in CELLS}}
        for token in tokens
    ]
    frame = pd.DataFrame(rows, columns=["Token", *(cell.label for cell in CELLS)])
    return frame.astype({cell.label: "float64" for cell in CELLS})


def _fill(session: Session) -> None:
    """Draw ways to fill the inputs in, and out of them."""
    scenario, shocks = session.working, session.working.shocks or NONE
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        choices = named_days(session)
        taken = st.selectbox(
            "Prices as at the worst tick of",
            range(len(choices)),
            index=None,
            placeholder="a crash day, or yours",
            format_func=lambda index: day_name(choices[index]) if index < len(choices) else "",
            key=f"shock_day_{_drawn(session)}",
            width=230,
            help=plain(_TICKS),
        )
        hardest = moves.costliest_funding(scenario.positions)
        dearest = st.button(
            "Funding at its extreme", key="do_extreme", disabled=not hardest, help=plain(_EXTREME)
        )
        reset = st.button(
            "Reset", key="do_reset_shocks", disabled=shocks == NONE, help="nothing is supposed"
        )
    if taken is not None:
        _take_day(session, choices[taken])
    if dearest:
        paid = {token: funding.rate for token, funding in hardest.items()}
        _open(session, replace(shocks, funding=paid, days=shocks.days or WEEK))
    if reset:
        _open(session, NONE)


def _take_day(session: Session, day: CrashDay) -> None:
    """Take a day's worst tick as the price moves, unless one is out of bounds."""
    [row] = crash_rows(session.working, [day], betas(session))
    ticks = moves_to(session.working, row.worst.prices)
    if beyond := shock_rows.beyond_bounds(ticks):
        st.error(plain(f"{day_name(day)} is not taken: {beyond}."))
        return
    _open(session, replace(session.working.shocks or NONE, common=0.0, moves=ticks))


_TICKS = (
    "every token's lowest or highest price of the day, whichever hurts, at once: an approximation; "
    "tokens without "
    "figures of that day follow BTC by their beta"
)
_EXTREME = (
    "every payment at the recorded rate that costs you most: the highest for what you are long of, "
    "the lowest for what "
    "you are short of; for a week, unless days are chosen. Only single payments are on record: "
    "once the cap is hit "
    "venues pay every hour, and a day can cost 4 to 8 times this"
)


def _open(session: Session, shocks: Shocks) -> None:
    """Take shocks that the inputs do not say themselves: they start anew from them."""
    try:
        session.open(replace(session.working, shocks=shocks))
    except FieldError as error:
        st.error(plain(f"{error.path} {error.message}."))
        return
    st.rerun()


# What it does


def _answer(session: Session) -> None:
    scenario, shocks = session.working, session.working.shocks or NONE
    if not scenario.positions:
        st.info("No positions: nothing supposed here does anything to this account.")
        return
    try:
        parts = breakdown(session.account, shocks)
    except FieldError as error:
        st.error(plain(f"These shocks cannot be followed: {error.path} {error.message}."))
        return
    st.markdown(f"**{plain(shocks_text.sentence(parts, scenario))}**")
    told = "The account before, under each part alone, and under all together"
    place.table(shock_rows.part_rows(parts, scenario), told, 130)
    rests_on = (
        *_holding_on(session, shocks),
        *_day_of(session, shocks),
        *map(message, assumptions(scenario, shocks)),
        _PATH,
    )
    for line in rests_on:
        st.caption(plain(f"{capital(line)}{'' if line.endswith('.') else '.'}"))


_PATH = (
    "prices go straight to their ends, then the rules change; the venue's reductions on the way "
    "are not followed here"
)


def _holding_on(session: Session, shocks: Shocks) -> list[str]:
    """Return how long the account lasts with prices still, at the present rates and those supposed.

    Each with its source.
    """
    scenario, isolated = session.working, session.working.account.isolated
    assessment, present = assess(session.account), present_funding(session)
    asked = [
        (_present_told(session, present), {token: paid.rate for token, paid in present.items()})
    ]
    if shocks.funding or shocks.interest:
        asked.append(("the funding and interest supposed", dict(shocks.funding)))
    found = [(told, _lasting(session.account, rates, shocks.interest)) for told, rates in asked]
    lines = [shocks_text.lasting(assessment, each, told, isolated=isolated) for told, each in found]
    lines = list(dict.fromkeys(lines))
    hardest = moves.costliest_funding(scenario.positions)
    recorded = {
        token: paid for token, paid in hardest.items() if shocks.funding.get(token) == paid.rate
    }
    if not recorded:
        return lines
    untold = [token for token in _held(scenario) if token not in hardest]
    none = (
        f"; without a record, or held alike on both sides: {', '.join(capped(untold))}"
        if untold
        else ""
    )
    return [*lines, f"funding at its recorded extreme: {shocks_text.sources(recorded)}{none}"]


def _lasting(account: PreparedAccount, rates: Mapping[str, float], interest: float) -> Lasting:
    return Lasting(
        days_until_liquidation(account, rates, interest),
        cost_a_day(account.scenario, rates, interest),
    )


def _present_told(session: Session, present: Mapping[str, DailyFunding]) -> str:
    """Return the present rates in words, with the venue of every one that is from a record."""
    rules, records = session.working.account.rules, snapshot.funding()
    recorded = {
        token: VENUES[records[token].venue].name
        for token in present
        if not said_by_venue(session, token)
    }
    return shocks_text.present_rates(present, recorded, "" if rules.own_fraction else rules.name)


def _day_of(session: Session, shocks: Shocks) -> list[str]:
    """Return which day's worst tick the price moves are, and what that takes for granted.

    Empty where it is none's.
    """
    if not shocks.moves:
        return []
    scenario = session.working
    for row in crash_rows(scenario, named_days(session), betas(session)):
        if moves_to(scenario, row.worst.prices) == shocks.moves:
            assumed = "; ".join(map(message, row.assumptions))
            return [f"the price moves are the worst tick of {day_name(row.day)}: {assumed}"]
    return []


def _held(scenario: Scenario) -> list[str]:
    return list(dict.fromkeys(position.symbol for position in scenario.positions))
