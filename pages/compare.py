"""The Compare page: cross against isolated margin, and venue against venue, for one and the same account."""

from pages.ui import shell
from pages.ui.compare import sections as compare

with shell.page("Compare") as session:
    compare.chosen()(session)
