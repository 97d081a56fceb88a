"""Text from outside: what its reader sees as it is, and what is refused because it is not."""

import sys
import unicodedata

import pytest

from margin.characters import MOST_MARKS, legible, refused
from margin.errors import FieldError, text
from pages.ui.components.text import plain

SPELT = {
    "Vietnamese, letter by letter": unicodedata.normalize("NFD", "Việt Nam, tiền điện tử"),
    "Hebrew with its points": "שָׁלוֹם עֲלֵיכֶם",
    "Thai": "ที่นี่มีน้ำ",
    "Hindi": "नमस्ते दुनिया, क्षत्रिय",
    "Arabic": "مرحبا بالعالم",
    "Korean and Japanese": "한국어　日本語 が",
    "a family": "👨‍👩‍👧‍👦",
    "an astronaut of some colour": "👩🏽‍🚀",
    "flags": "🏳️‍🌈 🏴‍☠️ 🇰🇷 \U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "a key and old signs": "1️⃣ ❤️ ™️ ↔️ ☺︎ ‼️",
    "an emoji that is younger than Python's tables": "\U0001faff\U0001fae8",
}


@pytest.mark.parametrize("words", SPELT.values(), ids=SPELT)
def test_whatever_a_person_can_read_is_taken(words: str) -> None:
    assert text(words, "title", longest=280) == words
    assert legible(words) == words


HIDDEN = {
    "the reading order turned around": "a\u202ebc",
    "an isolated reading order": "\u2067abc\u2069",
    "an Arabic letter mark": "a\u061c",
    "a space without width": "Bin\u200bance",
    "a joiner between letters": "a\u200db",
    "a joiner behind an emoji": "🚀\u200d",
    "a joiner before a letter": "👩\u200da",
    "a variation selector behind a letter": "a\ufe0f",
    "a word in tags": "a\U000e0041\U000e0042",
    "a flag with a word in tags": "🏴\U000e0061\U000e0062\U000e007f",
    "a byte order mark": "\ufeffa",
    "a soft hyphen": "a\xadb",
    "a filler that counts as a letter": "\u3164",
    "an empty braille cell": "\u2800",
    "a joiner of graphemes": "a\u034fb",
    "a character for private use": "\ue000",
    "one that is not assigned": "\u0378",
    "a mark that would stand on our own sign": "\u0338a",
    "a mark at the start of a line": "a\n\u0338",
    "marks over marks": "z" + "\u0301\u0316" * 20,
}


@pytest.mark.parametrize("words", HIDDEN.values(), ids=HIDDEN)
def test_what_its_reader_cannot_see_is_refused_and_replaced_where_it_has_to_be_shown(
    words: str,
) -> None:
    with pytest.raises(FieldError, match=r"^title: must be plain text, got .*U\+[0-9A-F]{4,5}$"):
        text(words, "title", longest=280, lines=True)
    assert "\ufffd" in legible(words)
    assert [legible(words)[place] for place in refused(legible(words))] in ([], ["\n"])


def test_whatever_an_exchange_writes_is_shown_without_what_cannot_be_seen() -> None:
    assert plain("refused\u202e yb\u200b\n me\u0301") == "refused\ufffd yb\ufffd me\u0301"


def test_no_character_without_a_shape_is_taken_between_letters() -> None:
    taken = [code for code in range(sys.maxunicode + 1) if not list(refused(f"a{chr(code)}b"))]
    hidden = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
    assert [hex(code) for code in taken if unicodedata.category(chr(code)) in hidden] == []
    unknown = [code for code in taken if unicodedata.category(chr(code)) == "Cn"]
    assert [hex(code) for code in unknown if not 0x1F000 <= code <= 0x1FAFF] == [], (
        "but room for new emoji"
    )


def test_a_letter_carries_as_many_marks_as_a_language_needs() -> None:
    letter = "a" + "\u0301" * MOST_MARKS
    assert list(refused(letter * 3)) == []
    assert list(refused(f"{letter}\u0301")) == [len(letter)]
