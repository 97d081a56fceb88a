"""A person's own account at a venue: read with a read-only key or a wallet address, compared, and taken over.

The key stays in this session's memory: the form is emptied when it is sent, and nothing else ever holds the key. The
venue is asked behind the page; what it answers is shown beside our figures before anything is taken over.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC
from threading import BoundedSemaphore
from typing import NamedTuple

import pandas as pd
import streamlit as st

from margin import wording
from margin.errors import FieldError
from margin.market.accounts import VenueAccount, as_scenario
from margin.market.live.connection import Key
from margin.market.live.venues import read_account, read_tiers
from margin.market.source import Checked, Unavailable
from margin.market.view import Origin
from margin.scenario import Scenario
from margin.studies.assess import assess
from margin.studies.beside import Beside, beside
from margin.studies.distances import before_move
from margin.venues import VENUES, TierTable
from pages.ui import live
from pages.ui.state import Session
from pages.ui.text import plain

AT_A_TIME = 4
MOST_WAITING = 32
"""Accounts that are read at a time, and that may wait for it, in one process."""
_BY_ADDRESS = ("hyperliquid",)
_WITH_PASSPHRASE = ("okx",)


class Read(NamedTuple):
    """What a venue told of an account; the tier tables where it gives them to a key alone."""

    account: VenueAccount
    tiers: Checked[TierTable] | None


@dataclass
class Reading:
    """An account on its way, or here. Key and address go with the session and nowhere else."""

    venue: str
    key: Key | None
    address: str = field(repr=False)
    answer: "Future[Read]" = field(repr=False)


@st.cache_resource(show_spinner=False)
def _readers() -> tuple[ThreadPoolExecutor, BoundedSemaphore]:
    return ThreadPoolExecutor(AT_A_TIME, "account"), BoundedSemaphore(MOST_WAITING)


def section(session: Session) -> None:
    """The form, and the account that was read."""
    venues = [venue for venue, rules in VENUES.items() if not rules.own_fraction]
    at = session.working.account.venue
    venue = st.selectbox(
        "Venue",
        venues,
        index=venues.index(at) if at in venues else 0,
        format_func=lambda key: VENUES[key].name,
        key=f"account_venue_{session.revision}",
        width=240,
    )
    _form(session, venue)
    reading: Reading | None = session.account_read
    if reading is None:
        return
    if not reading.answer.done():
        _waiting(session)
        return
    _answer(session, reading)


def _form(session: Session, venue: str) -> None:
    name = VENUES[venue].name
    with st.form(f"account_form_{session.revision}_{venue}", clear_on_submit=True, width=520):
        if venue in _BY_ADDRESS:
            st.caption(plain(f"{name} shows every account to anybody who knows its address: no key is needed."))
            address, key = st.text_input("Wallet address", key="secret_address", autocomplete="off"), None
        else:
            st.caption(plain(f"Make a key at {name} that can only read. It stays in this session's memory."))
            address, key = "", _key(venue)
        sent = st.form_submit_button("Read the account", key="do_read_account")
    if sent:
        _start(session, venue, key, address.strip())


def _key(venue: str) -> Key:
    api_key = st.text_input("API key", key="secret_key", type="password", autocomplete="off")
    secret = st.text_input("Secret", key="secret_secret", type="password", autocomplete="off")
    asks = venue in _WITH_PASSPHRASE
    phrase = st.text_input("Passphrase", key="secret_phrase", type="password", autocomplete="off") if asks else ""
    return Key(api_key.strip(), secret.strip(), phrase.strip())


def _start(session: Session, venue: str, key: Key | None, address: str) -> None:
    """Asks the venue, unless something is missing or too many wait already."""
    if not address and (key is None or not key.api_key or not key.secret):
        st.error("Nothing was asked: fill in every field first.")
        return
    pool, room = _readers()
    if not room.acquire(blocking=False):
        st.error("Too many accounts are being read at this moment; try again in a minute.")
        return
    answer = pool.submit(_read, venue, key, address)
    answer.add_done_callback(lambda _: room.release())
    session.account_read = Reading(venue, key, address, answer)


def _read(venue: str, key: Key | None, address: str) -> Read:
    account = read_account(venue, key, address)
    if venue != "binance" or key is None:
        return Read(account, None)
    try:
        return Read(account, read_tiers(venue, key, "BTC"))
    except Unavailable:  # The account is what was asked for; its tiers are the snapshot's then.
        return Read(account, None)


@st.fragment(run_every=live.POLL)
def _waiting(session: Session) -> None:
    reading: Reading | None = session.account_read
    if reading is None or reading.answer.done():
        st.rerun()
    st.caption(plain(f"Asking {VENUES[reading.venue].name} for the account …"))
    if st.button("Stop waiting", key="do_stop_reading"):
        session.account_read = None
        st.rerun()


def _answer(session: Session, reading: Reading) -> None:
    name = VENUES[reading.venue].name
    try:
        account, tiers = reading.answer.result()
    except Unavailable as error:
        st.error(plain(f"{name} {error.reason}. Nothing was taken over."))
    except FieldError as error:
        st.error(plain(f"{error}. Nothing was taken over."))
    else:
        if tiers is not None:
            session.keyed_tiers[reading.venue] = (tiers, account.seen_at)
        _show(session, reading, account)
    with st.container(horizontal=True, gap="small"):
        if st.button("Read it again", key="do_read_again"):
            _start(session, reading.venue, reading.key, reading.address)
            st.rerun()
        if st.button("Forget the account and its key", key="do_forget_account"):
            _forget(session, reading.venue)
            st.rerun()


def _forget(session: Session, venue: str) -> None:
    """Nothing of the account or its key stays, but for positions that were taken over."""
    session.account_read, session.view = None, None
    session.keyed_tiers.pop(venue, None)
    session.open(session.attach(session.working))


def _show(session: Session, reading: Reading, account: VenueAccount) -> None:
    """The account as the venue tells it beside ours, and the button that takes it over."""
    name = VENUES[account.venue].name
    st.subheader(plain(f"{name} at {account.seen_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"), anchor=False)
    _permissions(reading, account, name)
    for what, reason in account.imported.left_out:
        st.warning(plain(f"Left out: {what}: {reason}."))
    try:
        scenario = _scenario(session, account)
    except FieldError as error:
        st.error(plain(f"This account cannot be taken over. {error}."))
        return
    if not scenario.positions:
        st.info("No open cross positions in perpetuals that Tandem knows.")
    figures = assess(scenario)
    compared = beside(scenario, figures, **account.figures._asdict(), liquidation_prices=account.liquidation_prices)
    _compared(compared, name)
    if st.button("Take this account over", key="do_take_account", type="primary"):
        _take(session, scenario, account)
        st.rerun()


def _permissions(reading: Reading, account: VenueAccount, name: str) -> None:
    if reading.key is None:
        return
    more = [word for may, word in ((account.may_trade, "trade"), (account.may_withdraw, "withdraw")) if may]
    if more:
        st.warning(
            plain(
                f"This key can {' and '.join(more)}. Tandem only reads, but a key that can do more should not be given "
                f"to any tool: make one at {name} that can only read, and delete this one."
            )
        )
    elif account.may_trade is None or account.may_withdraw is None:
        st.info(plain(f"{name} does not say all that this key may do: make sure that it can only read."))


def _scenario(session: Session, account: VenueAccount) -> Scenario:
    scenario = as_scenario(account, session.working)
    return scenario.with_tables(live.look_at(session, account.venue, scenario.tokens).tables)


_WRITTEN = {"money": wording.money, "ratio": wording.percent, "price": wording.price}


def _compared(compared: Sequence[Beside], name: str) -> None:
    rows = [
        {
            "Figure": each.figure,
            name: _WRITTEN[each.kind](each.venue) if each.venue is not None else "none",
            "Tandem": _WRITTEN[each.kind](each.ours) if each.ours is not None else "none",
            "Difference": wording.MISSING if each.difference is None else wording.percent(each.difference, sign=True),
        }
        for each in compared
    ]
    table = pd.DataFrame([{plain(key): plain(cell) for key, cell in row.items()} for row in rows])
    st.table(table, hide_index=True, border="horizontal", alt=f"Figures of the account as {name} and Tandem tell them")
    differing = [each.figure for each in compared if not each.agrees]
    if differing:
        why = "prices moved between the answers, tables of another date, positions left out, or a rule read wrongly"
        st.warning(plain(f"More than 1 % apart: {wording.listing(differing)}. Possible reasons: {why}."))
    else:
        st.success("Every figure agrees within 1 %.")


def _take(session: Session, scenario: Scenario, account: VenueAccount) -> None:
    session.view = live.look_at(session, account.venue, scenario.tokens)
    session.open(session.attach(scenario))
    session.baseline, session.example = before_move(session.working), None
    day = account.seen_at.astimezone(UTC)
    session.marks_taken, session.marks_origin = account.marks, Origin("live", day, f"{day:%Y-%m-%d}")
    name, count = VENUES[account.venue].name, len(scenario.positions)
    session.tell("info", f"Taken over from {name}: {count} {'position' if count == 1 else 'positions'}.")
