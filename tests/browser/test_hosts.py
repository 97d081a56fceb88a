"""Under which names a session opens: this machine's own, and whatever a deployment allows."""

import base64
import os
import socket
from pathlib import Path

import pytest

from tests.browser.conftest import App

OPENED, REFUSED = "HTTP/1.1 101", "HTTP/1.1 403"


def answer(app: App, host: str, origin: str = "") -> str:
    """How the server answers a web socket that asks for it under this name."""
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        "GET /_stcore/stream HTTP/1.1",
        f"Host: {host}",
        *([f"Origin: {origin}"] if origin else []),
        *(
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}",
        ),
    ]
    with socket.create_connection(("127.0.0.1", app.port), timeout=30) as line:
        line.sendall("\r\n".join([*lines, "", ""]).encode())
        return line.recv(len(OPENED)).decode()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_a_session_opens_under_this_machines_own_names(app: App, host: str) -> None:
    assert answer(app, f"{host}:{app.port}", f"http://{host}:{app.port}") == OPENED


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "192.168.1.7"]
)
def test_a_name_that_somebody_else_points_at_this_machine_opens_none(app: App, host: str) -> None:
    assert answer(app, f"{host}:{app.port}", f"http://{host}:{app.port}") == REFUSED
    assert answer(app, f"{host}:{app.port}") == REFUSED


def test_a_deployment_allows_its_own_name_and_that_alone(tmp_path: Path) -> None:
    app = App(tmp_path / "outbound", STREAMLIT_SERVER_ALLOWED_HOSTS="tandem.example")
    try:
        assert answer(app, "tandem.example", "https://tandem.example") == OPENED
        assert answer(app, f"localhost:{app.port}", f"http://localhost:{app.port}") == REFUSED
    finally:
        app.stop()
