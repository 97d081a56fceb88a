"""The Liquidation page: what a path of prices leaves of the account, step by step."""

import streamlit as st

from pages.ui import shell
from pages.ui.liquidation import sections as liquidation

with shell.page("Liquidation") as session:
    if liquidation.can_be_told(session):
        answer = st.container()
        path = liquidation.route(session)
        drawing, asking = st.columns([62, 38], gap="medium")
        with asking:
            conduct = liquidation.conduct(session)
        runs = path and liquidation.run(session, path, conduct)
        if path and runs:
            with answer:
                liquidation.sentence(runs, path)
            with drawing:
                liquidation.picture(runs)
                liquidation.money(runs)
            st.header("Step by step", anchor=False)
            liquidation.steps(runs)
            liquidation.rests_on(runs, path, conduct)
            st.header("Positions left open", anchor=False)
            liquidation.left_open(session, runs)
    st.header(f"What happens at liquidation {liquidation.where(session)}", anchor=False)
    liquidation.lesson(session)
    liquidation.assumptions(session)
