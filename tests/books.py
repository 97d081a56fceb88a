"""The books of a scenario, for tests that look at the engine beneath it."""

from collections.abc import Sequence

from margin.engine.book import Book
from margin.model.prepared import prepare
from margin.model.scenario import Scenario


def compile_books(scenario: Scenario) -> Sequence[Book]:
    """The books that stand or fall on their own."""
    return prepare(scenario).books
