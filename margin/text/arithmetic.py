"""The arithmetic of every figure: the venue's formula, and the account's numbers in it.

A line is built from terms, each of which carries its symbols and its numbers, and the numbers are
those of the compiled legs and books that the figures came from: formula and numbers cannot part.
Nothing is computed here but what the other tokens leave to the one whose liquidation price is
explained.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from math import ceil, floor, log10
from types import MappingProxyType
from typing import NamedTuple

from margin import formatting as wording
from margin.engine.book import Book, Standing
from margin.engine.leg import Leg
from margin.model.prepared import Preparable, PreparedAccount, prepare
from margin.model.scenario import Collateral, Position, Scenario
from margin.studies.account.assess import Assessment, assess
from margin.studies.distance.distances import NO_PRICE, LiquidationPrice
from margin.venues import Venue

SYMBOLS: Mapping[str, str] = MappingProxyType(
    {
        "WB": "wallet balance",
        "s": "+1 long, −1 short",
        "q": "quantity in tokens",
        "P": "mark price",
        "EP": "entry price",
        "N": "notional, q·P",
        "L": "chosen leverage",
        "m": "maintenance rate of the tier",
        "d": "maintenance amount of the tier",
        "f": "taker fee rate",
        "c": "estimated fee to close, q·EP·(1 − s ÷ L)·f",
        "r": "the settlement coin's own rate",
        "M": "isolated margin",
        "extra": "isolated margin beyond q·EP ÷ L",
        "β": "the token's move for a market move of 1",
        "x": "the joint move",
        "Σ": "the sum over positions or assets",
    }
)
"""What the symbols of the formulas mean."""


class ArithmeticLine(NamedTuple):
    """One figure as plain text.

    Its name, the venue's formula, the same with numbers, the result as it is shown.

    `numbers` is one expression in + − · ÷ %, brackets and `max(0, …)`, amounts with thousands
    separators; evaluated it gives the figure to the digits printed. The lines of joint moves list
    several equations instead, parted by `; `.
    """

    figure: str
    formula: str
    numbers: str
    result: str


def arithmetic(account: Preparable) -> list[ArithmeticLine]:
    """Return the lines of every figure that the account has, in page order.

    Figures that are None have none.

    Without positions: the margin balance and what of it is available. The assessment is the
    account's own.
    """
    account = prepare(account)
    case = _case(account)
    if not account.scenario.positions:
        return [_margin_balance(case), *_available_balance(case)]
    profit = _line(
        "Unrealised profit", [_profits(case)], wording.money(case.account.unrealised_pnl)
    )
    return [
        _margin_balance(case),
        profit,
        *_margins(case),
        *_headroom(case),
        *_available_balance(case),
        *_ratios(case),
        *_to_notional(case),
        *_liquidation_prices(case),
        *_joint_moves(case),
    ]


class _Summand(NamedTuple):
    """A summand as it is written without its sign, and whether it is taken away."""

    body: str
    minus: bool = False

    def negated(self) -> "_Summand":
        return self._replace(minus=not self.minus)

    def times(self, factor: str) -> "_Summand":
        return self._replace(body=f"{self.body}·{factor}")


_Parts = tuple[_Summand, ...]


class _Term(NamedTuple):
    """What is added to a figure, in symbols and in numbers.

    One summand of either, or a sum of them.

    Signs of both stand apart, for a profit `s·q·(P − EP)` of a short is `−100·(…)`.
    """

    symbols: _Parts
    numbers: _Parts

    @classmethod
    def of(cls, symbols: str, numbers: str, *, minus: bool = False) -> "_Term":
        """Return a single summand; `minus` is the sign of its numbers."""
        return cls((_Summand(symbols),), (_Summand(numbers, minus),))

    def negated(self) -> "_Term":
        return _Term(
            tuple(part.negated() for part in self.symbols),
            tuple(part.negated() for part in self.numbers),
        )


class _Holding(NamedTuple):
    """A position with the leg it was compiled to and its mark."""

    position: Position
    leg: Leg
    mark: float

    @property
    def name(self) -> str:
        return f"{self.position.symbol} {self.position.side}"


class _Pledge(NamedTuple):
    """Collateral that counts, with its leg and its mark."""

    item: Collateral
    leg: Leg
    mark: float


class _Case(NamedTuple):
    """What the lines are made from.

    `books` has one book in cross mode, one per holding in isolated mode.
    """

    scenario: Scenario
    account: Assessment
    books: Sequence[Book]
    holdings: list[_Holding]
    pledges: list[_Pledge]

    @property
    def rules(self) -> Venue:
        return self.scenario.account.rules

    @property
    def isolated(self) -> bool:
        return self.scenario.account.isolated

    @property
    def rate(self) -> float:
        return self.scenario.account.counted_rate

    def counted(self, term: _Term) -> _Term:
        """Return a term in the settlement coin, at the coin's rate where it has one."""
        if self.rate == 1:
            return term
        rate = _rate(self.rate)
        return _Term(
            tuple(part.times("r") for part in term.symbols),
            tuple(part.times(rate) for part in term.numbers),
        )


