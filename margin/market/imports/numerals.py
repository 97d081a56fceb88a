"""Numbers as people write them (separators, signs, units, k and M), and a table's decimal sign.

A cell is a number if it can be read with a decimal point (commas group thousands), with a decimal
comma (points group thousands), or both; spaces and apostrophes may group thousands in either.
Groups have three digits, the first of them does not begin with 0, and a number with an exponent has
no groups. A number in parentheses is negative, as in bookkeeping. Digits are 0 to 9 alone.

Where the two readings differ, as in `1,234`, the other numbers of the table decide:

- a number with a single reading (`1.75`, `30.000,5`, `1,234,567`) proves the sign of the table;
- where such numbers contradict each other, those with the rarer sign are faults, and in a tie those
  with the comma;
- where none proves it, `1,234` and `1.234` are both faults; but in a table separated by commas a
  point is the decimal sign.
"""

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

DecimalSign = Literal[".", ","]
SIGNS: tuple[DecimalSign, ...] = (".", ",")
LONGEST = 80
"""Characters of a cell that is read as a number."""

_SCALES = {"": 0, "k": 3, "m": 6}
_NUMBER = re.compile(
    r"(?P<sign>[+-]?) *(?:(?P<before>US\$|\$|[A-Za-z]{1,15} ) *)?(?P<inner>[+-]?) *"
    r"(?P<body>[0-9.,](?:[0-9., ']*[0-9])?)(?:[eE](?P<exponent>[+-]?[0-9]{1,4}))?"
    r"(?: *(?P<scale>[kKmM])(?![A-Za-z0-9]))?(?: *(?P<after>\$|×|[A-Za-z][A-Za-z0-9]{0,15}))?"
)
_IN_PARENTHESES = re.compile(r"\((?P<inside>[^()]*)\)(?P<unit>[^()]*)")
_MULTIPLIED = re.compile(r"(?P<number>[^ ]+) +(?P<unit>(?:10{3,6}|1M)[A-Z]{2,12})")
"""An amount of a token whose name begins with digits: 1,200 1000PEPE."""
_SPACES = re.compile(r"[\s\u00a0\u2007\u2009\u202f]+")
_PLAIN_SIGNS = str.maketrans({"−": "-", "–": "-", "‒": "-", "﹣": "-", "－": "-", "’": "'"})


class CellFault(Exception):  # noqa: N818 (a fault of the table, not of the program)
    """What is wrong with a cell and what to do about it, as clauses; `field` is the one read."""

    def __init__(self, field: str, wrong: str, remedy: str) -> None:
        super().__init__(field, wrong, remedy)
        self.field, self.wrong, self.remedy = field, wrong, remedy


class Numeral(NamedTuple):
    """A number as written, before its decimal sign is known.

    `exponent` includes k and M; `unit` is the word, `$` or `×` beside the number, or empty.
    """

    written: str
    negative: bool
    body: str
    exponent: int
    grouped: bool
    """Whether thousands may be grouped, which an exponent rules out."""
    scale: str
    unit: str

    def readings(self) -> dict[DecimalSign, float]:
        """Return the value under each decimal sign with which this is a number."""
        values: dict[DecimalSign, float] = {}
        for sign in SIGNS:
            digits = _plain_digits(self.body, sign, self.grouped)
            if digits is not None:
                values[sign] = self._value(digits)
        return values

    def _value(self, digits: str) -> float:
        # Via text, so that 1.1k becomes the double nearest to 1100.
        return float(f"{'-' if self.negative else ''}{digits}e{self.exponent}")

    def proven_sign(self) -> DecimalSign | None:
        """Return the decimal sign that this number alone proves, None where it proves none."""
        readings = self.readings()
        return next(iter(readings)) if len(readings) == 1 else None


