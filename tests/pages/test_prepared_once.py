"""A run of a page compiles each account that it shows once."""

from collections import Counter
from pathlib import Path

import pytest

from margin.engine.book import Book
from margin.model import prepared
from margin.model.compile import Legs, compile_account
from margin.model.scenario import Scenario
from tests.pages.visitor import ARITHMETIC, FIGURES, SHARE, Visitor, address

PAGES = [None, *sorted((Path(__file__).parents[2] / "pages").glob("*.py"))]


@pytest.mark.parametrize("mode", ["cross", "isolated"])
@pytest.mark.parametrize("file", PAGES, ids=[file.stem if file else "what if" for file in PAGES])
def test_a_run_compiles_each_account_once(
    file: Path | None, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Visitor(address(margin_mode=mode))
    if file is None:
        page.unfold(FIGURES, ARITHMETIC, SHARE)
    else:
        page.at.switch_page(str(file.relative_to(file.parents[1])))
    compiled: Counter[str] = Counter()

    def counted(scenario: Scenario) -> tuple[Legs, list[Book]]:
        if scenario.positions:  # Two that end alike, with nothing left, are two accounts.
            compiled[repr(scenario)] += 1
        return compile_account(scenario)

    monkeypatch.setattr(prepared, "compile_account", counted)
    page.run()
    assert set(compiled.values()) <= {1}
