"""The Liquidation page: the account along a path, with stops and without."""

from dataclasses import replace
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from margin import formatting as wording
from margin.charts.waterfall import waterfall as waterfall_figure
from margin.charts.waterfall import waterfall_alt
from margin.errors import FieldError, number
from margin.messages import ORDERS as ORDER_WORDS
from margin.messages import message
from margin.model.prepared import PreparedAccount
from margin.model.scenario import Side
from margin.studies.distance.directions import study
from margin.studies.distance.distances import JointMove
from margin.studies.liquidation.conduct import ORDERS, SLIPPAGE, Conduct, MarginStop, Order
from margin.studies.liquidation.path import Path
from margin.studies.liquidation.rules import forced_fee
from margin.studies.liquidation.waterfall import waterfall
from margin.studies.stress.crash_table import crash_rows
from margin.text import liquidation as liquidation_text
from margin.text.liquidation import PathMove, Runs
from margin.text.verdict import verdict
from pages.ui.components import account as account_parts
from pages.ui.components import place
from pages.ui.components.cells import clean
from pages.ui.components.text import plain
from pages.ui.liquidation import rows as liquidation_rows
from pages.ui.liquidation.state import Inputs, PriceStops
from pages.ui.session import address
from pages.ui.session.session import Session
from pages.ui.session.stress import betas, known_directions, named_days, stress_choices

DIRECTION, DAY, EVERY = "A direction", "A crash day", "Every position"
MOVE, CLOSED = -20.0, 0.5
"""What inputs start from: the move in %, the part that a margin stop closes as a fraction."""
LEAST = 1e-6
"""What a part must be above, in %, to close anything."""
MOST_STOPS = 6
"""Price stops that are shown at once."""


class Route(NamedTuple):
    """Where prices go, how that is told, and what it rests on.

    `reached` is where a direction liquidates.
    """

    way: PathMove
    path: Path
    assumptions: tuple[str, ...] = ()
    reached: JointMove | None = None


def can_be_told(session: Session) -> bool:
    """Return whether there is anything that could be liquidated and its tiers are known.

    If not, says why.
    """
    if session.account.measurable:
        return True
    st.markdown(f"**{plain(verdict(session.account))}**")
    return False


# What is asked


def route(session: Session) -> Route | None:
    """Return the path to go along, as chosen; None where it cannot be gone."""
    kind, target, move = st.columns([26, 50, 24], gap="small", vertical_alignment="bottom")
    with kind:
        chosen = st.segmented_control(
            "Along",
            [DIRECTION, DAY],
            default=DIRECTION,
            required=True,
            key="liquidation_along",
            width="stretch",
            persist_state="session",
        )
    try:
        found = _past_day(session, target) if chosen == DAY else _direction(session, target, move)
    except FieldError as error:
        st.error(plain(f"This path can't be simulated: {error}."))
        return None
    path = found.path.within(session.working)
    st.caption(plain(liquidation_text.route_ends(path.start, path.at(1.0))))
    return found


def _direction(session: Session, target: Any, at: Any) -> Route:
    scenario = session.working
    directions = {each.key: each for each in known_directions(session)}
    with target:
        key = st.selectbox(
            "Direction",
            list(directions),
            format_func=lambda key: directions[key].name if key in directions else "",
            key=f"liquidation_direction_{'_'.join(scenario.tokens)}",
            persist_state="session",
        )
    direction = directions[key]
    with at:
        per_cent = st.number_input(
            "Price move (%)",
            value=MOVE,
            step=5.0,
            format="%.6g",
            key="liquidation_to",
            persist_state="session",
        )
    low, high = -100 * direction.furthest_down, 1000.0
    move = number(per_cent, "Price move (%)", at_least=low, at_most=high) / 100
    [result] = study(session.account, [direction], moves=())
    path = Path.along(scenario.market.marks, direction.rates, move)
    about = liquidation_text.about_betas(direction, scenario.tokens, stress_choices(session).betas)
    return Route(
        PathMove(liquidation_text.axis_name(direction), move),
        path,
        tuple(about),
        result.liquidation,
    )


