"""The Market data page: what is shown, from where and how old.

Tiers of all venues, funding, listings, connections.
"""

from collections.abc import Sequence
from datetime import UTC
from typing import Any

import numpy as np
import streamlit as st

from margin import formatting as wording
from margin.charts.funding import (
    Distribution,
    funding_distribution,
    funding_distribution_alt,
    funding_history,
    funding_history_alt,
    interval,
)
from margin.charts.tiers import Compared, Schedule, tier_steps, tier_steps_alt
from margin.market.cache.memory import Entry
from margin.market.cache.query import Cached, Query
from margin.market.listings import known_tokens, status_rows, successions
from margin.market.price_moves import DailyFunding, funding_a_day
from margin.market.snapshot import embedded as snapshot
from margin.market.source import FundingHistory, Quote
from margin.market.view import View, queries
from margin.messages import not_listed
from margin.studies.account.assess import assess
from margin.studies.distance.distances import away
from margin.venues import VENUES, listing_venues
from pages.ui import shell
from pages.ui.components import place
from pages.ui.components.text import plain
from pages.ui.market_data import rows as data_rows
from pages.ui.market_data.rows import UP_TO
from pages.ui.session import live
from pages.ui.session.session import Session


def sources(session: Session) -> None:
    """Draw what the scenario's figures rest on, token by token."""
    scenario, now = session.working, live.now()
    if not scenario.tokens:
        st.caption("No positions and no collateral: nothing rests on market data.")
        return
    marks_from = {token: _mark_from(session, token) for token in scenario.tokens}
    rows = data_rows.source_rows(scenario, session.shown, _latest(session), marks_from, now)
    place.table(
        rows, f"Where the figures of every token on {scenario.account.rules.name} come from", 90
    )
    whose = "your own" if scenario.account.taker_fee is not None else "the venue's"
    st.caption(plain(f"Taker fee in force: {wording.rate(scenario.account.fee)}, {whose}."))
    for reason in data_rows.reasons(session.shown, scenario.tokens):
        st.caption(plain(f"{reason}."))


def _latest(session: Session, *further: str) -> View:
    """Return the scenario's venue as it is known at this moment, whatever its figures rest on."""
    return live.look_at(session, session.working.account.venue, (*session.working.tokens, *further))


def _mark_from(session: Session, token: str) -> str:
    """Return whose mark the token has, and how far the joint move has taken it from there."""
    mark, now = session.origin[token], session.working.market.marks[token]
    label = shell.mark_label(session, token)
    return label if now == mark else f"{label}, moved {wording.percent(away(now, mark), sign=True)}"


def choose_token(session: Session) -> str:
    """Return the token that the next sections are about: the scenario's first."""
    tokens = list(dict.fromkeys([*session.working.tokens, *known_tokens()]))
    token: str = st.selectbox("Token", tokens, key=f"data_token_{session.revision}", width=240)
    return token


def views_for(session: Session, token: str) -> list[View]:
    """Return every venue as it is known at this moment, whatever the scenario's figures rest on."""
    return [
        live.look_at(session, venue, (*session.working.tokens, token)) for venue in listing_venues()
    ]


def _mark(session: Session, token: str) -> float | None:
    mark = session.working.market.marks.get(token)
    return live.known_mark(session, token) if mark is None else mark


def tiers(session: Session, views: Sequence[View], token: str) -> None:
    """Draw the token's tiers as a table, and beside other venues' as a chart."""
    mark = _mark(session, token)
    compared = data_rows.compared(session.working, views, token, mark)
    table, chart = st.columns([45, 55], gap="medium")
    with table:
        _tier_table(session, compared, token)
    with chart:
        place.chart(tier_steps(compared), "tier-steps", tier_steps_alt(compared))
    if warning := data_rows.far_apart(session.working, views, token):
        st.warning(plain(warning))
    st.caption(plain(_beside_the_chart()))


