"""The address in the browser is the scenario.

Back and Forward undo and redo, a copied address shares.

The server never sees the address itself, only the parameters that come along with each run, and
those may be late. Three things follow, and are what makes this harder than it looks:

- An address that is not the one this session last wrote may be the person's doing (Back, a pasted
  link), and is then adopted. Or it is out of date: what was written in the last run is still on its
  way to the browser when the next run starts. A run that a widget caused may bring such a one, so
  it never adopts; whether a widget caused it is seen by comparing all widgets' values with those at
  the end of the last run. So every widget has a key, and those that only trigger something one that
  begins with `do_`, for their value falls back by itself.
- While the page looks by itself whether live figures have come, its runs are caused by no widget
  and may still be late: then a strange address counts only when it comes twice.
- The address holds the working scenario alone. The baseline that stood beside it is remembered per
  address, so that Back brings it too; and a scenario too large for an address stays in the session,
  named by the address.
"""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any, NoReturn

import streamlit as st

from margin import formatting as wording
from margin.errors import FieldError
from margin.examples import Preset, landing
from margin.model import link
from margin.model.prepared import PreparedAccount
from margin.model.scenario import Scenario
from margin.studies.account.seen import differences, with_seen
from margin.studies.distance.distances import before_move
from margin.text.figures import NAMES
from pages.ui.session.session import KEY, Offer, Parameters, Session, Words, session

SECRET = "do_secret_"
"""How the keys of forms begin whose values nothing else may hold."""
MOST_VISITED = 200
"""Addresses whose baseline is remembered for Back."""
MOST_LARGE = 20
"""Scenarios too large for an address that are remembered for it."""


def load(page: str) -> Session:
    """Return the session, after adopting an address that it did not write itself.

    Widgets start anew on another page.
    """
    is_new = KEY not in st.session_state
    current = session()
    known = current.address
    known.touched = _touched(current)
    if page != known.page:
        if known.page:
            # The widgets of the page before are gone with it: no value of theirs caused this run.
            known.touched = False
            current.rebase(current.working)
        known.page = page
    address = _own_address()
    if is_new and current.live_data.on and not address:
        current.live_data.asked.add("tables")
    is_strange = address != known.written
    if is_strange and not known.touched and (is_new or _is_meant(current, address)):
        known.written = address
        _adopt(current, address, is_new=is_new)
    return current


def _is_meant(current: Session, address: Parameters) -> bool:
    """Return whether a strange address is the person's doing, and not one that is out of date."""
    known = current.address
    offered = known.offer is not None and address == known.offer.address
    # While figures are on their way the page runs by itself, and such a run can bring the address
    # from before the last edit. The next one brings the new one: what comes twice is meant.
    if not current.live_data.asked or offered or address == known.strange:
        known.strange = None
        return True
    known.strange = address
    return False


def _touched(current: Session) -> bool:
    """Return whether the person used a widget since the last run that came to its end."""
    now = _widgets()
    return any(value != current.address.widgets.get(key, value) for key, value in now.items())


def _widgets() -> dict[str, Any]:
    """Return every keyed widget's value; of a form with secrets only whether it was sent.

    An editor's edits are copied, for they go on changing in place.
    """
    values: dict[str, Any] = {}
    for key, value in st.session_state.items():
        name = str(key)
        if name.startswith(SECRET):
            values[name] = any(value.values())
        elif name != KEY:
            values[name] = deepcopy(value) if isinstance(value, dict) else value
    return values


def _own_address() -> Parameters:
    return {key: st.query_params.get_all(key) for key in link.KEYS if key in st.query_params}