def _case(account: PreparedAccount) -> _Case:
    assessment = assess(account)
    scenario, books = account.scenario, account.books
    marks, count = scenario.market.marks, len(scenario.positions)
    legs = [leg for book in books for leg in book.legs]
    positions, counted = zip(scenario.positions, legs[:count], strict=True), legs[count:]
    holdings = [_Holding(position, leg, marks[position.symbol]) for position, leg in positions]
    collateral = zip(scenario.account.collateral, counted, strict=True) if counted else ()
    pledges = [_Pledge(item, leg, marks[item.asset]) for item, leg in collateral]
    return _Case(scenario, assessment, books, holdings, pledges)


# Terms and sums


_Terms = list[_Term]


def _number(value: float) -> str:
    """Return eight significant digits, also of numbers shown shorter elsewhere."""
    if value == 0 or abs(value) >= 1e-5:
        return wording.quantity(value)
    digits = f"{abs(value):.{7 - floor(log10(abs(value)))}f}".rstrip("0")
    return f"−{digits}" if value < 0 else digits


def _rate(value: float) -> str:
    """Return a rate to twelve significant digits: `2.5%`, `16.6666666667%`."""
    return f"{_plain(float(f'{value * 100:.12g}'))}%"


def _plain(value: float) -> str:
    """Return a number as it stands, without an exponent."""
    return f"{Decimal(repr(value)):f}".removesuffix(".0")


def _amount(symbols: str, value: float) -> _Term:
    """Return a sum of money that is worked out elsewhere."""
    return _Term.of(symbols, _number(abs(value)), minus=value < 0)


def _negated(terms: _Terms) -> _Terms:
    return [term.negated() for term in terms]


def _written(parts: Iterable[_Summand]) -> str:
    """Return the parts as one sum: `a + b − c`, `−a + b`."""
    text = ""
    for part in parts:
        sign = ("−" if part.minus else "") if not text else " − " if part.minus else " + "
        text += f"{sign}{part.body}"
    return text


def _sum(terms: _Terms) -> _Term:
    """Return the terms as one, its parts in their order."""
    symbols = tuple(part for term in terms for part in term.symbols)
    return _Term(symbols, tuple(part for term in terms for part in term.numbers))


def _sigma(rows: Sequence[_Terms], *, minus: bool = False) -> _Term:
    """Return the same terms summed over several holdings, or that sum taken away."""
    first = _sum(rows[0]).symbols
    one = len(rows[0]) == 1
    if one and first[0].minus:
        first, minus, rows = (first[0].negated(),), True, [_negated(terms) for terms in rows]
    summed = [_sum(_negated(terms) if minus else terms).numbers for terms in rows]
    symbols = _written(first)
    if one:
        return _Term(
            (_Summand(f"Σ {symbols}", minus),), tuple(part for parts in summed for part in parts)
        )
    numbers = (
        tuple(_Summand(f"({_written(parts)})") for parts in summed) if len(rows) > 1 else summed[0]
    )
    return _Term((_Summand(f"Σ ({symbols})", minus),), numbers)