def _beside_the_chart() -> str:
    """Return what venues count beside their tiers, which the chart leaves out."""
    closing = [venue.name for venue in VENUES.values() if venue.closing_fee_in_margins]
    liquidating = [venue.name for venue in VENUES.values() if venue.liquidation_fee_required]
    adds, holds = (
        ("adds" if len(closing) == 1 else "add"),
        ("holds" if len(liquidating) == 1 else "hold"),
    )
    return (
        f"The chart shows maintenance margin by the tiers alone. {wording.listing(closing)} {adds} "
        f"the fee to close to "
        f"it, and {wording.listing(liquidating)} {holds} equity against the liquidation fee too; "
        f"the account's figures "
        "count both."
    )


def _tier_table(session: Session, compared: Compared, token: str) -> None:
    """Draw the table in force on the scenario's venue, in its own units."""
    scenario = session.working
    name = scenario.account.rules.name
    here = [schedule for schedule in compared.schedules if schedule.venue == scenario.account.venue]
    if not here:
        seen = scenario.market.reference.not_listed.get(token)
        missing = not_listed(name, seen) if seen else f"no tier table of {token} is known there"
        st.caption(
            plain(f"{name}: {_ONE_FRACTION if scenario.account.rules.own_fraction else missing}.")
        )
        return
    [schedule] = here
    unit = (
        None if schedule.contract_value is None else schedule.contract_value * compared.mark or None
    )
    rows = data_rows.tier_rows(
        schedule.table, unit, data_rows.tiers_of(assess(session.account), token)
    )
    st.caption(plain(f"{name}, {schedule.seen}: {_units(schedule, compared)}"))
    told = f"Tiers of {token} on {name}, {len(rows)} {'tiers' if len(rows) > 1 else 'tier'}"
    place.table(rows, told, 90, _tier_columns())


_ONE_FRACTION = "one maintenance fraction for everything, no tiers"


def _units(schedule: Schedule, compared: Compared) -> str:
    """Return what the columns of sizes count."""
    if schedule.table.progressive:
        return "sizes in $ of notional; maintenance margin is notional × rate − deduction."
    if schedule.contract_value is None:
        return "sizes in contracts, whose value is not known here; one rate for the whole position."
    worth = f"{wording.quantity(schedule.contract_value)} {compared.token} each, at the mark of "
    return (
        f"sizes in contracts of {worth}{wording.price(compared.mark)}; one rate for the whole "
        f"position."
    )


def _tier_columns() -> dict[str, Any]:
    column = st.column_config
    return {
        "Tier": column.NumberColumn(width=50, pinned=True),
        "From": column.NumberColumn(format="localized"),
        "To": column.NumberColumn(format="localized"),
        UP_TO: column.NumberColumn(format="localized", help="the end of the tier at the mark"),
        "Rate": column.NumberColumn(format="%.6g %%", help="maintenance rate"),
        "Deduction": column.NumberColumn(format="localized", help="maintenance amount, in $"),
        "Max leverage": column.NumberColumn(format="%g×"),
    }


def funding(session: Session, token: str) -> None:
    """Draw what funding has cost.

    Every payment where the venue told them, else the snapshot's distribution.
    """
    venue = _funding_venue(session)
    entry = live.cache().entry(Query(venue, "funding", token)) if session.live_data.on else Entry()
    chart, words = st.columns([55, 45], gap="medium")
    with chart:
        rates = (
            _distribution(token)
            if entry.cached is None
            else _history(session, venue, token, entry.cached)
        )
    if entry.failure is not None:
        stands_in = "what the snapshot recorded" if entry.cached is None else "the last answer"
        words.caption(plain(f"{VENUES[venue].name} {entry.failure.reason}: {stands_in} stands in."))
    if (quote := _told(session, token)) and quote.funding_rate is not None and quote.interval_hours:
        seen = _latest(session, token).mark_origins[token].label(live.now())
        rates.append(
            funding_a_day(
                quote.funding_rate, quote.interval_hours, f"{VENUES[venue].name}'s rate ({seen})"
            )
        )
    legs = [leg for leg in session.working.positions if leg.symbol == token]
    for line in data_rows.funding_lines(legs, _mark(session, token) or 0.0, rates):
        words.markdown(plain(line))


