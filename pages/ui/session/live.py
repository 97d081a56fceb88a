"""Live market data in a session.

The switch, what was asked for and is on its way, and how it is taken over.

Nothing leaves this machine before a person switches live data on (a deployment may do so with
TANDEM_LIVE=1). From then on the cache, which all sessions share, is refreshed behind the page; a
page never waits for it. What arrives is taken over only where the person asked: by the switch, by
Refresh, by another venue or a new token. What a link brought stays.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import streamlit as st

from margin import formatting as wording
from margin.market.cache.disk import DiskCache, default_folder
from margin.market.cache.memory import MarketCache
from margin.market.cache.query import Query
from margin.market.snapshot import embedded as snapshot
from margin.market.source import Checked, Quote
from margin.market.venues.readers import Venues
from margin.market.view import View, queries, view_venue
from margin.model.scenario import Scenario
from margin.model.symbols import STABLECOINS
from margin.studies.account.assess import assess
from margin.studies.distance.distances import at_move
from margin.venues import VENUES, TierTable
from pages.ui.components.text import plain
from pages.ui.session.session import MarkSource, Session

OwnTiers = tuple[Checked[TierTable] | None, datetime | None]
"""Tables that a person's key brought, and when."""
POLL = 0.5
"""Seconds between two looks at what is on its way, while something is."""


@st.cache_resource(show_spinner=False)
def cache() -> MarketCache:
    """Return the cache of this process, shared by its sessions."""
    folder = default_folder()
    return MarketCache(Venues(), DiskCache(folder) if folder else None)


def now() -> datetime:
    """Return the present time, in UTC."""
    return datetime.now(UTC)


def update(session: Session) -> None:
    """Keep the figures fresh behind the page, and takes over what was asked for and has arrived.

    Not in a run that a widget caused: the widgets' edit is read first, what arrived waits for the
    next run. Nor where a link is shown as its maker saw it: that one changes when its reader asks.
    """
    venue = session.working.account.venue
    if session.working.account.rules.own_fraction:
        session.live_data.asked.clear()
        return
    if not session.live_data.on and venue not in session.live_data.keyed_tiers:
        return
    if session.live_data.as_received and not session.live_data.asked:
        return
    if session.live_data.view is None or session.live_data.view.venue != venue:
        _compose(session)
    if not session.live_data.on:
        return
    if set(session.working.tokens) - session.shown.tiers.keys() - STABLECOINS:
        session.live_data.asked.add("tables")
    cache().refresh(wanted(session))
    if (
        session.live_data.asked
        and not session.address.touched
        and not cache().is_fetching(wanted(session))
    ):
        _take(session)


def wanted(session: Session) -> tuple[Query, ...]:
    """Return what the figures rest on, but for tiers of tokens not listed there."""
    venue = session.working.account.venue
    view = look_at(session, venue, session.working.tokens)
    tokens = [token for token in session.working.tokens if token not in STABLECOINS]
    if view.contracts_origin.kind == "live":
        tokens = [token for token in tokens if token in view.contracts]
    return queries(venue, tokens)


def _compose(session: Session) -> None:
    """Put the best figures at hand beside the scenario and a baseline at its venue."""
    session.live_data.view = look_at(session, session.working.account.venue, session.working.tokens)
    session.working = session.attach(session.working)
    if session.baseline.account.venue == session.working.account.venue:
        session.baseline = session.attach(session.baseline)


def look_at(
    session: Session, venue: str, tokens: Sequence[str], own: OwnTiers | None = None
) -> View:
    """Return the best figures at hand.

    With live data off, the snapshot's and those that the person's own key brought.
    """
    brought: OwnTiers = own or session.live_data.keyed_tiers.get(venue) or (None, None)
    return view_venue(cache() if session.live_data.on else None, venue, tokens, *brought)


