"""The grid of a table: its header, what each column is read as, and the lines with positions.

`line` reads what the cells mean. Without a header the columns are symbol, side, size, entry price
and leverage, in this order, the last one optional. A table whose header is not understood is
refused: reading its columns by position instead could swap a size and a price.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from margin.market.imports.cells import cell_number, has_digit, words_of
from margin.market.imports.closed import lists_no_positions
from margin.market.imports.columns import (
    LONGEST_NAME,
    Column,
    Entry,
    LineFault,
    TableLine,
    printable,
)
from margin.market.imports.layout import COMMENT, TableRow, split
from margin.market.imports.numerals import numeral
from margin.market.imports.symbols import kind_refusal
from margin.market.imports.vocabulary import (
    CONTRACTS,
    DOLLARS,
    EMPTY,
    FIELDS,
    SIDE_WORDS,
    SIDES,
    SIGNS,
    STEMS,
    TOTALS,
    folded,
)

MOST_CHARACTERS = 2_000_000
MOST_LINES = 10_000
MOST_COLUMNS = 100
MOST_NAMED = 12
"""Unread columns that a note lists by name."""

_DEFAULT_FIELDS = ("symbol", "side", "size", "entry_price", "leverage")
_DEFAULT_NAMES = ("symbol", "side", "size", "entry price", "leverage")
_REPEATABLE_FIELDS = (
    "side",
    "is_short",
    "is_long",
    "margin_mode",
    "cross",
    "isolated",
    "kind",
    "expiry",
    "venue",
    "account",
    "return",
)
REPEATABLE = frozenset({*_REPEATABLE_FIELDS, "unrealised_pnl", *SIGNS.values(), *STEMS})
"""Fields that several columns may have, even with different cells on a line."""
_WITH_UNIT = re.compile(r"(?P<name>.*?)[ _]*[(\[（](?P<unit>[^()\[\]（）]*)[)\]）] *")
_DOLLAR_ENDING = re.compile(r"(?P<name>.+?)(?:in)?(?:usd[tc]?)")
_DOLLAR_BEGINNING = re.compile(r"usd[tc]?(?P<name>.+)")
_DOLLAR_WORDS = frozenset({"DOLLAR", "DOLLARS", "NOTIONAL", "VALUE"})
_FOOTER = re.compile(
    r"[(\[]?[0-9]+ (?:rows?|objects?|positions?|records?|results?|lines?)\b.*", re.IGNORECASE
)
_POSITION_NAMES = frozenset({"position", "positions"})
_GATE_NAMES = frozenset({"contract", "size", "entry_price", "leverage"})
_CELLS_REMEDY = "write a cell for every column, and put quotes around one that holds the separator"


class Grid(NamedTuple):
    """A table as columns and lines, with the faults and notes about its form.

    `columns` has the first column of each field, `unread` those that are not understood. `header`
    is the number of the header's line: None without a header, 0 where a program gave the names.
    """

    columns: Mapping[str, Column]
    lines: tuple[TableLine, ...] = ()
    faults: tuple[LineFault, ...] = ()
    notes: tuple[str, ...] = ()
    unread: tuple[Column, ...] = ()
    separated_by_commas: bool = False
    header: int | None = None
    unit: str = "Line"

    @property
    def is_dump(self) -> bool:
        """Whether the table was printed by a program, and not by a person or a page."""
        return self.unit != "Line"

    @property
    def has_negative_sizes(self) -> bool:
        """Whether some size is negative, so that a size without a sign is a long's."""
        for line in self.lines:
            for field in ("size", "contracts", "notional"):
                number = cell_number(line.cells.get(field, ""))
                if number and number.negative:
                    return True
        return False


def read_grid(text: str) -> Grid:
    """Return the grid of any text; what is not a table of positions has a fault."""
    if len(text) > MOST_CHARACTERS:
        return refused(
            f"the text has more than {MOST_CHARACTERS:,} characters",
            "import a part of it at a time",
        )
    layout = split(text, MOST_LINES, _score)
    if layout is None:
        return refused(
            f"the text has more than {MOST_LINES:,} lines", "import a part of it at a time"
        )
    if layout.truncated:
        wrong = 'the table was cut when it was printed: a line or column is only "..."'
        return refused(wrong, "print or export it in full")
    if not layout.rows:
        return Grid({})
    return _grid(layout.rows)._replace(separated_by_commas=layout.separator == ",")


