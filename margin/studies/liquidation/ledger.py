"""The books of an account during a liquidation: what closes, what it costs, and who pays.

The ledger is the only mutable object of the studies. It decides nothing: which position closes,
how much of it and when comes from `unwinding`. Money is in the settlement coin, except equity,
where wallet and profit count at that coin's rate. Every step keeps the identity wallet after =
wallet before + realised − fee − slippage + fund_loss − forfeited + collateral_sold.
"""

from dataclasses import replace
from typing import Literal, NamedTuple

from margin.engine.book import Book, Standing
from margin.engine.numbers import ZERO, Array, beyond_rounding
from margin.errors import SMALLEST, or_zero
from margin.model.prepared import prepare
from margin.model.scenario import Position, Scenario, Side
from margin.studies.liquidation.conduct import PositionName
from margin.studies.liquidation.path import Path

DUST = 1e-9
"""An order that would leave less than this part of the position closes it whole."""

Kind = Literal[
    "orders_cancelled",
    "netted",
    "reduced",
    "closed",
    "taken_over",
    "stopped",
    "margin_stop",
    "price_stop",
    "settled",
]
STOPS: frozenset[Kind] = frozenset({"margin_stop", "price_stop"})
NOT_THE_VENUE: frozenset[Kind] = STOPS | {"settled"}
"""Steps that may come without any liquidation."""
SILENT: frozenset[Kind] = frozenset({"orders_cancelled", "stopped"})
"""Steps that change no figure."""
OF_THE_ACCOUNT: frozenset[Kind] = SILENT | {"settled"}
"""Steps that concern an account as a whole, in isolated mode that of one position."""
Why = Literal[
    "requirement_reached",  # equity no longer exceeds what the venue requires
    "requirement_met",  # equity exceeds it again
    "long_and_short",  # two positions of one token stand against each other
    "beyond_bankruptcy",  # equity does not cover the fill
    "below_backstop",  # equity is below the part of the requirement at which everything is taken
    "level_reached",  # the margin stop's
    "price_reached",  # the price stop's
    "debt_left",  # the wallet is below zero and no position is left
]


def name_of(position: Position) -> PositionName:
    """Return the token and side that identify a position within its account."""
    return position.symbol, position.side


class Money(NamedTuple):
    """Wallet balance, equity (margin balance) and requirement at one moment.

    Equity no larger than rounding is 0. For an isolated position on Bybit it is the actual money,
    which the venue itself counts slightly differently.
    """

    wallet: float
    equity: float
    requirement: float


class Step(NamedTuple):
    """An event at point `t` of the path (0 to 1), for a position or for the whole account.

    For a position: the `quantity` closed and `remaining`, the `mark`, the `fill` price and the
    profit or loss `realised` at the mark. `slippage` is the cost beyond the mark, `fund_loss` the
    costs and losses that the insurance fund bore, `forfeited` the margin that the venue kept and
    `collateral_sold` the debt that collateral repaid. `before` and `after` describe the account,
    in isolated mode the position with its margin.
    """

    t: float
    kind: Kind
    why: Why
    before: Money
    after: Money
    symbol: str | None = None
    side: Side | None = None
    quantity: float = 0.0
    remaining: float = 0.0
    mark: float | None = None
    fill: float | None = None
    realised: float = 0.0
    fee: float = 0.0
    slippage: float = 0.0
    fund_loss: float = 0.0
    forfeited: float = 0.0
    collateral_sold: float = 0.0


class Fill(NamedTuple):
    """An order as it would be filled: quantity closed and remaining, price, fee and slippage.

    `remaining` is given, not computed as the difference of two large sizes, so that an order down
    to a cap leaves exactly the cap.
    """

    quantity: float
    remaining: float
    price: float
    fee: float
    slippage: float


class State(NamedTuple):
    """The account from point `t` of the path until its next step.

    `wallet` is the counted balance, which on Bybit differs from the book's.
    """

    t: float
    book: Book
    wallet: float

    def equity(self, prices: Array) -> Array:
        """Return margin balance at prices of shape (..., tokens of the book); shape (...)."""
        return self.book.equity(prices) - self.book.wallet + self.wallet