def _past_day(session: Session, target: Any) -> Route:
    scenario, known, own = session.working, betas(session), stress_choices(session).days
    days = named_days(session)
    hardest = session.of(Inputs).hardest_day.get(
        session,
        lambda: liquidation_rows.hardest_day(crash_rows(session.account, days, known)),
        len(days),
    )
    with target:
        chosen = st.selectbox(
            "Day, to its worst tick",
            range(len(days)),
            index=hardest,
            format_func=lambda index: (
                liquidation_text.day_name(days[index]) if index < len(days) else ""
            ),
            key=f"liquidation_day_{hardest}_{'_'.join(day.event for day in own)}",
            persist_state="session",
        )
    [row] = crash_rows(session.account, [days[chosen]], known)
    way = PathMove(f"Way from these marks to the worst tick of {row.day.date or 'your day'}")
    return Route(
        way, Path(scenario.market.marks, row.worst.prices), tuple(map(message, row.assumptions))
    )


def conduct(session: Session) -> Conduct:
    """Return what is assumed of the venue's orders, and the person's stops."""
    st.header("How it is liquidated", anchor=False)
    order = _order(session)
    left, right = st.columns(2, gap="small", vertical_alignment="bottom")
    with left:
        slippage = _percentage(
            session, "Slippage (%)", "slippage", SLIPPAGE, step=0.1, help=_SLIPPAGE
        )
    with right:
        fee = _fee(session)
    st.header("Your stops", anchor=False)
    prices = _price_stops(session)
    stop = _margin_stop(session)
    gap = _percentage(
        session, "Gap beyond a stop (%)", "gap", 0.0, at_most=100.0, step=5.0, help=_GAP
    )
    return Conduct(order, slippage or 0.0, fee, stop, prices, gap or 0.0)


_SLIPPAGE = "what every forced order and every stop loses against the mark"
_GAP = (
    "The part of the remaining path that the market jumps over when a stop is reached: 0 fills it "
    "where it is "
    "reached, 100 only at the end of the path."
)


def _order(session: Session) -> Order:
    account = session.working.account
    alone = account.isolated or len(session.working.positions) < 2
    chosen: Order = st.selectbox(
        "Liquidation order",
        ORDERS,
        format_func=lambda order: ORDER_WORDS[order].capitalize() if order in ORDERS else "",
        key="liquidation_order",
        disabled=alone,
        persist_state="session",
    )
    if account.isolated:
        st.caption("Each isolated position is liquidated by itself, on its own margin.")
    elif not alone:
        whose = (
            "the textbook's word"
            if account.rules.own_fraction
            else f"{account.rules.name}'s promise"
        )
        st.caption(plain(f"A model of ours, not {whose}. Asked anew before every order."))
    return chosen


def _percentage(
    session: Session,
    label: str,
    name: str,
    usual: float | None,
    *,
    above: float | None = None,
    at_most: float | None = None,
    **more: Any,
) -> float | None:
    """Return a part typed as a percentage, as a fraction below 1 unless `at_most` says more.

    The usual where none is typed.

    One that cannot be is told, and the last good one is kept.
    """
    shown = None if usual is None else usual * 100
    key = f"liquidation_{name}"
    typed = st.number_input(
        label, value=shown, format="%.6g", key=key, persist_state="session", **more
    )
    good = session.of(Inputs).good_fractions
    if typed is None:
        good.pop(key, None)
        return usual
    try:
        at_least, below = (0.0 if above is None else None), (100.0 if at_most is None else None)
        good[key] = (
            number(typed, label, above=above, at_least=at_least, below=below, at_most=at_most) / 100
        )
    except FieldError as error:
        kept = "the venue's" if good.get(key, usual) is None else wording.rate(good.get(key, usual))
        st.error(plain(f"{error.path} {error.message}; the last good one, {kept}, is kept."))
    part: float | None = good.get(key, usual)
    return part


def _fee(session: Session) -> float | None:
    """Return the liquidation fee, None for the venue's."""
    scenario = session.working
    usual = wording.rate(forced_fee(scenario, Conduct()))
    whose = "the taker fee" if scenario.account.rules.liquidation.fee is None else "the venue's"
    about = "of what a forced order trades; empty: as the venue has it"
    name = f"fee_{scenario.account.venue}"
    shown = f"{usual}, {whose}"
    return _percentage(
        session, "Liquidation fee (%)", name, None, placeholder=shown, step=0.05, help=about
    )