def grid_of_rows(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    contexts: Sequence[tuple[str, ...]],
    unit: str,
) -> Grid:
    """Return the grid of a program's rows under their header, each with its context.

    `unit` is what the rows are called in faults and notes.
    """
    numbered = [TableRow(number, tuple(cells)) for number, cells in enumerate(rows, start=1)]
    grid = _GridBuilder(numbered, TableRow(0, tuple(header)), unit).grid()
    lines = tuple(line._replace(context=contexts[line.number - 1]) for line in grid.lines)
    return grid._replace(lines=lines)


def refused(wrong: str, remedy: str) -> Grid:
    """Return the grid of a table that is refused as a whole."""
    return Grid({}, faults=(LineFault(0, "", wrong, remedy, removable=False),))


def fields_of(names: Sequence[str]) -> set[str]:
    """Return the fields that columns of these names are read as."""
    return {column.field for column in _columns(names) if column.field}


def _header_width(cells: Sequence[str]) -> int:
    """Return how many fields the cells name, 0 where they are not a header."""
    if len(cells) < 2:
        return 0
    fields = fields_of(cells)
    return len(fields) if "symbol" in fields and len(fields) > 1 else 0


def _score(rows: Sequence[TableRow]) -> tuple[int, int]:
    """Return how well a separator fits: fields in the header, then positions without names."""
    widths = [_header_width(row.cells) for row in rows]
    return max(widths, default=0), sum(_is_unnamed_position(row.cells) for row in rows)


def _is_unnamed_position(cells: Sequence[str]) -> bool:
    """Return whether the cells are a position in the default order of columns."""
    if len(cells) < 4:
        return False
    side = words_of(cells[1])
    # A line with a mistake in a number still is a line; one without any digit may be a header.
    may_have_numbers = any(map(has_digit, cells[2:4])) or not all(cells[2:4])
    return len(side.sides) == 1 and not side.unknown and may_have_numbers


def _columns(cells: Sequence[str]) -> list[Column]:
    columns = [_column(cell) for cell in cells[:MOST_COLUMNS]]
    names = {column.name.lower() for column in columns}
    if "symbol" not in {column.field for column in columns}:
        # Some venues call the column of symbols "Contracts".
        return [
            column._replace(field="symbol") if column.field == "contracts" else column
            for column in columns
        ]
    if "instid" in names:
        # OKX's names: its pos and sz are in contracts.
        return _in_contracts(columns, {"pos", "sz"})
    if names >= _GATE_NAMES:
        # Gate's names: its sizes are in contracts.
        return _in_contracts(columns, {"size"})
    return columns


def _in_contracts(columns: Sequence[Column], names: Collection[str]) -> list[Column]:
    """Return the columns, with those of these names in contracts."""
    return [
        column._replace(field="contracts") if column.name in names else column for column in columns
    ]


def _column(cell: str) -> Column:
    """Return the column of a header's cell: `Size (USDT)` is a notional, `Qty (Cont)` contracts."""
    name, unit = cell, ""
    if len(cell) <= LONGEST_NAME and (parts := _WITH_UNIT.fullmatch(cell)):
        name, unit = parts["name"], parts["unit"].strip()
    if "$" in name:
        name, unit = name.replace("$", " ").strip().removesuffix(" in"), unit or "$"
    field = _field(name)
    if field == "size" and unit.upper() in DOLLARS | _DOLLAR_WORDS:
        field, unit = "notional", "$"
    elif field == "size" and unit.upper() in CONTRACTS:
        field = "contracts"
    return Column(printable(cell), field, unit)


def _field(name: str) -> str | None:
    plain = folded(name[:80])
    field = _meaning(plain) or _meaning(plain.removeprefix("position")) or _field_in_dollars(plain)
    if field:
        return field
    stem = next((field for field, pattern in STEMS.items() if pattern.search(plain)), None)
    return None if stem == "button" else stem


