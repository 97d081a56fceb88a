"""What is true of a venue stands in its module, and its live reader beside it.

Nothing else knows a venue by name.
"""

import io
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from margin.venues import TEXTBOOK, VENUES

ROOT = Path(__file__).parents[2]
AT_HOME = ("margin/venues/", "margin/market/venues/")
SECTION = {"margin/model/link.py", "margin/model/scenario.py"}
"""Where the scenario's JSON has a key of the textbook's name."""


def sources() -> Iterator[Path]:
    yield ROOT / "app.py"
    for folder in ("margin", "pages"):
        yield from (ROOT / folder).rglob("*.py")


def named(file: Path) -> set[str]:
    """The keys of venues that a file has as a string of their own."""
    tokens = tokenize.generate_tokens(io.StringIO(file.read_text(encoding="utf-8")).readline)
    return {
        token.string.strip("\"'") for token in tokens if token.type == tokenize.STRING
    } & VENUES.keys()


@pytest.mark.parametrize("file", [*sources()], ids=lambda file: str(file.relative_to(ROOT)))
def test_no_file_but_a_venues_own_names_it(file: Path) -> None:
    place = file.relative_to(ROOT).as_posix()
    allowed = (
        VENUES.keys()
        if place.startswith(AT_HOME)
        else {TEXTBOOK.key}
        if place in SECTION
        else set()
    )
    assert named(file) <= allowed


@pytest.mark.parametrize("key", VENUES)
def test_a_venues_module_names_no_other(key: str) -> None:
    assert named(ROOT / "margin" / "venues" / f"{key}.py") == {key}
