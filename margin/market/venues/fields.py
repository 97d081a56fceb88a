"""Fields of a venue's answer, read one by one.

Numbers may come as text, anything may be missing or of another kind.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from math import inf
from typing import Any

from margin import errors
from margin.errors import LARGEST, FieldError, join

MOST_ROWS = 20_000
Entry = Mapping[str, Any]
LATEST = datetime(2200, 1, 1, tzinfo=UTC).timestamp() * 1000
"""Milliseconds since 1970 beyond which no answer's time lies."""


def inner(answer: object, *keys: str) -> Any:
    """Return what stands under one key after the other.

    Raises FieldError where an object or a key is missing.
    """
    path = ""
    for key in keys:
        held = errors.keyed(answer, path, most=MOST_ROWS)
        path = join(path, key)
        if key not in held:
            raise FieldError(path, "is missing")
        answer = held[key]
    return answer


def entries(answer: object, *keys: str) -> Sequence[Any]:
    """Return the array under these keys."""
    return errors.listed(inner(answer, *keys), ".".join(keys), most=MOST_ROWS)


def entry(value: object, path: str = "") -> Entry:
    """Return an object."""
    return errors.keyed(value, path, most=1000)


def every(rows: Iterable[object], key: str) -> dict[str, Entry]:
    """Return objects by the text that stands under a key. Raises FieldError where one has none."""
    found: dict[str, Entry] = {}
    for index, row in enumerate(rows):
        held = entry(row, f"[{index}]")
        name = word(held, key)
        if not name:
            raise FieldError(f"[{index}].{key}", "is missing")
        found[name] = held
    return found


def by(rows: Iterable[object], key: str) -> dict[str, Entry]:
    """Return the same, but what has none is passed over."""
    found: dict[str, Entry] = {}
    for row in rows:
        with suppress(FieldError):
            found |= every([row], key)
    return found


def word(held: Entry, key: str) -> str:
    """Return a short text; empty where it is missing."""
    return errors.text(held.get(key, ""), key, longest=200)


def optional_word(held: Entry, key: str) -> str:
    """Return a short text; empty where it is missing or null."""
    return "" if held.get(key) is None else word(held, key)


def figure(held: Entry, key: str, **bounds: float) -> float:
    """Return a finite number, also where it is written as text."""
    return errors.number(_number(held.get(key)), key, **bounds)


def optional(held: Entry, key: str, **bounds: float) -> float | None:
    """Return the same, None where the venue left it out or empty."""
    return None if held.get(key) in (None, "") else figure(held, key, **bounds)


_WRITTEN_NUMBER = re.compile(
    r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?|[+-]?[Ii]nf(?:inity)?|[Nn]a[Nn]"
)
"""A number as venues write one, be it none.

`float` alone takes 1_0 and digits of other scripts as well.
"""


def limit(held: Entry, key: str) -> float | None:
    """Return a positive upper limit.

    None where it is so large that it is none (Binance writes 9223372036854775807).
    """
    value = _number(held.get(key))
    unlimited = isinstance(value, (int, float)) and LARGEST < value < inf
    return None if unlimited else figure(held, key, above=0)


def _number(value: object) -> object:
    return float(value) if isinstance(value, str) and _WRITTEN_NUMBER.fullmatch(value) else value


def moment(held: Entry, key: str) -> datetime | None:
    """Return a time given in ms since 1970, in UTC; None where it is missing or 0."""
    milliseconds = optional(held, key, at_least=0, at_most=LATEST)
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None