def _field_in_dollars(plain: str) -> str | None:
    """Return the field of a name with a dollar coin: `Margin USDT`, `Size in USD`."""
    dollars = _DOLLAR_ENDING.fullmatch(plain) or _DOLLAR_BEGINNING.fullmatch(plain)
    field = _meaning(dollars["name"]) if dollars else None
    if field == "size":
        return "notional"
    in_dollars = {
        "notional",
        "entry_price",
        "margin",
        "mark_price",
        "liquidation_price",
        "unrealised_pnl",
        "pnl",
    }
    return field if field in in_dollars else None


def _meaning(name: str) -> str | None:
    return SIGNS.get(name) or FIELDS.get(name)


def _grid(rows: Sequence[TableRow]) -> Grid:
    """Return the grid below the widest header, or else by the default order of columns."""
    header = max(rows, key=lambda row: _header_width(row.cells))
    if _header_width(header.cells):
        return _GridBuilder(rows, header).grid()
    filled = [row for row in rows if not _is_comment(row)]
    if not filled:
        return Grid({})
    first, *others = filled
    order = ", ".join(_DEFAULT_NAMES)
    if _is_unnamed_position(first.cells):
        return _GridBuilder(rows, None).grid()
    if any(_is_unnamed_position(row.cells) for row in others) or _may_be_header(first):
        names = ", ".join(f'"{printable(cell)}"' for cell in first.cells[:MOST_NAMED] if cell)
        wrong = f"line {first.number} looks like a header, and its columns are not known: {names}"
        return refused(wrong, f"name them {order}")
    wrong = f'it has no header that is known, and no line "{order}"'
    return refused(
        wrong,
        f"name the columns in the first line: {order}; separate them by commas, tabs or two spaces",
    )


def _is_comment(row: TableRow) -> bool:
    return row.cells[0].startswith(COMMENT)


def _may_be_header(row: TableRow) -> bool:
    """Return whether the row may name columns in unknown words: it has no digit and no position."""
    filled_cells = sum(map(bool, row.cells))
    if filled_cells < 3 or _is_comment(row) or _is_unnamed_position(row.cells):
        return False
    return not any(map(has_digit, row.cells))


def _is_second_header(row: TableRow) -> bool:
    """Return whether a row below the header names columns, even in words that are not known."""
    cells = [cell for cell in row.cells if cell and cell.lower() not in EMPTY]
    if len(cells) < 3 or any(map(has_digit, cells)):
        return False
    if _header_width(row.cells) > 2:
        return True
    return not any(words.sides or words.modes for words in map(words_of, cells))


def _begins_section(cells: Sequence[str]) -> bool:
    """Return whether the cells are a single title for the lines below: closed, isolated, shorts."""
    if not cells or not cells[0] or any(cells[1:]):
        return False
    title = cells[0]
    if lists_no_positions(title) or kind_refusal(title):
        return True
    words = words_of(title)
    return not has_digit(title) and bool(
        words.sides or words.modes or words.closing or not words.unknown
    )


def _is_total(row: TableRow) -> bool:
    first = next((cell for cell in row.cells if cell), "")
    beginnings = (first, re.split(r"[ :]", first, maxsplit=1)[0], " ".join(first.split()[:2]))
    has_total = any(folded(beginning) in TOTALS for beginning in beginnings)
    return has_total and not any(folded(cell) in SIDES for cell in row.cells)


