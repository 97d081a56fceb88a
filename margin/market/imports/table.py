"""Positions from a pasted or uploaded table, in any spelling that people and venues use.

`read_table` takes any text and never raises. A line is a position; or it is left out, with the
reason, because it is closed or a scenario of perpetuals in one margin mode and one settlement coin
cannot hold it; or it has faults, each with its remedy. A table with a fault is not `complete`, and
nothing of it may be imported. A table whose lines are all closed, or that lists orders or trades,
is refused as a whole. Nothing is evaluated: a formula is text.

`layout` splits a text into rows, `dumps` reads what programs print, `grid` finds the header and the
columns, `vocabulary` has their words, `closed` tells tables that list no open positions, `line`
reads a line, and `numerals` reads numbers.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from margin.errors import FieldError
from margin.market.accounts import LeftOut
from margin.market.imports.cells import cell_number, has_digit, words_of
from margin.market.imports.closed import (
    LEVERAGED,
    OPEN_SIGNS,
    filled_fields,
    lists_no_positions,
    why_listing,
)
from margin.market.imports.columns import Column, LineFault, TableLine, printable
from margin.market.imports.dumps import dump_grid
from margin.market.imports.grid import Grid, read_grid
from margin.market.imports.layout import lines_of
from margin.market.imports.line import ASSUMED_LEVERAGE, NUMBERS, LineReader, Purpose
from margin.market.imports.numerals import Convention, convention
from margin.market.imports.vocabulary import EMPTY
from margin.model.scenario import MOST_POSITIONS, Position, merged
from margin.venues import DEFAULT_VENUE, VENUES, Venue

MOST_FAULTS = 50
MOST_LEFT_OUT = 500
_MARGIN_WITH_PROFIT = "isolatedMargin"
"""How Binance names a margin that includes open profit."""
_MOST_SIDE_WORDS = 3
"""Different words in a column that may hold sides in a language that is not known."""
_ASSUMPTION_NOTES = {
    "notional": "sizes in $ became tokens at the entry price: {details}",
    "notional_at_mark": "sizes in $ became tokens at the mark price: {details}",
    "margin": "no size is given, margin × leverage ÷ entry price is taken: {details}",
    "contracts": "contracts became tokens (contracts × contract value): {details}",
    "unified": "contracts were read as tokens, as ccxt has them on {venue}: {details}",
    "swap": "sizes were read as tokens; OKX's own, beside symbols that end in -SWAP, are "
    "contracts, and their column has to be called so: {details}",
    "side": "no side is given, profit or liquidation price shows it: {details}",
    "shown_leverage": "no leverage is given, value ÷ margin shows it: {details}",
    "leverage": f"no leverage is given, {ASSUMED_LEVERAGE:g}× is taken: {{details}}",
    "margin_assumed": "no isolated margin is given, size × entry ÷ leverage is taken: {details}",
}
"""What was assumed or converted, in the order of the fields; `details` are the positions."""


@dataclass(frozen=True, slots=True)
class TableRead:
    """The positions of a table in their order, and everything that excluded other lines.

    At most `MOST_FAULTS` faults are listed, and `more_faults` counts the rest; at most
    `MOST_LEFT_OUT` lines left out are listed. Notes say what was assumed, converted or not read, as
    sentences without the full stop.
    """

    positions: tuple[Position, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    faults: tuple[LineFault, ...] = ()
    notes: tuple[str, ...] = ()
    more_faults: int = 0

    @property
    def complete(self) -> bool:
        """Whether the table may be imported: it has positions, and every line was understood."""
        return bool(self.positions) and not self.faults

    @property
    def refused(self) -> bool:
        """Whether the table as a whole cannot list open positions."""
        return (
            bool(self.faults)
            and not self.positions
            and not any(fault.removable for fault in self.faults)
        )

    @property
    def removable_lines(self) -> tuple[int, ...]:
        """The lines with faults, empty where the table would not mean the same without them."""
        if any(not fault.removable or fault.unit != "Line" for fault in self.faults):
            return ()
        return tuple(sorted({fault.line for fault in self.faults if fault.line}))

    def to_json(self) -> dict[str, Any]:
        """Return the result as the `import` command prints it."""
        return {
            "complete": self.complete,
            "positions": [asdict(position) for position in self.positions],
            "left_out": [{"label": label, "reason": reason} for label, reason in self.left_out],
            "faults": [fault.to_json() for fault in self.faults],
            "notes": list(self.notes),
        }


def read_table(
    text: str,
    *,
    venue: str = DEFAULT_VENUE,
    isolated: bool = False,
    contract_values: Mapping[str, float] | None = None,
    marks: Mapping[str, float] | None = None,
    merge: bool = False,
) -> TableRead:
    """Return the positions of a table, for an account at a venue in cross or isolated margin.

    `contract_values` are the tokens in one contract, by token, at the venue that counts in
    contracts; without them such sizes are faults. `marks` are last known prices by token, against
    which entry prices are checked. `merge` makes one position of lines with the same token and
    side. Where the table does not state a leverage it is 10×, and an isolated margin that it does
    not state is size · entry ÷ leverage; a note says so.
    """
    grid = dump_grid(text) or read_grid(text)
    purpose = Purpose(VENUES[venue], isolated, contract_values or {}, marks or {})
    reader = _TableReader(grid, purpose)
    if not reader.refuse_listing():
        for line in grid.lines:
            reader.read_line(line)
    return reader.result(merge=merge)


def without_lines(text: str, lines: Collection[int]) -> str:
    """Return the text without the lines of these numbers, counted as faults count them."""
    numbered = enumerate(lines_of(text), start=1)
    return "\n".join(line for number, line in numbered if number not in lines)


def joined(first: Sequence[Position], second: Sequence[Position]) -> tuple[Position, ...]:
    """Return both lists as one, with one position for each token and side.

    Raises FieldError where one of them would be larger than a scenario can hold.
    """
    positions: dict[tuple[str, str], Position] = {}
    for position in (*first, *second):
        key = (position.symbol, position.side)
        positions[key] = merged(positions[key], position) if key in positions else position
    return tuple(positions.values())


class _LinePosition(NamedTuple):
    """A position and the number of its line."""

    line: int
    position: Position

    @property
    def label(self) -> str:
        """The token and the side, which identify a position."""
        return f"{self.position.symbol} {self.position.side}"


class _TableReader:
    """Reads the lines of a grid one after the other and collects positions, faults and notes."""

    def __init__(self, grid: Grid, purpose: Purpose) -> None:
        self.grid, self.purpose = grid, purpose
        self.convention = _convention(grid)
        self.positions: list[_LinePosition] = []
        self.left_out: list[LeftOut] = []
        self.closed: list[str] = []
        self.faults = list(grid.faults)
        self.empty_lines = 0
        self.says_perpetual = False
        self.accounts: dict[str, None] = {}
        self.traded: list[str] = []
        """The symbols of positions whose side is that of a trade, buy or sell."""
        self.listings: dict[tuple[str, ...], str] = {}
        """Why a list, by its context, has no open positions."""
        self.lists: dict[tuple[str, ...], list[TableLine]] = {}
        for line in grid.lines:
            self.lists.setdefault(line.context, []).append(line)
        self.filled = {
            context: filled_fields(line.entries for line in lines)
            for context, lines in self.lists.items()
        }
        self.assumed: dict[str, list[str]] = {}

    def refuse_listing(self) -> bool:
        """Refuse a table that lists no open positions or lacks a column; return whether it did."""
        if self.faults and not self.grid.columns:
            return True
        reasons = {
            context: _why_no_positions(context, lines) for context, lines in self.lists.items()
        }
        if reasons and all(reasons.values()):
            wrong = f"{next(iter(reasons.values()))}, not open positions"
            self._refuse(wrong, _export_remedy(self.purpose.venue))
        else:
            self.listings = {context: reason for context, reason in reasons.items() if reason}
            self._require_columns()
        return any(not fault.removable for fault in self.faults)

    def read_line(self, line: TableLine) -> None:
        """Read one line as a position, a reason to leave it out, faults, or nothing open."""
        reader = LineReader(
            line, self.grid, self.convention, self.purpose, self.filled[line.context]
        )
        label = f"{printable(line.cells.get('symbol', ''))}, {self.grid.unit.lower()} {line.number}"
        if reason := self.listings.get(line.context):
            self.left_out.append(LeftOut(label, reason))
        elif reader.nothing_open:
            self.empty_lines += 1
        elif reason := reader.why_closed():
            self.closed.append(reason)
            self.left_out.append(LeftOut(label, f"it is closed: {reason}"))
        elif reason := reader.why_left_out():
            self.left_out.append(LeftOut(label, reason))
        else:
            position = reader.position()
            self.faults += reader.faults
            if position is not None:
                self._add(_LinePosition(line.number, position), reader.assumed)
                self.accounts.update(
                    dict.fromkeys(cell for _, cell in line.entries_of("account")[:1])
                )
                self.says_perpetual |= reader.symbol.perpetual or bool(reader.leverage)
                if reader.stated.by_trades:
                    self.traded.append(position.symbol)

    def result(self, *, merge: bool) -> TableRead:
        """Return everything that was read, after checking the table as a whole."""
        self._check_closed()
        self._check_sides()
        self._check_trades()
        self._check_accounts()
        notes = [*self.grid.notes, *self._notes()]
        positions = self._unique_positions(notes, merge=merge)
        self._check_count(len(positions))
        faults = sorted(self.faults, key=lambda fault: fault.line)
        unlisted = len(self.left_out) - MOST_LEFT_OUT
        if unlisted > 0:
            notes.append(f"lines left out beside those listed: {unlisted:,}")
        return TableRead(
            positions=tuple(positions[:MOST_POSITIONS]),
            left_out=tuple(self.left_out[:MOST_LEFT_OUT]),
            faults=tuple(faults[:MOST_FAULTS]),
            notes=tuple(notes),
            more_faults=max(0, len(faults) - MOST_FAULTS),
        )

    def _check_closed(self) -> None:
        """Refuse a table whose lines are all closed."""
        all_closed = self.closed and len(self.closed) == len(self.left_out)
        if all_closed and not self.positions and not self.faults:
            self.left_out.clear()
            wrong = "it lists closed trades, not open positions: on the first line "
            self._refuse(f"{wrong}{self.closed[0]}", _export_remedy(self.purpose.venue))

    def _check_accounts(self) -> None:
        """Refuse a table with the positions of several accounts."""
        if len(self.accounts) > 1:
            names = ", ".join(f'"{printable(name)}"' for name in list(self.accounts)[:3])
            wrong = f"it holds the positions of several accounts ({names})"
            self._refuse(wrong, "import one account at a time")

    def _check_count(self, count: int) -> None:
        """Refuse a table with more positions than a scenario can hold, or with nothing at all."""
        if count > MOST_POSITIONS:
            wrong = f"it holds {count} positions, a scenario at most {MOST_POSITIONS}"
            self._refuse(wrong, "leave some of them out")
        if self.grid.columns and not self.grid.lines and not self.faults:
            self._refuse("it has a header and no line below it", "paste the lines with it")
        if not (count or self.faults or self.left_out):
            wrong = "nothing is open in it: every size is 0" if self.empty_lines else "it is empty"
            self._refuse(wrong, "paste open positions")

    def _refuse(self, wrong: str, remedy: str, line: int = 0) -> None:
        self.faults.append(LineFault(line, "", wrong, remedy, removable=False, unit=self.grid.unit))

    def _require_columns(self) -> None:
        """Require columns for the token, the entry price, and a size or margin with leverage."""
        columns = self.grid.columns
        if self.grid.header is None or not columns:
            return
        line = self.grid.header
        has_size = not columns.keys().isdisjoint({"size", "contracts"})
        has_amount = not columns.keys().isdisjoint({"notional", "margin", "initial_margin"})
        suspect = None if has_size else next(filter(self._may_be_size, self.grid.unread), None)
        if suspect:
            wrong = f'no column says the size; is it "{suspect.name}"?'
            self._refuse(wrong, 'name it "size"', line)
        elif not has_size and not has_amount:
            remedy = 'name one "size" (in tokens) or "notional" (in $)'
            self._refuse("no column says the size", remedy, line)
        if "entry_price" not in columns:
            self._refuse("no column says the entry price", 'name one "entry price"', line)

    def _cells(self, column: Column) -> list[str]:
        """Return the cells of a column that have a value."""
        cells: list[str] = []
        for line in self.grid.lines:
            cells += [entry.cell for entry in line.entries if entry.column is column]
        return [cell for cell in cells if cell.lower() not in EMPTY]

    def _may_be_size(self, column: Column) -> bool:
        """Return whether a column that is not understood has numbers only."""
        cells = [] if column.known else self._cells(column)
        return bool(cells) and all(map(cell_number, cells))

    def _add(self, item: _LinePosition, assumed: Mapping[str, str]) -> None:
        self.positions.append(item)
        for name, detail in assumed.items():
            self.assumed.setdefault(name, []).append(f"{item.label}{detail}")

    @property
    def all_filled(self) -> set[str]:
        """The fields that have a value in any list."""
        return set().union(*self.filled.values())

    def _check_sides(self) -> None:
        """Refuse a table whose sides may be in a column that is not understood, or missing."""
        all_traded = self.grid.header is not None and 0 < len(self.positions) == len(self.traded)
        if all_traded and not self._is_leveraged:
            wrong = (
                "it says buy or sell, and nothing in it says that these are open perpetuals, and "
                "not trades"
            )
            self._refuse(wrong, "write long or short for positions, or add their leverage")
            return
        has_short = any(item.position.side == "short" for item in self.positions)
        if "sign" not in self.assumed or has_short:
            return
        suspect = next(filter(self._may_hold_sides, self.grid.unread), None)
        if suspect:
            wrong = f'no column says long or short in words that are known; is it "{suspect.name}"?'
            self._refuse(wrong, 'name it "side" and write long or short')
        elif self.grid.header is not None and not self._is_leveraged:
            wrong = "nothing in it says that these are perpetuals, and not coins that are held"
            self._refuse(wrong, 'add a column "side" that says long or short')

    @property
    def _is_leveraged(self) -> bool:
        """Whether a symbol, leverage, margin or open profit shows that these are perpetuals."""
        return self.says_perpetual or not self.all_filled.isdisjoint(LEVERAGED)

    def _may_hold_sides(self, column: Column) -> bool:
        """Return whether an unknown column holds a few plain words or signed numbers."""
        if column.known:
            return False
        cells = self._cells(column)
        numbers = map(cell_number, cells)
        if any(number and number.negative for number in numbers):
            return True
        return 0 < len(set(cells)) <= _MOST_SIDE_WORDS and all(map(_is_unknown_word, cells))

    def _check_trades(self) -> None:
        """Refuse a list of trades, or a journal where only some lines have a result."""
        if not self.positions or not self.all_filled.isdisjoint(OPEN_SIGNS):
            return
        labels = {item.label for item in self.positions}
        for symbol in self.traded:
            if {f"{symbol} long", f"{symbol} short"} <= labels:
                wrong = f"{symbol} is bought and sold in it: it may list trades, not open positions"
                self._refuse(wrong, "write long and short for positions")
                break
        numbers = {item.line for item in self.positions}
        have_result = [
            bool(line.entries_of("pnl")) for line in self.grid.lines if line.number in numbers
        ]
        if any(have_result) and not all(have_result):
            wrong = "only some lines have a profit or loss: are those closed?"
            self._refuse(wrong, 'add a column "status" that says open or closed')

    def _unique_positions(self, notes: list[str], *, merge: bool) -> list[Position]:
        """Return one position for each token and side; a second one is merged or is a fault."""
        unique: dict[str, _LinePosition] = {}
        for item in self.positions:
            first = unique.setdefault(item.label, item)
            if first is item:
                continue
            whole = _merged(first.position, item.position)
            if merge and whole:
                unique[item.label] = _LinePosition(first.line, whole)
                note = f"line {item.line} is merged into line {first.line}: both are {item.label}"
                if item.position.leverage != whole.leverage:
                    note += f"; the leverage is line {first.line}'s, {whole.leverage:g}×"
                notes.append(note)
            else:
                fault = _duplicate_fault(first, item, whole)
                self.faults.append(fault._replace(unit=self.grid.unit))
        return [item.position for item in unique.values()]

    def _notes(self) -> list[str]:
        """Return what was assumed, converted or not read, as sentences without the full stop."""
        venue = self.purpose.venue.name
        notes = [
            text.format(details=", ".join(self.assumed[name]), venue=venue)
            for name, text in _ASSUMPTION_NOTES.items()
            if name in self.assumed
        ]
        if self.positions and self.grid.header is None:
            notes.append(
                "there is no header: the columns were read as token, side, size, entry price, "
                "leverage"
            )
        if "sign" in self.assumed:
            notes.append("no column says the side: a positive size is long, a negative one short")
        if "mode" in self.assumed:
            notes.append(f"the table does not say cross or isolated: read as {self.purpose.mode}")
        if self.empty_lines:
            notes.append(f"lines of size 0, where nothing is open: {self.empty_lines:,}")
        if self.purpose.isolated and self._margins_include_profit():
            notes.append(
                f"{_MARGIN_WITH_PROFIT} is taken as the margin without open profit, which Binance "
                f"counts into it"
            )
        return notes

    def _margins_include_profit(self) -> bool:
        column = self.grid.columns.get("isolated_margin")
        is_binance = column is not None and column.name == _MARGIN_WITH_PROFIT
        return is_binance and "isolated_wallet" not in self.grid.columns


def _why_no_positions(context: Sequence[str], lines: Sequence[TableLine]) -> str | None:
    """Return why a list has no open positions, by its title or columns, None where it may."""
    title = next(filter(lists_no_positions, context), None)
    if title is not None:
        return f'its title, "{printable(title)}", is that of closed trades or orders'
    return why_listing([line.entries for line in lines])


def _export_remedy(venue: Venue) -> str:
    return f"import your open positions instead: {venue.open_positions}"


def _convention(grid: Grid) -> Convention:
    """Return how the table writes numbers; programs always write a decimal point."""
    if grid.is_dump:
        return Convention(".")
    numbers = []
    for line in grid.lines:
        for field, cell in line.cells.items():
            if field in NUMBERS and (number := cell_number(cell)):
                numbers.append(number)
    return convention(numbers, separated_by_commas=grid.separated_by_commas)


def _is_unknown_word(cell: str) -> bool:
    """Return whether the cell is short and has a word that is not known, and no digit."""
    return len(cell) <= 20 and not has_digit(cell) and bool(words_of(cell).unknown)


def _merged(first: Position, second: Position) -> Position | None:
    try:
        return merged(first, second)
    except FieldError:
        # Together they are larger than a scenario can hold.
        return None


def _duplicate_fault(
    first: _LinePosition, second: _LinePosition, whole: Position | None
) -> LineFault:
    """Return the fault of a second line of one token and side; `whole` are both as one."""
    wrong = f"{second.label} is already on line {first.line}"
    remedy = "keep one of the two"
    if whole:
        figures = f"of size {whole.quantity:.12g} at entry price {whole.entry_price:.12g}"
        remedy = f"merge them into one {figures}, or {remedy}"
    return LineFault(second.line, "", wrong, remedy)
