"""What a person has chosen for stress tests: betas, a direction and days of their own.

It lasts as long as the session, and is no part of the scenario nor of the link.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from margin.market.price_moves import AI_TOKENS, betas_to_btc, crash_days
from margin.model.prepared import Preparable, prepare
from margin.studies.distance.directions import Direction, custom, every
from margin.studies.stress.crash_table import CrashDay
from pages.ui.session.session import Session

NAMES = {
    "sector": "AI sector only",
    "against": "Longs down, shorts up",
    "with_btc": "BTC, the others by beta",
}
"""How the pages call directions that a study names more generally."""


@dataclass
class StressChoices:
    """What a person has chosen."""

    betas: dict[str, float] = field(default_factory=dict)
    """Betas to BTC in place of the snapshot's, of the scenario's tokens."""
    own: dict[str, float] = field(default_factory=dict)
    """The rates of the person's own direction."""
    days: list[CrashDay] = field(default_factory=list)
    section: str = ""
    visit: int = 0
    """Rises whenever another section is opened: its tables then start from what was chosen."""


def stress_choices(session: Session) -> StressChoices:
    """Return this session's choices."""
    return session.of(StressChoices)


def betas(session: Session) -> dict[str, float]:
    """Return every known beta to BTC, the person's own in place of the snapshot's."""
    return {**betas_to_btc(), **stress_choices(session).betas}


def named_days(session: Session) -> list[CrashDay]:
    """Return the snapshot's crash days, then the person's own."""
    return [*crash_days(), *stress_choices(session).days]


def known_directions(session: Session) -> list[Direction]:
    """Return every direction that moves a token of the account."""
    return directions_of(session.account, betas(session), stress_choices(session).own)


def directions_of(
    account: Preparable, betas_to_bitcoin: Mapping[str, float], own: Mapping[str, float]
) -> list[Direction]:
    """Return every direction that moves a token of the account, one's own included."""
    account = prepare(account)
    tokens = set(account.scenario.tokens)
    named = [
        direction._replace(name=NAMES.get(direction.key, direction.name))
        for direction in every(account, AI_TOKENS, betas_to_bitcoin)
    ]
    moving = [direction for direction in named if tokens & set(direction.rates)]
    return [*moving, custom(own)] if any(own.values()) else moving
