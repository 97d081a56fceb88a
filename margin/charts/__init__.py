"""Charts: pure functions, result in, plotly Figure out; each title states the finding, each has a text alternative.

`st.plotly_chart(figure, config=CONFIG, alt=…_alt(…))` shows them; nothing here knows Streamlit or computes a margin.
"""

from margin.charts.joint_move import joint_move, joint_move_alt
from margin.charts.layout.style import CONFIG
from margin.charts.liquidation import liquidation_distances, liquidation_distances_alt
from margin.charts.margin_use import margin_use, margin_use_alt

__all__ = [
    "CONFIG",
    "joint_move",
    "joint_move_alt",
    "liquidation_distances",
    "liquidation_distances_alt",
    "margin_use",
    "margin_use_alt",
]
