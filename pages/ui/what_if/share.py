"""Sharing: title and note, the link with its copy button, scenario JSON down and up."""

import json
from dataclasses import replace

import streamlit as st

from margin import formatting as wording
from margin.errors import FieldError
from margin.model import link
from margin.model.link import Link
from margin.model.scenario import LONGEST_NOTE, LONGEST_TITLE, Scenario, loads
from margin.studies.account.seen import with_seen
from pages.ui.components.text import plain
from pages.ui.session.address import receive
from pages.ui.session.session import Session, Words


def share(session: Session) -> None:
    """Draw the sharing section and takes title, note and an uploaded scenario over."""
    _title_and_note(session)
    shared = with_seen(session.account)
    result = link.encode(shared)
    _link(result)
    st.download_button(
        "Download the scenario (JSON)",
        data=json.dumps(shared.to_json(), indent=2, ensure_ascii=False),
        file_name="tandem-scenario.json",
        mime="application/json",
        on_click="ignore",
    )
    _upload(session)


def _link(made: Link) -> None:
    """Draw the link, or say that it holds less than the scenario or cannot be had at all."""
    if not made.fits:
        st.warning(plain(f"{link.too_long(made).capitalize()}."))
        return
    address = (st.context.url or "").partition("?")[0].rstrip("/")
    st.caption("The link carries the whole scenario. Copy it with the button at its right end:")
    st.code(f"{address}/?{made.query}", language=None, wrap_lines=True, height=120)
    if made.left_out:
        tokens = wording.listing(wording.capped(made.left_out))
        st.warning(
            plain(f"The tier tables of {tokens} do not fit the link; send the file instead.")
        )


def _title_and_note(session: Session) -> None:
    scenario = session.working
    title = st.text_input(
        "Title", scenario.title, max_chars=LONGEST_TITLE, key=f"title_{session.revision}"
    )
    note = st.text_area(
        "Note", scenario.note, max_chars=LONGEST_NOTE, height=80, key=f"note_{session.revision}"
    )
    if (title, note) != (scenario.title, scenario.note):
        try:
            session.edit(replace(scenario, title=title, note=note))
            st.rerun()
        except FieldError as error:
            st.error(plain(f"{error}. The title and note stay as they were."))


def _upload(session: Session) -> None:
    uploaded = st.file_uploader(
        "Open a scenario (JSON)", type="json", key=f"upload_{session.revision}"
    )
    if uploaded is None:
        return
    try:
        scenario = read_upload(uploaded.getvalue())
    except FieldError as error:
        st.error(plain(f"This file cannot be opened. {error}. Your scenario is kept."))
        return
    session.received_words = Words(scenario.title, scenario.note, "this file")
    receive(session, scenario)
    st.rerun()


def read_upload(raw: bytes) -> Scenario:
    """Return a scenario from the bytes of a file. Raises FieldError with what is wrong."""
    try:
        document = loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise FieldError("", "it is not a text file in UTF-8") from None
    return Scenario.from_json(document)