def _of_legs(rows: Sequence[_Terms]) -> _Terms:
    """Return the terms of one holding as they are, of several as a Σ."""
    return rows[0] if len(rows) == 1 else [_sigma(rows)] if rows else []


def _line(figure: str, terms: _Terms, result: str) -> ArithmeticLine:
    summed = _sum(terms)
    return ArithmeticLine(figure, _written(summed.symbols), _written(summed.numbers), result)


def _quotient(
    figure: str, over: _Term, under: _Term, result: str, owner: str = ""
) -> ArithmeticLine:
    formula = f"{owner}{_written(over.symbols)} ÷ {_written(under.symbols)}"
    return ArithmeticLine(
        figure, formula, f"{_bracketed(over.numbers)} ÷ {_bracketed(under.numbers)}", result
    )


def _bracketed(parts: _Parts) -> str:
    return f"({_written(parts)})" if len(parts) > 1 else _written(parts)


def _balance(equity: float) -> _Term:
    return _amount("margin balance", equity)


def _required(requirement: float) -> _Term:
    return _amount("requirement", requirement)


# What a position adds


def _profit(holding: _Holding) -> _Term:
    amount, entry = _number(holding.leg.quantity), _number(holding.position.entry_price)
    gained = f"{amount}·({_number(holding.mark)} − {entry})"
    return _Term.of("s·q·(P − EP)", gained, minus=holding.position.sign < 0)


def _collateral(pledge: _Pledge) -> _Term:
    amount, ratio = _number(pledge.item.amount), _rate(pledge.item.ratio)
    return _Term.of("amount·mark·ratio", f"{amount}·{_number(pledge.mark)}·{ratio}")


def _notional(holding: _Holding) -> str:
    return _number(holding.leg.quantity * holding.mark)


def _closing_fee(holding: _Holding, rules: Venue) -> _Terms:
    return [_amount("c", holding.leg.closing_fee)] if rules.closing_fee_in_margins else []


def _deduction(leg: Leg, price: float, rules: Venue) -> _Terms:
    """Return the maintenance amount in force at a price, where tiers are progressive."""
    if rules.flat_tiers or rules.own_fraction:
        return []
    return [_amount("d", leg.amounts[leg.tier(price)])]


def _initial(holding: _Holding, rules: Venue, *, isolated: bool) -> _Terms:
    position = holding.position
    opening = _Term.of("N ÷ L", f"{_notional(holding)} ÷ {_number(position.leverage)}")
    if rules.opening_price("entry", "mark", isolated=isolated) == "entry":
        opening = _opening(position)
    return [opening, *_closing_fee(holding, rules)]


def _opening(position: Position) -> _Term:
    size = f"{_number(position.quantity)}·{_number(position.entry_price)}"
    return _Term.of("q·EP ÷ L", f"{size} ÷ {_number(position.leverage)}")


def _maintenance(holding: _Holding, rules: Venue) -> _Terms:
    """Return without the closing fee."""
    leg, mark = holding.leg, holding.mark
    share = _Term.of("N·m", f"{_notional(holding)}·{_rate(leg.rates[leg.tier(mark)])}")
    return [share, *_negated(_deduction(leg, mark, rules))]


def _liquidation_fee(holding: _Holding, rules: Venue) -> _Terms:
    if not rules.liquidation_fee_required:
        return []
    return [_Term.of("N·f", f"{_notional(holding)}·{_rate(holding.leg.extra_rate)}")]


