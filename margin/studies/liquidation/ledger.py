"""An account while it is being unwound.

Where it stands on its path, what closes, what that costs, and who pays.

The one mutable thing of the studies. It decides nothing: which position, how much and when comes
from outside. Money is in the settlement coin, but equity, of which wallet and profit count at that
coin's rate. After every step wallet = wallet before + realised − fee − slippage + fund_loss −
forfeited + collateral_sold.
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
    """Return what a position is called among all of an account."""
    return position.symbol, position.side


class Money(NamedTuple):
    """Where an account stands.

    Wallet balance, equity (margin balance), and what equity is held against.

    What of equity is no more than rounding is 0. Of an isolated position on Bybit too equity is the
    money that is there, which the venue counts slightly otherwise.
    """

    wallet: float
    equity: float
    requirement: float


class Step(NamedTuple):
    """What happened at a point `t` of the path (0 to 1), to a position or the account.

    Of a position: `quantity` closed and `left`, the `mark`, the `fill` price, profit or loss
    `realised` at the mark. `slippage` is what the market took beyond the mark, `fund_loss` what of
    all costs and losses the insurance fund bore, `forfeited` what the venue kept, `collateral_sold`
    what collateral repaid. `before` and `after` are the account's, in isolated mode those of the
    position on its own margin.
    """

    t: float
    kind: Kind
    why: Why
    before: Money
    after: Money
    symbol: str | None = None
    side: Side | None = None
    quantity: float = 0.0
    left: float = 0.0
    mark: float | None = None
    fill: float | None = None
    realised: float = 0.0
    fee: float = 0.0
    slippage: float = 0.0
    fund_loss: float = 0.0
    forfeited: float = 0.0
    collateral_sold: float = 0.0


class Fill(NamedTuple):
    """An order as it would be filled: quantity in tokens, and what it leaves of the position.

    Price; fee and slippage.

    What is left is not a difference of two large sizes: an order down to a cap leaves the cap
    itself.
    """

    quantity: float
    left: float
    price: float
    fee: float
    slippage: float


class State(NamedTuple):
    """What the account was from a point of the path on.

    `wallet` as it counts, on Bybit otherwise than in the book.
    """

    t: float
    book: Book
    wallet: float

    def equity(self, prices: Array) -> Array:
        """Return margin balance at prices of shape (..., tokens of the book); shape (...)."""
        return self.book.equity(prices) - self.book.wallet + self.wallet


class Ledger:
    """A cross account, or an isolated position on its margin, along a path of prices.

    Its margin is its whole wallet.

    `alone` names that position and is None in cross; `zero` is the largest sum so far that is
    rounding, not money.
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
        self.book = books[0] if books else Book((), (), scenario.account.counted_wallet, ())
        self.states.append(State(self.t, self.book, scenario.account.counted_wallet))
        self._look()

    def _look(self) -> None:
        self.standing: Standing = self.book.standing(
            [self.prices[token] for token in self.book.tokens]
        )
        self.zero = max(self.zero, self.standing.zero)

    def move_to(self, t: float) -> None:
        """Go on along the path."""
        self.t, self.prices = t, self.path.at(t)
        self._look()

    @property
    def positions(self) -> tuple[Position, ...]:
        """What is still open; the book's first legs are theirs, in this order."""
        return self.scenario.positions

    @property
    def names(self) -> list[PositionName]:
        """What the open positions are called, in their order."""
        return [name_of(position) for position in self.positions]

    @property
    def taker_fee(self) -> float:
        """The fee on an ordinary order, a fraction of what it trades."""
        return self.scenario.account.fee

    @property
    def wallet(self) -> float:
        """The wallet balance, in isolated mode the position's own margin."""
        return self.scenario.account.wallet_balance

    @property
    def rate(self) -> float:
        """What a unit of the settlement coin adds to equity."""
        return self.scenario.account.counted_rate

    @property
    def equity(self) -> float:
        """Margin balance in money."""
        return self.scenario.account.counted_wallet + self._beside_the_wallet()

    @property
    def lasting(self) -> float:
        """What the account may still lose in the settlement coin before its equity is gone."""
        return self.equity / self.rate

    @property
    def bankrupt(self) -> bool:
        """Whether no money is left, whatever is required of it."""
        return bool(self.positions) and self.equity <= self.standing.zero

    def _beside_the_wallet(self) -> float:
        """Open profit and loss, and what collateral counts."""
        return sum([leg.equity(self.prices[self.book.tokens[leg.token]]) for leg in self.book.legs])

    @property
    def money(self) -> Money:
        """Where the account stands now."""
        equity = beyond_rounding(self.equity, self.standing.zero / ZERO)
        return Money(self.wallet, equity, self.standing.requirement)

    def note(self, kind: Kind, why: Why) -> None:
        """Record what changes no figure."""
        money, (symbol, side) = self.money, self.alone or (None, None)
        left = self.positions[0].quantity if self.alone else 0.0
        self.steps.append(Step(self.t, kind, why, money, money, symbol, side, left=left))

    def realised(self, index: int, quantity: float) -> float:
        """Return what closing a quantity of a position at its mark wins or loses."""
        position = self.positions[index]
        return position.sign * quantity * (self.prices[position.symbol] - position.entry_price)

    def fill(self, index: int, left: float, *, slippage: float, fee: float) -> Fill:
        """Return an order that leaves so much of a position, at fractions of slippage and fee.

        It is for all of it where next to nothing would be left, or in isolated mode no margin to
        stand on.
        """
        position, mark = self.positions[index], self.prices[self.positions[index].symbol]
        if left <= max(DUST * position.quantity, SMALLEST):
            left = 0.0
        quantity = position.quantity - left
        price = mark * (1 - position.sign * slippage)
        fill = Fill(quantity, left, price, fee * quantity * price, slippage * quantity * mark)
        margin = self.wallet + self.realised(index, quantity) - fill.fee - fill.slippage
        if left and self.scenario.account.isolated and margin < SMALLEST:
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
        """Close what the fill is for and books what it wins, costs and leaves to others."""
        position, before, realised = (
            self.positions[index],
            self.money,
            self.realised(index, fill.quantity),
        )
        wallet = self.wallet + realised - fill.fee - fill.slippage + fund_loss - forfeited
        self._adopt(_without(self.scenario, index, fill.left, wallet))
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
                fill.left,
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
        """Hand the position to the insurance fund at the bankruptcy price.

        The whole position, which the fill is for, goes where equity ends at 0.

        The fund bears the rest of the fill. Of an account that is below 0 already, it goes at the
        mark, and what is missing is settled in the end.
        """
        position, lasting = self.positions[index], max(0.0, self.lasting)
        mark = self.prices[position.symbol]
        bankruptcy_price = mark - position.sign * lasting / position.quantity
        takeover = Fill(position.quantity, 0.0, bankruptcy_price, 0.0, fill.slippage)
        self.close(
            index, takeover, "taken_over", "beyond_bankruptcy", fund_loss=fill.slippage - lasting
        )

    def seize(self, why: Why) -> None:
        """Hand everything to the venue's vault at the mark, with the margin or debt left."""
        lasting = self.lasting
        while self.positions:
            last, position = len(self.positions) == 1, self.positions[0]
            takeover = Fill(position.quantity, 0.0, self.prices[position.symbol], 0.0, 0.0)
            forfeited, fund_loss = (max(0.0, lasting), max(0.0, -lasting)) if last else (0.0, 0.0)
            self.close(0, takeover, "taken_over", why, fund_loss=fund_loss, forfeited=forfeited)

    def settle(self) -> None:
        """Repay a wallet below 0 from collateral, once no position is open.

        The insurance fund bears what is still missing; by then all collateral is sold.
        """
        debt = -self.wallet
        if self.positions or debt < -self.zero:
            return
        counted, before = self._beside_the_wallet(), self.money
        if abs(debt) <= self.zero:  # Rounding, not money.
            self._adopt(_with_wallet(self.scenario, 0.0))
            return
        sold = min(debt, counted / self.rate)
        self._adopt(_with_wallet(_repaid(self.scenario, sold * self.rate, counted), 0.0))
        step = Step(
            self.t, "settled", "debt_left", before, self.money, *(self.alone or (None, None))
        )
        self.steps.append(step._replace(fund_loss=debt - sold, collateral_sold=sold))