class Ledger:
    """A cross account, or an isolated position with its margin as the wallet, along a path.

    `alone` names the isolated position and is None in cross. `zero` is the largest sum so far that
    is rounding, not money.
    """

    def __init__(self, scenario: Scenario, path: Path) -> None:
        self.path, self.t = path, 0.0
        self.prices = path.at(0.0)
        self.steps: list[Step] = []
        self.states: list[State] = []
        self.zero = 0.0
        self.alone = name_of(scenario.positions[0]) if scenario.account.isolated else None
        self._adopt(scenario)

    def _adopt(self, scenario: Scenario) -> None:
        books = prepare(scenario).books
        self.scenario = scenario
        # Without positions or collateral nothing is compiled, but the wallet still counts.
        self.book = books[0] if books else Book((), (), scenario.account.counted_wallet, ())
        self.states.append(State(self.t, self.book, scenario.account.counted_wallet))
        self._look()

    def _look(self) -> None:
        self.standing: Standing = self.book.standing(
            [self.prices[token] for token in self.book.tokens]
        )
        # Sums made of large amounts keep their rounding after the positions have shrunk.
        self.zero = max(self.zero, self.standing.zero)

    def move_to(self, t: float) -> None:
        """Move the account to point `t` of the path and to its prices."""
        self.t, self.prices = t, self.path.at(t)
        self._look()

    @property
    def positions(self) -> tuple[Position, ...]:
        """The open positions, in the order of the book's first legs."""
        return self.scenario.positions

    @property
    def names(self) -> list[PositionName]:
        """The names of the open positions, in their order."""
        return [name_of(position) for position in self.positions]

    @property
    def taker_fee(self) -> float:
        """The fee on an ordinary order, a fraction of what it trades."""
        return self.scenario.account.fee

    @property
    def wallet(self) -> float:
        """The wallet balance, in isolated mode the position's margin."""
        return self.scenario.account.wallet_balance

    @property
    def rate(self) -> float:
        """The equity that one unit of the settlement coin adds."""
        return self.scenario.account.counted_rate

    @property
    def equity(self) -> float:
        """Margin balance in money."""
        return self.scenario.account.counted_wallet + self._beside_the_wallet()

    @property
    def lasting(self) -> float:
        """The loss in the settlement coin that brings equity to 0."""
        return self.equity / self.rate

    @property
    def bankrupt(self) -> bool:
        """Whether positions are open without equity, whatever the requirement."""
        return bool(self.positions) and self.equity <= self.standing.zero

    def _beside_the_wallet(self) -> float:
        """Return unrealised PnL plus the counted value of collateral."""
        return sum([leg.equity(self.prices[self.book.tokens[leg.token]]) for leg in self.book.legs])

    @property
    def money(self) -> Money:
        """The present wallet balance, equity and requirement."""
        equity = beyond_rounding(self.equity, self.standing.zero / ZERO)
        return Money(self.wallet, equity, self.standing.requirement)

    def note(self, kind: Kind, why: Why) -> None:
        """Record a step that changes no figure."""
        money, (symbol, side) = self.money, self.alone or (None, None)
        remaining = self.positions[0].quantity if self.alone else 0.0
        self.steps.append(Step(self.t, kind, why, money, money, symbol, side, remaining=remaining))

    def realised(self, index: int, quantity: float) -> float:
        """Return the profit or loss of closing a quantity of a position at its mark."""
        position = self.positions[index]
        return position.sign * quantity * (self.prices[position.symbol] - position.entry_price)

    def fill(self, index: int, remaining: float, *, slippage: float, fee: float) -> Fill:
        """Return an order that leaves `remaining` of a position; slippage and fee are fractions.

        It closes the whole position where only dust, or in isolated mode no margin, would remain.
        """
        position, mark = self.positions[index], self.prices[self.positions[index].symbol]
        if remaining <= max(DUST * position.quantity, SMALLEST):
            remaining = 0.0
        quantity = position.quantity - remaining
        price = mark * (1 - position.sign * slippage)
        fill = Fill(quantity, remaining, price, fee * quantity * price, slippage * quantity * mark)
        margin = self.wallet + self.realised(index, quantity) - fill.fee - fill.slippage
        # A scenario cannot hold an isolated position without margin, so the order takes all of it.
        if remaining and self.scenario.account.isolated and margin < SMALLEST:
            return self.fill(index, 0.0, slippage=slippage, fee=fee)
        return fill

    def close(
        self,
        index: int,
        fill: Fill,
        kind: Kind,
        why: Why,
        *,
        fund_loss: float = 0.0,
        forfeited: float = 0.0,
    ) -> None:
        """Close the filled quantity and book its profit, its costs and who bears them."""
        # Taken first: adopting the new scenario replaces the positions and the figures.
        position, before = self.positions[index], self.money
        realised = self.realised(index, fill.quantity)
        wallet = self.wallet + realised - fill.fee - fill.slippage + fund_loss - forfeited
        self._adopt(_without(self.scenario, index, fill.remaining, wallet))
        self.steps.append(
            Step(
                self.t,
                kind,
                why,
                before,
                self.money,
                position.symbol,
                position.side,
                fill.quantity,
                fill.remaining,
                self.prices[position.symbol],
                fill.price,
                realised,
                fill.fee,
                fill.slippage,
                fund_loss,
                forfeited,
            )
        )

    def take_over(self, index: int, fill: Fill) -> None:
        """Hand the whole position to the insurance fund at the price that leaves equity at 0.

        The fund bears what the fill costs beyond that. Where equity is below 0 already, the price
        is the mark, and `settle` deals with the debt.
        """
        position, lasting = self.positions[index], max(0.0, self.lasting)
        mark = self.prices[position.symbol]
        # The price moves from the mark until the position has lost all remaining equity.
        bankruptcy_price = mark - position.sign * lasting / position.quantity
        takeover = Fill(position.quantity, 0.0, bankruptcy_price, 0.0, fill.slippage)
        self.close(
            index, takeover, "taken_over", "beyond_bankruptcy", fund_loss=fill.slippage - lasting
        )

    def seize(self, why: Why) -> None:
        """Hand all positions to the venue's vault at the mark, with remaining equity or debt."""
        # Closing at the mark without costs keeps equity, so the last position can carry all of it.
        lasting = self.lasting
        while self.positions:
            last, position = len(self.positions) == 1, self.positions[0]
            takeover = Fill(position.quantity, 0.0, self.prices[position.symbol], 0.0, 0.0)
            forfeited, fund_loss = (max(0.0, lasting), max(0.0, -lasting)) if last else (0.0, 0.0)
            self.close(0, takeover, "taken_over", why, fund_loss=fund_loss, forfeited=forfeited)

    def settle(self) -> None:
        """Repay a negative wallet balance from collateral, once no position is open.

        The insurance fund bears the debt that remains after all collateral is sold.
        """
        debt = -self.wallet
        if self.positions or debt < -self.zero:
            return
        counted, before = self._beside_the_wallet(), self.money
        # A debt no larger than rounding sells nothing and is no step of its own.
        if abs(debt) <= self.zero:
            self._adopt(_with_wallet(self.scenario, 0.0))
            return
        # Debt is in the coin, counted collateral is equity: the rate converts between them.
        sold = min(debt, counted / self.rate)
        self._adopt(_with_wallet(_repaid(self.scenario, sold * self.rate, counted), 0.0))
        step = Step(
            self.t, "settled", "debt_left", before, self.money, *(self.alone or (None, None))
        )
        self.steps.append(step._replace(fund_loss=debt - sold, collateral_sold=sold))