def _margin_stop(session: Session) -> MarginStop | None:
    """Return the margin-ratio stop, where it is switched on."""
    if not st.toggle(
        "Margin stop", key="liquidation_margin_stop", help=_MARGIN_STOP, persist_state="session"
    ):
        return None
    positions = {
        f"{each.symbol} {each.side}": (each.symbol, each.side) for each in session.working.positions
    }
    much, which, when = st.columns([24, 38, 38], gap="small", vertical_alignment="bottom")
    with much:
        part = _percentage(
            session, "Close (%)", "close", CLOSED, above=LEAST, at_most=100.0, step=5.0
        )
    with which:
        chosen = st.selectbox(
            "Of", [EVERY, *positions], key="liquidation_stop_of", persist_state="session"
        )
    danger, label = session.working.levels.danger, "at margin used (%)"
    with when:
        level = _percentage(session, label, f"stop_at_{danger}", danger, above=LEAST, step=5.0)
    rule, fraction = session.working.account.rules.ratio, session.working.account.margin_fraction
    if level and rule.direction == "falls":
        st.caption(
            plain(
                f"On the venue's own ratio, which falls: "
                f"{wording.percent(rule.at_level(level, fraction))}."
            )
        )
    return MarginStop(level or danger, part or CLOSED, positions.get(chosen))


_MARGIN_STOP = (
    "A rule of your own, before the venue acts: closes this part of one position, or of every one, "
    "once. "
    "In isolated mode each position is measured by itself."
)


def _price_stops(session: Session) -> PriceStops:
    """Return the price at which each position is closed whole, for those that have one."""
    positions = session.working.positions
    inputs = session.of(Inputs)
    typed, good = inputs.typed_stops, inputs.good_stops
    edited = st.data_editor(
        inputs.stops.get(session, lambda: _stop_frame(session, typed), session.market_revision),
        key=f"price_stops_{session.revision}_{session.market_revision}",
        hide_index=True,
        width="stretch",
        height=place.high(len(positions), MOST_STOPS),
        row_height=place.ROW,
        placeholder="none",
        disabled=["Position", "Mark"],
        column_config={
            "Position": st.column_config.TextColumn(width=110),
            "Mark": st.column_config.NumberColumn(format="%.8g", width=80),
            "Stop at": st.column_config.NumberColumn(
                format="%.8g", help="closes the whole position; empty: none"
            ),
        },
        alt="Price stops: the price at which each position is closed, edited in place",
    )
    stops: dict[tuple[str, Side], float] = {}
    for position, price in zip(positions, edited["Stop at"].tolist(), strict=True):
        name = (position.symbol, position.side)
        typed.pop(name, None)
        if (price := clean(price)) is None:
            good.pop(name, None)
            continue
        typed[name] = price
        try:
            good[name] = number(price, "Stop at", above=0)
        except FieldError as error:
            kept = (
                f"the last good one, {wording.price(good[name])}, is kept"
                if name in good
                else "it has no stop"
            )
            st.error(
                plain(f"{position.symbol} {position.side}: {error.path} {error.message}; {kept}.")
            )
        if name in good:
            stops[name] = good[name]
    return stops


def _stop_frame(session: Session, typed: PriceStops) -> pd.DataFrame:
    """Return a row per position.

    With what was typed before, also on an earlier visit or at other marks.
    """
    rows = [
        {
            "Position": f"{each.symbol} {each.side}",
            "Mark": session.working.market.marks[each.symbol],
            "Stop at": typed.get((each.symbol, each.side)),
        }
        for each in session.working.positions
    ]
    return pd.DataFrame(rows).astype({"Stop at": "float64"})


# What comes of it


