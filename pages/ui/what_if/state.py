"""What the What-if page remembers of its widgets."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from margin.venues import TierTable
from pages.ui.session.start import Start


@dataclass
class WhatIf:
    """What its tables and inputs started from."""

    marks: Start[pd.DataFrame] = field(default_factory=Start)
    collateral: Start[pd.DataFrame] = field(default_factory=Start)
    moves: Start[tuple[list[float], float]] = field(default_factory=Start)
    tiers: Start[pd.DataFrame] = field(default_factory=Start)
    tier_table: Start[tuple[TierTable | None, bool]] = field(default_factory=Start)
    inputs: defaultdict[str, Start[Any]] = field(default_factory=lambda: defaultdict(Start))
    """By the name of a number's input."""
