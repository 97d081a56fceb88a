"""Files that a component's browser part fetches, served by this server.

Streamlit sends a component's script along with each of its elements, at each run: so only what
fetches the file is sent.
"""

import json
from pathlib import Path

import streamlit as st
import streamlit.components.v1 as served
from streamlit.components.v2.types import ComponentRenderer

# The app may lie below a path, behind a proxy say: where it lies shows in the address of its own
# script.
APP = r"""
const script = document.querySelector('script[src*="/static/js/"]').src;
const app = script.replace(/static\/js\/.*/, "");
"""
"""JavaScript that says in `app` where the app lies."""


def component(name: str, browser: Path, script: str) -> ComponentRenderer:
    """Return the component of the folder that holds its script and its styles.

    It draws in an element whose class is its name with hyphens; the script's default export is
    called with each run.
    """
    fetched = f"""{APP}
const drawing = import(app + {serve(name, browser / script)});
export default async (mounted) => (await drawing).default(mounted);
"""
    return st.components.v2.component(
        name,
        html=f'<div class="{name.replace("_", "-")}"></div>',
        css=(browser / script).with_suffix(".css").read_text(),
        js=fetched,
        isolate_styles=False,
    )


def serve(name: str, file: Path) -> str:
    """Have this server serve the file's folder; return the file's address below `app`, quoted.

    Its size and date are part of it: browsers keep a file until its address is another.
    """
    folder: str = served.declare_component(name, path=str(file.parent)).name
    status = file.stat()
    stamp = f"{status.st_size}-{status.st_mtime_ns // 10**9}"
    return json.dumps(f"component/{folder}/{file.name}?v={stamp}")
