"""The venues' rules a second time, by brute force: what the engine's answers are held against.

Written from the rules alone and as plainly as they are stated, in exact fractions, on the scenario
document as it stands in JSON: maintenance is summed slice by slice, headroom is formed in full at
every kink of a line, and between two neighbouring kinks, where everything is linear, one equation
is solved. Nothing here is fast, shares a line with the engine, or rounds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import inf
from typing import Any

Document = dict[str, Any]
Prices = dict[str, Fraction]

DEFAULT_FEE = {
    "binance": "0.0005",
    "bybit": "0.00055",
    "okx": "0.0005",
    "hyperliquid": "0.00045",
    "textbook": "0",
}
COLLATERAL_COUNTS = ("binance", "bybit", "okx")
STABLECOINS = ("USDT", "USDC")
EDGE = Fraction(1, 10**12)
"""A size this little above a cap, relatively, still belongs to the lower tier."""
ZERO = Fraction(1, 10**12)
"""Headroom up to this part of |wallet| + Σ notional is none."""
BARELY = Fraction(1, 100)
"""Within this part of the zero tolerance itself, either reading of liquidated is right."""
TOLERANCE = 1e-9
"""How exact the engine's figures have to be, relatively."""
ROUNDING = 1e-12
"""Where a quantity is near zero: how exact it has to be, as a part of what it was computed from."""


@dataclass(frozen=True)
class Tier:
    """One row of a table. `end` is None where it goes on for ever.

    `amount` is the row's own, where it gives one.
    """

    floor: Fraction
    end: Fraction | None
    rate: Fraction
    amount: Fraction | None
    max_leverage: float | None


def read_table(rows: Sequence[Document]) -> list[Tier]:
    """The rows as tiers; the last goes on beyond its cap."""
    ends = [Fraction(row["floor"]) for row in rows[1:]]
    return [
        Tier(
            Fraction(row["floor"]),
            end,
            Fraction(row["maintenance_rate"]),
            None if row.get("maintenance_amount") is None else Fraction(row["maintenance_amount"]),
            row.get("max_leverage"),
        )
        for row, end in zip(rows, [*ends, None], strict=True)
    ]


def slices(table: Sequence[Tier], notional: Fraction) -> Fraction:
    """Progressive maintenance: every slice of the notional at its own rate.

    One row is a window, amount as given.
    """
    if len(table) == 1:
        return notional * table[0].rate - (table[0].amount or 0)
    total = Fraction(0)
    for tier in table:
        top = notional if tier.end is None else min(notional, tier.end)
        if top > tier.floor:
            total += (top - tier.floor) * tier.rate
    return total


def amount_of(table: Sequence[Tier], index: int) -> Fraction:
    """The deduction of a progressive tier, from continuity."""
    if len(table) == 1:
        return table[0].amount or Fraction(0)
    return sum(
        (here.floor * (here.rate - before.rate) for before, here in pairwise(table[: index + 1])),
        Fraction(0),
    )


def tier_index(table: Sequence[Tier], size: Fraction) -> int:
    """Which tier a size lies in, from 0: exactly at a cap, the lower one."""
    index = 0
    for number, tier in enumerate(table):
        if number and size > tier.floor * (1 + EDGE):
            index = number
    return index


@dataclass(frozen=True)
class Holding:
    """A position with the rules that apply to it.

    `flat_rate`: a flat tier's rate, or the textbook's fraction.
    """

    symbol: str
    side: str
    sign: int
    quantity: Fraction
    entry: Fraction
    leverage: Fraction
    table: list[Tier]
    tier_size: Fraction | None  # contracts; None: the notional
    flat_rate: Fraction | None
    fee_in_requirement: Fraction  # a rate on the notional
    closing_fee: Fraction

    def profit(self, price: Fraction) -> Fraction:
        return self.sign * self.quantity * (price - self.entry)

    def maintenance(self, price: Fraction) -> Fraction:
        """Without Bybit's closing fee."""
        notional = self.quantity * price
        return (
            notional * self.flat_rate
            if self.flat_rate is not None
            else slices(self.table, notional)
        )

    def kinks(self) -> list[Fraction]:
        """Prices at which the rate changes."""
        return (
            []
            if self.flat_rate is not None
            else [tier.floor / self.quantity for tier in self.table[1:]]
        )


