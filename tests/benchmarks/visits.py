"""Apps as processes of their own, and what it takes to run and to paint their pages.

Measured, never asserted here.
"""

import asyncio
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.Slider_pb2 import Slider
from websockets.asyncio.client import ClientConnection, connect

EMPTY = """
import numpy as np
import plotly.graph_objects as go
import streamlit as st

share = st.slider("Share", 0, 100, 50)
side = np.linspace(-1, 1, 101)
st.plotly_chart(go.Figure(go.Heatmap(x=side, y=side, z=np.add.outer(side, share / 100 * side**2))), key="map")
"""
"""The yardstick: a page with nothing but one slider and a heatmap of 101 × 101."""

SIGNATURE = """() => {
  const parts = document.querySelector('.js-plotly-plot')?.querySelectorAll(':is(path, image, text, g.point)') ?? [];
  return [...parts].map((part) => ['d', 'transform', 'href'].map((name) => part.getAttribute(name)) + part.textContent)
    .join('|');
}"""
"""What the first chart shows: its lines, points, pictures and words; nothing before it stands."""
PAINTED = f"""async () => {{
  const signature = {SIGNATURE};
  const before = signature();
  window.painted = new Promise((resolve) => {{
    window.addEventListener('keydown', () => {{
      const start = performance.now();
      const look = () => {{
        const now = signature();
        if (now && now !== before) requestAnimationFrame(() => resolve(performance.now() - start));
        else requestAnimationFrame(look);
      }};
      requestAnimationFrame(look);
    }}, {{once: true, capture: true}});
  }});
}}"""
"""Waits for a key, and then for the frame after the first chart has changed."""

_TOO_LATE = (
    "new Promise((_, fail) => setTimeout(() => fail(new Error('nothing was painted')), 20000))"
)


class Server:
    """One app on a free port of this machine."""

    def __init__(self, root: Path, script: str = "app.py") -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://localhost:{self.port}"
        command = [sys.executable, "-m", "streamlit", "run", script, f"--server.port={self.port}"]
        quiet = [
            "--server.headless=true",
            "--browser.gatherUsageStats=false",
            "--browser.serverAddress=localhost",
        ]
        nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(
            [*command, *quiet, "--server.fileWatcherType=none"],
            cwd=root,
            env={**os.environ, "TANDEM_CACHE": ""},
            **nowhere,  # type: ignore[call-overload]
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1).read()
                return
            except OSError:
                time.sleep(0.1)
        raise TimeoutError(f"{root} did not start")

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.wait(timeout=20)

    @property
    def processor_time(self) -> float:
        """Seconds of a processor that the process has taken so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Visit:
    """One session as a browser has it, but nothing is drawn.

    It moves the page's first slider to and fro.
    """

    def __init__(self, socket_: ClientConnection) -> None:
        self.socket = socket_
        self.slider: Slider | None = None
        self.turn = 0

    async def run(self) -> None:
        """Run the page once, its slider elsewhere than before, and wait until it has ended."""
        message = BackMsg()
        message.rerun_script.query_string = ""
        if self.slider is not None:
            self._move(message)
        await self.socket.send(message.SerializeToString())
        while True:
            answer = ForwardMsg.FromString(await self.socket.recv())  # type: ignore[arg-type]
            element = answer.delta.new_element if answer.HasField("delta") else None
            if self.slider is None and element is not None and element.HasField("slider"):
                self.slider = element.slider
            if answer.HasField("script_finished"):
                return

    def _move(self, message: BackMsg) -> None:
        assert self.slider is not None
        self.turn += 1
        state = message.rerun_script.widget_states.widgets.add()
        state.id = self.slider.id
        middle = len(self.slider.options) // 2
        if self.slider.options:
            state.string_array_value.data.append(self.slider.options[middle - self.turn % 12])
        else:
            state.double_array_value.data.append(50 - self.turn % 12)


async def _visited(server: Server, visits: int, runs: int) -> float:
    """Return the seconds that so many sessions at once take for so many runs."""
    address = f"ws://localhost:{server.port}/_stcore/stream"
    sockets = [
        await connect(address, subprotocols=["streamlit"], max_size=None) for _ in range(visits)
    ]  # type: ignore[list-item]
    sessions = [Visit(each) for each in sockets]
    for session in sessions:
        await session.run()
        await session.run()
    start = time.perf_counter()

    async def stay(session: Visit) -> None:
        for _ in range(runs // visits):
            await session.run()

    await asyncio.gather(*(stay(session) for session in sessions))
    took = time.perf_counter() - start
    for each in sockets:
        await each.close()
    return took


def run_time(server: Server, runs: int = 30) -> float:
    """Return the processor milliseconds of one full run, with what follows it."""
    before = server.processor_time
    asyncio.run(_visited(server, 1, runs))
    return 1000 * (server.processor_time - before) / (runs + 2)


def runs_a_second(server: Server, runs: int = 60) -> float:
    """Return how many full runs the process does in a second, for four sessions at once."""
    return runs / asyncio.run(_visited(server, 4, runs))


def first_chart(server: Server, browser: Browser) -> float:
    """Return the milliseconds until a visitor with an empty cache sees the first chart."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    start = time.perf_counter()
    page.goto(server.url, wait_until="commit")
    page.wait_for_function(SIGNATURE, timeout=120_000, polling="raf")
    took = 1000 * (time.perf_counter() - start)
    context.close()
    return took


def opened(server: Server, browser: Browser) -> Page:
    """Open the page and wait until it stands still."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(server.url)
    page.wait_for_function(SIGNATURE, timeout=120_000)
    page.wait_for_timeout(1500)
    return page


def slider_to_painted(page: Page, key: str) -> float:
    """Return the milliseconds from a key on the slider to the new chart's frame."""
    page.get_by_role("slider").first.focus()
    page.evaluate(PAINTED)
    page.keyboard.press(key)
    took: Any = page.evaluate(f"Promise.race([window.painted, {_TOO_LATE}])")
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    page.wait_for_timeout(150)
    return float(took)
