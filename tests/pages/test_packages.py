"""Each page is a package of its own: what two pages share stands in components/ or session/."""

import ast
from pathlib import Path

import pytest

UI = Path(__file__).parents[2] / "pages" / "ui"
SHARED = {"components", "session"}
PAGES = sorted(
    folder.name
    for folder in UI.iterdir()
    if folder.is_dir() and folder.name not in {*SHARED, "__pycache__"}
)


def imported(file: Path) -> set[str]:
    """The packages of pages/ui that a module imports from."""
    modules = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            modules += [f"{node.module}.{name.name}" for name in node.names]
    return {module.split(".")[2] for module in modules if module.startswith("pages.ui.")}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_uses_no_other_page(page: str) -> None:
    others = set(PAGES) - {page}
    used = {name for file in (UI / page).rglob("*.py") for name in imported(file)}
    assert not used & others


@pytest.mark.parametrize("shared", sorted(SHARED))
def test_what_is_shared_knows_no_page(shared: str) -> None:
    used = {name for file in (UI / shared).rglob("*.py") for name in imported(file)}
    assert not used & set(PAGES)
