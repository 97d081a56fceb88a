"""The one component that draws charts.

It takes a plotly.js specification as it is and draws it in place.

`st.plotly_chart` wants a figure, checks all of it and converts it again, and its chart is built
anew whenever the data change. Here the specification travels as it was made, and `browser/plot.js`
hands it to `Plotly.react`: a third less work for the server, and what was zoomed stays so.
plotly.js is the file that the installed plotly package carries.
"""

from importlib.util import find_spec
from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from margin.charts.layout.style import Spec
from margin.charts.layout.to_json import to_json
from pages.ui.components.served import APP, serve

COMPONENT = "tandem_plot"
_HTML = '<div class="tandem-plot" role="figure"></div>'
_CSS = """
.tandem-plot {overflow: hidden}
.tandem-plot:fullscreen {background: var(--st-background-color)}
@media print {.tandem-plot .svg-container, .tandem-plot .main-svg {max-width: 100% !important}}
"""


def _library() -> Path:
    """Return the plotly.js of the installed package.

    Looked up, not imported, for nothing here needs its Python.
    """
    found = find_spec("plotly")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("plotly is not installed", name="plotly")
    return Path(found.origin).parent / "package_data" / "plotly.min.js"


def _component() -> ComponentRenderer:
    drawing = serve("drawing", Path(__file__).parent / "browser" / "plot.js")
    script = f"""{APP}
const drawing = import(app + {drawing}), library = app + {serve("plotly", _library())};
drawing.then((module) => module.load(library));
export default async (mounted) => (await drawing).default(mounted, library);
"""
    return st.components.v2.component(
        COMPONENT, html=_HTML, css=_CSS, js=script, isolate_styles=False
    )


_plot = _component()


def plot(spec: Spec, key: str, alt: str) -> None:
    """Draw a chart as wide as its place, its height reserved before it is there.

    `alt` says it in words.
    """
    _plot(key=key, data=to_json({**spec, "alt": alt}), height=spec["layout"]["height"])
