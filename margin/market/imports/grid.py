"""A pasted text as a grid: how its columns are parted, which line is the header, what each column is called.

One line is one row; what the cells mean is read elsewhere. Without a header the columns are, in this order, symbol,
side, size, entry price and leverage, the last one optional.
"""

import csv
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from margin.symbols import STABLECOINS

MOST_CHARACTERS = 200_000
MOST_LINES = 500
MOST_COLUMNS = 100
LONGEST_NAME = 40
"""Characters of a column's name that are shown, and of one that may hold a unit."""
MOST_NAMED = 12
"""Unread columns that are named one by one."""

ORDER = ("symbol", "side", "size", "entry_price", "leverage")
LONG = frozenset({"long", "buy", "l"})
SHORT = frozenset({"short", "sell", "s"})
_SIDE_WORDS = frozenset({"long", "buy", "short", "sell"})
DOLLARS = frozenset({"$", "US$"}) | STABLECOINS
CONTRACTS = frozenset({"CONT", "CONTS", "CONTRACT", "CONTRACTS", "LOT", "LOTS"})
_SPELLINGS = {
    "symbol": "symbol pair tradingpair currencypair market marketname instrument instrumentname instrumentid instid "
    "contract contractname coin asset token ticker product productid underlying perpetual perp future futures",
    "kind": "insttype instrumenttype contracttype markettype producttype category",
    "side": "side direction positionside posside holdside longshort ls buysell positiondirection",
    "size": "size qty quantity amount amt positionamt positionamount positionsize positionqty positionquantity szi sz "
    "pos units tokens coins total totalsize currentsize",
    "contracts": "contracts cont conts numberofcontracts lots",
    "contract_value": "contractsize contractvalue ctval contractmultiplier",
    "notional": "notional notionalvalue value positionvalue positionnotional exposure",
    "entry_price": "entry entryprice entrypx avg avgprice avgpx avgentry avgentryprice avgopenprice avgcost openprice "
    "average averageprice averageentry averageentryprice averageopenprice averagecost openpriceavg openavgprice",
    "leverage": "leverage lev lever leveragevalue leveragex",
    "margin_mode": "marginmode margintype mgnmode mode leveragetype tdmode isolated",
    "margin": "margin positionmargin marginsize",
    "isolated_margin": "isolatedmargin",
    "isolated_wallet": "isolatedwallet",
    "settle": "settle settlement settlecoin settlementcoin settlecurrency settlementcurrency settlementasset "
    "marginasset margincoin margincurrency ccy currency",
    "quote": "quote quotecoin quotecurrency quoteasset quoteccy",
}
_FIELDS: Mapping[str, str] = {name: field for field, names in _SPELLINGS.items() for name in names.split()}
_WITH_UNIT = re.compile(r"(?P<name>.*?)[ _]*[(\[](?P<unit>[^()\[\]]*)[)\]] *")
_DOLLAR_ENDING = re.compile(r"(?P<name>.+?)(?:in)?(?:usd[tc]?)")
_UNNAMED = ("symbol", "side", "size", "entry price", "leverage")
_MISCOUNTED = "write a cell for every column, and put quotes around one that holds the separator"
_RULE = re.compile(r"[-=_+|:;,\s]*")
_COMMENT = ("#", "//")
_TOTAL = re.compile(r"(?:grand |sub[- ]?)?(?:totals?|sum)(?:[ :].*)?", re.IGNORECASE)


class Column(NamedTuple):
    """A column: its name as written, the field that it is read as (None: not read), and the unit the name gives."""

    name: str
    field: str | None
    unit: str = ""


class Line(NamedTuple):
    """A line that holds a position, its cells by field; empty cells are missing."""

    number: int
    cells: Mapping[str, str]


class LineFault(NamedTuple):
    """What is wrong on a line and what to do, as clauses. Lines count from 1; 0 and no column: the table as a whole.

    `column` is the column's name as the person wrote it.
    """

    line: int
    column: str
    wrong: str
    remedy: str

    def __str__(self) -> str:
        where = [f"Line {self.line}"] if self.line else []
        where += [self.column] if self.column else []
        return f"{', '.join(where) or 'The table'}: {self.wrong}; {self.remedy}."


class Grid(NamedTuple):
    """The text as lines and columns; faults and notes are about its form."""

    columns: Mapping[str, Column]
    """By field."""
    lines: tuple[Line, ...] = ()
    faults: tuple[LineFault, ...] = ()
    notes: tuple[str, ...] = ()
    parted_by_commas: bool = False


class _Row(NamedTuple):
    number: int
    cells: tuple[str, ...]


def printable(cell: str) -> str:
    """A cell for use in a sentence: one line, not long."""
    text = "".join(character if character.isprintable() else "\ufffd" for character in cell[: LONGEST_NAME + 1])
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"


