"""The Compare page: the account in cross and in isolated margin, and on every venue."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
import streamlit as st

from margin import formatting as wording
from margin.charts import compare as charts
from margin.errors import FieldError, number
from margin.market.view import View, queries
from margin.messages import message
from margin.model.scenario import Position, Scenario
from margin.studies.comparison import venues as venues_compared
from margin.studies.comparison.modes import (
    ModeComparison,
    along,
    curves,
    in_mode,
    modes,
    on_days,
    switch,
)
from margin.studies.comparison.venues import VenueComparison, at_venue
from margin.studies.distance.directions import Direction
from margin.text import modes as mode_words
from margin.text import venues as venues_text
from margin.text.venues import venue_change
from margin.venues import VENUES, listing_venues
from pages.ui.compare import rows as compare_rows
from pages.ui.compare.rows import MARGIN
from pages.ui.components import place
from pages.ui.components.cells import rows_of
from pages.ui.components.text import plain
from pages.ui.session import live
from pages.ui.session.session import Session
from pages.ui.session.start import Start
from pages.ui.session.stress import NAMES, betas, known_directions, named_days, stress_choices

MODES, BY_VENUE = "Cross and isolated", "By exchange"
DIRECTIONS, DAYS = "Directions", "Crash days"
WORST, CLOSE = "At the worst tick", "At the close"
MOVE = -20.0
"""The move, in %, that the directions are shown at first."""


def sections() -> dict[str, Callable[[Session], None]]:
    """Return what there is to compare."""
    return {MODES: cross_and_isolated, BY_VENUE: venue_by_venue}


def chosen() -> Callable[[Session], None]:
    """Return the section that the person looks at."""
    name = st.segmented_control(
        "Compare",
        list(sections()),
        default=MODES,
        required=True,
        key="compare_section",
        persist_state="session",
    )
    return sections()[name or MODES]


def _sentence(clauses: Sequence[str]) -> str:
    """Return clauses as one escaped sentence."""
    return plain(f"{wording.capital('; '.join(clauses))}.")


def _bullets(lines: Sequence[str]) -> None:
    if lines:
        st.markdown("\n".join(f"- {plain(line)}" for line in lines))


# Cross against isolated


def cross_and_isolated(session: Session) -> None:
    """Draw both modes: verdict, picture, prices, the change of mode, past days."""
    said = st.container()
    drawing, asking = st.columns([54, 46], gap="medium")
    with asking:
        prices = st.container()
        before = session.working
        _margins(session)
    if session.working != before:
        return  # The shell runs the page anew with the margins that were typed.
    try:
        comparison = modes(session.working)
    except FieldError as error:
        said.error(plain(f"The isolated margins are too large to be compared: {error}."))
        return
    with said:
        _verdict(comparison)
        _shocks(session.working)
    with drawing:
        _picture(session, comparison)
    with prices:
        alt = "Liquidation prices of every position in cross and in isolated margin"
        place.table(compare_rows.price_rows(comparison), alt)
    if not comparison.cross.scenario.positions:
        return
    st.header("Switching the mode", anchor=False)
    _switch(session, comparison)
    if comparison.complete:
        st.header("What survives", anchor=False)
        _survival(session, comparison)
    with st.expander("What the figures rest on"):
        _bullets([message(each) for each in comparison.cross.assessment.assumptions])


def _verdict(comparison: ModeComparison) -> None:
    st.markdown(f"**{plain(mode_words.verdict(comparison))}**")
    if comparison.complete and (alone := mode_words.alone_in_words(comparison)):
        st.caption(plain(alone))


def _shocks(scenario: Scenario) -> None:
    if scenario.shocks is not None:
        st.caption("The shocks that this scenario carries are not applied here.")


def _margins(session: Session) -> None:
    """Draw the isolated margins, edited in place.

    Kept in the scenario in cross too, where they change nothing.
    """
    positions = session.working.positions
    if not positions:
        return
    looked = session.of(Looked)
    visit = looked.visits
    edited = st.data_editor(
        looked.margins.get(session, lambda: _margin_frame(session.working), visit),
        key=f"margins_{session.revision}_{visit}",
        hide_index=True,
        width="stretch",
        disabled=["Position", "If empty"],
        column_config=_margin_columns(),
        placeholder="empty",
        alt="Isolated margin of every position, edited in place",
    )
    if not session.working.account.isolated:
        st.caption(plain(_IGNORED))
    taken, faults = compare_rows.with_margins(positions, rows_of(edited))
    for fault in faults:
        st.error(plain(fault))
    if taken != positions:
        _take_margins(session, taken)


@dataclass
class Looked:
    """What the Compare page remembers."""

    visits: int = 0
    """How often the exchanges were looked at: the margins' table begins anew after each."""
    margins: Start[pd.DataFrame] = field(default_factory=Start)
    all_figures: bool = False
    """Whether every figure is unfolded; it stays so while another page is looked at."""


