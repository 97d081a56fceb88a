"""Positions as programs print them: the JSON of venues and of ccxt, and Python's notation.

A dump becomes a grid with one line per record that names a symbol and a size, and one column per
key, so that the rules of a table (what is closed, which mode, which settlement) apply to a dump as
well. What surrounds a list counts for its records: the keys that lead to it as a title would, and
the plain values beside it as columns. Numbers keep the digits they were written with.
"""

import ast
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from margin.market.imports.cells import words_of
from margin.market.imports.closed import lists_no_positions
from margin.market.imports.grid import (
    MOST_CHARACTERS,
    MOST_COLUMNS,
    MOST_LINES,
    Grid,
    fields_of,
    grid_of_rows,
    refused,
)
from margin.market.imports.vocabulary import SIGNS, folded

_LEVELS = 8
"""Levels of objects and arrays that are searched for records."""
_INNER_LEVELS = 2
"""Levels of objects that are read inside a record: Hyperliquid's position.leverage.value."""
_LONGEST_LITERAL = 500_000
"""Characters of Python's notation that are read."""
_RECORD_FIELDS = frozenset({"size", "contracts", "notional", "entry_price", *SIGNS.values()})
"""Fields that distinguish a position, trade or order from other objects with a symbol."""
_VENUE_ANSWER = "info"
"""The key under which ccxt repeats the venue's answer."""
_LIST_FIELDS = frozenset(
    {"margin_mode", "isolated", "cross", "kind", "settle", "side", "status", "trade_mode"}
)
"""Fields that may be given once, beside a list, for all its records."""
_ANSWER_FIELDS = _LIST_FIELDS - {"side", "status"} | {"isolated_wallet", "isolated_margin"}
"""Fields that are read from the venue's answer where ccxt does not have them."""
_NAMELESS = frozenset(
    {
        "data",
        "result",
        "list",
        "rows",
        "items",
        "positions",
        "assetpositions",
        "openpositions",
        "open",
    }
)
"""Keys of lists that say nothing about their records."""


class _DuplicateKeyError(ValueError):
    """An object has the same key twice, and nothing says which of the two values is right."""


class _Record(NamedTuple):
    values: dict[str, str]
    context: tuple[str, ...]


def dump_grid(text: str) -> Grid | None:
    """Return the grid of a dump, None where the text is not a dump."""
    stripped = text.strip("\ufeff \t\r\n")
    if stripped[:1] not in {"{", "["} or len(text) > MOST_CHARACTERS:
        return None
    try:
        document = _parsed(stripped)
    except _DuplicateKeyError as error:
        return refused(f'an entry has the key "{error}" twice', "remove one of the two")
    if document is None:
        return refused(
            "it begins like JSON and cannot be read: it may be cut off", "copy it again as a whole"
        )
    return _grid(document)


def _grid(document: Any) -> Grid:
    records = list(_records(document, _LEVELS, {}, ()))
    if not records:
        return _without_records(document)
    if len(records) > MOST_LINES:
        return refused(f"it has more than {MOST_LINES:,} entries", "import a part of it at a time")
    lists = {record.context for record in records if not any(map(_describes, record.context))}
    if len(lists) > 1:
        names = ", ".join(f'"{" ".join(context)[:40]}"' for context in sorted(lists)[:4])
        return refused(
            f"it holds several lists ({names}): of several accounts?",
            "import one account at a time",
        )
    keys = _keys([record.values for record in records])
    rows = [[record.values.get(key, "") for key in keys] for record in records]
    return grid_of_rows(keys, rows, [record.context for record in records], unit="Entry")


def _without_records(document: Any) -> Grid:
    if isinstance(document, Mapping) and not document.keys().isdisjoint(
        {"error", "msg", "retMsg", "message"}
    ):
        return refused("it is an error answer, not a list of positions", "ask the venue again")
    wrong = "it is JSON, and no entry in it has a symbol, a size and an entry price"
    return refused(wrong, "copy the answer of the venue or of ccxt as a whole")


def _describes(key: str) -> bool:
    """Return whether the key of a list says closed, a side or a mode.

    An account may have several lists with such keys.
    """
    words = words_of(key)
    return lists_no_positions(key) or bool(words.sides or words.modes)


