"""A server on loopback that speaks for the venues.

Known answers, faults on demand, and a record of what was asked.

The real client asks the venues' real addresses; `redirected` sends its requests here, each with the
host it was meant for in a header. A venue's module registers its answers with `serve`.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.replay.redirect import HOST_HEADER, redirected

__all__ = ["Asked", "Fault", "Replay", "Reply", "no_pause", "redirected", "replaying"]


async def no_pause(*_: object) -> None:
    """Stands in for the pauses that ccxt makes between requests."""


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    host: str
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True)
class Reply:
    """What is answered: a JSON value, or text and bytes as they are."""

    content: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """Something a venue can do instead.

    Another reply, a pause before it, or half an answer and a closed connection.

    `drip` seconds pass between two bytes, of the body or with `drip_head` from the first header on;
    an `endless` answer goes on until the client leaves.
    """

    reply: Reply | None = None
    pause: float = 0.0
    cut: bool = False
    drip: float = 0.0
    drip_head: bool = False
    endless: bool = False


Answer = Callable[[Asked], Any]
"""Gives a JSON value or a `Reply`."""


class Replay:
    """The server's answers, faults and record. `port` is where it listens."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.closing = Event()
        self._answers: dict[tuple[str, str, str], Answer] = {}
        self._faults: list[tuple[str, Fault, list[int]]] = []
        self._lock = Lock()
        replay = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                replay._handle(self)

            def do_POST(self) -> None:
                replay._handle(self)

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def serve(self, host: str, method: str, path: str, answer: Answer) -> None:
        """Registers or replaces the answer of one address."""
        self._answers[host, method, path] = answer

    def answer(self, host: str, method: str, path: str) -> Answer:
        """What is registered for an address."""
        return self._answers[host, method, path]

    def fail(self, fragment: str, fault: Fault, times: int = 1_000_000) -> None:
        """Requests whose host and path contain the fragment meet this fault, so many times."""
        self._faults.append((fragment, fault, [times]))

    def heal(self) -> None:
        """Takes all faults back."""
        self._faults.clear()

    def paths(self) -> list[str]:
        """Host and path of every request so far."""
        return [asked.host + asked.path for asked in self.asked]

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        address = urlsplit(handler.path)
        query = {
            key: values[0]
            for key, values in parse_qs(address.query, keep_blank_values=True).items()
        }
        length = int(handler.headers.get("Content-Length") or 0)
        body = handler.rfile.read(length).decode()
        host = handler.headers.get(HOST_HEADER, "")
        asked = Asked(host, handler.command, address.path, query, dict(handler.headers), body)
        with self._lock:
            self.asked.append(asked)
            fault = self._next_fault(asked)
        if fault and fault.pause:
            self.closing.wait(fault.pause)
        reply = self._reply(asked, fault)
        raw = (
            reply.content if isinstance(reply.content, (str, bytes)) else json.dumps(reply.content)
        )
        raw = raw.encode() if isinstance(raw, str) else raw
        try:
            if fault and (fault.drip or fault.endless):
                self._pour(handler, raw, fault)
            else:
                self._send(handler, reply, raw, cut=bool(fault and fault.cut))
        except OSError:  # The client has given up.
            handler.close_connection = True

    def _next_fault(self, asked: Asked) -> Fault | None:
        for fragment, fault, left in self._faults:
            if fragment in asked.host + asked.path and left[0] > 0:
                left[0] -= 1
                return fault
        return None

    def _reply(self, asked: Asked, fault: Fault | None) -> Reply:
        if fault and fault.reply:
            return fault.reply
        answer = self._answers.get((asked.host, asked.method, asked.path))
        if answer is None:
            return Reply(
                {"error": f"nothing is served at {asked.method} {asked.host}{asked.path}"}, 404
            )
        given = answer(asked)
        return given if isinstance(given, Reply) else Reply(given)

    def _pour(self, handler: BaseHTTPRequestHandler, raw: bytes, fault: Fault) -> None:
        """Byte by byte, or without end."""
        handler.close_connection = True
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Padding: {'-' * 1000}\r\n\r\n".encode()
        handler.wfile.write(b"" if fault.drip_head else head)
        for byte in (head if fault.drip_head else b"") + raw if fault.drip else b"":
            handler.wfile.write(bytes([byte]))
            if self.closing.wait(fault.drip):
                return
        while fault.endless and not self.closing.is_set():
            handler.wfile.write(b" " * (1 << 16))

    @staticmethod
    def _send(handler: BaseHTTPRequestHandler, reply: Reply, raw: bytes, *, cut: bool) -> None:
        handler.send_response(reply.status)
        for name, value in {"Content-Type": "application/json", **reply.headers}.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(raw)))
        handler.end_headers()
        handler.wfile.write(raw[: len(raw) // 2] if cut else raw)
        if cut:
            handler.close_connection = True


@contextmanager
def replaying() -> Iterator[Replay]:
    """A running server that this process's requests are sent to.

    Without answers until a venue's are registered.
    """
    replay = Replay()
    with redirected(replay.port):
        yield replay
    replay.close()


def milliseconds() -> int:
    """Now, as the venues write it."""
    return int(time.time() * 1000)
