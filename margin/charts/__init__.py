"""Charts: pure functions, result in, plotly.js specification out; each title states the finding.

Beside each stands a function that says the same in words. `to_json` writes a specification for the
browser, and `plotly.graph_objects.Figure(specification)` makes a figure of one; nothing here knows
Streamlit or computes a margin.
"""

from margin.charts.joint_move import joint_move, joint_move_alt
from margin.charts.layout.to_json import to_json
from margin.charts.liquidation import liquidation_distances, liquidation_distances_alt
from margin.charts.margin_use import margin_use, margin_use_alt

__all__ = [
    "joint_move",
    "joint_move_alt",
    "liquidation_distances",
    "liquidation_distances_alt",
    "margin_use",
    "margin_use_alt",
    "to_json",
]
