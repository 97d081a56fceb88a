"""A table of cells: its header, what its columns are called, which lines hold positions.

What the cells mean is read elsewhere. Without a header the columns are, in this order, symbol,
side, size, entry price and leverage, the last one optional. A header that is not understood refuses
the whole table: reading its columns by position instead could swap a size and a price.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from margin.market.imports.cells import without_note, words_of
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
from margin.market.imports.symbols import kind_refused
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
"""Unread columns that are named one by one."""

ORDER = ("symbol", "side", "size", "entry_price", "leverage")
_UNNAMED = ("symbol", "side", "size", "entry price", "leverage")
_FLAGS = (
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
REPEATABLE = frozenset({*_FLAGS, "unrealised_pnl", *SIGNS.values(), *STEMS})
"""What more than one column may say; a line on which they disagree is a fault."""
_WITH_UNIT = re.compile(r"(?P<name>.*?)[ _]*[(\[（](?P<unit>[^()\[\]（）]*)[)\]）] *")
_DOLLAR_ENDING = re.compile(r"(?P<name>.+?)(?:in)?(?:usd[tc]?)")
_DOLLAR_BEGINNING = re.compile(r"usd[tc]?(?P<name>.+)")
_DOLLAR_WORDS = frozenset({"DOLLAR", "DOLLARS", "NOTIONAL", "VALUE"})
_FOOTER = re.compile(
    r"[(\[]?[0-9]+ (?:rows?|objects?|positions?|records?|results?|lines?)\b.*", re.IGNORECASE
)
_POSITION = frozenset({"position", "positions"})
_GATE = frozenset({"contract", "size", "entry_price", "leverage"})
_MISCOUNTED = "write a cell for every column, and put quotes around one that holds the separator"


class Grid(NamedTuple):
    """A table as lines and columns; faults and notes are about its form.

    `columns` are the first of each field; `unread` those that are not understood. `header` is its
    line: None where there is none, 0 where a program gave the names.
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
        """Whether a program printed it, not a person or a page."""
        return self.unit != "Line"

    @property
    def has_negative_sizes(self) -> bool:
        """Whether some size has a sign, so that one without is a long's."""
        cells = (
            line.cells.get(field, "")
            for line in self.lines
            for field in ("size", "contracts", "notional")
        )
        return any(
            written.negative for cell in cells if (written := numeral(without_note(cell)[0]))
        )


def read_grid(text: str) -> Grid:
    """Return the grid of a text of any content."""
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
    return _laid_out(layout.rows)._replace(separated_by_commas=layout.separator == ",")


def grid_of_rows(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    contexts: Sequence[tuple[str, ...]],
    unit: str,
) -> Grid:
    """Return the grid of rows under a header, as a program gives them, each in its context.

    `unit` is what the rows are counted in.
    """
    numbered = [TableRow(number, tuple(cells)) for number, cells in enumerate(rows, start=1)]
    grid = _Layout(numbered, TableRow(0, tuple(header)), unit).grid()
    lines = tuple(line._replace(context=contexts[line.number - 1]) for line in grid.lines)
    return grid._replace(lines=lines)


def refused(wrong: str, remedy: str) -> Grid:
    """Return the grid of a table that is refused as a whole."""
    return Grid({}, faults=(LineFault(0, "", wrong, remedy, removable=False),))


def fields_of(names: Sequence[str]) -> set[str]:
    """Return what columns of these names are read as."""
    return {column.field for column in _columns(names) if column.field}


def _header_width(cells: Sequence[str]) -> int:
    """Return how many fields the cells name, 0 where they are no header."""
    if len(cells) < 2:
        return 0
    fields = fields_of(cells)
    return len(fields) if "symbol" in fields and len(fields) > 1 else 0


def _score(rows: Sequence[TableRow]) -> tuple[int, int]:
    """Return how well a separator fits: fields in the header, then positions without names."""
    widths = [_header_width(row.cells) for row in rows]
    return max(widths, default=0), sum(_is_unnamed_position(row.cells) for row in rows)


