"""The rows of the position table, read one by one, and plain text made safe for Markdown.

Pure functions.
"""

import math
import re
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from margin.characters import legible
from margin.model.scenario import Position
from pages.ui.components.text import plain
from pages.ui.what_if.rows import COLUMNS, DOLLARS, TOKENS, Cells, ReadRow, clean, read_rows, to_row
from tests.pages.visitor import read

MARKS = {"RENDER": 1.75, "FET": 0.25, "GONE": 0.0}
GOOD: Cells = {
    "Token": "RENDER",
    "Side": "long",
    "Size": 1000.0,
    "Unit": TOKENS,
    "Entry": 1.5,
    "Leverage": 10.0,
    "Margin": math.nan,
}
RENDER = Position("RENDER", "long", 1000.0, 1.5, 10.0)


def answers(
    *rows: Cells, converted: dict[tuple[str, str, str], float] | None = None
) -> list[ReadRow]:
    """What is read in these rows at the marks above."""
    return read_rows(rows, MARKS.get, {} if converted is None else converted)


def answer(**cells: Any) -> ReadRow:
    """What is read in one row: the good one with other cells."""
    [result] = answers({**GOOD, **cells})
    return result


def test_a_good_row_is_a_position() -> None:
    assert answer() == ReadRow("RENDER long", RENDER)


def test_a_position_comes_back_from_its_row() -> None:
    for position in (
        RENDER,
        Position("FET", "short", 0.1 + 0.2, 1 / 3, 20.0, isolated_margin=12.5),
    ):
        assert answer(**to_row(position)).position == position
        assert list(to_row(position)) == list(COLUMNS)


@pytest.mark.parametrize(
    "written", ["RNDR", "render", " RENDERUSDT ", "RENDER/USDT:USDT", "RENDER-USDT-SWAP"]
)
def test_a_venues_spelling_of_a_token_is_read(written: str) -> None:
    assert answer(Token=written) == ReadRow("RENDER long", RENDER)


@pytest.mark.parametrize(
    ("cell", "is_empty"), [(None, True), (math.nan, True), ("", True), (0, False), (False, False)]
)
def test_an_empty_cell_is_none_however_the_table_says_it(cell: object, is_empty: bool) -> None:
    assert (clean(cell) is None) == is_empty


FAULTS = {
    "a size below zero": ({"Size": -5.0}, "RENDER long", "Size must be a positive number, got -5"),
    "a size of zero": ({"Size": 0.0}, "RENDER long", "Size must be a positive number, got 0"),
    "a size in words": (
        {"Size": "lots"},
        "RENDER long",
        'Size must be a positive number, got "lots"',
    ),
    "a size that is true": (
        {"Size": True},
        "RENDER long",
        "Size must be a positive number, got true",
    ),
    "an endless size": (
        {"Size": math.inf},
        "RENDER long",
        "Size must be at most 1e15 in size, got an infinity",
    ),
    "a size beyond 1e15": (
        {"Size": 2e16},
        "RENDER long",
        "Size must be at most 1e15 in size, got 2e+16",
    ),
    "an entry of zero": ({"Entry": 0.0}, "RENDER long", "Entry must be a positive number, got 0"),
    "a leverage below one": (
        {"Leverage": 0.5},
        "RENDER long",
        "Leverage must be a number of at least 1, got 0.5",
    ),
    "a margin below zero": (
        {"Margin": -1.0},
        "RENDER long",
        "Margin must be a positive number, got -1",
    ),
    "a third side": (
        {"Side": "both"},
        "RENDER both",
        'Side must be one of long, short, got "both"',
    ),
    "no token at all": (
        {"Token": "not a token"},
        "not a token long",
        'Token must be a token of up to 15 letters A-Z and digits, such as RENDER, got "not a token"',
    ),
    "a token that is a number": (
        {"Token": 5},
        "5 long",
        "Token must be a token such as RENDER, got 5",
    ),
    "a token that is no more": (
        {"Token": "AGIX"},
        "AGIX long",
        "Token AGIX merged into FET in June-July 2024 (1 AGIX = 0.433350 FET) and its perpetual is "
        "gone; "
        "enter the FET instead",
    ),
    "an empty size": ({"Size": math.nan}, "RENDER long", "not complete yet: size missing"),
    "an empty token and entry": (
        {"Token": "", "Entry": None},
        "long",
        "not complete yet: token and entry missing",
    ),
    "$ at a mark of zero": (
        {"Token": "GONE", "Unit": DOLLARS},
        "GONE long",
        "Mark must be a positive number, got 0",
    ),
}


@pytest.mark.parametrize(("cells", "label", "fault"), FAULTS.values(), ids=FAULTS)
def test_a_row_that_cannot_be_used_is_told_by_its_column(
    cells: Cells, label: str, fault: str
) -> None:
    assert answer(**cells) == ReadRow(label, None, fault)


def test_a_row_without_anything_is_a_new_row_that_lacks_everything() -> None:
    [result] = answers(dict.fromkeys(COLUMNS))
    assert result == ReadRow(
        "new row", None, "not complete yet: token, side, size, entry and leverage missing"
    )
    assert answers({}) == [result]


def test_a_token_without_a_mark_says_where_to_enter_it() -> None:
    assert answer(Token="HELLO") == ReadRow(
        "HELLO long", None, "HELLO has no mark yet: enter it under Marks", unpriced="HELLO"
    )


