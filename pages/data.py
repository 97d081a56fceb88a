"""The Market data page: what is shown, from where and how old, exchange by exchange."""

import streamlit as st

from pages.ui import shell
from pages.ui.market_data import sections as data

with shell.page("Market data") as session:
    st.header("What is shown, from where and how old", anchor=False)
    data.sources(session)
    st.header("Tiers", anchor=False)
    token = data.choose_token(session)
    data.want(session, token)
    views = data.views_for(session, token)
    data.tiers(session, views, token)
    st.header("Funding", anchor=False)
    data.funding(session, token)
    st.header("Listings", anchor=False)
    data.listings(session, views)
    st.header("Connections", anchor=False)
    data.connections(session, views, token)
