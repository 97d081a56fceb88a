"""The Stress tests page: directions, the map, the crash days.

What a person chooses to look at, and what it shows.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from margin import formatting as wording
from margin.charts.crashes import crashes, crashes_alt
from margin.charts.directions import directions, directions_alt
from margin.charts.risk_map import Cloud, Shows, map_moves, risk_map_alt
from margin.charts.risk_map import risk_map as map_figure
from margin.errors import FieldError, number
from margin.market import price_moves as moves
from margin.model.symbols import STABLECOINS
from margin.studies.account.assess import assess
from margin.studies.distance import groups
from margin.studies.distance.directions import (
    MOVES,
    UNKNOWN_BETA,
    Direction,
    DirectionResult,
    distinct,
    ranked,
    study,
)
from margin.studies.distance.frontier import group_risk, risk_map
from margin.studies.stress.crash_table import CrashRow, crash_rows
from margin.text import stress as stress_text
from pages.ui.components import place
from pages.ui.components.cells import clean, rows_of
from pages.ui.components.text import plain
from pages.ui.session.session import Session
from pages.ui.session.stress import betas, known_directions, named_days, stress_choices
from pages.ui.stress_tests import direction_rows as scenario_rows
from pages.ui.stress_tests import shocks as scenario_shocks
from pages.ui.stress_tests.state import StressTests

MOST_TYPED = 6
"""Rows of a table to type into that are shown at once."""
MOST_DAYS = 20
"""Days of their own that a person may keep."""
HORIZONS = (1, 7, 30)
"""Days that the correlation ellipses may speak of."""
DIRECTIONS, RULES = "Market moves", "Custom stress"


def nearest_danger(session: Session) -> None:
    """Draw the sentence that the page begins with, and that there are shocks."""
    found = _directions(session, ())
    st.markdown(f"**{plain(stress_text.nearest_sentence(found, session.account))}**")
    if session.working.shocks and stress_choices(session).section != RULES:
        st.caption(
            plain(
                f"This scenario carries shocks, shown under “{RULES}”; no other figure has a part "
                f"in them."
            )
        )


def _directions(session: Session, at: Iterable[float]) -> list[DirectionResult]:
    """Return every direction, the nearest first."""
    chosen = known_directions(session)
    return ranked(study(session.account, chosen, tuple(at)))


def section(session: Session) -> None:
    """Draw the switch between the sections, and the one that is open.

    Nothing of the others is computed.
    """
    start = RULES if session.working.shocks else DIRECTIONS
    chosen = st.segmented_control(
        "Section",
        list(SECTIONS),
        default=session.of(StressTests).section.get(session, lambda: start),
        required=True,
        key="scenarios_section",
        label_visibility="collapsed",
        persist_state="session",
    )
    look = stress_choices(session)
    if chosen != look.section:
        look.section, look.visit = str(chosen), look.visit + 1
    SECTIONS[look.section](session)


# Directions


def _show_directions(session: Session) -> None:
    scenario, assessment = session.working, assess(session.account)
    over = bool(assessment.liquidated) and not scenario.account.isolated
    chart, asked = st.columns([60, 40], gap="medium")
    with asked:
        _direction_table(session)
        falls = over or _choose_slices()
    results = _directions(session, MOVES if falls else tuple(-move for move in MOVES))
    shown = distinct(results)
    with chart:
        place.chart(
            directions(shown, session.account), "directions", directions_alt(shown, session.account)
        )
        if assessment.headroom is None:
            st.info(_UNKNOWN)
        elif assessment.liquidated:
            st.info(_TOO_LATE if over else _ONE_LOST)
    if not shown or over:
        return
    with asked:
        for line in _about(results):
            st.caption(plain(line))
    alt = "How far every direction may go, and what is left on it"
    place.table(scenario_rows.direction_rows(shown, scenario), alt, 160)


def _about(found: Sequence[DirectionResult]) -> list[str]:
    """Return what is to be known of the table of directions.

    Of distances only where there are any.
    """
    ranking = (
        [stress_text.same_moves(found), _OWN_MOVES]
        if any(result.hardest for result in found)
        else []
    )
    return [*filter(None, ranking), _ENDS]


_UNKNOWN = (
    "Without that tier table no distance can be told. On the first page you can enter it under "
    "“Tier tables”, remove "
    "the position or choose another venue. The margin balances below hold all the same."
)


def _choose_slices() -> bool:
    """Return whether the table shows what is left after falls; else after rises."""
    chosen = st.segmented_control(
        "Show margin balance after",
        ["falls", "rises"],
        default="falls",
        required=True,
        key="slices",
        persist_state="page",
    )
    return chosen == "falls"


_TOO_LATE = "At these marks every level is already crossed."
_ONE_LOST = (
    "A position is liquidated at these marks already, so there is no distance to show, only what "
    "is left."
)
_OWN_MOVES = (
    "Moves in the table are quoted for BTC where BTC leads, otherwise for a token with beta 1; ↓ "
    "of “Longs down, shorts up” goes against you."
)
_ENDS = (
    "Each move goes straight to its end at once, without funding, fees or the venue's reductions "
    "on the way; what is "
    "left is margin balance · margin used."
)


def _direction_table(session: Session) -> None:
    """Draw betas to BTC and the person's own direction, read into what the session looks at."""
    look, tokens = (
        stress_choices(session),
        [token for token in session.working.tokens if token not in STABLECOINS],
    )
    edited = st.data_editor(
        session.of(StressTests).directions.get(
            session, lambda: _direction_frame(session, tokens), look.visit, *tokens
        ),
        key=f"betas_{session.revision}_{look.visit}_{'_'.join(tokens)}",
        hide_index=True,
        width="stretch",
        height=place.high(len(tokens), MOST_TYPED),
        row_height=place.ROW,
        disabled=[_TOKEN, _KNOWN],
        placeholder="–",
        column_config={
            _TOKEN: st.column_config.TextColumn(width=80, pinned=True),
            _BETA: st.column_config.NumberColumn(width=90, format="%.4g", help=_ABOUT_BETA),
            _OWN: st.column_config.NumberColumn(width=100, format="%.4g", help=_ABOUT_OWN),
            _KNOWN: st.column_config.TextColumn(width=215),
        },
        alt="Beta to BTC and rate of a direction of your own, per token, edited in place",
    )
    _read_direction_table(session, rows_of(edited))
    st.caption(plain(_YOURS))