def _own_margin(holding: _Holding, case: _Case) -> _Terms:
    """Return what an isolated position holds before profit, as the venue counts it."""
    position, rules = holding.position, case.rules
    if not rules.closing_fee_in_margins:
        return [_amount("M", position.posted_margin)]
    opening = _opening(position)
    if position.isolated_margin is None:
        return [opening]
    extra, fee = position.posted_margin - position.opening_margin, _rate(case.scenario.account.fee)
    sign = "−" if position.sign > 0 else "+"
    added = f"{_number(abs(extra))} ÷ (1 {sign} {fee})"
    return [opening, _Term.of("extra ÷ (1 − s·f)", added, minus=extra < 0)]


# Money


def _margin_balance(case: _Case) -> ArithmeticLine:
    terms = [_amount("WB", case.scenario.account.wallet_balance)]
    if case.holdings:
        terms.append(_profits(case))
    if case.rate != 1:
        summed = _sum(terms)
        terms = [
            _Term.of(
                f"r·{_bracketed(summed.symbols)}",
                f"{_rate(case.rate)}·{_bracketed(summed.numbers)}",
            )
        ]
    if case.pledges:
        terms.append(_sigma([[_collateral(pledge)] for pledge in case.pledges]))
    return _line("Margin balance", terms, wording.money(case.account.equity))


def _profits(case: _Case) -> _Term:
    return _sigma([[_profit(holding)] for holding in case.holdings])


def _margins(case: _Case) -> Iterator[ArithmeticLine]:
    rules, holdings, account = case.rules, case.holdings, case.account
    if account.initial_margin is not None:
        initial = _sigma([_initial(holding, rules, isolated=case.isolated) for holding in holdings])
        yield _line("Initial margin", [initial], wording.money(account.initial_margin))
    if account.maintenance_margin is not None:
        rows = [
            [*_maintenance(holding, rules), *_closing_fee(holding, rules)] for holding in holdings
        ]
        yield _line("Maintenance margin", [_sigma(rows)], wording.money(account.maintenance_margin))
        if account.requirement is not None:
            terms = _requirement(case, account.maintenance_margin)
            yield _line("Requirement", terms, wording.money(account.requirement))


def _requirement(case: _Case, maintenance_margin: float) -> _Terms:
    """Return the maintenance margin, as the venue's figure has it.

    With OKX's liquidation fee, or without the closing fee that Bybit keeps apart.
    """
    terms, rules = [_amount("maintenance margin", maintenance_margin)], case.rules
    if rules.liquidation_fee_required:
        terms.append(_sigma([_liquidation_fee(holding, rules) for holding in case.holdings]))
    if rules.closing_fee_in_margins and case.isolated:
        terms.append(
            _sigma([_closing_fee(holding, rules) for holding in case.holdings], minus=True)
        )
    return terms


def _headroom(case: _Case) -> Iterator[ArithmeticLine]:
    account = case.account
    if account.headroom is None or account.requirement is None:
        return
    result = wording.money(account.headroom)
    if not case.isolated:
        yield _line(
            "Headroom",
            [_balance(account.equity), *_negated([_required(account.requirement)])],
            result,
        )
        return
    worst = case.holdings[_worst(case)[0]]
    required = [*_maintenance(worst, case.rules), *_liquidation_fee(worst, case.rules)]
    line = _line(
        "Headroom", [*_own_margin(worst, case), _profit(worst), *_negated(required)], result
    )
    yield line._replace(formula=f"smallest of the positions, {worst.name}: {line.formula}")


def _worst(case: _Case, prices: Mapping[str, float] | None = None) -> tuple[int, Standing]:
    """Return the index of the book with the least headroom, and its standing."""
    prices = case.scenario.market.marks if prices is None else prices
    standings = [book.standing([prices[token] for token in book.tokens]) for book in case.books]
    return min(enumerate(standings), key=lambda pair: pair[1].headroom)


