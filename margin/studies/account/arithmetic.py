"""The arithmetic behind every figure: the venue's formula, and the same line with this account's numbers in it.

A line is built from terms, each of which carries its symbols and its numbers, and the numbers are those of the
compiled legs and books that the figures came from: formula and numbers cannot part. Nothing is computed here but what
the other tokens leave to the one whose liquidation price is explained.
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
        "x": "the common move",
        "Σ": "the sum over positions or assets",
    }
)
"""What the symbols of the formulas mean."""


class Line(NamedTuple):
    """One figure as plain text: its name, the venue's formula, the same with numbers, the result as it is shown.

    `numbers` is one expression in + − · ÷ %, brackets and `max(0, …)`, amounts with thousands separators; evaluated it
    gives the figure to the digits printed. The lines of joint moves list several equations instead, parted by `; `.
    """

    figure: str
    formula: str
    numbers: str
    result: str


def arithmetic(account: Preparable, assessment: Assessment | None = None) -> list[Line]:
    """Return the lines of every figure that the account has, in page order; figures that are None have none.

    Without positions: the margin balance and what of it is available. The assessment is the account's own.
    """
    account = prepare(account)
    case = _case(account, assessment or assess(account))
    if not account.scenario.positions:
        return [_margin_balance(case), *_available_balance(case)]
    profit = _line("Unrealised profit", [_profits(case)], wording.money(case.account.unrealised_pnl))
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


class _Term(NamedTuple):
    """One summand in symbols and in numbers; a leading − is its sign."""

    symbols: str
    numbers: str


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
    """What the lines are made from; `books` has one book in cross mode, one per holding in isolated mode."""

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
        """A term in the settlement coin, at the coin's rate where it has one."""
        if self.rate == 1:
            return term
        return _Term(f"{term.symbols}·r", f"{term.numbers}·{_rate(self.rate)}")


def _case(account: PreparedAccount, assessment: Assessment) -> _Case:
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
    """Eight significant digits, also of numbers that are shown shorter elsewhere because they are so small."""
    if value == 0 or abs(value) >= 1e-5:
        return wording.quantity(value)
    digits = f"{abs(value):.{7 - floor(log10(abs(value)))}f}".rstrip("0")
    return f"−{digits}" if value < 0 else digits


def _rate(value: float) -> str:
    """A rate to twelve significant digits, so that what it multiplies adds up: `2.5 %`, `16.6666666667 %`."""
    return f"{_plain(float(f'{value * 100:.12g}'))} %"


def _plain(value: float) -> str:
    """A number as it stands, without an exponent."""
    return f"{Decimal(repr(value)):f}".removesuffix(".0")


def _minus(text: str) -> str:
    return text[1:] if text.startswith("−") else f"−{text}"


def _negated(terms: _Terms) -> _Terms:
    return [_Term(_minus(term.symbols), _minus(term.numbers)) for term in terms]


def _joined(parts: Iterable[str]) -> str:
    """The parts as one sum."""
    text = ""
    for part in parts:
        between = f" − {part[1:]}" if part.startswith("−") else f" + {part}"
        text += between if text else part
    return text


def _sum(terms: _Terms) -> _Term:
    return _Term(_joined(term.symbols for term in terms), _joined(term.numbers for term in terms))


def _sigma(rows: Sequence[_Terms], sign: str = "") -> _Term:
    """The same terms summed over several holdings; `sign` − takes the sum away."""
    row, one = _sum(rows[0]).symbols, len(rows[0]) == 1
    if one and row.startswith("−"):
        row, sign, rows = row[1:], "−", [_negated(terms) for terms in rows]
    summed = [_sum(_negated(terms) if sign else terms).numbers for terms in rows]
    if one:
        return _Term(f"{sign}Σ {row}", _joined(summed))
    return _Term(f"{sign}Σ ({row})", _joined(f"({each})" for each in summed) if len(rows) > 1 else summed[0])


def _of_legs(rows: Sequence[_Terms]) -> _Terms:
    """The terms of one holding as they are, of several as a Σ."""
    return rows[0] if len(rows) == 1 else [_sigma(rows)] if rows else []


def _line(figure: str, terms: _Terms, result: str) -> Line:
    return Line(figure, *_sum(terms), result)


def _quotient(figure: str, over: _Term, under: _Term, result: str, whose: str = "") -> Line:
    return Line(
        figure, f"{whose}{over.symbols} ÷ {under.symbols}", f"{over.numbers} ÷ {_bracketed(under.numbers)}", result
    )


def _bracketed(text: str) -> str:
    return f"({text})" if " " in text else text


def _balance(equity: float) -> _Term:
    return _Term("margin balance", _number(equity))


