"""Live market data in a session: the switch, what was asked for and is on its way, and how it is taken over.

Nothing leaves this machine before a person switches live data on (a deployment may do so with TANDEM_LIVE=1). From then
on the feed, which all sessions share, fetches behind the page; a page never waits for it. What arrives is taken over
only where the person asked: by the switch, by Refresh, by another venue or a new token. What a link brought stays.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import streamlit as st

from margin import wording
from margin.market import snapshot
from margin.market.feed import Ask, Feed
from margin.market.live.venues import Venues
from margin.market.source import Quote
from margin.market.store import Store, default_folder
from margin.market.view import View, asks, look
from margin.scenario import Scenario
from margin.studies.distances import at_move, origin, present_move
from margin.symbols import STABLECOINS
from margin.venues import VENUES
from pages.ui.state import Session
from pages.ui.text import plain

POLL = 0.5
"""Seconds between two looks at what is on its way, while something is."""


@st.cache_resource(show_spinner=False)
def feed() -> Feed:
    """The feed of this process, shared by its sessions."""
    folder = default_folder()
    return Feed(Venues(), Store(folder) if folder else None)


def now() -> datetime:
    """The present time, in UTC."""
    return datetime.now(UTC)


def update(session: Session) -> None:
    """Keeps the figures fresh behind the page, and takes over what was asked for and has arrived.

    Not in a run that a widget caused: the widgets' edit is read first, what arrived waits for the next run.
    """
    venue = session.working.account.venue
    if session.working.account.rules.own_fraction or not (session.live or venue in session.keyed_tiers):
        return
    if session.view is None or session.view.venue != venue:
        _compose(session)
        untold = [token for token, source in session.shown.tiers.items() if source.kind == "none"]
    else:
        untold = [token for token in session.working.tokens if token not in session.shown.tiers]
    if not session.live:
        return
    if set(untold) - STABLECOINS:
        session.asked.add("tables")
    feed().want(wanted(session))
    if session.asked and not session.touched and not feed().busy(wanted(session)):
        _take(session)


def wanted(session: Session) -> tuple[Ask, ...]:
    """What the page's figures rest on."""
    return asks(session.working.account.venue, session.working.tokens)


def _compose(session: Session) -> None:
    """Puts the best figures at hand beside the scenario."""
    session.view = look_at(session, session.working.account.venue, session.working.tokens)
    session.working = session.attach(session.working)


def look_at(session: Session, venue: str, tokens: Sequence[str]) -> View:
    """The best figures at hand: with live data off, the snapshot's and those that the person's own key brought."""
    own = session.keyed_tiers.get(venue, (None, None))
    return look(feed() if session.live else None, venue, tokens, *own)


def _take(session: Session) -> None:
    """Takes over what has arrived."""
    before, asked = session.working, frozenset(session.asked)
    session.asked.clear()
    _compose(session)
    session.open(session.working)
    if "marks" in asked:
        _take_marks(session, before)


def _take_marks(session: Session, before: Scenario) -> None:
    """The venue's marks in place of the scenario's, the common move kept; what was before becomes the baseline."""
    view, name = session.shown, before.account.rules.name
    if view.quotes_origin.kind != "live":
        session.tell("warning", f"The marks stay as they were: {view.quotes_origin.reason or f'{name} has none now'}.")
        return
    start = origin(before)
    fresh = {token: view.quotes[token].mark for token in before.tokens if view.mark_origins[token].kind == "live"}
    kept = [token for token in before.tokens if token not in fresh and token not in STABLECOINS]
    session.baseline = before
    session.open(at_move(session.working, present_move(before) or 0.0, {**start, **fresh}))
    session.marks_taken, session.marks_origin = fresh, view.quotes_origin
    session.tell("info", f"{_changes(name, start, fresh, view)}{_kept(kept, view)}")


def _changes(name: str, start: Mapping[str, float], fresh: Mapping[str, float], view: View) -> str:
    seen_at = view.quotes_origin.seen_at or now()
    changed = [f"{each} {wording.price(start[each])} → {wording.price(fresh[each])}" for each in sorted(fresh)]
    heading = f"Marks of {name} at {seen_at:%H:%M:%S} UTC"
    return f"{heading}: {', '.join(changed)}. The baseline is the account before." if changed else f"{heading}: none."


def _kept(tokens: list[str], view: View) -> str:
    return "".join(f" {view.mark_origins[token].reason or token}: {token} keeps its mark." for token in tokens)


def controls(session: Session) -> None:
    """The switch, the button for today's marks, and what is on its way."""
    chosen = st.toggle("Live data", value=session.live, key="live", help=_HELP)
    if chosen != session.live:
        switch(session, on=chosen)
        st.rerun()
    if not session.live or session.working.account.rules.own_fraction:
        return
    if st.button("Refresh marks", key="do_refresh", help="the venue's marks now, compared with these"):
        refresh(session)
        st.rerun()
    if session.asked:
        _waiting(session)


_HELP = plain(
    "On: marks, tiers and funding are asked of the venue you choose, without an account. Marks change only when you "
    "press Refresh. Off: the snapshot built into the app, and no request leaves this machine."
)


def switch(session: Session, *, on: bool) -> None:
    """Live data on or off: tables change with it, marks do not."""
    session.live, session.view = on, None
    session.asked.clear()
    if on:
        session.asked.add("tables")
        return
    session.working = session.attach(session.working)
    session.open(session.working)


def refresh(session: Session) -> None:
    """Asks for everything anew; the marks are taken over when they are here."""
    session.asked.update({"tables", "marks"})
    feed().want(wanted(session), anew=True)


@st.fragment(run_every=POLL)
def _waiting(session: Session) -> None:
    """Looks whether what was asked for is here, as long as it is not; the page can be used meanwhile."""
    if not session.touched and not feed().busy(wanted(session)):
        st.rerun()
    st.caption(plain(f"Asking {VENUES[session.working.account.venue].name} …"))


def known_mark(session: Session, token: str) -> float | None:
    """The token's price where the scenario has none: live where it is at hand, else the snapshot's."""
    if token in STABLECOINS:
        return 1.0
    quote: Quote | None = session.view.quotes.get(token) if session.view else None
    return quote.mark if quote else snapshot.marks().get(token)
