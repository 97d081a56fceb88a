"""The one state of a session.

The working scenario, the baseline beside it, and the address that says the same.

`load` adopts the address whenever it differs from what this session last wrote there, so Back and
Forward undo and redo; `save` writes it after an edit. A run that a widget caused may still bring
the address from before the last edit, for that one is on its way to the browser: such a run never
adopts. So every widget has a key, those that only trigger something a key that begins with `do_`,
and the widgets' values are compared with those of the last run. Widgets carry a revision in their
keys: it rises when a scenario comes from elsewhere than themselves, and they start anew from it.
"""

import os
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Event
from typing import Any, NamedTuple, TypeVar

import streamlit as st

from margin import formatting as wording
from margin.errors import FieldError
from margin.examples import Preset, landing
from margin.market.source import Checked
from margin.market.view import Origin, View, snapshot_view
from margin.model import link
from margin.model.prepared import PreparedAccount
from margin.model.scenario import Scenario
from margin.studies.account.seen import differences, with_seen
from margin.studies.distance.distances import before_move
from margin.text.figures import NAMES
from margin.venues import TierTable

Parameters = dict[str, list[str]]
PageState = TypeVar("PageState")
_KEY = "tandem"
SECRET = "secret_"
"""How the keys of widgets begin whose values nothing else may hold."""
MOST_VISITED = 200
"""Addresses whose baseline is remembered for Back."""
MOST_LARGE = 20
"""Scenarios too large for an address that are remembered for it."""


class Notice(NamedTuple):
    """Something to tell as long as the scenario is the one it is about.

    Plain text; `kind` info, warning or error.
    """

    kind: str
    text: str
    about: Scenario
    topic: str = ""
    """The newest of a topic replaces the others."""


class Offer(NamedTuple):
    """What a link on the page leads to, whole: the address may not hold all of it."""

    address: Parameters
    scenario: Scenario
    baseline: Scenario
    notice: str


class Words(NamedTuple):
    """Title and note as they came, and whose they are: the maker of a link or of a file."""

    title: str
    note: str
    maker: str


class MarkSource(NamedTuple):
    """A mark that a venue gave, by the venue's name."""

    mark: float
    venue: str
    origin: Origin


@dataclass
class Session:
    """What one visitor's session holds.

    `written` is the address as this session last wrote or read it.
    """

    working: Scenario
    baseline: Scenario
    example: Preset | None = None
    written: Parameters = field(default_factory=dict)
    saved: Scenario | None = None
    revision: int = 0
    market_revision: int = 0
    rows_revision: int = 0
    notices: list[Notice] = field(default_factory=list)
    visited: dict[str, tuple[Scenario, Preset | None]] = field(default_factory=dict)
    """Per address that this session wrote: the baseline and the example that stood beside it."""
    large: dict[str, Scenario] = field(default_factory=dict)
    """Scenarios that no address holds, by what stands in the address in their place."""
    widgets: dict[str, Any] = field(default_factory=dict)
    """The widgets' values at the end of the last run."""
    page: str = ""
    touched: bool = False
    """Whether the person's use of a widget caused this run."""
    live: bool = False
    view: View | None = None
    """The figures that stand beside the scenario in place of the snapshot's, as they were when it last asked."""
    asked: set[str] = field(default_factory=set)
    """What is on its way and is to be taken over when it is here: `tables`, `marks`."""
    keyed_tiers: dict[str, tuple[Checked[TierTable], datetime]] = field(default_factory=dict)
    """Tier tables that a venue gave to this person's key, and when, by venue."""
    account_read: Any = None
    """An account at a venue that is being read, or was, with its key."""
    account_busy: Event | None = None
    """Set once the venue that was asked last has answered, whether anybody still waits for it or not."""
    secrets_sent: int = 0
    """How many times a form with secrets was sent.

    Part of the keys of the widgets that they are typed into.
    """
    strange_address: Parameters | None = None
    """An address that came, while something is on its way, instead of the one this session wrote.
    """
    offer: Offer | None = None
    """The scenario that a link on the page leads to."""
    as_received: bool = False
    """Whether the scenario is a link's as its maker saw it.

    Live figures wait until they are asked for.
    """
    received_words: Words | None = None
    """Title and note that came last with a link or a file from elsewhere."""
    mark_sources: dict[str, MarkSource] = field(default_factory=dict)
    """Per token the live mark that was taken over last, and where it came from."""
    _of_pages: dict[type, Any] = field(default_factory=dict)
    _account: PreparedAccount | None = field(default=None, init=False, repr=False)
    _baseline_account: PreparedAccount | None = field(default=None, init=False, repr=False)

    @property
    def account(self) -> PreparedAccount:
        """The working scenario prepared, the same one as long as the scenario is."""
        if self._account is None or self._account.scenario is not self.working:
            self._account = PreparedAccount(self.working)
        return self._account

    @property
    def baseline_account(self) -> PreparedAccount:
        """The baseline prepared likewise; the working account where nothing was changed."""
        if self.baseline is self.working:
            return self.account
        if self._baseline_account is None or self._baseline_account.scenario is not self.baseline:
            self._baseline_account = PreparedAccount(self.baseline)
        return self._baseline_account

    @property
    def shown(self) -> View:
        """The figures that stand beside the scenario."""
        return self.shown_of(self.working.account.venue)

    def shown_of(self, venue: str) -> View:
        """Return a venue's figures: live ones where they were asked for, else the snapshot's."""
        return (
            self.view
            if self.view is not None and self.view.venue == venue
            else snapshot_view(venue)
        )

    def attach(self, scenario: Scenario) -> Scenario:
        """Return the scenario beside its venue's tables."""
        return scenario.with_tables(self.shown_of(scenario.account.venue).tables)

    def edit(self, scenario: Scenario) -> None:
        """Take a scenario that the widgets themselves describe."""
        self.working = scenario

    def move(self, scenario: Scenario) -> None:
        """Take a scenario at other marks or tables than the widgets set.

        Rows that are being typed stay.
        """
        self.working = scenario
        self.market_revision += 1

    def open(self, scenario: Scenario) -> None:
        """Take a scenario from elsewhere; what was asked for another is no longer waited for."""
        self.asked.clear()
        self.rebase(scenario)

    def rebase(self, scenario: Scenario) -> None:
        """Have all widgets start anew from a scenario."""
        self.working = scenario
        self.revision += 1
        self.market_revision += 1

    def tell(self, kind: str, text: str, topic: str = "") -> None:
        """Leave a notice about the working scenario."""
        self.notices = [notice for notice in self.notices if not topic or notice.topic != topic]
        self.notices.append(Notice(kind, text, self.working, topic))

    def untell(self, topic: str) -> None:
        """Take back what was said on a topic."""
        self.notices = [notice for notice in self.notices if notice.topic != topic]

    @property
    def lesson(self) -> str:
        """What the example teaches, as long as nothing but a common move or the words were changed in it."""
        if self.example is None:
            return ""
        start, now = self.example.scenario, before_move(self.working)
        market = replace(now.market, tiers_as_of=None)
        same = (now.account, now.positions, market) == (
            start.account,
            start.positions,
            start.market,
        )
        return self.example.lesson if same else ""

    def of(self, page: type[PageState]) -> PageState:
        """Return what a page remembers, an instance of its own class."""
        state: PageState = self._of_pages.setdefault(page, page())
        return state


