"""Scenario to query string and back: the link that carries the whole scenario, readable and editable by hand.

    v=1&venue=binance&margin_mode=cross&wallet_balance=10000
    &p=RENDER_long_28571.4_1.75_10&p=FET_long_179291.8_0.2231_10&marks=RENDER_1.75~FET_0.2231

Keys bear the names of the scenario JSON; `p` is a position (symbol, side, quantity, entry price, leverage, isolated
margin), fields are parted by `_`, entries by `~`. Decoding goes by way of the JSON reader, so both refuse the same
things with the same words. Keys that are not the link's are left to whoever put them there.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote_plus, urlencode

from margin.errors import FieldError, shown
from margin.scenario import VERSION, Scenario

LONGEST = 2_000
"""Characters of a query that tier tables may fill: every proxy passes that."""
LONGEST_READ = 40_000
"""Characters of a query that is read at all."""

_TABLES = ("marks", "betas", "baseline_marks", "contract_values")
_NUMBERS = ("wallet_balance", "taker_fee", "margin_fraction")
_WORDS = ("venue", "margin_mode", "tiers_as_of")
_TEXTS = ("title", "note")
_POSITION = ("symbol", "side", "quantity", "entry_price", "leverage", "isolated_margin")
_COLLATERAL = ("asset", "amount", "ratio")
_TIER = ("floor", "maintenance_rate", "maintenance_amount", "max_leverage", "cap")
_LEVELS = ("warning", "danger")
_SEEN = ("equity", "margin_ratio")
_LISTS = ("p", "tiers")
KEYS = (
    *("v", "title", "note", "venue", "margin_mode", "wallet_balance", "p", "marks", "betas", "baseline_marks"),
    *("collateral", "levels", "taker_fee", "margin_fraction", "contract_values", "seen", "tiers_as_of"),
    *("tiers", "tiers_left_out"),
)
"""The query parameters that are the link's own, in the order they are written."""

_NUMBER = re.compile(r"-?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,4})?")
_PACKED = "~"

Query = Mapping[str, Sequence[str]]


class Link(NamedTuple):
    """A scenario as query parameters; `left_out` names the tokens whose own tier tables did not fit."""

    parameters: dict[str, list[str]]
    left_out: tuple[str, ...]

    @property
    def query(self) -> str:
        """The query string, without the question mark."""
        return urlencode(self.parameters, doseq=True)


class Received(NamedTuple):
    """What a link held; `left_out` as its maker's link says, `foreign` the parameters that are not the link's."""

    scenario: Scenario
    left_out: tuple[str, ...]
    foreign: tuple[str, ...]


def encode(scenario: Scenario) -> Link:
    """The scenario as a link. Its own tier tables go along as far as the link stays within `LONGEST` characters."""
    entry = scenario.to_json()
    parameters = {"v": [str(VERSION)], **_head(entry)}
    for key in _TABLES:
        if entry.get(key):
            parameters[key] = ["~".join(f"{symbol}_{_write(value)}" for symbol, value in entry[key].items())]
    left_out = _add_tiers(parameters, entry.get("tiers", {}))
    return Link({key: parameters[key] for key in KEYS if key in parameters}, left_out)


def _head(entry: Mapping[str, Any]) -> dict[str, list[str]]:
    """Everything but the tables."""
    pairs: dict[str, list[str]] = {key: [entry[key]] for key in _WORDS if key in entry}
    flat = {**entry, **entry.get("textbook", {})}
    pairs |= {key: [_write(flat[key])] for key in _NUMBERS if key in flat}
    pairs |= {"p": [_join(position, _POSITION) for position in entry["positions"]]}
    if "collateral" in entry:
        pairs["collateral"] = ["~".join(_join(item, _COLLATERAL) for item in entry["collateral"])]
    for key, names in (("levels", _LEVELS), ("seen", _SEEN)):
        if key in entry:
            pairs[key] = [_join(entry[key], names)]
    return pairs | {key: [_pack(entry[key])] for key in _TEXTS if entry[key]}


def _add_tiers(parameters: dict[str, list[str]], tables: Mapping[str, Any]) -> tuple[str, ...]:
    left_out = []
    length = len(urlencode(parameters, doseq=True))
    for symbol, rows in tables.items():
        table = "~".join([symbol, *(_join(row, _TIER) for row in rows)])
        length += len(table) + len("&tiers=")
        if length > LONGEST:
            left_out.append(symbol)
        else:
            parameters.setdefault("tiers", []).append(table)
    if left_out:
        parameters["tiers_left_out"] = ["~".join(left_out)]
    return tuple(left_out)


def _join(values: Mapping[str, Any], names: Iterable[str]) -> str:
    return "_".join(_write(values[name]) for name in names).rstrip("_")


