"""What is typed into the positions table: which numbers are read, and what is refused in place."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from margin.errors import FieldError
from margin.model.scenario import MOST_POSITIONS, Position
from pages.ui.what_if.typed_rows import (
    LONGEST,
    ReadRow,
    TypedRow,
    plain_number,
    read_rows,
    row_of,
    typed_number,
    typed_rows,
)

ROW = TypedRow("a", token="RENDER", size="30000", entry="1.75", mark="1.75", leverage="10")


def read(*rows: TypedRow, mark: float | None = 1.75) -> list[ReadRow]:
    return read_rows(rows, lambda _: mark, {})


def read_one(**changes: str) -> ReadRow:
    [result] = read(ROW._replace(**changes))
    return result


def position(**changes: str) -> Position:
    made = read_one(**changes).position
    assert made is not None
    return made


# Numbers


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("30000", 30_000),
        ("30,000", 30_000),
        ("30 000.5", 30_000.5),
        ("1,234,567.89", 1_234_567.89),
        ("20k", 20_000),
        ("1.5m", 1_500_000),
        ("1e4", 10_000),
        ("2.5E-3", 0.0025),
        ("$35,000", 35_000),
        ("35000 $", 35_000),
        (".5", 0.5),
    ],
)
def test_a_number_is_read_as_people_write_it(text: str, number: float) -> None:
    assert typed_number(text, "size") == number


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("35000 usdt", "enter the size without usdt"),
        ("20 RENDER", "enter the size without RENDER"),
        ("many", "enter the size as a number, such as 1,234.5 or 20k"),
        ("1,5", "write a decimal point: 1.5"),
        ("1.234,5", "write a decimal point: 1234.5"),
        ("1..5", "enter the size as a number, such as 1,234.5 or 20k"),
        ("10×", "enter the size without ×"),
        ("=1+1", "enter the size as a number, such as 1,234.5 or 20k"),
    ],
)
def test_what_cannot_be_read_exactly_is_refused_with_what_to_write(text: str, told: str) -> None:
    with pytest.raises(FieldError) as caught:
        typed_number(text, "size")
    assert (caught.value.path, caught.value.message) == ("size", told)


@given(st.floats(min_value=1e-30, max_value=1e15))
def test_a_number_that_is_shown_reads_back_as_itself(value: float) -> None:
    assert typed_number(plain_number(value), "size") == value


# Rows


def test_a_whole_row_is_a_position_and_a_position_is_that_row() -> None:
    made = position()
    assert made == Position("RENDER", "long", 30_000, 1.75, 10)
    assert row_of(made, 1.75, "a") == ROW


def test_a_new_row_is_no_fault_and_a_begun_one_says_quietly_what_it_lacks() -> None:
    new, begun = read(TypedRow("a"), TypedRow("b", token="FET"))
    assert (new.position, new.fault) == (None, None)
    assert begun.fault is not None
    assert (begun.fault.field, begun.fault.quiet) == ("size", True)
    assert begun.fault.text == "Not counted yet: enter the size and entry price."


@pytest.mark.parametrize(
    ("changes", "quantity"),
    [
        pytest.param({"size": "3500", "unit": "$"}, 2_000, id="dollars"),
        pytest.param({"size": "$3,500"}, 2_000, id="a dollar sign"),
        pytest.param({"size": "350", "unit": "margin"}, 2_000, id="margin times leverage"),
    ],
)
def test_a_size_in_money_becomes_tokens(changes: dict[str, str], quantity: float) -> None:
    assert position(**changes).quantity == pytest.approx(quantity)


def test_dollars_become_tokens_once_whatever_the_mark_does_then() -> None:
    converted: dict[Any, float] = {}
    row = ROW._replace(size="3500", unit="$")
    [before] = read_rows([row], lambda _: 1.75, converted)
    [after] = read_rows([row], lambda _: 3.5, converted)
    assert before == after
    read_rows([ROW], lambda _: 1.75, converted)
    assert converted == {}


def test_a_bad_mark_price_is_told_and_the_row_still_counts() -> None:
    result = read_one(mark="cheap")
    assert result.position == position()
    assert result.fault is not None
    assert result.fault.field == "mark"


def test_a_token_that_nobody_prices_waits_for_its_mark() -> None:
    [waiting] = read(ROW._replace(token="HELLO", mark=""), mark=None)
    assert (waiting.position, waiting.unpriced) == (None, "HELLO")
    [priced] = read(ROW._replace(token="HELLO", mark="2"), mark=None)
    assert priced.position is not None


def test_the_same_token_and_side_twice_names_the_first_row() -> None:
    first, second = read(ROW, ROW._replace(key="b"))
    assert first.position is not None
    assert (second.position, second.same_as, second.same) == (None, 0, first.position)


# What a browser can report


JUNK = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)
FIELDS = st.dictionaries(
    st.sampled_from(["id", "token", "side", "size", "unit", "entry", "mark", "leverage", "margin"]),
    st.text(max_size=60) | JUNK,
)


@given(JUNK | st.lists(FIELDS, max_size=6))
def test_whatever_is_reported_ends_in_rows_and_faults(report: Any) -> None:
    rows = typed_rows(report)
    for result in read(*rows):
        assert result.position is None or result.position.quantity > 0
    assert all(len(cell) <= LONGEST for row in rows for cell in row)


def test_a_report_without_end_is_cut() -> None:
    assert len(typed_rows([{"id": str(index)} for index in range(10_000)])) == 2 * MOST_POSITIONS