def run(session: Session, chosen: Route, assumed: Conduct) -> Runs | None:
    """Return the account to the end of its path, with the stops and without them.

    Says why where it cannot be told.
    """
    scenario = session.working
    try:
        found = waterfall(session.account, chosen.path, assumed)
        bare = replace(assumed, stop=None, price_stops={})
        without = waterfall(session.account, chosen.path, bare) if assumed.has_stops else None
    except FieldError as error:
        st.error(plain(f"This path can't be simulated to its end: {error}."))
        return None
    return None if found is None else Runs(scenario, chosen.way, found, without)


def sentence(runs: Runs, chosen: Route) -> None:
    """Draw what is kept, with the outcome in words before it."""
    color, label = liquidation_text.status(runs.result)
    said = liquidation_text.sentence(runs, chosen.reached)
    st.markdown(f":{color}-badge[{plain(label)}] **{plain(said)}**")


def picture(runs: Runs) -> None:
    """Draw equity and requirement along the path."""
    given = (runs.result, runs.path, runs.without)
    place.chart(waterfall_figure(*given), "waterfall", waterfall_alt(*given))
    if runs.scenario.account.isolated:
        st.caption(
            "Sums over the positions and the free part of the wallet; each position stands on its "
            "own margin."
        )


def money(runs: Runs) -> None:
    """Draw where the money went, with stops and without."""
    cells = [
        {name: plain(cell) for name, cell in row.items()}
        for row in liquidation_rows.money_rows(runs)
    ]
    compared = "" if runs.without is None else ", with your stops and without"
    st.table(
        pd.DataFrame(cells),
        hide_index=True,
        border="horizontal",
        alt=f"Where the money went{compared}",
    )


def steps(runs: Runs) -> None:
    """Draw every step in plain words."""
    rows = liquidation_rows.step_rows(runs)
    if not rows:
        st.caption("Nothing happens on this path.")
        return
    place.table(
        rows,
        f"Every step of the liquidation and of your stops, {len(rows)} in all",
        80,
        {
            "What happens": st.column_config.Column(width=245),
            "Margin used": st.column_config.Column(width=155),
            "Closed": st.column_config.Column(width=90),
            "Left": st.column_config.Column(width=90),
            "Realised": st.column_config.Column(width=85),
            "Why": st.column_config.Column(width=300),
        },
    )


def rests_on(runs: Runs, chosen: Route, assumed: Conduct) -> None:
    """Draw every approximation of the path and of the liquidation."""
    lines = [*chosen.assumptions, *map(message, runs.result.assumptions)]
    if runs.scenario.account.isolated:
        lines.append("an order that would leave its position no margin closes all of it")
    if assumed.has_stops and assumed.gap:
        lines.append(liquidation_text.about_gap(runs.scenario))
    if runs.scenario.shocks is not None:
        lines.append("the shocks that this scenario carries are not applied here")
    st.caption("\n".join(f"- {plain(line)}" for line in lines))


def left_open(session: Session, runs: Runs) -> None:
    """Draw what stands at the end, and the way on with it."""
    left = session.attach(replace(runs.result.final, shocks=None))
    account, count = PreparedAccount(left), len(left.positions)
    after = verdict(account) if count else ""
    st.markdown(plain(f"{liquidation_text.left(account)} {after}"))
    many = count > place.MOST_ROWS
    with st.container(height=place.MOST_ROWS * place.ROW if many else "content"):
        account_parts.positions_table(account)
    if left != session.working:
        there = address.offer(session, account, _ARRIVED)
        st.page_link(
            "app.py",
            label="Continue in What if with what is left →",
            help=_CONTINUE,
            query_params=there,
        )


_CONTINUE = "the account at the end of the path; the account as it is now becomes the baseline"
_ARRIVED = "This is what is left at the end of the path. The baseline is the account before."


def where(session: Session) -> str:
    """Return where the account is held, in words."""
    rules = session.working.account.rules
    return "by the textbook" if rules.own_fraction else f"on {rules.name}"


def lesson(session: Session) -> None:
    """Draw what happens at liquidation on this venue."""
    policy = session.working.account.rules.liquidation
    lines = (*policy.steps, policy.not_published) if policy.not_published else policy.steps
    st.markdown("\n".join(f"- {plain(line)}" for line in lines))


def assumptions(session: Session) -> None:
    """Draw what the account's own figures rest on."""
    account_parts.assumptions(session.account)
