"""What the Stress tests page remembers of its widgets."""

from dataclasses import dataclass, field

import pandas as pd

from margin.model.shocks import Shocks
from pages.ui.session.start import Start


@dataclass
class StressTests:
    """What its tables and inputs started from."""

    section: Start[str] = field(default_factory=Start)
    directions: Start[pd.DataFrame] = field(default_factory=Start)
    own_day: Start[pd.DataFrame] = field(default_factory=Start)
    shocks: Start[Shocks] = field(default_factory=Start)
    token_shocks: Start[pd.DataFrame] = field(default_factory=Start)
