"""How long the engine's figures take, beside a yardstick of the same kind in the same run.

Run with `--benchmark-enable`; the ratios of the medians within a group are what counts, not the
times.
"""

import random
from itertools import cycle, islice

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from margin.market.snapshot import embedded as snapshot
from margin.model.scenario import Account, Market, Position, Scenario
from margin.studies.account.assess import assess
from margin.studies.distance.directions import custom, every, study
from margin.studies.distance.frontier import risk_map
from margin.studies.stress.crash_table import CrashDay, TokenMove, crash_rows
from tests.books import compile_books

SIZES = (10, 50, 200)


def account_of(count: int) -> Scenario:
    """Mostly long positions in different tiers of the snapshot's Binance tables.

    Beyond 17 tokens, copies of them.
    """
    drawn = random.Random(count)
    known, tables = snapshot.marks(), snapshot.tables("binance").tiers
    positions, marks, tiers = [], {}, {}
    for index, token in enumerate(islice(cycle(known), count)):
        symbol = token if index < len(known) else f"{token}{index}"
        marks[symbol], tiers[symbol] = known[token], tables[token]
        notional, entry = drawn.uniform(5e3, 1.2e5), known[token] * drawn.uniform(0.9, 1.1)
        side = "short" if index % 3 == 2 else "long"
        positions.append(Position(symbol, side, notional / known[token], entry, 10))
    wallet = sum(position.quantity * position.entry_price for position in positions) / 6
    return Scenario(
        Account("binance", "cross", wallet), tuple(positions), Market(marks, tiers=tiers)
    )


def plain_loop(scenario: Scenario) -> tuple[float, float]:
    """The yardstick: notional and maintenance of the same positions, by a plain loop."""
    notional = maintenance = 0.0
    for position in scenario.positions:
        size = position.quantity * scenario.market.marks[position.symbol]
        table = scenario.market.tiers[position.symbol]
        tier = 0
        for index, floor in enumerate(table.floors):
            if size > floor:
                tier = index
        notional += size
        maintenance += size * table.rates[tier] - table.amounts[tier]
    return notional, maintenance


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.benchmark(group="assess, against a plain loop over the same positions")
def test_every_figure_of_an_account(benchmark: BenchmarkFixture, count: int) -> None:
    scenario = account_of(count)
    account = benchmark(assess, scenario)
    assert len(account.liquidation_prices) == count


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.benchmark(group="assess, against a plain loop over the same positions")
def test_yardstick_a_plain_loop(benchmark: BenchmarkFixture, count: int) -> None:
    scenario = account_of(count)
    _, maintenance = benchmark(plain_loop, scenario)
    assert maintenance == pytest.approx(assess(scenario).maintenance_margin)


@pytest.mark.benchmark(group="a map of 1001 by 1001, against one outer sum")
def test_a_map_of_headroom(benchmark: BenchmarkFixture) -> None:
    book = compile_books(account_of(10))[0]
    first, second = book.tokens[:2]
    rows, columns = (np.linspace(0, 2 * book.marks[axis], 1001) for axis in (0, 1))
    surface = benchmark(book.grid, first, rows, second, columns)
    assert surface.shape == (1001, 1001)


@pytest.mark.benchmark(group="a map of 1001 by 1001, against one outer sum")
def test_yardstick_one_outer_sum(benchmark: BenchmarkFixture) -> None:
    a, b = np.linspace(0, 1, 1001), np.linspace(0, 1, 1001)
    benchmark(lambda: a[:, None] + b[None, :])


@pytest.fixture
def paths(benchmark: BenchmarkFixture) -> tuple[int, int]:
    """The price paths of a simulation, and their steps; a few of them where nothing is measured."""
    return (10_000 if benchmark.enabled else 100), 720


@pytest.mark.benchmark(
    group="headroom along 10,000 paths of 720 steps of ten tokens, against drawing them"
)
def test_headroom_along_paths(benchmark: BenchmarkFixture, paths: tuple[int, int]) -> None:
    """Prices that go through several tiers: hourly steps of 1% for 30 days."""
    book = compile_books(account_of(10))[0]
    prices = np.random.default_rng(1).standard_normal((*paths, 10))
    prices *= 0.01
    np.exp(np.cumsum(prices, axis=1, out=prices), out=prices)
    prices *= np.array(book.marks)
    headroom = benchmark.pedantic(book.headroom, (prices,), rounds=3, warmup_rounds=1)
    last = book.standing(prices[-1, -1].tolist())
    assert headroom[-1, -1] == pytest.approx(last.headroom, rel=1e-9)


@pytest.mark.benchmark(
    group="headroom along 10,000 paths of 720 steps of ten tokens, against drawing them"
)
def test_yardstick_drawing_their_numbers(
    benchmark: BenchmarkFixture, paths: tuple[int, int]
) -> None:
    numbers = np.empty((*paths, 10))
    benchmark.pedantic(
        np.random.default_rng(1).standard_normal, kwargs={"out": numbers}, rounds=3, warmup_rounds=1
    )
    assert numbers.std() == pytest.approx(1, abs=0.01)


@pytest.mark.benchmark(group="a risk map of 201 by 201 with its curves, against three outer sums")
def test_a_risk_map(benchmark: BenchmarkFixture) -> None:
    scenario, moves = account_of(10), np.linspace(-0.6, 0.6, 201)
    groups = [custom(dict.fromkeys(scenario.tokens[part::2], 1.0)) for part in (0, 1)]
    found = benchmark(risk_map, scenario, *groups, moves, moves)
    assert found is not None
    assert all(found.frontiers.values())


@pytest.mark.benchmark(group="a risk map of 201 by 201 with its curves, against three outer sums")
def test_yardstick_three_outer_sums(benchmark: BenchmarkFixture) -> None:
    moves = np.linspace(-0.6, 0.6, 201)
    benchmark(lambda: [np.add.outer(moves, moves) for _ in range(3)])


@pytest.mark.benchmark(
    group="every direction and twelve crashes of ten positions, against one assessment"
)
def test_every_direction_and_crash(benchmark: BenchmarkFixture) -> None:
    scenario = account_of(10)
    betas = {token: risk.beta_btc for token, risk in snapshot.risk().items()}
    days = [
        CrashDay(
            crash.date,
            crash.event,
            {token: TokenMove(*move) for token, move in crash.moves.items()},
        )
        for crash in snapshot.crashes()[-12:]
    ]

    def ask() -> tuple[int, int]:
        directions = every(scenario, scenario.tokens[:5], betas)
        return len(study(scenario, directions)), len(crash_rows(scenario, days, betas))

    assert benchmark(ask) == (14, 12)


@pytest.mark.benchmark(
    group="every direction and twelve crashes of ten positions, against one assessment"
)
def test_yardstick_one_assessment(benchmark: BenchmarkFixture) -> None:
    benchmark(assess, account_of(10))
