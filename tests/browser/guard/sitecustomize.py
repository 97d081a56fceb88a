"""Loaded by the server under test: notes every connection and name look-up that leaves this machine."""

import os
import socket
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

_LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0", "::")


def _note(kind: str, host: object) -> None:
    if not str(host).startswith(_LOOPBACK) and host is not None:
        with Path(os.environ["OUTBOUND_LOG"]).open("a") as log:
            log.write(f"{kind} {host}\n")


_connect, _look_up = socket.socket.connect, socket.getaddrinfo


def connect(self: socket.socket, address: Any) -> None:
    if isinstance(address, tuple):
        _note("connect", address[0])
    _connect(self, address)


def getaddrinfo(host: Any, *more: Any, **named: Any) -> Any:
    _note("look-up", host.decode() if isinstance(host, bytes) else host)
    return _look_up(host, *more, **named)


socket.socket.connect = connect  # type: ignore[method-assign]
socket.getaddrinfo = getaddrinfo

if _port := os.environ.get("REPLAY_PORT"):  # The venues are played on this machine.
    _path = Path(__file__).parents[2] / "replay" / "redirect.py"
    _spec = spec_from_file_location("redirect", _path)
    assert _spec is not None
    assert _spec.loader is not None
    _module = module_from_spec(_spec)
    _spec.loader.exec_module(_module)
    _module.redirect(int(_port))
