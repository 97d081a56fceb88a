"""An account's debts in coins other than the settlement coin, and their effect on the wallet.

A scenario has collateral, which is never negative, and positions, which have margins: neither can
be a debt. So the debt's value now is subtracted from the wallet balance and reported; later moves
of its coin are not followed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf
from typing import NamedTuple

from margin.errors import FieldError
from margin.market.accounts import LeftOut
from margin.market.source import Unavailable
from margin.market.venues.checks import token_of
from margin.market.venues.positions import AccountPositions
from margin.model.symbols import STABLECOINS


class Debt(NamedTuple):
    """An owed coin: its amount and its value in the settlement coin, both above 0."""

    coin: str
    amount: float
    value: float


def value_debts(
    owed: Mapping[str, float],
    reported: Mapping[str, float | None],
    marks: Callable[[], Mapping[str, float]],
) -> list[Debt]:
    """Return the debts, each at the higher of the venue's value and the perpetual's mark.

    `owed` are amounts above 0 and `reported` their values by the venue, in dollars; a dollar coin
    is worth at least a dollar. `marks`, by token, are fetched only where anything is owed. Raises
    Unavailable where a debt has no price: without it the account would look safer than it is.
    """
    prices = _prices(marks) if owed else {}
    return [
        Debt(coin, amount, _value(coin, amount, reported.get(coin), prices))
        for coin, amount in owed.items()
    ]


def _prices(marks: Callable[[], Mapping[str, float]]) -> Mapping[str, float]:
    try:
        return marks()
    except (Unavailable, FieldError):
        return {}


def _value(coin: str, amount: float, reported: float | None, prices: Mapping[str, float]) -> float:
    price = max(prices.get(token_of(coin) or "", 0.0), 1.0 if coin in STABLECOINS else 0.0)
    value = max(reported or 0.0, amount * price)
    if not value > 0:
        raise Unavailable(
            "absent",
            "says that this account owes a coin and not what that is worth, so the account cannot "
            "be valued. Repay "
            f"the {coin} that you owe, then read the account again",
        )
    return value


def list_debts(debts: Iterable[Debt], settlement: str) -> list[LeftOut]:
    """Return the debts as left-out assets, with what they take off the wallet balance."""
    return [LeftOut(f"-{debt.amount:.8g} {debt.coin}", _reason(debt, settlement)) for debt in debts]


def _reason(debt: Debt, settlement: str) -> str:
    reason = (
        f"it is owed, and counts against the account: {debt.value:,.2f} {settlement} less in the "
        f"wallet balance"
    )
    if debt.coin in STABLECOINS:
        return reason
    return f"{reason}, its value now; a later move of {debt.coin} is not followed"


def subtract_debts(
    wallet_balance: float, debts: Sequence[Debt], positions: AccountPositions
) -> float:
    """Return the wallet balance less the debts, all in the settlement coin.

    A debt cannot reach the margins of isolated positions (inferred), so an isolated account retains
    at least these.
    """
    least = positions.isolated_margins if positions.margin_mode == "isolated" else -inf
    owed = sum(debt.value for debt in debts)
    return max(wallet_balance - owed, least) if owed else wallet_balance
