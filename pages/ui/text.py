"""Plain text into Markdown: what comes from outside, or carries a $, is escaped and never read as markup."""

import re

_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&])")


def plain(text: str) -> str:
    """The text with every character that Markdown, LaTeX or Streamlit's directives could read escaped."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))
