"""How heavy the front page is, beside an empty Streamlit page in the same run.

Ratios count, not times.

Run on a quiet machine with `-m speed -n 0 -s`. Each figure is the median over alternating turns.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser

from tests.benchmarks.visits import (
    EMPTY,
    Server,
    first_chart,
    opened,
    run_time,
    runs_a_second,
    slider_to_painted,
)
from tests.browser.conftest import browser  # noqa: F401

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.speed


class Pair(NamedTuple):
    """The app, and the empty page beside it."""

    front: Server
    empty: Server

    def ratio(self, measure: Callable[[Server], float], turns: int) -> float:
        """Return the front page's figure relative to the empty page's, by medians."""
        for server in self:
            measure(server)
        measured = [(measure(self.front), measure(self.empty)) for _ in range(turns)]
        front, empty = (median(figures) for figures in zip(*measured, strict=True))
        print(f"\nfront page {front:.1f}, empty page {empty:.1f}: {front / empty:.2f} ×")
        return front / empty


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("empty")
    (folder / "app.py").write_text(EMPTY)
    servers = Pair(Server(ROOT), Server(folder))
    yield servers
    for server in servers:
        server.stop()


def test_a_full_run_takes_the_server_no_longer(pair: Pair) -> None:
    assert pair.ratio(run_time, 7) <= 1.0


def test_a_process_does_as_many_runs_a_second(pair: Pair) -> None:
    assert pair.ratio(runs_a_second, 7) >= 1.0


def test_a_slider_is_answered_as_soon(pair: Pair, browser: Browser) -> None:  # noqa: F811
    def answered(server: Server) -> float:
        page = opened(server, browser)
        times = [slider_to_painted(page, "ArrowLeft") for _ in range(10)]
        page.context.close()
        return median(times[1:])

    assert pair.ratio(answered, 5) <= 1.0


def test_a_new_visitor_sees_a_chart_nearly_as_soon(pair: Pair, browser: Browser) -> None:  # noqa: F811
    assert pair.ratio(lambda server: first_chart(server, browser), 5) <= 1.25