_TOKEN, _BETA, _OWN, _KNOWN = "Token", "Beta to BTC", "Own direction", "Snapshot's beta"
_ABOUT_BETA = (
    "how many per cent the token moves when BTC moves one per cent; yours in place of the "
    "snapshot's, emptied the "
    "snapshot's again"
)
_ABOUT_OWN = "1: with the direction; −1: against it; 0.5: half of it"
_YOURS = (
    "Your direction: the token's move per 1% of the direction; empty is 0. "
    "Betas and a "
    "direction of your own last as long as this session and are in no link."
)


def _direction_frame(session: Session, tokens: list[str]) -> pd.DataFrame:
    known, used, own = moves.betas_to_btc(), betas(session), stress_choices(session).own
    windows = {
        token: window for window, held in moves.risk_windows(tokens).items() for token in held
    }
    rows = [
        {
            _TOKEN: token,
            _BETA: used.get(token, UNKNOWN_BETA),
            _OWN: own.get(token),
            _KNOWN: f"{known[token]:.4g}, {windows[token]}"
            if token in windows
            else "none: taken as 1",
        }
        for token in tokens
    ]
    return pd.DataFrame(rows, columns=[_TOKEN, _BETA, _OWN, _KNOWN]).astype(
        {_BETA: "float64", _OWN: "float64"}
    )


def _read_direction_table(session: Session, rows: Sequence[Mapping[Any, Any]]) -> None:
    """Take what the table says.

    Where a beta was emptied it starts anew, and shows the one that counts again.
    """
    look, known = stress_choices(session), moves.betas_to_btc()
    look.betas, look.own = {}, {}
    for row in rows:
        token, usual = row[_TOKEN], known.get(row[_TOKEN], UNKNOWN_BETA)
        beta, rate = (
            _figure(row, _BETA, f"{usual:.4g} counts"),
            _figure(row, _OWN, "it stands still"),
        )
        if beta is not None and beta != usual:
            look.betas[token] = beta
        if rate is not None:
            look.own[token] = rate
    if any(clean(row[_BETA]) is None for row in rows):
        look.visit += 1
        st.rerun()


def _figure(row: Mapping[Any, Any], column: str, instead: str) -> float | None:
    """Return a cell's figure.

    None where it is empty, or cannot be used: that is told, with what is done instead.
    """
    value = clean(row[column])
    try:
        return (
            None
            if value is None
            else number(value, f"“{column}” of {row[_TOKEN]}", at_least=-100, at_most=100)
        )
    except FieldError as error:
        st.error(plain(f"{error.path} {error.message}; {instead} instead."))
        return None


# The map


