"""Fields of a venue's answer, read one by one: numbers may come as text, anything may be missing or of another kind."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from margin import errors
from margin.errors import FieldError, join

MOST_ROWS = 20_000
Entry = Mapping[str, Any]
_LATEST = datetime(2200, 1, 1, tzinfo=UTC).timestamp() * 1000


def inner(answer: object, *keys: str) -> Any:
    """What stands under one key after the other. Raises FieldError where an object or a key is missing."""
    path = ""
    for key in keys:
        held = errors.keyed(answer, path, most=MOST_ROWS)
        path = join(path, key)
        if key not in held:
            raise FieldError(path, "is missing")
        answer = held[key]
    return answer


def entries(answer: object, *keys: str) -> Sequence[Any]:
    """The array under these keys."""
    return errors.listed(inner(answer, *keys), ".".join(keys), most=MOST_ROWS)


def entry(value: object, path: str = "") -> Entry:
    """An object."""
    return errors.keyed(value, path, most=1000)


def word(held: Entry, key: str) -> str:
    """A short text; empty where it is missing."""
    return errors.text(held.get(key, ""), key, longest=200)


def figure(held: Entry, key: str, **bounds: float) -> float:
    """A finite number, also where it is written as text."""
    return errors.number(_number(held.get(key)), key, **bounds)


def optional(held: Entry, key: str, **bounds: float) -> float | None:
    """The same, None where the venue left it out or empty."""
    return None if held.get(key) in (None, "") else figure(held, key, **bounds)


def _number(value: object) -> object:
    try:
        return float(value) if isinstance(value, str) and value.isascii() else value
    except ValueError:
        return value


def moment(held: Entry, key: str) -> datetime | None:
    """A time given in ms since 1970, in UTC; None where it is missing or 0."""
    milliseconds = optional(held, key, at_least=0, at_most=_LATEST)
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None
