"""Plain text into Markdown.

What comes from outside, or carries a $, is escaped and never read as markup.
"""

import re

from margin.characters import legible

_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&])")
_JOINER = "\u2060"
"""Invisible and without width: it parts what would be read as one sign."""
_READ_AS_ONE = re.compile(
    r"(?<=:)(?=[\w/+-])"  # an address's scheme, an emoji's or an icon's name, a directive
    r"|(?<=www)(?=\.)"  # an address without its scheme
    r"|(?=@)"  # an e-mail address
    r"|(?<=[-<>=~])(?=[-<>=])",  # arrows and other signs made of two
    re.IGNORECASE,
)


def plain(text: str) -> str:
    """Return the text with everything escaped that Markdown or LaTeX could read.

    Streamlit's directives too.

    What cannot be seen is replaced, for the text may be an exchange's, a table's or an address's.
    Addresses, icons and arrows are found after the escapes are gone, so those are parted by an
    invisible joiner.
    """
    parted = _READ_AS_ONE.sub(_JOINER, legible(" ".join(text.split())))
    return _MARKUP.sub(r"\\\1", parted)
