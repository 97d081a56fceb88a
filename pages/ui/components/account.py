"""What several pages show of an account: its positions' figures, and what all figures rest on."""

import pandas as pd
import streamlit as st

from margin import formatting as wording
from margin.messages import message
from margin.model.prepared import PreparedAccount
from margin.studies.account.assess import assess
from pages.ui.components.text import plain

GENERAL_ASSUMPTIONS = (
    "cross and isolated positions in one account, open orders, entry fees and funding already paid "
    "are not modelled",
    "sizes are not rounded to the venue's lots, prices not to its ticks",
    "all prices are marks: the venue liquidates by its mark price, which may differ from the last "
    "trade",
)


def positions_table(account: PreparedAccount) -> None:
    """Draw every position's figures."""
    rows = [
        {
            "Position": f"{figures.symbol} {figures.side}",
            "Size": wording.quantity(figures.quantity),
            "Notional": wording.money(figures.notional),
            "Profit": wording.money(figures.unrealised_pnl),
            "Initial": wording.money(figures.initial_margin),
            "Maintenance": wording.money(figures.maintenance_margin),
            "Tier": wording.MISSING if figures.tier is None else str(figures.tier),
            "Rate": wording.rate(figures.maintenance_rate),
            "Max leverage": wording.MISSING
            if figures.max_leverage is None
            else f"{figures.max_leverage:g}×",
        }
        for figures in assess(account).positions
    ]
    if rows:
        st.table(
            escaped(rows), hide_index=True, border="horizontal", alt="Figures of every position"
        )


def assumptions(account: PreparedAccount) -> None:
    """Draw everything the figures rest on."""
    with st.expander("Assumptions and what is not modelled"):
        bullets(*map(message, assess(account).assumptions), *GENERAL_ASSUMPTIONS)


def bullets(*lines: str) -> None:
    """Draw plain lines as a list.

    One element, where each line of its own would cost a page as much as a table.
    """
    st.markdown("\n".join(f"- {plain(line)}" for line in lines))


def escaped(rows: list[dict[str, str]]) -> pd.DataFrame:
    """Return cells of a static table are read as Markdown: escape them."""
    return pd.DataFrame([{key: plain(cell) for key, cell in row.items()} for row in rows])
