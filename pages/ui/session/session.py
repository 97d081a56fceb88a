"""The one state of a visitor's session: working scenario, baseline, and the rest.

Widgets carry `revision` in their keys: it rises when a scenario comes from elsewhere than
themselves, and they start anew from it.
"""

import os
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Event
from typing import Any, NamedTuple, TypeVar

import streamlit as st

from margin.examples import Preset, landing
from margin.market.source import Checked
from margin.market.view import Origin, View, snapshot_view
from margin.model.prepared import PreparedAccount
from margin.model.scenario import Rates, Scenario
from margin.studies.account.measurable import measurable_part
from margin.studies.distance.directions import Direction
from margin.studies.distance.distances import before_move, origin, present_move
from margin.venues import TierTable

Parameters = dict[str, list[str]]
"""The parameters of an address, as lists of their values."""
PageState = TypeVar("PageState")
KEY = "tandem"
"""Where Streamlit keeps the session."""


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
class Address:
    """What the session knows of its address in the browser; `address.py` says why."""

    written: Parameters = field(default_factory=dict)
    """The address as this session last wrote or read it."""
    saved: Scenario | None = None
    """The scenario that the address tells of."""
    strange: Parameters | None = None
    """An address that came, while something is on its way, instead of the one written."""
    visited: dict[str, tuple[Scenario, Preset | None]] = field(default_factory=dict)
    """Per address that this session wrote: the baseline and the example that stood beside it."""
    large: dict[str, Scenario] = field(default_factory=dict)
    """Scenarios that no address holds, by what stands in the address in their place."""
    offer: Offer | None = None
    """The scenario that a link on the page leads to."""
    widgets: dict[str, Any] = field(default_factory=dict)
    """The widgets' values at the end of the last run."""
    page: str = ""
    touched: bool = False
    """Whether the person's use of a widget caused this run."""


@dataclass
class LiveData:
    """What stands beside the scenario in place of the snapshot."""

    on: bool = False
    view: View | None = None
    """The figures as they were when the scenario last took them; None: the snapshot's."""
    asked: set[str] = field(default_factory=set)
    """What is on its way and is to be taken when it is here: `tables`, `marks`."""
    mark_sources: dict[str, MarkSource] = field(default_factory=dict)
    """Per token the live mark that was taken last, and where it came from."""
    keyed_tiers: dict[str, tuple[Checked[TierTable], datetime]] = field(default_factory=dict)
    """Tier tables that a venue gave to this person's key, and when, by venue."""
    as_received: bool = False
    """Whether the scenario is a link's as its maker saw it: live figures wait until asked for."""


@dataclass
class AccountReading:
    """The reading of an account at a venue."""

    result: Any = None
    """What is being read, or was, with its key."""
    busy: Event | None = None
    """Set once the venue that was asked last has answered, whether anybody still waits or not."""


@dataclass
class Session:
    """What one visitor's session holds."""

    working: Scenario
    baseline: Scenario
    example: Preset | None = None
    course: Direction | None = None
    """The direction that the baseline marks were last moved along; None for a joint move."""
    revision: int = 0
    market_revision: int = 0
    opened: int = 0
    """How often a scenario from elsewhere was begun with: an example, a link, an import."""
    notices: list[Notice] = field(default_factory=list)
    received_words: Words | None = None
    """Title and note that came last with a link or a file from elsewhere."""
    address: Address = field(default_factory=Address)
    live_data: LiveData = field(default_factory=LiveData)
    reading: AccountReading = field(default_factory=AccountReading)
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
    def measured(self) -> PreparedAccount:
        """The working account without the positions whose tiers are not known."""
        return self.account.once(measurable_part)

    @property
    def baseline_account(self) -> PreparedAccount:
        """The baseline prepared likewise; the working account where nothing was changed."""
        if self.baseline is self.working:
            return self.account
        if self._baseline_account is None or self._baseline_account.scenario is not self.baseline:
            self._baseline_account = PreparedAccount(self.baseline)
        return self._baseline_account

    @property
    def rates(self) -> Rates | None:
        """What each price does per unit of a move along the course; None: as its beta says."""
        return None if self.course is None else self.course.rates

    @property
    def present_move(self) -> float:
        """The move along the course that led from the baseline marks to the marks."""
        return present_move(self.working, self.rates) or 0.0

    @property
    def origin(self) -> dict[str, float]:
        """The prices that the present move is measured from, by token."""
        return origin(self.working, self.rates)

    @property
    def shown(self) -> View:
        """The figures that stand beside the scenario."""
        return self.shown_of(self.working.account.venue)

    def shown_of(self, venue: str) -> View:
        """Return a venue's figures: live ones where they were asked for, else the snapshot's."""
        return (
            self.live_data.view
            if self.live_data.view is not None and self.live_data.view.venue == venue
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
        self.live_data.asked.clear()
        self.course = None
        self.rebase(scenario)

    def begin(self, scenario: Scenario) -> None:
        """Take a scenario to begin anew with: nothing that is being typed goes along."""
        self.opened += 1
        self.open(scenario)

    def start_over(self, scenario: Scenario) -> None:
        """Begin with a scenario that figures are compared with from now on: an import, a file."""
        self.begin(scenario)
        self.baseline, self.example = before_move(self.working), None

    def rebase(self, scenario: Scenario) -> None:
        """Have all widgets start anew from a scenario."""
        self.working = scenario
        self.revision += 1
        self.market_revision += 1

    def tell(self, kind: str, text: str, topic: str = "") -> None:
        """Leave a notice about the working scenario."""
        self.notices = [notice for notice in self.notices if not topic or notice.topic != topic]
        self.notices.append(Notice(kind, text, self.working, topic))

    @property
    def lesson(self) -> str:
        """What the example teaches, as long as only a joint move or words were changed."""
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
    if KEY not in st.session_state:
        preset = landing()
        new = Session(preset.scenario, preset.baseline, preset)
        new.address.saved = preset.scenario
        new.live_data.on = os.environ.get("TANDEM_LIVE", "").strip().lower() in _YES
        st.session_state[KEY] = new
    current: Session = st.session_state[KEY]
    return current


_YES = {"1", "true", "yes", "on"}
