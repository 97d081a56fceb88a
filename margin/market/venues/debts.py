"""Coins other than the settlement coin that an account owes.

What they are worth now, and what becomes of the wallet.

A scenario holds collateral, which is never negative, and positions, which have margins of their
own: neither is a debt. So its present value is taken off the wallet balance and said; that its
value moves with its coin is not followed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf
from typing import NamedTuple

from margin.errors import FieldError
from margin.market.accounts import LeftOut
from margin.market.source import Unavailable
from margin.market.venues.checks import token_of
from margin.market.venues.positions import TakenOver
from margin.model.symbols import STABLECOINS


class Debt(NamedTuple):
    """An owed coin: its amount and its value in the settlement coin, both above 0."""

    coin: str
    amount: float
    value: float


def debts_of(
    owed: Mapping[str, float],
    told: Mapping[str, float | None],
    marks: Callable[[], Mapping[str, float]],
) -> list[Debt]:
    """Return the debts, each at the higher of the venue's value and the perpetual's mark.

    `owed` are amounts above 0 and `told` their values by the venue, in dollars; a dollar coin is
    worth a dollar at least. `marks`, per token, are asked for where anything is owed. Raises
    Unavailable where a debt has no price: without it the account would look safer than it is.
    """
    prices = _prices(marks) if owed else {}
    return [
        Debt(coin, amount, _value(coin, amount, told.get(coin), prices))
        for coin, amount in owed.items()
    ]


def _prices(marks: Callable[[], Mapping[str, float]]) -> Mapping[str, float]:
    try:
        return marks()
    except (Unavailable, FieldError):
        return {}


def _value(coin: str, amount: float, told: float | None, prices: Mapping[str, float]) -> float:
    price = max(prices.get(token_of(coin) or "", 0.0), 1.0 if coin in STABLECOINS else 0.0)
    value = max(told or 0.0, amount * price)
    if not value > 0:
        raise Unavailable(
            "absent",
            "says that this account owes a coin and not what that is worth, so the account cannot "
            "be valued. Repay "
            f"the {coin} that you owe, then read the account again",
        )
    return value


def named(debts: Iterable[Debt], settlement: str) -> list[LeftOut]:
    """Return each debt as what it is: no collateral, and so much less in the wallet."""
    return [LeftOut(f"-{debt.amount:.8g} {debt.coin}", _reason(debt, settlement)) for debt in debts]


def _reason(debt: Debt, settlement: str) -> str:
    counted = (
        f"it is owed, and counts against the account: {debt.value:,.2f} {settlement} less in the "
        f"wallet balance"
    )
    return (
        counted
        if debt.coin in STABLECOINS
        else f"{counted}, its value now; a later move of {debt.coin} is not followed"
    )


def lowered(wallet_balance: float, debts: Sequence[Debt], taken: TakenOver) -> float:
    """Return the wallet balance less the debts, all in the settlement coin.

    The margins of isolated positions are out of a debt's reach (inferred), so that they stay where
    all is isolated.
    """
    least = taken.isolated_margins if taken.margin_mode == "isolated" else -inf
    owed = sum(debt.value for debt in debts)
    return max(wallet_balance - owed, least) if owed else wallet_balance
