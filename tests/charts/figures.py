"""The charts as figures of plotly.

What tests read, checked against its schema and written for the browser.
"""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

import plotly.graph_objects as go

from margin import charts
from margin.charts import compare, crashes, directions, funding, risk_map, tiers, waterfall
from margin.charts.layout.style import Spec
from margin.charts.layout.to_json import to_json

Draw = Callable[..., go.Figure]


def checked(draw: Callable[..., Spec]) -> Draw:
    """The same chart as a figure.

    Fails where plotly knows no such property or value, or JSON cannot carry one.
    """

    @wraps(draw)
    def figure(*given: Any, **more: Any) -> go.Figure:
        spec = draw(*given, **more)
        written = json.loads(to_json(spec))
        assert written.keys() == {"data", "layout"}
        return go.Figure(spec)

    return figure


def size(figure: go.Figure) -> int:
    """Bytes that the chart sends to the browser."""
    return len(to_json(figure.to_dict()))


joint_move = checked(charts.joint_move)
liquidation_distances = checked(charts.liquidation_distances)
margin_use = checked(charts.margin_use)
modes = checked(compare.modes)
venues = checked(compare.venues)
crashed = checked(crashes.crashes)
directed = checked(directions.directions)
funding_history = checked(funding.funding_history)
funding_distribution = checked(funding.funding_distribution)
mapped = checked(risk_map.risk_map)
tier_steps = checked(tiers.tier_steps)
drawn_waterfall = checked(waterfall.waterfall)
