"""Scenario to query string and back.

The link that carries the whole scenario, readable and editable by hand.

    venue=binance&margin_mode=cross&wallet_balance=10000
    &p=RENDER_long_28571.4_1.75_10&p=FET_long_179291.8_0.2231_10&marks=RENDER_1.75~FET_0.2231&move=-0.05&v=1

Keys bear the names of the scenario JSON; `p` is a position (symbol, side, quantity, entry price,
leverage, isolated margin), fields are parted by `_`, entries by `~`. Where one joint move led from
the baseline marks to the marks, the link says those and the `move`. Shocks are
`shocks=common_-0.1~days_7`, and `shock_moves`, `shock_maintenance` and `shock_funding` by token.
The version comes last, so that a link that was cut is known by its absence. Decoding goes by way of
the JSON reader, so both refuse the same things with the same words. Keys that are not the link's
are left to whoever put them there.
"""

import base64
import binascii
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from margin.errors import FieldError, number, quoted, shown
from margin.model.scenario import MOST_TOKENS, VERSION, Market, Scenario
from margin.model.symbols import token

LONGEST = 2_000
"""Characters of a query that tier tables may fill: every proxy passes that."""
LONGEST_WRITTEN = 8_000
"""Characters of a query beyond which a scenario is sent as a file.

What lies between a link and the app, browsers, mail programs and proxies, often stops there.
Between 100 and 180 positions fit, by the digits they have.
"""
LONGEST_READ = 40_000
"""Characters of a query that is read at all."""

_TABLES = ("marks", "betas", "baseline_marks", "contract_values")
_NUMBERS = ("wallet_balance", "settlement_rate", "taker_fee", "margin_fraction", "move")
_WORDS = ("venue", "margin_mode", "tiers_as_of")
_TEXTS = ("title", "note")
_POSITION = ("symbol", "side", "quantity", "entry_price", "leverage", "isolated_margin")
_COLLATERAL = ("asset", "amount", "ratio")
_TIER = ("floor", "maintenance_rate", "maintenance_amount", "max_leverage", "cap")
_LEVELS = ("warning", "danger")
_SEEN = ("equity", "margin_ratio")
_SHOCKS = ("common", "maintenance", "leverage_cap", "haircut", "days", "interest")
_SHOCK_TABLES = {
    "shock_moves": "moves",
    "shock_maintenance": "maintenance_by_token",
    "shock_funding": "funding",
}
_LISTS = ("p", "tiers")
STAND_IN = "in_session"
"""What an address says in place of a scenario that it cannot hold."""
KEYS = (
    *(
        "title",
        "note",
        "venue",
        "margin_mode",
        "wallet_balance",
        "p",
        "marks",
        "move",
        "betas",
        "baseline_marks",
    ),
    *(
        "collateral",
        "settlement_rate",
        "levels",
        "taker_fee",
        "margin_fraction",
        "contract_values",
        "shocks",
    ),
    *(*_SHOCK_TABLES, "seen", "tiers_as_of", "tiers", "tiers_left_out", STAND_IN, "v"),
)
"""The query parameters that are the link's own, in the order they are written."""

_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,4})?")
_PACKED = "~"
LARGEST_MOVE = 1e6
"""A joint move beyond this is written out as marks."""
LONGEST_TEXT = 10_000
"""Bytes that a packed text may unfold to."""

Query = Mapping[str, Sequence[str]]


class Link(NamedTuple):
    """A scenario as query parameters.

    `left_out` names the tokens whose own tier tables did not fit.
    """

    parameters: dict[str, list[str]]
    left_out: tuple[str, ...]

    @property
    def query(self) -> str:
        """The query string, without the question mark."""
        return urlencode(self.parameters, doseq=True)

    @property
    def fits(self) -> bool:
        """Whether it is short enough to arrive: one that is not is nowhere shown nor shortened."""
        return len(self.query) <= LONGEST_WRITTEN

    @property
    def stand_in(self) -> dict[str, list[str]]:
        """What an address says in place of a link that does not fit.

        Which scenario it is, and none of it.

        Only a session that holds that scenario can open it; `decode` refuses it with the reason.
        """
        return {STAND_IN: [sha256(self.query.encode()).hexdigest()[:16]], "v": [str(VERSION)]}


def too_long(link: Link) -> str:
    """Return the sentence, without its full stop, for whoever wants a link that does not fit."""
    return (
        f"this scenario is too large for a link: it would take {len(link.query):,} characters and "
        f"a link holds "
        f"{LONGEST_WRITTEN:,}; send the scenario's file instead"
    )


class Received(NamedTuple):
    """What a link held; `left_out` by its maker, `foreign` are others' parameters."""

    scenario: Scenario
    left_out: tuple[str, ...]
    foreign: tuple[str, ...]


def encode(scenario: Scenario) -> Link:
    """Return the scenario as a link.

    Its own tier tables go along as far as the link stays within `LONGEST` characters.
    """
    entry = scenario.to_json()
    if (move := _exact_move(scenario.market)) is not None:
        entry |= {"marks": entry["baseline_marks"], "move": move, "baseline_marks": {}}
    parameters = {"v": [str(VERSION)], **_head(entry)}
    parameters |= {key: [_table(entry[key])] for key in _TABLES if entry.get(key)} | _shocks(
        entry.get("shocks", {})
    )
    left_out = _add_tiers(parameters, entry.get("tiers", {}))
    return Link({key: parameters[key] for key in KEYS if key in parameters}, left_out)


