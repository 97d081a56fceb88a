"""What widgets start from.

A widget of Streamlit that is given another start value loses what was typed. So what a widget
starts from is made once for a revision of the session, and kept until the widgets begin anew.
"""

from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

Value = TypeVar("Value")


class Revised(Protocol):
    """What counts how often its widgets began anew."""

    revision: int


class Start(Generic[Value]):
    """A value made once for each revision, and for each tag of its own."""

    def __init__(self) -> None:
        self._made: tuple[int, Any, Value] | None = None

    def get(self, session: Revised, make: Callable[[], Value], *tag: object) -> Value:
        """Return the value of this revision and tag, made now where there is none."""
        if self._made is None or self._made[:2] != (session.revision, tag):
            self._made = (session.revision, tag, make())
        return self._made[2]

    def put(self, session: Revised, value: Value) -> None:
        """Set the value of this revision that has no tag."""
        self._made = (session.revision, (), value)

    def forget(self) -> None:
        """Have it made anew when it is next asked for."""
        self._made = None
