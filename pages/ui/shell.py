"""What every page shares.

The page set-up, the process's one-time preparation, the heading and the data badge.
"""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta

import streamlit as st

import margin
from margin import formatting as wording
from margin.market.snapshot import embedded as snapshot
from margin.market.view import Origin
from margin.model import link
from margin.model.symbols import STABLECOINS
from pages.ui.components import settings
from pages.ui.components.text import plain
from pages.ui.session import address, live
from pages.ui.session.session import MarkSource, Session

MARKS_LIVE, TIERS_LIVE = timedelta(minutes=1), timedelta(hours=3)
"""How long a figure that was taken over is called live."""


@st.cache_resource(show_spinner=False)
def _settle_memory() -> bool:
    """Take what the imports left out of every later garbage collection.

    One follows each script run.
    """
    gc.collect()
    gc.freeze()
    return True


_TOUCH = "@media (hover: none) {[data-testid=stDataFrame] {margin-top: 2.4rem}}"
"""Where nothing hovers a table's tools always stand above it.

They get room, else they cover the words there.
"""
_QUOTED = "[class*=st-key-quoted_]"
_QUOTATION = (
    f"{_QUOTED} {{border-left: 3px solid color-mix(in srgb, currentColor 35%, transparent); "
    f"padding-left: 0.75rem}}"
    f"{_QUOTED} [data-testid=stText] {{max-height: 9rem; overflow: auto; overflow-wrap: anywhere; "
    f"font-style: italic}}"
    f"{_QUOTED} [data-testid=stText] > :last-child::before {{content: '“'}}"
    f"{_QUOTED} [data-testid=stText] > :last-child::after {{content: '”'}}"
)
"""How words that are not Tandem's look.

Behind a line, between quotation marks, and never longer than a few lines.
"""


def open_page(name: str) -> Session:
    """Return the session with what arrived for it, after setting the page up.

    The first Streamlit call of every page.
    """
    st.set_page_config(page_title=f"{name} · Tandem", page_icon="⚖️", layout="wide", menu_items={})
    st.html(f"<style>{_TOUCH} {_QUOTATION}</style>")
    _settle_memory()
    session = address.load(name)
    live.update(session)
    return session


@contextmanager
def page(name: str) -> Iterator[Session]:
    """Yield a page beside the front page, below its heading; it runs again where it edits."""
    session = open_page(name)
    head = st.container()
    settings.strip(session)
    scenario = session.working
    with head:
        heading(session)
        notices(session)
    yield session
    if session.working != scenario:
        st.rerun()
    foot()
    address.save(session)


def foot() -> None:
    """Draw the last line of every page: which Tandem this is."""
    st.caption(plain(f"Tandem {margin.__version__}"))


PAGES = {
    "What if": "app.py",
    "Stress tests": "pages/scenarios.py",
    "Liquidation": "pages/liquidation.py",
    "Compare": "pages/compare.py",
    "Import / export": "pages/positions.py",
    "Market data": "pages/data.py",
}
"""Every page by its name, in the order of the navigation."""


def heading(session: Session) -> None:
    """Name and navigation, the switch of live data, which data is shown.

    Title and note of whoever wrote them.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="heading"):
        st.title("Tandem", anchor=False, width="content")
        here = address.of_links(session)
        for name, path in PAGES.items():
            st.page_link(path, label=name, query_params=here)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="data_line"):
        st.badge(_badge(session), color="gray", help=_badge_help(session))
        live.controls(session)
    if link.STAND_IN in here:
        st.caption(_LARGE)
    _words(session)


_LARGE = plain(
    "Too large for a link: this page's address opens the scenario only here and now. To keep or "
    "send it, download its "
    "file under “Share” on the What-if page."
)


def _words(session: Session) -> None:
    """Draw title and note as a quotation under the name of whoever wrote them.

    They are not Tandem's words.
    """
    received = session.received_words
    for name in ("title", "note"):
        text = getattr(session.working, name)
        theirs = received is not None and text == getattr(received, name)
        whose = (
            f"{name.capitalize()} by the maker of {received.maker}"
            if received and theirs
            else f"Your {name}"
        )
        if text:
            with st.container(key=f"quoted_{name}", gap=None):
                st.caption(plain(f"{whose}:"))
                st.text(text)


def _badge(session: Session) -> str:
    scenario = session.working
    market = scenario.market
    own = sorted(market.tiers.keys() & set(scenario.tokens))
    marks = _grouped(
        {token: mark_label(session, token) for token in scenario.tokens if token not in STABLECOINS}
    )
    parts = [f"Marks: {marks or 'none needed'}"]
    if used := [
        token for token in scenario.tokens if token in market.reference.tiers and token not in own
    ]:
        parts.append(f"tiers: {_tiers_label(session, used)}")
    parts += [f"own tiers: {wording.listing(wording.capped(own, wording.FEW))}"] if own else []
    return " · ".join(parts)


def mark_label(session: Session, token: str) -> str:
    """Return where a token's mark, before the joint move, comes from."""
    if source := _mark_source(session, token):
        return f"{source.venue}, {_label(source.origin, MARKS_LIVE)}"
    if session.origin.get(token) == snapshot.marks().get(token):
        return f"snapshot of {snapshot.marks_as_of()}"
    return "the scenario's own"


