"""A user's account as read from a venue or a table: what is imported, and what is not and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from margin.model.scenario import Account, MarginMode, Market, Position, Scenario

Priced = tuple[str, str | None]
"""The key of a liquidation price: a token and its isolated position's side, None in cross."""


class LeftOut(NamedTuple):
    """A position or an asset that is not imported.

    `reason` is a sentence without its full stop.
    """

    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """The imported positions, and what could not be imported."""

    positions: tuple[Position, ...]
    left_out: tuple[LeftOut, ...] = ()


class VenueFigures(NamedTuple):
    """The venue's figures of an account, in the settlement coin; None where it gives none.

    `margin_ratio` is a fraction (1.0 is 100%) by the venue's own definition.
    """

    equity: float | None = None
    initial_margin: float | None = None
    maintenance_margin: float | None = None
    margin_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class VenueAccount:
    """An account as its venue reports it, at one instant.

    `wallet_balance` is that of the settlement coin, less what is owed in other coins. `marks` are
    by the token of a position. `liquidation_prices` are by token and side; in cross the side is
    None, for both legs of a hedge share one price. A price of None means that the position has
    none, a missing key that the venue reports nothing. `taker_fee` is the account's own, where the
    venue gives it. `margin_mode` is `cross` unless every open position is isolated. `may_trade` and
    `may_withdraw` are the key's permissions, None where the venue does not say. `notes` are
    sentences to be shown beside the figures.
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
    """Return the account as a scenario with the levels and betas of the one on the screen.

    It has no texts and no tier tables. Raises FieldError for an account that is no valid scenario,
    such as one with isolated margins above the wallet balance.
    """
    market = Market(marks=account.marks, betas=shown.market.betas)
    return Scenario(
        Account(account.venue, account.margin_mode, account.wallet_balance, account.taker_fee),
        account.imported.positions,
        market,
        shown.levels,
    )
