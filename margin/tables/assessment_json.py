"""An assessment as the README's contract has it: the answer of `python -m margin assess`."""

from collections.abc import Iterable
from typing import Any

from margin.facts import Problem
from margin.messages import message
from margin.studies.account.assess import Assessment, PositionFigures
from margin.studies.distance.distances import LiquidationPrice

_OF_ISOLATED_MODE = ("isolated_margin", "headroom", "margin_ratio", "liquidated")


def assessment_json(assessment: Assessment) -> dict[str, Any]:
    """Return the assessment as JSON values; keys of isolated mode stand only where they are set."""
    return {
        **assessment._asdict(),
        "margin_ratio": assessment.margin_ratio._asdict(),
        "joint_move": assessment.joint_move._asdict(),
        "positions": [_position(position) for position in assessment.positions],
        "liquidation_prices": [
            _liquidation_price(price) for price in assessment.liquidation_prices
        ],
        "problems": _problems(assessment.problems),
        "assumptions": [message(assumption) for assumption in assessment.assumptions],
    }


def _position(position: PositionFigures) -> dict[str, Any]:
    values = position._asdict()
    values["problems"] = _problems(position.problems)
    if position.isolated_margin is None:
        for key in _OF_ISOLATED_MODE:
            del values[key]
    return values


def _liquidation_price(price: LiquidationPrice) -> dict[str, Any]:
    """Return the side names an isolated position; in cross there is none."""
    values = price._asdict()
    if price.side is None:
        del values["side"]
    return values


def _problems(problems: Iterable[Problem]) -> list[dict[str, str]]:
    return [
        {"code": problem.code, "severity": problem.severity, "message": message(problem)}
        for problem in problems
    ]