def _mark_source(session: Session, token: str) -> MarkSource | None:
    """Return the venue's mark that the token still has."""
    source = session.live_data.mark_sources.get(token)
    return source if source and source.mark == session.origin.get(token) else None


def _label(source: Origin, live_for: timedelta) -> str:
    """Return what is live grows old while it stands on the screen."""
    now = live.now()
    if source.kind == "live" and source.seen_at and now - source.seen_at > live_for:
        source = source._replace(kind="cached")
    return source.label(now)


def _grouped(labels: Mapping[str, str]) -> str:
    """Return one label for all, or each with its tokens."""
    groups: dict[str, list[str]] = {}
    for token, label in labels.items():
        groups.setdefault(label, []).append(token)
    if len(groups) < 2:
        return next(iter(groups), "")
    return "; ".join(
        f"{label}: {', '.join(wording.capped(tokens, wording.FEW))}"
        for label, tokens in groups.items()
    )


def _tiers_label(session: Session, tokens: Sequence[str]) -> str:
    """Return where these tokens' tables come from."""
    origins = session.shown.tiers
    labels = {token: _label(origins[token], TIERS_LIVE) for token in tokens if token in origins}
    return _grouped(labels) or f"snapshot of {session.working.market.reference.oldest(tokens)}"


def _badge_help(session: Session) -> str:
    if session.live_data.view is None:
        return _OFFLINE if not session.live_data.on else _AS_RECEIVED
    view = session.live_data.view
    reasons = {
        each.reason
        for each in (*view.tiers.values(), view.quotes_origin, view.contracts_origin)
        if each.reason
    }
    refused = [
        f"{token}: {why}"
        for token, why in sorted(view.refused.items())
        if token in session.working.tokens
    ]
    return plain(". ".join([*sorted(reasons), *refused[: wording.MANY]])) or plain(
        "All of it comes from the venue."
    )


_AS_RECEIVED = plain(
    "This scenario came by a link and is shown on the snapshot until you press Refresh mark prices."
)
_OFFLINE = plain(
    "The figures come from the snapshot built into the app: no request leaves this machine. "
    "Marks and tiers that you or a link bring are used in place of it."
)


def dates(session: Session) -> str:
    """Return how far marks and tiers lie apart, where that is more than a month."""
    scenario = session.working
    tiers = scenario.market.reference.oldest(scenario.tokens)
    marks = _marks_day(session)
    if (
        tiers is None
        or marks is None
        or not scenario.market.reference.tiers.keys() & set(scenario.tokens)
    ):
        return ""
    months = round((date.fromisoformat(tiers) - date.fromisoformat(marks)).days / 30.44)
    if abs(months) < 1:
        return ""
    age = (
        f"{abs(months)} {'months' if abs(months) > 1 else 'month'} "
        f"{'older' if months > 0 else 'younger'}"
    )
    whose = "snapshot's marks" if marks == snapshot.marks_as_of() else "marks"
    return f"The {whose} ({marks}) are {age} than {scenario.account.rules.name}'s tiers ({tiers})."


def _marks_day(session: Session) -> str | None:
    """Return the oldest day among the marks; None for the scenario's own."""
    days = [
        _mark_day(session, token) for token in session.working.tokens if token not in STABLECOINS
    ]
    return min((day for day in days if day), default=None) if all(days) else None


def _mark_day(session: Session, token: str) -> str:
    if source := _mark_source(session, token):
        return source.origin.as_of
    return (
        snapshot.marks_as_of() if session.origin.get(token) == snapshot.marks().get(token) else ""
    )


def notices(session: Session) -> None:
    """Say what there is to say about the scenario on the screen."""
    show = {"info": st.info, "warning": st.warning, "error": st.error}
    session.notices = [notice for notice in session.notices if notice.about == session.working]
    for notice in session.notices:
        show[notice.kind](plain(notice.text))
