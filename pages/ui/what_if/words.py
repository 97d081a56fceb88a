"""What is said in words: the sentence that matters, problems, advice, assumptions."""

import streamlit as st

from margin.formatting import capital
from margin.messages import message
from margin.model.prepared import PreparedAccount
from margin.studies.account.advice import survive
from margin.studies.account.assess import assess
from margin.text.advice import in_words
from margin.text.phrases import LIQUIDATED_NOW
from margin.text.verdict import Status, status, verdict
from pages.ui.components.text import plain
from pages.ui.session.session import Session
from pages.ui.shell import dates

_STATUS: dict[Status, tuple[str, str]] = {
    "no positions": ("gray", "No positions"),
    "unknown": ("gray", "Unknown"),
    "safe": ("green", "Safe"),
    "warning": ("yellow", "Warning"),
    "danger": ("orange", "Danger"),
    "at the liquidation point": ("red", "At the liquidation point"),
    "liquidated": ("red", "Liquidated"),
}


def sentence(session: Session) -> None:
    """Draw the sentence that matters, with the status in words before it."""
    color, label = _STATUS[status(session.account)]
    st.markdown(f":{color}-badge[{plain(label)}] **{plain(verdict(session.account))}**")
    shocks = "" if session.working.shocks is None else _SHOCKS
    st.caption(plain(f"{session.lesson} {dates(session)} {shocks}"))


_SHOCKS = (
    "This scenario includes shocks. They don't affect this page: see “Stress tests”, under "
    "“Custom stress”."
)


def advice(session: Session) -> None:
    """Draw what it takes to survive a move of the person's choice."""
    asking, answer = st.columns([25, 75], gap="medium", vertical_alignment="bottom")
    chosen = asking.number_input(
        "Survive a joint move of (%)", value=-20.0, step=5.0, format="%.4g", key="survive"
    )
    if not -100 <= chosen <= 1000:
        answer.error("Choose a move from −100 to 1000%.")
        return
    found = survive(session.account, chosen / 100)
    if found is None:
        answer.markdown("No advice: there are no positions, or a tier table is missing.")
    elif session.working.account.isolated and assess(session.account).liquidated:
        answer.markdown(f"No advice: an isolated position is {LIQUIDATED_NOW} already.")
    else:
        answer.markdown(plain(in_words(found, session.working)))


def problems(account: PreparedAccount) -> None:
    """Draw what is wrong with the account as a whole; a position's problems stand in its row."""
    for problem in assess(account).problems:
        draw = st.error if problem.severity == "error" else st.warning
        draw(plain(capital(f"{message(problem)}.")))
