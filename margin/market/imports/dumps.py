"""Positions as programs print them: JSON of the venues' own answers and of ccxt, and Python's way of writing the same.

A dump becomes a grid: one line per record that names a symbol and a size, one column per key, so that what holds of a
table (what is closed, which mode, whose settlement) holds of a dump as well. Numbers keep the digits they were written
with.
"""

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from margin.market.imports.grid import (
    MOST_CHARACTERS,
    MOST_COLUMNS,
    MOST_LINES,
    Grid,
    fields_of,
    grid_of_rows,
    refused,
)
from margin.market.imports.vocabulary import SIGNS

_DEEPEST = 8
"""Levels of objects and arrays in which records are looked for."""
_DEEPEST_VALUE = 2
"""Levels of objects inside a record that are read: Hyperliquid's position.leverage.value."""
_LONGEST_LITERAL = 500_000
"""Characters of Python's own notation that are read."""
_TELLING = frozenset({"size", "contracts", "notional", "entry_price", *SIGNS.values()})
"""Fields that tell a position, trade or order from any other object with a symbol in it."""
_OWN_ANSWER = "info"
"""The key under which ccxt repeats the venue's answer."""


def dump_grid(text: str) -> Grid | None:
    """Return the grid of a dump, None where the text is none."""
    start = text.lstrip("\ufeff \t\r\n")[:1]
    if start not in {"{", "["} or len(text) > MOST_CHARACTERS:
        return None
    document = _parsed(text.removeprefix("\ufeff").strip())
    if document is None:
        return None
    records = list(_records(document, _DEEPEST))
    if not records:
        wrong = "it is JSON, and no entry in it has a symbol, a size and an entry price"
        return refused(wrong, "copy the answer of the venue or of ccxt as a whole")
    if len(records) > MOST_LINES:
        return refused(f"it has more than {MOST_LINES:,} entries", "import a part of it at a time")
    keys = _keys(records)
    return grid_of_rows(keys, [[record.get(key, "") for key in keys] for record in records], unit="Entry")


def _parsed(text: str) -> Any:
    """Return the document, None where it cannot be read. Numbers stay as they were written."""
    for read in (_json, _json_lines, _literal):
        try:
            return read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
    return None


def _json(text: str) -> Any:
    return json.loads(text, parse_float=str, parse_int=str, parse_constant=str)


def _json_lines(text: str) -> Any:
    return [_json(line) for line in text.splitlines() if line.strip()]


def _literal(text: str) -> Any:
    if len(text) > _LONGEST_LITERAL:
        raise ValueError("too long")
    return ast.literal_eval(text)


def _records(node: Any, depth: int) -> Iterator[dict[str, str]]:
    """Yield the objects that may be positions, flattened, from the outermost inwards."""
    if depth == 0:
        return
    if isinstance(node, Mapping):
        record = _flat(node)
        if _is_record(record):
            yield record
            return
        inner: Sequence[Any] = list(node.values())
    elif isinstance(node, (list, tuple)):
        inner = node
    else:
        return
    for item in inner:
        yield from _records(item, depth - 1)


def _is_record(record: Mapping[str, str]) -> bool:
    """Return whether an object names a symbol and something of a position, a trade or an order."""
    fields = fields_of(list(record))
    return "symbol" in fields and not fields.isdisjoint(_TELLING)


def _flat(node: Mapping[Any, Any], prefix: str = "", depth: int = _DEEPEST_VALUE) -> dict[str, str]:
    """Return the object's plain values by key, those of an inner object as `outer.inner`."""
    record: dict[str, str] = {}
    for key, value in node.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            if depth and key != _OWN_ANSWER:
                record.update(_flat(value, f"{name}.", depth - 1))
        elif not isinstance(value, (list, tuple)):
            record[name] = _written(value)
    return record


def _written(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(str(value).split())


def _keys(records: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the keys of all records, those that are understood first where there are more than a table has columns."""
    keys = list(dict.fromkeys(key for record in records for key in record))
    if len(keys) <= MOST_COLUMNS:
        return keys
    return sorted(keys, key=lambda key: not fields_of([key]))[:MOST_COLUMNS]
