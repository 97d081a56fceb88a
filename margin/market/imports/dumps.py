"""Positions as programs print them.

JSON of the venues' own answers and of ccxt, and Python's way of writing the same.

A dump becomes a grid: one line per record that names a symbol and a size, one column per key, so
that what holds of a table (what is closed, which mode, whose settlement) holds of a dump as well.
What stands around a list counts for its records: the keys that lead to it as a title would, and the
plain values beside it as columns. Numbers keep the digits they were written with.
"""

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
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
_OF_A_LIST = frozenset(
    {"margin_mode", "isolated", "cross", "kind", "settle", "side", "status", "trade_mode"}
)
"""Fields that may stand once, beside a list, for all its records."""
_OF_THE_ANSWER = _OF_A_LIST - {"side", "status"} | {"isolated_wallet", "isolated_margin"}
"""Fields that are read from the venue's own answer where ccxt has not got them."""
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
"""Keys of lists that say nothing of what is in them."""


class _TwiceError(ValueError):
    """A key that an object has twice: which of the two values holds is anybody's guess."""


class _Record(NamedTuple):
    values: dict[str, str]
    context: tuple[str, ...]


def dump_grid(text: str) -> Grid | None:
    """Return the grid of a dump, None where the text is none."""
    bare = text.strip("\ufeff \t\r\n")
    if bare[:1] not in {"{", "["} or len(text) > MOST_CHARACTERS:
        return None
    try:
        document = _parsed(bare)
    except _TwiceError as error:
        return refused(f'an entry has the key "{error}" twice', "remove one of the two")
    if document is None:
        return refused(
            "it begins like JSON and cannot be read: it may be cut off", "copy it again as a whole"
        )
    return _grid(document)


def _grid(document: Any) -> Grid:
    records = list(_records(document, _DEEPEST, {}, ()))
    if not records:
        return _nothing_in(document)
    if len(records) > MOST_LINES:
        return refused(f"it has more than {MOST_LINES:,} entries", "import a part of it at a time")
    lists = {record.context for record in records if not any(map(_says_what, record.context))}
    if len(lists) > 1:
        names = ", ".join(f'"{" ".join(context)[:40]}"' for context in sorted(lists)[:4])
        return refused(
            f"it holds several lists ({names}): of several accounts?",
            "import one account at a time",
        )
    keys = _keys([record.values for record in records])
    rows = [[record.values.get(key, "") for key in keys] for record in records]
    return grid_of_rows(keys, rows, [record.context for record in records], unit="Entry")


def _nothing_in(document: Any) -> Grid:
    if isinstance(document, Mapping) and not document.keys().isdisjoint(
        {"error", "msg", "retMsg", "message"}
    ):
        return refused("it is an error answer, not a list of positions", "ask the venue again")
    wrong = "it is JSON, and no entry in it has a symbol, a size and an entry price"
    return refused(wrong, "copy the answer of the venue or of ccxt as a whole")


def _says_what(key: str) -> bool:
    """Return whether the key of a list says which of an account's lines are in it.

    The closed ones, a side, a mode.
    """
    words = words_of(key)
    return lists_no_positions(key) or bool(words.sides or words.modes)


def _parsed(text: str) -> Any:
    """Return the document, None where it cannot be read. Numbers stay as they were written."""
    for read in (_json, _several, _literal):
        try:
            return read(text)
        except _TwiceError:
            raise
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
    return None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _TwiceError(next(key for key in keys if keys.count(key) > 1)[:40])
    return values


_DECODER = json.JSONDecoder(
    parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_object
)


def _json(text: str) -> Any:
    return _DECODER.decode(text)


def _several(text: str) -> list[Any]:
    """Return the documents that stand one after the other, on lines of their own or not."""
    documents, place = [], 0
    while place < len(text):
        document, place = _DECODER.raw_decode(text, place)
        documents.append(document)
        place += (
            len(text[place:]) - len(text[place:].lstrip(" \t\r\n,"))
            if len(documents) < MOST_LINES
            else len(text)
        )
    return documents


def _literal(text: str) -> Any:
    """Return what Python prints of a list, an object, or of one object a line.

    What is no number is None.
    """
    if len(text) > _LONGEST_LITERAL:
        raise ValueError("too long")
    plain = re.sub(r"\b(?:nan|inf)\b(?![\"'])", "None", text)
    try:
        return ast.literal_eval(plain)
    except SyntaxError:
        return [ast.literal_eval(line) for line in plain.splitlines() if line.strip()]


def _records(
    node: Any, depth: int, beside: Mapping[str, str], context: tuple[str, ...]
) -> Iterator[_Record]:
    """Yield the objects that may be positions, flattened, from the outermost inwards.

    `beside` are the values that stand beside the lists that lead here, `context` the keys.
    """
    if depth == 0:
        return
    if isinstance(node, Mapping):
        record = _flat(node)
        if _is_record(record):
            yield _Record({**beside, **record}, context)
            return
        around = {
            **beside,
            **{
                key: value
                for key, value in record.items()
                if fields_of(["symbol", key]) & _OF_A_LIST
            },
        }
        for key, value in node.items():
            named = (str(key),) if _names_a_list(str(key), value) else ()
            yield from _records(value, depth - 1, around, (*context, *named))
    elif isinstance(node, (list, tuple)):
        for item in node:
            yield from _records(item, depth - 1, beside, context)


def _names_a_list(key: str, value: object) -> bool:
    """Return whether a key says something of the records in it.

    Not that of a single record, nor a mere wrapper's.
    """
    if folded(key) in _NAMELESS or not isinstance(value, (Mapping, list, tuple)):
        return False
    return not (isinstance(value, Mapping) and _is_record(_flat(value)))


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
            if key == _OWN_ANSWER:
                record.update(_of_the_answer(value))
            elif depth:
                record.update(_flat(value, f"{name}.", depth - 1))
        elif not isinstance(value, (list, tuple)):
            record[name] = _written(value)
    return record


def _of_the_answer(answer: Mapping[Any, Any]) -> dict[str, str]:
    """Return what the venue's own answer says of mode and kind."""
    plain = {
        str(key): value
        for key, value in answer.items()
        if not isinstance(value, (Mapping, list, tuple))
    }
    wanted = [key for key in plain if fields_of(["symbol", key]) & _OF_THE_ANSWER]
    return {key: _written(plain[key]) for key in wanted}


def _written(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(str(value).split())


def _keys(records: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the keys of all records, the known ones first where there are too many."""
    keys = list(dict.fromkeys(key for record in records for key in record))
    if len(keys) <= MOST_COLUMNS:
        return keys
    return sorted(keys, key=lambda key: not fields_of([key]))[:MOST_COLUMNS]
