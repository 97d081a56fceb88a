"""The What-if page: an account, how close it is to liquidation, and what a joint move does."""

import streamlit as st

from pages.ui import shell
from pages.ui.components import account as account_parts
from pages.ui.components import settings
from pages.ui.session import address
from pages.ui.what_if import (
    charts,
    danger,
    editor,
    figures,
    hero,
    moves,
    positions,
    share,
    tiers,
    words,
)

session = shell.open_page("What if")
head, account_settings, top = st.container(), st.container(), st.container()
positions_place = st.container()
left, right = st.columns([60, 40], gap="medium")
# The slider and its chart run first, so that the chart answers the slider before anything else is
# drawn.
with left:
    direction = danger.course(session)
    moves.slider(session, direction)
    account = session.account
    going = danger.going(session, direction)
    charts.along(going, direction)
    moves.buttons(session, going, direction)
with account_settings:
    settings.strip(session)
with positions_place:
    st.header("Positions", anchor=False)
    positions.positions(session)
with right:
    advice = st.container()
    with st.expander("Mark prices and betas", key="show_marks", on_change="rerun") as marks:
        if marks.open:
            editor.marks_table(session)
        else:
            editor.close_marks(session)
    with st.expander("Tier tables", key="show_tiers", on_change="rerun") as tables:
        if tables.open:
            tiers.tier_editor(session)
        else:
            tiers.close(session)
if session.working != account.scenario:
    st.rerun()

with head:
    shell.heading(session)
    shell.notices(session)
with top:
    answer, used = st.columns([58, 42], gap="large")
    with answer:
        complete = session.measured is account and positions.all_counted(session)
        hero.answer(session.measured, danger.watched(session, session.measured), complete=complete)
        words.sentence(session)
        danger.choose(session)
    with used:
        hero.gauge(session.measured)
        figures.headline(session.measured, session.baseline_account)
    words.problems(account)
with advice:
    words.advice(going, direction)
prices, use = st.columns(2, gap="medium")
with prices:
    charts.liquidation(session.measured)
with use:
    charts.use(session.measured)
with st.expander("All figures", key="show_figures", on_change="rerun") as more:
    if more.open:
        figures.full_table(account, session.baseline_account)
        account_parts.positions_table(account)
with st.expander("How it is calculated", key="show_arithmetic", on_change="rerun") as shown:
    if shown.open:
        figures.arithmetic_lines(account)
with st.expander("Share and save", key="show_share", on_change="rerun") as sharing:
    if sharing.open:
        share.share(session)
account_parts.assumptions(account)
shell.foot()
address.save(session)
