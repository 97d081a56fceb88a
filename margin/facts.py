"""What studies answer beside figures.

Problems and assumptions by code, with the facts that a sentence needs.

No words live here: `messages` has a text for every code. A venue's own remarks are the exception,
for a venue's module holds all that is true of it; they travel as the fact `text`, and may name
further facts in braces as any text does.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

Facts = Mapping[str, Any]
"""Names, dates and figures by what they are."""
Severity = Literal["error", "warning"]


class Assumption(NamedTuple):
    """Something that figures rest on, or that is not modelled."""

    code: str
    facts: Facts

    @classmethod
    def of(cls, code: str, **facts: object) -> "Assumption":
        """Return the assumption with these facts, read-only."""
        return cls(code, MappingProxyType(facts))


class Problem(NamedTuple):
    """What the venue would refuse (`error`) or warn of; the figures go on all the same."""

    code: str
    severity: Severity
    facts: Facts

    @classmethod
    def error(cls, code: str, **facts: object) -> "Problem":
        """Return a problem that the venue would refuse."""
        return cls(code, "error", MappingProxyType(facts))

    @classmethod
    def warning(cls, code: str, **facts: object) -> "Problem":
        """Return a problem that the figures can be read in spite of."""
        return cls(code, "warning", MappingProxyType(facts))
