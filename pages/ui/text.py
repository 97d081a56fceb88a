"""Plain text into Markdown: what comes from outside, or carries a $, is escaped and never read as markup."""

import re

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
    """The text with every character escaped that Markdown, LaTeX or Streamlit's directives could read.

    Addresses, icons and arrows are found after the escapes are gone, so those are parted by an invisible joiner.
    """
    parted = _READ_AS_ONE.sub(_JOINER, " ".join(text.split()))
    return _MARKUP.sub(r"\\\1", parted)