def _with_wallet(scenario: Scenario, wallet: float) -> Scenario:
    return replace(scenario, account=replace(scenario.account, wallet_balance=or_zero(wallet)))


def _without(scenario: Scenario, index: int, left: float, wallet: float) -> Scenario:
    """Return the account after an order on a position; isolated, its margin is the wallet."""
    position, account, wallet = scenario.positions[index], scenario.account, or_zero(wallet)
    margin = wallet if account.isolated else position.isolated_margin
    kept = (replace(position, quantity=left, isolated_margin=margin),) if left else ()
    positions = (*scenario.positions[:index], *kept, *scenario.positions[index + 1 :])
    return replace(scenario, account=replace(account, wallet_balance=wallet), positions=positions)


def _repaid(scenario: Scenario, sold: float, counted: float) -> Scenario:
    """Return the account after selling the same part of every collateral.

    `sold` of what counts `counted` in all.
    """
    if not scenario.account.rules.counts_collateral:
        return scenario
    kept = 1 - sold / counted if counted > 0 else 0.0
    pledged = [item for item in scenario.account.collateral if item.amount * kept >= SMALLEST]
    collateral = tuple(replace(item, amount=item.amount * kept) for item in pledged)
    return replace(scenario, account=replace(scenario.account, collateral=collateral))
