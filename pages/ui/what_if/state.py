"""What the What-if page remembers of its widgets."""

from dataclasses import dataclass, field

import pandas as pd

from margin.venues import TierTable
from pages.ui.session.start import Start


@dataclass
class WhatIf:
    """What its tables and inputs started from."""

    marks: Start[pd.DataFrame] = field(default_factory=Start)
    moves: Start[tuple[list[float], float]] = field(default_factory=Start)
    tiers: Start[pd.DataFrame] = field(default_factory=Start)
    tier_table: Start[tuple[TierTable | None, bool]] = field(default_factory=Start)
