"""Readers of single fields in a venue's answer, which may be missing or of another type.

Numbers may be written as text. Every function raises FieldError for a value it cannot read.
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
"""The latest time that an answer may give, in ms since 1970."""


def nested(answer: object, *keys: str) -> Any:
    """Return the value under nested keys.

    Raises FieldError where an object or a key is missing.
    """
    path = ""
    for key in keys:
        fields = errors.keyed(answer, path, most=MOST_ROWS)
        path = join(path, key)
        if key not in fields:
            raise FieldError(path, "is missing")
        answer = fields[key]
    return answer


def entries(answer: object, *keys: str) -> Sequence[Any]:
    """Return the array under nested keys."""
    return errors.listed(nested(answer, *keys), ".".join(keys), most=MOST_ROWS)


def entry(value: object, path: str = "") -> Entry:
    """Return the value as an object."""
    return errors.keyed(value, path, most=1000)


def index_rows(rows: Iterable[object], key: str) -> dict[str, Entry]:
    """Return the rows by their text under a key. Raises FieldError where a row has none."""
    indexed: dict[str, Entry] = {}
    for index, row in enumerate(rows):
        fields = entry(row, f"[{index}]")
        name = text(fields, key)
        if not name:
            raise FieldError(f"[{index}].{key}", "is missing")
        indexed[name] = fields
    return indexed


def index_valid_rows(rows: Iterable[object], key: str) -> dict[str, Entry]:
    """Return the rows by their text under a key, without the rows that have none."""
    indexed: dict[str, Entry] = {}
    for row in rows:
        with suppress(FieldError):
            indexed |= index_rows([row], key)
    return indexed


def text(row: Entry, key: str) -> str:
    """Return a short text, empty where it is missing."""
    return errors.text(row.get(key, ""), key, longest=200)


def optional_text(row: Entry, key: str) -> str:
    """Return a short text, empty where it is missing or null."""
    return "" if row.get(key) is None else text(row, key)


def figure(row: Entry, key: str, **bounds: float) -> float:
    """Return a finite number, which may be written as text."""
    return errors.number(_number(row.get(key)), key, **bounds)


def optional_figure(row: Entry, key: str, **bounds: float) -> float | None:
    """Return a finite number, None where it is missing, null or empty."""
    return None if row.get(key) in (None, "") else figure(row, key, **bounds)


_WRITTEN_NUMBER = re.compile(
    r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?|[+-]?[Ii]nf(?:inity)?|[Nn]a[Nn]"
)
"""A number as venues write it, NaN and infinity included.

`float` alone would also take 1_0 and the digits of other scripts.
"""


def limit(row: Entry, key: str) -> float | None:
    """Return a positive upper limit.

    None where it is too large to be one (Binance writes 9223372036854775807 for no limit).
    """
    value = _number(row.get(key))
    unlimited = isinstance(value, (int, float)) and LARGEST < value < inf
    return None if unlimited else figure(row, key, above=0)


def _number(value: object) -> object:
    return float(value) if isinstance(value, str) and _WRITTEN_NUMBER.fullmatch(value) else value


def moment(row: Entry, key: str) -> datetime | None:
    """Return a time from ms since 1970, in UTC; None where it is missing or 0."""
    milliseconds = optional_figure(row, key, at_least=0, at_most=LATEST)
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None
