"""What a person has chosen to look at on the Moves-together page.

It is no part of the scenario, nor of the link.
"""

from dataclasses import dataclass, field

from margin.market.price_moves import betas_to_btc, crash_days
from margin.studies.stress.crash_table import CrashDay
from pages.ui.session.state import Session


@dataclass
class Looking:
    """What a person has chosen to look at; it lasts as long as the session."""

    betas: dict[str, float] = field(default_factory=dict)
    """Betas to BTC in place of the snapshot's, of the scenario's tokens."""
    own: dict[str, float] = field(default_factory=dict)
    """The rates of the person's own direction."""
    days: list[CrashDay] = field(default_factory=list)
    section: str = ""
    visit: int = 0
    """Rises whenever another section is opened: its tables then start from what was chosen."""


def looking(session: Session) -> Looking:
    """Return what this session looks at."""
    held: Looking = session.kept.setdefault("looking", Looking())
    return held


def betas(session: Session) -> dict[str, float]:
    """Return every known beta to BTC, the person's own in place of the snapshot's."""
    return {**betas_to_btc(), **looking(session).betas}


def named_days(session: Session) -> list[CrashDay]:
    """Return the snapshot's named days, then the person's own."""
    return [*crash_days(), *looking(session).days]