def test_the_second_row_of_one_token_and_side_offers_the_merge() -> None:
    rows: list[Cells] = [
        {**GOOD, "Side": "short"},
        {"Token": "FET"},
        GOOD,
        {**GOOD, "Token": "RNDR", "Size": 5.0},
    ]
    *before, last = answers(*rows)
    fault = "RENDER long stands in row 3 already; merge the two or change one"
    assert last == ReadRow(
        "RENDER long", None, fault, twin=2, same=Position("RENDER", "long", 5.0, 1.5, 10.0)
    )
    assert [bool(each.position) for each in before] == [True, False, True]


def test_a_third_row_of_one_token_and_side_points_to_the_first() -> None:
    assert [each.twin for each in answers(GOOD, GOOD, GOOD)] == [None, 0, 0]


def test_a_size_in_dollars_becomes_tokens_at_the_mark() -> None:
    position = answer(Unit=DOLLARS, Size=3500.0).position
    assert position is not None
    assert position.quantity == 2000.0
    assert position.entry_price == 1.5


def test_a_size_in_dollars_is_converted_once_and_stays_when_the_mark_moves() -> None:
    converted: dict[tuple[str, str, str], float] = {}
    row = {**GOOD, "Unit": DOLLARS, "Size": 3500.0}
    for mark in (1.75, 1.0, 7.0):
        [result] = read_rows([row], {"RENDER": mark}.get, converted)
        assert result.position is not None
        assert result.position.quantity == 2000.0
    [other] = read_rows([{**row, "Size": 7000.0}], {"RENDER": 7.0}.get, converted)
    assert other.position is not None
    assert other.position.quantity == 1000.0


@pytest.mark.parametrize("cell", [{"Entry": 2.0}, {"Leverage": 3.0}, {"Side": "short"}])
def test_what_else_changes_in_the_row_leaves_a_converted_size(cell: Cells) -> None:
    converted: dict[tuple[str, str, str], float] = {}
    row = {**GOOD, "Unit": DOLLARS, "Size": 3500.0}
    read_rows([row], {"RENDER": 1.75}.get, converted)
    [result] = read_rows([{**row, **cell}], {"RENDER": 1.0}.get, converted)
    assert result.position is not None
    assert result.position.quantity == 2000.0


CELLS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.sampled_from(
        [
            "",
            "RENDER",
            "RNDR",
            "FET",
            "GONE",
            "AGIX",
            "long",
            "short",
            TOKENS,
            DOLLARS,
            1.0,
            1e15,
            5e-324,
        ]
    )
    | st.text(max_size=50)
    | st.lists(st.integers(), max_size=2)
)
"""Whatever might stand in a cell, and what makes sense in some column."""

ROWS = st.dictionaries(st.sampled_from(COLUMNS), CELLS).map(
    lambda cells: {**GOOD, **cells}
) | st.dictionaries(st.sampled_from([*COLUMNS, "Other"]), CELLS)


@settings(max_examples=400, deadline=None)
@given(st.lists(ROWS, max_size=5), st.floats(0, 1e15) | st.none())
def test_whatever_stands_in_the_cells_every_row_has_its_answer(
    rows: list[Cells], render_mark: float | None
) -> None:
    marks = {**MARKS, "RENDER": render_mark}
    read_once = read_rows(rows, marks.get, {})
    assert len(read_once) == len(rows)
    legs = [(each.position.symbol, each.position.side) for each in read_once if each.position]
    assert len(legs) == len(set(legs))
    for index, each in enumerate(read_once):
        assert each.label
        assert (each.position is None) == bool(each.fault)
        assert (each.twin is None) == (each.same is None)
        if each.twin is not None and each.same is not None:
            first = read_once[each.twin].position
            assert each.twin < index
            assert first is not None
            assert (first.symbol, first.side) == (each.same.symbol, each.same.side)


# Plain text

MARKUP = set("\\`*_{}[]()<>#+-.!|~$:&")
TEXTS = (
    st.text()
    | st.text([*sorted(MARKUP), *"ab \n\t1"])
    | st.sampled_from(["\u2028a\u2029", "\x1c", "a\u00a0b"])
)


def visible(text: str) -> str:
    """The text without characters that take no room."""
    return "".join(character for character in text if unicodedata.category(character) != "Cf")


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_every_character_that_could_be_markup_is_escaped_and_the_text_is_one_line(
    text: str,
) -> None:
    escaped = plain(text)
    assert not MARKUP & set(re.sub(r"\\[\\`*_{}\[\]()<>#+\-.!|~$:&]", "", escaped))
    assert visible(read(escaped)) == visible(legible(" ".join(text.split())))
    assert not re.search(r"[^\S ]|\s\s|^\s|\s$", escaped)


BARE = {
    "a web address": "http://example.invalid/x",
    "a secure web address": "see https://example.invalid",
    "an address without its scheme": "www.example.invalid",
    "an e-mail address": "someone@example.invalid",
    "an icon's name": ":material/home:",
    "a logo's name": ":streamlit:",
}
RENDERED_BARE = re.compile(
    r"https?://[-.\w]|www\.[-.\w]|[-.\w+]@[-\w]+\.[-\w]|:material/\w+:|:streamlit:", re.IGNORECASE
)
"""What the renderer makes links and pictures of in text without escapes."""


@pytest.mark.parametrize("text", BARE.values(), ids=BARE)
def test_what_is_rendered_without_any_markup_does_not_stand_in_one_piece(text: str) -> None:
    assert RENDERED_BARE.search(text)
    assert not RENDERED_BARE.search(read(plain(text)))