def session() -> Session:
    """Return this visitor's session, with the worked example where it is new."""
    if _KEY not in st.session_state:
        preset = landing()
        live = os.environ.get("TANDEM_LIVE", "").strip().lower() in {"1", "true", "yes", "on"}
        st.session_state[_KEY] = Session(
            preset.scenario, preset.baseline, preset, saved=preset.scenario, live=live
        )
    current: Session = st.session_state[_KEY]
    return current


def load(page: str) -> Session:
    """Return the session, after taking over an address that it did not write itself.

    Widgets start anew on another page.
    """
    is_new = _KEY not in st.session_state
    current = session()
    current.touched = _touched(current)
    if page != current.page:
        if current.page:
            current.touched = False
            current.rebase(current.working)
        current.page = page
    address = _own_address()
    if is_new and current.live and not address:
        current.asked.add("tables")
    if (
        address != current.written
        and not current.touched
        and (is_new or _is_meant(current, address))
    ):
        current.written = address
        _adopt(current, address, is_new=is_new)
    return current


def _is_meant(current: Session, address: Parameters) -> bool:
    """Return whether a strange address is the person's doing, Back say, and not one that is out of date.

    While the page looks by itself whether something has come, a look can bring the address from before the last edit;
    the next look brings the new one.
    """
    offered = current.offer is not None and address == current.offer.address
    if not current.asked or offered or address == current.strange_address:
        current.strange_address = None
        return True
    current.strange_address = address
    return False


def _touched(current: Session) -> bool:
    """Return whether the person used a widget since the last run that came to its end."""
    now = _widgets()
    return any(value != current.widgets.get(key, value) for key, value in now.items())


def _widgets() -> dict[str, Any]:
    """Return every keyed widget's value but secrets'.

    An editor's edits are copied, for they go on changing in place.
    """
    values = {str(key): value for key, value in st.session_state.items() if key != _KEY}
    values = {key: value for key, value in values.items() if not key.startswith(SECRET)}
    return {
        key: deepcopy(value) if isinstance(value, dict) else value for key, value in values.items()
    }


def _own_address() -> Parameters:
    return {key: st.query_params.get_all(key) for key in link.KEYS if key in st.query_params}