@dataclass(frozen=True)
class Account:
    """What stands or falls together: everything in cross mode, one position in isolated mode."""

    wallet: Fraction
    holdings: list[Holding]
    pledged: list[tuple[str, Fraction]]  # token, amount after its haircut
    constant: Fraction  # closing fees that count in the requirement
    rate: Fraction = Fraction(1)  # what a unit of the settlement coin adds to equity

    def equity(self, prices: Prices) -> Fraction:
        profit = sum(holding.profit(prices[holding.symbol]) for holding in self.holdings)
        own = self.rate * (self.wallet + profit)
        return own + sum(amount * prices[token] for token, amount in self.pledged)

    def notional(self, prices: Prices) -> Fraction:
        return sum(
            (holding.quantity * prices[holding.symbol] for holding in self.holdings), Fraction(0)
        )

    def requirement(self, prices: Prices) -> Fraction:
        total = self.constant
        for holding in self.holdings:
            price = prices[holding.symbol]
            total += (
                holding.maintenance(price) + holding.quantity * price * holding.fee_in_requirement
            )
        return total

    def headroom(self, prices: Prices, level: Fraction = Fraction(1)) -> Fraction:
        """Equity − requirement ÷ level."""
        return self.equity(prices) - self.requirement(prices) / level

    def size(self, prices: Prices) -> Fraction:
        """What rounding is measured against: |wallet| + Σ notional."""
        return abs(self.wallet) * self.rate + self.notional(prices)


@dataclass(frozen=True)
class Line:
    """Prices on the move: `start + x·direction`, never below 0, for 0 ≤ x ≤ limit (None.

    Without end).
    """

    account: Account
    start: Prices
    direction: Prices
    limit: Fraction | None

    def at(self, x: Fraction) -> Prices:
        return {
            token: max(Fraction(0), price + x * self.direction[token])
            for token, price in self.start.items()
        }

    def _kinks(self) -> Iterator[Fraction]:
        for token, rate in self.direction.items():
            if rate == 0:
                continue
            prices = [Fraction(0)]
            for holding in self.account.holdings:
                if holding.symbol == token:
                    prices += holding.kinks()
            for price in prices:
                x = (price - self.start[token]) / rate
                if x > 0 and (self.limit is None or x < self.limit):
                    yield x

    def least(self) -> Fraction:
        """The least headroom at any kink or end of the line, which must have one."""
        assert self.limit is not None
        return min(
            self.account.headroom(self.at(x)) for x in (Fraction(0), self.limit, *self._kinks())
        )

    def crossing(
        self,
        level: Fraction = Fraction(1),
        *,
        zero: Fraction = Fraction(0),
        zero_moves: bool = False,
    ) -> Fraction | None:
        """The first x at which equity − requirement ÷ level is at most `zero` · size.

        The size is the account's at the start, or at each point on the way where `zero_moves`.
        """
        if not self.account.holdings:
            return None

        def value(x: Fraction) -> Fraction:
            prices = self.at(x)
            size = self.account.size(prices if zero_moves else self.start) if zero else 0
            return self.account.headroom(prices, level) - zero * size

        kinks = sorted(set(self._kinks()))
        last = kinks[-1] if kinks else Fraction(0)
        here, at_here = Fraction(0), value(Fraction(0))
        if at_here <= 0:
            return here
        for there in [*kinks, last + 1 if self.limit is None else self.limit]:
            at_there = value(there)
            if at_there <= 0:
                return here + (there - here) * at_here / (at_here - at_there)
            before, at_before, here, at_here = here, at_here, there, at_there
        if self.limit is None and at_here < at_before:
            return here + (here - before) * at_here / (at_before - at_here)
        return None


def near(value: float, exact: Fraction | float, scale: float) -> bool:
    """Whether a figure is right, `scale` being what it was computed from."""
    return abs(value - float(exact)) <= TOLERANCE * abs(float(exact)) + ROUNDING * scale


def admits(
    lines: Sequence[Line], answer: float, scale: float, level: Fraction = Fraction(1)
) -> bool:
    """Whether an answer is the first crossing of any of the lines (infinite.

    None), or as right as rounding lets it be.

    A line that only touches zero may be taken as touching or as passing: right is what lies between
    the first point with headroom ≤ +1e-12 of the account's size and the first with headroom ≤
    −1e-12 of it, the size being that at the start or that at the point. Nothing wider is. `scale`
    is what a distance near zero is measured against.
    """

    def first(zero: Fraction, *, zero_moves: bool = False) -> Fraction | float:
        found = [line.crossing(level, zero=zero, zero_moves=zero_moves) for line in lines]
        return min((x for x in found if x is not None), default=inf)

    exact = first(Fraction(0))
    if answer == exact == inf or (inf not in (answer, exact) and near(answer, exact, scale)):
        return True
    wide = ZERO * (1 + BARELY)
    earliest = float(min(first(wide), first(wide, zero_moves=True)))
    latest = float(max(first(-wide), first(-wide, zero_moves=True)))
    slack = ROUNDING * scale
    return earliest * (1 - TOLERANCE) - slack <= answer <= latest * (1 + TOLERANCE) + slack


