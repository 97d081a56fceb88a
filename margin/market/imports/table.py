"""Positions from a pasted or uploaded table, in any of the spellings that people and venues have for one.

`read_table` takes any text and never raises. A line is a position, or it is left out with its reason (what a scenario
of perpetuals in one margin mode and one settlement coin cannot hold), or it has faults, each with its remedy; as long
as one fault stands the table is not `complete`, and nothing of it may be taken over. Nothing is evaluated: a formula is
text. How a text falls into lines and columns stands in `grid`, what a line means in `line`, and how numbers
are read, above all where a comma may be either sign, in `numerals`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from margin.errors import FieldError
from margin.market.accounts import LeftOut
from margin.market.imports.grid import Grid, Line, LineFault, lines_of, printable, read_grid
from margin.market.imports.line import ASSUMED_LEVERAGE, NUMBERS, LineReader, Purpose
from margin.market.imports.numerals import convention, numeral
from margin.scenario import MOST_POSITIONS, Position, merged

MOST_FAULTS = 50
_PROFIT_INSIDE = "isolatedMargin"
"""How Binance names a margin that counts the open profit in."""


@dataclass(frozen=True, slots=True)
class TableRead:
    """What a table says: its positions, in their order, and all that kept others out.

    At most `MOST_FAULTS` faults are told, `more_faults` counts the rest. Notes say what was assumed, converted or not
    read, as sentences without their full stop.
    """

    positions: tuple[Position, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    faults: tuple[LineFault, ...] = ()
    notes: tuple[str, ...] = ()
    more_faults: int = 0

    @property
    def complete(self) -> bool:
        """Whether it may be taken over: it holds positions, and every line of it was understood."""
        return bool(self.positions) and not self.faults


def read_table(
    text: str,
    *,
    isolated: bool = False,
    settlement: str = "USDT",
    contract_values: Mapping[str, float] | None = None,
    merge: bool = False,
) -> TableRead:
    """The positions of a table, for a scenario in cross or in isolated margin that settles in one coin.

    Settlement `USD` takes every dollar coin. `contract_values` are the tokens in one contract by token; without them
    sizes in contracts are faults. `merge` makes one position of lines of the same token and side. What a table does
    not say of the leverage is 10×, of the isolated margin size · entry ÷ leverage, and a note tells it.
    """
    grid = read_grid(text)
    reading = _Reading(grid, Purpose(isolated, settlement, contract_values or {}))
    for line in grid.lines:
        reading.take(line)
    return reading.result(merge=merge)


def decoded(raw: bytes) -> str:
    """The text of a file in UTF-8 or, where it says so at its beginning, UTF-16. Raises FieldError for any other."""
    coding = "utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8"
    try:
        return raw.decode(coding).removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise FieldError("", "it is not a text file in UTF-8; save it as CSV in UTF-8, or paste the table") from None


def without_lines(text: str, lines: Collection[int]) -> str:
    """The text without the lines of these numbers, counted as the faults count them."""
    kept = [line for number, line in enumerate(lines_of(text), start=1) if number not in lines]
    return "\n".join(kept)


def joined(first: Sequence[Position], second: Sequence[Position]) -> tuple[Position, ...]:
    """Both lists as one, the same token on the same side as one position.

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
        cells = (cell for line in grid.lines for field, cell in line.cells.items() if field in NUMBERS)
        numbers = [written for cell in cells if (written := numeral(cell))]
        self.grid, self.purpose = grid, purpose
        self.convention = convention(numbers, parted_by_commas=grid.parted_by_commas)
        self.legs: list[_Leg] = []
        self.left_out: list[LeftOut] = []
        self.faults = list(grid.faults)
        self.closed = 0
        self.assumed: dict[str, list[str]] = {}

    def take(self, line: Line) -> None:
        """One line: a position, a reason to leave it out, faults, or nothing that is open."""
        reader = LineReader(line, self.grid.columns, self.convention, self.purpose)
        if reader.closed:
            self.closed += 1
        elif reason := reader.why_left_out():
            self.left_out.append(LeftOut(f"{printable(line.cells.get('symbol', ''))}, line {line.number}", reason))
        else:
            position = reader.position()
            self.faults += reader.faults
            if position is not None:
                self._keep(_Leg(line.number, position), reader.assumed)

    def _keep(self, leg: _Leg, assumed: Mapping[str, str]) -> None:
        self.legs.append(leg)
        for name, detail in assumed.items():
            self.assumed.setdefault(name, []).append(f"{leg.label}{detail}")

    def result(self, *, merge: bool) -> TableRead:
        """All that was read."""
        notes = [*self.grid.notes, *self._notes()]
        positions = self._each_once(notes, merge=merge)
        if len(positions) > MOST_POSITIONS:
            wrong = f"it holds {len(positions)} positions, a scenario at most {MOST_POSITIONS}"
            self.faults.append(LineFault(0, "", wrong, "leave some of them out"))
        if self.grid.columns and not self.grid.lines and not self.faults:
            self.faults.append(LineFault(0, "", "it has a header and no line below it", "paste the lines with it"))
        faults = sorted(self.faults, key=lambda fault: fault.line)
        more = max(0, len(faults) - MOST_FAULTS)
        return TableRead(
            tuple(positions[:MOST_POSITIONS]), tuple(self.left_out), tuple(faults[:MOST_FAULTS]), tuple(notes), more
        )

    def _each_once(self, notes: list[str], *, merge: bool) -> list[Position]:
        """The positions, each token once on each side: what comes again is merged, or else a fault."""
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
                notes.append(f"line {leg.line} is merged into line {first.line}: both are {leg.label}{other}")
            else:
                self.faults.append(_doubled(first, leg, one))
        return [leg.position for leg in kept.values()]

    def _notes(self) -> list[str]:
        """What was assumed and converted, in the order of the fields."""
        said = {
            "notional": "sizes in $ became tokens at the entry price: {}",
            "contracts": "contracts became tokens (contracts × contract value): {}",
            "swap": "sizes were read as tokens; OKX's own, beside symbols that end in -SWAP, are contracts, and their "
            "column has to be called so: {}",
            "leverage": f"no leverage is given, {ASSUMED_LEVERAGE:g}× is taken: {{}}",
            "margin": "no isolated margin is given, size × entry ÷ leverage is taken: {}",
        }
        notes = [text.format(", ".join(self.assumed[name])) for name, text in said.items() if name in self.assumed]
        if self.legs and "side" not in self.grid.columns:
            notes.append("no column says the side: a positive size is long, a negative one short")
        if self.closed:
            notes.append(f"lines of size 0, where nothing is open: {self.closed}")
        if self.purpose.isolated and self._margins_with_profit():
            notes.append(f"{_PROFIT_INSIDE} is taken as the margin without open profit, which Binance counts into it")
        return notes

    def _margins_with_profit(self) -> bool:
        columns = self.grid.columns
        named = columns["isolated_margin"].name if "isolated_margin" in columns else ""
        return named == _PROFIT_INSIDE and "isolated_wallet" not in columns


def _merged(first: Position, second: Position) -> Position | None:
    try:
        return merged(first, second)
    except FieldError:  # Together they are beyond any size that is read.
        return None


def _doubled(first: _Leg, second: _Leg, one: Position | None) -> LineFault:
    wrong = f"{second.label} stands on line {first.line} already"
    if one is None:
        return LineFault(second.line, "", wrong, "keep one of the two")
    whole = f"of size {one.quantity:.12g} at entry price {one.entry_price:.12g}"
    return LineFault(second.line, "", wrong, f"merge them into one {whole}, or keep one of the two")
