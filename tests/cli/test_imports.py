"""What importing the package costs: nothing heavy, so that a command answers at once."""

import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import margin

ROOT = Path(margin.__file__).parents[1]
HEAVY = {"streamlit", "plotly", "pandas", "ccxt", "aiohttp", "openpyxl"}
MODULES = [module.name for module in pkgutil.walk_packages(margin.__path__, "margin.")]


def test_importing_all_but_the_charts_imports_nothing_heavy() -> None:
    names = [name for name in MODULES if not name.startswith(("margin.charts", "margin.__main__"))]
    code = f"import sys, importlib; [importlib.import_module(name) for name in {names!r}]; print(*sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=60,
    )
    loaded = set(ran.stdout.split())
    assert set(names) <= loaded
    assert not HEAVY & loaded


def test_every_module_can_be_imported() -> None:
    assert all(importlib.import_module(name) for name in MODULES if name != "margin.__main__")