def fee_of(document: Document) -> Fraction:
    given = document.get("taker_fee")
    return Fraction(DEFAULT_FEE[document["venue"]]) if given is None else Fraction(given)


def holding_of(document: Document, position: Document) -> Holding:
    """A position under its venue's rules."""
    venue, symbol = document["venue"], position["symbol"]
    sign = 1 if position["side"] == "long" else -1
    quantity, entry = Fraction(position["quantity"]), Fraction(position["entry_price"])
    leverage, fee = Fraction(position["leverage"]), fee_of(document)
    table: list[Tier] = []
    contracts = flat_rate = None
    if venue == "textbook":
        flat_rate = Fraction(document.get("textbook", {}).get("margin_fraction", 0.01))
    else:
        table = read_table(document["tiers"][symbol])
    if venue == "okx":
        contracts = quantity / Fraction(document["contract_values"][symbol])
        flat_rate = table[tier_index(table, contracts)].rate
    closing_fee = (
        quantity * entry * (1 - sign / leverage) * fee if venue == "bybit" else Fraction(0)
    )
    return Holding(
        symbol,
        position["side"],
        sign,
        quantity,
        entry,
        leverage,
        table,
        contracts,
        flat_rate,
        fee if venue == "okx" else Fraction(0),
        closing_fee,
    )


def posted_margin(position: Document) -> Fraction:
    """The margin an isolated position holds."""
    given = position.get("isolated_margin")
    opening = (
        Fraction(position["quantity"])
        * Fraction(position["entry_price"])
        / Fraction(position["leverage"])
    )
    return opening if given is None else Fraction(given)


def isolated_account(document: Document, position: Document) -> Account:
    """One position with its own margin.

    Bybit keeps the closing fee apart and counts extra margin at 1 ÷ (1 − s·f).
    """
    holding, margin = holding_of(document, position), posted_margin(position)
    if document["venue"] == "bybit":
        opening = holding.quantity * holding.entry / holding.leverage
        margin = opening + (margin - opening) / (1 - holding.sign * fee_of(document))
    return Account(margin, [holding], [], Fraction(0))


def accounts(document: Document) -> list[Account]:
    """The whole account in cross mode, one per position in isolated mode."""
    if document["margin_mode"] == "isolated":
        return [isolated_account(document, position) for position in document["positions"]]
    holdings = [holding_of(document, position) for position in document["positions"]]
    pledged = [
        (item["asset"], Fraction(item["amount"]) * Fraction(item["ratio"]))
        for item in document.get("collateral", [])
        if document["venue"] in COLLATERAL_COUNTS
    ]
    closing_fees = sum((holding.closing_fee for holding in holdings), Fraction(0))
    counts = document["venue"] in COLLATERAL_COUNTS
    rate = Fraction(document.get("settlement_rate", 1)) if counts else Fraction(1)
    return [Account(Fraction(document["wallet_balance"]), holdings, pledged, closing_fees, rate)]


def marks(document: Document) -> Prices:
    return {token: Fraction(mark) for token, mark in document["marks"].items()}


def price_line(account: Account, prices: Prices, token: str, way: int) -> Line:
    """One token's price falling to 0 (−1) or rising without end (+1), the others still.

    X in the settlement coin.
    """
    direction = {name: Fraction(way if name == token else 0) for name in prices}
    return Line(account, prices, direction, prices[token] if way < 0 else None)


def joint_line(document: Document, account: Account, way: int) -> Line:
    """Every mark to mark · (1 + β·x): x down to −1, or up to 10.

    The line's own x counts from 0 both ways.
    """
    betas = document.get("betas", {})
    prices = marks(document)
    direction = {
        token: way * price * Fraction(betas.get(token, 0 if token in STABLECOINS else 1))
        for token, price in prices.items()
    }
    return Line(account, prices, direction, Fraction(1 if way < 0 else 10))


