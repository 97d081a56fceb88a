"""The page for the person's own positions.

From a table, from an account, and out again as files.
"""

import streamlit as st

from pages.ui import shell
from pages.ui.import_export import account_import, table_import

with shell.page("Import / export") as session:
    st.header("From a table", anchor=False)
    table_import.section(session)
    st.header("From your account", anchor=False)
    account_import.section(session)
    st.header("Export", anchor=False)
    table_import.exports(session)