def _funding_venue(session: Session) -> str:
    """Return the scenario's venue.

    For the textbook account the first of those that have funding.
    """
    venue = session.working.account.venue
    return venue if venue in listing_venues() else listing_venues()[0]


def _told(session: Session, token: str) -> Quote | None:
    """Return what the venue itself told of the token last, now or a while ago."""
    latest = _latest(session, token)
    return (
        latest.quotes.get(token) if latest.mark_origins[token].kind in ("live", "cached") else None
    )


def _history(session: Session, venue: str, token: str, cached: Cached) -> list[DailyFunding]:
    payments: FundingHistory = cached.value
    quote = _told(session, token)
    hours = quote.interval_hours if quote else None
    name, seen = VENUES[venue].name, cached.seen_at.astimezone(UTC)
    given = (payments.times, payments.rates, hours, token, name)
    place.chart(funding_history(*given), "funding", funding_history_alt(*given))
    st.caption(plain(f"{name}, asked {seen:%Y-%m-%d %H:%M} UTC."))
    hours = interval(payments.times, hours)
    if not hours or not len(payments.rates):
        return []
    return [funding_a_day(float(np.median(payments.rates)), hours, f"{name}'s median rate")]


def _distribution(token: str) -> list[DailyFunding]:
    recorded = snapshot.funding().get(token)
    if recorded is None:
        st.caption(plain(f"No funding of {token} is recorded in the snapshot."))
        return []
    figures = Distribution(*(getattr(recorded, name) for name in Distribution._fields))
    name = VENUES[recorded.venue].name
    given = (figures, token, name)
    place.chart(funding_distribution(*given), "funding", funding_distribution_alt(*given))
    return [funding_a_day(recorded.median, float(recorded.interval_hours), f"{name}'s median rate")]


def listings(session: Session, views: Sequence[View]) -> None:
    """Draw which token has a perpetual where, and what became of those that are no more."""
    rows = status_rows(views, known_tokens(session.working.tokens))
    told = "Listing status of every token on every venue, with the day it was seen"
    place.table(data_rows.listing_rows(rows), told, 90)
    st.caption(plain("listed: the venue has tiers for it; whether it trades now was not seen."))
    for succession in successions():
        st.markdown(f"- {plain(succession.text)}")


def connections(session: Session, views: Sequence[View], token: str) -> None:
    """Draw what each venue has answered, and the button that asks all of them."""
    if not session.live_data.on:
        st.caption("Live data is off: no venue is asked, everything comes from the snapshot.")
        return
    everything = _queries(session, token, listing_venues())
    place.table(
        data_rows.connection_rows(views, token, live.now()), "What each venue has answered", 90
    )
    tokens = tuple(dict.fromkeys([*session.working.tokens, token]))
    for reason in dict.fromkeys(
        reason for view in views for reason in data_rows.reasons(view, tokens)
    ):
        st.caption(plain(f"{reason}."))
    live.ask_every(everything, "do_ask_venues", f"contracts, marks and the tiers of {token}")


def want(session: Session, token: str) -> None:
    """Draw with live data on, has fetched what the page shows of the scenario's venue.

    The others only by the button.
    """
    if session.live_data.on and session.working.account.venue in listing_venues():
        live.cache().refresh(_queries(session, token, [session.working.account.venue]))


def _queries(session: Session, token: str, venues: Sequence[str]) -> tuple[Query, ...]:
    about = [
        query for venue in venues for query in queries(venue, (*session.working.tokens, token))
    ]
    return (*about, Query(_funding_venue(session), "funding", token))