def _available_balance(case: _Case) -> Iterator[ArithmeticLine]:
    account, wallet = case.account, case.scenario.account.wallet_balance
    if account.available_balance is None or account.initial_margin is None:
        return
    result = wording.money(account.available_balance)
    if case.isolated:
        margins = [[_amount("M", holding.position.posted_margin)] for holding in case.holdings]
        tied = [_sigma(margins, minus=True)] if margins else []
        yield _line("Available", [_amount("WB", wallet), *tied], result)
        return
    initial = _amount("initial margin", account.initial_margin).negated()
    line = _line("Available", [_balance(account.equity), initial], result)
    yield line._replace(formula=f"max(0, {line.formula})", numbers=f"max(0, {line.numbers})")


# Ratios


def _ratios(case: _Case) -> Iterator[ArithmeticLine]:
    """Yield the venue's margin ratio and margin used, in isolated mode of the worst position."""
    account, ratio = case.account, case.account.nearest_ratio
    if ratio.value is None:
        return
    index = (
        [figures.margin_ratio for figures in account.positions].index(ratio.value)
        if case.isolated
        else 0
    )
    standing = case.books[index].standing()
    owner = f"{case.holdings[index].name}: " if case.isolated else ""
    equity, requirement = _balance(standing.equity), _required(standing.requirement)
    terms = case.rules.ratio.terms(equity, requirement, _amount("notional", standing.notional))
    yield _quotient(ratio.label, *terms, wording.percent(ratio.value), owner)
    load = account.requirement_to_equity
    if load is not None:
        yield _quotient("Margin used", requirement, equity, wording.percent(load), owner)


def _to_notional(case: _Case) -> Iterator[ArithmeticLine]:
    account, equity = case.account, _balance(case.account.equity)
    notional = _sigma([[_Term.of("N", _notional(holding))] for holding in case.holdings])
    if account.equity_to_notional is not None:
        yield _quotient(
            "Equity ÷ notional", equity, notional, wording.percent(account.equity_to_notional)
        )
    if account.effective_leverage is not None:
        yield _quotient(
            "Effective leverage", notional, equity, wording.multiple(account.effective_leverage)
        )


# Distances


def _liquidation_prices(case: _Case) -> Iterator[ArithmeticLine]:
    for index, entry in enumerate(case.account.liquidation_prices):
        for side, price in (("falling", entry.below), ("rising", entry.above)):
            if price is not None:
                yield _liquidation_price(case, index, entry, side, price)


def _liquidation_price(
    case: _Case, index: int, entry: LiquidationPrice, side: str, price: float
) -> ArithmeticLine:
    """Return where headroom is 0.

    All that does not move with the price, over what moves, in the tier in force there.
    """
    holdings = [case.holdings[index]] if case.isolated else _of_token(case.holdings, entry.symbol)
    pledged = [pledge for pledge in case.pledges if pledge.item.asset == entry.symbol]
    lead = _own_margin(holdings[0], case) if case.isolated else _left_by_others(case, entry.symbol)
    still = _sum([*lead, *_of_legs([_still(holding, price, case) for holding in holdings])])
    moving = [_moving(holding, price, case) for holding in holdings]
    share = [_counted_share(pledge).negated() for pledge in pledged]
    slope = _sum([*_of_legs(moving), *share])
    per_price = _written(slope.symbols)
    under = per_price if len(moving) > 1 and not share else f"({per_price})"
    name = holdings[0].name if case.isolated else entry.symbol
    return ArithmeticLine(
        f"Liquidation price of {name}, {side}",
        f"({_written(still.symbols)}) ÷ {under}",
        f"({_written(still.numbers)}) ÷ ({_written(slope.numbers)})",
        wording.price(price),
    )


def _counted_share(pledge: _Pledge) -> _Term:
    """Return what collateral gains when its price rises by one."""
    return _Term.of("amount·ratio", f"{_number(pledge.item.amount)}·{_rate(pledge.item.ratio)}")


def _of_token(holdings: Sequence[_Holding], token: str) -> list[_Holding]:
    return [holding for holding in holdings if holding.position.symbol == token]