def _parsed(text: str) -> Any:
    """Return the document with its numbers as written, None where it cannot be read."""
    for parse in (_json, _json_documents, _python_literal):
        try:
            return parse(text)
        except _DuplicateKeyError:
            raise
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
    return None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _DuplicateKeyError(next(key for key in keys if keys.count(key) > 1)[:40])
    return values


_DECODER = json.JSONDecoder(
    parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_object
)


def _json(text: str) -> Any:
    return _DECODER.decode(text)


def _json_documents(text: str) -> list[Any]:
    """Return the documents that follow one another, each on its own line or not."""
    documents: list[Any] = []
    position = 0
    while position < len(text) and len(documents) < MOST_LINES:
        document, position = _DECODER.raw_decode(text, position)
        documents.append(document)
        remainder = text[position:]
        position += len(remainder) - len(remainder.lstrip(" \t\r\n,"))
    return documents


def _python_literal(text: str) -> Any:
    """Return a list or object as Python prints it, or one object per line; nan and inf are None."""
    if len(text) > _LONGEST_LITERAL:
        raise ValueError("too long")
    plain = re.sub(r"\b(?:nan|inf)\b(?![\"'])", "None", text)
    try:
        return ast.literal_eval(plain)
    except SyntaxError:
        return [ast.literal_eval(line) for line in plain.splitlines() if line.strip()]


def _records(
    node: Any, depth: int, surrounding: Mapping[str, str], context: tuple[str, ...]
) -> Iterator[_Record]:
    """Yield the objects that may be positions, flattened, from the outermost inwards.

    `surrounding` are the values beside the lists that contain the node, `context` their keys.
    """
    if depth == 0:
        return
    if isinstance(node, Mapping):
        record = _flat(node)
        if _is_record(record):
            yield _Record({**surrounding, **record}, context)
            return
        shared = {key: value for key, value in record.items() if _may_be(key, _LIST_FIELDS)}
        for key, value in node.items():
            title = (str(key),) if _is_title(str(key), value) else ()
            yield from _records(value, depth - 1, {**surrounding, **shared}, (*context, *title))
    elif isinstance(node, (list, tuple)):
        for item in node:
            yield from _records(item, depth - 1, surrounding, context)


def _may_be(key: str, fields: Collection[str]) -> bool:
    """Return whether the key, beside a symbol, is read as one of the fields."""
    return not fields_of(["symbol", key]).isdisjoint(fields)


def _is_title(key: str, value: object) -> bool:
    """Return whether a key says something about the records in its value.

    The key of a single record does not, nor that of a mere wrapper.
    """
    if folded(key) in _NAMELESS or not isinstance(value, (Mapping, list, tuple)):
        return False
    return not (isinstance(value, Mapping) and _is_record(_flat(value)))


def _is_record(record: Mapping[str, str]) -> bool:
    """Return whether an object has a symbol and a field of a position, a trade or an order."""
    fields = fields_of(list(record))
    return "symbol" in fields and not fields.isdisjoint(_RECORD_FIELDS)


def _flat(node: Mapping[Any, Any], prefix: str = "", depth: int = _INNER_LEVELS) -> dict[str, str]:
    """Return the object's plain values by key, those of inner objects as `outer.inner`."""
    record: dict[str, str] = {}
    for key, value in node.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            if key == _VENUE_ANSWER:
                record.update(_venue_fields(value))
            elif depth:
                record.update(_flat(value, f"{name}.", depth - 1))
        elif not isinstance(value, (list, tuple)):
            record[name] = _text(value)
    return record


def _venue_fields(answer: Mapping[Any, Any]) -> dict[str, str]:
    """Return the margin mode, kind and settlement that the venue's answer gives, by key."""
    record: dict[str, str] = {}
    for key, value in answer.items():
        is_plain = not isinstance(value, (Mapping, list, tuple))
        if is_plain and _may_be(str(key), _ANSWER_FIELDS):
            record[str(key)] = _text(value)
    return record


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(str(value).split())


def _keys(records: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the keys of all records; of too many, the known ones first."""
    keys = list(dict.fromkeys(chain.from_iterable(records)))
    if len(keys) <= MOST_COLUMNS:
        return keys
    return sorted(keys, key=lambda key: not fields_of([key]))[:MOST_COLUMNS]
