"""A tiny evaluator of printed arithmetic.

− · ÷ %, thousands separators, brackets, max(0, …), and named symbols.

A printed number stands for every number that rounds to it, so values carry how far off they may be:
half of 1e-7 of each number printed, carried through sums, products and quotients.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

DIGITS = 5e-8
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Rounded:
    """A number and how far it may be from the one it was printed from."""

    value: float
    off: float

    def __neg__(self) -> "Rounded":
        return Rounded(-self.value, self.off)

    def __add__(self, other: "Rounded") -> "Rounded":
        return Rounded(self.value + other.value, self.off + other.off)

    def __sub__(self, other: "Rounded") -> "Rounded":
        return self + -other

    def __mul__(self, other: "Rounded") -> "Rounded":
        return Rounded(
            self.value * other.value, abs(self.value) * other.off + abs(other.value) * self.off
        )

    def __truediv__(self, other: "Rounded") -> "Rounded":
        value = self.value / other.value
        return Rounded(value, (self.off + abs(value) * other.off) / abs(other.value))


def largest(*items: Rounded) -> Rounded:
    return Rounded(max(item.value for item in items), max(item.off for item in items))


def printed(number: float) -> Rounded:
    return Rounded(number, abs(number) * DIGITS)


def numbers(text: str) -> Rounded:
    """The value of a line of numbers, and what the digits printed leave open."""
    amounts = _NUMBER.sub(lambda match: f"amount({match[0].replace(',', '')})", text)
    return _value(amounts.replace("%", "*amount(0.01)"), {"amount": printed})


def symbols(text: str, values: Mapping[str, float]) -> float:
    """The value of a formula of one position, under the values of its symbols."""
    for name in sorted(values, key=len, reverse=True):
        text = text.replace(name, re.sub(r"\W", "_", name))
    named = {re.sub(r"\W", "_", name): printed(value) for name, value in values.items()}
    ones = re.sub(r"(?<![\w.])\d+", lambda match: f"amount({match[0]})", text.replace("Σ", ""))
    return _value(ones, {**named, "amount": printed}).value


def _value(text: str, names: Mapping[str, object]) -> Rounded:
    for sign, operator in (("−", "-"), ("·", "*"), ("÷", "/"), ("β", "beta")):
        text = text.replace(sign, operator)
    assert re.fullmatch(r"[\w\s.,()+*/-]+", text), text
    result = eval(f"({text.strip()})", {"__builtins__": {}, "max": largest, **names})
    assert isinstance(result, Rounded)
    return result
