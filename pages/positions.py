"""The page for the person's own positions.

From a table, from an account, and out again as files.
"""

import streamlit as st

from pages.ui import shell
from pages.ui.import_export import account_import, table_import

with shell.page("Import / export") as session:
    table, account, export = st.tabs(["Table or file", "API key or address", "Export"])
    with table:
        table_import.section(session)
    with account:
        account_import.section(session)
    with export:
        table_import.exports(session)
