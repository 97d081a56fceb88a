"""The Stress tests page.

Which moves are near, two at a time on a map, the market's own worst days, other rules.
"""

import streamlit as st

from pages.ui import shell
from pages.ui.stress_tests import sections as scenarios

with shell.page("Stress tests") as session:
    head = st.container()
    scenarios.section(session)
    with head:
        scenarios.nearest_danger(session)
