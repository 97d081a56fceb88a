"""Figures as text, value by value."""

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from margin import formatting as wording

NOTHING = [None, nan, inf, -inf]
WRITERS = [
    wording.money,
    wording.percent,
    wording.price,
    wording.quantity,
    wording.multiple,
    wording.rate,
]


@pytest.mark.parametrize("value", NOTHING)
@pytest.mark.parametrize("write", WRITERS)
def test_what_is_no_number_is_a_dash_and_never_a_nought(write: object, value: float | None) -> None:
    assert write(value) == "–"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "$0.00"),
        (-0.0, "$0.00"),
        (10_000, "$10,000.00"),
        (1234.567, "$1,234.57"),
        (-1234.567, "−$1,234.57"),
        (0.01, "$0.01"),
        (0.0099, "$0.01"),
        (0.0051, "$0.01"),
        (-0.0051, "−$0.01"),
        (0.0049, "$0.00"),
        (-0.0049, "$0.00"),
        (8.2e-8, "$0.00"),
        (-1.5e-7, "$0.00"),
        (999_999.99, "$999,999.99"),
        (999_999.999, "$1,000,000"),
        (1e6, "$1,000,000"),
        (-1_234_567.89, "−$1,234,568"),
        (1e15, "$1,000,000,000,000,000"),
    ],
)
def test_money_has_cents_up_to_a_million_and_is_nothing_below_half_a_cent(
    value: float, text: str
) -> None:
    assert wording.money(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.00%"),
        (-0.0, "0.00%"),
        (0.165, "16.50%"),
        (-0.0802564, "−8.03%"),
        (1e-9, "0.00%"),
        (-1e-9, "0.00%"),
        (1.0, "100.00%"),
        (9.99, "999.00%"),
        (10.0, "1,000%"),
        (-12.3456, "−1,235%"),
        (1e15, "100,000,000,000,000,000%"),
    ],
)
def test_a_percentage_has_two_decimals_and_none_from_a_thousand_on(value: float, text: str) -> None:
    assert wording.percent(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.165, "+16.50%"), (-0.165, "−16.50%"), (0.0, "0.00%"), (-0.0, "0.00%"), (None, "–")],
)
def test_a_signed_percentage_writes_the_plus_of_a_gain_and_none_at_nothing(
    value: float | None, text: str
) -> None:
    assert wording.percent(value, sign=True) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (71202.9, "71,202.90"),
        (1.45182, "1.4518"),
        (272.71, "272.71"),
        (1000.0, "1,000.00"),
        (0.006434, "0.0064340"),
        (1e-9, "0.000000001000"),
        (-1.45182, "−1.4518"),
        (999_999.999, "1,000,000.00"),
        (1_234_567.8, "1,234,568"),
        (1e15, "1,000,000,000,000,000"),
    ],
)
def test_a_price_has_five_digits_and_at_least_two_decimals_up_to_a_million(
    value: float, text: str
) -> None:
    assert wording.price(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (28571.4285714, "28,571.429"),
        (57142.857142857, "57,142.857"),
        (3.0, "3"),
        (100.0, "100"),
        (-0.5, "−0.5"),
        (0.1 + 0.2, "0.3"),
        (1e-9, "0.000000001"),
        (999_999.999, "1,000,000"),
        (123_456.789, "123,456.79"),
        (12_345_678.9, "12,345,679"),
        (1e15, "1,000,000,000,000,000"),
    ],
)
def test_a_quantity_has_up_to_eight_digits_without_idle_noughts(value: float, text: str) -> None:
    assert wording.quantity(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (9.0, "9.00×"),
        (0.0, "0.00×"),
        (-0.0, "0.00×"),
        (-1.5, "−1.50×"),
        (12345.678, "12,345.68×"),
        (1e-9, "0.00×"),
    ],
)
def test_a_leverage_has_two_decimals_and_its_sign(value: float, text: str) -> None:
    assert wording.multiple(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.025, "2.5%"),
        (0.00055, "0.055%"),
        (0.0333, "3.33%"),
        (1 / 60, "1.66667%"),
        (0.0, "0%"),
        (-0.0, "0%"),
        (1.0, "100%"),
        (-0.0001, "−0.01%"),
    ],
)
def test_a_rate_has_all_its_digits_and_no_idle_ones(value: float, text: str) -> None:
    assert wording.rate(value) == text


@pytest.mark.parametrize(
    ("items", "text"),
    [
        ([], ""),
        (["RENDER"], "RENDER"),
        (["RENDER", "FET"], "RENDER and FET"),
        (["RENDER", "FET", "TAO"], "RENDER, FET and TAO"),
        (["RENDER", "FET", "TAO", "BTC"], "RENDER, FET, TAO and BTC"),
    ],
)
def test_a_listing_ends_with_and(items: list[str], text: str) -> None:
    assert wording.listing(items) == text


# Whatever the value


@given(st.floats(1e-3, 1e15))
def test_a_minus_is_a_true_minus_before_the_text_of_the_same_size(value: float) -> None:
    for write in WRITERS:
        text = write(value)
        shows = any(digit in "123456789" for digit in text)
        assert write(-value) == (f"−{text}" if shows else text)
        assert "-" not in write(-value)


@given(st.floats(1e-5, 1e15))
def test_a_quantity_reads_back_to_eight_digits(value: float) -> None:
    assert float(wording.quantity(value).replace(",", "")) == pytest.approx(value, rel=5.1e-8)


@given(st.floats(1e-5, 1e15))
def test_a_price_reads_back_to_five_digits(value: float) -> None:
    assert float(wording.price(value).replace(",", "")) == pytest.approx(value, rel=5.1e-5)


@given(st.floats(0, 1e15))
def test_money_reads_back_to_the_cent_below_a_million_and_to_the_dollar_above(value: float) -> None:
    off = abs(float(wording.money(value)[1:].replace(",", "")) - value)
    assert off <= (0.5001 if value >= 1e6 else 0.005001)


# Known faults


@pytest.mark.parametrize("value", [1e-9, -3.3e-5, 2.5e-11])
def test_no_amount_of_money_is_written_with_an_exponent(value: float) -> None:
    assert "e" not in wording.money(value)


def test_no_rate_is_written_with_an_exponent() -> None:
    assert "e" not in wording.rate(1e-7)


def test_a_gain_too_small_to_show_has_no_plus() -> None:
    assert wording.percent(1e-9, sign=True) == wording.percent(-1e-9, sign=True) == "0.00%"


def test_a_percentage_just_below_a_thousand_has_its_separator() -> None:
    assert "1000" not in wording.percent(9.999999)