"""How often the other section was drawn.

An editor that was away starts anew from the margins as they are.
"""
_IGNORED = (
    "The account is in cross: margins entered here are kept in the scenario but ignored there, as "
    "the front page says. "
    "They count on the isolated side of this page."
)


def _take_margins(session: Session, taken: tuple[Position, ...]) -> None:
    try:
        session.edit(replace(session.working, positions=taken))
    except FieldError as error:
        st.error(plain(f"{error}. The figures stay as they were before this edit."))


def _margin_frame(scenario: Scenario) -> pd.DataFrame:
    frame = pd.DataFrame(compare_rows.margin_rows(scenario.positions))
    return frame.astype({"Position": "object", MARGIN: "float64", "If empty": "float64"})


def _margin_columns() -> Mapping[str, Any]:
    column = st.column_config
    return {
        "Position": column.TextColumn(width=110, pinned=True),
        MARGIN: column.NumberColumn(
            format="dollar", help="what the position holds alone; empty: size · entry ÷ leverage"
        ),
        "If empty": column.NumberColumn(format="dollar", help="size · entry ÷ leverage"),
    }


def _ways(session: Session) -> list[Direction]:
    """Return the directions that move a price of the account, each way of moving once."""
    tokens = session.working.tokens
    found = known_directions(session)
    return compare_rows.distinct(
        [each for each in found if any(each.rates.get(token) for token in tokens)]
    )


def _picture(session: Session, comparison: ModeComparison) -> None:
    """Draw what is left in both modes along a direction that the person chooses."""
    ways = {each.name: each for each in _ways(session)}
    direction = None
    if ways:
        key = f"compare_way_{'_'.join(session.working.tokens)}"
        name = st.selectbox("Along", list(ways), key=key, width=320, persist_state="session")
        direction = ways[name]
    found = curves(comparison, direction) if direction and session.working.positions else None
    place.chart(charts.modes(found, comparison), "modes", charts.modes_alt(found, comparison))
    st.caption(_sentence(mode_words.assumptions(comparison)))


def _switch(session: Session, comparison: ModeComparison) -> None:
    """Draw whether the mode could be changed now, and the figures before and after.

    And the button.
    """
    change = switch(comparison)
    _bullets(mode_words.switch_in_words(comparison, change))
    place.table(
        compare_rows.switch_rows(change),
        f"Margin, initial margin and headroom after a change to {change.to}",
    )
    if not change.all_liquidated:
        st.caption(_sentence(mode_words.caution(comparison)))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        other = comparison.other
        told = "shows this account in the other mode on every page; the baseline stays as it is"
        if st.button(
            f"Switch to {other}", key="do_take_mode", disabled=bool(change.missing), help=told
        ):
            session.open(in_mode(session.working, other))
            session.tell("info", f"{comparison.present.capitalize()} → {other}. {_BASELINE_STAYS}")
    _figures(session, comparison)


_FIGURES = "compare_figures"


def _figures(session: Session, comparison: ModeComparison) -> None:
    """Draw every figure in both modes, where unfolded.

    It stays so while another page is looked at.
    """
    st.session_state.setdefault(_FIGURES, session.of(Looked).all_figures)
    with st.expander("Every figure in both modes", key=_FIGURES, on_change="rerun") as figures:
        session.of(Looked).all_figures = bool(figures.open)
        if figures.open:
            rows = compare_rows.mode_rows(comparison)
            place.table(rows, "Every figure of the account in cross and in isolated margin", 190)


_BASELINE_STAYS = "The baseline stays as it was, so that the figures show before → after."


def _survival(session: Session, comparison: ModeComparison) -> None:
    """Draw what both modes leave in every direction, or on every crash day."""
    shown = st.segmented_control(
        "Survival of",
        [DIRECTIONS, DAYS],
        default=DIRECTIONS,
        required=True,
        key="compare_survival",
        label_visibility="collapsed",
        persist_state="session",
    )
    if shown == DAYS:
        _days(session, comparison)
    else:
        _directions(session, comparison)