def _with_wallet(scenario: Scenario, wallet: float) -> Scenario:
    return replace(scenario, account=replace(scenario.account, wallet_balance=or_zero(wallet)))


def _without(scenario: Scenario, index: int, remaining: float, wallet: float) -> Scenario:
    """Return the scenario with a position reduced; in isolated mode its margin is the wallet."""
    position, account, wallet = scenario.positions[index], scenario.account, or_zero(wallet)
    margin = wallet if account.isolated else position.isolated_margin
    reduced = (replace(position, quantity=remaining, isolated_margin=margin),) if remaining else ()
    positions = (*scenario.positions[:index], *reduced, *scenario.positions[index + 1 :])
    return replace(scenario, account=replace(account, wallet_balance=wallet), positions=positions)


def _repaid(scenario: Scenario, sold: float, counted: float) -> Scenario:
    """Return the scenario after selling the same share of every collateral, `sold` of `counted`."""
    if not scenario.account.rules.counts_collateral:
        return scenario
    kept = 1 - sold / counted if counted > 0 else 0.0
    # A scenario refuses smaller amounts.
    pledged = [item for item in scenario.account.collateral if item.amount * kept >= SMALLEST]
    collateral = tuple(replace(item, amount=item.amount * kept) for item in pledged)
    return replace(scenario, account=replace(scenario.account, collateral=collateral))