class _GridBuilder:
    """Builds the grid of one table: sorts its rows into positions, titles, notes and faults."""

    def __init__(
        self, rows: Sequence[TableRow], header: TableRow | None, unit: str = "Line"
    ) -> None:
        self.header, self.unit = header, unit
        self.rows = _without_index(rows, header)
        self.lines: list[TableLine] = []
        self.faults: list[LineFault] = []
        self.notes: list[str] = []
        self.titles: list[str] = []
        self.section: tuple[str, ...] = ()
        self.section_row: TableRow | None = None
        columns = _columns(_trimmed(header.cells)) if header else []
        self.columns = columns or list(map(Column, _DEFAULT_NAMES, _DEFAULT_FIELDS))
        self._read_unknown_columns()
        self.fewest_cells = len(self.columns) if header else len(self.columns) - 1

    def _read_unknown_columns(self) -> None:
        """Read unknown columns as sides where their cells are sides, lest a short become a long.

        A column called Position holds either sides or sizes.
        """
        rows = [row for row in self.rows if not (_is_comment(row) or self._is_header(row))]
        has_sides = "side" in {column.field for column in self.columns}
        for index, column in enumerate(self.columns):
            if column.field is not None:
                continue
            cells = [
                row.cells[index] for row in rows if len(row.cells) > index and row.cells[index]
            ]
            if _are_sides(cells) or (not has_sides and any(map(_is_side, cells))):
                self.columns[index] = column._replace(field="side")
            elif folded(column.name) in _POSITION_NAMES and cells and all(map(cell_number, cells)):
                self.columns[index] = column._replace(field="size")

    def grid(self) -> Grid:
        """Return the grid, with no lines where the header itself has a fault."""
        self._check_header()
        if self.faults:
            return Grid({}, faults=tuple(self.faults))
        for row in self.rows:
            if _is_comment(row) and self._is_above_header(row):
                self.titles += [cell for cell in row.cells if cell]
            elif any(row.cells) and not _is_comment(row) and not self._is_header(row):
                self._sort(row)
        self._end_section()
        self._check_repeats()
        lines = tuple(line._replace(context=(*self.titles, *line.context)) for line in self.lines)
        by_field: dict[str, Column] = {}
        for column in self.columns:
            if column.field:
                by_field.setdefault(column.field, column)
        unread = tuple(column for column in self.columns if column.field is None and column.name)
        return Grid(
            columns=by_field,
            lines=lines,
            faults=tuple(self.faults),
            notes=(*_unread_note(unread), *self.notes),
            unread=unread,
            header=self.header.number if self.header else None,
            unit=self.unit,
        )

    def _end_section(self) -> None:
        """Ask about a title with no line below it, since it may be about the lines above it."""
        row = self.section_row
        if row is None or any(line.number > row.number for line in self.lines):
            return
        title = row.cells[0]
        words = words_of(title)
        is_about_lines = words.sides or words.modes or words.closing or kind_refusal(title)
        if is_about_lines and not lists_no_positions(title):
            wrong = f'no line follows the title "{printable(title)}"'
            remedy = "write it above the lines that it is about, or remove it"
            self._fault(row, wrong, remedy, removable=False)

    def _check_header(self) -> None:
        if self.header is None:
            return
        if len(self.header.cells) > MOST_COLUMNS:
            wrong = f"it has more than {MOST_COLUMNS} columns"
            self._fault(self.header, wrong, "leave out those that are not needed", removable=False)

    def _check_repeats(self) -> None:
        """Add a fault for two columns of one field whose cells differ on some line."""
        by_field: dict[str, Column] = {}
        number = self.header.number if self.header else 0
        for column in self.columns:
            if column.field is None or column.field in REPEATABLE:
                continue
            first = by_field.setdefault(column.field, column)
            if first is not column and any(_disagree(line, column.field) for line in self.lines):
                names = f'both "{first.name}" and "{column.name}"'
                wrong = f"{names} read as the {column.field.replace('_', ' ')}, and they differ"
                remedy = "remove or rename one of them"
                self.faults.append(
                    LineFault(number, "", wrong, remedy, removable=False, unit=self.unit)
                )

    def _is_header(self, row: TableRow) -> bool:
        """Return whether the row is the header, or a repetition of it."""
        return self.header is not None and _trimmed(row.cells) == _trimmed(self.header.cells)

    def _is_above_header(self, row: TableRow) -> bool:
        return self.header is not None and row.number < self.header.number

    def _sort(self, row: TableRow) -> None:
        """Add a row to the lines, the titles, the notes or the faults."""
        cells = _trimmed(row.cells)
        filled = [cell for cell in cells if cell]
        if len(filled) == 1 and _FOOTER.fullmatch(filled[0]):
            self.notes.append(f"line {row.number} counts the lines and is not read")
        elif _is_total(row):
            self.notes.append(f"line {row.number} is a total and is not read")
        elif self._is_above_header(row) and len(filled) == 1:
            self.titles.append(filled[0])
            self.notes.append(f"line {row.number} stands above the header and is not read")
        elif self._is_above_header(row):
            # Without a digit it may be the true header, in words that are not known.
            removable = any(map(has_digit, cells))
            remedy = "remove it, or begin it with #"
            self._fault(row, "it stands above the header", remedy, removable=removable)
        elif self.unit == "Line" and _begins_section(cells):
            self._end_section()
            self.section, self.section_row = (cells[0],), row
            self.notes.append(f"line {row.number} is read as a title of the lines below it")
        elif self.header and self.unit == "Line" and _is_second_header(row):
            wrong = "it looks like the header of another table"
            self._fault(row, wrong, "import one table of open positions at a time", removable=False)
        elif len(row.cells) < self.fewest_cells or len(cells) > len(self.columns):
            # A single word may be a title of the lines below it.
            removable = len(filled) > 1 or any(map(has_digit, filled))
            wrong = f"it has {max(len(cells), 1)} cells, {self._expected()}"
            self._fault(row, wrong, _CELLS_REMEDY, removable=removable)
        else:
            self.lines.append(self._line(row.number, cells))

    def _line(self, number: int, cells: Sequence[str]) -> TableLine:
        entries = tuple(
            Entry(column, cell) for column, cell in zip(self.columns, cells, strict=False) if cell
        )
        by_field: dict[str, str] = {}
        for column, cell in entries:
            if column.field:
                by_field.setdefault(column.field, cell)
        return TableLine(number, by_field, entries, self.section)

    def _expected(self) -> str:
        order = ", ".join(_DEFAULT_NAMES)
        return f"the header {len(self.columns)}" if self.header else f'not "{order}"'

    def _fault(self, row: TableRow, wrong: str, remedy: str, *, removable: bool = True) -> None:
        removable = removable and row.span == 1 and not _may_be_header(row)
        self.faults.append(LineFault(row.number, "", wrong, remedy, removable, self.unit))


