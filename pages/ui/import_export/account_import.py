"""A person's own account at a venue.

Read with a read-only key or a wallet address, compared, and taken over.

A key travels from the browser to the server once (`secret_form` says how). From then on it is in
this session's memory alone, until the account is forgotten. That holds whatever the venue answers:
a key that it refused is dropped and has to be typed again, after any other failure "Read it again"
asks with the one in memory. A form that lacks something is not sent at all: the browser says so.

The venue is asked behind the page; what it answers is shown beside our figures before anything is
taken over.
"""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC
from threading import BoundedSemaphore, Event
from typing import NamedTuple

import pandas as pd
import streamlit as st

from margin import formatting as wording
from margin.errors import FieldError
from margin.market.accounts import VenueAccount, as_scenario
from margin.market.source import Checked, Unavailable
from margin.market.venues.connection import Key
from margin.market.venues.readers import READERS, read_all
from margin.market.venues.rights import read_only_key
from margin.market.venues.sites import GLOBAL, SITES, is_regional
from margin.market.view import Origin
from margin.model.scenario import Position, Scenario
from margin.studies.comparison.venue_figures import Beside, beside
from margin.text.venue_figures import agreement, label, written
from margin.venues import VENUES, TierTable, listing_venues
from pages.ui.components.secret_form import SecretField, secret_form
from pages.ui.components.text import plain
from pages.ui.session import address, live
from pages.ui.session.address import SECRET
from pages.ui.session.session import MarkSource, Session

AT_A_TIME = 4
MOST_WAITING = 32
"""Accounts that are read at a time, and that may wait for it, in one process."""
LONGEST_SECRET = 512
"""Characters of a key, a secret or an address that are taken.

Those of the venues have up to 100.
"""
_ADDRESS = SecretField(
    "address",
    "Wallet address",
    secret=False,
    pattern=r"\s*0x[0-9a-fA-F]{40}\s*",
    advice="Enter 0x and 40 digits of 0-9 and a-f.",
)
_KEY = (SecretField("key", "API key"), SecretField("secret", "Secret"))
_PASSPHRASE = SecretField("passphrase", "Passphrase")
_LOG = logging.getLogger("tandem")


class Read(NamedTuple):
    """What a venue told of an account; the tier tables where it gives them to a key alone."""

    account: VenueAccount
    tiers: Checked[TierTable] | None


class Failed(NamedTuple):
    """Why there is no account, a sentence without its full stop.

    Whether the key is to blame, and the venue was asked.

    In place of the exception: that one would hold the key for as long as the answer is kept.
    """

    reason: str
    key_refused: bool = False
    asked: bool = True


@dataclass
class Question:
    """Whose account a venue is asked for.

    Key and address are here and nowhere else, and can be dropped.
    """

    venue: str
    key: Key | None
    address: str = field(repr=False)

    @property
    def complete(self) -> bool:
        """Whether it holds what the venue asks for."""
        return bool(self.address) or (
            self.key is not None and bool(self.key.api_key and self.key.secret)
        )

    def drop_secrets(self) -> None:
        """Forget what the account could be read with."""
        self.key, self.address = None, ""


@dataclass
class Reading:
    """An account that was asked for, and the answer where it has come."""

    question: Question
    answer: "Future[Read | Failed]" = field(repr=False)


@st.cache_resource(show_spinner=False)
def _readers() -> tuple[ThreadPoolExecutor, BoundedSemaphore]:
    return ThreadPoolExecutor(AT_A_TIME, "account"), BoundedSemaphore(MOST_WAITING)


def section(session: Session) -> None:
    """Draw the form, and the account that was read."""
    venues = [venue for venue in listing_venues() if venue in READERS]
    at = session.working.account.venue
    venue = st.selectbox(
        "Your exchange",
        venues,
        index=venues.index(at) if at in venues else 0,
        format_func=lambda key: VENUES[key].name,
        key=f"account_venue_{session.revision}",
        width=240,
    )
    _form(session, venue, _site(session, venue))
    reading: Reading | None = session.reading.result
    if reading is None:
        return
    if reading.answer.done():
        _answer(session, reading)
    else:
        _waiting(session)


def _site(session: Session, venue: str) -> str:
    """Return the key of the venue's site, chosen where there are several."""
    if not is_regional(venue):
        return GLOBAL
    chosen: str = st.selectbox(
        "Site",
        list(SITES[venue]),
        format_func=lambda key: SITES[venue][key].name,
        key=f"account_site_{session.revision}_{venue}",
        width=240,
        help="The site you log in to. A key works only on the site where you made it.",
    )
    return chosen


