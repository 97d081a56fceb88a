"""A scenario and its assessment as CSV files, for a spreadsheet or a script.

Numbers stand at full precision, ratios, rates and moves as fractions (1.0 is 100%), what does not
exist as an empty cell. Text that a spreadsheet would take for a formula gets an apostrophe before
it; a negative number stays one.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

from margin import __version__
from margin.characters import INVISIBLE
from margin.facts import Problem
from margin.messages import message
from margin.model.prepared import Preparable, PreparedAccount, prepare
from margin.model.scenario import Position, Scenario
from margin.studies.account.assess import Assessment, assess

POSITION_COLUMNS = (*(field.name for field in fields(Position)), "margin_mode")
RESULT_COLUMNS = ("section", "item", "figure", "value", "unit")
FRACTION, TOKENS, MULTIPLE = "fraction", "tokens", "multiple"

_MONEY = "money"
"""Stands for the settlement coin."""
_ACCOUNT = {
    **dict.fromkeys(
        ("equity", "unrealised_pnl", "initial_margin", "maintenance_margin", "requirement"), _MONEY
    ),
    **dict.fromkeys(("headroom", "available_balance"), _MONEY),
    **{"equity_to_notional": FRACTION, "effective_leverage": MULTIPLE, "liquidated": ""},
}
_RATIO = {"value": FRACTION, "liquidation_at": FRACTION, "direction": "", "label": ""}
_ENTERED = {"entry_price": _MONEY, "leverage": MULTIPLE}
_POSITION = {
    **{"quantity": TOKENS, "notional": _MONEY, "unrealised_pnl": _MONEY, "initial_margin": _MONEY},
    **{
        "maintenance_margin": _MONEY,
        "tier": "",
        "maintenance_rate": FRACTION,
        "maintenance_amount": _MONEY,
    },
    "max_leverage": MULTIPLE,
}
_ISOLATED = {
    "isolated_margin": _MONEY,
    "headroom": _MONEY,
    "margin_ratio": FRACTION,
    "liquidated": "",
}
_PRICE = {"below": _MONEY, "above": _MONEY, "reason_below": "", "reason_above": ""}

_FORMULA = re.compile(rf"(^|[;|\t\r\n])([\s{INVISIBLE}]*)(?=[=+\-@﹢﹣﹦﹫＝＋－＠\t\r])")
"""Where a formula could begin.

At the start, or behind what another spreadsheet would take for the end of a cell, and there behind
blanks and behind what leaves no trace, which a spreadsheet may drop.
"""


class _ResultRow(NamedTuple):
    section: str
    item: str
    figure: str
    value: object
    unit: str = ""


def positions_csv(scenario: Scenario) -> str:
    """Return the positions, one line each under `POSITION_COLUMNS`.

    As `market.imports.table.read_table` reads them back.
    """
    mode = scenario.account.margin_mode
    rows = (
        [*(getattr(position, name) for name in POSITION_COLUMNS[:-1]), mode]
        for position in scenario.positions
    )
    return _csv(POSITION_COLUMNS, rows)


def results_csv(account: Preparable) -> str:
    """Return everything entered and everything computed, one figure a line under `RESULT_COLUMNS`.

    Figures bear the names of the scenario and assessment JSON. A liquidation price that does not
    exist is empty, and `reason_below` or `reason_above` says why. The dates of the tables stand
    among the assumptions.
    """
    account = prepare(account)
    scenario, assessment = account.scenario, assess(account)
    coin = scenario.account.rules.settlement
    rows = [
        *_entered(scenario),
        *_account(assessment),
        *_positions(account),
        *_distances(assessment),
    ]
    rows += [*_problems(assessment), *_assumptions(assessment)]
    return _csv(
        RESULT_COLUMNS,
        [row._replace(unit=coin if row.unit == _MONEY else row.unit) for row in rows],
    )


def _entered(scenario: Scenario) -> Iterator[_ResultRow]:
    account, market = scenario.account, scenario.market
    yield _ResultRow("tandem", "", "version", __version__)
    yield _ResultRow("scenario", "", "title", scenario.title)
    yield _ResultRow("scenario", "", "note", scenario.note)
    yield _ResultRow("scenario", "", "venue", account.venue)
    yield _ResultRow("scenario", "", "margin_mode", account.margin_mode)
    yield _ResultRow("scenario", "", "wallet_balance", account.wallet_balance, _MONEY)
    yield _ResultRow("scenario", "", "taker_fee", account.fee, FRACTION)
    for symbol in scenario.tokens:
        yield _ResultRow("mark", symbol, "mark", market.marks[symbol], _MONEY)
        yield _ResultRow("mark", symbol, "baseline_mark", market.baseline_mark(symbol), _MONEY)
        yield _ResultRow("mark", symbol, "beta", market.beta(symbol))
    for item in account.collateral:
        yield _ResultRow("collateral", item.asset, "amount", item.amount, TOKENS)
        yield _ResultRow("collateral", item.asset, "ratio", item.ratio, FRACTION)
    if account.settlement_rate != 1:
        yield _ResultRow("scenario", "", "settlement_rate", account.settlement_rate, FRACTION)


def _account(assessment: Assessment) -> Iterator[_ResultRow]:
    yield from _read(assessment, _ACCOUNT, "account")
    yield from _read(assessment.margin_ratio, _RATIO, "margin_ratio")


def _positions(account: PreparedAccount) -> Iterator[_ResultRow]:
    scenario, assessment = account.scenario, assess(account)
    isolated = _ISOLATED if scenario.account.isolated else {}
    for position, figures in zip(scenario.positions, assessment.positions, strict=True):
        item = f"{position.symbol} {position.side}"
        yield from _read(position, _ENTERED, "position", item)
        yield from _read(figures, {**_POSITION, **isolated}, "position", item)


def _distances(assessment: Assessment) -> Iterator[_ResultRow]:
    for price in assessment.liquidation_prices:
        yield from _read(
            price, _PRICE, "liquidation_price", " ".join(filter(None, (price.symbol, price.side)))
        )
    yield from _read(assessment.joint_move, dict.fromkeys(("down", "up"), FRACTION), "joint_move")


def _problems(assessment: Assessment) -> Iterator[_ResultRow]:
    """Yield a section per severity."""
    groups: list[tuple[str, Sequence[Problem]]] = [("account", assessment.problems)]
    groups += [
        (f"{figures.symbol} {figures.side}", figures.problems) for figures in assessment.positions
    ]
    for item, problems in groups:
        for problem in problems:
            yield _ResultRow(problem.severity, item, problem.code, message(problem))


def _assumptions(assessment: Assessment) -> Iterator[_ResultRow]:
    for place, assumption in enumerate(assessment.assumptions, start=1):
        yield _ResultRow("assumption", str(place), "", message(assumption))


def _read(
    value: object, units: Mapping[str, str], section: str, item: str = ""
) -> Iterator[_ResultRow]:
    """Yield one row per attribute."""
    for name, unit in units.items():
        yield _ResultRow(section, item, name, getattr(value, name), unit)


def _csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return file.getvalue()


def _cell(value: object) -> str:
    """Return a float with every digit it has; a truth value as JSON spells it.

    Text without formulas.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(float(value))
    if isinstance(value, int):
        return str(value)
    return _FORMULA.sub(r"\1\2'", str(value))
