"""Loaded by the server under test.

Notes every connection and name look-up that leaves this machine.

On a signal it also tells who holds certain words: that shows whether a secret is really forgotten.
"""

import gc
import os
import signal
import socket
from collections import deque
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import FrameType
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


def _holders(words: list[str]) -> list[str]:
    """Return what holds one of the words.

    Containers, records, and what Streamlit keeps of the widgets.
    """
    found = []
    for item in gc.get_objects():
        if item is words or isinstance(item, FrameType):
            continue
        for name, value in _parts(item):
            if isinstance(value, (str, bytes)) and any(word in str(value) for word in words):
                found.append(f"{type(item).__name__} {name}")
    for state in _widget_states():
        found += [f"widgets {word}" for word in words if word.encode() in state]
    return found


def _parts(item: Any) -> list[tuple[Any, Any]]:
    if isinstance(item, dict):
        return list(item.items())
    if isinstance(item, (list, tuple, set, deque)):
        return list(enumerate(tuple(item)))
    names = getattr(type(item), "__slots__", ())
    return [
        (name, getattr(item, name, None)) for name in ([names] if isinstance(names, str) else names)
    ]


def _widget_states() -> list[bytes]:
    """Return, as bytes, what Streamlit keeps of every session's widgets."""
    from streamlit.runtime import get_instance

    states = []
    for information in get_instance()._session_mgr.list_sessions():
        session = information.session
        states.append(session._client_state.SerializeToString())
        state = session.session_state
        kept = (state._old_state, state._new_session_state, state._new_widget_state.states)
        states.append(repr(kept).encode())
    return states


def _tell_holders(*_: object) -> None:
    asked = Path(_holders_file)
    words = asked.read_text().split()
    gc.unfreeze()  # The app takes what its imports left out of sight.
    gc.collect()
    asked.with_suffix(".found").write_text("\n".join([*_holders(words), "end"]))


if _holders_file := os.environ.get("HOLDERS"):
    signal.signal(signal.SIGUSR1, _tell_holders)
