"""Places charts and tables.

Each with its words as alt text, a long table in a box that it scrolls in.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from margin.charts.layout.style import Spec
from pages.ui.components.plot import plot

MOST_ROWS, ROW = 16, 31
"""Rows of a table that are shown at once, and a row's height in pixels."""


def chart(spec: Spec, key: str, alt: str) -> None:
    """Draw a chart as wide as its place; it downloads as PNG."""
    plot(spec, key, alt)


def table(
    rows: Sequence[Mapping[str, Any]],
    alt: str,
    width: int = 110,
    columns: Mapping[str, Any] | None = None,
) -> None:
    """Draw a table, its first column of this width always in sight; without rows none.

    No cell is read as markup.
    """
    if not rows:
        return
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        width="stretch",
        column_config={
            next(iter(rows[0])): st.column_config.Column(pinned=True, width=width),
            **(columns or {}),
        },
        alt=alt,
        height=high(len(rows)),
        row_height=ROW,
    )


def high(rows: int, most: int = MOST_ROWS) -> int:
    """Return the height in pixels of a table that shows up to `most` rows at once."""
    return (min(max(rows, 1), most) + 1) * ROW + 4