def _still(holding: _Holding, price: float, case: _Case) -> _Terms:
    """Return what of a position's headroom the price does not move: d − s·q·EP − c."""
    amount, entry = _number(holding.leg.quantity), _number(holding.position.entry_price)
    entered = _Term.of("s·q·EP", f"{amount}·{entry}", minus=holding.position.sign < 0).negated()
    fee = [] if case.isolated else _negated(_closing_fee(holding, case.rules))
    return [*_deduction(holding.leg, price, case.rules), case.counted(entered), *fee]


def _moving(holding: _Holding, price: float, case: _Case) -> _Terms:
    """Return how fast a position's headroom falls with the price: q·(m + f) − s·q."""
    leg, amount = holding.leg, _number(holding.leg.quantity)
    symbol, rate = "m", _rate(leg.rates[leg.tier(price)])
    if leg.extra_rate:
        symbol, rate = "(m + f)", f"({rate} + {_rate(leg.extra_rate)})"
    size = _Term.of("s·q", amount, minus=holding.position.sign < 0).negated()
    return [_Term.of(f"q·{symbol}", f"{amount}·{rate}"), case.counted(size)]


def _left_by_others(case: _Case, token: str) -> _Terms:
    """Return the wallet plus what other tokens add, minus what they require, at their marks."""
    terms = [case.counted(_amount("WB", case.scenario.account.wallet_balance))]
    others = [holding for holding in case.holdings if holding.position.symbol != token]
    pledged = [pledge for pledge in case.pledges if pledge.item.asset != token]
    if others:
        profit = sum(holding.leg.equity(holding.mark) for holding in others)
        terms.append(_amount("the others' profit", profit))
    if pledged:
        value = sum(pledge.leg.equity(pledge.mark) for pledge in pledged)
        terms.append(_amount("the others' collateral", value))
    if others:
        required = sum(leg.requirement_at(mark, leg.tier(mark)) for _, leg, mark in others)
        terms.append(_amount("the others' requirement", required).negated())
    return terms


def _joint_moves(case: _Case) -> Iterator[ArithmeticLine]:
    for side, move in case.account.joint_move._asdict().items():
        if move is not None:
            yield _joint_move(case, side, move)


def _joint_move(case: _Case, side: str, move: float) -> ArithmeticLine:
    """Return the check that equity equals the requirement after the joint move to liquidation."""
    prices = case.scenario.market.moved(case.scenario.market.marks, move)
    index, standing = _worst(case, prices)
    book, owner = case.books[index], f"{case.holdings[index].name}: " if case.isolated else ""
    axes = sorted({leg.token for leg in book.legs})
    steps = [
        _step(case.scenario, book.tokens[axis], prices[book.tokens[axis]], move) for axis in axes
    ]
    equity, requirement = _to_the_digit(book, prices, standing.equity, standing.requirement)
    return ArithmeticLine(
        f"Joint {'fall' if side == 'down' else 'rise'} to liquidation",
        f"{owner}P·(1 + β·x), never below 0; there margin balance = requirement",
        "; ".join([*steps, f"margin balance {equity} = requirement {requirement}"]),
        wording.percent(move, sign=True),
    )


def _step(scenario: Scenario, token: str, price: float, move: float) -> str:
    """Return one token's way to the brink as an equation."""
    mark, beta = scenario.market.marks[token], scenario.market.beta(token)
    sign = "−" if beta * move < 0 else "+"
    end_price = f"{_number(mark)}·(1 {sign} {_number(abs(beta))}·{_number(abs(move) * 100)}%)"
    if price <= NO_PRICE * mark:
        return f"{token} max(0, {end_price}) = 0"
    return f"{token} {end_price} = {_number(price)}"


def _to_the_digit(book: Book, prices: Mapping[str, float], *amounts: float) -> list[str]:
    """Return amounts of a book to eight digits of its largest terms.

    What lies below is rounding.
    """
    terms = [
        abs(leg.offset) + abs(leg.exposure) * prices[book.tokens[leg.token]] for leg in book.legs
    ]
    decimals = 8 - ceil(log10(abs(book.wallet) + sum(terms)))
    return [_number(round(amount, decimals)) for amount in amounts]
