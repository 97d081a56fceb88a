"""What the Liquidation page remembers of its inputs."""

from dataclasses import dataclass, field

import pandas as pd

from margin.model.scenario import Side
from pages.ui.session.start import Start

PriceStops = dict[tuple[str, Side], float]
"""By token and side of a position."""


@dataclass
class Inputs:
    """What its tables started from, and the last good value of what was typed."""

    hardest_day: Start[int] = field(default_factory=Start)
    stops: Start[pd.DataFrame] = field(default_factory=Start)
    typed_stops: PriceStops = field(default_factory=dict)
    good_stops: PriceStops = field(default_factory=dict)
    good_fractions: dict[str, float] = field(default_factory=dict)
    """By the key of the input."""
