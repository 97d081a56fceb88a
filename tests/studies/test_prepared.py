"""An account prepared once.

Every question asked of it answers as of its scenario, and compiles nothing again.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from margin.model import compile as compiling
from margin.model.prepared import Preparable, PreparedAccount, prepare
from margin.model.scenario import Scenario
from margin.studies.account.advice import survive
from margin.studies.account.assess import assess
from margin.studies.account.seen import with_seen
from margin.studies.distance.curve import common_move_curve
from margin.studies.distance.directions import against, alone, every, study
from margin.studies.distance.distances import brink
from margin.studies.distance.frontier import at_points, risk_map
from margin.studies.distance.groups import reaches
from margin.text.arithmetic import arithmetic
from tests.studies.accounts import account, long, short

PAIR = (alone("RENDER"), alone("TAO"))
MOVES = np.linspace(-0.5, 0.5, 11)

STUDIES: dict[str, Callable[[Preparable], Any]] = {
    "assessment": assess,
    "arithmetic": arithmetic,
    "advice": lambda given: survive(given, -0.3),
    "link": with_seen,
    "curve": common_move_curve,
    "brink": brink,
    "against": against,
    "directions": lambda given: every(given, ["RENDER"], {"RENDER": 1.4}),
    "study": lambda given: study(given, PAIR),
    "map": lambda given: risk_map(given, *PAIR, MOVES, MOVES),
    "points": lambda given: at_points(given, *PAIR, [(-0.1, 0.2), (0.3, -0.9)]),
    "reaches": lambda given: reaches(given, *PAIR),
}
ACCOUNTS = {
    f"{venue} {mode}": account(venue, mode, [long("RENDER", 20_000, 1.75), short("TAO", 60, 280.0)])
    for venue in ("binance", "okx", "bybit")
    for mode in ("cross", "isolated")
}


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[Scenario]:
    """The scenarios compiled so far."""
    compiled: list[Scenario] = []
    compile_legs = compiling.compile_legs

    def counted(scenario: Scenario, *rest: Any) -> Any:
        compiled.append(scenario)
        return compile_legs(scenario, *rest)

    monkeypatch.setattr(compiling, "compile_legs", counted)
    return compiled


def same(one: Any, other: Any) -> bool:
    """Whether two answers are equal, arrays in them element by element."""
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other, equal_nan=True)
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(same, one, other))
    if hasattr(one, "keys"):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return bool(one == other)


@pytest.mark.parametrize("name", ACCOUNTS)
def test_a_run_of_all_studies_compiles_the_account_once(
    name: str, compilations: list[Scenario]
) -> None:
    prepared = PreparedAccount(ACCOUNTS[name])
    answers = [ask(prepared) for ask in STUDIES.values()]
    assert None not in answers
    assert compilations == [ACCOUNTS[name]]


@pytest.mark.parametrize("asked", STUDIES)
def test_from_a_scenario_a_study_compiles_once_and_answers_alike(
    asked: str, compilations: list[Scenario]
) -> None:
    for scenario in ACCOUNTS.values():
        compilations.clear()
        answer = STUDIES[asked](scenario)
        assert len(compilations) == 1
        assert same(answer, STUDIES[asked](PreparedAccount(scenario)))


def test_nothing_is_compiled_before_it_is_asked_for(compilations: list[Scenario]) -> None:
    prepared = PreparedAccount(ACCOUNTS["okx cross"])
    assert compilations == []
    assert prepared.standings == [prepared.books[0].standing()]
    assert len(compilations) == 1


def test_the_assessment_is_made_once_per_account_and_kept_for_no_other() -> None:
    prepared = PreparedAccount(ACCOUNTS["binance cross"])
    assert prepare(prepared) is prepared
    assert assess(prepared) is assess(prepared)
    assert assess(PreparedAccount(prepared.scenario)) is not assess(prepared)


def test_an_account_without_positions_or_with_a_token_without_tiers_has_no_distances() -> None:
    empty = PreparedAccount(account("binance", "cross", []))
    assert (empty.complete, empty.measurable) == (True, False)
    unlisted = [long("RENDER", 20_000, 1.75), long("NOTIERS", 10, 1.0)]
    for mode, known in (("cross", [False]), ("isolated", [True, False])):
        scenario = account("binance", mode, unlisted, marks={"RENDER": 1.75, "NOTIERS": 1.0})
        prepared = PreparedAccount(scenario)
        assert [standing is not None for standing in prepared.standings] == known
        assert (prepared.complete, prepared.measurable) == (False, False)