def read_grid(text: str) -> Grid:
    """The grid of a text of any content."""
    if len(text) > MOST_CHARACTERS:
        return _refused(f"the text has more than {MOST_CHARACTERS:,} characters", "take over a part of it at a time")
    lines = lines_of(text.removeprefix("\ufeff").rstrip())
    if len(lines) > MOST_LINES:
        return _refused(f"the text has more than {MOST_LINES} lines", "take over a part of it at a time")
    numbered = [(number, line) for number, line in enumerate(lines, start=1) if not _RULE.fullmatch(line)]
    if not numbered:
        return Grid({})
    name, rows = _parted(numbered)
    return _laid_out(rows)._replace(parted_by_commas=name == ",")


def lines_of(text: str) -> list[str]:
    """The text's lines, as an editor counts them."""
    return re.split("\r\n|\r|\n", text)


def _refused(wrong: str, remedy: str) -> Grid:
    return Grid({}, faults=(LineFault(0, "", wrong, remedy),))


def _delimited(delimiter: str) -> Callable[[str], list[str]]:
    def split(line: str) -> list[str]:
        if delimiter == "|":
            line = line.strip().removeprefix("|").removesuffix("|")
        try:
            return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
        except csv.Error:  # A cell beyond the module's own limit.
            return line.split(delimiter)

    return split


_SPLITTERS: Mapping[str, Callable[[str], list[str]]] = {
    **{delimiter: _delimited(delimiter) for delimiter in "\t;|,"},
    "  ": lambda line: re.split(r"[ \u00a0]{2,}", line.strip()),
}


def _parted(lines: Sequence[tuple[int, str]]) -> tuple[str, list[_Row]]:
    """The lines parted in the way that yields most of a header, and else most lines that look like a position."""
    ways = {
        name: [_Row(number, tuple(cell.strip() for cell in split(line))) for number, line in lines]
        for name, split in _SPLITTERS.items()
    }
    return max(ways.items(), key=lambda way: _sense(way[1]))


def _sense(rows: Iterable[_Row]) -> tuple[int, int]:
    header, positions = 0, 0
    for row in rows:
        header = max(header, _header_width(row.cells))
        positions += _is_unnamed_position(row.cells)
    return header, positions


def _header_width(cells: Sequence[str]) -> int:
    """How many fields the line names, 0 where it is no header."""
    if len(cells) < 2:
        return 0
    fields = {column.field for column in _columns(cells) if column.field}
    return len(fields) if "symbol" in fields and len(fields) > 1 else 0


def _is_unnamed_position(cells: Sequence[str]) -> bool:
    return len(cells) >= 4 and cells[1].lower() in LONG | SHORT


def _columns(cells: Sequence[str]) -> list[Column]:
    columns = [_column(cell) for cell in cells[:MOST_COLUMNS]]
    names = {column.name.lower() for column in columns}
    if "symbol" not in {column.field for column in columns}:
        # Some venues head the column of symbols "Contracts".
        return [column._replace(field="symbol") if column.field == "contracts" else column for column in columns]
    if "instid" in names:
        # OKX's own names: what it calls pos and sz is in contracts.
        return [column._replace(field="contracts") if column.name in {"pos", "sz"} else column for column in columns]
    return columns


def _column(cell: str) -> Column:
    """What a header's cell names: `Size (USDT)` is a notional, `Qty (Cont)` a number of contracts."""
    name, unit = cell, ""
    if len(cell) <= LONGEST_NAME and (parts := _WITH_UNIT.fullmatch(cell)):
        name, unit = parts["name"], parts["unit"].strip()
    field = _field(name)
    if field == "size" and unit.upper() in DOLLARS:
        field = "notional"
    elif field == "size" and unit.upper() in CONTRACTS:
        field = "contracts"
    return Column(printable(cell), field, unit)


def _field(name: str) -> str | None:
    plain = re.sub("[^a-z0-9]", "", name.lower())
    for spelling in (plain, plain.removeprefix("position")):
        if spelling in _FIELDS:
            return _FIELDS[spelling]
    dollars = _DOLLAR_ENDING.fullmatch(plain)
    field = _FIELDS.get(dollars["name"]) if dollars else None
    return "notional" if field == "size" else field if field in {"notional", "entry_price", "margin"} else None


def _laid_out(rows: Sequence[_Row]) -> Grid:
    header = max(rows, key=lambda row: _header_width(row.cells))
    if _header_width(header.cells):
        return _Layout(rows, header).grid()
    if any(_is_unnamed_position(row.cells) for row in rows):
        return _Layout(rows, None).grid()
    if all(_is_comment(row) for row in rows):
        return Grid({})
    order = ", ".join(_UNNAMED)
    wrong = f'it has no header that is known, and no line "{order}"'
    return _refused(wrong, f"name the columns in the first line: {order}; part them by commas, tabs or two spaces")