def _directions(session: Session, comparison: ModeComparison) -> None:
    typed = st.number_input(
        "At a move of (%)",
        value=MOVE,
        step=5.0,
        format="%.4g",
        key="compare_move",
        width=180,
        persist_state="session",
    )
    try:
        move = number(typed, "The move", at_least=-1000, at_most=1000) / 100
    except FieldError:
        st.error("Choose a move from −1000 to 1000%; no price falls below 0.")
        return
    ways = _ways(session)
    rows = along(comparison, ways, move)
    alt = (
        f"What cross and isolated leave at {wording.step(move)} in every direction, and where each "
        f"is liquidated"
    )
    place.table(compare_rows.direction_rows(comparison, rows), alt, 220)
    against = any(each.key == "against" for each in ways)
    st.caption(plain(f"{_MOVES} {_AGAINST if against else _SEARCHED}"))
    if yours := [
        token for token in session.working.tokens if token in stress_choices(session).betas
    ]:
        st.caption(plain(f"Betas to BTC of your own: {', '.join(yours)}."))


_MOVES = (
    "A move is that of the direction; each token moves by its beta, with BTC by the snapshot's "
    "beta to BTC (1 where it "
    "knows none) or by yours from Stress tests."
)
_SEARCHED = "Liquidation is looked for from −100% to +1,000%."
_AGAINST = (
    f"In “{NAMES['against']}” a negative move is the one that hurts. Liquidation is looked for "
    f"from −100% (there from "
    "−1,000%) to +1,000%."
)


def _days(session: Session, comparison: ModeComparison) -> None:
    when = st.segmented_control(
        "When",
        [WORST, CLOSE],
        default=WORST,
        required=True,
        key="compare_when",
        label_visibility="collapsed",
        persist_state="session",
    )
    worst = when != CLOSE
    rows = on_days(comparison, named_days(session), betas(session))
    st.markdown(plain(mode_words.days_in_words(comparison, rows, worst=worst)))
    alt = (
        f"What cross and isolated leave on every crash day "
        f"{'at its worst tick' if worst else 'at its close'}"
    )
    place.table(compare_rows.day_rows(comparison, rows, worst=worst), alt, 100)
    said = compare_rows.day_assumptions(rows) if worst else [_STRAIGHT]
    st.caption(_sentence(said))


_STRAIGHT = (
    "the close takes every price straight there, whatever it traded at on the way: closes "
    "understate the danger"
)


# Venue against venue


def venue_by_venue(session: Session) -> None:
    """Draw every venue's figures of the same account.

    The verdict, the tables, the picture, and the change of venue.
    """
    session.of(Looked).visits += 1
    scenario = session.working
    views = _views(session)
    comparison = venues_compared.venues_compared(
        scenario, {venue: view.tables for venue, view in views.items()}
    )
    st.markdown(f"**{plain(venues_text.verdict(comparison))}**")
    _shocks(scenario)
    if scenario.positions:
        _venue_tables(comparison, views)
        st.caption(_sentence(venues_text.assumptions(scenario, comparison)))
        _take_venue(session)
        with st.expander("What the figures rest on"):
            _bullets(compare_rows.venue_assumptions(comparison))
    _ask(session)


def _views(session: Session) -> dict[str, View]:
    """Return every venue as it is known now; the account's as its figures stand."""
    here, tokens = session.working.account.venue, session.working.tokens
    return {
        venue: session.shown if venue == here else live.look_at(session, venue, tokens)
        for venue in listing_venues()
    }


def _venue_tables(comparison: VenueComparison, views: Mapping[str, View]) -> None:
    wide = {
        name: st.column_config.Column(width=190)
        for name in (compare_rows.REFUSED, compare_rows.UNKNOWN)
    }
    place.table(
        compare_rows.venue_rows(comparison, views),
        "Every venue's figures of the same account",
        150,
        wide,
    )
    drawing, prices = st.columns([54, 46], gap="medium")
    with drawing:
        place.chart(charts.venues(comparison), "venues", charts.venues_alt(comparison))
    with prices:
        st.text("Liquidation prices")
        place.table(compare_rows.venue_price_rows(comparison), "Liquidation prices on every venue")


def _take_venue(session: Session) -> None:
    """Draw a button per other venue that puts the account there.

    As the choice of the front page does.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text("Take this venue over:")
        for venue in listing_venues():
            if venue == session.working.account.venue:
                continue
            if st.button(
                VENUES[venue].name,
                key=f"do_take_{venue}",
                help="on every page; the baseline stays as it is",
            ):
                before = session.working
                session.open(session.attach(at_venue(before, venue)))
                session.tell("info", f"{venue_change(before, session.working)} {_BASELINE_STAYS}")
                if session.live_data.on:
                    session.live_data.asked.add("tables")


def _ask(session: Session) -> None:
    """Draw with live data on, the button that asks every venue for what the comparison rests on."""
    if not session.live_data.on:
        st.caption("Live data is off: no venue is asked, every table is the snapshot's.")
        return
    wanted = tuple(
        query for venue in listing_venues() for query in queries(venue, session.working.tokens)
    )
    live.ask_every(wanted, "do_ask_compared", "contracts, marks and tiers of the account's tokens")
