"""The Compare page: cross against isolated margin, and exchange against exchange."""

from pages.ui import shell
from pages.ui.compare import sections as compare

with shell.page("Compare") as session:
    compare.chosen()(session)