def _show_map(session: Session) -> None:
    account, scenario = session.account, session.working
    with st.container(horizontal=True, gap="medium"):
        if pair := _choose_pair(session):
            shows, days, ticks = _choose_view()
    if pair is None:
        st.info(
            "A map takes two tokens, or groups of tokens, that move apart; this account has no two."
        )
        return
    first, second = pair
    cloud, far = _cloud(session, first, second, days), groups.reaches(account, first, second)
    found = risk_map(account, first, second, *map_moves(far, cloud))
    rows = _crash_rows(session) if ticks else []
    points = groups.day_points(rows, scenario, first, second, worst=ticks == WORST)
    chart, words = st.columns([58, 42], gap="medium")
    with chart:
        figure = map_figure(found, far, account, cloud, points, shows)
        place.chart(figure, "risk-map", risk_map_alt(found, far, account, cloud, points))
    with words:
        if points and found:
            told = scenario_rows.map_day_rows(points, scenario, first, second)
            widths = {
                name: st.column_config.Column(width=wide)
                for name, wide in _map_widths(first, second).items()
            }
            place.table(
                told,
                "The crash days of the map by their numbers, the worst at its point first",
                40,
                widths,
            )
    with st.container() if points else words:
        for line in _map_rests_on(session, pair, cloud, points, worst=ticks == WORST):
            st.markdown(f"- {plain(line)}")


def _map_widths(first: Direction, second: Direction) -> dict[str, int]:
    """Return pixels of the columns that are to be seen at once beside the map."""
    return {
        "Day": 84,
        "These two tokens": 140,
        "Whole account": 140,
        first.name: 66,
        second.name: 66,
    }


WORST, CLOSE = "worst tick", "close"


def _choose_pair(session: Session) -> tuple[Direction, Direction] | None:
    """Return the two groups that the person chose."""
    choices = groups.groups(session.working, moves.AI_TOKENS)
    start = groups.first_pair(session.working, choices)
    if start is None:
        return None
    firsts = [name for name in choices if groups.partners(choices, name)]
    key, tokens = session.revision, "_".join(session.working.tokens)
    first = st.selectbox(
        "Across",
        firsts,
        index=firsts.index(start[0]),
        key=f"map_first_{key}_{tokens}",
        width=160,
        persist_state="page",
    )
    seconds = groups.partners(choices, first)
    second = st.selectbox(
        "Up",
        seconds,
        index=seconds.index(start[1]) if start[1] in seconds else 0,
        key=f"map_second_{key}_{tokens}_{first}",
        width=160,
        persist_state="page",
    )
    return choices[first], choices[second]


def _choose_view() -> tuple[Shows, int, str | None]:
    """Return what is coloured, the days of the ellipses, and which instant of the crash days."""
    keep: dict[str, Any] = {"required": True, "persist_state": "page"}
    colour = st.segmented_control(
        "Colour", list(_COLOURS), default="margin used", key="map_colour", **keep
    )
    days = st.segmented_control("Ellipses, days", HORIZONS, default=7, key="map_days", **keep)
    ticks = st.segmented_control(
        "Crash days at their", [WORST, CLOSE], default=WORST, key="map_ticks", persist_state="page"
    )
    return _COLOURS[str(colour)], int(days or 0), ticks


_COLOURS: dict[str, Shows] = {"margin used": "ratio", "headroom": "headroom"}


def _cloud(session: Session, first: Direction, second: Direction, days: int) -> Cloud | None:
    """Return how the groups move beside each other; None where nothing is known of one of them."""
    found = moves.comovement([*first.rates, *second.rates])
    if found is None:
        return None
    sizes = groups.weights(session.working)
    risk = group_risk((first, second), found.volatilities, found.symbols, found.correlations, sizes)
    return None if risk is None else Cloud(risk, days, found.window)


def _map_rests_on(
    session: Session,
    pair: tuple[Direction, Direction],
    cloud: Cloud | None,
    points: Iterable[Any],
    *,
    worst: bool,
) -> list[str]:
    """Return everything that the map takes for granted."""
    first, second = pair
    others = [
        token
        for token in session.working.tokens
        if token not in first.rates.keys() | second.rates.keys()
    ]
    lines = (
        [
            f"{wording.listing(wording.capped(others))} "
            f"{'stands' if len(others) == 1 else 'stand'} still."
        ]
        if others
        else []
    )
    lines += [f"{group.name}: {_rates(group)}." for group in pair if len(group.rates) > 1]
    lines += [
        "A point is an end: the account must also have survived the way there, in one move, "
        "without fees."
    ]
    lines += scenario_rows.cloud_words(cloud, first, second, groups.weights(session.working))
    if (cloud or points) and any(len(group.rates) > 1 for group in pair):
        lines.append(
            "A group's move is what fits its tokens' own best, each by its notional (an "
            "approximation)."
        )
    if points:
        what = (
            "at every token's worst tick of the day, taken at once (an approximation)"
            if worst
            else "at their close"
        )
        lines.append(
            f"Crash days {what}; an open mark is partly not on record, an arrow lies outside "
            f"the map."
        )
        lines.append(
            "A day's point is what it did to these two alone; pointed at, it tells how the whole "
            "day ends too."
        )
    return lines


