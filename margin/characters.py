"""Which characters text from outside may hold: those that its reader sees as they are.

A title, a note or a name comes from whoever made a link, a table or an answer, and stands beside
Tandem's own words. So what is not seen, turns the reading order around, has no meaning, or piles up
over other lines is refused. An emoji may be built as Unicode builds it, with joiners and variation
selectors, which are refused anywhere else. The rules go by Unicode's categories; those that
Python's tables count as letters or symbols though they leave no trace are listed.
"""

import re
import unicodedata
from collections.abc import Iterator

MOST_MARKS = 4
"""Combining marks on one letter.

Enough for any language's spelling, too few to cover a neighbouring line.
"""

INVISIBLE = (
    "\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
"""What leaves no trace, for use within the brackets of a regular expression."""

_REFUSED = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Unicode categories that may not stand in a text: controls, formats, surrogates and the like."""
_UNSEEN = re.compile(f"[{INVISIBLE}]")
_COMMON = re.compile(
    "[ -~\xa0-\xac\xae-\u02ff\u03b1-\u03c9\u0410-\u044f"
    "\u2010-\u2027\u2030-\u205e\u20a0-\u20bf\u2190-\u23ff]*"
)
"""Text of which nothing is refused, known at one look."""

_PICTURE = (
    "[\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2934\u2935\u2b00-\u2b73"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001faff][\ufe0e\ufe0f]?[\U0001f3fb-\U0001f3ff]?"
)
_NATION = "|".join(
    "".join(chr(0xE0000 + ord(letter)) for letter in name) for name in ("gbeng", "gbsct", "gbwls")
)
_EMOJI = re.compile(
    # the flags of England, Scotland and Wales, spelt in unseen letters
    rf"\U0001f3f4(?:{_NATION})\U000e007f"
    rf"|{_PICTURE}(?:\u200d{_PICTURE})*"
    r"|[0-9#*]\ufe0f\u20e3"
)


def refused(text: str) -> Iterator[int]:
    """Yield the places of the characters that may not stand in a text. A line break is one of them.

    A combining mark is one where it has nothing to stand on, or `MOST_MARKS` stand on the same
    letter before it.
    """
    if _COMMON.fullmatch(text):
        return
    in_emoji: set[int] = set()
    for emoji in _EMOJI.finditer(text):
        in_emoji.update(range(*emoji.span()))
    room = 0
    for place, character in enumerate(text):
        category = unicodedata.category(character)
        if place in in_emoji:
            room = MOST_MARKS
        elif category in _REFUSED or _UNSEEN.match(character):
            room = 0
            yield place
        elif category in {"Mn", "Me"}:
            room -= 1
            if room < 0:
                yield place
        else:
            room = MOST_MARKS


def legible(text: str) -> str:
    """Return the text with a replacement character for each one that may not stand in it."""
    places = set(refused(text))
    if not places:
        return text
    return "".join(
        "\ufffd" if place in places else character for place, character in enumerate(text)
    )


def named(character: str) -> str:
    """Return what a refused character is, for a sentence that is read in ASCII."""
    category = unicodedata.category(character)
    if category in {"Cc", "Cs", "Zl", "Zp"}:
        return f"the control character {character!a}"
    kind = (
        "the invisible character"
        if _UNSEEN.match(character)
        else _KINDS.get(category, "the unknown character")
    )
    return f"{kind} U+{ord(character):04X}"


_KINDS = {
    **dict.fromkeys(("Mn", "Me"), "too many marks on one letter, the last"),
    "Cf": "the formatting character",
    "Co": "the private character",
}
