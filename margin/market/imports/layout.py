"""A text as rows of cells.

How its columns are parted, which lines only draw rules, and what a printer did to it.
"""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

COMMENT = ("#", "//")
_RULE = re.compile(r"[-=_+|:;,\s\u2500-\u257f]*")
"""A line that only draws: of a Markdown table, of psql, of a box."""
_PLAIN = str.maketrans(
    {**dict.fromkeys("│┃║╎┆┊", "|"), **dict(zip("（）［］／＋－％：＄", "()[]/+-%:$", strict=True))}
)
"""Bars of drawn boxes, and signs of full width, as everybody else writes them."""
_KINDS_OF_COLUMNS = frozenset(
    {"str", "f64", "f32", "i64", "i32", "u64", "u32", "bool", "object", "---", "date"}
)
"""What some programs print below a header."""
_ONLY_DOTS = re.compile(r"\.{2,3}|…")
_GAP = re.compile(r"[ \u00a0]{2,}")
_OTHERWISE_PARTED = re.compile(r"[\t;|,]|(?<![\w.,])[0-9]{1,3} +[0-9]{3}(?![0-9])")
"""What parts cells, or thousands, in another way than a single space between two cells."""
_SAMPLE = 200
"""Lines by which the separator is chosen."""
_LONGEST_SPAN = 5
"""Lines that a quoted cell may run over; more is a stray quote."""


class TableRow(NamedTuple):
    """The cells of a line, its number counted from 1, and how many lines it runs over."""

    number: int
    cells: tuple[str, ...]
    span: int = 1


class Parted(NamedTuple):
    """The rows of a text, and by what their cells are parted.

    `truncated`: a printer left lines or columns out.
    """

    rows: list[TableRow]
    separator: str
    truncated: bool


Sense = Callable[[Sequence[TableRow]], tuple[int, int]]


def lines_of(text: str) -> list[str]:
    """Return the text's lines, as an editor counts them."""
    return re.split("\r\n|\r|\n", text)


def split(text: str, most_lines: int, sense: Sense) -> Parted | None:
    """Return the rows of a text, parted in the way that makes most `sense`.

    None where it has more than `most_lines`.

    Lines that hold nothing or draw a rule are no rows.
    """
    lines = lines_of(text.removeprefix("\ufeff").rstrip("\r\n").translate(_PLAIN))
    if len(lines) > most_lines:
        return None
    lines = _unwrapped(lines)
    filled = [line for line in lines if not _RULE.fullmatch(line)]
    sample = filled[:_SAMPLE]
    separator = max(_SEPARATORS, key=lambda each: sense(list(_rows(sample, each))))
    rows = [row for row in _rows(lines, separator) if not _is_rule(row)]
    return Parted(rows, separator, truncated=any(_is_cut(row) for row in rows))


_SEPARATORS = ("\t", ";", "|", ",", "  ", " ")


def _is_rule(row: TableRow) -> bool:
    kinds = {cell for cell in row.cells if cell}
    return bool(_RULE.fullmatch("".join(row.cells))) or (
        len(row.cells) > 1 and kinds <= _KINDS_OF_COLUMNS
    )


def _is_cut(row: TableRow) -> bool:
    dots = [bool(_ONLY_DOTS.fullmatch(cell)) for cell in row.cells if cell]
    return bool(dots) and (all(dots) or (len(dots) > 3 and any(dots)))


def _rows(lines: Sequence[str], separator: str) -> Iterator[TableRow]:
    """Yield the row of every line that is not empty."""
    cells_of: Callable[[str], list[str]]
    if separator == "  ":
        cells_of = lambda line: _GAP.split(line.strip())  # noqa: E731
    elif separator == " ":
        # A printed data frame may leave a single space. A number with a space in it must not become
        # two.
        if not _is_printed_frame(lines):
            return
        cells_of = str.split
    elif separator == "|":
        # A Markdown table has bars around its lines; elsewhere a line that begins with one has an
        # empty first cell.
        framed = all(line.strip().startswith("|") for line in lines if line.strip())
        cells_of = lambda line: _unframed(line, framed=framed).split("|")  # noqa: E731
    else:
        yield from _quoted_rows(lines, separator)
        return
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _row(number, cells_of(line))


def _is_printed_frame(lines: Sequence[str]) -> bool:
    """Return whether spaces alone part the lines, with a word for each word of the first.

    Its lines may be numbered.
    """
    counts = [len(line.split()) for line in lines if line.strip()]
    if len(counts) < 2 or any(_OTHERWISE_PARTED.search(line) for line in lines):
        return False
    return set(counts[1:]) in ({counts[0]}, {counts[0] + 1})


def _unframed(line: str, *, framed: bool) -> str:
    return line.strip().removeprefix("|").removesuffix("|") if framed else line


def _quoted_rows(lines: Sequence[str], separator: str) -> Iterator[TableRow]:
    """Yield rows whose cells may stand in quotes, and there hold separators and line breaks."""
    start = 0
    while start < len(lines):
        span, cells = _quoted_row(lines, start, separator)
        if any(cell.strip() for cell in cells):
            yield _row(start + 1, cells, span)
        start += span


def _quoted_row(lines: Sequence[str], start: int, separator: str) -> tuple[int, list[str]]:
    """Return how many lines the row runs over that begins at `start`, and its cells."""
    for span in range(1, _LONGEST_SPAN + 1):
        text = "\n".join(lines[start : start + span])
        if span == 1 and '"' not in text:
            return 1, [cell.lstrip(" ") for cell in text.split(separator)]
        try:
            rows = list(csv.reader([text], delimiter=separator, skipinitialspace=True, strict=True))
        except (
            csv.Error
        ):  # A quote that is not closed on this line, or a cell beyond the module's own limit.
            continue
        return span, rows[0] if rows else []
    return 1, _loosely(lines[start], separator)


def _loosely(line: str, separator: str) -> list[str]:
    try:
        cells = next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
    except csv.Error:
        cells = []
    return cells if any(cells) else line.split(separator)


def _row(number: int, cells: Sequence[str], span: int = 1) -> TableRow:
    return TableRow(
        number,
        tuple(" ".join(cell.split()) if "\n" in cell else cell.strip() for cell in cells),
        span,
    )


def _unwrapped(lines: list[str]) -> list[str]:
    """Return the lines of a printed data frame that was too wide for its page in one piece.

    Such a print has its columns in blocks, one below the other, each header but the last ended by a
    backslash and each line begun by its number. The lines of later blocks are emptied, so that the
    first ones keep their numbers.
    """
    if not any(line.rstrip().endswith("\\") for line in lines):
        return lines
    blocks = _blocks(lines)
    heights = {len(block) for block in blocks}
    if len(blocks) < 2 or len(heights) != 1:
        return lines
    whole = [""] * len(lines)
    for place, (number, line) in enumerate(blocks[0]):
        parts = [line.rstrip("\\ ")]
        for block in blocks[1:]:
            part = block[place][1].rstrip("\\ ")
            # Every block repeats the line's number, but for its header.
            parts.append(part if place == 0 else re.sub(r"^\s*[0-9]+(?=\s)", "", part))
        whole[number] = "  ".join(parts)
    return whole


def _blocks(lines: Sequence[str]) -> list[list[tuple[int, str]]]:
    """Return the lines, with their places, in blocks parted by empty lines."""
    blocks: list[list[tuple[int, str]]] = [[]]
    for place, line in enumerate(lines):
        if line.strip():
            blocks[-1].append((place, line))
        elif blocks[-1]:
            blocks.append([])
    return [block for block in blocks if block]
