"""Places the charts: each is built elsewhere from a result, carries its conclusion as alt text, downloads as PNG."""

import plotly.graph_objects as go
import streamlit as st

from margin.charts.joint_move import joint_move as joint_move_figure
from margin.charts.joint_move import joint_move_alt
from margin.charts.liquidation import liquidation_distances, liquidation_distances_alt
from margin.charts.margin_use import margin_use, margin_use_alt
from margin.charts.style import CONFIG
from margin.scenario import Scenario
from margin.studies.assess import Assessment
from margin.studies.curve import Curve


def _place(figure: go.Figure, key: str, alt: str) -> None:
    st.plotly_chart(figure, key=key, alt=alt, config=CONFIG, width="stretch")


def joint_move(curve: Curve | None, scenario: Scenario, account: Assessment) -> None:
    """Requirement ÷ equity against the common move."""
    _place(joint_move_figure(curve, scenario, account), "joint-move", joint_move_alt(curve, scenario, account))


def liquidation(scenario: Scenario, account: Assessment) -> None:
    """Liquidation prices per token as distances from the mark."""
    alt = liquidation_distances_alt(account, scenario)
    _place(liquidation_distances(account, scenario), "liquidation", alt)


def use(scenario: Scenario, account: Assessment) -> None:
    """How the margin balance is used, per position."""
    _place(margin_use(account, scenario), "margin-use", margin_use_alt(account, scenario))