def _required(requirement: float) -> _Term:
    return _Term("requirement", _number(requirement))


# What a position adds


def _signed(holding: _Holding, sign: int) -> str:
    """The sign of s or of −s."""
    return "" if holding.position.sign == sign else "−"


def _profit(holding: _Holding) -> _Term:
    amount, entry = _number(holding.leg.quantity), _number(holding.position.entry_price)
    return _Term("s·q·(P − EP)", f"{_signed(holding, 1)}{amount}·({_number(holding.mark)} − {entry})")


def _collateral(pledge: _Pledge) -> _Term:
    amount, ratio = _number(pledge.item.amount), _rate(pledge.item.ratio)
    return _Term("amount·mark·ratio", f"{amount}·{_number(pledge.mark)}·{ratio}")


def _notional(holding: _Holding) -> str:
    return _number(holding.leg.quantity * holding.mark)


def _closing_fee(holding: _Holding, rules: Venue) -> _Terms:
    return [_Term("c", _number(holding.leg.closing_fee))] if rules.closing_fee_in_margins else []


def _deduction(leg: Leg, price: float, rules: Venue) -> _Terms:
    """The maintenance amount of the tier in force at a price, where tiers are progressive."""
    if rules.flat_tiers or rules.own_fraction:
        return []
    return [_Term("d", _number(leg.amounts[leg.tier(price)]))]


def _initial(holding: _Holding, rules: Venue, *, isolated: bool) -> _Terms:
    position = holding.position
    opening = _Term("N ÷ L", f"{_notional(holding)} ÷ {_number(position.leverage)}")
    if rules.opening_price("entry", "mark", isolated=isolated) == "entry":
        opening = _opening(position)
    return [opening, *_closing_fee(holding, rules)]


def _opening(position: Position) -> _Term:
    size = f"{_number(position.quantity)}·{_number(position.entry_price)}"
    return _Term("q·EP ÷ L", f"{size} ÷ {_number(position.leverage)}")


def _maintenance(holding: _Holding, rules: Venue) -> _Terms:
    """Without the closing fee."""
    leg, mark = holding.leg, holding.mark
    share = _Term("N·m", f"{_notional(holding)}·{_rate(leg.rates[leg.tier(mark)])}")
    return [share, *_negated(_deduction(leg, mark, rules))]


def _liquidation_fee(holding: _Holding, rules: Venue) -> _Terms:
    if not rules.liquidation_fee_required:
        return []
    return [_Term("N·f", f"{_notional(holding)}·{_rate(holding.leg.extra_rate)}")]


def _own_margin(holding: _Holding, case: _Case) -> _Terms:
    """What an isolated position holds before profit and loss, as the venue's rules count it."""
    position, rules = holding.position, case.rules
    if not rules.closing_fee_in_margins:
        return [_Term("M", _number(position.own_margin))]
    opening = _opening(position)
    if position.isolated_margin is None:
        return [opening]
    extra, fee = _number(position.own_margin - position.opening_margin), _rate(case.scenario.account.fee)
    sign = "−" if position.sign > 0 else "+"
    return [opening, _Term("extra ÷ (1 − s·f)", f"{extra} ÷ (1 {sign} {fee})")]


# Money


def _margin_balance(case: _Case) -> Line:
    terms = [_Term("WB", _number(case.scenario.account.wallet_balance))]
    if case.holdings:
        terms.append(_profits(case))
    if case.rate != 1:
        summed = _sum(terms)
        terms = [_Term(f"r·{_bracketed(summed.symbols)}", f"{_rate(case.rate)}·{_bracketed(summed.numbers)}")]
    if case.pledges:
        terms.append(_sigma([[_collateral(pledge)] for pledge in case.pledges]))
    return _line("Margin balance", terms, wording.money(case.account.equity))


def _profits(case: _Case) -> _Term:
    return _sigma([[_profit(holding)] for holding in case.holdings])


def _margins(case: _Case) -> Iterator[Line]:
    rules, holdings, account = case.rules, case.holdings, case.account
    if account.initial_margin is not None:
        initial = _sigma([_initial(holding, rules, isolated=case.isolated) for holding in holdings])
        yield _line("Initial margin", [initial], wording.money(account.initial_margin))
    if account.maintenance_margin is not None:
        rows = [[*_maintenance(holding, rules), *_closing_fee(holding, rules)] for holding in holdings]
        yield _line("Maintenance margin", [_sigma(rows)], wording.money(account.maintenance_margin))
        if account.requirement is not None:
            terms = _requirement(case, account.maintenance_margin)
            yield _line("Requirement", terms, wording.money(account.requirement))