def _is_unnamed_position(cells: Sequence[str]) -> bool:
    if len(cells) < 4:
        return False
    side = words_of(cells[1])
    numbers = numeral(without_note(cells[2])[0]) and numeral(without_note(cells[3])[0])
    # A line with a mistake in one number is a line; one without any is a header.
    any_digit = any(character.isdigit() for cell in cells[2:4] for character in cell)
    return (
        len(side.sides) == 1
        and not side.unknown
        and (bool(numbers) or any_digit or not (cells[2] and cells[3]))
    )


def _columns(cells: Sequence[str]) -> list[Column]:
    columns = [_column(cell) for cell in cells[:MOST_COLUMNS]]
    names = {column.name.lower() for column in columns}
    if "symbol" not in {column.field for column in columns}:
        # Some venues head the column of symbols "Contracts".
        return [
            column._replace(field="symbol") if column.field == "contracts" else column
            for column in columns
        ]
    if "instid" in names:
        # OKX's own names: what it calls pos and sz is in contracts.
        return [
            column._replace(field="contracts") if column.name in {"pos", "sz"} else column
            for column in columns
        ]
    if names >= _GATE:
        # Gate's own names: its sizes are in contracts.
        return [
            column._replace(field="contracts") if column.name == "size" else column
            for column in columns
        ]
    return columns


def _column(cell: str) -> Column:
    """Return what a header's cell names.

    `Size (USDT)` is a notional, `Qty (Cont)` a number of contracts.
    """
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
    """Return what a name means that ends in a dollar coin: `Margin USDT`, `Size in USD`."""
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


def _laid_out(rows: Sequence[TableRow]) -> Grid:
    header = max(rows, key=lambda row: _header_width(row.cells))
    if _header_width(header.cells):
        return _Layout(rows, header).grid()
    filled = [row for row in rows if not _is_comment(row)]
    if not filled:
        return Grid({})
    order = ", ".join(_UNNAMED)
    if _is_unnamed_position(filled[0].cells):
        return _Layout(rows, None).grid()
    if any(_is_unnamed_position(row.cells) for row in filled[1:]) or _may_be_header(filled[0]):
        first = filled[0]
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
    """Return whether the row names columns in words that are not known.

    It has no number, and no side in its place.
    """
    cells = [cell for cell in row.cells if cell]
    if len(cells) < 3 or _is_comment(row) or _is_unnamed_position(row.cells):
        return False
    return not any(character.isdigit() for cell in cells for character in cell)


def _is_second_header(row: TableRow) -> bool:
    """Return whether the row names columns below the header, be it in words that are not known.

    It has no number.
    """
    cells = [cell for cell in row.cells if cell and cell.lower() not in EMPTY]
    if len(cells) < 3 or any(character.isdigit() for cell in cells for character in cell):
        return False
    words = [words_of(cell) for cell in cells]
    return _header_width(row.cells) > 2 or not any(said.sides or said.modes for said in words)


def _begins_section(cells: Sequence[str]) -> bool:
    """Return whether the cells are one title that says what the lines below it are.

    Closed, isolated, shorts.
    """
    if not cells or not cells[0] or any(cells[1:]):
        return False
    title = cells[0]
    if lists_no_positions(title) or kind_refused(title):
        return True
    words = words_of(title)
    return not any(map(str.isdigit, title)) and bool(
        words.sides or words.modes or words.closing or not words.unknown
    )


def _is_total(row: TableRow) -> bool:
    first = next((cell for cell in row.cells if cell), "")
    word = re.split(r"[ :]", first, maxsplit=1)[0]
    named = (
        folded(first) in TOTALS
        or folded(word) in TOTALS
        or folded(" ".join(first.split()[:2])) in TOTALS
    )
    return named and not any(folded(cell) in SIDES for cell in row.cells)