def _write(value: float | str | None) -> str:
    """A number in the shortest spelling that reads back exactly."""
    if value is None or isinstance(value, str):
        return value or ""
    return str(int(value)) if value.is_integer() else repr(value)


def _pack(text: str) -> str:
    """Text as it stands, or in base64 behind a `~` where percent-encoding would take more room."""
    packed = _PACKED + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    return packed if text.startswith(_PACKED) or len(packed) < len(quote_plus(text)) else text


def parse(query: str) -> dict[str, list[str]]:
    """Splits a query string, with or without the address before it, into its parameters."""
    address, mark, rest = query.strip().partition("?")
    query = (rest if mark and "=" not in address else query.strip()).partition("#")[0]
    if len(query) > LONGEST_READ:
        raise FieldError("", f"the link is too long to be one, {len(query)} characters")
    parameters: dict[str, list[str]] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        parameters.setdefault(key, []).append(value)
    return parameters


def is_link(parameters: Iterable[str]) -> bool:
    """Whether any of the parameters is the link's own."""
    return not set(KEYS).isdisjoint(parameters)


def decode(parameters: Query) -> Received:
    """Reads a link. Raises FieldError, with the path that the same fault has in the scenario JSON."""
    own = {key: list(values) for key, values in parameters.items() if key in KEYS}
    if sum(len(value) for values in own.values() for value in values) > LONGEST_READ:
        raise FieldError("", "the link is too long to be one")
    version = own.get("v", [str(VERSION)])
    if version != [str(VERSION)]:
        raise FieldError("v", f"this link was made by another version of Tandem, {shown(version[0])}; this one reads 1")
    for key, values in own.items():
        if key not in _LISTS and len(values) != 1:
            raise FieldError(key, f"must be given once, got it {len(values)} times")
    single = {key: values[0] for key, values in own.items() if key not in _LISTS}
    left_out = tuple(single["tiers_left_out"].split("~"))[:100] if "tiers_left_out" in single else ()
    foreign = tuple(key for key in parameters if key not in KEYS)
    return Received(Scenario.from_json(_entry(single, own)), left_out, foreign)


def _entry(single: Mapping[str, str], own: Mapping[str, list[str]]) -> dict[str, Any]:
    """The scenario JSON that the link's parameters spell; whatever is not well-formed is left for its reader."""
    entry: dict[str, Any] = {"version": VERSION, "marks": {}}
    entry |= {key: single[key] for key in _WORDS if key in single}
    entry |= {key: _unpack(single[key], key) for key in _TEXTS if key in single}
    entry |= {key: _read(single[key]) for key in _NUMBERS if key in single}
    if "margin_fraction" in entry:
        entry["textbook"] = {"margin_fraction": entry.pop("margin_fraction")}
    entry |= {key: _read_table(single[key], key) for key in _TABLES if key in single}
    entry["positions"] = [
        _split(value, f"positions[{index}]", _POSITION) for index, value in enumerate(own.get("p", []))
    ]
    if "collateral" in single:
        items = single["collateral"].split("~")
        entry["collateral"] = [_split(item, f"collateral[{index}]", _COLLATERAL) for index, item in enumerate(items)]
    for key, names in (("levels", _LEVELS), ("seen", _SEEN)):
        if key in single:
            entry[key] = _split(single[key], key, names)
    if "tiers" in own:
        entry["tiers"] = _read_tiers(own["tiers"])
    return entry


def _read(text: str) -> float | str | None:
    if _NUMBER.fullmatch(text):
        return float(text)
    return text or None


def _split(text: str, path: str, names: Sequence[str]) -> dict[str, Any]:
    fields = text.split("_")
    if len(fields) > len(names):
        raise FieldError(path, f"must have at most {len(names)} parts ({', '.join(names)}), got {len(fields)}")
    words = {"symbol", "side", "asset"}
    return {name: field if name in words else _read(field) for name, field in zip(names, fields, strict=False)}


def _read_table(text: str, path: str) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for item in text.split("~") if text else ():
        symbol, _, value = item.partition("_")
        if symbol in table:
            raise FieldError(f"{path}.{symbol[:40]}", "is given twice")
        table[symbol] = _read(value)
    return table


def _read_tiers(values: Sequence[str]) -> dict[str, Any]:
    tables: dict[str, Any] = {}
    for value in values:
        symbol, *rows = value.split("~")
        if symbol in tables:
            raise FieldError(f"tiers.{symbol[:40]}", "is given twice")
        tables[symbol] = [_split(row, f"tiers.{symbol[:40]}[{index}]", _TIER) for index, row in enumerate(rows)]
    return tables


def _unpack(text: str, path: str) -> str:
    if not text.startswith(_PACKED):
        return text
    packed = text.removeprefix(_PACKED)
    try:
        return base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise FieldError(path, "cannot be read: the link was cut or changed") from None