def _exact_move(market: Market) -> float | None:
    """Return the joint move that gives every mark from its baseline mark to the last bit.

    None where none is found.
    """
    if not market.marks or list(market.baseline_marks) != list(market.marks):
        return None
    present = market.present_move(tuple(market.marks))
    if present is None or abs(present) > LARGEST_MOVE:
        return None
    for move in (round(present, 10), present):  # The rounded move is the shorter link.
        if market.moved(market.baseline_marks, move) == market.marks:
            return move
    return None


def _head(entry: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return everything but the tables."""
    pairs: dict[str, list[str]] = {key: [entry[key]] for key in _WORDS if key in entry}
    flat = {**entry, **entry.get("textbook", {})}
    pairs |= {key: [_write(flat[key])] for key in _NUMBERS if key in flat}
    if entry["positions"]:
        pairs["p"] = [_join(position, _POSITION) for position in entry["positions"]]
    if "collateral" in entry:
        pairs["collateral"] = ["~".join(_join(item, _COLLATERAL) for item in entry["collateral"])]
    for key, names in (("levels", _LEVELS), ("seen", _SEEN)):
        if key in entry:
            pairs[key] = [_join(entry[key], names)]
    return pairs | {key: [_pack(entry[key])] for key in _TEXTS if entry[key]}


def _shocks(entry: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the shocks as parameters: one of numbers, and one for each table."""
    numbers = {name: entry[name] for name in _SHOCKS if name in entry}
    tables = {key: [_table(entry[name])] for key, name in _SHOCK_TABLES.items() if name in entry}
    return ({"shocks": [_table(numbers)]} if numbers else {}) | tables


def _table(values: Mapping[str, float]) -> str:
    return "~".join(f"{name}_{_write(value)}" for name, value in values.items())


def _add_tiers(parameters: dict[str, list[str]], tables: Mapping[str, Any]) -> tuple[str, ...]:
    """Add the tables that fit, and the names of those that do not, for whom room is kept."""
    written = {
        symbol: "~".join([symbol, *(_join(row, _TIER) for row in rows)])
        for symbol, rows in tables.items()
    }
    room = LONGEST - len(urlencode(parameters, doseq=True))
    if sum(len("&tiers=") + len(table) for table in written.values()) > room:
        room -= len("&tiers_left_out=") + len("~".join(tables))
    left_out = []
    for symbol, table in written.items():
        length = len("&tiers=") + len(table)
        if length > room:
            left_out.append(symbol)
        else:
            room -= length
            parameters.setdefault("tiers", []).append(table)
    if left_out:
        parameters["tiers_left_out"] = ["~".join(left_out)]
    return tuple(left_out)


def _join(values: Mapping[str, Any], names: Iterable[str]) -> str:
    return "_".join(_write(values[name]) for name in names).rstrip("_")


def _write(value: float | str | None) -> str:
    """Return a number in the shortest spelling that reads back exactly."""
    if value is None or isinstance(value, str):
        return value or ""
    return str(int(value)) if value.is_integer() else repr(value)


def _pack(text: str) -> str:
    """Return text as it stands, or packed where percent-encoding would swell it.

    Packed: base64 of its shortest form behind a `~`.
    """
    if text.isascii() and not text.startswith(_PACKED):
        return text
    forms = {"b": text.encode(), "w": text.encode("utf-16-be")}
    forms |= {kind.upper(): zlib.compress(form, 9) for kind, form in forms.items()}
    kind, form = min(forms.items(), key=lambda pair: len(pair[1]))
    return _PACKED + kind + base64.urlsafe_b64encode(form).decode().rstrip("=")


def parse(query: str) -> dict[str, list[str]]:
    """Split a query string, with or without the address before it, into its parameters."""
    address, mark, rest = query.strip().partition("?")
    query = (rest if mark and "=" not in address else query.strip()).partition("#")[0]
    if len(query) > LONGEST_READ:
        raise FieldError("", f"the link is too long to be one, {len(query)} characters")
    parameters: dict[str, list[str]] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        parameters.setdefault(key, []).append(value)
    return parameters


def decode(parameters: Query) -> Received:
    """Return the scenario of a link, with what was left out of it and what is foreign to it.

    Raises FieldError, with the path that the same fault has in the scenario JSON.
    """
    own = {key: list(values) for key, values in parameters.items() if key in KEYS}
    if sum(len(value) for values in own.values() for value in values) > LONGEST_READ:
        raise FieldError("", "the link is too long to be one")
    for key, values in own.items():
        if key not in _LISTS and len(values) != 1:
            raise FieldError(key, f"must be given once, got it {len(values)} times")
    single = {key: values[0] for key, values in own.items() if key not in _LISTS}
    if "v" not in single:
        raise FieldError("v", "is missing at the link's end: it was cut")
    if single["v"] != str(VERSION):
        raise FieldError(
            "v", f"made by another version of Tandem, {shown(single['v'])}; this one reads 1"
        )
    if STAND_IN in single:
        raise FieldError(
            "",
            "The scenario is too large for a link and opens only in the session that made it: ask "
            "for its file",
        )
    left_out = _read_left_out(single.get("tiers_left_out"))
    foreign = tuple(key for key in parameters if key not in KEYS)
    return Received(Scenario.from_json(_entry(single, own)), left_out, foreign)


def _read_left_out(text: str | None) -> tuple[str, ...]:
    names = [] if text is None else text.split("~", MOST_TOKENS)[:MOST_TOKENS]
    return tuple(token(name, "tiers_left_out") for name in names)


def _entry(single: Mapping[str, str], own: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return the scenario JSON that the link's parameters spell.

    Whatever is not well-formed is left for its reader.
    """
    entry: dict[str, Any] = {"version": VERSION, "marks": {}}
    entry |= {key: single[key] for key in _WORDS if key in single}
    entry |= {key: _unpack(single[key], key) for key in _TEXTS if key in single}
    entry |= {key: _read(single[key]) for key in _NUMBERS if key in single}
    if "margin_fraction" in entry:
        entry["textbook"] = {"margin_fraction": entry.pop("margin_fraction")}
    entry |= {key: _read_table(single[key], key) for key in _TABLES if key in single}
    if "move" in entry:
        _read_move(entry)
    entry["positions"] = [
        _split(value, f"positions[{index}]", _POSITION)
        for index, value in enumerate(own.get("p", []))
    ]
    if "collateral" in single:
        items = single["collateral"].split("~")
        entry["collateral"] = [
            _split(item, f"collateral[{index}]", _COLLATERAL) for index, item in enumerate(items)
        ]
    for key, names in (("levels", _LEVELS), ("seen", _SEEN)):
        if key in single:
            entry[key] = _split(single[key], key, names)
    if shocks := _read_shocks(single):
        entry["shocks"] = shocks
    if "tiers" in own:
        entry["tiers"] = _read_tiers(own["tiers"])
    return entry


def _read_shocks(single: Mapping[str, str]) -> dict[str, Any]:
    """Return the shocks that the parameters spell."""
    # Field names have underscores and tokens have none, so a name ends at the last one.
    shocks: dict[str, Any] = _read_table(single.get("shocks", ""), "shocks", from_end=True)
    tables = {name: single[key] for key, name in _SHOCK_TABLES.items() if key in single}
    if twice := sorted(shocks.keys() & tables.keys()):
        raise FieldError(f"shocks.{twice[0]}", "is given twice")
    return shocks | {name: _read_table(text, f"shocks.{name}") for name, text in tables.items()}


def _read_move(entry: dict[str, Any]) -> None:
    """Take the joint move out of the entry, and the marks to where it leads."""
    move = number(entry.pop("move"), "move")
    if "baseline_marks" in entry:
        raise FieldError(
            "baseline_marks", "cannot stand beside a move: the marks of the link are the baseline"
        )
    before = Market(entry["marks"], betas=entry.get("betas", {}), baseline_marks=entry["marks"])
    entry["baseline_marks"] = dict(before.marks)
    entry["marks"] = before.moved(before.marks, move)


def _read(text: str) -> float | str | None:
    if _NUMBER.fullmatch(text):
        return float(text)
    return text or None


def _split(text: str, path: str, names: Sequence[str]) -> dict[str, Any]:
    fields = text.split("_")
    if len(fields) > len(names):
        raise FieldError(
            path, f"must have at most {len(names)} parts ({', '.join(names)}), got {len(fields)}"
        )
    words = {"symbol", "side", "asset"}
    return {
        name: field if name in words else _read(field)
        for name, field in zip(names, fields, strict=False)
    }


def _read_table(text: str, path: str, *, from_end: bool = False) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for item in text.split("~") if text else ():
        symbol, _, value = item.rpartition("_") if from_end and "_" in item else item.partition("_")
        if symbol in table:
            raise FieldError(f"{path}.{quoted(symbol)}", "is given twice")
        table[symbol] = _read(value)
    return table


def _read_tiers(values: Sequence[str]) -> dict[str, Any]:
    tables: dict[str, Any] = {}
    for value in values:
        symbol, *rows = value.split("~")
        name = f"tiers.{quoted(symbol)}"
        if symbol in tables:
            raise FieldError(name, "is given twice")
        tables[symbol] = [_split(row, f"{name}[{index}]", _TIER) for index, row in enumerate(rows)]
    return tables


def _unpack(text: str, path: str) -> str:
    if not text.startswith(_PACKED):
        return text
    kind, packed = text[1:2], text[2:]
    try:
        form = base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True)
        if kind.isupper():
            form = zlib.decompressobj().decompress(form, LONGEST_TEXT)
        return form.decode({"b": "utf-8", "w": "utf-16-be"}[kind.lower()])
    except (binascii.Error, KeyError, ValueError, zlib.error):
        raise FieldError(path, "cannot be read: the link was cut or changed") from None