class _Layout:
    """Sorts the rows of one table: header, positions, totals, comments, and what fits nowhere."""

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
        names = _columns(_trimmed(header.cells)) if header else []
        self.columns = names or [Column(*pair) for pair in zip(_UNNAMED, ORDER, strict=True)]
        self._find_side()
        self.least = len(self.columns) if header else len(ORDER) - 1

    def _find_side(self) -> None:
        """Take unread columns that hold sides as sides.

        A short must not pass for a long, nor a sale for a long's.

        A column called Position holds either sides or sizes.
        """
        rows = [row for row in self.rows if not (_is_comment(row) or self._is_header(row))]
        stated = "side" in {column.field for column in self.columns}
        for index, column in enumerate(self.columns):
            if column.field is not None:
                continue
            cells = [
                row.cells[index] for row in rows if len(row.cells) > index and row.cells[index]
            ]
            if _are_sides(cells) or (not stated and any(_says_side(cell) for cell in cells)):
                self.columns[index] = column._replace(field="side")
            elif (
                folded(column.name) in _POSITION
                and cells
                and all(_is_number(cell) for cell in cells)
            ):
                self.columns[index] = column._replace(field="size")

    def grid(self) -> Grid:
        """Return the sorted table."""
        self._check_header()
        if self.faults:
            return Grid({}, faults=tuple(self.faults))
        for row in self.rows:
            if _is_comment(row) and self.header and row.number < self.header.number:
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
            by_field,
            lines,
            tuple(self.faults),
            (*self._unread(unread), *self.notes),
            unread=unread,
            header=self.header.number if self.header else None,
            unit=self.unit,
        )

    def _end_section(self) -> None:
        """Ask about a title with no line below it that says anything of positions.

        It may be about those above it.
        """
        row = self.section_row
        if (
            row is None
            or any(line.number > row.number for line in self.lines)
            or lists_no_positions(row.cells[0])
        ):
            return
        words = words_of(row.cells[0])
        if words.sides or words.modes or words.closing or kind_refused(row.cells[0]):
            wrong = f'no line follows the title "{printable(row.cells[0])}"'
            self._fault(
                row,
                wrong,
                "write it above the lines that it is about, or remove it",
                removable=False,
            )

    def _check_header(self) -> None:
        if self.header is None:
            return
        if len(self.header.cells) > MOST_COLUMNS:
            wrong = f"it has more than {MOST_COLUMNS} columns"
            self._fault(self.header, wrong, "leave out those that are not needed", removable=False)

    def _check_repeats(self) -> None:
        """Two columns of one field are fine as long as they agree on every line."""
        first: dict[str, Column] = {}
        for column in self.columns:
            if column.field is None or column.field in REPEATABLE:
                continue
            other = first.setdefault(column.field, column)
            if other is not column and any(_disagree(line, column.field) for line in self.lines):
                field = column.field.replace("_", " ")
                wrong = (
                    f'both "{other.name}" and "{column.name}" read as the {field}, and they differ'
                )
                number = self.header.number if self.header else 0
                self.faults.append(
                    LineFault(
                        number,
                        "",
                        wrong,
                        "remove or rename one of them",
                        removable=False,
                        unit=self.unit,
                    )
                )

    def _is_header(self, row: TableRow) -> bool:
        """Return whether it is the header, or a repetition of it."""
        return self.header is not None and _trimmed(row.cells) == _trimmed(self.header.cells)

    def _sort(self, row: TableRow) -> None:
        cells = _trimmed(row.cells)
        filled = [cell for cell in cells if cell]
        if len(filled) == 1 and _FOOTER.fullmatch(filled[0]):
            self.notes.append(f"line {row.number} counts the lines and is not read")
        elif _is_total(row):
            self.notes.append(f"line {row.number} is a total and is not read")
        elif self.header and row.number < self.header.number and len(filled) == 1:
            self.titles.append(filled[0])
            self.notes.append(f"line {row.number} stands above the header and is not read")
        elif self.header and row.number < self.header.number:
            # It may be the real header, in words that are not known.
            removable = any(character.isdigit() for cell in cells for character in cell)
            self._fault(
                row,
                "it stands above the header",
                "remove it, or begin it with #",
                removable=removable,
            )
        elif self.unit == "Line" and _begins_section(cells):
            self._end_section()
            self.section, self.section_row = (cells[0],), row
            self.notes.append(f"line {row.number} is read as a title of the lines below it")
        elif self.header and self.unit == "Line" and _is_second_header(row):
            wrong = "it looks like the header of another table"
            self._fault(row, wrong, "import one table of open positions at a time", removable=False)
        elif len(row.cells) < self.least or len(cells) > len(self.columns):
            # A single word may be a title that says what the lines below it are.
            removable = len(filled) > 1 or any(map(str.isdigit, "".join(filled)))
            self._fault(
                row,
                f"it has {max(len(cells), 1)} cells, {self._wanted()}",
                _MISCOUNTED,
                removable=removable,
            )
        else:
            self.lines.append(self._line(row.number, cells))

    def _line(self, number: int, cells: Sequence[str]) -> TableLine:
        entries = tuple(Entry(*pair) for pair in zip(self.columns, cells, strict=False) if pair[1])
        by_field: dict[str, str] = {}
        for column, cell in entries:
            if column.field:
                by_field.setdefault(column.field, cell)
        return TableLine(number, by_field, entries, self.section)

    def _wanted(self) -> str:
        return f"the header {len(self.columns)}" if self.header else f'not "{", ".join(_UNNAMED)}"'

    def _fault(self, row: TableRow, wrong: str, remedy: str, *, removable: bool = True) -> None:
        removable = removable and row.span == 1 and not _may_be_header(row)
        self.faults.append(LineFault(row.number, "", wrong, remedy, removable, self.unit))

    def _unread(self, columns: Sequence[Column]) -> list[str]:
        names = [f'"{column.name}"' for column in columns]
        if not names:
            return []
        more = [f"{len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
        return [f"not read: {', '.join(names[:MOST_NAMED] + more)}"]


def _says_side(cell: str) -> bool:
    """Return whether a cell says a side and nothing else, in an unambiguous word."""
    words = words_of(cell)
    certain = any(folded(word) in SIDE_WORDS for word in re.split(r"[\s/()]+", cell))
    return bool(words.sides) and not words.unknown and certain


def _are_sides(cells: Sequence[str]) -> bool:
    """Return whether all cells are sides, be they single letters."""
    letters = {folded(cell) for cell in cells}
    if letters and (letters <= {"b", "s"} or letters <= {"l", "s"}):
        return True
    return bool(cells) and all(_says_side(cell) for cell in cells)


def _is_number(cell: str) -> bool:
    return numeral(without_note(cell)[0]) is not None


def _disagree(line: TableLine, field: str) -> bool:
    """Return whether the line's cells of one field differ, be they numbers written in two ways."""
    cells = [cell for _, cell in line.of(field)]
    return any(not _same(cells[0], cell) for cell in cells[1:])


def _same(one: str, other: str) -> bool:
    if one.casefold() == other.casefold():
        return True
    first, second = numeral(one), numeral(other)
    if first is None or second is None:
        return False
    values = zip(first.readings().items(), second.readings().items(), strict=False)
    return any(mine == theirs for mine, theirs in values)


def _without_index(rows: Sequence[TableRow], header: TableRow | None) -> Sequence[TableRow]:
    """Return the rows without the numbering that a printed data frame begins with."""
    if header is None:
        return rows
    below = [row for row in rows if row.number > header.number and any(row.cells)]
    wider = [row for row in below if len(_trimmed(row.cells)) > 1]
    shifted = wider and all(
        len(row.cells) == len(header.cells) + 1 and row.cells[0].isdecimal() for row in wider
    )
    if not shifted:
        return rows
    return [row._replace(cells=row.cells[1:]) if row in wider else row for row in rows]


def _trimmed(cells: Sequence[str]) -> list[str]:
    """Return the cells without the empty ones at the end."""
    filled = [index for index, cell in enumerate(cells, start=1) if cell]
    return list(cells[: filled[-1]]) if filled else []