def _take(session: Session) -> None:
    """Take over what has arrived; tables first, and what they change is told."""
    before, asked = session.working, frozenset(session.live_data.asked)
    session.live_data.asked.clear()
    session.live_data.as_received = False
    _compose(session)
    session.move(session.working)
    changed = tables_change(before, session.working)
    if "marks" in asked:
        _take_marks(session, before)
    if changed:
        session.tell("info", changed, topic="tables")


def tables_change(before: Scenario, after: Scenario) -> str:
    """Return what other tables alone change, before → after; empty where they change nothing."""
    old, new = assess(before), assess(after)
    pairs = [
        ("margin ratio", old.margin_ratio.value, new.margin_ratio.value, wording.percent),
        ("maintenance margin", old.maintenance_margin, new.maintenance_margin, wording.money),
    ]
    changed = [
        f"{name} {write(was)} → {write(now)}" for name, was, now, write in pairs if was != now
    ]
    if not changed:
        return ""
    return (
        f"Newer tables of {after.account.rules.name} are in force: {wording.listing(changed)}, at "
        f"the same marks."
    )


def _take_marks(session: Session, before: Scenario) -> None:
    """Draw the venue's marks in place of the scenario's, the joint move kept.

    What was before becomes the baseline.
    """
    view, name = session.shown, before.account.rules.name
    fresh = {token: view.quotes[token].mark for token in before.tokens if _is_newer(session, token)}
    why = view.quotes_origin.reason
    if not fresh and view.quotes_origin.kind != "live":
        session.tell(
            "warning",
            f"The marks stay as they were: {why or f'{name} has none now'}.",
            topic="marks",
        )
        return
    start = session.origin
    kept = [token for token in before.tokens if token not in fresh and token not in STABLECOINS]
    session.baseline = session.attach(before)
    session.move(at_move(session.working, session.present_move, {**start, **fresh}, session.rates))
    for token, mark in fresh.items():
        session.live_data.mark_sources[token] = MarkSource(mark, name, view.quotes_origin)
    aged = (
        f" ({view.quotes_origin.label(now())}: {why})"
        if view.quotes_origin.kind == "cached"
        else ""
    )
    session.tell(
        "info", f"{_changes(name, start, fresh, view, aged)}{_kept(kept, view)}", topic="marks"
    )


def _is_newer(session: Session, token: str) -> bool:
    """Return whether the venue's mark is one to take.

    Its own, and newer than the one that is shown.
    """
    source = session.shown.mark_origins.get(token)
    if token in STABLECOINS or source is None or source.kind not in {"live", "cached"}:
        return False
    shown = session.live_data.mark_sources.get(token)
    if source.kind == "live" or shown is None or shown.mark != session.origin[token]:
        return True
    return (source.seen_at or now()) > (shown.origin.seen_at or now())


def _changes(
    name: str, start: Mapping[str, float], fresh: Mapping[str, float], view: View, aged: str
) -> str:
    seen_at = view.quotes_origin.seen_at or now()
    changed = [
        f"{token} {wording.price(start[token])} → {wording.price(mark)}"
        for token, mark in sorted(fresh.items())
        if mark != start[token]
    ]
    heading = f"Marks of {name} at {seen_at:%H:%M:%S} UTC{aged}"
    if not changed:
        return f"{heading}: {'unchanged' if fresh else 'none of these tokens'}."
    return f"{heading}: {', '.join(wording.capped(changed))}. The baseline is the account before."


def _kept(tokens: list[str], view: View) -> str:
    few = tokens[: wording.FEW]
    reasons = [
        f" {view.mark_origins[token].reason or token}: {token} keeps its mark." for token in few
    ]
    rest = len(tokens) - len(few)
    return "".join([*reasons, *([f" So do {rest} more."] if rest else [])])


