"""The one component that draws charts.

It takes a plotly.js specification as it is and draws it in place.

`st.plotly_chart` wants a figure, checks all of it and converts it again, and its chart is built
anew whenever the data change. Here the specification travels as it was made, and `browser/plot.js`
hands it to `Plotly.react`: a third less work for the server, and what was zoomed stays so.
plotly.js is the file that the installed plotly package carries.
"""

import json
from importlib.util import find_spec
from pathlib import Path

import streamlit as st
import streamlit.components.v1 as served
from streamlit.components.v2.types import ComponentRenderer

from margin.charts.layout.style import Spec
from margin.charts.layout.to_json import to_json

COMPONENT = "tandem_plot"
_HTML = '<div class="tandem-plot" role="figure"></div>'
_CSS = """
.tandem-plot {overflow: hidden}
.tandem-plot:fullscreen {background: var(--st-background-color)}
@media print {.tandem-plot .svg-container, .tandem-plot .main-svg {max-width: 100% !important}}
"""
# Streamlit sends a component's script along with each of its elements, at each run: so only what
# fetches it is sent. The app may lie below a path, behind a proxy say: where it lies shows in the
# address of its own script.
_SCRIPT = """
const script = document.querySelector('script[src*="/static/js/"]').src;
const app = script.replace(/static\\/js\\/.*/, "");
const drawing = import(app + DRAWING);
drawing.then((module) => module.load(app + LIBRARY));
export default async (mounted) => (await drawing).default(mounted, app + LIBRARY);
"""


def _serve(name: str, file: Path) -> str:
    """Have this server serve the file's folder, and return the file's address below the app's.

    Its size and date stand in it: browsers keep a file until its address is another.
    """
    folder: str = served.declare_component(name, path=str(file.parent)).name
    kept = file.stat()
    return f"component/{folder}/{file.name}?v={kept.st_size}-{kept.st_mtime_ns // 10**9}"


def _library() -> Path:
    """Return the plotly.js of the installed package.

    Looked up, not imported, for nothing here needs its Python.
    """
    found = find_spec("plotly")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("plotly is not installed", name="plotly")
    return Path(found.origin).parent / "package_data" / "plotly.min.js"


def _component() -> ComponentRenderer:
    addresses = {
        "DRAWING": _serve("drawing", Path(__file__).parent / "browser" / "plot.js"),
        "LIBRARY": _serve("plotly", _library()),
    }
    script = _SCRIPT
    for name, address in addresses.items():
        script = script.replace(name, json.dumps(address))
    return st.components.v2.component(
        COMPONENT, html=_HTML, css=_CSS, js=script, isolate_styles=False
    )


_plot = _component()


def plot(spec: Spec, key: str, alt: str) -> None:
    """Draw a chart as wide as its place, its height reserved before it is there.

    `alt` says it in words.
    """
    _plot(key=key, data=to_json({**spec, "alt": alt}), height=spec["layout"]["height"])