def _unread_note(columns: Sequence[Column]) -> list[str]:
    """Return a note on the columns that are not read, in a list that is empty without any."""
    names = [f'"{column.name}"' for column in columns]
    if not names:
        return []
    more = [f"{len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
    return [f"not read: {', '.join(names[:MOST_NAMED] + more)}"]


def _is_side(cell: str) -> bool:
    """Return whether a cell is a side and nothing else, in an unambiguous word."""
    words = words_of(cell)
    unambiguous = any(folded(word) in SIDE_WORDS for word in re.split(r"[\s/()]+", cell))
    return bool(words.sides) and not words.unknown and unambiguous


def _are_sides(cells: Sequence[str]) -> bool:
    """Return whether all cells are sides, even as single letters."""
    letters = {folded(cell) for cell in cells}
    if letters and (letters <= {"b", "s"} or letters <= {"l", "s"}):
        return True
    return bool(cells) and all(map(_is_side, cells))


def _disagree(line: TableLine, field: str) -> bool:
    """Return whether the line's cells of one field differ, other than in how they are written."""
    cells = [cell for _, cell in line.entries_of(field)]
    return any(not _are_equal(cells[0], cell) for cell in cells[1:])


def _are_equal(first: str, second: str) -> bool:
    if first.casefold() == second.casefold():
        return True
    first_number, second_number = numeral(first), numeral(second)
    if first_number is None or second_number is None:
        return False
    readings = first_number.readings().items(), second_number.readings().items()
    return any(reading == other for reading, other in zip(*readings, strict=False))


def _without_index(rows: Sequence[TableRow], header: TableRow | None) -> Sequence[TableRow]:
    """Return the rows without the index that a printed data frame begins with."""
    if header is None:
        return rows
    below = [row for row in rows if row.number > header.number and any(row.cells)]
    indexed = [row for row in below if len(_trimmed(row.cells)) > 1]
    has_index = indexed and all(
        len(row.cells) == len(header.cells) + 1 and row.cells[0].isdecimal() for row in indexed
    )
    if not has_index:
        return rows
    return [row._replace(cells=row.cells[1:]) if row in indexed else row for row in rows]


def _trimmed(cells: Sequence[str]) -> list[str]:
    """Return the cells without the empty ones at the end."""
    filled = [index for index, cell in enumerate(cells, start=1) if cell]
    return list(cells[: filled[-1]]) if filled else []