def _requirement(case: _Case, maintenance_margin: float) -> _Terms:
    """The maintenance margin, with OKX's liquidation fee, or without the closing fee that Bybit keeps apart."""
    terms, rules = [_Term("maintenance margin", _number(maintenance_margin))], case.rules
    if rules.liquidation_fee_required:
        terms.append(_sigma([_liquidation_fee(holding, rules) for holding in case.holdings]))
    if rules.closing_fee_in_margins and case.isolated:
        terms.append(_sigma([_closing_fee(holding, rules) for holding in case.holdings], "−"))
    return terms


def _headroom(case: _Case) -> Iterator[Line]:
    account = case.account
    if account.headroom is None or account.requirement is None:
        return
    result = wording.money(account.headroom)
    if not case.isolated:
        yield _line("Headroom", [_balance(account.equity), *_negated([_required(account.requirement)])], result)
        return
    worst = case.holdings[_worst(case)[0]]
    required = [*_maintenance(worst, case.rules), *_liquidation_fee(worst, case.rules)]
    formula, numbers = _sum([*_own_margin(worst, case), _profit(worst), *_negated(required)])
    yield Line("Headroom", f"smallest of the positions, {worst.name}: {formula}", numbers, result)


def _worst(case: _Case, prices: Mapping[str, float] | None = None) -> tuple[int, Standing]:
    """The book with the least headroom, by its index, and how it stands at the marks or at other prices."""
    prices = case.scenario.market.marks if prices is None else prices
    standings = [book.standing([prices[token] for token in book.tokens]) for book in case.books]
    return min(enumerate(standings), key=lambda pair: pair[1].headroom)


def _available_balance(case: _Case) -> Iterator[Line]:
    account, wallet = case.account, case.scenario.account.wallet_balance
    if account.available_balance is None or account.initial_margin is None:
        return
    result = wording.money(account.available_balance)
    if case.isolated:
        margins = [[_Term("M", _number(holding.position.own_margin))] for holding in case.holdings]
        tied = [_sigma(margins, "−")] if margins else []
        yield _line("Available", [_Term("WB", _number(wallet)), *tied], result)
        return
    initial = _Term("−initial margin", _minus(_number(account.initial_margin)))
    formula, numbers = _sum([_balance(account.equity), initial])
    yield Line("Available", f"max(0, {formula})", f"max(0, {numbers})", result)


# Ratios


def _ratios(case: _Case) -> Iterator[Line]:
    """The venue's own ratio and the one that all venues share: in isolated mode of the position nearest to its end."""
    account, ratio = case.account, case.account.nearest_ratio
    if ratio.value is None:
        return
    index = [figures.margin_ratio for figures in account.positions].index(ratio.value) if case.isolated else 0
    standing = case.books[index].standing()
    whose = f"{case.holdings[index].name}: " if case.isolated else ""
    equity, requirement = _balance(standing.equity), _required(standing.requirement)
    terms = case.rules.ratio.terms(equity, requirement, _Term("notional", _number(standing.notional)))
    yield _quotient(ratio.label, *terms, wording.percent(ratio.value), whose)
    load = account.requirement_to_equity
    if load is not None:
        yield _quotient("Requirement ÷ equity", requirement, equity, wording.percent(load), whose)


def _to_notional(case: _Case) -> Iterator[Line]:
    account, equity = case.account, _balance(case.account.equity)
    notional = _sigma([[_Term("N", _notional(holding))] for holding in case.holdings])
    if account.equity_to_notional is not None:
        yield _quotient("Equity ÷ notional", equity, notional, wording.percent(account.equity_to_notional))
    if account.effective_leverage is not None:
        over = _Term(notional.symbols, _bracketed(notional.numbers))
        yield _quotient("Effective leverage", over, equity, wording.multiple(account.effective_leverage))


# Distances


def _liquidation_prices(case: _Case) -> Iterator[Line]:
    for index, entry in enumerate(case.account.liquidation_prices):
        for way, price in (("falling", entry.below), ("rising", entry.above)):
            if price is not None:
                yield _liquidation_price(case, index, entry, way, price)


def _liquidation_price(case: _Case, index: int, entry: LiquidationPrice, way: str, price: float) -> Line:
    """Where headroom is 0: all that does not move with the price, over what moves, in the tier in force there."""
    held = [case.holdings[index]] if case.isolated else _of_token(case.holdings, entry.symbol)
    pledged = [pledge for pledge in case.pledges if pledge.item.asset == entry.symbol]
    lead = _own_margin(held[0], case) if case.isolated else _left_by_others(case, entry.symbol)
    still = _sum([*lead, *_of_legs([_still(holding, price, case) for holding in held])])
    moving = [_moving(holding, price, case) for holding in held]
    share = [_Term("−amount·ratio", f"−{_number(pledge.item.amount)}·{_rate(pledge.item.ratio)}") for pledge in pledged]
    slope = _sum([*_of_legs(moving), *share])
    under = slope.symbols if len(moving) > 1 and not share else f"({slope.symbols})"
    name = held[0].name if case.isolated else entry.symbol
    return Line(
        f"Liquidation price of {name}, {way}",
        f"({still.symbols}) ÷ {under}",
        f"({still.numbers}) ÷ ({slope.numbers})",
        wording.price(price),
    )


