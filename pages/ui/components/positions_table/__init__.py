"""The table in which positions are edited in place, one row each with its results.

`st.data_editor` loses what is typed after a click from another field, and shows no results. Here
the browser part (`browser/positions.js`) holds what is typed and reports it whole; the server
answers with results and faults by row, and writes into the fields only where the table is another
one.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from pages.ui.components.served import component

COMPONENT = "tandem_positions"
TYPED, REPAIR = "typed", "repair"
"""What the browser reports: the rows as they are typed, and a repair that was chosen."""


_table = component(COMPONENT, Path(__file__).parent / "browser", "positions.js")


def positions_table(
    key: str, data: Mapping[str, Any], on_typed: Callable[[], None], on_repair: Callable[[], None]
) -> None:
    """Draw the table; what was reported is taken by the callbacks, before the page runs."""
    _table(key=key, data=data, on_typed_change=on_typed, on_repair_change=on_repair)


def reported(key: str, name: str) -> Any:
    """Return what the browser reported last under a name, None before it did."""
    state = st.session_state.get(key)
    return state.get(name) if state else None