def _courses(account: Account, prices: Prices, token: str) -> tuple[list[Fraction], list[Fraction]]:
    """The headroom over one token's price.

    At every kink from the mark down to 0, and from the mark up and beyond.
    """
    mark = prices[token]
    kinks = {
        kink for holding in account.holdings if holding.symbol == token for kink in holding.kinks()
    }
    down = sorted({Fraction(0), mark, *(kink for kink in kinks if kink < mark)}, reverse=True)
    up = sorted({mark, *(kink for kink in kinks if kink > mark)})
    below, above = (
        [account.headroom({**prices, token: stop}) for stop in stops]
        for stops in (down, [*up, up[-1] + 1])
    )
    return below, above


def reasons(account: Account, prices: Prices, token: str) -> tuple[str, str]:
    """Why no price below and none above liquidates, where none does.

    `flat`: the price does not matter at all; `gains`: the way only helps; else it is `covered` down
    to price 0.
    """
    below, above = _courses(account, prices, token)
    if all(value == below[0] for value in (*below, *above)):
        return "flat", "flat"
    return "gains" if all(
        later >= earlier for earlier, later in pairwise(below)
    ) else "covered", "gains"


def ratio_of(document: Document, account: Account, prices: Prices) -> Fraction | None:
    """The venue's own figure, None where its denominator is not positive."""
    equity, requirement, notional = (
        account.equity(prices),
        account.requirement(prices),
        account.notional(prices),
    )
    over, under = {"okx": (equity, requirement), "textbook": (equity, notional)}.get(
        document["venue"], (requirement, equity)
    )
    return over / under if under > 0 else None


def position_figures(document: Document, position: Document) -> Document:
    """One position's figures at the marks, keys as in the assessment JSON."""
    holding, price = holding_of(document, position), marks(document)[position["symbol"]]
    notional = holding.quantity * price
    # Bybit takes the initial margin of an isolated position at its entry price.
    at_entry = document["venue"] == "bybit" and document["margin_mode"] == "isolated"
    opened = holding.quantity * holding.entry if at_entry else notional
    tier, rate, amount, most = 0, holding.flat_rate, Fraction(0), None
    if holding.table:
        tier = tier_index(
            holding.table, notional if holding.tier_size is None else holding.tier_size
        )
        rate, most = holding.table[tier].rate, holding.table[tier].max_leverage
        amount = Fraction(0) if document["venue"] == "okx" else amount_of(holding.table, tier)
    result = {
        "symbol": position["symbol"],
        "side": position["side"],
        "quantity": holding.quantity,
        "notional": notional,
        "unrealised_pnl": holding.profit(price),
        "initial_margin": opened / holding.leverage + holding.closing_fee,
        "maintenance_margin": holding.maintenance(price) + holding.closing_fee,
        "tier": tier + 1,
        "maintenance_rate": rate,
        "maintenance_amount": amount,
        "max_leverage": most,
    }
    if document["margin_mode"] == "isolated":
        account = isolated_account(document, position)
        result["isolated_margin"] = posted_margin(position)
        result["headroom"] = account.headroom(marks(document))
        result["margin_ratio"] = ratio_of(document, account, marks(document))
    return result


def account_figures(document: Document) -> Document:
    """The account's figures at the marks, keys as in the assessment JSON.

    The ratio is `ratio_of` the worst account.
    """
    prices, books = marks(document), accounts(document)
    positions = [position_figures(document, position) for position in document["positions"]]
    profit = sum((position["unrealised_pnl"] for position in positions), Fraction(0))
    notional = sum((position["notional"] for position in positions), Fraction(0))
    initial = sum((position["initial_margin"] for position in positions), Fraction(0))
    wallet = Fraction(document["wallet_balance"])
    if document["margin_mode"] == "cross":
        equity = books[0].equity(prices)
        available = max(Fraction(0), equity - initial)
    else:
        equity = wallet + profit
        available = wallet - sum(posted_margin(position) for position in document["positions"])
    return {
        "equity": equity,
        "unrealised_pnl": profit,
        "initial_margin": initial,
        "maintenance_margin": sum(
            (position["maintenance_margin"] for position in positions), Fraction(0)
        ),
        "requirement": sum((book.requirement(prices) for book in books), Fraction(0)),
        "headroom": min(book.headroom(prices) for book in books),
        "available_balance": available,
        "equity_to_notional": equity / notional if notional > 0 else None,
        "effective_leverage": notional / equity if equity > 0 else None,
    }