def _adopt(current: Session, address: Parameters, *, is_new: bool) -> None:
    if not address:
        open_preset(current, landing())
        current.saved = current.working
        return
    if current.offer is not None and address == current.offer.address:
        _accept(current, current.offer)
        return
    try:
        large = current.large.get(repr(address))
        received = link.Received(large, (), ()) if large else link.decode(address)
    except FieldError as error:
        kept = (
            "The worked example is shown instead."
            if is_new
            else "The scenario on the screen is kept."
        )
        current.tell("error", f"This link cannot be read. {error}. {kept}")
        return
    beside = current.visited.get(repr(address), (current.baseline, current.example))
    if repr(address) not in current.visited:
        current.as_received, current.view = True, None
        current.received_words = Words(received.scenario.title, received.scenario.note, "this link")
    receive(current, received.scenario, received.left_out)
    current.saved = current.working
    if not is_new:
        current.baseline, current.example = current.attach(beside[0]), beside[1]
    elif foreign := [key[:30] for key in st.query_params if key not in link.KEYS][:5]:
        current.tell(
            "info",
            f"The address also carries {wording.listing(foreign)}, which Tandem does not read.",
        )


def offer(current: Session, account: PreparedAccount, notice: str) -> Parameters:
    """Return the address for a link to an account, with the working one as its baseline.

    The notice is told on arrival.
    """
    address = _parameters(current, account)
    current.offer = Offer(address, account.scenario, current.working, notice)
    return address


def _accept(current: Session, offered: Offer) -> None:
    """Take what a link on the page led to, with nothing lost on the way."""
    current.offer = None
    current.visited[repr(offered.address)] = (offered.baseline, current.example)
    current.baseline = offered.baseline
    current.open(offered.scenario)
    current.saved = current.working
    current.tell("info", offered.notice)


def receive(current: Session, scenario: Scenario, left_out: Sequence[str] = ()) -> None:
    """Take a scenario from a link or a file, and tells where it no longer shows what its maker saw."""
    current.open(current.attach(scenario))
    current.baseline, current.example = before_move(current.working), None
    if left_out:
        current.tell("warning", _without_own_tables(current.working, left_out))
    _tell_differences(current)


def _without_own_tables(scenario: Scenario, left_out: Sequence[str]) -> str:
    """Return which of the maker's tables did not fit, and what stands in their place."""
    rules, reference = scenario.account.rules, scenario.market.reference
    lost = f"Its maker's own tier tables of {wording.listing(wording.capped(left_out))} did not fit the link"
    if rules.own_fraction:
        return f"{lost}; nothing is lost by it, {rules.name} margin reads none."
    missing = [token for token in left_out if token not in reference.tiers]
    if not missing:
        return f"{lost}; this venue's are used."
    used = " for the others this venue's are used, but" if len(missing) < len(left_out) else ""
    unknown = wording.listing(wording.capped(missing))
    return f"{lost};{used} {rules.name} has none for {unknown} here: ask for the file instead."


_WRITTEN = {"equity": wording.money, "margin_ratio": wording.percent}


def _tell_differences(current: Session) -> None:
    scenario = current.working
    changed = differences(current.account)
    if changed:
        figures = "; ".join(
            f"{NAMES[figure].lower()} {_WRITTEN[figure](seen)}, now {_WRITTEN[figure](now)}"
            for figure, seen, now in changed
        )
        then, now = scenario.market.tiers_as_of, scenario.market.reference.as_of
        dates = (
            f" Tables then: {then or 'undated'}; now: {now or 'undated'}." if then or now else ""
        )
        current.tell(
            "warning", f"This scenario no longer reproduces what its maker saw: {figures}.{dates}"
        )


def save(current: Session) -> None:
    """Write the working scenario to the address, all at once, keeping parameters that are not the link's.

    An untouched scenario is not written, so that Back leaves the page as it came.
    """
    current.widgets = {
        key: False if key.startswith("do_") else value for key, value in _widgets().items()
    }
    current.touched = False
    if current.working == current.saved:
        return
    current.saved = current.working
    current.written = _parameters(current, current.account)
    current.visited[repr(current.written)] = (current.baseline, current.example)
    while len(current.visited) > MOST_VISITED:
        del current.visited[next(iter(current.visited))]
    foreign = {key: st.query_params.get_all(key) for key in st.query_params if key not in link.KEYS}
    st.query_params.from_dict({**foreign, **current.written})


def address(current: Session) -> Parameters:
    """Return what a link to another page carries.

    The working scenario, and nothing while it is untouched.
    """
    if current.working == current.saved and not current.written:
        return {}
    return _parameters(current, current.account)


def _parameters(current: Session, account: PreparedAccount) -> Parameters:
    """Return the link's parameters for a scenario, with what is seen of it.

    An address never holds a part of a scenario: one that is too large stays in the session, and the
    address names it.
    """
    made = link.encode(with_seen(account))
    if made.fits:
        return made.parameters
    current.large.pop(repr(made.stand_in), None)
    current.large[repr(made.stand_in)] = account.scenario
    while len(current.large) > MOST_LARGE:
        del current.large[next(iter(current.large))]
    return made.stand_in


def open_preset(current: Session, preset: Preset) -> None:
    """Start from a worked example."""
    current.open(current.attach(preset.scenario))
    current.baseline, current.example = current.attach(preset.baseline), preset
