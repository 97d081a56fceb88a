"""What the words in a cell say: side, margin mode, leverage, and whether a position is closed.

Exchanges write these into any cell: `RENDERUSDT Perp 20x`, `Long 10x`, `105.05 USDT (Cross)`,
`Buy/Long`.
"""

import re
from dataclasses import dataclass, field

from margin.market.imports.numerals import Numeral, numeral
from margin.market.imports.vocabulary import (
    CLOSING,
    CROSS_STEM,
    ISOLATED_STEM,
    MODES,
    NEUTRAL,
    PERPETUAL,
    SIDES,
    folded,
)

_LEVERAGE = re.compile(
    r"[x×](?P<after>N)|(?P<before>N)[x×х]|1:(?P<ratio>N)".replace(
        "N", r"[0-9]{1,3}(?:[.,][0-9]{1,2})?"
    )
)
_SPACE_AT_TIMES = re.compile(
    r"(?<=[0-9]) +(?=[x×](?:$|[^a-z0-9]))|(?<=[x×]) +(?=[0-9])", re.IGNORECASE
)
"""The space in `5 x` and in `x 5`."""
_SCRIPT_EDGE = re.compile(r"(?<=[^\x00-\x7f×])(?=[0-9])|(?<=[0-9x])(?=[^\x00-\x7f×])")
"""Where a word of another script and a number touch, as in a Chinese `cross20x`."""
_LONGEST = 80
"""Characters of a cell that is searched for words: a longer cell is a remark or a dump."""
_BETWEEN = re.compile(r"[\s()\[\]{}|/+,;·]+(?![0-9]+[x×]?$)|[\s()\[\]{}|/+;·]+")
_NOTE = re.compile(r"(?P<value>[^()]*[^()\s])\s*\((?P<note>[^()]*)\)")
_MODE_AT_END = re.compile(r"(?P<value>.*[^\s])\s+(?P<note>[^\W\d_]+)")


@dataclass(slots=True)
class Words:
    """What the words of a cell say; `unknown` are the words that are not understood."""

    sides: set[str] = field(default_factory=set)
    modes: set[str] = field(default_factory=set)
    leverages: set[float] = field(default_factory=set)
    closing: bool = False
    perpetual: bool = False
    unknown: list[str] = field(default_factory=list)


def words_of(cell: str) -> Words:
    """Return what the words of a cell say, and nothing for a cell longer than a few words."""
    words = Words()
    if len(cell) > _LONGEST:
        return words
    text = _SCRIPT_EDGE.sub(" ", _SPACE_AT_TIMES.sub("", cell.replace("\u00a0", " ")))
    for word in _BETWEEN.split(text.strip()):
        if word:
            _add(word, words)
    return words


def _add(word: str, words: Words) -> None:
    plain = folded(word)
    if leverage := _LEVERAGE.fullmatch(word.lower()):
        digits = next(filter(None, leverage.groups()))
        words.leverages.add(float(digits.replace(",", ".")))
    elif plain in CLOSING:
        words.closing = True
    elif plain in SIDES:
        words.sides.add(SIDES[plain])
    elif plain in MODES:
        words.modes.add(MODES[plain])
    elif ISOLATED_STEM.match(plain):
        words.modes.add("isolated")
    elif CROSS_STEM.match(plain):
        words.modes.add("cross")
    elif plain in PERPETUAL:
        words.perpetual = True
    elif plain not in NEUTRAL:
        words.unknown.append(word)


def cell_number(cell: str) -> Numeral | None:
    """Return the number in a cell, leaving out the note beside it; None where there is none."""
    return numeral(without_note(cell)[0])


def has_digit(text: str) -> bool:
    """Return whether the text has a digit, of any script."""
    return any(character.isdigit() for character in text)


def without_note(cell: str) -> tuple[str, str]:
    """Return a cell's value and the note beside it, empty where it has none.

    `105.05 USDT (Cross)` and `105.05 USDT Cross` have the note Cross. A cell that is one whole
    parenthesis, such as (300), is a value without a note.
    """
    if noted := _NOTE.fullmatch(cell.strip()):
        return noted["value"], noted["note"]
    trailing = _MODE_AT_END.fullmatch(cell.strip())
    if trailing and folded(trailing["note"]) in MODES:
        return trailing["value"], trailing["note"]
    return cell, ""