def _adopt(current: Session, address: Parameters, *, is_new: bool) -> None:
    known = current.address
    if not address:  # Back to before the first edit.
        open_preset(current, landing(), returned=True)
        known.saved = current.working
        return
    if known.offer is not None and address == known.offer.address:
        _accept(current, known.offer)
        return
    try:
        large = known.large.get(repr(address))
        received = link.Received(large, (), ()) if large else link.decode(address)
    except FieldError as error:
        shown = "The worked example is shown instead." if is_new else "Your scenario is kept."
        current.tell("error", f"This link cannot be read. {error}. {shown}")
        return
    # One that this session wrote comes back with what stood beside it; any other is a stranger's,
    # shown as its maker saw it, with the maker's words.
    is_own = repr(address) in known.visited
    baseline, example = known.visited.get(repr(address), (current.baseline, current.example))
    if not is_own:
        current.live_data.as_received, current.live_data.view = True, None
        current.received_words = Words(received.scenario.title, received.scenario.note, "this link")
    receive(current, received.scenario, received.left_out, returned=is_own)
    known.saved = current.working
    if not is_new:
        current.baseline, current.example = current.attach(baseline), example
    elif foreign := [key[:30] for key in st.query_params if key not in link.KEYS][:5]:
        names = wording.listing(foreign)
        current.tell("info", f"The address also carries {names}, which Tandem does not read.")


def offer(current: Session, account: PreparedAccount, notice: str) -> Parameters:
    """Return the address for a link to an account, with the working one as its baseline.

    The notice is told on arrival.
    """
    address = _parameters(current, account)
    current.address.offer = Offer(address, account.scenario, current.working, notice)
    return address


def _accept(current: Session, offered: Offer) -> None:
    """Take what a link on the page led to, with nothing lost on the way."""
    current.address.offer = None
    current.address.visited[repr(offered.address)] = (offered.baseline, current.example)
    current.baseline = offered.baseline
    current.open(offered.scenario)
    current.address.saved = current.working
    current.tell("info", offered.notice)


def receive(
    current: Session, scenario: Scenario, left_out: Sequence[str] = (), *, returned: bool = False
) -> None:
    """Take a scenario from a link or a file, and say where it no longer reproduces.

    One that is `returned` to by Back begins nothing anew.
    """
    (current.open if returned else current.begin)(current.attach(scenario))
    current.baseline, current.example = before_move(current.working), None
    if left_out:
        current.tell("warning", _without_own_tables(current.working, left_out))
    _tell_differences(current)


def _without_own_tables(scenario: Scenario, left_out: Sequence[str]) -> str:
    """Return which of the maker's tables did not fit, and what stands in their place."""
    rules, reference = scenario.account.rules, scenario.market.reference
    lost = (
        f"Its maker's own tier tables of {wording.listing(wording.capped(left_out))} did not fit "
        f"the link"
    )
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
    """Write the working scenario to the address, keeping others' parameters.

    An untouched scenario is not written, so that Back leaves the page as it came.
    """
    current.address.widgets = {
        key: False if key.startswith("do_") else value for key, value in _widgets().items()
    }
    current.address.touched = False
    if current.working == current.address.saved:
        return
    current.address.saved = current.working
    current.address.written = _parameters(current, current.account)
    current.address.visited[repr(current.address.written)] = (current.baseline, current.example)
    while len(current.address.visited) > MOST_VISITED:
        del current.address.visited[next(iter(current.address.visited))]
    foreign = {key: st.query_params.get_all(key) for key in st.query_params if key not in link.KEYS}
    st.query_params.from_dict({**foreign, **current.address.written})


def of_links(current: Session) -> Parameters:
    """Return what a link to another page carries.

    The working scenario, and nothing while it is untouched.
    """
    if current.working == current.address.saved and not current.address.written:
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
    current.address.large.pop(repr(made.stand_in), None)
    current.address.large[repr(made.stand_in)] = account.scenario
    while len(current.address.large) > MOST_LARGE:
        del current.address.large[next(iter(current.address.large))]
    return made.stand_in


def leave(current: Session, page: str) -> NoReturn:
    """Go to another page with the working scenario, as a link on this one would."""
    save(current)
    st.switch_page(page, query_params=of_links(current))


def open_preset(current: Session, preset: Preset, *, returned: bool = False) -> None:
    """Start from a worked example; one that is `returned` to by Back begins nothing anew."""
    (current.open if returned else current.begin)(current.attach(preset.scenario))
    current.baseline, current.example = current.attach(preset.baseline), preset
