"""The arithmetic shown: every line, worked out from its digits, is its figure."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given

from margin import formatting as wording
from margin.model.scenario import Scenario
from margin.studies.account.assess import Assessment, assess
from margin.text.arithmetic import SYMBOLS, ArithmeticLine, arithmetic
from tests.books import compile_books
from tests.studies import evaluate
from tests.studies.accounts import (
    MODES,
    VENUES,
    account,
    long,
    prices_at,
    random_accounts,
    scenarios,
    short,
    size,
)

BASKET = (
    long("RENDER", 28571.429, 1.85, 10),
    long("TAO", 100, 290.3, 5),
    short("BTC", 0.31, 70123.4, 20),
)
WORKED = {
    "one_long": {"positions": [long("RENDER", 57142.857142857, 1.75)]},
    "one_short": {"positions": [short("TAO", 123.4567, 255.5, 12)]},
    "a_basket": {"positions": BASKET, "wallet": 20_000},
    "a_hedge": {
        "positions": [
            long("RENDER", 30000, 1.6),
            short("RENDER", 25000, 1.9),
            long("NEAR", 9000, 1.4),
        ],
        "wallet": 15_000,
    },
    "margins_of_their_own": {
        "positions": [
            long("RENDER", 20000, 1.8, 10, isolated_margin=5_000),
            short("TAO", 60, 260, 8, isolated_margin=1_234.56),
        ]
    },
    "pledged_bitcoin": {
        "positions": [long("RENDER", 30000, 1.8)],
        "wallet": 2_500,
        "collateral": [
            {"asset": "BTC", "amount": 0.08, "ratio": 0.95},
            {"asset": "USDC", "amount": 900, "ratio": 1},
        ],
    },
    "a_pledge_of_the_token_held": {
        "positions": [
            long("RENDER", 30000, 1.8),
            short("RENDER", 4000, 1.7),
            short("BTC", 0.05, 69000),
        ],
        "wallet": 6_000,
        "collateral": [{"asset": "RENDER", "amount": 4321.5, "ratio": 0.6}],
    },
    "a_negative_wallet": {
        "positions": [long("TAO", 100, 250)],
        "wallet": -500,
        "collateral": [{"asset": "ETH", "amount": 3, "ratio": 0.9}],
    },
    "liquidated": {"positions": [long("RENDER", 57142.857, 2.1)], "wallet": 12_000},
    "equity_below_zero": {
        "positions": [long("RENDER", 57142.857, 2.1)],
        "wallet": 12_000,
        "marks": {"RENDER": 1.2},
    },
    "a_price_of_nothing": {
        "positions": [long("RENDER", 5000, 1.8), long("NEAR", 900, 1.5)],
        "marks": {"NEAR": 0.0},
    },
    "a_token_worth_a_billionth": {
        "positions": [long("NEAR", 1.23456789e13, 1.1e-9)],
        "marks": {"NEAR": 1.3579246801e-9},
    },
    "high_betas": {
        "positions": [long("RENDER", 5000, 1.8), short("BTC", 0.4, 71000)],
        "betas": {"RENDER": 3, "BTC": 1.25},
        "wallet": 9_000,
    },
    "no_betas": {
        "positions": [long("RENDER", 5000, 1.8), long("TAO", 80, 270)],
        "betas": {"RENDER": 0, "TAO": -0.5},
    },
    "a_fee_of_its_own": {"positions": BASKET, "wallet": 20_000, "taker_fee": 0.00123456},
}


def worked(name: str, venue: str, mode: str) -> Scenario:
    """A worked account; in isolated mode with a wallet that covers its margins."""
    wallet = {"wallet": 100_000} if mode == "isolated" else {}
    return account(venue, mode, **{**WORKED[name], **wallet})


def expected_figures(
    scenario: Scenario, assessment: Assessment
) -> Iterator[tuple[str, float | None, str]]:
    """Name, value and shown text of every figure but joint moves, in page order."""
    ratio, isolated = assessment.nearest_ratio, scenario.account.margin_mode == "isolated"
    yield "Margin balance", assessment.equity, wording.money(assessment.equity)
    yield (
        "Unrealised profit",
        assessment.unrealised_pnl if scenario.positions else None,
        wording.money(assessment.unrealised_pnl),
    )
    yield "Initial margin", assessment.initial_margin, wording.money(assessment.initial_margin)
    yield (
        "Maintenance margin",
        assessment.maintenance_margin,
        wording.money(assessment.maintenance_margin),
    )
    yield "Requirement", assessment.requirement, wording.money(assessment.requirement)
    yield "Headroom", assessment.headroom, wording.money(assessment.headroom)
    yield "Available", assessment.available_balance, wording.money(assessment.available_balance)
    yield ratio.label, ratio.value, wording.percent(ratio.value)
    load = assessment.requirement_to_equity
    yield "Margin used", load, wording.percent(load)
    yield (
        "Equity ÷ notional",
        assessment.equity_to_notional,
        wording.percent(assessment.equity_to_notional),
    )
    yield (
        "Effective leverage",
        assessment.effective_leverage,
        wording.multiple(assessment.effective_leverage),
    )
    for entry in assessment.liquidation_prices:
        whose = f"{entry.symbol} {entry.side}" if isolated else entry.symbol
        yield f"Liquidation price of {whose}, falling", entry.below, wording.price(entry.below)
        yield f"Liquidation price of {whose}, rising", entry.above, wording.price(entry.above)


COMMON = {"down": "Joint fall to liquidation", "up": "Joint rise to liquidation"}


def check(scenario: Scenario) -> list[ArithmeticLine]:
    """Every line against the assessment; returns the lines for more."""
    assessment = assess(scenario)
    lines = arithmetic(scenario)
    joint = [line for line in lines if line.figure.startswith("Joint ")]
    single = lines[: len(lines) - len(joint)]
    figures = [figure for figure in expected_figures(scenario, assessment) if figure[1] is not None]
    assert [(line.figure, line.result) for line in single] == [
        (name, shown) for name, _, shown in figures
    ]
    for line, (_, value, _) in zip(single, figures, strict=True):
        assert value is not None
        result = evaluate.numbers(line.numbers)
        # Equity that is no more than rounding is 0 among the figures.
        assert abs(result.value - value) <= result.off + 1e-12, line
    moves = [
        (way, move) for way, move in assessment.joint_move._asdict().items() if move is not None
    ]
    assert [line.figure for line in joint] == [COMMON[way] for way, _ in moves]
    for line, (_, move) in zip(joint, moves, strict=True):
        check_brink(scenario, line, move)
    return lines


def check_brink(scenario: Scenario, line: ArithmeticLine, move: float) -> None:
    """Both sides of every equation agree; the prices and the money are those at the move."""
    assert line.result == wording.percent(move, sign=True)
    books = compile_books(scenario)
    if scenario.account.margin_mode == "isolated":
        whose = line.formula.split(":")[0].split()
        index = [[each.symbol, each.side] for each in scenario.positions].index(whose)
        books = [books[index]]
    [book] = books
    there = dict(zip(book.tokens, prices_at(scenario, book, move), strict=True))
    *steps, balance = line.numbers.split("; ")
    moving = {book.tokens[leg.token] for leg in book.legs}
    assert {step.split()[0] for step in steps} == moving
    for step in steps:
        token, equation = step.split(" ", 1)
        left, right = (evaluate.numbers(side) for side in equation.split(" = "))
        assert abs(left.value - there[token]) <= left.off
        assert abs(right.value - there[token]) <= right.off + 1e-12 * scenario.market.marks[token]
    standing = book.standing([there[token] for token in book.tokens])
    equity, requirement = re.fullmatch(
        r"margin balance (\S+) = requirement (\S+)", balance
    ).groups()
    assert equity == requirement
    rounding = 1e-7 * size(scenario, book, move)
    assert abs(evaluate.numbers(equity).value - standing.equity) <= rounding
    assert abs(evaluate.numbers(requirement).value - standing.requirement) <= rounding


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize("name", WORKED)
def test_every_line_of_a_worked_account_gives_its_figure(name: str, venue: str, mode: str) -> None:
    check(worked(name, venue, mode))


@random_accounts
@given(scenarios())
def test_every_line_of_a_random_account_gives_its_figure(scenario: Scenario) -> None:
    check(scenario)


# Formulas


def meanings(scenario: Scenario, assessment: Assessment) -> dict[str, float]:
    """What each symbol stands for in an account of one position, told independently."""
    [position], [figures] = scenario.positions, assessment.positions
    fee = scenario.account.fee
    return {
        "WB": scenario.account.wallet_balance,
        "s": position.sign,
        "q": position.quantity,
        "P": scenario.market.marks[position.symbol],
        "EP": position.entry_price,
        "N": figures.notional,
        "L": position.leverage,
        "m": figures.maintenance_rate or 0,
        "d": figures.maintenance_amount or 0,
        "f": fee,
        "c": position.quantity
        * position.entry_price
        * (1 - position.sign / position.leverage)
        * fee,
        "M": position.posted_margin,
        "extra": position.posted_margin
        - position.quantity * position.entry_price / position.leverage,
        "margin balance": assessment.equity,
        "initial margin": assessment.initial_margin or 0,
        "maintenance margin": assessment.maintenance_margin or 0,
        "requirement": assessment.requirement or 0,
        "notional": figures.notional,
    }


@pytest.mark.parametrize("side", [long, short])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("venue", VENUES)
def test_every_formula_gives_its_figure_under_the_meanings_of_its_symbols(
    venue: str, mode: str, side: object
) -> None:
    own = {"isolated_margin": 7_000} if mode == "isolated" else {}
    scenario = account(venue, mode, [side("RENDER", 31234, 1.7, 10, **own)], wallet=7_000)
    account_ = assess(scenario)
    values = meanings(scenario, account_)
    if mode == "isolated":  # The ratios are those of the position.
        values["margin balance"] = (account_.headroom or 0) + values["requirement"]
    figures = {
        name: value for name, value, _ in expected_figures(scenario, account_) if value is not None
    }
    for line in arithmetic(scenario):
        if line.figure.startswith("Joint "):
            continue
        named = dict(values)
        if line.figure.startswith("Liquidation price"):
            there = assess(scenario.with_marks({"RENDER": figures[line.figure]})).positions[0]
            named |= {"m": there.maintenance_rate, "d": there.maintenance_amount}
        if line.figure in ("Equity ÷ notional", "Effective leverage"):
            named["margin balance"] = account_.equity
        formula = line.formula.split(": ")[-1]
        assert evaluate.symbols(formula, named) == pytest.approx(figures[line.figure], rel=1e-9), (
            line
        )


@pytest.mark.parametrize("venue", VENUES)
def test_formulas_name_what_the_venue_asks_for_and_nothing_else(venue: str) -> None:
    scenario = worked("a_hedge", venue, "cross")
    formulas = [line.formula for line in arithmetic(scenario) if "Joint" not in line.figure]
    used = set(re.findall(r"(?<![\w’'])[a-zA-Z]{1,2}(?!\w)", " ".join(formulas))) & set(SYMBOLS)
    everywhere = {"WB", "s", "q", "P", "EP", "N", "L", "m"}
    more = {
        "binance": {"d"},
        "bybit": {"d", "c"},
        "okx": {"f"},
        "hyperliquid": {"d"},
        "textbook": set(),
    }
    assert used == everywhere | more[venue]


def test_the_formulas_of_a_bybit_position_keep_the_closing_fee_apart_in_isolated_mode() -> None:
    scenario = account("bybit", "isolated", [long("RENDER", 31234, 1.7, 10, isolated_margin=7_000)])
    lines = {line.figure: line for line in arithmetic(scenario)}
    assert lines["Maintenance margin"].formula == "Σ (N·m − d + c)"
    assert lines["Requirement"].formula == "maintenance margin − Σ c"
    price = lines["Liquidation price of RENDER long, falling"]
    assert price.formula == "(q·EP ÷ L + extra ÷ (1 − s·f) + d − s·q·EP) ÷ (q·m − s·q)"
    assert "1,690.22 ÷ (1 − 0.055%)" in price.numbers


def test_a_short_of_a_bybit_position_adds_its_fee_where_a_long_takes_it_away() -> None:
    scenario = account(
        "bybit", "isolated", [short("RENDER", 31234, 1.7, 10, isolated_margin=7_000)]
    )
    lines = {line.figure: line for line in arithmetic(scenario)}
    assert "1,690.22 ÷ (1 + 0.055%)" in lines["Liquidation price of RENDER short, rising"].numbers


def test_a_rate_with_more_than_six_digits_adds_up() -> None:
    rows = {"IO": [{"floor": 0, "maintenance_rate": 1 / 6, "max_leverage": 3}]}
    scenario = account(
        "hyperliquid", "cross", [long("IO", 600_000, 1, 3)], 150_000, marks={"IO": 1}, tiers=rows
    )
    lines = {line.figure: line for line in arithmetic(scenario)}
    line = lines["Maintenance margin"]
    assert line.numbers == "600,000·16.6666666667% − 0"
    assert evaluate.numbers(line.numbers).value == pytest.approx(100_000, abs=0.005)
    assert line.result == "$100,000.00"


def test_the_initial_margin_of_an_isolated_position_on_bybit_is_told_at_its_entry() -> None:
    scenario = account("bybit", "isolated", [long("RENDER", 1_000, 2, 10)], marks={"RENDER": 1.9})
    line = next(each for each in arithmetic(scenario) if each.figure == "Initial margin")
    assert line.formula == "Σ (q·EP ÷ L + c)"
    assert line.numbers.startswith("1,000·2 ÷ 10 + ")


def test_the_settlement_coins_rate_stands_wherever_its_money_does() -> None:
    pledge = {"asset": "ETH", "amount": 1, "ratio": 0.95}
    positions = [long("RENDER", 10_000, 1.7), short("TAO", 50, 280)]
    scenario = account(
        "binance", "cross", positions, 5_000, collateral=[pledge], settlement_rate=0.9801
    )
    check(scenario)
    lines = {line.figure: line for line in arithmetic(scenario)}
    assert lines["Margin balance"].formula == "r·(WB + Σ s·q·(P − EP)) + Σ amount·mark·ratio"
    assert lines["Margin balance"].numbers.startswith("98.01%·(5,000 + ")
    price = lines["Liquidation price of RENDER, falling"]
    assert "WB·r" in price.formula
    assert price.formula.endswith("÷ (q·m − s·q·r)")
    assert "r" in SYMBOLS


def test_the_venues_published_example_reads_as_published() -> None:
    windows = {"ETH": (0.1, 135365.0), "BTC": (0.025, 16300.0)}
    tiers = {
        token: [{"floor": 0, "maintenance_rate": rate, "maintenance_amount": amount}]
        for token, (rate, amount) in windows.items()
    }
    positions = [long("ETH", 3683.979, 1456.84, 1), long("BTC", 109.488, 32481.98, 1)]
    marks = {"ETH": 1335.18, "BTC": 31967.27}
    scenario = account("binance", "cross", positions, 1535443.01, marks=marks, tiers=tiers)
    lines = {line.figure: line for line in arithmetic(scenario)}
    assert lines["Margin balance"] == ArithmeticLine(
        "Margin balance",
        "WB + Σ s·q·(P − EP)",
        "1,535,443 + 3,683.979·(1,335.18 − 1,456.84) + 109.488·(31,967.27 − 32,481.98)",
        "$1,030,896",
    )
    assert lines["Maintenance margin"] == ArithmeticLine(
        "Maintenance margin",
        "Σ (N·m − d)",
        "(4,918,775.1·10% − 135,365) + (3,500,032.5·2.5% − 16,300)",
        "$427,713.32",
    )
    assert lines["Liquidation price of ETH, falling"] == ArithmeticLine(
        "Liquidation price of ETH, falling",
        "(WB + the others' profit − the others' requirement + d − s·q·EP) ÷ (q·m − s·q)",
        "(1,535,443 − 56,354.568 − 71,200.811 + 135,365 − 3,683.979·1,456.84) ÷ (3,683.979·10% − "
        "3,683.979)",
        "1,153.26",
    )
    assert lines["Liquidation price of BTC, falling"].result == "26,316.89"


def test_a_liquidation_price_takes_rate_and_amount_of_the_tier_in_force_there() -> None:
    scenario = account("binance", "cross", [long("RENDER", 57142.857142857, 1.75)], 60_000)
    lines = {line.figure: line.numbers for line in arithmetic(scenario)}
    assert lines["Maintenance margin"] == "100,000·2.5% − 325"
    falling = "(60,000 + 75 − 57,142.857·1.75) ÷ (57,142.857·2% − 57,142.857)"
    assert lines["Liquidation price of RENDER, falling"] == falling


def test_both_legs_of_a_hedge_and_a_pledge_of_the_same_token_stand_in_one_line() -> None:
    scenario = worked("a_pledge_of_the_token_held", "okx", "cross")
    lines = {line.figure: line for line in arithmetic(scenario)}
    falling = lines["Liquidation price of RENDER, falling"]
    assert falling.formula == (
        "(WB + the others' profit − the others' requirement − Σ s·q·EP) ÷ (Σ (q·(m + f) − s·q) − "
        "amount·ratio)"
    )
    assert falling.numbers.endswith(
        "− 30,000·1.8 + 4,000·1.7) ÷ ((30,000·(3% + 0.05%) − 30,000) + (4,000·(2% + 0.05%) + "
        "4,000) − 4,321.5·60%)"
    )


def test_what_only_collateral_can_do_is_told_for_its_own_token() -> None:
    pledge = {"asset": "BTC", "amount": 0.08, "ratio": 0.95}
    scenario = account(
        "binance", "cross", [long("RENDER", 10_000, 1.75)], -500, collateral=[pledge]
    )
    lines = {line.figure: line for line in arithmetic(scenario)}
    falling = lines["Liquidation price of BTC, falling"]
    assert falling == ArithmeticLine(
        "Liquidation price of BTC, falling",
        "(WB + the others' profit − the others' requirement) ÷ (−amount·ratio)",
        "(−500 + 0 − 275) ÷ (−0.08·95%)",
        "10,197.37",
    )


def test_headroom_in_isolated_mode_is_that_of_the_position_worst_off_by_name() -> None:
    scenario = account("binance", "isolated", [long("RENDER", 20000, 1.8), short("TAO", 60, 290)])
    lines = {line.figure: line for line in arithmetic(scenario)}
    assert lines["Headroom"] == ArithmeticLine(
        "Headroom",
        "smallest of the positions, RENDER long: M + s·q·(P − EP) − N·m + d",
        "3,600 + 20,000·(1.75 − 1.8) − 35,000·2% + 75",
        "$1,975.00",
    )


def test_the_ratio_in_isolated_mode_is_that_of_the_position_nearest_its_end_though_another_has_less_headroom() -> (
    None
):
    scenario = account(
        "binance", "isolated", [long("RENDER", 1_000, 1.75, 40), long("TAO", 0.01, 272.71, 2)]
    )
    lines = {line.figure: line for line in check(scenario)}
    assert lines["Headroom"].formula.startswith("smallest of the positions, TAO long: ")
    assert lines["Margin used"].formula == "RENDER long: requirement ÷ margin balance"


@pytest.mark.parametrize("venue", ["okx", "textbook"])
def test_among_positions_without_equity_the_falling_ratio_is_that_of_the_lowest(venue: str) -> None:
    scenario = account(
        venue, "isolated", [long("RENDER", 1_000, 2.1, 20), long("TAO", 10, 380, 20)]
    )
    lines = {line.figure: line for line in check(scenario)}
    [ratio] = [
        line for line in lines.values() if line.formula.startswith("TAO long: margin balance ÷")
    ]
    assert ratio.result.startswith("−")


# Lines that stay away


def names(scenario: Scenario) -> list[str]:
    return [line.figure for line in check(scenario)]


@pytest.mark.parametrize("venue", VENUES)
def test_a_liquidated_account_has_no_distances(venue: str) -> None:
    figures = names(worked("liquidated", venue, "cross"))
    assert {"Margin balance", "Requirement", "Headroom"} <= set(figures)
    assert not [figure for figure in figures if "Liquidation price" in figure or "Joint " in figure]


@pytest.mark.parametrize("venue", VENUES)
def test_without_equity_there_is_no_leverage_and_only_a_falling_ratio(venue: str) -> None:
    figures = names(worked("equity_below_zero", venue, "cross"))
    assert not {"Effective leverage", "Margin used"} & set(figures)
    assert "Equity ÷ notional" in figures
    assert any("atio" in figure or "Equity ÷ total" in figure for figure in figures) == (
        venue in ("okx", "textbook")
    )


@pytest.mark.parametrize("mode", MODES)
def test_without_a_tier_table_only_what_needs_none_is_told(mode: str) -> None:
    positions = [long("FET", 1000, 0.25), long("RENDER", 5000, 1.75)]
    figures = names(account("bybit", mode, positions, marks={"FET": 0.2231}))
    alone = ["Liquidation price of RENDER long, falling"] if mode == "isolated" else []
    assert figures == [
        "Margin balance",
        "Unrealised profit",
        "Equity ÷ notional",
        "Effective leverage",
        *alone,
    ]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("venue", VENUES)
def test_without_positions_the_wallet_is_all_there_is(venue: str, mode: str) -> None:
    scenario = account(venue, mode, [], 1234.5)
    balance, available = arithmetic(scenario)
    assert balance == ArithmeticLine("Margin balance", "WB", "1,234.5", "$1,234.50")
    if mode == "isolated":
        assert available == ArithmeticLine("Available", "WB", "1,234.5", "$1,234.50")
    else:
        formula = "max(0, margin balance − initial margin)"
        assert available == ArithmeticLine("Available", formula, "max(0, 1,234.5 − 0)", "$1,234.50")


def test_without_positions_collateral_still_counts() -> None:
    scenario = account(
        "okx", "cross", [], 100, collateral=[{"asset": "BTC", "amount": 0.01, "ratio": 0.9}]
    )
    balance, _ = arithmetic(scenario)
    assert balance == ArithmeticLine(
        "Margin balance", "WB + Σ amount·mark·ratio", "100 + 0.01·71,202.9·90%", "$740.83"
    )


# Joint moves


def test_a_joint_move_shows_every_price_at_the_brink_and_that_equity_is_the_requirement_there() -> (
    None
):
    scenario = account("binance", "cross", [long("RENDER", 57142.857142857, 1.75)])
    [line] = [line for line in arithmetic(scenario) if line.figure == "Joint fall to liquidation"]
    assert line.formula == "P·(1 + β·x), never below 0; there margin balance = requirement"
    assert (
        line.numbers
        == "RENDER 1.75·(1 − 1·8.025641%) = 1.6095513; margin balance 1,974.36 = requirement "
        "1,974.36"
    )
    assert line.result == "−8.03%"


def test_a_price_that_stops_at_nothing_says_so() -> None:
    scenario = account(
        "binance",
        "cross",
        [long("RENDER", 2000, 1.75), long("BTC", 0.5, 71202.9)],
        24_000,
        betas={"RENDER": 4},
    )
    [line] = [line for line in check(scenario) if line.figure == "Joint fall to liquidation"]
    assert line.numbers.startswith("RENDER max(0, 1.75·(1 − 4·")
    assert ") = 0; BTC 71,202.9·(1 − 1·" in line.numbers


def test_a_token_without_beta_stays_where_it_is() -> None:
    scenario = worked("no_betas", "okx", "cross")
    [line] = [line for line in check(scenario) if line.figure == "Joint rise to liquidation"]
    assert "RENDER 1.75·(1 + 0·" in line.numbers
    assert "TAO 272.71·(1 − 0.5·" in line.numbers


def test_in_isolated_mode_a_joint_move_names_the_position_lost_first() -> None:
    scenario = account(
        "binance", "isolated", [long("RENDER", 5000, 1.75, 5), long("TAO", 100, 272.71, 20)]
    )
    [line] = [line for line in check(scenario) if line.figure == "Joint fall to liquidation"]
    assert line.formula.startswith("TAO long: ")
    assert "RENDER" not in line.numbers


# As text


def test_lines_are_plain_text_of_few_signs() -> None:
    for venue in VENUES:
        for name in WORKED:
            scenario = worked(name, venue, "cross")
            for line in arithmetic(scenario):
                assert not re.search(r"[<>*_`$\[\]{}\\|~#-]", line.formula + line.numbers), line
                assert "  " not in line.formula + line.numbers


def test_every_symbol_of_a_formula_is_explained() -> None:
    words = set()
    for venue in VENUES:
        for mode in MODES:
            for name in ("a_hedge", "margins_of_their_own"):
                scenario = worked(name, venue, mode)
                lines = arithmetic(scenario)
                words |= set(
                    re.findall(
                        r"(?<=[·(])[^\W\d]+|[^\W\d]+(?=[·)])|Σ",
                        " ".join(line.formula for line in lines),
                    )
                )
    spelt_out = {"max", "balance", "margin", "requirement", "profit", "amount", "mark", "ratio"}
    assert words - spelt_out == words & set(SYMBOLS)
    assert {"WB", "m", "d", "f", "c", "s", "q", "EP", "Σ"} <= words


def test_fifty_positions_are_explained_like_one() -> None:
    tokens = [f"T{number}" for number in range(25)]
    rows = [{"floor": 0, "maintenance_rate": 0.01}, {"floor": 2000, "maintenance_rate": 0.02}]
    positions = [
        leg(token, 100 + index, 10.5) for index, token in enumerate(tokens) for leg in (long, short)
    ]
    scenario = account(
        "binance",
        "cross",
        positions,
        wallet=9_000,
        marks={token: 10 + index for index, token in enumerate(tokens)},
        tiers=dict.fromkeys(tokens, rows),
    )
    lines = {line.figure: line for line in check(scenario)}
    assert lines["Initial margin"].numbers.count("÷") == 50
