"""One way down: which part of the package may import which, and what importing it costs."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import margin

PACKAGE = Path(margin.__file__).parent
ROOT = PACKAGE.parent

BOTTOM = {"margin.characters", "margin.errors", "margin.symbols", "margin.venues"}
SCENARIO = BOTTOM | {"margin.shocks", "margin.scenario"}
BOOK = SCENARIO | {"margin.book"}
STUDIES = BOOK | {"margin.wording", "margin.studies"}
NUMPY = {"numpy"}

LAYERS: dict[str, set[str]] = {
    # a module or package, and all that it may import besides the standard library
    "margin": set(),
    "margin.characters": set(),
    "margin.errors": {"margin.characters"},
    "margin.wording": set(),
    "margin.symbols": {"margin.errors"},
    "margin.venues": {"margin.errors", "margin.venues"} | NUMPY,
    "margin.shocks": {"margin.errors", "margin.symbols"},
    "margin.scenario": BOTTOM | {"margin.shocks"} | NUMPY,
    "margin.link": SCENARIO,
    "margin.book": SCENARIO | NUMPY,
    "margin.studies": STUDIES | NUMPY,
    "margin.market": SCENARIO | {"margin.market", "ccxt", "openpyxl", "pandas", "platformdirs", "requests"} | NUMPY,
    "margin.market.moves": STUDIES | {"margin.market"},
    "margin.presets": STUDIES | {"margin.market"},
    "margin.charts": STUDIES | {"margin.charts", "plotly"} | NUMPY,
    "margin.exports": STUDIES,
    "margin.cli": STUDIES | {"margin.link", "margin.market"},
    "margin.__main__": {"margin.cli"},
}
ENGINE = ("margin.shocks", "margin.scenario", "margin.book", "margin.studies", "margin.venues", "margin.link")
ABOVE_THE_ENGINE = {"margin.market", "margin.charts", "margin.cli", "margin.exports", "margin.presets"}
HEAVY = {"streamlit", "plotly", "pandas", "ccxt", "openpyxl"}


def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def layer(name: str) -> str:
    """The entry of `LAYERS` that speaks of a module: the longest that holds it."""
    return max((entry for entry in LAYERS if within(name, entry)), key=len)


def imported(source: str, package: str) -> Iterator[str]:
    """The dotted names a source imports, wherever in it; `package` is what its relative imports start from."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def trespasses(source: str, package: str, allowed: set[str]) -> list[str]:
    """What a source imports besides the standard library and what is allowed to it."""
    return [
        name
        for name in imported(source, package)
        if name.partition(".")[0] not in sys.stdlib_module_names and not any(within(name, entry) for entry in allowed)
    ]


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_only_from_below_it(name: str) -> None:
    path = MODULES[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    entry = layer(name)
    assert entry != "margin" or name == "margin", f"{name} has no place among the layers"
    assert trespasses(path.read_text(encoding="utf-8"), package, LAYERS[entry]) == []


@pytest.mark.parametrize("name", ENGINE)
def test_the_table_of_layers_keeps_the_engine_to_numpy_and_away_from_what_is_above_it(name: str) -> None:
    assert {entry for entry in LAYERS[name] if not within(entry, "margin")} <= NUMPY
    assert not LAYERS[name] & ABOVE_THE_ENGINE


def test_the_table_of_layers_has_one_way_down() -> None:
    for name, allowed in LAYERS.items():
        assert not [entry for entry in allowed - {name} if name in LAYERS.get(entry, ())]


def test_every_layer_is_there() -> None:
    assert LAYERS.keys() <= MODULES.keys()


@pytest.mark.parametrize(
    ("source", "found"),
    [
        pytest.param("import numpy as np, margin.errors\nfrom margin.venues import VENUES", [], id="from below"),
        pytest.param("import math, json.decoder\nfrom collections.abc import Mapping", [], id="the standard library"),
        pytest.param("import margin.market.snapshot", ["margin.market.snapshot"], id="from above"),
        pytest.param("from margin import cli", ["margin.cli"], id="from above, by name"),
        pytest.param("from . import link", ["margin.link"], id="from above, relative"),
        pytest.param("from .market import snapshot", ["margin.market.snapshot"], id="from above, relative, deeper"),
        pytest.param("def f():\n    import pandas.api", ["pandas.api"], id="in a function"),
        pytest.param("if TYPE_CHECKING:\n    from plotly import io", ["plotly.io"], id="for a type alone"),
        pytest.param("import margin.errors_of_others", ["margin.errors_of_others"], id="by a similar name"),
    ],
)
def test_a_forbidden_import_is_found_however_it_is_written(source: str, found: list[str]) -> None:
    assert trespasses(source, "margin", LAYERS["margin.scenario"]) == found


def test_importing_all_but_the_charts_imports_nothing_heavy() -> None:
    names = [name for name in MODULES if not within(name, "margin.charts") and name != "margin.__main__"]
    code = f"import sys, importlib; [importlib.import_module(name) for name in {names!r}]; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60)
    loaded = set(ran.stdout.split())
    assert set(names) <= loaded
    assert not HEAVY & loaded