def _form(session: Session, venue: str, site: str) -> None:
    """Draw the form, empty, and ask the venue where it was sent."""
    api, name = VENUES[venue].api, VENUES[venue].name
    if api.account_by_address:
        st.caption(
            plain(f"{name} shows every account to anybody who knows its address: no key is needed.")
        )
        fields = [_ADDRESS]
    else:
        st.caption(
            plain(f"Make a key at {name} that can only read. It stays in this session's memory.")
        )
        fields = [*_KEY, _PASSPHRASE] if api.key_has_passphrase else [*_KEY]
    reading: Reading | None = session.reading.result
    typed = secret_form(
        f"{SECRET}{venue}_{session.revision}",
        fields,
        "Read the account",
        longest=LONGEST_SECRET,
        disabled=reading is not None and not reading.answer.done(),
    )
    if typed:
        ask(session, venue, site, typed)
        st.rerun()


def ask(session: Session, venue: str, site: str, typed: Mapping[str, str]) -> None:
    """Ask the venue for the account that the typed key or address belongs to."""
    key, secret, passphrase = (typed.get(field.name, "") for field in (*_KEY, _PASSPHRASE))
    by_address = VENUES[venue].api.account_by_address
    own_key = None if by_address else Key(key, secret, passphrase, site)
    _start(session, Question(venue, own_key, typed.get(_ADDRESS.name, "")))


def _start(session: Session, question: Question) -> None:
    """Ask the venue, or answer why not.

    Something is missing, an account is being read, or too many wait already.
    """
    session.reading.result = Reading(question, _asked(session, question))


def _asked(session: Session, question: Question) -> "Future[Read | Failed]":
    if not question.complete:
        question.drop_secrets()
        return _refusal("Not sent. Fill in every field first")
    if session.reading.busy is not None and not session.reading.busy.is_set():
        return _refusal("Not sent. The account before is still being read: try again in a moment")
    answer = _submit(question)
    if answer is None:
        return _refusal(
            "Not sent. Too many accounts are being read right now: try again in a minute"
        )
    session.reading.busy = done = Event()
    answer.add_done_callback(lambda _: done.set())
    return answer


def _refusal(reason: str) -> "Future[Read | Failed]":
    """Return the answer where nobody was asked."""
    answer: Future[Read | Failed] = Future()
    answer.set_result(Failed(reason, asked=False))
    return answer


def _submit(question: Question) -> "Future[Read | Failed] | None":
    """Return the answer to come; None where there is no room for it."""
    pool, room = _readers()
    if not room.acquire(blocking=False):
        return None
    try:
        answer = pool.submit(_read, question)
    except RuntimeError:  # No thread can be started.
        room.release()
        return None
    answer.add_done_callback(lambda _: room.release())
    return answer


def _read(question: Question) -> Read | Failed:
    """Read the account, in a thread of its own.

    What waits for a thread holds no key once nobody waits for it.
    """
    name = VENUES[question.venue].name
    try:
        return Read(*read_all(question.venue, question.key, question.address))
    except Unavailable as error:
        return Failed(f"{name} {error.reason}", error.trouble == "key")
    except FieldError as error:
        return Failed(str(error))
    except Exception as error:  # Only its type is logged: its text could hold the key.
        _LOG.warning("%s's account could not be read: %s", name, type(error).__name__)
        return Failed(f"{name} gave an answer that cannot be used")


@st.fragment(run_every=live.POLL)
def _waiting(session: Session) -> None:
    reading: Reading | None = session.reading.result
    if reading is None or reading.answer.done():
        st.rerun()
    st.caption(plain(f"Asking {VENUES[reading.question.venue].name} for the account …"))
    if st.button("Stop waiting", key="do_stop_reading"):
        reading.answer.cancel()
        reading.question.drop_secrets()
        session.reading.result = None
        st.rerun()


def _answer(session: Session, reading: Reading) -> None:
    read, question = reading.answer.result(), reading.question
    if isinstance(read, Failed):
        if read.key_refused:
            question.drop_secrets()
        st.error(plain(f"{read.reason}.{' Nothing was imported.' if read.asked else ''}"))
    else:
        _show(session, reading, read)
    with st.container(horizontal=True, gap="small"):
        if question.complete and st.button("Read it again", key="do_read_again"):
            _start(session, question)
            st.rerun()
        if st.button("Forget the account and its key", key="do_forget_account"):
            _forget(session, question)
            st.rerun()


def _forget(session: Session, question: Question) -> None:
    """Keep nothing of the account or its key but positions that were taken over."""
    question.drop_secrets()
    session.reading.result = None
    if session.live_data.keyed_tiers.pop(question.venue, None) is not None:
        session.live_data.view = None
        session.open(session.attach(session.working))


