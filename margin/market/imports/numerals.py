"""Numbers as people write them in a table: separators, signs, units, k and M.

And which decimal sign a table has.

A number in parentheses is negative, as bookkeepers write it.

A cell is a number if it has one reading with a decimal point (commas part thousands), one with a
decimal comma (points part thousands), or both; spaces and apostrophes may part thousands in either.
Thousands come in threes and begin with no 0, and an exponent goes with no thousands. Where the two
readings differ, as in `1,234`, only another number tells:

- one that has a single reading (`1.75`, `30.000,5`, `1,234,567`) says which sign the whole table
  has;
- where such numbers contradict each other, those of the rarer sign are faults (a tie: those with
  the comma);
- where no number tells, `1,234` and `1.234` are faults alike, except that a point between commas
  that part the columns
  is the decimal sign.

Digits are 0 to 9 alone.
"""

import re
from collections import Counter
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
"""A number of a token whose name begins with digits: 1,200 1000PEPE."""
_SPACES = re.compile(r"[\s\u00a0\u2007\u2009\u202f]+")
_LIKE = str.maketrans({"−": "-", "–": "-", "‒": "-", "﹣": "-", "－": "-", "’": "'"})


class CellFault(Exception):  # noqa: N818 (it is what the person is told)
    """What is wrong with a cell and what to do about it, as clauses.

    `field` names what was to be read.
    """

    def __init__(self, field: str, wrong: str, remedy: str) -> None:
        super().__init__(field, wrong, remedy)
        self.field, self.wrong, self.remedy = field, wrong, remedy


class Numeral(NamedTuple):
    """A number as written. `exponent` counts k and M in.

    `unit` is a word, `$` or `×` beside it, empty where none.
    """

    written: str
    negative: bool
    body: str
    exponent: int
    grouped: bool
    """Whether thousands may be parted: not beside an exponent."""
    scale: str
    unit: str

    def readings(self) -> dict[DecimalSign, float]:
        """Return its value by decimal sign; a sign under which it is no number is missing."""
        plain = {sign: _plain(self.body, sign, self.grouped) for sign in SIGNS}
        return {sign: self._value(digits) for sign, digits in plain.items() if digits is not None}

    def _value(self, digits: str) -> float:
        # By way of text, so that 1.1k is the double nearest to 1100.
        return float(f"{'-' if self.negative else ''}{digits}e{self.exponent}")

    def tells(self) -> DecimalSign | None:
        """Return the decimal sign that this number alone proves."""
        readings = self.readings()
        return next(iter(readings)) if len(readings) == 1 else None


def numeral(cell: str) -> Numeral | None:
    """Return the number in a cell, None where it holds none."""
    text = _SPACES.sub(" ", cell).strip().translate(_LIKE)
    if len(text) > LONGEST:
        return None
    bookkeeping = _IN_PARENTHESES.fullmatch(text)
    if bookkeeping:
        text = f"-{bookkeeping['inside'].strip()}{bookkeeping['unit']}"
    if multiplied := _MULTIPLIED.fullmatch(text):
        bare = numeral(multiplied["number"])
        return (
            bare._replace(written=cell, unit=multiplied["unit"]) if bare and not bare.unit else None
        )
    found = _NUMBER.fullmatch(text)
    if found is None or (found["sign"] and found["inner"]) or (found["before"] and found["after"]):
        return None
    scale, unit = found["scale"] or "", found["before"] or found["after"] or ""
    exponent = int(found["exponent"] or 0) + _SCALES[scale.lower()]
    negative = "-" in (found["sign"], found["inner"])
    made = Numeral(
        cell, negative, found["body"], exponent, not found["exponent"], scale, unit.strip()
    )
    return made if made.readings() else None


def _plain(body: str, sign: DecimalSign, grouped: bool) -> str | None:
    """Return the digits with a decimal point and nothing else.

    None where the body is no number under this decimal sign.
    """
    whole, point, fraction = body.partition(sign)
    if not re.fullmatch("[0-9]*", fraction) or (point and not fraction):
        return None
    if grouped and (
        parted := re.fullmatch(r"[1-9][0-9]{0,2}([ '.,])[0-9]{3}(?:\1[0-9]{3})*", whole)
    ):
        whole = whole.replace(parted[1], "")
    return (
        f"{whole or 0}.{fraction or 0}"
        if re.fullmatch("[0-9]*", whole) and whole + fraction
        else None
    )


class Convention(NamedTuple):
    """How a table writes numbers.

    `sign` is None where none of them tells; `proof` is one that told.
    """

    sign: DecimalSign | None
    proof: str = ""
    point_is_decimal: bool = False
    """Whether a point that nothing else explains is the decimal sign.

    The columns are parted by commas.
    """

    def read(self, number: Numeral, field: str) -> float:
        """Return the number's value. Raises CellFault where it contradicts the table.

        Or nothing tells what it means.
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
        other, own = ("comma", "point") if self.sign == "." else ("point", "comma")
        wrong = (
            f"{_quoted(number)} has a decimal {other}, and other numbers ({self.proof}) a decimal "
            f"{own}"
        )
        return wrong, "write all numbers alike"


def convention(numbers: Iterable[Numeral], *, parted_by_commas: bool) -> Convention:
    """Return what the numbers of a table tell of its decimal sign."""
    telling = [(sign, number) for number in numbers if (sign := number.tells())]
    counts = Counter(sign for sign, _ in telling)
    if not counts:
        return Convention(None, point_is_decimal=parted_by_commas)
    chosen = max(
        SIGNS, key=lambda sign: counts[sign]
    )  # The first, a point, where both are as frequent.
    return Convention(
        chosen, next(number.written.strip() for sign, number in telling if sign == chosen)
    )


def _quoted(number: Numeral) -> str:
    return f'"{number.written.strip()}"'


def _spelt(value: float) -> str:
    """Return the value so that nobody can read it in two ways.

    No thousands, and never three decimals.
    """
    text = format(value, ".15g")
    return f"{text}0" if re.fullmatch(r"-?[0-9]{1,3}\.[0-9]{3}", text) else text