def _rates(group: Direction) -> str:
    """Return how the tokens of a group move."""
    if all(rate == 1 for rate in group.rates.values()):
        return f"{wording.listing(wording.capped(list(group.rates)))} by the same move"
    return ", ".join(wording.capped(f"{token} × {rate:g}" for token, rate in group.rates.items()))


# Named days


def _crash_rows(session: Session) -> list[CrashRow]:
    return crash_rows(session.account, named_days(session), betas(session))


def _show_days(session: Session) -> None:
    account, scenario, rows = session.account, session.working, _crash_rows(session)
    if sentence := stress_text.crash_sentence(rows, account):
        st.markdown(plain(sentence))
    if not scenario.positions:
        st.info("No positions: no day can do anything to this account.")
        return
    chart, table = st.columns([45, 55], gap="medium")
    with chart:
        place.chart(crashes(rows, account), "crashes", crashes_alt(rows, account))
    with table:
        helps = {
            name: st.column_config.Column(help=said)
            for name, said in scenario_rows.DAY_COLUMNS.items()
        }
        told = scenario_rows.crash_rows_told(rows, scenario)
        place.table(told, "What every crash day would do to this account", 92, helps)
        for assumption in stress_text.crash_assumptions(rows):
            st.caption(plain(f"{wording.capital(assumption)}."))
        _own_days(session)


def _own_days(session: Session) -> None:
    """Draw a day of the person's own: a name and a move per token, and the days that were added."""
    look, tokens = (
        stress_choices(session),
        [token for token in session.working.tokens if token not in STABLECOINS],
    )
    st.header("Your own crash", anchor=False)
    st.caption(plain(_DAYS_LAST))
    name = st.text_input(
        "Name", max_chars=scenario_rows.LONGEST_NAME, key=f"day_name_{look.visit}_{len(look.days)}"
    )
    edited = st.data_editor(
        session.of(StressTests).own_day.get(
            session, lambda: _day_frame(tokens), look.visit, len(look.days), *tokens
        ),
        key=f"own_day_{session.revision}_{look.visit}_{len(look.days)}_{'_'.join(tokens)}",
        hide_index=True,
        width="stretch",
        height=place.high(len(tokens), MOST_TYPED),
        row_height=place.ROW,
        disabled=["Token"],
        placeholder="–",
        column_config={
            "Move, in %": st.column_config.NumberColumn(
                format="%.4g", help="−20: it falls by a fifth"
            )
        },
        alt="Move per token of a day of your own, edited in place",
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        full = len(look.days) >= MOST_DAYS
        if st.button(
            "Add this day",
            key="do_add_day",
            disabled=full,
            help=f"up to {MOST_DAYS} days, in this session",
        ):
            _add_day(session, name, rows_of(edited))
        if look.days and st.button(
            "Remove the last", key="do_remove_day", help=plain(look.days[-1].event)
        ):
            look.days.pop()
            st.rerun()


_DAYS_LAST = (
    f"It lasts as long as this session and is in no link; “{RULES}” takes its prices into the "
    f"scenario, and so into "
    "the link."
)


def _day_frame(tokens: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"Token": tokens, "Move, in %": [None] * len(tokens)}).astype(
        {"Move, in %": "float64"}
    )


def _add_day(session: Session, name: str, rows: Iterable[Mapping[Any, Any]]) -> None:
    try:
        said = {row["Token"]: clean(row["Move, in %"]) for row in rows}
        stress_choices(session).days.append(scenario_rows.own_day(name, said))
    except FieldError as error:
        st.error(plain(f"This day cannot be added: its {error.path} {error.message}."))
        return
    st.rerun()


SECTIONS: dict[str, Callable[[Session], None]] = {
    DIRECTIONS: _show_directions,
    "Two-token map": _show_map,
    "Crash days": _show_days,
    RULES: scenario_shocks.show,
}
"""The page's sections by name; one is open at a time."""