def _show(session: Session, reading: Reading, read: Read) -> None:
    """Draw the account as the venue tells it beside ours, and the button that takes it over."""
    account, name = read.account, VENUES[read.account.venue].name
    st.subheader(
        plain(f"{name} at {account.seen_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"), anchor=False
    )
    _permissions(reading.question, account, name)
    for note in account.notes:
        st.info(plain(note))
    for what, reason in account.imported.left_out:
        st.warning(plain(f"Left out: {what}: {reason}."))
    try:
        scenario = _scenario(session, read)
    except FieldError as error:
        st.error(plain(f"This account can't be imported. {error}."))
        return
    _settings(scenario)
    _positions(scenario)
    compared = beside(
        scenario, **account.figures._asdict(), liquidation_prices=account.liquidation_prices
    )
    _compared(compared, name)
    if st.button("Import account", key="do_take_account", type="primary"):
        _take(session, scenario, read)
        address.leave(session, "app.py")


def _settings(scenario: Scenario) -> None:
    account = scenario.account
    told = (
        wording.rate(account.fee)
        if account.taker_fee is not None
        else f"not told; {wording.rate(account.fee)} here"
    )
    figures = {
        f"Wallet balance ({account.rules.settlement})": wording.money(account.wallet_balance),
        "Margin mode": account.margin_mode.capitalize(),
        "The account's taker fee": told,
    }
    st.table(
        pd.DataFrame([{plain(name): plain(value) for name, value in figures.items()}]),
        hide_index=True,
        border="horizontal",
        alt="What is taken over of the account",
    )


def _positions(scenario: Scenario) -> None:
    """Draw the positions as they are taken over."""
    if not scenario.positions:
        st.info("No open cross positions in perpetuals that Tandem knows.")
        return
    table = pd.DataFrame([_position(each, scenario) for each in scenario.positions]).map(plain)
    st.table(table, hide_index=True, border="horizontal", alt="The positions that are taken over")


def _position(position: Position, scenario: Scenario) -> dict[str, str]:
    row = {
        "Token": position.symbol,
        "Side": position.side,
        "Size": wording.quantity(position.quantity),
        "Entry price": wording.price(position.entry_price),
        "Leverage": wording.multiple(position.leverage),
        "Mark": wording.price(scenario.market.marks[position.symbol]),
    }
    if scenario.account.isolated:
        row["Isolated margin"] = wording.money(position.isolated_margin)
    return row


def _permissions(question: Question, account: VenueAccount, name: str) -> None:
    """Say what the key can do beyond reading.

    One that can move money is refused before anything is shown.
    """
    if question.key is None:
        return
    how = read_only_key(account.venue)
    if account.may_trade:
        st.warning(
            plain(
                f"This key can trade. Tandem only reads, but a key that can do more should not be "
                f"given to any tool: "
                f"delete it at {name} and {how}."
            )
        )
    if account.may_withdraw is None or account.may_trade is None:
        st.info(plain(f"{name} does not say all that this key can do. Check it there, or {how}."))


def _own(read: Read) -> live.OwnTiers | None:
    return None if read.tiers is None else (read.tiers, read.account.seen_at)


def _scenario(session: Session, read: Read) -> Scenario:
    """Return the account beside the tables that would stand beside it.

    Nothing on the screen changes.
    """
    scenario = as_scenario(read.account, session.working)
    return scenario.with_tables(
        live.look_at(session, read.account.venue, scenario.tokens, own=_own(read)).tables
    )


def _compared(compared: Sequence[Beside], name: str) -> None:
    if not compared:
        return
    rows = [
        {
            "Figure": label(pair),
            name: written(pair, pair.venue),
            "Tandem": written(pair, pair.ours),
            "Difference": wording.MISSING
            if pair.difference is None
            else wording.percent(pair.difference, sign=True),
        }
        for pair in compared
    ]
    table = pd.DataFrame([{plain(key): plain(cell) for key, cell in row.items()} for row in rows])
    st.table(
        table,
        hide_index=True,
        border="horizontal",
        alt=f"Figures of the account as {name} and Tandem tell them",
    )
    _agreement(compared, name)


def _agreement(compared: Sequence[Beside], name: str) -> None:
    """Draw what differs, what only one side tells, or that all agrees."""
    found = agreement(compared, name)
    if found.apart:
        st.warning(plain(found.apart))
    if found.contradicted:
        st.warning(plain(found.contradicted))
    if found.one_sided:
        st.info(plain(found.one_sided))
    if found.agreed:
        st.success(found.agreed)


def _take(session: Session, scenario: Scenario, read: Read) -> None:
    account, name = read.account, VENUES[read.account.venue].name
    if read.tiers is not None:
        session.live_data.keyed_tiers[account.venue] = (read.tiers, account.seen_at)
    session.live_data.view = live.look_at(session, account.venue, scenario.tokens)
    session.start_over(session.attach(scenario))
    day = account.seen_at.astimezone(UTC)
    origin = Origin("live", day, f"{day:%Y-%m-%d}")
    session.live_data.mark_sources = {
        token: MarkSource(mark, name, origin) for token, mark in account.marks.items()
    }
    session.live_data.as_received = False
    count = len(scenario.positions)
    session.tell(
        "info", f"Imported from {name}: {count} {'position' if count == 1 else 'positions'}."
    )
