"""What the studies of moves, days and shocks answer, in words: what is not on record, and what is supposed."""

from collections.abc import Mapping

from margin.studies.stress.crash_table import Gap
from margin.studies.stress.shocks import PartKey

PARTS: Mapping[PartKey, str] = {
    "before": "Before",
    "prices": "Prices",
    "maintenance": "Maintenance rates",
    "leverage_cap": "Leverage caps",
    "haircut": "Collateral haircut",
    "funding": "Funding",
    "interest": "Interest",
    "together": "All together",
}
"""What is supposed, as a row is named."""


def made_up(gaps: Mapping[str, Gap]) -> str:
    """Return what of a day is not on record: `TAO by beta, NEAR still`; empty where all is."""
    return ", ".join(f"{token} {gap}" for token, gap in gaps.items())
