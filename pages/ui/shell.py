"""What every page shares: the page set-up, the process's one-time preparation, the heading and the data badge."""

import gc
from datetime import date

import streamlit as st

from margin import wording
from margin.market import snapshot
from margin.scenario import Scenario
from margin.studies.distances import origin
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


def open_page(name: str) -> None:
    """Sets the page up; the first Streamlit call of every page."""
    st.set_page_config(page_title=f"{name} · Tandem", page_icon="⚖️", layout="wide", menu_items={})
    _settle_memory()


def heading(session: Session) -> None:
    """The product's name, the person's title and note as plain text, and which data is shown."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title("Tandem", anchor=False, width="content")
        st.badge(_badge(session.working), color="gray", help=_BADGE_HELP)
    if session.working.title:
        st.text(session.working.title)
    if session.working.note:
        st.text(session.working.note)


def _badge(scenario: Scenario) -> str:
    market = scenario.market
    own = sorted(market.tiers.keys() & set(scenario.tokens))
    parts = ["own marks" if _has_own_marks(scenario) else f"marks {snapshot.marks_as_of()}"]
    parts += [f"tiers {market.reference.as_of}"] if market.reference.as_of and set(scenario.tokens) - set(own) else []
    parts += [f"own tiers: {wording.listing(own)}"] if own else []
    return " · ".join(["Snapshot", *parts])


def _has_own_marks(scenario: Scenario) -> bool:
    """Whether a mark, before the common move, is another than the snapshot's."""
    known = snapshot.marks()
    return any(price != known.get(token) for token, price in origin(scenario).items() if token in scenario.tokens)


_BADGE_HELP = plain(
    "The figures come from the snapshot built into the app: no request leaves this machine. "
    "Marks and tiers that you or a link bring are used in place of it."
)


def dates(scenario: Scenario) -> str:
    """How far the snapshot's marks and the venue's tiers lie apart, where that is more than a month."""
    marks, tiers = snapshot.marks_as_of(), scenario.market.reference.as_of
    if tiers is None or _has_own_marks(scenario):
        return ""
    months = round((date.fromisoformat(tiers) - date.fromisoformat(marks)).days / 30.44)
    if abs(months) < 1:
        return ""
    age = f"{abs(months)} {'months' if abs(months) > 1 else 'month'} {'older' if months > 0 else 'younger'}"
    return f"The snapshot's marks ({marks}) are {age} than {scenario.account.rules.name}'s tiers ({tiers})."


def notices(session: Session) -> None:
    """Says what there is to say about the scenario on the screen."""
    show = {"info": st.info, "warning": st.warning, "error": st.error}
    session.notices = [notice for notice in session.notices if notice.about == session.working]
    for notice in session.notices:
        show[notice.kind](plain(notice.text))
