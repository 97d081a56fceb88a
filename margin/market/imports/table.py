"""Positions from a pasted or uploaded table, in any spelling that people and venues use.

`read_table` takes any text and never raises. A line is a position, or it is left out with its
reason (what a scenario of perpetuals in one margin mode and one settlement coin cannot hold, and
what is closed), or it has faults, each with its remedy; as long as one fault stands the table is
not `complete`, and nothing of it may be imported. A table whose every line is closed, or that lists
orders or trades, is refused by name. Nothing is evaluated: a formula is text.

How a text falls into rows stands in `layout`, which line is the header in `grid`, what columns and
words are called in `vocabulary`, what a line means in `line`, which tables are refused in `closed`,
how numbers are read in `numerals`, and how dumps of programs become a grid in `dumps`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from margin.errors import FieldError
from margin.market.accounts import LeftOut
from margin.market.imports.cells import without_note, words_of
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
from margin.market.imports.numerals import Convention, convention, numeral
from margin.market.imports.vocabulary import EMPTY
from margin.model.scenario import MOST_POSITIONS, Position, merged
from margin.venues import DEFAULT_VENUE, VENUES, Venue

MOST_FAULTS = 50
MOST_LEFT_OUT = 500
_PROFIT_INSIDE = "isolatedMargin"
"""How Binance names a margin that counts the open profit in."""
_FEW = 3
"""Different words in a column that may be one of sides in a language that is not known."""


@dataclass(frozen=True, slots=True)
class TableRead:
    """What a table says: its positions, in their order, and all that kept others out.

    At most `MOST_FAULTS` faults are listed, `more_faults` counts the rest; likewise `MOST_LEFT_OUT`
    lines left out. Notes say what was assumed, converted or not read, as sentences without their
    full stop.
    """

    positions: tuple[Position, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    faults: tuple[LineFault, ...] = ()
    notes: tuple[str, ...] = ()
    more_faults: int = 0

    @property
    def complete(self) -> bool:
        """Whether it may be imported: it holds positions, and every line of it was understood."""
        return bool(self.positions) and not self.faults

    @property
    def refused(self) -> bool:
        """Whether the table as a whole cannot be one of open positions."""
        return (
            bool(self.faults)
            and not self.positions
            and not any(fault.removable for fault in self.faults)
        )

    @property
    def removable_lines(self) -> tuple[int, ...]:
        """The lines with faults, where the table without them would still mean what it says.

        Else none.
        """
        if any(not fault.removable or fault.unit != "Line" for fault in self.faults):
            return ()
        return tuple(sorted({fault.line for fault in self.faults if fault.line}))

    def to_json(self) -> dict[str, Any]:
        """Return it as the `import` command prints it.

        `line` is null where the table as a whole is meant.
        """
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
    """Return the positions of a table, for an account at a venue in cross or in isolated margin.

    `contract_values` are the tokens in one contract, by token, at the venue that counts in
    contracts; without them such sizes are faults. `marks` are last known prices by token, against
    which entry prices are checked. `merge` makes one position of lines of the same token and side.
    Where a table does not say the leverage it is 10×, and an isolated margin is size · entry ÷
    leverage; a note says so.
    """
    grid = dump_grid(text) or read_grid(text)
    reading = _Reading(grid, Purpose(VENUES[venue], isolated, contract_values or {}, marks or {}))
    if not reading.refuse_listing():
        for line in grid.lines:
            reading.take(line)
    return reading.result(merge=merge)


def without_lines(text: str, lines: Collection[int]) -> str:
    """Return the text without the lines of these numbers, counted as the faults count them."""
    kept = [line for number, line in enumerate(lines_of(text), start=1) if number not in lines]
    return "\n".join(kept)


def joined(first: Sequence[Position], second: Sequence[Position]) -> tuple[Position, ...]:
    """Return both lists as one, the same token on the same side as one position.

    Raises FieldError where one of them would be larger than a scenario holds.
    """
    legs: dict[tuple[str, str], Position] = {}
    for position in (*first, *second):
        leg = (position.symbol, position.side)
        legs[leg] = merged(legs[leg], position) if leg in legs else position
    return tuple(legs.values())


class _Leg(NamedTuple):
    line: int
    position: Position

    @property
    def label(self) -> str:
        return f"{self.position.symbol} {self.position.side}"


class _Reading:
    """Reads the lines of one grid one after the other and gathers what they say."""

    def __init__(self, grid: Grid, purpose: Purpose) -> None:
        self.grid, self.purpose = grid, purpose
        self.convention = _convention(grid)
        self.legs: list[_Leg] = []
        self.left_out: list[LeftOut] = []
        self.closed: list[str] = []
        self.faults = list(grid.faults)
        self.empty = 0
        self.says_perpetual = False
        self.accounts: dict[str, None] = {}
        self.trades: list[str] = []
        self.listings: dict[tuple[str, ...], str] = {}
        self.lists: dict[tuple[str, ...], list[TableLine]] = {}
        for line in grid.lines:
            self.lists.setdefault(line.context, []).append(line)
        self.filled = {
            context: filled_fields(line.entries for line in lines)
            for context, lines in self.lists.items()
        }
        self.assumed: dict[str, list[str]] = {}

    def refuse_listing(self) -> bool:
        """Refuse a table that cannot be one of open positions, or lacks a column.

        Return whether it did.
        """
        if self.faults and not self.grid.columns:
            return True
        reasons = {
            context: _why_no_positions(context, lines) for context, lines in self.lists.items()
        }
        if reasons and all(reasons.values()):
            self._refuse(
                f"{next(iter(reasons.values()))}, not open positions", _export(self.purpose.venue)
            )
        else:
            self.listings = {context: reason for context, reason in reasons.items() if reason}
            self._require_columns()
        return any(not fault.removable for fault in self.faults)

    def take(self, line: TableLine) -> None:
        """Read one line: a position, a reason to leave it out, faults, or nothing that is open."""
        reader = LineReader(
            line, self.grid, self.convention, self.purpose, self.filled[line.context]
        )
        label = f"{printable(line.cells.get('symbol', ''))}, {self.grid.unit.lower()} {line.number}"
        if reason := self.listings.get(line.context):
            self.left_out.append(LeftOut(label, reason))
        elif reader.nothing_open:
            self.empty += 1
        elif reason := reader.why_closed():
            self.closed.append(reason)
            self.left_out.append(LeftOut(label, f"it is closed: {reason}"))
        elif reason := reader.why_left_out():
            self.left_out.append(LeftOut(label, reason))
        else:
            position = reader.position()
            self.faults += reader.faults
            if position is not None:
                self._keep(_Leg(line.number, position), reader.assumed)
                self.accounts.update(dict.fromkeys(cell for _, cell in line.of("account")[:1]))
                self.says_perpetual |= reader.symbol.perpetual or bool(reader.leverage)
                if reader.stated.by_trades:
                    self.trades.append(position.symbol)

    def result(self, *, merge: bool) -> TableRead:
        """Return all that was read."""
        if (
            self.closed
            and len(self.closed) == len(self.left_out)
            and not self.legs
            and not self.faults
        ):
            self.left_out.clear()
            wrong = (
                f"it lists closed trades, not open positions: on the first line {self.closed[0]}"
            )
            self._refuse(wrong, _export(self.purpose.venue))
        self._ask_for_side()
        self._ask_whether_open()
        if len(self.accounts) > 1:
            names = ", ".join(f'"{printable(name)}"' for name in list(self.accounts)[:3])
            self._refuse(
                f"it holds the positions of several accounts ({names})",
                "import one account at a time",
            )
        notes = [*self.grid.notes, *self._notes()]
        positions = self._each_once(notes, merge=merge)
        if len(positions) > MOST_POSITIONS:
            wrong = f"it holds {len(positions)} positions, a scenario at most {MOST_POSITIONS}"
            self._refuse(wrong, "leave some of them out")
        if self.grid.columns and not self.grid.lines and not self.faults:
            self._refuse("it has a header and no line below it", "paste the lines with it")
        if not (positions or self.faults or self.left_out):
            wrong = "nothing is open in it: every size is 0" if self.empty else "it is empty"
            self._refuse(wrong, "paste open positions")
        faults = sorted(self.faults, key=lambda fault: fault.line)
        more = max(0, len(faults) - MOST_FAULTS)
        if len(self.left_out) > MOST_LEFT_OUT:
            notes.append(
                f"lines left out beside those listed: {len(self.left_out) - MOST_LEFT_OUT:,}"
            )
        return TableRead(
            tuple(positions[:MOST_POSITIONS]),
            tuple(self.left_out[:MOST_LEFT_OUT]),
            tuple(faults[:MOST_FAULTS]),
            tuple(notes),
            more,
        )

    def _refuse(self, wrong: str, remedy: str, line: int = 0) -> None:
        self.faults.append(LineFault(line, "", wrong, remedy, removable=False, unit=self.grid.unit))

    def _require_columns(self) -> None:
        """Require columns for the token, the entry price, and a size or margin with leverage."""
        columns = self.grid.columns
        if self.grid.header is None or not columns:
            return
        line = self.grid.header
        sized = columns.keys() & {"size", "contracts"}
        if not sized and (
            suspect := next(
                (column for column in self.grid.unread if self._may_be_size(column)), None
            )
        ):
            self._refuse(
                f'no column says the size; is it "{suspect.name}"?', 'name it "size"', line
            )
        elif not sized | (columns.keys() & {"notional", "margin", "initial_margin"}):
            self._refuse(
                "no column says the size", 'name one "size" (in tokens) or "notional" (in $)', line
            )
        if "entry_price" not in columns:
            self._refuse("no column says the entry price", 'name one "entry price"', line)

    def _cells(self, column: Column) -> list[str]:
        cells = (
            entry.cell
            for line in self.grid.lines
            for entry in line.entries
            if entry.column is column
        )
        return [cell for cell in cells if cell.lower() not in EMPTY]

    def _may_be_size(self, column: Column) -> bool:
        """Return whether a column that is not understood holds numbers."""
        cells = [] if column.known else self._cells(column)
        return bool(cells) and all(numeral(without_note(cell)[0]) for cell in cells)

    def _keep(self, leg: _Leg, assumed: Mapping[str, str]) -> None:
        self.legs.append(leg)
        for name, detail in assumed.items():
            self.assumed.setdefault(name, []).append(f"{leg.label}{detail}")

    @property
    def all_filled(self) -> set[str]:
        """The fields that any list has values in."""
        return set().union(*self.filled.values())

    def _ask_for_side(self) -> None:
        """Refuse a table whose sides may stand in what is not understood, or nowhere."""
        all_trades = self.grid.header is not None and 0 < len(self.legs) == len(self.trades)
        if all_trades and not self._is_leveraged:
            wrong = (
                "it says buy or sell, and nothing in it says that these are open perpetuals, and "
                "not trades"
            )
            self._refuse(wrong, "write long or short for positions, or add their leverage")
            return
        if "sign" not in self.assumed or any(leg.position.side == "short" for leg in self.legs):
            return
        suspect = next(
            (column for column in self.grid.unread if self._may_hold_sides(column)), None
        )
        if suspect:
            wrong = f'no column says long or short in words that are known; is it "{suspect.name}"?'
            self._refuse(wrong, 'name it "side" and write long or short')
        elif self.grid.header is not None and not self._is_leveraged:
            wrong = "nothing in it says that these are perpetuals, and not coins that are held"
            self._refuse(wrong, 'add a column "side" that says long or short')

    @property
    def _is_leveraged(self) -> bool:
        """Whether anything shows that the lines are perpetuals.

        A symbol, a leverage, a margin, an open profit.
        """
        return self.says_perpetual or not self.all_filled.isdisjoint(LEVERAGED)

    def _may_hold_sides(self, column: Column) -> bool:
        """Return whether an unknown column holds a few plain words or signed numbers."""
        if column.known:
            return False
        cells = self._cells(column)
        numbers = [numeral(without_note(cell)[0]) for cell in cells]
        if any(number and number.negative for number in numbers):
            return True
        return 0 < len(set(cells)) <= _FEW and all(_is_plain_word(cell) for cell in cells)

    def _ask_whether_open(self) -> None:
        """Refuse what looks like trades, or a journal whose results say which are over."""
        if not self.legs or not self.all_filled.isdisjoint(OPEN_SIGNS):
            return
        legs = {leg.label for leg in self.legs if leg.position.symbol in self.trades}
        both = next(
            (symbol for symbol in self.trades if {f"{symbol} long", f"{symbol} short"} <= legs),
            None,
        )
        if both:
            wrong = f"{both} is bought and sold in it: it may list trades, not open positions"
            self._refuse(wrong, "write long and short for positions")
        open_lines = {leg.line for leg in self.legs}
        with_result = [
            bool(line.of("pnl")) for line in self.grid.lines if line.number in open_lines
        ]
        if any(with_result) and not all(with_result):
            wrong = "only some lines have a profit or loss: are those closed?"
            self._refuse(wrong, 'add a column "status" that says open or closed')

    def _each_once(self, notes: list[str], *, merge: bool) -> list[Position]:
        """Return the positions, each token once on each side.

        What comes again is merged, or else a fault.
        """
        kept: dict[str, _Leg] = {}
        for leg in self.legs:
            first = kept.setdefault(leg.label, leg)
            if first is leg:
                continue
            one = _merged(first.position, leg.position)
            if merge and one:
                kept[leg.label] = _Leg(first.line, one)
                kept_leverage = f"; the leverage is line {first.line}'s, {one.leverage:g}×"
                other = kept_leverage if leg.position.leverage != one.leverage else ""
                notes.append(
                    f"line {leg.line} is merged into line {first.line}: both are {leg.label}{other}"
                )
            else:
                self.faults.append(_doubled(first, leg, one)._replace(unit=self.grid.unit))
        return [leg.position for leg in kept.values()]

    def _notes(self) -> list[str]:
        """Return what was assumed and converted, in the order of the fields."""
        texts = {
            "notional": "sizes in $ became tokens at the entry price: {}",
            "notional_at_mark": "sizes in $ became tokens at the mark price: {}",
            "margin": "no size is given, margin × leverage ÷ entry price is taken: {}",
            "contracts": "contracts became tokens (contracts × contract value): {}",
            "unified": f"contracts were read as tokens, as ccxt has them on "
            f"{self.purpose.venue.name}: {{}}",
            "swap": "sizes were read as tokens; OKX's own, beside symbols that end in -SWAP, are "
            "contracts, and their "
            "column has to be called so: {}",
            "side": "no side is given, profit or liquidation price shows it: {}",
            "shown_leverage": "no leverage is given, value ÷ margin shows it: {}",
            "leverage": f"no leverage is given, {ASSUMED_LEVERAGE:g}× is taken: {{}}",
            "margin_assumed": "no isolated margin is given, size × entry ÷ leverage is taken: {}",
        }
        notes = [
            text.format(", ".join(self.assumed[name]))
            for name, text in texts.items()
            if name in self.assumed
        ]
        if self.legs and self.grid.header is None:
            notes.append(
                "there is no header: the columns were read as token, side, size, entry price, "
                "leverage"
            )
        if "sign" in self.assumed:
            notes.append("no column says the side: a positive size is long, a negative one short")
        if "mode" in self.assumed:
            notes.append(f"the table does not say cross or isolated: read as {self.purpose.mode}")
        if self.empty:
            notes.append(f"lines of size 0, where nothing is open: {self.empty:,}")
        if self.purpose.isolated and self._margins_with_profit():
            notes.append(
                f"{_PROFIT_INSIDE} is taken as the margin without open profit, which Binance "
                f"counts into it"
            )
        return notes

    def _margins_with_profit(self) -> bool:
        columns = self.grid.columns
        named = columns["isolated_margin"].name if "isolated_margin" in columns else ""
        return named == _PROFIT_INSIDE and "isolated_wallet" not in columns


def _why_no_positions(context: Sequence[str], lines: Sequence[TableLine]) -> str | None:
    """Return why the lines of a list are no open positions, by its title or columns."""
    title = next(filter(lists_no_positions, context), None)
    if title is not None:
        return f'its title, "{printable(title)}", is that of closed trades or orders'
    return why_listing([line.entries for line in lines])


def _export(venue: Venue) -> str:
    return f"import your open positions instead: {venue.open_positions}"


def _convention(grid: Grid) -> Convention:
    """Return how the table writes numbers; programs write a decimal point."""
    if grid.is_dump:
        return Convention(".")
    numbers = []
    for line in grid.lines:
        for field, cell in line.cells.items():
            written = numeral(without_note(cell)[0]) if field in NUMBERS else None
            if written:
                numbers.append(written)
    return convention(numbers, separated_by_commas=grid.separated_by_commas)


def _is_plain_word(cell: str) -> bool:
    """Return whether the cell is a short word that says nothing that is known."""
    return len(cell) <= 20 and not any(map(str.isdigit, cell)) and bool(words_of(cell).unknown)


def _merged(first: Position, second: Position) -> Position | None:
    try:
        return merged(first, second)
    except FieldError:  # Together they are beyond any size that is read.
        return None


def _doubled(first: _Leg, second: _Leg, one: Position | None) -> LineFault:
    wrong = f"{second.label} is already on line {first.line}"
    if one is None:
        return LineFault(second.line, "", wrong, "keep one of the two")
    whole = f"of size {one.quantity:.12g} at entry price {one.entry_price:.12g}"
    return LineFault(second.line, "", wrong, f"merge them into one {whole}, or keep one of the two")
