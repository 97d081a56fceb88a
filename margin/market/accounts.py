"""A person's own account as a venue or a table tells it.

What can be taken over, and what had to stay out and why.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from margin.model.scenario import Account, MarginMode, Market, Position, Scenario

Priced = tuple[str, str | None]
"""What a liquidation price is of: a token and the side of its isolated position, None in cross."""


class LeftOut(NamedTuple):
    """A position or an asset that is not imported.

    What it is, and the reason as a sentence without its full stop.
    """

    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """Positions that can be taken over, and what was left out."""

    positions: tuple[Position, ...]
    left_out: tuple[LeftOut, ...] = ()


class VenueFigures(NamedTuple):
    """The venue's own figures of an account, in the settlement coin; None where it does not say.

    `margin_ratio` is a fraction (1.0 is 100%) in the venue's own direction.
    """

    equity: float | None = None
    initial_margin: float | None = None
    maintenance_margin: float | None = None
    margin_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class VenueAccount:
    """An account as its venue tells it, at one instant.

    `wallet_balance` of the settlement coin, in the settlement coin, less what is owed in other
    coins; `marks` per token of a position. `liquidation_prices` per token and side, in cross per
    token and None, for a hedge's legs share one price there; None: the venue says that there is
    none, no entry: it gives nothing. `taker_fee` is the account's own, where the venue says it.
    `margin_mode` is `cross` unless all that is open is isolated. `may_trade` and `may_withdraw` say
    what the key is allowed to do beyond reading; None: the venue does not say. `notes` are
    sentences that the figures must not be read without.
    """

    venue: str
    seen_at: datetime
    wallet_balance: float
    imported: Imported
    marks: Mapping[str, float]
    figures: VenueFigures = field(default_factory=VenueFigures)
    liquidation_prices: Mapping[Priced, float | None] = field(default_factory=dict)
    taker_fee: float | None = None
    margin_mode: MarginMode = "cross"
    may_trade: bool | None = None
    may_withdraw: bool | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("marks", "liquidation_prices"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


def as_scenario(account: VenueAccount, shown: Scenario) -> Scenario:
    """Return the account as a scenario, with the levels and betas of the one on the screen.

    Without its words and tables.

    Raises FieldError where the account is no scenario: isolated margins above the wallet balance,
    say.
    """
    market = Market(marks=account.marks, betas=shown.market.betas)
    return Scenario(
        Account(account.venue, account.margin_mode, account.wallet_balance, account.taker_fee),
        account.imported.positions,
        market,
        shown.levels,
    )