def controls(session: Session) -> None:
    """Draw the switch, the button for today's marks, and what is on its way."""
    chosen = st.toggle("Live data", value=session.live_data.on, key="live", help=_HELP)
    if chosen != session.live_data.on:
        switch(session, on=chosen)
        st.rerun()
    if not session.live_data.on or session.working.account.rules.own_fraction:
        return
    if st.button(
        "Refresh mark prices", key="do_refresh", help="the venue's marks now, compared with these"
    ):
        refresh(session)
        st.rerun()
    if session.live_data.asked:
        _waiting(session)
    elif failed := failure(session):
        st.caption(plain(failed))
        if st.button("Try again", key="do_try_again", type="tertiary"):
            session.live_data.asked.add("tables")
            cache().refresh(wanted(session), force=True)
            st.rerun()


def failure(session: Session) -> str:
    """Return why live figures are missing and what is shown instead, with its age; else nothing."""
    view = session.shown
    origins = [view.quotes_origin, view.contracts_origin]
    if not VENUES[view.venue].api.tiers_need_key:
        origins += view.tiers.values()
    failed = [origin for origin in origins if origin.reason and origin.kind != "live"]
    if not failed:
        return ""
    reasons = list(dict.fromkeys(origin.reason for origin in failed))
    shown = list(dict.fromkeys(origin.label(now()) for origin in failed))
    return (
        f"{wording.capital('; '.join(reasons[: wording.FEW]))}. "
        f"Shown instead: {wording.listing(wording.capped(shown, wording.FEW))}."
    )


_HELP = plain(
    "On: marks, tiers and funding are asked of the venue you choose, without an account. Marks "
    "change only when you "
    "press Refresh. Off: the snapshot built into the app; nothing is asked but an account that you "
    "have read."
)


def switch(session: Session, *, on: bool) -> None:
    """Draw live data on or off: tables change with it, marks do not."""
    session.live_data.on, session.live_data.view, session.live_data.as_received = on, None, False
    session.live_data.asked.clear()
    if on:
        session.live_data.asked.add("tables")
        return
    session.working, session.baseline = (
        session.attach(session.working),
        session.attach(session.baseline),
    )
    session.move(session.working)


def refresh(session: Session) -> None:
    """Ask for everything anew; the marks are taken over when they are here."""
    session.live_data.asked.update({"tables", "marks"})
    cache().refresh(wanted(session), force=True)


@st.fragment(run_every=POLL)
def _waiting(session: Session) -> None:
    """Look whether what was asked for is here, as long as it is not.

    The page can be used meanwhile.
    """
    if not session.address.touched and not cache().is_fetching(wanted(session)):
        st.rerun()
    st.caption(plain(f"Asking {VENUES[session.working.account.venue].name} …"))


def ask_every(wanted: Sequence[Query], key: str, about: str) -> None:
    """Draw the button that asks every venue for all of this anew.

    `about` says in words what that is.
    """
    if st.button("Ask every exchange", key=key, help=plain(about)):
        cache().refresh(wanted, force=True)
    if cache().is_fetching(wanted):
        _asking(wanted)


@st.fragment(run_every=POLL)
def _asking(wanted: Sequence[Query]) -> None:
    """Look whether all of it is here, as long as it is not; the page can be used meanwhile."""
    if not cache().is_fetching(wanted):
        st.rerun()
    st.caption("Loading from the exchanges …")


def first_mark(session: Session, token: str) -> float | None:
    """Return the mark that a token new in the scenario gets.

    One that a venue gave is remembered as that.
    """
    mark = known_mark(session, token)
    source = session.shown.mark_origins.get(token) or session.shown.quotes_origin
    if (
        mark is not None
        and session.live_data.view
        and source.kind in {"live", "cached"}
        and token in session.live_data.view.quotes
    ):
        session.live_data.mark_sources[token] = MarkSource(
            mark, VENUES[session.live_data.view.venue].name, source
        )
    return mark


def known_mark(session: Session, token: str) -> float | None:
    """Return the token's price where the scenario has none.

    Live where it is at hand, else the snapshot's.
    """
    if token in STABLECOINS:
        return 1.0
    quote: Quote | None = (
        session.live_data.view.quotes.get(token) if session.live_data.view else None
    )
    return quote.mark if quote else snapshot.marks().get(token)