def _is_comment(row: _Row) -> bool:
    return row.cells[0].startswith(_COMMENT)


def _is_total(row: _Row) -> bool:
    first = next((cell for cell in row.cells if cell), "")
    return _TOTAL.fullmatch(first) is not None and not LONG.union(SHORT).intersection(map(str.lower, row.cells))


class _Layout:
    """Sorts the rows of one table: header, positions, totals, comments, and what fits nowhere."""

    def __init__(self, rows: Sequence[_Row], header: _Row | None) -> None:
        self.rows, self.header = rows, header
        self.lines: list[Line] = []
        self.faults: list[LineFault] = []
        self.notes: list[str] = []
        names = _columns(_trimmed(header.cells)) if header else []
        self.columns = names or [Column(*each) for each in zip(_UNNAMED, ORDER, strict=True)]
        self._find_side()
        self.least = len(self.columns) if header else len(ORDER) - 1

    def _find_side(self) -> None:
        """Without a column named so, whichever unread one holds sides is the side: a short must not pass for a long."""
        if "side" in {column.field for column in self.columns}:
            return
        rows = [row for row in self.rows if not (_is_comment(row) or self._is_header(row))]
        for index, column in enumerate(self.columns):
            held = {row.cells[index].lower() for row in rows if len(row.cells) > index}
            if column.field is None and held & _SIDE_WORDS:
                self.columns[index] = column._replace(field="side")

    def grid(self) -> Grid:
        self._check_header()
        if self.faults:
            return Grid({}, faults=tuple(self.faults))
        for row in self.rows:
            if any(row.cells) and not _is_comment(row) and not self._is_header(row):
                self._sort(row)
        by_field = {column.field: column for column in self.columns if column.field}
        return Grid(by_field, tuple(self.lines), tuple(self.faults), (*self._unread(), *self.notes))

    def _check_header(self) -> None:
        if self.header is None:
            return
        if len(self.header.cells) > MOST_COLUMNS:
            self._fault(self.header, f"it has more than {MOST_COLUMNS} columns", "leave out those that are not needed")
        held: dict[str, str] = {}
        for name, field, _ in self.columns:
            if field in held:
                both = f'both "{held[field]}" and "{name}" read as the {field.replace("_", " ")}'
                self._fault(self.header, both, "remove or rename one of them")
            elif field:
                held[field] = name
        if not held.keys() & {"size", "contracts", "notional"}:
            self._fault(self.header, "no column says the size", 'name one "size" (in tokens) or "notional" (in $)')
        if "entry_price" not in held:
            self._fault(self.header, "no column says the entry price", 'name one "entry price"')

    def _is_header(self, row: _Row) -> bool:
        """The header, or a repetition of it."""
        return self.header is not None and _trimmed(row.cells) == _trimmed(self.header.cells)

    def _sort(self, row: _Row) -> None:
        cells = _trimmed(row.cells)
        if _is_total(row):
            self.notes.append(f"line {row.number} is a total and is not read")
        elif self.header and row.number < self.header.number:
            self._above(row, cells)
        elif len(row.cells) < self.least or len(cells) > len(self.columns):
            self._fault(row, f"it has {max(len(cells), 1)} cells, {self._wanted()}", _MISCOUNTED)
        else:
            named = zip(self.columns, cells, strict=False)
            self.lines.append(Line(row.number, {each.field: cell for each, cell in named if each.field and cell}))

    def _wanted(self) -> str:
        return f"the header {len(self.columns)}" if self.header else f'not "{", ".join(_UNNAMED)}"'

    def _above(self, row: _Row, cells: Sequence[str]) -> None:
        if len([cell for cell in cells if cell]) == 1:
            self.notes.append(f"line {row.number} stands above the header and is not read")
        else:
            self._fault(row, "it stands above the header", "remove it, or begin it with #")

    def _fault(self, row: _Row, wrong: str, remedy: str) -> None:
        self.faults.append(LineFault(row.number, "", wrong, remedy))

    def _unread(self) -> list[str]:
        names = [f'"{column.name}"' for column in self.columns if column.field is None and column.name]
        if not names:
            return []
        more = [f"{len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
        return [f"not read: {', '.join(names[:MOST_NAMED] + more)}"]


def _trimmed(cells: Sequence[str]) -> list[str]:
    """The cells without the empty ones at the end."""
    filled = [index for index, cell in enumerate(cells, start=1) if cell]
    return list(cells[: filled[-1]]) if filled else []
