"""The one error that bad input raises, and the checks of single values that raise it.

Every check takes the value as it arrived (from JSON, a link, a table cell) and the path of its
field, and gives the clean value back or raises `FieldError` with a sentence a person can act on.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from margin.characters import named, refused

LARGEST = 1e15
"""No size, price or balance may exceed this: beyond it doubles no longer hold cents."""
SMALLEST = 1e-30
"""No figure but 0 may be smaller.

No size, price, rate or balance is, and products and quotients of them stay normal.

A quantity, a price, a rate and a share this small multiply to 1e-120, and the largest notional
(1e30) divided by that is finite. Near the end of what a double holds (1e-308) it would be infinite,
and a product of two such figures 0.
"""


class FieldError(ValueError):
    """A field that cannot be used.

    `path` names it (`positions[0].quantity`), `fault` says what was wrong with it.

    `remedy` says what to do instead, empty where that goes without saying; `message` is both.
    """

    def __init__(self, path: str, fault: str, remedy: str = "") -> None:
        super().__init__(path, fault, remedy)
        self.path = path
        self.fault = fault
        self.remedy = remedy

    @property
    def message(self) -> str:
        """What was wrong, and what to do."""
        return f"{self.fault}; {self.remedy}" if self.remedy else self.fault

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message

    def within(self, outer: str) -> "FieldError":
        """Return the same error seen from one level further out."""
        return FieldError(join(outer, self.path), self.fault, self.remedy)


def join(outer: str, inner: str) -> str:
    """Return `positions[0]` and `quantity` make `positions[0].quantity`."""
    if not outer or not inner or inner.startswith("["):
        return outer + inner
    return f"{outer}.{inner}"


def shown(value: object) -> str:
    """Return the value as a short quote for an error sentence.

    JSON spelling, one line, never longer than 40 characters.
    """
    if isinstance(value, float) and not math.isfinite(value):
        text = "NaN" if math.isnan(value) else "an infinity"
    elif isinstance(value, float) and value.is_integer() and abs(value) < LARGEST:
        text = str(int(value))
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) > LARGEST:
        text = "an integer above 1e15"
    elif isinstance(value, Mapping):
        text = "an object"
    elif isinstance(value, Sequence) and not isinstance(value, str):
        text = "an array"
    else:
        # A long string is cut before it is quoted: what is quoted is never larger than what is
        # shown.
        text = json.dumps(value[:64] if isinstance(value, str) else value, default=str)
    return text if len(text) <= 40 else text[:39] + "…"


def quoted(key: str) -> str:
    """Return a key for use in a path: printable, one line, not long."""
    return shown(key).strip('"')


def number(
    value: object,
    path: str,
    *,
    above: float | None = None,
    at_least: float | None = None,
    below: float | None = None,
    at_most: float | None = None,
) -> float:
    """Return a finite float within the bounds given.

    Booleans and numbers written as text are not numbers.
    """
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or (isinstance(value, float) and math.isnan(value))
        or (above is not None and value <= above)
        or (at_least is not None and value < at_least)
        or (below is not None and value >= below)
        or (at_most is not None and value > at_most)
    ):
        raise FieldError(
            path, f"must be {_wanted(above, at_least, below, at_most)}, got {shown(value)}"
        )
    if abs(value) > LARGEST:
        raise FieldError(path, f"must be at most 1e15 in size, got {shown(value)}")
    if 0 < abs(value) < SMALLEST:
        wanted = (
            "0 or at least 1e-30 in size"
            if _allows_zero(above, at_least, below, at_most)
            else "at least 1e-30"
        )
        raise FieldError(path, f"must be {wanted}, got {shown(value)}")
    return float(value)


def _allows_zero(
    above: float | None, at_least: float | None, below: float | None, at_most: float | None
) -> bool:
    low = (above is None or above < 0) and (at_least is None or at_least <= 0)
    return low and (below is None or below > 0) and (at_most is None or at_most >= 0)


def or_zero(value: float) -> float:
    """Return a figure that follows from others, 0 where it is below any that may be entered."""
    return 0.0 if abs(value) < SMALLEST else value


def _wanted(
    above: float | None, at_least: float | None, below: float | None, at_most: float | None
) -> str:
    if above == 0 and below is None and at_most is None:
        return "a positive number"
    bounds = [
        ("above", above),
        ("of at least", at_least),
        ("below", below),
        ("of at most", at_most),
    ]
    words = " and ".join(f"{word} {bound:g}" for word, bound in bounds if bound is not None)
    return f"a number {words}".rstrip()


def choice(value: object, path: str, options: Iterable[str]) -> str:
    """Return one of the options, spelt exactly."""
    options = list(options)
    if not isinstance(value, str) or value not in options:
        raise FieldError(path, f"must be one of {', '.join(options)}, got {shown(value)}")
    return value


def text(value: object, path: str, *, longest: int, lines: bool = False) -> str:
    """Return plain text of at most `longest` characters, all of them visible.

    See `characters`. A line break is allowed only where `lines`.

    A line break is one of them only where `lines`.
    """
    if not isinstance(value, str):
        raise FieldError(path, f"must be text, got {shown(value)}")
    if len(value) > longest:
        raise FieldError(path, f"must be at most {longest} characters long, got {len(value)}")
    for place in refused(value):
        if not (lines and value[place] == "\n"):
            raise FieldError(path, f"must be plain text, got {named(value[place])}")
    return value


def keyed(value: object, path: str, *, most: int) -> Mapping[str, Any]:
    """Return a JSON object of at most `most` entries."""
    if not isinstance(value, Mapping):
        raise FieldError(path, f"must be an object, got {shown(value)}")
    if len(value) > most:
        raise FieldError(path, f"must have at most {most} entries, got {len(value)}")
    return value


def listed(value: object, path: str, *, most: int) -> Sequence[Any]:
    """Return a JSON array of at most `most` entries."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise FieldError(path, f"must be an array, got {shown(value)}")
    if len(value) > most:
        raise FieldError(path, f"must have at most {most} entries, got {len(value)}")
    return value


def known_keys(
    value: Mapping[str, Any], path: str, *, required: Iterable[str], optional: Iterable[str]
) -> None:
    """Refuse an unknown key and a missing required one, naming it."""
    required, optional = list(required), list(optional)
    for key in value:
        if key not in required and key not in optional:
            raise FieldError(join(path, quoted(key) or '""'), "is not a known key")
    for key in required:
        if key not in value:
            raise FieldError(join(path, key), "is missing")
