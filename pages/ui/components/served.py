"""Files that a component's browser part fetches, served by this server.

Streamlit sends a component's script along with each of its elements, at each run: so only what
fetches the file is sent.
"""

import json
from pathlib import Path

import streamlit.components.v1 as served

# The app may lie below a path, behind a proxy say: where it lies shows in the address of its own
# script.
APP = r"""
const script = document.querySelector('script[src*="/static/js/"]').src;
const app = script.replace(/static\/js\/.*/, "");
"""
"""JavaScript that says in `app` where the app lies."""


def serve(name: str, file: Path) -> str:
    """Have this server serve the file's folder; return the file's address below `app`, quoted.

    Its size and date are part of it: browsers keep a file until its address is another.
    """
    folder: str = served.declare_component(name, path=str(file.parent)).name
    status = file.stat()
    stamp = f"{status.st_size}-{status.st_mtime_ns // 10**9}"
    return json.dumps(f"component/{folder}/{file.name}?v={stamp}")