def _of_token(holdings: Sequence[_Holding], token: str) -> list[_Holding]:
    return [holding for holding in holdings if holding.position.symbol == token]


def _still(holding: _Holding, price: float, case: _Case) -> _Terms:
    """What of a position's headroom the price does not move: d − s·q·EP − c."""
    amount, entry = _number(holding.leg.quantity), _number(holding.position.entry_price)
    entered = _Term("−s·q·EP", f"{_signed(holding, -1)}{amount}·{entry}")
    fee = [] if case.isolated else _negated(_closing_fee(holding, case.rules))
    return [*_deduction(holding.leg, price, case.rules), case.counted(entered), *fee]


def _moving(holding: _Holding, price: float, case: _Case) -> _Terms:
    """How fast a position's headroom falls with the price: q·(m + f) − s·q."""
    leg, amount = holding.leg, _number(holding.leg.quantity)
    rate = _Term("m", _rate(leg.rates[leg.tier(price)]))
    if leg.extra_rate:
        rate = _Term("(m + f)", f"({rate.numbers} + {_rate(leg.extra_rate)})")
    size = _Term("−s·q", f"{_signed(holding, -1)}{amount}")
    return [_Term(f"q·{rate.symbols}", f"{amount}·{rate.numbers}"), case.counted(size)]


def _left_by_others(case: _Case, token: str) -> _Terms:
    """The wallet with what the other tokens' positions and collateral add at their marks, and what they require."""
    terms = [case.counted(_Term("WB", _number(case.scenario.account.wallet_balance)))]
    others = [holding for holding in case.holdings if holding.position.symbol != token]
    pledged = [pledge for pledge in case.pledges if pledge.item.asset != token]
    if others:
        profit = sum(holding.leg.equity(holding.mark) for holding in others)
        terms.append(_Term("the others' profit", _number(profit)))
    if pledged:
        value = sum(pledge.leg.equity(pledge.mark) for pledge in pledged)
        terms.append(_Term("the others' collateral", _number(value)))
    if others:
        required = sum(leg.requirement_at(mark, leg.tier(mark)) for _, leg, mark in others)
        terms.append(_Term("−the others' requirement", _minus(_number(required))))
    return terms


def _joint_moves(case: _Case) -> Iterator[Line]:
    for way, move in case.account.joint_move._asdict().items():
        if move is not None:
            yield _joint_move(case, way, move)


def _joint_move(case: _Case, way: str, move: float) -> Line:
    """The check at the brink: every price there, and equity that equals the requirement there."""
    prices = case.scenario.market.moved(case.scenario.market.marks, move)
    index, standing = _worst(case, prices)
    book, whose = case.books[index], f"{case.holdings[index].name}: " if case.isolated else ""
    axes = sorted({leg.token for leg in book.legs})
    steps = [_step(case.scenario, book.tokens[axis], prices[book.tokens[axis]], move) for axis in axes]
    equity, requirement = _to_the_digit(book, prices, standing.equity, standing.requirement)
    return Line(
        f"Common {'fall' if way == 'down' else 'rise'} to liquidation",
        f"{whose}P·(1 + β·x), never below 0; there margin balance = requirement",
        "; ".join([*steps, f"margin balance {equity} = requirement {requirement}"]),
        wording.percent(move, sign=True),
    )


def _step(scenario: Scenario, token: str, price: float, move: float) -> str:
    """One token's way to the brink as an equation."""
    mark, beta = scenario.market.marks[token], scenario.market.beta(token)
    sign = "−" if beta * move < 0 else "+"
    there = f"{_number(mark)}·(1 {sign} {_number(abs(beta))}·{_number(abs(move) * 100)} %)"
    if price <= NO_PRICE * mark:
        return f"{token} max(0, {there}) = 0"
    return f"{token} {there} = {_number(price)}"


def _to_the_digit(book: Book, prices: Mapping[str, float], *amounts: float) -> list[str]:
    """Amounts of a book to eight digits of its largest terms: what lies below is rounding."""
    terms = [abs(leg.offset) + abs(leg.exposure) * prices[book.tokens[leg.token]] for leg in book.legs]
    decimals = 8 - ceil(log10(abs(book.wallet) + sum(terms)))
    return [_number(round(amount, decimals)) for amount in amounts]
