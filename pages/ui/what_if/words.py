"""What is said in words: the sentence that matters, problems, advice, assumptions."""

import streamlit as st

from margin.formatting import capital
from margin.messages import message
from margin.model.prepared import PreparedAccount
from margin.studies.account.advice import survive
from margin.studies.account.assess import assess
from margin.studies.distance.directions import Direction
from margin.text.advice import in_words
from margin.text.phrases import LIQUIDATED_NOW
from margin.text.verdict import beyond_the_account, left_out, verdict
from pages.ui.components.text import plain
from pages.ui.session.session import Session
from pages.ui.shell import dates


def sentence(session: Session) -> None:
    """Draw the sentence that matters, what it leaves out, and what the example teaches."""
    with st.container(key="verdict"):
        st.markdown(plain(verdict(session.measured)))
    if session.measured is not session.account:
        st.warning(plain(left_out(session.account)))
    shocks = "" if session.working.shocks is None else _SHOCKS
    st.caption(plain(f"{session.lesson} {dates(session)} {shocks}"))


_SHOCKS = (
    "This scenario includes shocks. They don't affect this page: see “Stress tests”, under "
    "“Custom stress”."
)


def advice(account: PreparedAccount, direction: Direction) -> None:
    """Draw what it takes to survive a move along the direction, as the account's joint moves go."""
    st.subheader("What can I do?", anchor=False)
    chosen = st.number_input(
        "Survive a move of (%)", value=-20.0, step=5.0, format="%.4g", key="survive", width=200
    )
    if not -100 <= chosen <= 1000:
        st.error("Choose a move from −100 to 1000%.")
        return
    found = survive(account, chosen / 100)
    if found is None:
        st.markdown("No advice: there are no positions, or a tier table is missing.")
    elif account.scenario.account.isolated and assess(account).liquidated:
        st.markdown(f"No advice: an isolated position is {LIQUIDATED_NOW} already.")
    else:
        st.markdown(plain(in_words(found, account.scenario, direction)))


def problems(account: PreparedAccount) -> None:
    """Draw what is wrong with the account as a whole; a position's problems stand in its row."""
    if beyond := beyond_the_account(account):
        st.info(plain(beyond))
    for problem in assess(account).problems:
        draw = st.error if problem.severity == "error" else st.warning
        draw(plain(capital(f"{message(problem)}.")))
