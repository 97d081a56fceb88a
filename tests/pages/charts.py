"""What a page that AppTest has run draws: each chart's specification, and what it says in words."""

import json
from typing import Any, NamedTuple

from streamlit.testing.v1 import AppTest

from pages.ui.components.plot import COMPONENT


class Chart(NamedTuple):
    """A chart as the browser gets it."""

    spec: dict[str, Any]
    alt: str

    @property
    def title(self) -> str:
        """The finding that it states, on one line."""
        title: str = self.spec["layout"]["title"]["text"]
        return title.replace("<br>", " ").replace("\u00a0", " ")


def charts(at: AppTest) -> list[Chart]:
    """Every chart of the page, from the top."""
    sent = [
        json.loads(each.proto.bytes)
        for each in at.get("bidi_component")
        if each.proto.component_name == COMPONENT
    ]
    return [Chart({"data": each["data"], "layout": each["layout"]}, each["alt"]) for each in sent]