def numeral(cell: str) -> Numeral | None:
    """Return the number in a cell, None where the cell is not a number."""
    text = _SPACES.sub(" ", cell).strip().translate(_PLAIN_SIGNS)
    if len(text) > LONGEST:
        return None
    bookkeeping = _IN_PARENTHESES.fullmatch(text)
    if bookkeeping:
        text = f"-{bookkeeping['inside'].strip()}{bookkeeping['unit']}"
    if multiplied := _MULTIPLIED.fullmatch(text):
        bare = numeral(multiplied["number"])
        if bare is None or bare.unit:
            return None
        return bare._replace(written=cell, unit=multiplied["unit"])
    parts = _NUMBER.fullmatch(text)
    if parts is None or (parts["sign"] and parts["inner"]) or (parts["before"] and parts["after"]):
        return None
    scale = parts["scale"] or ""
    number = Numeral(
        written=cell,
        negative="-" in (parts["sign"], parts["inner"]),
        body=parts["body"],
        exponent=int(parts["exponent"] or 0) + _SCALES[scale.lower()],
        grouped=not parts["exponent"],
        scale=scale,
        unit=(parts["before"] or parts["after"] or "").strip(),
    )
    return number if number.readings() else None


def _plain_digits(body: str, sign: DecimalSign, grouped: bool) -> str | None:
    """Return the digits with a decimal point, None where `sign` cannot be the decimal sign."""
    whole, point, fraction = body.partition(sign)
    if not re.fullmatch("[0-9]*", fraction) or (point and not fraction):
        return None
    groups = re.fullmatch(r"[1-9][0-9]{0,2}([ '.,])[0-9]{3}(?:\1[0-9]{3})*", whole)
    if grouped and groups:
        whole = whole.replace(groups[1], "")
    if not re.fullmatch("[0-9]*", whole) or not whole + fraction:
        return None
    return f"{whole or 0}.{fraction or 0}"


class Convention(NamedTuple):
    """How a table writes numbers.

    `sign` is None where no number proves it; `proof` is a number that does, as written.
    """

    sign: DecimalSign | None
    proof: str = ""
    point_is_decimal: bool = False
    """Whether a point is the decimal sign where no number proves one."""

    def read(self, number: Numeral, field: str) -> float:
        """Return the number's value.

        Raises CellFault where the number contradicts the table, or may mean two values.
        """
        readings = number.readings()
        if len(set(readings.values())) == 1 and (self.sign is None or self.sign in readings):
            return next(iter(readings.values()))
        if self.sign is not None:
            if self.sign not in readings:
                raise CellFault(field, *self._contradiction(number))
            return readings[self.sign]
        if self.point_is_decimal and "." in number.body:
            return readings["."]
        values = " or ".join(_spelt(value) for value in readings.values())
        raise CellFault(field, f"{_quoted(number)} can mean {values}", f"write {values}")

    def _contradiction(self, number: Numeral) -> tuple[str, str]:
        actual, expected = ("comma", "point") if self.sign == "." else ("point", "comma")
        wrong = (
            f"{_quoted(number)} has a decimal {actual}, and other numbers ({self.proof}) a decimal "
            f"{expected}"
        )
        return wrong, "write all numbers alike"


def convention(numbers: Iterable[Numeral], *, separated_by_commas: bool) -> Convention:
    """Return the decimal sign that most of a table's numbers prove."""
    proofs: dict[DecimalSign, list[Numeral]] = {sign: [] for sign in SIGNS}
    for number in numbers:
        if sign := number.proven_sign():
            proofs[sign].append(number)
    if not any(proofs.values()):
        return Convention(None, point_is_decimal=separated_by_commas)
    # In a tie the first, which is the point.
    chosen = max(SIGNS, key=lambda sign: len(proofs[sign]))
    return Convention(chosen, proofs[chosen][0].written.strip())


def _quoted(number: Numeral) -> str:
    return f'"{number.written.strip()}"'


def _spelt(value: float) -> str:
    """Return the value in one meaning only: without groups, and never with three decimals."""
    text = format(value, ".15g")
    return f"{text}0" if re.fullmatch(r"-?[0-9]{1,3}\.[0-9]{3}", text) else text
