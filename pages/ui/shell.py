"""What every page shares: the page set-up, the process's one-time preparation, the heading and the data badge."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date

import streamlit as st

from margin import wording
from margin.market import snapshot
from margin.scenario import Scenario
from margin.studies.assess import Assessment, assess
from margin.studies.distances import origin
from pages.ui import live, state
from pages.ui.state import Session
from pages.ui.text import plain

GENERAL_ASSUMPTIONS = (
    "cross and isolated positions in one account, open orders, entry fees and funding already paid are not modelled",
    "sizes are not rounded to the venue's lots, prices not to its ticks",
    "all prices are marks: the venue liquidates by its mark price, which may differ from the last trade",
)


@st.cache_resource(show_spinner=False)
def _settle_memory() -> bool:
    """Takes what the imports left behind out of every later garbage collection, which runs after each script run."""
    gc.collect()
    gc.freeze()
    return True


def open_page(name: str) -> Session:
    """Sets the page up, the first Streamlit call of every page, and gives the session with what arrived for it."""
    st.set_page_config(page_title=f"{name} · Tandem", page_icon="⚖️", layout="wide", menu_items={})
    _settle_memory()
    session = state.load(name)
    live.update(session)
    return session


@contextmanager
def page(name: str) -> Iterator[Session]:
    """A page beside the front page: its heading stands first and is drawn last, from the final scenario."""
    session = open_page(name)
    head, scenario = st.container(), session.working
    yield session
    if session.working != scenario:
        st.rerun()
    account = assess(session.working)
    with head:
        heading(session, account)
        notices(session)
    state.save(session, account)


PAGES = {"What if": "app.py", "Your positions": "pages/positions.py", "Market data": "pages/data.py"}
"""Every page by its name, in the order of the navigation."""


def heading(session: Session, account: Assessment) -> None:
    """Name and navigation, the switch of live data, which data is shown; the person's title and note as plain text."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="heading"):
        st.title("Tandem", anchor=False, width="content")
        here = state.address(session, account)
        for name, path in PAGES.items():
            st.page_link(path, label=name, query_params=here)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="data_line"):
        st.badge(_badge(session), color="gray", help=_badge_help(session))
        live.controls(session)
    if session.working.title:
        st.text(session.working.title)
    if session.working.note:
        st.text(session.working.note)


def _badge(session: Session) -> str:
    scenario = session.working
    market = scenario.market
    own = sorted(market.tiers.keys() & set(scenario.tokens))
    parts = [f"Marks: {_marks_label(session)}"]
    if used := [token for token in scenario.tokens if token in market.reference.tiers and token not in own]:
        parts.append(f"tiers: {_tiers_label(session, used)}")
    parts += [f"own tiers: {wording.listing(own)}"] if own else []
    return " · ".join(parts)


def _marks_label(session: Session) -> str:
    """Whose marks, before the common move, the scenario has."""
    taken = session.marks_origin
    if taken and session.marks_taken and _has_marks(session.working, session.marks_taken):
        return taken.label(live.now())
    if _has_marks(session.working, snapshot.marks()):
        return f"snapshot of {snapshot.marks_as_of()}"
    return "the scenario's own"


def _tiers_label(session: Session, tokens: Sequence[str]) -> str:
    """Where these tokens' tables come from: one label, or each with its tokens."""
    origins = session.shown.tiers
    labels: dict[str, list[str]] = {}
    for token in tokens:
        if token in origins:
            labels.setdefault(origins[token].label(live.now()), []).append(token)
    if not labels:
        return f"snapshot of {session.working.market.reference.oldest(tokens)}"
    if len(labels) == 1:
        return next(iter(labels))
    return "; ".join(f"{label}: {', '.join(held)}" for label, held in labels.items())


def _has_marks(scenario: Scenario, known: Mapping[str, float]) -> bool:
    """Whether every mark, before the common move, is among these."""
    return all(price == known.get(token) for token, price in origin(scenario).items() if token in scenario.tokens)


def _badge_help(session: Session) -> str:
    if not session.live:
        return _OFFLINE
    view = session.shown
    reasons = {each.reason for each in (*view.tiers.values(), view.quotes_origin, view.contracts_origin) if each.reason}
    refused = [f"{token}: {why}" for token, why in sorted(view.refused.items())]
    return plain(". ".join([*sorted(reasons), *refused])) or plain("All of it comes from the venue.")


_OFFLINE = plain(
    "The figures come from the snapshot built into the app: no request leaves this machine. "
    "Marks and tiers that you or a link bring are used in place of it."
)


def dates(session: Session) -> str:
    """How far marks and the venue's tiers lie apart, where both are dated and that is more than a month."""
    scenario = session.working
    tiers = scenario.market.reference.oldest(scenario.tokens)
    marks = _marks_day(session)
    if tiers is None or marks is None or not scenario.market.reference.tiers.keys() & set(scenario.tokens):
        return ""
    months = round((date.fromisoformat(tiers) - date.fromisoformat(marks)).days / 30.44)
    if abs(months) < 1:
        return ""
    age = f"{abs(months)} {'months' if abs(months) > 1 else 'month'} {'older' if months > 0 else 'younger'}"
    whose = "snapshot's marks" if marks == snapshot.marks_as_of() else "marks"
    return f"The {whose} ({marks}) are {age} than {scenario.account.rules.name}'s tiers ({tiers})."


def _marks_day(session: Session) -> str | None:
    """The day of the marks; None for the scenario's own."""
    taken = session.marks_origin
    if taken and taken.seen_at and session.marks_taken and _has_marks(session.working, session.marks_taken):
        return taken.seen_at.date().isoformat()
    return snapshot.marks_as_of() if _has_marks(session.working, snapshot.marks()) else None


def notices(session: Session) -> None:
    """Says what there is to say about the scenario on the screen."""
    show = {"info": st.info, "warning": st.warning, "error": st.error}
    session.notices = [notice for notice in session.notices if notice.about == session.working]
    for notice in session.notices:
        show[notice.kind](plain(notice.text))
