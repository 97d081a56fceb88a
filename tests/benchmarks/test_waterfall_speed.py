"""How long a crash takes to compute, beside assessing the same account in the same run.

Run with `--benchmark-enable`; the ratios of the medians within a group are what counts, not the
times.
"""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from margin.studies.account.assess import assess
from margin.studies.distance.directions import together
from margin.studies.liquidation.path import Path
from margin.studies.liquidation.waterfall import waterfall
from tests.benchmarks.test_engine_speed import SIZES, account_of


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.benchmark(group="an account through a crash of 60%, against assessing it once")
def test_an_account_through_a_crash(benchmark: BenchmarkFixture, count: int) -> None:
    scenario = account_of(count)
    found = benchmark(
        waterfall, scenario, Path.along(scenario.market.marks, together(scenario).rates, -0.6)
    )
    assert found is not None
    assert len(found.steps) > 5


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.benchmark(group="an account through a crash of 60%, against assessing it once")
def test_yardstick_one_assessment(benchmark: BenchmarkFixture, count: int) -> None:
    scenario = account_of(count)
    assert benchmark(assess, scenario).positions
