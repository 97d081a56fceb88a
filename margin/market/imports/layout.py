"""Split a text into rows of cells.

It chooses the separator, drops lines that only draw rules, joins lines that a printer wrapped, and
reports whether it cut some.
"""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

COMMENT = ("#", "//")
_RULE = re.compile(r"[-=_+|:;,\s\u2500-\u257f]*")
"""A line that only draws a rule, as in Markdown, in psql or in a box."""
_PLAIN_SIGNS = str.maketrans(
    {**dict.fromkeys("│┃║╎┆┊", "|"), **dict(zip("（）［］／＋－％：＄", "()[]/+-%:$", strict=True))}
)
"""Plain signs for the bars of drawn boxes and for signs of full width."""
_COLUMN_TYPES = frozenset(
    {"str", "f64", "f32", "i64", "i32", "u64", "u32", "bool", "object", "---", "date"}
)
"""The types of columns that some programs print below a header."""
_ELLIPSIS = re.compile(r"\.{2,3}|…")
_GAP = re.compile(r"[ \u00a0]{2,}")
_OTHER_SEPARATOR = re.compile(r"[\t;|,]|(?<![\w.,])[0-9]{1,3} +[0-9]{3}(?![0-9])")
"""A separator of cells other than a space, or a space between thousands."""
_SAMPLE = 200
"""Lines from which the separator is chosen."""
_LONGEST_SPAN = 5
"""Lines that a quoted cell may run over; more is a stray quote."""
_SEPARATORS = ("\t", ";", "|", ",", "  ", " ")


class TableRow(NamedTuple):
    """The cells of a line, its number counted from 1, and how many lines it runs over."""

    number: int
    cells: tuple[str, ...]
    span: int = 1


class SplitText(NamedTuple):
    """The rows of a text and their separator; `truncated` if a printer omitted lines or columns."""

    rows: list[TableRow]
    separator: str
    truncated: bool


Score = Callable[[Sequence[TableRow]], tuple[int, int]]


def lines_of(text: str) -> list[str]:
    """Return the text's lines, as an editor counts them."""
    return re.split("\r\n|\r|\n", text)


def split(text: str, most_lines: int, score: Score) -> SplitText | None:
    """Return the rows of a text, split by the separator with the highest `score`.

    None where it has more than `most_lines`. Empty lines and rules make no rows.
    """
    lines = lines_of(text.removeprefix("\ufeff").rstrip("\r\n").translate(_PLAIN_SIGNS))
    if len(lines) > most_lines:
        return None
    lines = _unwrapped(lines)
    filled = [line for line in lines if not _RULE.fullmatch(line)]
    sample = filled[:_SAMPLE]
    separator = max(_SEPARATORS, key=lambda candidate: score(list(_rows(sample, candidate))))
    rows = [row for row in _rows(lines, separator) if not _is_rule(row)]
    return SplitText(rows, separator, truncated=any(_is_cut(row) for row in rows))


def _is_rule(row: TableRow) -> bool:
    words = {cell for cell in row.cells if cell}
    return bool(_RULE.fullmatch("".join(row.cells))) or (
        len(row.cells) > 1 and words <= _COLUMN_TYPES
    )


def _is_cut(row: TableRow) -> bool:
    """Return whether a printer wrote dots for lines, or for a column among several."""
    dots = [bool(_ELLIPSIS.fullmatch(cell)) for cell in row.cells if cell]
    return bool(dots) and (all(dots) or (len(dots) > 3 and any(dots)))


def _rows(lines: Sequence[str], separator: str) -> Iterator[TableRow]:
    """Yield the row of every line that is not empty."""
    if separator not in {"  ", " ", "|"}:
        yield from _quoted_rows(lines, separator)
        return
    # A printed data frame may leave a single space; elsewhere a space may be inside a number.
    if separator == " " and not _is_printed_frame(lines):
        return
    # A Markdown table has bars around its lines; elsewhere a line that begins with one has an
    # empty first cell.
    framed = all(line.strip().startswith("|") for line in lines if line.strip())
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        if separator == "|":
            cells = _unframed(line, framed=framed).split("|")
        elif separator == "  ":
            cells = _GAP.split(line.strip())
        else:
            cells = line.split()
        yield _row(number, cells)


def _is_printed_frame(lines: Sequence[str]) -> bool:
    """Return whether spaces alone separate the cells, with a word for each word of the header.

    The lines may have their number as one word more.
    """
    counts = [len(line.split()) for line in lines if line.strip()]
    if len(counts) < 2 or any(_OTHER_SEPARATOR.search(line) for line in lines):
        return False
    return set(counts[1:]) in ({counts[0]}, {counts[0] + 1})


def _unframed(line: str, *, framed: bool) -> str:
    return line.strip().removeprefix("|").removesuffix("|") if framed else line


def _quoted_rows(lines: Sequence[str], separator: str) -> Iterator[TableRow]:
    """Yield rows whose cells may be quoted, with separators and line breaks inside the quotes."""
    start = 0
    while start < len(lines):
        span, cells = _quoted_row(lines, start, separator)
        if any(cell.strip() for cell in cells):
            yield _row(start + 1, cells, span)
        start += span


def _quoted_row(lines: Sequence[str], start: int, separator: str) -> tuple[int, list[str]]:
    """Return the number of lines of the row that begins at `start`, and its cells."""
    for span in range(1, _LONGEST_SPAN + 1):
        text = "\n".join(lines[start : start + span])
        if span == 1 and '"' not in text:
            return 1, [cell.lstrip(" ") for cell in text.split(separator)]
        try:
            rows = list(csv.reader([text], delimiter=separator, skipinitialspace=True, strict=True))
        except csv.Error:
            # A quote that is not closed on this line, or a cell beyond the module's limit.
            continue
        return span, rows[0] if rows else []
    return 1, _lenient_cells(lines[start], separator)


def _lenient_cells(line: str, separator: str) -> list[str]:
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
    """Return the lines of a data frame with its wrapped columns joined.

    A frame too wide for its page is printed in blocks of columns, one below the other: each header
    but the last ends with a backslash, and each line begins with its number. The lines of later
    blocks become empty, so that those of the first keep their numbers.
    """
    if not any(line.rstrip().endswith("\\") for line in lines):
        return lines
    blocks = _blocks(lines)
    heights = {len(block) for block in blocks}
    if len(blocks) < 2 or len(heights) != 1:
        return lines
    joined = [""] * len(lines)
    for row, (index, line) in enumerate(blocks[0]):
        parts = [line.rstrip("\\ ")]
        for block in blocks[1:]:
            part = block[row][1].rstrip("\\ ")
            # Every block repeats the line's number, except in its header.
            parts.append(part if row == 0 else re.sub(r"^\s*[0-9]+(?=\s)", "", part))
        joined[index] = "  ".join(parts)
    return joined


def _blocks(lines: Sequence[str]) -> list[list[tuple[int, str]]]:
    """Return the lines with their indices, in blocks separated by empty lines."""
    blocks: list[list[tuple[int, str]]] = [[]]
    for index, line in enumerate(lines):
        if line.strip():
            blocks[-1].append((index, line))
        elif blocks[-1]:
            blocks.append([])
    return [block for block in blocks if block]
